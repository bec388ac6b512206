"""The README: one section per keyword, one table row per paper, in the order given. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import NamedTuple

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from papers_assets.arxiv.models import paper_url
from papers_assets.render import escape

# How many bits of text make a piece: a few dozen rows, so that pieces are neither many nor large.
_BUFFER = 32
_MOST_SHOWN = 20_000
"""Characters of a field. arXiv itself takes no abstract of more than 1,920."""
_MOST_PREVIEWED = 200
"""Characters of a title where its row is one of a few in the run history, which keeps them all."""
_UNTITLED = "(untitled)"
"""Stands for a title that nobody could see, so that its link can be clicked."""


class More(NamedTuple):
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
    more: More | None = None


class Entry(NamedTuple):
    """A line of the table of contents."""

    keyword: str
    anchor: str
    """Of its section in the same document, as it stands in an address."""
    papers: int
    """Of its whole list."""


class Link(NamedTuple):
    """A link to a place outside of the document."""

    label: str
    address: str
    """Absolute, or from where the document is."""


@dataclass(frozen=True)
class Extras:
    """What a document has besides what every list has; the list's own text has none of it."""

    contents: Sequence[Entry] = ()
    """The table of contents."""
    is_split: bool = False
    """Whether some sections go on elsewhere."""
    links: Sequence[Link] = ()
    notifies: bool = True
    """Whether GitHub sends a mail to those who watch the repository, as the text says."""


class Row(NamedTuple):
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
    remark: str = "",
    extras: Extras | None = None,
) -> Iterator[str]:
    """Render the README piece by piece; joined, the pieces are the document.

    Args:
        sections: in the order in which they are shown.
        last_update: shown as the day of the last update; None: "never".
        cap: shown as the largest number of papers per keyword.
        remark: a sentence or two below the date, if something must be said about it.
        extras: None: the document has none.
    """
    return streamed(
        "readme.md.j2",
        sections=sections,
        last_update=last_update,
        cap=cap,
        remark=remark,
        extras=extras or Extras(),
    )


def streamed(template: str, **values: object) -> Iterator[str]:
    """Render a template piece by piece."""
    stream = environment().get_template(template).stream(**values)
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
    for row, primary in zip(table_rows(top, _MOST_PREVIEWED), top["primary_category"], strict=True):
        title = f"[{escape.escape_title(row.title)}]({row.url})"
        category = escape.escape_cell(_shown(primary, _MOST_PREVIEWED))
        lines.append(f"| {title} | {row.date} | {category} |")
    return "\n".join(lines)


def heading(keyword: str) -> str:
    """Give the heading line of a keyword's section."""
    return f"## {escape.escape_heading(keyword)}"


def more_line(shown: int, more: More) -> str:
    """Give the line, in Markdown, that leads from a section's first papers to the others."""
    if not shown:
        return f"No room here: [{counted(more.total, 'paper')}]({more.path})."
    link = f"[{more.total - shown:,} more]({more.path})"
    return f"The newest {shown:,} of {counted(more.total, 'paper')}; {link}."


def counted(number: int, thing: str) -> str:
    """Give a number of things in words: 1 paper, 1,234 papers."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def table_rows(papers: pd.DataFrame, most: int = _MOST_SHOWN) -> Iterator[Row]:
    """Give the rows of a table, one by one, texts of more than `most` characters cut."""
    if papers.empty:
        return
    dates = papers["updated"].dt.tz_convert("UTC").dt.strftime("%Y-%m-%d")
    columns = (papers[name] for name in ("arxiv_id", "version", "title", "abstract", "comment"))
    for arxiv_id, version, published, abstract, comment, day in zip(*columns, dates, strict=True):
        title = _shown(published, most)
        yield Row(
            title=title if escape.is_visible(title) else _UNTITLED,
            url=paper_url(arxiv_id, version),
            date=day,
            abstract=_shown(abstract, most),
            comment=_shown(comment, most) if isinstance(comment, str) else "",
        )


def _shown(text: str, most: int) -> str:
    return escape.shortened(escape.collapse(text), most)


def _in_address(address: str) -> str:
    """Return an address as the target of a link; those of the site may have brackets in them."""
    return f"<{address.replace('&', '&amp;')}>" if "://" in address else address


@cache
def environment() -> Environment:
    """Give the templates, and the filters that they have in common."""
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
        "heading": heading,
        "rows": table_rows,
        "counted": counted,
        "in_address": _in_address,
        "more_line": lambda section: more_line(len(section.papers), section.more),
        "in_note": escape.escape_note,
        "in_title": escape.escape_title,
        "in_abstract": escape.escape_abstract,
        "in_folded": escape.escape_folded,
        "in_cell": escape.escape_cell,
    }
    return environment
