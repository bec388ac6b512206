"""Markdown as its readers see it: GitHub's own parser, and a second opinion, as plain values."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from html.parser import HTMLParser

from cmarkgfm.cmark import Options, markdown_to_html_with_extensions
from markdown_it import MarkdownIt

# Without CMARK_OPT_UNSAFE raw HTML is left out, ours and other people's alike: nothing would be
# proved. GitHub itself sanitizes the HTML afterwards. It does read footnotes.
_EXTENSIONS = ["table", "autolink", "strikethrough"]
_ALL_EXTENSIONS = [*_EXTENSIONS, "tagfilter", "tasklist"]
_UNSAFE: int = Options.CMARK_OPT_UNSAFE
_UNSAFE_AND_FOOTNOTES: int = _UNSAFE | Options.CMARK_OPT_FOOTNOTES

ToHtml = Callable[[str], str]


def github(
    markdown: str, options: int = _UNSAFE_AND_FOOTNOTES, extensions: list[str] = _ALL_EXTENSIONS
) -> str:
    """Give the HTML that GitHub's parser makes."""
    html: str = markdown_to_html_with_extensions(markdown, options, extensions)
    return html


second_opinion: ToHtml = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render

GITHUBS: list[ToHtml] = [
    github,
    partial(github, options=_UNSAFE),
    partial(github, options=_UNSAFE, extensions=_EXTENSIONS),
]
"""GitHub's parser with and without what may be switched on around a file."""


@dataclass
class Cell:
    """A table cell, heading or paragraph, as it reaches the reader."""

    kind: str
    """The element it is: td, th, h1, h2, p, ..."""
    text: str = ""
    tags: list[str] = field(default_factory=list)
    """The elements in it, in the order of their start tags."""
    links: list[tuple[str, str]] = field(default_factory=list)
    """Target and text of each link in it."""
    inside: dict[str, str] = field(default_factory=dict)
    """The text within each kind of element in it."""


class _Reader(HTMLParser):
    """Collects cells: rows of them, and what stands outside of tables."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[Cell]] = []
        self.outside: list[Cell] = []
        self._open: list[str] = []
        self._cell: Cell | None = None
        self._target = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif self._cell is None and tag not in ("table", "thead", "tbody", "section"):
            self._cell = Cell(tag)
            (self.rows[-1] if tag in ("td", "th") else self.outside).append(self._cell)
            self._open = []
        elif self._cell is not None:
            self._cell.tags.append(tag)
            self._cell.inside.setdefault(tag, "")
            self._open.append(tag)
            if tag == "a":
                self._cell.links.append((dict(attrs).get("href") or "", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        elif self._cell is not None and tag == self._cell.kind:
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is None:
            return
        self._cell.text += data
        for tag in set(self._open):
            self._cell.inside[tag] += data
        if "a" in self._open:
            target, text = self._cell.links[-1]
            self._cell.links[-1] = target, text + data


def _read(markdown: str, to_html: ToHtml) -> _Reader:
    reader = _Reader()
    reader.feed(to_html(markdown))
    reader.close()
    return reader


def rows(markdown: str, to_html: ToHtml = github) -> list[list[Cell]]:
    """Give the cells of each table row, header rows included, of all tables in a document."""
    return _read(markdown, to_html).rows


def outside(markdown: str, to_html: ToHtml = github) -> list[Cell]:
    """Give the headings and paragraphs of a document, in their order."""
    return _read(markdown, to_html).outside


def body(markdown: str, to_html: ToHtml = github) -> Iterator[list[Cell]]:
    """Give the rows that are not header rows."""
    return (row for row in rows(markdown, to_html) if row[0].kind == "td")
