"""What must hold of `papers` beside what is held and what was published before it."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from papers_assets.checks.base import A_MISTAKE, PAPER, Finding, finding, matching, named
from papers_assets.keywords.model import KeywordsFile


def newest_known(
    held: Mapping[str, pd.DataFrame],
    papers: pd.DataFrame,
    former: pd.DataFrame,
    as_published: Collection[str],
) -> pd.DataFrame:
    """Give the version in which each paper is to be shown: keyword, arxiv_id, version.

    It is the newest held, and of keywords that are `as_published` the one of `former`.
    """
    return pd.concat([_newest_held(held, papers, former), _published(former, as_published)])


def newest_version_kept(
    papers: pd.DataFrame, newest: pd.DataFrame, as_published: Collection[str]
) -> Finding:
    """Check that each row has the version of `newest`, see `newest_known`."""
    held = _held_version(papers, newest)
    is_wrong = (held != papers["version"]).to_numpy()
    kept = papers["keyword"].isin(set(as_published)).to_numpy()
    wrong = papers[is_wrong]
    old = [
        f"{row} ({'published' if was_kept else 'stored'}: "
        f"{'not at all' if pd.isna(version) else f'v{int(version)}'})"
        for row, version, was_kept in zip(named(wrong), held[is_wrong], kept[is_wrong], strict=True)
    ]
    rows_kept = int(kept.sum())
    unread = (
        f" {rows_kept} more are as they were published: what they were chosen from has not changed "
        "since, or cannot be read."
    )
    return finding(
        "newest_version_kept",
        old,
        f"{len(papers) - rows_kept} rows, each in its newest stored version."
        f"{unread if rows_kept else ''}",
        "Papers in a version that is not the newest stored: {}. If another run wrote meanwhile, "
        f"materialize papers again. {A_MISTAKE}",
        rows=len(papers),
        as_published=rows_kept,
        not_newest=len(wrong),
    )


def nothing_dropped(
    papers: pd.DataFrame, former: pd.DataFrame, file: KeywordsFile, newest: pd.DataFrame
) -> Finding:
    """Check that nothing of `former` is gone without a reason."""
    gone = former[~pd.MultiIndex.from_frame(former[PAPER]).isin(papers.set_index(PAPER).index)]
    # An edit of keywords.toml accounts for those that do not match any more.
    lost = gone[matching(gone, file)]
    # So does a newer version: were it to match, and new enough, it would be shown.
    lost = lost[~(_held_version(lost, newest) > lost["version"]).to_numpy()]
    lost = lost[~_pushed_out(lost, papers, file)]
    return finding(
        "nothing_dropped",
        named(lost),
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


def _newest_held(
    held: Mapping[str, pd.DataFrame], papers: pd.DataFrame, former: pd.DataFrame
) -> pd.DataFrame:
    """Give the newest version held of what is shown or was: keyword, arxiv_id, version."""
    asked = pd.concat([papers[PAPER], former[PAPER]])
    ids = dict(iter(asked.groupby("keyword", sort=False)["arxiv_id"]))
    none = papers.iloc[:0][[*PAPER, "version"]]
    rows = [
        keys.loc[keys["arxiv_id"].isin(ids[name]), ["arxiv_id", "version"]].assign(keyword=name)
        for name, keys in held.items()
        if name in ids
    ]
    together = pd.concat([none, *rows], ignore_index=True)
    return together.groupby(PAPER, as_index=False, sort=False).max()


def _published(former: pd.DataFrame, keywords: Collection[str]) -> pd.DataFrame:
    """Give the version that was published before: keyword, arxiv_id, version."""
    return former.loc[former["keyword"].isin(set(keywords)), [*PAPER, "version"]]


def _held_version(rows: pd.DataFrame, newest: pd.DataFrame) -> pd.Series:
    """Give the newest version held of each row's paper, with the index of `rows`; NaN if none."""
    merged = rows[PAPER].merge(newest, how="left", on=PAPER)
    return merged["version"].set_axis(rows.index)
