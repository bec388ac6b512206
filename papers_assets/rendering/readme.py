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
_MOST_SHOWN = 20_000
"""Characters of a field. arXiv itself takes no abstract of more than 1,920."""
_MOST_PREVIEWED = 200
"""Characters of a title where its row is one of a few in the run history, which keeps them all."""
_UNTITLED = "(untitled)"
"""Stands for a title that nobody could see, so that its link can be clicked."""


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
    sections: Iterable[Section], *, last_update: date | None, cap: int, remark: str = ""
) -> Iterator[str]:
    """Render the README piece by piece; joined, the pieces are the document.

    Args:
        sections: in the order in which they are shown.
        last_update: shown as the day of the last update; None: "never".
        cap: shown as the largest number of papers per keyword.
        remark: a sentence or two below the date, if something must be said about it.
    """
    stream = _template().stream(sections=sections, last_update=last_update, cap=cap, remark=remark)
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
    for row, primary in zip(_rows(top, _MOST_PREVIEWED), top["primary_category"], strict=True):
        title = f"[{escape.escape_title(row.title)}]({row.url})"
        category = escape.escape_cell(_shown(primary, _MOST_PREVIEWED))
        lines.append(f"| {title} | {row.date} | {category} |")
    return "\n".join(lines)


def heading(keyword: str) -> str:
    """Give the heading line of a keyword's section."""
    return f"## {escape.escape_heading(keyword)}"


def paper_url(arxiv_id: str, version: int) -> str:
    """Give the address of a version of a paper."""
    return f"https://arxiv.org/abs/{quote(arxiv_id)}v{version}"


def _rows(papers: pd.DataFrame, most: int = _MOST_SHOWN) -> Iterator[_Row]:
    if papers.empty:
        return
    dates = papers["updated"].dt.tz_convert("UTC").dt.strftime("%Y-%m-%d")
    columns = (papers[name] for name in ("arxiv_id", "version", "title", "abstract", "comment"))
    for arxiv_id, version, published, abstract, comment, day in zip(*columns, dates, strict=True):
        title = _shown(published, most)
        yield _Row(
            title=title if escape.is_visible(title) else _UNTITLED,
            url=paper_url(arxiv_id, version),
            date=day,
            abstract=_shown(abstract, most),
            comment=_shown(comment, most) if isinstance(comment, str) else "",
        )


def _shown(text: str, most: int) -> str:
    return escape.shortened(escape.collapse(text), most)


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
