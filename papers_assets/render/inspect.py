"""What a rendered README, or a page of it, really shows, judged by GitHub's own parser. Pure.

The opposite of `papers_assets.render.readme` and `.pages`: bytes in, sections and rows out. It
shares none of the escaping, so that it can tell when that went wrong.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple
from urllib.parse import unquote

from cmarkgfm.cmark import Options, markdown_to_html_with_extensions

# Raw HTML has to come through, ours and other people's alike, or nothing would be seen of it.
_OPTIONS: int = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
# Without GitHub's tag filter, which would hide that a <script> is alive.
_EXTENSIONS = ["table", "autolink", "strikethrough", "tasklist"]
# Up to here a document is read as a whole, which is more than GitHub shows of one; longer ones in
# pieces of this size, cut between sections, so that text and HTML are never there as a whole.
# (What the parser itself takes, six times the text, cmarkgfm frees only when the process ends.)
_PIECE = 2 << 20

# Text, with the empty comment that `papers_assets.render.inlines` puts between characters; and
# text that may have links in it, which GitHub makes of plain addresses.
_TEXT = r"[^<]*(?:<!---->[^<]*)*"
_LINKED = r'[^<]*(?:(?:<a href="[^"]*">|</a>|<!---->)[^<]*)*'
_HEADING = re.compile(rf"({_LINKED})</h2>\n(?:<p><em>({_LINKED})</em></p>\n)?")
_NO_TABLE = "<p>No papers yet.</p>\n"
_TABLE = "<table>\n<thead>\n<tr>\n{}</tr>\n</thead>\n".format(
    "".join(f"<th><strong>{x}</strong></th>\n" for x in ("Title", "Date", "Abstract", "Comment"))
)
_TABLE_END = "</tbody>\n</table>\n"
_ROW = re.compile(
    rf"""
    <td><strong><a[ ]href="([^"]*)">{_TEXT}</a></strong></td>\n
    <td>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}</td>\n
    <td><details><summary>Show</summary><p>{_LINKED.replace(" ", "[ ]")}</p></details></td>\n
    <td>(?:
        <details><summary>{_LINKED.replace(" ", "[ ]")}</summary>
        <p>{_LINKED.replace(" ", "[ ]")}</p></details>
        | {_LINKED.replace(" ", "[ ]")}
    )</td>\n
    </tr>\n
    """,
    re.VERBOSE,
)
_ROW_TAGS = Counter(["td"] * 4 + ["strong", "a"] + ["details", "summary", "p"] * 2)
_PREAMBLE_TAGS = Counter(["h1", *["p"] * 20, *["em"] * 5])
_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9-]*|[!?])")
_LINK = re.compile(r'<a href="([^"]*)">([^<]*)</a>')
_LAST_UPDATE = re.compile(r"<p>Last update: ([^<]*)</p>")
_TITLE = re.compile(r"<h1>([^<]*)</h1>")
_NUMBER = re.compile(r"[0-9][0-9,]*")
# What leads from document to document; the words around a link tell it from a text's own.
_MORE = re.compile(
    r'<p>((?:The newest [0-9,]+ of [0-9,]+ papers?; |No room here: )<a href="([^"]*)">([^<]*)</a>)'
    r"\.</p>\n"
)
_NAVIGATION = re.compile(
    r'<p>(<a href="[^"]*">All keywords</a>(?: · <a href="[^"]*">(?:Previous|Next) page</a>)*)</p>\n'
)
_POSITION = re.compile(
    r"<p>Numbers ([0-9,]+ to [0-9,]+ of [0-9,]+ papers?, newest first: page [0-9,]+ of [0-9,]+)\."
    r"</p>\n"
)
_ENTRY = re.compile(rf'<li><a href="([^"]*)">({_TEXT})</a>: ([0-9,]+ papers?)</li>\n')
_ENTRIES = r"(?:<li>[^\n]*</li>\n)+"
_CONTENTS = re.compile(
    r"<p>([0-9,]+ keywords?, [0-9,]+ rows?)\. What does not fit here is on pages of its own\."
    rf"</p>\n<ul>\n({_ENTRIES})</ul>"
)
_IN_LINE = rf'<a href="[^"]*">{_TEXT}</a> \([0-9,]+\)'
_ENTRY_IN_LINE = re.compile(rf'<a href="([^"]*)">({_TEXT})</a> \(([0-9,]+)\)')
_CONTENTS_IN_LINE = re.compile(rf"<p>Contents: ({_IN_LINE}(?: · {_IN_LINE})*)</p>")
_LINKS = re.compile(
    r'<p>(?:See also|By day): (<a href="[^"]*">[^<]*</a>(?: · <a href="[^"]*">[^<]*</a>)*)</p>'
)
_DELIMITER_ROW = "\n| --- | --- | --- | --- |\n"


class Row(NamedTuple):
    """A row of a section's table."""

    url: str
    """Where its title leads; empty if it leads nowhere."""
    cells: int
    """As they are written: GitHub leaves out surplus ones, and fills up missing ones."""
    links: tuple[str, ...] = ()
    """Where anything else in it leads."""
    strange: str = ""
    """What is alive in it and not of the template; empty if all is well."""


