"""What must hold of the asset `papers`."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from papers_assets.checks.finding import (
    A_MISTAKE,
    NAMED,
    Check,
    Finding,
    Severity,
    as_line,
    finding,
    times_of,
)
from papers_assets.held import ARXIV_BEGAN
from papers_assets.keywords import KeywordsFile
from papers_assets.matching import Matcher
from papers_assets.papers import AGEING, PROBLEMS
from papers_assets.sections import is_old

HELD_KEYS = ["arxiv_id", "version", "updated"]
"""What of the held papers is looked at."""
FORMER_COLUMNS = ["keyword", "arxiv_id", "version", "title", "abstract", "categories", "updated"]
"""What of the frame published before is looked at."""

_PAPER = ["keyword", "arxiv_id"]
_TOO_OLD = timedelta(days=3)  # longer than arXiv's weekend, on which a run still gets an answer
_CLOCKS = timedelta(hours=1)  # by which clocks may differ


# Blocking is what only a mistake in this program, a damaged file or a lost paper can bring about.
# What arXiv does or fails to do is published, with a word about it: no answer, or an odd one, of
# one keyword is no reason to keep the others from their readers.
CHECKS_OF_PAPERS: dict[str, Check] = {
    "every_keyword_refreshed": Check("The latest run refreshed every keyword.", blocking=False),
    "fresh_enough": Check("No keyword's papers are older than 36 hours.", blocking=False),
    "capped": Check("No keyword shows more papers than its cap.", blocking=True),
    "ids_unique": Check("No paper comes twice below a keyword.", blocking=True),
    "newest_version_kept": Check(
        "Every paper is shown in the newest version that arXiv answered: chosen anew, it is the "
        "newest held; of a keyword of which nothing changed, the one that was published.",
        blocking=True,
    ),
    "rows_match": Check("Every paper matches the keyword that it is shown for.", blocking=True),
    "keywords_distinct": Check("No two keywords show the same list of papers.", blocking=False),
    "newest_first": Check("Each keyword's papers stand together, newest first.", blocking=True),
    "nothing_dropped": Check(
        "No paper left the list without newer ones, a newer version or an edit to account for it.",
        blocking=False,  # arXiv may have edited a text so that it does not match any more
    ),
    "dates_sane": Check(
        "No date is in the future, before arXiv, or before its paper's first version.",
        blocking=False,
    ),
}


def check_papers(  # noqa: PLR0913, PLR0917 - what it is judged by
    papers: pd.DataFrame,
    former: pd.DataFrame | None,
    file: KeywordsFile,
    held: Mapping[str, pd.DataFrame],
    now: datetime,
    as_published: Collection[str] = (),
) -> list[Finding]:
    """Check the asset `papers`, in the order of `CHECKS_OF_PAPERS`.

    Args:
        papers: as `papers_assets.papers.join` gives it.
        former: what was published before, at least its `FORMER_COLUMNS`; None if nothing was.
        file: the keywords that `papers` was made for.
        held: by keyword, the `HELD_KEYS` of what `papers` was chosen from: one row a version.
        now: when `papers` was made.
        as_published: keywords whose rows are said to be those of `former`. What is held of them
            was not read again, and their rows are compared with `former` instead; that what was
            published is right was checked when it was chosen (see `stops`).
    """
    times, problems = times_of(papers, file), papers.attrs.get(PROBLEMS, {})
    papers = papers.copy(deep=False)
    papers.attrs = {}  # or pandas copies them, all of them, with every slice
    if former is None:
        former = papers.iloc[:0]
    former = former.copy(deep=False)
    former.attrs = {}
    newest = pd.concat([_newest_held(held, papers, former), _published(former, as_published)])
    return [
        _every_keyword_refreshed(times, problems, file),
        _fresh_enough(times, now),
        _capped(papers, file),
        _ids_unique(papers),
        _newest_version_kept(papers, newest, as_published),
        _rows_match(papers, file),
        _keywords_distinct(papers),
        _newest_first(papers),
        _nothing_dropped(papers, former, file, newest),
        _dates_sane(papers, now),
    ]


def stops(found: Finding) -> bool:
    """Say whether nothing must be made of the papers that this was found of."""
    is_blocking = CHECKS_OF_PAPERS[found.name].blocking
    return is_blocking and not found.passed and found.severity is Severity.ERROR


def _every_keyword_refreshed(
    times: Mapping[str, datetime], problems: Mapping[str, str], file: KeywordsFile
) -> Finding:
    newest = max(times.values(), default=None)
    never = [name for name in file.names if name not in times]
    behind = [
        name
        for name, time in times.items()
        if name in problems or (newest and is_old(time, newest, file.timezone))
    ]

    def described(name: str) -> str:
        time = times.get(name)
        since = f"last on {time.astimezone(file.timezone).date()}" if time else "never fetched"
        return f"{name} ({since}{f': {as_line(problems[name])}' if name in problems else ''})"

    missing = [described(name) for name in file.names if name in {*behind, *never}]
    return finding(
        "every_keyword_refreshed",
        missing,
        f"All {len(times)} keywords were refreshed.",
        f"{len(missing)} of {len(file.names)} keywords were not refreshed: {{}}. The README says "
        "so beside them. The next run asks again; raw_papers' log says what happened.",
        # What is shown is right, and says how old it is; fresh_enough says when that is too old.
        severity=Severity.WARN if times else Severity.ERROR,
        refreshed=len(times) - len(behind),
        not_refreshed=len(behind),
        never_fetched=len(never),
    )


def _fresh_enough(times: Mapping[str, datetime], now: datetime) -> Finding:
    hours = {name: _hours(now - time) for name, time in times.items()}
    oldest, newest = max(hours.values(), default=0.0), min(hours.values(), default=0.0)
    ahead = [f"{name} ({-age} h ahead)" for name, age in hours.items() if age < -_hours(_CLOCKS)]
    old = [name for name, age in hours.items() if age > _hours(AGEING)]
    old = [f"{name} ({hours[name]} h)" for name in sorted(old, key=lambda name: -hours[name])]
    if ahead:
        problem = "{} refreshed in the future: check this machine's clock, then run again."
    elif hours:
        problem = (
            "Papers older than 36 hours: {}. Is the daily schedule on, with its daemon running? "
            "raw_papers' log says whether arXiv answered."
        )
    else:
        problem = "{} was fetched. Run the job daily_papers."
    return finding(
        "fresh_enough",
        ahead or old or ([] if hours else ["No keyword"]),
        f"The oldest answer is {oldest} hours old, the newest {newest}.",
        problem,
        # A run that was missed is made up for by the next one; three days are nobody's hiccup.
        severity=Severity.WARN
        if hours and not ahead and oldest <= _hours(_TOO_OLD)
        else Severity.ERROR,
        oldest_hours=oldest,
        newest_hours=newest,
    )


def _capped(papers: pd.DataFrame, file: KeywordsFile) -> Finding:
    caps = {keyword.name: keyword.cap for keyword in file.keywords}
    sizes = papers.groupby("keyword", sort=False).size()
    over = [
        f"{name} ({size} of {caps[name]})"
        for name, size in sizes.items()
        if name in caps and size > caps[name]
    ]
    longest = int(sizes.max()) if len(sizes) else 0
    return finding(
        "capped",
        over,
        f"{len(papers)} papers; the longest list has {longest}.",
        f"Lists longer than their cap: {{}}. {A_MISTAKE}",
        longest=longest,
        over_cap=len(over),
    )


def _ids_unique(papers: pd.DataFrame) -> Finding:
    twice = papers.loc[papers.duplicated(["keyword", "arxiv_id"]), ["arxiv_id", "keyword"]]
    return finding(
        "ids_unique",
        _rows(twice),
        f"{papers['arxiv_id'].nunique()} papers in {len(papers)} rows, none twice in a list.",
        f"Papers that come twice: {{}}. {A_MISTAKE}",
        rows=len(papers),
        papers=papers["arxiv_id"].nunique(),
        twice=len(twice),
    )


def _newest_version_kept(
    papers: pd.DataFrame, newest: pd.DataFrame, as_published: Collection[str]
) -> Finding:
    held = _held_version(papers, newest)
    is_wrong = (held != papers["version"]).to_numpy()
    kept = papers["keyword"].isin(set(as_published)).to_numpy()
    wrong = papers[is_wrong]
    named = [
        f"{row} ({'published' if was_kept else 'held'}: "
        f"{'not at all' if pd.isna(version) else f'v{int(version)}'})"
        for row, version, was_kept in zip(_rows(wrong), held[is_wrong], kept[is_wrong], strict=True)
    ]
    rows_kept = int(kept.sum())
    unread = (
        f" {rows_kept} more are as they were published: what they were chosen from has not changed "
        "since, or cannot be read."
    )
    return finding(
        "newest_version_kept",
        named,
        f"{len(papers) - rows_kept} rows, each in the newest version held."
        f"{unread if rows_kept else ''}",
        "Papers in a version that is not the newest held: {}. If another run wrote meanwhile, "
        f"materialize papers again. {A_MISTAKE}",
        rows=len(papers),
        as_published=rows_kept,
        not_newest=len(wrong),
    )


def _rows_match(papers: pd.DataFrame, file: KeywordsFile) -> Finding:
    wrong = papers[~_matches(papers, file)]
    return finding(
        "rows_match",
        _rows(wrong),
        f"{len(papers)} rows match their keywords.",
        f"Papers that do not match the keyword they stand below: {{}}. {A_MISTAKE}",
        rows=len(papers),
        not_matching=len(wrong),
    )


def _keywords_distinct(papers: pd.DataFrame) -> Finding:
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, ids in papers.groupby("keyword", sort=False)["arxiv_id"]:
        groups.setdefault(tuple(ids), []).append(str(name))
    alike = [" = ".join(names[:NAMED]) for names in groups.values() if len(names) > 1]
    return finding(
        "keywords_distinct",
        alike,
        f"{len(groups)} lists, no two the same.",
        "Keywords with the same list: {}. If they mean the same, remove one; if not, arXiv may "
        "have answered them alike: compare the queries in raw_papers' metadata, and refresh them.",
        # Keywords that mean the same have the same papers, and rightly so.
        severity=Severity.WARN,
        lists=len(groups),
        alike=len(alike),
    )


def _newest_first(papers: pd.DataFrame) -> Finding:
    above, below = papers.iloc[:-1], papers.iloc[1:]
    same = above["keyword"].to_numpy() == below["keyword"].to_numpy()
    times, times_below = above["updated"].to_numpy(), below["updated"].to_numpy()
    ids, ids_below = above["arxiv_id"].to_numpy(object), below["arxiv_id"].to_numpy(object)
    wrong = same & ~((times > times_below) | ((times == times_below) & (ids >= ids_below)))
    starts = below["keyword"][~same]
    first = papers["keyword"].iloc[:1]
    again = pd.concat([first, starts])
    torn = again[again.duplicated()].unique()
    return finding(
        "newest_first",
        [*_rows(below[wrong]), *(f"{name} in several places" for name in torn)],
        f"{len(papers)} rows in order.",
        f"Not in order: {{}}. {A_MISTAKE}",
        rows=len(papers),
        out_of_order=int(wrong.sum()) + len(torn),
    )


def _nothing_dropped(
    papers: pd.DataFrame, former: pd.DataFrame, file: KeywordsFile, newest: pd.DataFrame
) -> Finding:
    gone = former[~pd.MultiIndex.from_frame(former[_PAPER]).isin(papers.set_index(_PAPER).index)]
    # An edit of keywords.toml accounts for those that do not match any more.
    lost = gone[_matches(gone, file)]
    # So does a newer version: were it to match, and new enough, it would be shown.
    lost = lost[~(_held_version(lost, newest) > lost["version"]).to_numpy()]
    lost = lost[~_pushed_out(lost, papers, file)]
    return finding(
        "nothing_dropped",
        _rows(lost),
        f"Of {len(former)} rows published before, {len(gone)} left the list, each for a reason.",
        "Papers that left the list and should not have: {}. Is a file below .papers/raw_papers "
        "missing or older than it was? Put it back from a backup, or refresh the keyword.",
        shown_before=len(former),
        left=len(gone),
        lost=len(lost),
    )


def _pushed_out(gone: pd.DataFrame, papers: pd.DataFrame, file: KeywordsFile) -> np.ndarray:
    """Say of each row whether its keyword's list is full of rows that stand before it."""
    order = ["updated", "arxiv_id"]
    rows = papers[papers["keyword"].isin(gone["keyword"].unique())]
    full: dict[str, list[object]] = {}
    for name, of_keyword in rows.groupby("keyword", sort=False)[order]:
        if len(of_keyword) >= file[str(name)].cap:
            full[str(name)] = of_keyword.sort_values(order).iloc[0].tolist()
    keys = zip(gone["keyword"], gone["updated"], gone["arxiv_id"], strict=True)
    out = (name in full and [*key] < full[name] for name, *key in keys)
    return np.fromiter(out, dtype=bool, count=len(gone))


