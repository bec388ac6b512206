"""The content of the README's sections: rows, dates and warnings. Pure."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from papers_assets.keywords.model import KeywordsConfig
from papers_assets.keywords.model import PaperSource as SourceOfPapers
from papers_assets.render.readme import Section
from papers_assets.render.readme_pages import ReadmeContent
from papers_assets.transform.index_lag import IndexLag, estimate_index_lag
from papers_assets.transform.selection import SHORT_REASONS_ATTR, read_refresh_times, read_sources

_MAX_RUN_DURATION = timedelta(hours=6)
_NO_PAPER = {
    SourceOfPapers.QUERY: "No paper on arXiv matches; check the spelling in keywords.toml.",
    SourceOfPapers.HARVEST: "No paper that was harvested matches.",
}
_MAX_NAMED = 5
"""Maximum number of papers named in a sentence."""


def build_content(
    papers: pd.DataFrame, keywords_config: KeywordsConfig, *, notifies: bool = False
) -> ReadmeContent:
    """Return the README's content from `papers`; `notifies` is as in `ReadmeContent`."""
    return ReadmeContent(
        sections=build_sections(papers, keywords_config),
        last_update=find_last_update(papers, keywords_config),
        cap=max(keyword.cap for keyword in keywords_config.keywords),
        notice=notice_of_no_news(papers, keywords_config),
        site=keywords_config.site,
        notifies=notifies,
    )


def find_last_update(papers: pd.DataFrame, keywords_config: KeywordsConfig) -> date | None:
    """Return the day, in the file's time zone, when arXiv last answered; None if it never did.

    This is not the day of rendering: a document rendered again from old answers is not newer.
    """
    days = _refresh_days(papers, keywords_config)
    return max(days.values(), default=None)


def build_sections(papers: pd.DataFrame, keywords_config: KeywordsConfig) -> list[Section]:
    """Return the sections of the asset `papers`, one per keyword, in the order of the file."""
    times = read_refresh_times(papers)
    newest = max((times[name] for name in keywords_config.names if name in times), default=None)
    # The rows of a keyword are contiguous, so a slice, which copies nothing, contains all of them.
    rows = papers.groupby("keyword", sort=False).indices
    problems = papers.attrs.get(SHORT_REASONS_ATTR, {})
    # pandas copies the attributes, which describe all keywords, with every slice.
    bare = papers.copy(deep=False)
    bare.attrs = {}

    def rows_of(name: str) -> pd.DataFrame:
        return bare.iloc[rows[name][0] : rows[name][-1] + 1] if name in rows else bare.iloc[:0]

    def note(name: str) -> str:
        rows, problem = rows_of(name), problems.get(name, "")
        words = _stale_note(times.get(name), newest, keywords_config.timezone, problem, rows)
        return words or ("" if len(rows) else _NO_PAPER[keywords_config.source])

    return [Section(name, rows_of(name), note(name)) for name in keywords_config.names]


def notice_of_no_news(papers: pd.DataFrame, keywords_config: KeywordsConfig) -> str:
    """Return the notice below the date of the last update: why there may be no new papers."""
    if papers.empty or find_last_update(papers, keywords_config) is None:
        return keywords_config.notice
    news = "" if _has_news(papers, keywords_config) else _describe_no_news(papers, keywords_config)
    return " ".join(
        filter(None, [keywords_config.notice, _describe_oai_only(papers, keywords_config), news])
    )


def _describe_no_news(papers: pd.DataFrame, keywords_config: KeywordsConfig) -> str:
    if lag := estimate_lag(papers, keywords_config):
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


def _describe_oai_only(papers: pd.DataFrame, keywords_config: KeywordsConfig) -> str:
    found = sorted(
        {version for of in read_oai_only(papers, keywords_config).values() for version in of}
    )
    if not found:
        return ""
    more = f" and {len(found) - _MAX_NAMED} more" if len(found) > _MAX_NAMED else ""
    papers_ = "a paper" if len(found) == 1 else f"{len(found)} papers"
    return (
        f"arXiv's search lacks {papers_} of these lists that arXiv's OAI-PMH interface has: "
        f"{', '.join(found[:_MAX_NAMED])}{more}."
    )


def read_oai_only(
    papers: pd.DataFrame, keywords_config: KeywordsConfig
) -> dict[str, tuple[str, ...]]:
    """Return, by keyword, the versions known only from OAI-PMH, such as 2613.00001v1."""
    cached = {name: source.cached_selection for name, source in read_sources(papers).items()}
    found = {name: cached.get(name) for name in keywords_config.names}
    return {name: cached.oai_only for name, cached in found.items() if cached and cached.oai_only}


def estimate_lag(papers: pd.DataFrame, keywords_config: KeywordsConfig) -> IndexLag | None:
    """Return the estimated lag of arXiv's index; None if it does not lag.

    A day with new papers proves that the index is not frozen.
    """
    if keywords_config.source is not SourceOfPapers.QUERY or _has_news(papers, keywords_config):
        return None
    times, problems = read_refresh_times(papers), papers.attrs.get(SHORT_REASONS_ATTR, {})
    times = {n: times[n] for n in keywords_config.names if n in times and n not in problems}
    newest = max(times.values(), default=None)
    fresh = {
        n: t
        for n, t in times.items()
        if newest and not is_stale(t, newest, keywords_config.timezone)
    }
    if not fresh:
        return None
    return estimate_index_lag(
        papers, {name: keywords_config[name].cap for name in fresh}, min(fresh.values())
    )


def _has_news(papers: pd.DataFrame, keywords_config: KeywordsConfig) -> bool:
    """Whether the last update brought a version that was not stored before that day."""
    updated = find_last_update(papers, keywords_config)
    first_seen = papers.loc[papers["keyword"].isin(keywords_config.names), "first_seen"]
    return bool((first_seen.dt.tz_convert(keywords_config.timezone).dt.date == updated).any())


def _refresh_days(papers: pd.DataFrame, keywords_config: KeywordsConfig) -> dict[str, date]:
    times = read_refresh_times(papers)
    return {
        n: times[n].astimezone(keywords_config.timezone).date()
        for n in keywords_config.names
        if n in times
    }


def _stale_note(
    time: datetime | None,
    newest: datetime | None,
    timezone: ZoneInfo,
    short_reason: str,
    rows: pd.DataFrame,
) -> str:
    reason = f": {short_reason}" if short_reason else ""
    if time is None:
        start = "Not fetched yet" if rows.empty else "Not whole yet"
        return f"{start}{reason}."
    if short_reason or (newest and is_stale(time, newest, timezone)):
        return f"Not refreshed since {time.astimezone(timezone).date()}{reason}."
    return ""


def is_stale(time: datetime, newest: datetime, timezone: ZoneInfo) -> bool:
    """Whether data of `time` are older than the run that brought the `newest`."""
    # A run across midnight counts as one day: only data of an earlier run are stale.
    same_day = time.astimezone(timezone).date() == newest.astimezone(timezone).date()
    return newest - time >= _MAX_RUN_DURATION and not same_day
