"""The README: one section per keyword, one table row per paper, in the given order. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from papers_assets.arxiv.models import build_abs_url
from papers_assets.render import markdown

# Fragments of text per piece: a few dozen rows, so that pieces are neither many nor large.
_BUFFER_SIZE = 32
_MAX_TEXT = 20_000
"""Maximum length of a field in characters. arXiv accepts no abstract of more than 1,920."""
_MAX_PREVIEW_TEXT = 200
"""Maximum length of a title in the preview, in characters; the run history keeps every preview."""
_UNTITLED = "(untitled)"
"""Replaces an invisible title, so that its link can be clicked."""


class Continuation(NamedTuple):
    """The page that continues a section that does not show all of its papers."""

    total: int
    """The number of papers in the section, including those that it shows."""
    path: str
    """The path of the page, relative to the document."""


@dataclass(frozen=True)
class Section:
    """A keyword and the papers of its list."""

    keyword: str
    papers: pd.DataFrame
    """Columns: arxiv_id, version, title, abstract, updated (UTC) and, optionally, comment."""
    note: str = ""
    """A warning as one line of plain text below the heading; empty: none."""
    more: Continuation | None = None


class ContentsEntry(NamedTuple):
    """A line of the table of contents."""

    keyword: str
    anchor: str
    """The anchor of the keyword's section in the same document, encoded for an address."""
    papers: int
    """The number of papers in the keyword's whole list."""


class ReadmeLink(NamedTuple):
    """A link to a target outside of the document."""

    label: str
    address: str
    """An absolute address, or a path relative to the document."""


@dataclass(frozen=True)
class Extras:
    """Optional parts of a document; a document without extras has none of their text."""

    contents: Sequence[ContentsEntry] = ()
    """The table of contents."""
    is_split: bool = False
    """Whether some sections continue on other pages."""
    links: Sequence[ReadmeLink] = ()
    notifies: bool = True
    """Whether GitHub sends a mail to people who watch the repository; the document mentions it."""


class TableRow(NamedTuple):
    """The content of a table row, not yet escaped."""

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
    """Render the README in pieces; joined, the pieces are the document.

    Args:
        sections: the sections, in the order in which they are shown.
        last_update: the day shown as the last update; None: "never".
        cap: the number shown as the maximum of papers per keyword.
        notice: a warning below the date; empty: none.
        extras: the optional parts; None: none.
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
    """Render a template in pieces."""
    stream = build_environment().get_template(template).stream(**values)
    stream.enable_buffering(_BUFFER_SIZE)
    return stream


def render_preview(papers: pd.DataFrame, rows: int = 10) -> str:
    """Return a small Markdown table of the first rows: title, date, primary category.

    Args:
            papers: the papers, with the columns of `Section` and primary_category.
            rows: the maximum number of rows.
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
    """Return a number of things as text: 1 paper, 1,234 papers."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def list_table_rows(papers: pd.DataFrame, max_length: int = _MAX_TEXT) -> Iterator[TableRow]:
    """Return the rows of a table; texts of more than `max_length` characters are truncated."""
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
    """Return an address as the target of a link; the site's addresses may contain brackets."""
    return f"<{address.replace('&', '&amp;')}>" if "://" in address else address


@cache
def parts() -> Any:
    """Return the macros of parts.md.j2, which documents are made of."""
    return build_environment().get_template("parts.md.j2").module


@cache
def build_environment() -> Environment:
    """Return the environment of the templates, with their filters."""
    environment = Environment(
        loader=PackageLoader("papers_assets", "render/templates"),
        undefined=StrictUndefined,
        # HTML escaping does not suit Markdown: every text passes through one of the filters below.
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