def _dates_sane(papers: pd.DataFrame, now: datetime) -> Finding:
    soon = now + _CLOCKS
    sane = papers["updated"] >= papers["published"]
    for name in ("published", "updated", "first_seen", "last_seen"):
        sane &= papers[name].between(ARXIV_BEGAN, soon)
    wrong = papers[~sane.to_numpy()]
    named = [
        f"{row} (published {published}, updated {updated}, first seen {seen})"
        for row, published, updated, seen in zip(
            _rows(wrong),
            *(wrong[name].dt.date for name in ("published", "updated", "first_seen")),
            strict=True,
        )
    ]
    return finding(
        "dates_sane",
        named,
        f"{len(papers)} rows with dates that can be.",
        "Dates that cannot be: {}. If they are in the future, check this machine's clock; "
        "otherwise they are arXiv's, and shown as they are.",
        # They are what arXiv says; the order of the list is all that suffers.
        severity=Severity.WARN,
        rows=len(papers),
        odd=len(wrong),
    )


def _rows(rows: pd.DataFrame) -> list[str]:
    pairs = zip(rows["arxiv_id"], rows["keyword"], strict=True)
    return [f"{arxiv_id} in {keyword}" for arxiv_id, keyword in pairs]


def _hours(age: timedelta) -> float:
    return round(age / timedelta(hours=1), 1)