class Lead(NamedTuple):
    """A link of ours to another document or place, in the words that are made for it."""

    label: str
    target: str
    numbers: tuple[int, ...] = ()
    """Those in its words, in order."""


@dataclass(frozen=True)
class Part:
    """A section, or what stands before the first one."""

    heading: str
    note: str = ""
    """The line in italics below the heading."""
    rows: tuple[Row, ...] = ()
    links: tuple[str, ...] = ()
    """Where anything outside of its rows leads."""
    strange: str = ""
    """What is outside of its rows and not of the template; empty if all is well."""
    more: Lead | None = None
    """To the rows that it does not show."""
    navigation: tuple[Lead, ...] = ()
    """To other documents, below its rows or above all sections."""


@dataclass(frozen=True)
class Readme:
    """A document as its readers see it."""

    is_utf8: bool
    last_update: str
    """As it is written; empty if it is not said."""
    preamble: Part
    sections: tuple[Part, ...]
    title: str = ""
    """Its first heading."""
    contents: tuple[Lead, ...] = ()
    """With numbers of papers; with a `position` if not all of them are in the document."""
    others: tuple[Lead, ...] = ()
    """To the other outputs, above all sections."""
    position: tuple[int, ...] = ()
    """The numbers above the table of contents, or of a page: from, to, of, page, pages."""


def inspect_readme(document: bytes) -> Readme:
    """Read a document as GitHub does, and say what is in it."""
    is_utf8, parts = True, []
    preamble = ""
    for piece in _pieces(document):
        try:
            text = piece.decode()
        except UnicodeDecodeError:
            is_utf8, text = False, piece.decode(errors="replace")
        shown: str = markdown_to_html_with_extensions(text, _OPTIONS, _EXTENSIONS)
        before, *sources = text.split("\n## ")
        above, *sections = f"\n{shown}".split("\n<h2>")
        if before:
            preamble = above
        elif above.strip():
            sections.insert(0, above)
        shown_whole = (section.rstrip("\n") + "\n" for section in sections)
        pairs = zip_longest(sources, shown_whole, fillvalue="")
        parts += [_part(source, section) for source, section in pairs]
    update, title = _LAST_UPDATE.search(preamble), _TITLE.search(preamble)
    contents, position = _CONTENTS.search(preamble), _POSITION.search(preamble)
    line, others = _CONTENTS_IN_LINE.search(preamble), _LINKS.search(preamble)
    return Readme(
        is_utf8,
        html.unescape(update[1]) if update else "",
        _preamble(preamble),
        tuple(parts),
        title=html.unescape(title[1]) if title else "",
        contents=(
            *(_entries(_ENTRY, contents[2]) if contents else ()),
            *(_entries(_ENTRY_IN_LINE, line[1]) if line else ()),
        ),
        others=_leads(others),
        position=_numbers(contents[1] if contents else position[1] if position else ""),
    )


def _pieces(document: bytes) -> Iterator[bytes]:
    start = 0
    while (end := document.find(b"\n## ", start + _PIECE)) != -1:
        yield document[start:end]
        start = end
    yield document[start:]


