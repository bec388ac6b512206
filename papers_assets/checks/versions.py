"""Check `papers` against the raw papers and the previous publication."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from papers_assets.checks.base import (
    BUG_HINT,
    PAPER_KEY,
    CheckResult,
    find_matching,
    name_rows,
    result,
)
from papers_assets.keywords.model import KeywordsConfig


def find_newest_versions(
    stored: Mapping[str, pd.DataFrame],
    papers: pd.DataFrame,
    previous: pd.DataFrame,
    reused: Collection[str],
) -> pd.DataFrame:
    """Return the version of each paper to be shown: keyword, arxiv_id, version.

    It is the newest stored version; for keywords that are `reused`, it is that of `previous`.
    """
    return pd.concat(
        [_newest_stored(stored, papers, previous), _previous_versions(previous, reused)]
    )


def check_newest_version_kept(
    papers: pd.DataFrame, newest: pd.DataFrame, reused: Collection[str]
) -> CheckResult:
    """Check that each row has the version in `newest`, from `find_newest_versions`."""
    stored = _stored_version(papers, newest)
    is_wrong = (stored != papers["version"]).to_numpy()
    kept = papers["keyword"].isin(set(reused)).to_numpy()
    wrong = papers[is_wrong]
    old = [
        f"{row} ({'published' if was_kept else 'stored'}: "
        f"{'not at all' if pd.isna(version) else f'v{int(version)}'})"
        for row, version, was_kept in zip(
            name_rows(wrong), stored[is_wrong], kept[is_wrong], strict=True
        )
    ]
    rows_kept = int(kept.sum())
    unread = (
        f" {rows_kept} more are as they were published: what they were chosen from has not changed "
        "since, or cannot be read."
    )
    return result(
        "newest_version_kept",
        old,
        f"{len(papers) - rows_kept} rows, each in its newest stored version."
        f"{unread if rows_kept else ''}",
        "Papers in a version that is not the newest stored: {}. If another run wrote meanwhile, "
        f"materialize papers again. {BUG_HINT}",
        rows=len(papers),
        as_published=rows_kept,
        not_newest=len(wrong),
    )


def check_nothing_dropped(
    papers: pd.DataFrame,
    previous: pd.DataFrame,
    keywords_config: KeywordsConfig,
    newest_versions: pd.DataFrame,
) -> CheckResult:
    """Check that no paper of `previous` left its list without a reason."""
    gone = previous[
        ~pd.MultiIndex.from_frame(previous[PAPER_KEY]).isin(papers.set_index(PAPER_KEY).index)
    ]
    # An edit of keywords.toml explains papers that no longer match.
    lost = gone[find_matching(gone, keywords_config)]
    # A newer version explains the rest: it would be shown if it matched and were new enough.
    lost = lost[~(_stored_version(lost, newest_versions) > lost["version"]).to_numpy()]
    lost = lost[~_is_pushed_out(lost, papers, keywords_config)]
    return result(
        "nothing_dropped",
        name_rows(lost),
        f"Of {len(previous)} rows published before, {len(gone)} left the list, each for a reason.",
        "Papers that left the list and should not have: {}. Is a file below .papers/raw_papers "
        "missing or older than it was? Put it back from a backup, or refresh the keyword.",
        shown_before=len(previous),
        left=len(gone),
        lost=len(lost),
    )


def _is_pushed_out(
    missing: pd.DataFrame, papers: pd.DataFrame, keywords_config: KeywordsConfig
) -> np.ndarray:
    """Return which rows are older than every row of their keyword's full list."""
    order = ["updated", "arxiv_id"]
    rows = papers[papers["keyword"].isin(missing["keyword"].unique())]
    full: dict[str, list[object]] = {}
    for name, of_keyword in rows.groupby("keyword", sort=False)[order]:
        if len(of_keyword) >= keywords_config[str(name)].cap:
            full[str(name)] = of_keyword.sort_values(order).iloc[0].tolist()
    keys = zip(missing["keyword"], missing["updated"], missing["arxiv_id"], strict=True)
    out = (name in full and [*key] < full[name] for name, *key in keys)
    return np.fromiter(out, dtype=bool, count=len(missing))


def _newest_stored(
    stored: Mapping[str, pd.DataFrame], papers: pd.DataFrame, previous: pd.DataFrame
) -> pd.DataFrame:
    """Return the newest stored versions of current and previous rows, by `PAPER_KEY`."""
    asked = pd.concat([papers[PAPER_KEY], previous[PAPER_KEY]])
    ids = dict(iter(asked.groupby("keyword", sort=False)["arxiv_id"]))
    none = papers.iloc[:0][[*PAPER_KEY, "version"]]
    rows = [
        keys.loc[keys["arxiv_id"].isin(ids[name]), ["arxiv_id", "version"]].assign(keyword=name)
        for name, keys in stored.items()
        if name in ids
    ]
    together = pd.concat([none, *rows], ignore_index=True)
    return together.groupby(PAPER_KEY, as_index=False, sort=False).max()


def _previous_versions(previous: pd.DataFrame, keywords: Collection[str]) -> pd.DataFrame:
    """Return the previously published versions: keyword, arxiv_id, version."""
    return previous.loc[previous["keyword"].isin(set(keywords)), [*PAPER_KEY, "version"]]


def _stored_version(rows: pd.DataFrame, newest: pd.DataFrame) -> pd.Series:
    """Return the newest stored version for each of `rows`, with their index; NaN if none."""
    merged = rows[PAPER_KEY].merge(newest, how="left", on=PAPER_KEY)
    return merged["version"].set_axis(rows.index)
