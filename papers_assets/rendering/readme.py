"""The README: one section per keyword, one table row per paper, in the order given. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import NamedTuple
from urllib.parse import quote

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from papers_assets.rendering import escape

# How many bits of text make a piece: a few dozen rows, so that pieces are neither many nor large.
_BUFFER = 512


@dataclass(frozen=True)
class Section:
    """A keyword and the papers of its list."""

    keyword: str
    papers: pd.DataFrame
    """Used: arxiv_id, version, title, abstract, comment (may be missing) and updated (UTC)."""
    note: str = ""
    """One line of plain text below the heading, where something must be said."""


class _Row(NamedTuple):
    title: str
    url: str
    date: str
    abstract: str
    comment: str


def render_readme(
    sections: Iterable[Section], *, last_update: date | None, cap: int
) -> Iterator[str]:
    """Render the README piece by piece; joined, the pieces are the document.

    Args:
        sections: in the order in which they are shown.
        last_update: shown as the day of the last update; None: "never".
        cap: shown as the largest number of papers per keyword.
    """
    stream = _template().stream(sections=sections, last_update=last_update, cap=cap)
    stream.enable_buffering(_BUFFER)
    return stream


def markdown_preview(papers: pd.DataFrame, rows: int = 10) -> str:
    """Give a small Markdown table of the first rows: title, date, primary category.

    Args:
        papers: as in `Section`, and primary_category.
        rows: how many at most.
    """
    if papers.empty or rows < 1:
        return "No papers yet."
    top = papers.head(rows)
    lines = ["| Title | Date | Primary category |", "| --- | --- | --- |"]
    for row, category in zip(_rows(top), top["primary_category"], strict=True):
        title = f"[{escape.escape_title(row.title)}]({row.url})"
        lines.append(f"| {title} | {row.date} | {escape.escape_cell(category)} |")
    return "\n".join(lines)


def heading(keyword: str) -> str:
    """Give the heading line of a keyword's section."""
    return f"## {escape.escape_heading(keyword)}"


def _rows(papers: pd.DataFrame) -> Iterator[_Row]:
    if papers.empty:
        return
    dates = papers["updated"].dt.tz_convert("UTC").dt.strftime("%Y-%m-%d")
    columns = (papers[name] for name in ("arxiv_id", "version", "title", "abstract", "comment"))
    for arxiv_id, version, title, abstract, comment, day in zip(*columns, dates, strict=True):
        yield _Row(
            title=title,
            url=f"https://arxiv.org/abs/{quote(arxiv_id)}v{version}",
            date=day,
            abstract=abstract,
            comment=escape.collapse(comment) if isinstance(comment, str) else "",
        )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("papers_assets", "rendering/templates"),
        undefined=StrictUndefined,
        # HTML's escapes are not Markdown's: every text goes through one of the filters below.
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "heading": heading,
        "rows": _rows,
        "in_note": escape.escape_note,
        "in_title": escape.escape_title,
        "in_abstract": escape.escape_abstract,
        "in_folded": escape.escape_folded,
        "in_cell": escape.escape_cell,
    }
    return environment.get_template("readme.md.j2")
