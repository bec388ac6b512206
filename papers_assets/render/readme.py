"""The README: one section per keyword, one table row per paper, in the order given. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from papers_assets.arxiv.models import build_abs_url
from papers_assets.render import markdown

# How many bits of text make a piece: a few dozen rows, so that pieces are neither many nor large.
_BUFFER_SIZE = 32
_MAX_TEXT = 20_000
"""Characters of a field. arXiv itself takes no abstract of more than 1,920."""
_MAX_PREVIEW_TEXT = 200
"""Characters of a title where its row is one of a few in the run history, which keeps them all."""
_UNTITLED = "(untitled)"
"""Stands for a title that nobody could see, so that its link can be clicked."""


class Continuation(NamedTuple):
    """Where a section goes on that does not show all of its papers."""

    total: int
    """Papers of the section, those that it shows among them."""
    path: str
    """Of the page, from where the document is."""


@dataclass(frozen=True)
class Section:
    """A keyword and the papers of its list."""

    keyword: str
    papers: pd.DataFrame
    """Used: arxiv_id, version, title, abstract, comment (may be missing) and updated (UTC)."""
    note: str = ""
    """One line of plain text below the heading, where something must be said."""
    more: Continuation | None = None


class ContentsEntry(NamedTuple):
    """A line of the table of contents."""

    keyword: str
    anchor: str
    """Of its section in the same document, as it stands in an address."""
    papers: int
    """Of its whole list."""


class ReadmeLink(NamedTuple):
    """A link to a place outside of the document."""

    label: str
    address: str
    """Absolute, or from where the document is."""


@dataclass(frozen=True)
class Extras:
    """What a document has besides what every list has; the list's own text has none of it."""

    contents: Sequence[ContentsEntry] = ()
    """The table of contents."""
    is_split: bool = False
    """Whether some sections go on elsewhere."""
    links: Sequence[ReadmeLink] = ()
    notifies: bool = True
    """Whether GitHub sends a mail to those who watch the repository, as the text says."""


class TableRow(NamedTuple):
    """What a row of a table shows, not yet escaped."""

    title: str
    url: str
    date: str
    abstract: str
    comment: str


def render_readme(
    sections: Iterable[Section],
    *,
    last_update: date | None,
    cap: int,
    notice: str = "",
    extras: Extras | None = None,
) -> Iterator[str]:
    """Render the README piece by piece; joined, the pieces are the document.

    Args:
        sections: in the order in which they are shown.
        last_update: shown as the day of the last update; None: "never".
        cap: shown as the largest number of papers per keyword.
        notice: a sentence or two below the date, if something must be said about it.
        extras: None: the document has none.
    """
    return stream_template(
        "readme.md.j2",
        sections=sections,
        last_update=last_update,
        cap=cap,
        remark=notice,
        extras=extras or Extras(),
    )


def stream_template(template: str, **values: object) -> Iterator[str]:
    """Render a template piece by piece."""
    stream = build_environment().get_template(template).stream(**values)
    stream.enable_buffering(_BUFFER_SIZE)
    return stream


def render_preview(papers: pd.DataFrame, rows: int = 10) -> str:
    """Return a small Markdown table of the first rows: title, date, primary category.

    Args:
        papers: as in `Section`, and primary_category.
        rows: how many at most.
    """
    if papers.empty or rows < 1:
        return "No papers yet."
    top = papers.head(rows)
    lines = ["| Title | Date | Primary category |", "| --- | --- | --- |"]
    for row, primary in zip(
        list_table_rows(top, _MAX_PREVIEW_TEXT), top["primary_category"], strict=True
    ):
        title = f"[{markdown.escape_title(row.title)}]({row.url})"
        category = markdown.escape_cell(_truncate(primary, _MAX_PREVIEW_TEXT))
        lines.append(f"| {title} | {row.date} | {category} |")
    return "\n".join(lines)


def render_heading(keyword: str) -> str:
    """Return the heading line of a keyword's section."""
    return f"## {markdown.escape_heading(keyword)}"


def count_noun(number: int, thing: str) -> str:
    """Return a number of things in words: 1 paper, 1,234 papers."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def list_table_rows(papers: pd.DataFrame, max_length: int = _MAX_TEXT) -> Iterator[TableRow]:
    """Return the rows of a table, one by one, texts of more than `max_length` characters cut."""
    if papers.empty:
        return
    dates = papers["updated"].dt.tz_convert("UTC").dt.strftime("%Y-%m-%d")
    columns = (papers[name] for name in ("arxiv_id", "version", "title", "abstract", "comment"))
    for arxiv_id, version, published, abstract, comment, day in zip(*columns, dates, strict=True):
        title = _truncate(published, max_length)
        yield TableRow(
            title=title if markdown.has_visible_text(title) else _UNTITLED,
            url=build_abs_url(arxiv_id, version),
            date=day,
            abstract=_truncate(abstract, max_length),
            comment=_truncate(comment, max_length) if isinstance(comment, str) else "",
        )


def _truncate(text: str, max_length: int) -> str:
    return markdown.truncate(markdown.collapse_whitespace(text), max_length)


def _escape_address(address: str) -> str:
    """Return an address as the target of a link; those of the site may have brackets in them."""
    return f"<{address.replace('&', '&amp;')}>" if "://" in address else address


@cache
def parts() -> Any:
    """Return what documents are made of: the macros of parts.md.j2."""
    return build_environment().get_template("parts.md.j2").module


@cache
def build_environment() -> Environment:
    """Return the templates, and the filters that they have in common."""
    environment = Environment(
        loader=PackageLoader("papers_assets", "render/templates"),
        undefined=StrictUndefined,
        # HTML's escapes are not Markdown's: every text goes through one of the filters below.
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "heading": render_heading,
        "rows": list_table_rows,
        "counted": count_noun,
        "in_address": _escape_address,
        "in_note": markdown.escape_note,
        "in_title": markdown.escape_title,
        "in_abstract": markdown.escape_abstract,
        "in_folded": markdown.escape_details,
        "in_cell": markdown.escape_cell,
    }
    return environment
