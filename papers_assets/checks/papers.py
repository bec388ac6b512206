"""What must hold of the asset `papers`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType

import pandas as pd

from papers_assets.checks.base import (
    A_MISTAKE,
    NAMED,
    PAPER,
    Check,
    Finding,
    Severity,
    finding,
    matching,
    named,
    times_of,
)
from papers_assets.checks.freshness import every_keyword_refreshed, fresh_enough, index_current
from papers_assets.checks.versions import newest_known, newest_version_kept, nothing_dropped
from papers_assets.keywords.matching import MATCHED
from papers_assets.keywords.model import KeywordsFile
from papers_assets.render.sections import index_lag_of, oai_only
from papers_assets.text import counted
from papers_assets.transform.harvest_coverage import CLOCKS
from papers_assets.transform.raw_papers import ARXIV_BEGAN
from papers_assets.transform.selection import PROBLEMS

FORMER_COLUMNS = ["keyword", "arxiv_id", "version", "updated", *MATCHED]
"""What of the frame published before is looked at."""


# Blocking is what only a mistake in this program, a damaged file or a lost paper can bring about.
# What arXiv does or fails to do is published, with a word about it: no answer, or an odd one, of
# one keyword is no reason to keep the others from their readers.
CHECKS_OF_PAPERS: dict[str, Check] = {
    "keywords_file_valid": Check(
        "keywords.toml is valid. If it is not, the last valid version is used.", blocking=False
    ),
    "every_keyword_refreshed": Check("The latest run refreshed every keyword.", blocking=False),
    "fresh_enough": Check("No keyword's papers are older than 36 hours.", blocking=False),
    "index_current": Check(
        "arXiv's search is not behind: new papers come as often as before, and with witness = true "
        "it has what OAI-PMH lists.",
        blocking=False,
    ),
    "capped": Check("No keyword shows more papers than its cap.", blocking=True),
    "ids_unique": Check("No paper comes twice below a keyword.", blocking=True),
    "newest_version_kept": Check(
        "Every paper is shown in its newest stored version; for a keyword for which nothing "
        "changed, in the version that was published.",
        blocking=True,
    ),
    "rows_match": Check("Every paper matches the keyword that it is shown for.", blocking=True),
    "keywords_distinct": Check("No two keywords show the same list of papers.", blocking=False),
    "newest_first": Check("Each keyword's papers stand together, newest first.", blocking=True),
    "nothing_dropped": Check(
        "No paper left the list without newer ones, a newer version or an edit to account for it.",
        blocking=False,  # arXiv may have edited a text so that it does not match any more
    ),
    "nothing_missing": Check(
        "No papers of some days may be missing from the stored ones, or from the harvest.",
        blocking=False,
    ),
    "dates_sane": Check(
        "No date is in the future, before arXiv, or before its paper's first version.",
        blocking=False,
    ),
}


def keywords_file_valid(file: KeywordsFile) -> Finding:
    """Check that keywords.toml can be used."""
    return Finding(
        "keywords_file_valid",
        not file.error,
        Severity.ERROR,
        f"{file.notice} {file.error}"
        if file.error
        else f"keywords.toml is valid, with {counted(len(file.keywords), 'keyword')}.",
        {"keywords": len(file.keywords)},
    )


def check_papers(  # noqa: PLR0913, PLR0917 - what it is judged by
    papers: pd.DataFrame,
    former: pd.DataFrame | None,
    file: KeywordsFile,
    held: Mapping[str, pd.DataFrame],
    now: datetime,
    as_published: Collection[str] = (),
    gaps: Mapping[str, Sequence[str]] = MappingProxyType({}),
    days_missing: Sequence[date] = (),
) -> list[Finding]:
    """Check the asset `papers`, in the order of `CHECKS_OF_PAPERS`.

    Args:
        papers: as `papers_assets.transform.selection.join` gives it.
        former: what was published before, at least its `FORMER_COLUMNS`; None if nothing was.
        file: the keywords that `papers` was made for.
        held: by keyword, the `papers.KEYS` of what `papers` was chosen from: one row a version.
        now: when `papers` was made.
        as_published: keywords whose rows are said to be those of `former`. What is held of them
            was not read again, and their rows are compared with `former` instead; that what was
            published is right was checked when it was chosen (see `blocking_failures`).
        gaps: by keyword, stretches of days of which papers may be missing.
        days_missing: of the harvest.
    """
    times, problems = times_of(papers, file), papers.attrs.get(PROBLEMS, {})
    lag, lacking = index_lag_of(papers, file), oai_only(papers, file)
    papers = papers.copy(deep=False)
    papers.attrs = {}  # or pandas copies them, all of them, with every slice
    if former is None:
        former = papers.iloc[:0]
    former = former.copy(deep=False)
    former.attrs = {}
    listable = {
        name: keys
        if name not in file.names
        else keys[keys["version"].map(file[name].shows).astype(bool)]
        for name, keys in held.items()
    }
    newest = newest_known(listable, papers, former, as_published)
    return [
        keywords_file_valid(file),
        every_keyword_refreshed(times, problems, file),
        fresh_enough(times, now),
        index_current(lag, lacking),
        _capped(papers, file),
        _ids_unique(papers),
        newest_version_kept(papers, newest, as_published),
        _rows_match(papers, file),
        _keywords_distinct(papers),
        _newest_first(papers),
        nothing_dropped(papers, former, file, newest),
        _nothing_missing(gaps, days_missing),
        _dates_sane(papers, now),
    ]


def _nothing_missing(gaps: Mapping[str, Sequence[str]], days: Sequence[date]) -> Finding:
    missing = [f"{name} ({', '.join(stretches)})" for name, stretches in gaps.items()]
    missing += [f"harvest of {day}" for day in days]
    return finding(
        "nothing_missing",
        missing,
        "0 gaps: every fetch reached the papers stored before, and all days are harvested.",
        "Papers that changed then may be missing: {}. Backfill a keyword's days (papers run "
        "--since, or look_back_to in the launchpad); materialize those of the harvest.",
        severity=Severity.WARN,
        keywords=len(gaps),
        days=len(days),
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
    twice = papers[papers.duplicated(PAPER)]
    return finding(
        "ids_unique",
        named(twice),
        f"{papers['arxiv_id'].nunique()} papers in {len(papers)} rows, none twice in a list.",
        f"Papers that come twice: {{}}. {A_MISTAKE}",
        rows=len(papers),
        papers=papers["arxiv_id"].nunique(),
        twice=len(twice),
    )


def _rows_match(papers: pd.DataFrame, file: KeywordsFile) -> Finding:
    wrong = papers[~matching(papers, file)]
    return finding(
        "rows_match",
        named(wrong),
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
        "have returned the same for both: compare the queries in raw_papers' metadata.",
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
        [*named(below[wrong]), *(f"{name} in several places" for name in torn)],
        f"{len(papers)} rows in order.",
        f"Not in order: {{}}. {A_MISTAKE}",
        rows=len(papers),
        out_of_order=int(wrong.sum()) + len(torn),
    )


def _dates_sane(papers: pd.DataFrame, now: datetime) -> Finding:
    soon = now + CLOCKS
    sane = papers["updated"] >= papers["published"]
    for name in ("published", "updated", "first_seen", "last_seen"):
        sane &= papers[name].between(ARXIV_BEGAN, soon)
    wrong = papers[~sane.to_numpy()]
    dated = [
        f"{row} (published {published}, updated {updated}, first seen {seen})"
        for row, published, updated, seen in zip(
            named(wrong),
            *(wrong[name].dt.date for name in ("published", "updated", "first_seen")),
            strict=True,
        )
    ]
    return finding(
        "dates_sane",
        dated,
        f"{len(papers)} rows with dates that can be.",
        "Dates that cannot be: {}. If they are in the future, check this machine's clock; "
        "otherwise they are arXiv's, and shown as they are.",
        # They are what arXiv says; the order of the list is all that suffers.
        severity=Severity.WARN,
        rows=len(papers),
        odd=len(wrong),
    )
