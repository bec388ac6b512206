"""What must hold of the asset `changes`: the editions announce what the lists show."""

from collections.abc import Collection

import pandas as pd

from papers_assets.checks.base import A_MISTAKE, PAPER, Check, Finding, finding
from papers_assets.transform.selection import refreshed_at

CHECKS_OF_CHANGES: dict[str, Check] = {
    "adds_up": Check(
        "All editions together announce every paper of the lists in its version, as new, revised, "
        "newly matching or part of a baseline, and no others.",
        blocking=True,
    ),
}


def check_changes(
    known: pd.DataFrame, papers: pd.DataFrame, names: Collection[str]
) -> list[Finding]:
    """Check the asset `changes`, in the order of `CHECKS_OF_CHANGES`.

    Args:
        known: what all editions have told of, read back; its columns are
            `papers_assets.transform.changes.KNOWN`.
        papers: the asset `papers`; used are keyword, arxiv_id and version.
        names: of the keywords.
    """
    # Of a list that is not there, nobody knows what left it.
    there = set(refreshed_at(papers)) | set(papers["keyword"])
    told = known[known["listed"] & known["keyword"].isin(list(there.intersection(names)))]
    here = papers[papers["keyword"].isin(list(names))]
    merged = here[[*PAPER, "version"]].merge(
        told[[*PAPER, "version"]], how="outer", on=PAPER, suffixes=("", "_told"), indicator=True
    )
    faults = [
        f"{keyword}: {arxiv_id} {words}"
        for side, words in (("left_only", "was never announced"), ("right_only", "is in no list"))
        for keyword, arxiv_id in merged.loc[merged["_merge"] == side, PAPER].itertuples(index=False)
    ]
    both = merged[(merged["_merge"] == "both") & (merged["version_told"] < merged["version"])]
    faults += [
        f"{k}: {i} was announced in an older version"
        for k, i in both[PAPER].itertuples(index=False)
    ]
    return [
        finding(
            "adds_up",
            faults,
            f"{len(here)} rows of the lists, all of them announced.",
            f"The editions do not announce what the lists show: {{}}. {A_MISTAKE}",
            rows=len(here),
            faults=len(faults),
        )
    ]
