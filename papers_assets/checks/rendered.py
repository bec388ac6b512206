"""What a rendered README, or a page of it, really shows, judged by GitHub's own parser. Pure.

The opposite of `papers_assets.render`: bytes in, headings and rows out. It shares none of the
escaping, so that it can tell when that went wrong.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple
from urllib.parse import unquote

from papers_assets.render.github import to_html

_LINK = re.compile(r'<a href="([^"]*)">([^<]*)</a>')
_TAG = re.compile(r"(<[^<>]*>)")
# An empty comment: the renderer puts it between characters that must not be read together.
_EMPTY = "<!---->"
_DELIMITERS = re.compile(r"\|(?: --- \|)+")
NOTE = "<p><em>…</em></p>"
"""The elements of the line in italics below a heading."""
# What GitHub makes links of in plain text; ours are https.
_SCHEMES = ("http://", "https://", "ftp://", "mailto:", "xmpp:")


class Link(NamedTuple):
    """A link, as its readers see it."""

    label: str
    target: str

    @property
    def is_plain(self) -> bool:
        """Whether GitHub made it of an address, so that it says itself where it leads."""
        said, target = unquote(self.label), unquote(self.target)
        return self.target.lower().startswith(_SCHEMES) and target in (
            *(said, f"http://{said}", f"mailto:{said}"),
        )


class Block(NamedTuple):
    """A heading, a paragraph, an item of a list, a table cell, or where these begin or end."""

    tags: str
    """Its elements, apart from links, with … for text: `<p><em>…</em></p>`."""
    text: str
    links: tuple[Link, ...] = ()
    """Those that GitHub did not make of addresses in the text."""


class Row(NamedTuple):
    """A row of a table."""

    cells: int
    """As they are written: GitHub leaves out surplus ones, and fills up missing ones."""
    blocks: tuple[Block, ...]
    """Its beginning, and the cells as they are shown."""

    @property
    def url(self) -> str:
        """Where its title leads."""
        title = self.blocks[1] if len(self.blocks) > 1 else Block("", "")
        return title.links[0].target if title.links else title.text


class Section(NamedTuple):
    """What begins with a heading of the second level."""

    blocks: tuple[Block, ...]
    """All but the rows of its table, the heading first."""
    rows: tuple[Row, ...]

    @property
    def heading(self) -> str:
        """Its name."""
        return self.blocks[0].text

    @property
    def note(self) -> str:
        """The line in italics below the heading."""
        return self.blocks[1].text if [b.tags for b in self.blocks[1:2]] == [NOTE] else ""


class Document(NamedTuple):
    """A document as its readers see it."""

    above: tuple[Block, ...]
    """What stands before the first section."""
    sections: tuple[Section, ...]
    faults: tuple[str, ...]
    """What is wrong with it as a whole."""


def parse(document: bytes) -> Document:
    """Read a document as GitHub does."""
    text = document.decode(errors="replace")
    faults = [] if document == text.encode() else ["bytes that are no UTF-8"]
    above, *parts = f"\n{to_html(text)}".split("\n<h2>")
    written = _cells(text)
    shown = sum(part.count("</tr>") - part.count("</thead>") for part in parts)
    if shown != len(written):
        faults.append(f"{len(written)} lines that show as {shown} rows")
    cells = iter(written)
    return Document(
        blocks(above), tuple(_section(f"<h2>{part}", cells) for part in parts), tuple(faults)
    )


def blocks(html: str) -> tuple[Block, ...]:
    """Return what HTML has one after the other."""
    # Ten times faster than a pattern; the parser lets no NUL through.
    parts = html.strip("\n").replace(">\n<", ">\0<").split("\0")
    return tuple(map(_block, filter(None, parts)))


def _block(html: str) -> Block:
    html = html.replace(_EMPTY, "")
    links: list[Link] = []
    if "<a " in html:
        links = [Link(unescape(label), unescape(to)) for to, label in _LINK.findall(html)]
        html = _LINK.sub(r"\2", html)
    parts = _TAG.split(html)
    text = unescape("".join(parts[::2]))
    parts[::2] = ["…" if part.strip() else "" for part in parts[::2]]
    return Block("".join(parts), text, tuple(link for link in links if not link.is_plain))


def _cells(text: str) -> list[int]:
    """Return how many cells each row of the tables has, as it is written."""
    cells: list[int] = []
    for line in text.split("\n"):
        if _DELIMITERS.fullmatch(line):
            del cells[-1:]  # of the header
        elif line.startswith("|"):
            cells.append(line.count("|") - line.count(r"\|") - 1)
    return cells


def _section(html: str, cells: Iterator[int]) -> Section:
    head, _, rest = html.partition("<tbody>\n")
    body, _, after = rest.rpartition("</tbody>\n")
    rows = filter(None, body.split("</tr>\n"))
    return Section(
        (*blocks(head), *blocks(after)),
        tuple(Row(next(cells, 0), blocks(row)) for row in rows),
    )
