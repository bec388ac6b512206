"""Parse a rendered README, or a page of it, with GitHub's own parser. Pure.

It reverses `papers_assets.render`: it returns headings and rows from bytes. It shares no escaping
code with it, so that it detects wrong escaping.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple
from urllib.parse import unquote

from papers_assets.render.github import to_html

_LINK = re.compile(r'<a href="([^"]*)">([^<]*)</a>')
_TAG = re.compile(r"(<[^<>]*>)")
# An empty comment, which the renderer puts between characters to separate them.
_EMPTY = "<!---->"
_DELIMITERS = re.compile(r"\|(?: --- \|)+")
NOTE = "<p><em>…</em></p>"
"""The tags of the line in italics below a heading."""
# GitHub turns addresses with these schemes in plain text into links; ours are https.
_SCHEMES = ("http://", "https://", "ftp://", "mailto:", "xmpp:")


class Link(NamedTuple):
    """A link as readers see it."""

    label: str
    target: str

    @property
    def is_plain(self) -> bool:
        """Whether GitHub made it from an address, so that the label is the target."""
        said, target = unquote(self.label), unquote(self.target)
        return self.target.lower().startswith(_SCHEMES) and target in (
            *(said, f"http://{said}", f"mailto:{said}"),
        )


class Block(NamedTuple):
    """A heading, paragraph, list item or table cell, or the beginning or end of one."""

    tags: str
    """Its tags without links, with … for text: `<p><em>…</em></p>`."""
    text: str
    links: tuple[Link, ...] = ()
    """The links that GitHub did not make from addresses in the text."""


class Row(NamedTuple):
    """A row of a table."""

    cells: int
    """How many cells are written: GitHub drops surplus ones and adds missing ones."""
    blocks: tuple[Block, ...]
    """The beginning of the row, and the cells as shown."""

    @property
    def url(self) -> str:
        """The link target of its title."""
        title = self.blocks[1] if len(self.blocks) > 1 else Block("", "")
        return title.links[0].target if title.links else title.text


class Section(NamedTuple):
    """A section that begins with a second-level heading."""

    blocks: tuple[Block, ...]
    """All blocks except the rows of the table; the heading is first."""
    rows: tuple[Row, ...]

    @property
    def heading(self) -> str:
        """The text of the heading."""
        return self.blocks[0].text

    @property
    def note(self) -> str:
        """The line in italics below the heading."""
        return self.blocks[1].text if [b.tags for b in self.blocks[1:2]] == [NOTE] else ""


class Document(NamedTuple):
    """A document as readers see it."""

    above: tuple[Block, ...]
    """The blocks before the first section."""
    sections: tuple[Section, ...]
    faults: tuple[str, ...]
    """Problems of the document as a whole."""


def parse(document: bytes) -> Document:
    """Parse a document as GitHub does."""
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
    """Return the blocks of HTML in order."""
    # Ten times faster than a regular expression; the parser outputs no NUL.
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
    """Return how many cells are written in each table row."""
    cells: list[int] = []
    for line in text.split("\n"):
        if _DELIMITERS.fullmatch(line):
            del cells[-1:]  # remove the header
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
