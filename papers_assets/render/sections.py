"""What each section of the README says, and as of when. Pure."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from papers_assets.keywords.model import KeywordsFile
from papers_assets.keywords.model import Source as SourceOfPapers
from papers_assets.render.readme import Section
from papers_assets.render.readme_pages import Content
from papers_assets.transform.index_lag import IndexLag, index_lag
from papers_assets.transform.selection import PROBLEMS, refreshed_at, sources

_ONE_RUN = timedelta(hours=6)
_NO_PAPER = {
    SourceOfPapers.QUERY: "No paper on arXiv matches; check the spelling in keywords.toml.",
    SourceOfPapers.HARVEST: "No paper that was harvested matches.",
}
_NAMED = 5
"""Papers that a sentence names."""


def content(papers: pd.DataFrame, file: KeywordsFile, *, notifies: bool = False) -> Content:
    """Return all that the README has to say of the asset `papers`; `notifies` as in `Content`."""
    return Content(
        sections=sections(papers, file),
        last_update=last_update(papers, file),
        cap=max(keyword.cap for keyword in file.keywords),
        remark=remark(papers, file),
        site=file.site,
        notifies=notifies,
    )


def last_update(papers: pd.DataFrame, file: KeywordsFile) -> date | None:
    """Give the day, in the file's time zone, on which arXiv last answered; None if it never did.

    It is not the day of rendering: a document made anew from old answers is not newer than they.
    """
    days = _days(papers, file)
    return max(days.values(), default=None)


def sections(papers: pd.DataFrame, file: KeywordsFile) -> list[Section]:
    """Give the sections of the asset `papers`, one per keyword, in the file's order."""
    times = refreshed_at(papers)
    newest = max((times[name] for name in file.names if name in times), default=None)
    # A keyword's rows follow each other, so that a slice, which copies nothing, has them all.
    rows = papers.groupby("keyword", sort=False).indices
    problems = papers.attrs.get(PROBLEMS, {})
    # pandas copies the attributes, which are of all keywords, with every slice.
    bare = papers.copy(deep=False)
    bare.attrs = {}

    def of(name: str) -> pd.DataFrame:
        return bare.iloc[rows[name][0] : rows[name][-1] + 1] if name in rows else bare.iloc[:0]

    def note(name: str) -> str:
        rows, problem = of(name), problems.get(name, "")
        words = _note(times.get(name), newest, file.timezone, problem, rows)
        return words or ("" if len(rows) else _NO_PAPER[file.source])

    return [Section(name, of(name), note(name)) for name in file.names]


def remark(papers: pd.DataFrame, file: KeywordsFile) -> str:
    """Return what is to be said about the date of the last update: why there may be nothing new."""
    if papers.empty or last_update(papers, file) is None:
        return file.notice
    news = "" if _has_news(papers, file) else _without_news(papers, file)
    return " ".join(filter(None, [file.notice, _lacking(papers, file), news]))


def _without_news(papers: pd.DataFrame, file: KeywordsFile) -> str:
    if lag := index_lag_of(papers, file):
        times = "paper was" if lag.expected < 1.5 else "papers were"  # noqa: PLR2004 - rounded
        return (
            f"arXiv's index seems to be behind: the newest paper in these lists was submitted on "
            f"{lag.newest}, and arXiv has published papers on {lag.publications} days since then, "
            f"on which about {lag.expected:.0f} {times} to be expected here. The lists show what "
            "arXiv answers, and catch up when its index does."
        )
    return (
        "Nothing new that day. The date says when arXiv last answered, which is not always with "
        "something new: it announces no papers on Friday and Saturday evenings (US Eastern) and on "
        "holidays."
    )


def _lacking(papers: pd.DataFrame, file: KeywordsFile) -> str:
    found = sorted({version for of in oai_only(papers, file).values() for version in of})
    if not found:
        return ""
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    papers_ = "a paper" if len(found) == 1 else f"{len(found)} papers"
    return (
        f"arXiv's search lacks {papers_} of these lists that arXiv's OAI-PMH interface has: "
        f"{', '.join(found[:_NAMED])}{more}."
    )


def oai_only(papers: pd.DataFrame, file: KeywordsFile) -> dict[str, tuple[str, ...]]:
    """Return, by keyword, the versions of which only OAI-PMH told, such as 2613.00001v1."""
    choices = {name: source.choice for name, source in sources(papers).items()}
    found = {name: choices.get(name) for name in file.names}
    return {name: choice.oai_only for name, choice in found.items() if choice and choice.oai_only}


def index_lag_of(papers: pd.DataFrame, file: KeywordsFile) -> IndexLag | None:
    """Return how far arXiv's index seems to be behind; None if it does not.

    A day that brought something new is none on which the index stands still.
    """
    if file.source is not SourceOfPapers.QUERY or _has_news(papers, file):
        return None
    times, problems = refreshed_at(papers), papers.attrs.get(PROBLEMS, {})
    times = {n: times[n] for n in file.names if n in times and n not in problems}
    newest = max(times.values(), default=None)
    fresh = {n: t for n, t in times.items() if newest and not is_old(t, newest, file.timezone)}
    if not fresh:
        return None
    return index_lag(papers, {name: file[name].cap for name in fresh}, min(fresh.values()))


def _has_news(papers: pd.DataFrame, file: KeywordsFile) -> bool:
    """Return whether the day of the last update brought a version that was not there before."""
    updated = last_update(papers, file)
    first_seen = papers.loc[papers["keyword"].isin(file.names), "first_seen"]
    return bool((first_seen.dt.tz_convert(file.timezone).dt.date == updated).any())


def _days(papers: pd.DataFrame, file: KeywordsFile) -> dict[str, date]:
    times = refreshed_at(papers)
    return {n: times[n].astimezone(file.timezone).date() for n in file.names if n in times}


def _note(
    time: datetime | None,
    newest: datetime | None,
    timezone: ZoneInfo,
    problem: str,
    rows: pd.DataFrame,
) -> str:
    reason = f": {problem}" if problem else ""
    if time is None:
        start = "Not fetched yet" if rows.empty else "Not whole yet"
        return f"{start}{reason}."
    if problem or (newest and is_old(time, newest, timezone)):
        return f"Not refreshed since {time.astimezone(timezone).date()}{reason}."
    return ""


def is_old(time: datetime, newest: datetime, timezone: ZoneInfo) -> bool:
    """Say whether data of `time` were left behind by the run that brought the `newest`."""
    # A run over midnight is one day's: only what an earlier run left behind is old.
    same_day = time.astimezone(timezone).date() == newest.astimezone(timezone).date()
    return newest - time >= _ONE_RUN and not same_day