def _preamble(shown: str) -> Part:
    navigation, listed = _NAVIGATION.search(shown), _CONTENTS.search(shown)
    odd = _strange_entries(listed[2]) if listed else ""
    for ours in (_CONTENTS, _CONTENTS_IN_LINE, _LINKS, _NAVIGATION):
        shown = ours.sub("", shown, count=1)
    links, strange = _links(shown)
    strange = odd or strange or _more_than(_PREAMBLE_TAGS, shown)
    return Part("", links=links, strange=strange, navigation=_leads(navigation))


def _strange_entries(shown: str) -> str:
    left = _ENTRY.sub("", shown)
    return f"in its contents, {left.strip()}" if left else ""


def _entries(entry: re.Pattern[str], shown: str) -> tuple[Lead, ...]:
    found = entry.findall(shown)
    return tuple(Lead(_plain(text), html.unescape(to), _numbers(said)) for to, text, said in found)


def _leads(navigation: re.Match[str] | None) -> tuple[Lead, ...]:
    found = _LINK.findall(navigation[1]) if navigation else []
    return tuple(Lead(label, html.unescape(target)) for target, label in found)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number.replace(",", "")) for number in _NUMBER.findall(text))


def _part(source: str, shown: str) -> Part:
    head, table, rest = shown.partition("<tbody>\n")
    title = _HEADING.match(head)
    if title is None:
        return Part(source.partition("\n")[0], strange=_more_than(Counter(), shown) or "no heading")
    links, strange = _links(title[0])
    more = _MORE.match(head, title.end())
    between = head[more.end() if more else title.end() :]
    body, end, after = rest.rpartition(_TABLE_END)
    navigation = _NAVIGATION.match(after)
    after = after[navigation.end() if navigation else 0 :]
    before, *shown_rows = body.split("<tr>\n")
    expected = _TABLE if table else "" if more else _NO_TABLE
    if not strange and (between != expected or before or after.strip()):
        outside = f"{between}{before}{after}"
        strange = _more_than(Counter(_TAG.findall(expected)), outside) or "text outside the table"
    written = source.partition(_DELIMITER_ROW)[2].partition("\n\n")[0].rstrip("\n")
    lines = written.split("\n") if written else []
    if not strange and (len(lines) != len(shown_rows) or bool(table) != bool(end)):
        strange = f"{len(lines)} lines that show as {len(shown_rows)} rows"
    rows = tuple(_row(*pair) for pair in zip_longest(lines, shown_rows, fillvalue=""))
    return Part(
        _plain(title[1]),
        _plain(title[2] or ""),
        rows,
        links,
        strange,
        Lead(more[3], html.unescape(more[2]), _numbers(_plain(more[1]))) if more else None,
        _leads(navigation),
    )


def _row(line: str, shown: str) -> Row:
    cells = line.count("|") - line.count(r"\|") - 1
    row = _ROW.fullmatch(shown)
    if row is None:
        return Row("", cells, strange=_more_than(_ROW_TAGS, shown) or "elements out of place")
    url = html.unescape(row[1])
    start = row.end(1)
    if shown.find("<a ", start) == -1:
        return Row(url, cells)
    return Row(url, cells, *_links(shown[start:]))


def _links(shown: str) -> tuple[tuple[str, ...], str]:
    """Give where links lead, and what is strange about them: GitHub's own say where they lead."""
    links, strange = [], ""
    for target, label in _LINK.findall(shown):
        link, said = html.unescape(target), unquote(html.unescape(label))
        links.append(link)
        if unquote(link) not in (said, f"http://{said}", f"mailto:{said}"):
            strange = f"a link called {said!r}"
    if shown.count("<a ") != len(links):
        strange = "<a>"
    return tuple(links), strange


def _more_than(expected: Counter[str], shown: str) -> str:
    """Say which elements there are that are not expected."""
    return " ".join(f"<{tag}>" for tag in Counter(_TAG.findall(shown)) - expected)


def _plain(shown: str) -> str:
    return html.unescape(re.sub("<[^>]*>", "", shown))
