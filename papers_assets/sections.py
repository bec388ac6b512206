"""What each section of the README says, and as of when. Pure."""

from datetime import date

import pandas as pd

from papers_assets.keywords import KeywordsFile
from papers_assets.papers import refreshed_at
from papers_assets.rendering.readme import Section


def last_update(papers: pd.DataFrame, file: KeywordsFile) -> date | None:
    """Give the day, in the file's time zone, on which arXiv last answered; None if it never did.

    It is not the day of rendering: a document made anew from old answers is not newer than they.
    """
    days = _days(papers, file)
    return max(days.values(), default=None)


def sections(papers: pd.DataFrame, file: KeywordsFile) -> list[Section]:
    """Give the sections of the asset `papers`, one per keyword, in the file's order."""
    days = _days(papers, file)
    newest = max(days.values(), default=None)
    # A keyword's rows follow each other, so that a slice, which copies nothing, has them all.
    rows = papers.groupby("keyword", sort=False).indices

    def of(name: str) -> pd.DataFrame:
        return papers.iloc[rows[name][0] : rows[name][-1] + 1] if name in rows else papers.iloc[:0]

    return [Section(name, of(name), _note(days.get(name), newest)) for name in file.names]


def _days(papers: pd.DataFrame, file: KeywordsFile) -> dict[str, date]:
    times = refreshed_at(papers)
    return {n: times[n].astimezone(file.timezone).date() for n in file.names if n in times}


def _note(day: date | None, newest: date | None) -> str:
    if day is None:
        return "Not fetched yet."
    return "" if day == newest else f"Not refreshed since {day}."
