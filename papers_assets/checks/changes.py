"""Check the asset `changes`: the editions announce what the lists show."""

from collections.abc import Collection

import pandas as pd

from papers_assets.checks.base import BUG_HINT, PAPER_KEY, CheckResult, CheckSpec, result
from papers_assets.transform.selection import read_refresh_times

CHECKS_OF_CHANGES: dict[str, CheckSpec] = {
    "adds_up": CheckSpec(
        "All editions together announce every paper of the lists in its version, as new, revised, "
        "newly matching or part of a baseline, and no others.",
        blocking=True,
    ),
}


def check_changes(
    announced: pd.DataFrame, papers: pd.DataFrame, names: Collection[str]
) -> list[CheckResult]:
    """Check the asset `changes`, in the order of `CHECKS_OF_CHANGES`.

    Args:
        announced: the papers that all editions announce, read back; its columns are
            `papers_assets.transform.changes.ANNOUNCED_SCHEMA`.
        papers: the asset `papers`; used are keyword, arxiv_id and version.
        names: the names of the keywords.
    """
    # Without a list, it is unknown which papers left it.
    there = set(read_refresh_times(papers)) | set(papers["keyword"])
    told = announced[
        announced["listed"] & announced["keyword"].isin(list(there.intersection(names)))
    ]
    here = papers[papers["keyword"].isin(list(names))]
    merged = here[[*PAPER_KEY, "version"]].merge(
        told[[*PAPER_KEY, "version"]],
        how="outer",
        on=PAPER_KEY,
        suffixes=("", "_told"),
        indicator=True,
    )
    faults = [
        f"{keyword}: {arxiv_id} {words}"
        for side, words in (("left_only", "was never announced"), ("right_only", "is in no list"))
        for keyword, arxiv_id in merged.loc[merged["_merge"] == side, PAPER_KEY].itertuples(
            index=False
        )
    ]
    both = merged[(merged["_merge"] == "both") & (merged["version_told"] < merged["version"])]
    faults += [
        f"{k}: {i} was announced in an older version"
        for k, i in both[PAPER_KEY].itertuples(index=False)
    ]
    return [
        result(
            "adds_up",
            faults,
            f"{len(here)} rows of the lists, all of them announced.",
            f"The editions do not announce what the lists show: {{}}. {BUG_HINT}",
            rows=len(here),
            faults=len(faults),
        )
    ]
