"""The distinct papers of all lists, each with the keywords whose lists contain it. Pure.

The asset `papers` has one row per keyword and paper, as the tables need them. Feeds, pages and
files for other programs need one object per paper.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import pandas as pd

from papers_assets.arxiv.models import build_abs_url
from papers_assets.transform.code_links import CodeLink, find_code_links


@dataclass(frozen=True)
class ListedPaper:
    """A paper in the newest version of all lists, as it was last fetched.

    Texts are as published.
    """

    arxiv_id: str
    """The arXiv id without the version."""
    version: int
    title: str
    authors: tuple[str, ...]
    abstract: str
    comment: str | None
    categories: tuple[str, ...]
    primary_category: str
    published: datetime
    """When version 1 was submitted; in UTC, as all times."""
    updated: datetime
    """When this version was submitted."""
    doi: str | None
    journal_ref: str | None
    first_seen: datetime
    """When this version was first fetched."""
    keywords: tuple[str, ...]
    """The keywords whose lists contain it, in the order of keywords.toml; at least one."""

    @property
    def url(self) -> str:
        """The address of this version."""
        return build_abs_url(self.arxiv_id, self.version)

    @cached_property
    def code_links(self) -> tuple[CodeLink, ...]:
        """The links to code, models and project pages in its abstract and comment."""
        return find_code_links(self.abstract, self.comment or "")


def unique_papers(papers: pd.DataFrame, names: Iterable[str]) -> list[ListedPaper]:
    """Return the distinct papers of the keywords `names`, newest first.

    Args:
        papers: The asset `papers`, with all of `papers_assets.transform.selection.COLUMNS`.
        names: The keywords, in the order for `ListedPaper.keywords`.
    """
    order = {name: number for number, name in enumerate(names)}
    rows = papers[papers["keyword"].isin(list(order))]
    keywords: dict[str, list[str]] = {}
    for name, arxiv_id in zip(rows["keyword"], rows["arxiv_id"], strict=True):
        keywords.setdefault(arxiv_id, []).append(name)
    newest = rows.sort_values(["version", "last_seen"], kind="stable")
    newest = newest.drop_duplicates("arxiv_id", keep="last")
    newest = newest.sort_values(["updated", "arxiv_id"], ascending=False)
    return [
        _to_listed_paper(row, tuple(sorted(keywords[str(row["arxiv_id"])], key=order.__getitem__)))
        for row in newest.to_dict("records")
    ]


def _to_listed_paper(row: dict[Any, Any], keywords: tuple[str, ...]) -> ListedPaper:
    def text(name: str) -> str | None:
        return row[name] if isinstance(row[name], str) else None  # pandas has NaN for null

    return ListedPaper(
        arxiv_id=row["arxiv_id"],
        version=int(row["version"]),
        title=row["title"],
        authors=tuple(row["authors"]),
        abstract=row["abstract"],
        comment=text("comment"),
        categories=tuple(row["categories"]),
        primary_category=row["primary_category"],
        published=row["published"].to_pydatetime(),
        updated=row["updated"].to_pydatetime(),
        doi=text("doi"),
        journal_ref=text("journal_ref"),
        first_seen=row["first_seen"].to_pydatetime(),
        keywords=keywords,
    )
