"""The checks of the asset `papers`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType

import pandas as pd

from papers_assets.checks.base import (
    BUG_HINT,
    MAX_NAMED,
    PAPER_KEY,
    CheckResult,
    CheckSpec,
    Severity,
    find_matching,
    name_rows,
    refresh_times,
    result,
)
from papers_assets.checks.freshness import (
    check_every_keyword_refreshed,
    check_fresh_enough,
    check_index_current,
)
from papers_assets.checks.versions import (
    check_newest_version_kept,
    check_nothing_dropped,
    find_newest_versions,
)
from papers_assets.keywords.matching import MATCHED
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.render.sections import estimate_lag, read_oai_only
from papers_assets.text import count_noun
from papers_assets.transform.harvest_coverage import CLOCK_TOLERANCE
from papers_assets.transform.raw_papers import ARXIV_START
from papers_assets.transform.selection import SHORT_REASONS_ATTR

PREVIOUS_COLUMNS = ["keyword", "arxiv_id", "version", "updated", *MATCHED]
"""The columns of the previous publication that the checks use."""


# Blocking checks fail only because of a bug, a damaged file or a lost paper. What arXiv does or
# fails to do is published with a note: a missing or odd answer for one keyword is no reason to
# withhold the others.
CHECKS_OF_PAPERS: dict[str, CheckSpec] = {
    "keywords_file_valid": CheckSpec(
        "keywords.toml is valid. If it is not, the last valid version is used.", blocking=False
    ),
    "every_keyword_refreshed": CheckSpec("The latest run refreshed every keyword.", blocking=False),
    "fresh_enough": CheckSpec("No keyword's papers are older than 36 hours.", blocking=False),
    "index_current": CheckSpec(
        "arXiv's search is not behind: new papers come as often as before, and with witness = true "
        "it has what OAI-PMH lists.",
        blocking=False,
    ),
    "capped": CheckSpec("No keyword shows more papers than its cap.", blocking=True),
    "ids_unique": CheckSpec("No paper comes twice below a keyword.", blocking=True),
    "newest_version_kept": CheckSpec(
        "Every paper is shown in its newest stored version; for a keyword for which nothing "
        "changed, in the version that was published.",
        blocking=True,
    ),
    "rows_match": CheckSpec("Every paper matches the keyword that it is shown for.", blocking=True),
    "keywords_distinct": CheckSpec("No two keywords show the same list of papers.", blocking=False),
    "newest_first": CheckSpec("Each keyword's papers stand together, newest first.", blocking=True),
    "nothing_dropped": CheckSpec(
        "No paper left the list without newer ones, a newer version or an edit to account for it.",
        blocking=False,  # arXiv may have edited a text that no longer matches
    ),
    "nothing_missing": CheckSpec(
        "No papers of some days may be missing from the stored ones, or from the harvest.",
        blocking=False,
    ),
    "dates_sane": CheckSpec(
        "No date is in the future, before arXiv, or before its paper's first version.",
        blocking=False,
    ),
}


def check_keywords_file(keywords_config: KeywordsConfig) -> CheckResult:
    """Check that keywords.toml can be used."""
    return CheckResult(
        "keywords_file_valid",
        not keywords_config.error,
        Severity.ERROR,
        f"{keywords_config.notice} {keywords_config.error}"
        if keywords_config.error
        else f"keywords.toml is valid, with {count_noun(len(keywords_config.names), 'keyword')}.",
        {"keywords": len(keywords_config.keywords)},
    )


def check_papers(  # noqa: PLR0913, PLR0917 - the inputs of the checks
    papers: pd.DataFrame,
    previous: pd.DataFrame | None,
    keywords_config: KeywordsConfig,
    stored: Mapping[str, pd.DataFrame],
    now: datetime,
    reused: Collection[str] = (),
    missing_ranges: Mapping[str, Sequence[str]] = MappingProxyType({}),
    days_missing: Sequence[date] = (),
) -> list[CheckResult]:
    """Check the asset `papers`, in the order of `CHECKS_OF_PAPERS`.

    Args:
        papers: the frame that `papers_assets.transform.selection.concat` returns.
        previous: the previous publication, at least its `PREVIOUS_COLUMNS`; None if there is none.
        keywords_config: the keywords that `papers` was made for.
        stored: by keyword, the `KEY_COLUMNS` of the raw papers that `papers` was selected from, one
            row per version.
        now: when `papers` was made.
        reused: keywords whose rows were reused from `previous`. Their raw papers were not read
            again, and their rows are compared with `previous` instead; the published rows were
            checked when they were selected (see `find_blocking_failures`).
        missing_ranges: by keyword, the ranges of days for which papers may be missing.
        days_missing: the missing days of the harvest.
    """
    times, problems = (
        refresh_times(papers, keywords_config),
        papers.attrs.get(SHORT_REASONS_ATTR, {}),
    )
    lag, lacking = estimate_lag(papers, keywords_config), read_oai_only(papers, keywords_config)
    papers = papers.copy(deep=False)
    papers.attrs = {}  # pandas copies all of them with every slice
    if previous is None:
        previous = papers.iloc[:0]
    previous = previous.copy(deep=False)
    previous.attrs = {}
    listable = {
        name: keys
        if name not in keywords_config.names
        else keys[keys["version"].map(keywords_config[name].shows).astype(bool)]
        for name, keys in stored.items()
    }
    newest = find_newest_versions(listable, papers, previous, reused)
    return [
        check_keywords_file(keywords_config),
        check_every_keyword_refreshed(times, problems, keywords_config),
        check_fresh_enough(times, now),
        check_index_current(lag, lacking),
        _check_capped(papers, keywords_config),
        _check_ids_unique(papers),
        check_newest_version_kept(papers, newest, reused),
        _check_rows_match(papers, keywords_config),
        _check_keywords_distinct(papers),
        _check_newest_first(papers),
        check_nothing_dropped(papers, previous, keywords_config, newest),
        _check_nothing_missing(missing_ranges, days_missing),
        _check_dates(papers, now),
    ]


def _check_nothing_missing(
    missing_ranges: Mapping[str, Sequence[str]], days: Sequence[date]
) -> CheckResult:
    missing = [f"{name} ({', '.join(stretches)})" for name, stretches in missing_ranges.items()]
    missing += [f"harvest of {day}" for day in days]
    return result(
        "nothing_missing",
        missing,
        "0 gaps: every fetch reached the papers stored before, and all days are harvested.",
        "Papers that changed then may be missing: {}. Backfill a keyword's days (papers run "
        "--since, or look_back_to in the launchpad); materialize those of the harvest.",
        severity=Severity.WARN,
        keywords=len(missing_ranges),
        days=len(days),
    )


def _check_capped(papers: pd.DataFrame, keywords_config: KeywordsConfig) -> CheckResult:
    caps = {keyword.name: keyword.cap for keyword in keywords_config.keywords}
    sizes = papers.groupby("keyword", sort=False).size()
    over = [
        f"{name} ({size} of {caps[name]})"
        for name, size in sizes.items()
        if name in caps and size > caps[name]
    ]
    longest = int(sizes.max()) if len(sizes) else 0
    return result(
        "capped",
        over,
        f"{len(papers)} papers; the longest list has {longest}.",
        f"Lists longer than their cap: {{}}. {BUG_HINT}",
        longest=longest,
        over_cap=len(over),
    )


def _check_ids_unique(papers: pd.DataFrame) -> CheckResult:
    twice = papers[papers.duplicated(PAPER_KEY)]
    return result(
        "ids_unique",
        name_rows(twice),
        f"{papers['arxiv_id'].nunique()} papers in {len(papers)} rows, none twice in a list.",
        f"Papers that come twice: {{}}. {BUG_HINT}",
        rows=len(papers),
        papers=papers["arxiv_id"].nunique(),
        twice=len(twice),
    )


def _check_rows_match(papers: pd.DataFrame, keywords_config: KeywordsConfig) -> CheckResult:
    wrong = papers[~find_matching(papers, keywords_config)]
    return result(
        "rows_match",
        name_rows(wrong),
        f"{len(papers)} rows match their keywords.",
        f"Papers that do not match the keyword they stand below: {{}}. {BUG_HINT}",
        rows=len(papers),
        not_matching=len(wrong),
    )


def _check_keywords_distinct(papers: pd.DataFrame) -> CheckResult:
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, ids in papers.groupby("keyword", sort=False)["arxiv_id"]:
        groups.setdefault(tuple(ids), []).append(str(name))
    alike = [" = ".join(names[:MAX_NAMED]) for names in groups.values() if len(names) > 1]
    return result(
        "keywords_distinct",
        alike,
        f"{len(groups)} lists, no two the same.",
        "Keywords with the same list: {}. If they mean the same, remove one; if not, arXiv may "
        "have returned the same for both: compare the queries in raw_papers' metadata.",
        # Keywords with the same meaning rightly have the same papers.
        severity=Severity.WARN,
        lists=len(groups),
        alike=len(alike),
    )


def _check_newest_first(papers: pd.DataFrame) -> CheckResult:
    above, below = papers.iloc[:-1], papers.iloc[1:]
    same = above["keyword"].to_numpy() == below["keyword"].to_numpy()
    times, times_below = above["updated"].to_numpy(), below["updated"].to_numpy()
    ids, ids_below = above["arxiv_id"].to_numpy(object), below["arxiv_id"].to_numpy(object)
    wrong = same & ~((times > times_below) | ((times == times_below) & (ids >= ids_below)))
    starts = below["keyword"][~same]
    first = papers["keyword"].iloc[:1]
    again = pd.concat([first, starts])
    torn = again[again.duplicated()].unique()
    return result(
        "newest_first",
        [*name_rows(below[wrong]), *(f"{name} in several places" for name in torn)],
        f"{len(papers)} rows in order.",
        f"Not in order: {{}}. {BUG_HINT}",
        rows=len(papers),
        out_of_order=int(wrong.sum()) + len(torn),
    )


def _check_dates(papers: pd.DataFrame, now: datetime) -> CheckResult:
    soon = now + CLOCK_TOLERANCE
    sane = papers["updated"] >= papers["published"]
    for name in ("published", "updated", "first_seen", "last_seen"):
        sane &= papers[name].between(ARXIV_START, soon)
    wrong = papers[~sane.to_numpy()]
    dated = [
        f"{row} (published {published}, updated {updated}, first seen {seen})"
        for row, published, updated, seen in zip(
            name_rows(wrong),
            *(wrong[name].dt.date for name in ("published", "updated", "first_seen")),
            strict=True,
        )
    ]
    return result(
        "dates_sane",
        dated,
        f"{len(papers)} rows with dates that can be.",
        "Dates that cannot be: {}. If they are in the future, check this machine's clock; "
        "otherwise they are arXiv's, and shown as they are.",
        # The dates are from arXiv; wrong ones affect only the order of the list.
        severity=Severity.WARN,
        rows=len(papers),
        odd=len(wrong),
    )