def _matches(rows: pd.DataFrame, file: KeywordsFile) -> np.ndarray:
    """Say of each row whether it matches its keyword; not, if the file has no such keyword."""
    matchers = {keyword.name: Matcher(keyword) for keyword in file.keywords}
    columns = (rows[name] for name in ("keyword", "title", "abstract", "categories"))
    matches = (
        name in matchers and matchers[name](title, abstract, categories)
        for name, title, abstract, categories in zip(*columns, strict=True)
    )
    return np.fromiter(matches, dtype=bool, count=len(rows))


def _newest_held(
    held: Mapping[str, pd.DataFrame], papers: pd.DataFrame, former: pd.DataFrame
) -> pd.DataFrame:
    """Give the newest version held of what is shown or was: keyword, arxiv_id, version."""
    asked = pd.concat([papers[_PAPER], former[_PAPER]])
    ids = dict(iter(asked.groupby("keyword", sort=False)["arxiv_id"]))
    none = papers.iloc[:0][[*_PAPER, "version"]]
    rows = [
        keys.loc[keys["arxiv_id"].isin(ids[name]), ["arxiv_id", "version"]].assign(keyword=name)
        for name, keys in held.items()
        if name in ids
    ]
    together = pd.concat([none, *rows], ignore_index=True)
    return together.groupby(_PAPER, as_index=False, sort=False).max()


def _published(former: pd.DataFrame, keywords: Collection[str]) -> pd.DataFrame:
    """Give the version that was published before: keyword, arxiv_id, version."""
    return former.loc[former["keyword"].isin(set(keywords)), [*_PAPER, "version"]]


def _held_version(rows: pd.DataFrame, newest: pd.DataFrame) -> pd.Series:
    """Give the newest version held of each row's paper, with the index of `rows`; NaN if none."""
    merged = rows[_PAPER].merge(newest, how="left", on=_PAPER)
    return merged["version"].set_axis(rows.index)
