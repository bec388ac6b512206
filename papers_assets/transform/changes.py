"""Changes of the lists since the previous update. Pure.

The announced papers are a frame, `ANNOUNCED_SCHEMA`, with a row for each keyword and paper of all
editions so far. `diff` compares it with the asset `papers` to make an edition, and `apply_changes`
updates it afterwards. This module decides which papers are new, revised or newly matching, for the
digest, the site, the feeds and the data.
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pandas as pd

from papers_assets.transform import raw_papers

ANNOUNCED_SCHEMA = {
    "keyword": "str",
    "arxiv_id": "str",
    "version": "int64",
    "title": "str",
    "comment": "str",
    "listed": "bool",
    "kind": "str",
}
"""Columns and dtypes of the announced papers: the paper as it was last announced under this
keyword, whether it was in the keyword's list then, and the kind it was announced as (empty if an
older release announced it)."""
_KEYS, _COMPARED_FIELDS = ["keyword", "arxiv_id"], ["version", "title", "comment"]

NEW_PAPER_ALLOWANCE = raw_papers.OVERLAP
"""How long before the previous update a new paper may have been submitted. arXiv announces papers
days after their submission, and up to two weeks later if moderators delay them."""


class ChangeKind(StrEnum):
    """A kind of change to a paper in a keyword's list, by decreasing interest to readers."""

    NEW = "new"
    """First submitted after the previous update of the list, or up to `NEW_PAPER_ALLOWANCE` before
    it, and not fetched by then. It may have been revised since."""
    REVISED = "revised"
    """The version, title or comment differs from the one announced; or a recent version of an older
    paper that was never announced."""
    WITHDRAWN = "withdrawn"
    """Withdrawn by its authors or by arXiv, with a newer version or comment."""
    MATCHED = "matched"
    """Newly matching: new to the list, but neither the paper nor this version is recent. The
    keyword was edited, a text changed, or the paper was in another list before."""
    RESTORED = "returned"
    """Back in the list after leaving it, and unchanged."""
    REMOVED = "left"
    """No longer in the list: newer papers replaced it, or it no longer matches."""
    BASELINE = "baseline"
    """In the first list of the keyword, whose papers are counted but not announced."""


KIND_PRECEDENCE = (
    ChangeKind.NEW,
    ChangeKind.WITHDRAWN,
    ChangeKind.REVISED,
    ChangeKind.MATCHED,
    ChangeKind.BASELINE,
)
"""The order in which one kind is chosen for a paper that has several, in several lists or parts of
an edition."""


class ListUpdate(NamedTuple):
    """An update of a keyword's list, after its first one."""

    refreshed_at: datetime
    """When arXiv had answered for the list; UTC."""
    definition: str = ""
    """The keyword's fingerprint; if it is empty (unknown), the keyword counts as unchanged."""


DIFFERENCES_COLUMNS = [*_KEYS, "kind", "version_before", "changed", "before"]
"""Columns of the result of `diff`. `changed` has the names of fields, such as "version title"; for
a paper that enters a list, `before` has the keywords under which it was announced, one per line."""

# Of 62 real papers whose comment has such a word in a version after the first, 58 were withdrawn.
# Every withdrawn paper has such a version, because arXiv creates one for the withdrawal.
_WITHDRAWN = re.compile(r"\bwithdr(?:aw|ew)", re.IGNORECASE)


def is_withdrawn(version: int, comment: str | None) -> bool:
    """Whether a version withdraws its paper, judging by its comment."""
    return version > 1 and comment is not None and _WITHDRAWN.search(comment) is not None


def most_important_kind(kinds: Collection[str]) -> ChangeKind | None:
    """Return the first of `kinds` by `KIND_PRECEDENCE`; None if it contains none of them."""
    return next((kind for kind in KIND_PRECEDENCE if kind in kinds), None)


def kind_for_readers(kind: ChangeKind, *, changed: bool, announced: bool) -> ChangeKind:
    """Return the kind of a change for readers of several lists.

    Args:
        kind: The kind in the list that the paper enters.
        changed: Whether the paper differs from the one announced.
        announced: Whether it was announced to these readers before, in another list.
    """
    if not announced:
        return kind
    if not changed:
        return ChangeKind.MATCHED
    return ChangeKind.WITHDRAWN if kind is ChangeKind.WITHDRAWN else ChangeKind.REVISED


def no_announcements() -> pd.DataFrame:
    """Return an empty frame of announced papers, as before the first edition."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in ANNOUNCED_SCHEMA.items()})


def diff(
    announced: pd.DataFrame,
    papers: pd.DataFrame,
    names: Collection[str],
    previous: Mapping[str, ListUpdate],
    definitions: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return the papers that entered, changed in, returned to or left the lists.

    A paper is the same in all lists. If only some lists have its newest version, because the others
    could not be refreshed, it counts as revised in all of them and is announced once.

    Args:
        announced: The announced papers, `ANNOUNCED_SCHEMA`.
        papers: The asset `papers`; used are keyword, arxiv_id, version, title, comment, published,
            updated, first_seen and last_seen.
        names: The keywords to compare. Papers of keywords that are no longer followed do not count
            as removed.
        previous: The previous update of each list, by keyword. A list without one is the first of
            its keyword, a baseline.
        definitions: The fingerprint of each keyword. If it differs from that of the previous
            update, papers may enter the list without being new, and `NEW_PAPER_ALLOWANCE` does not
            apply.

    Returns:
        The columns `DIFFERENCES_COLUMNS`, in the order of `papers`, then the removed papers.
    """
    rows = papers[papers["keyword"].isin(list(names))]
    here = latest_versions(rows)
    newest = announced.sort_values(["version", "listed"], kind="stable").drop_duplicates(
        "arxiv_id", keep="last"
    )
    before = newest[["arxiv_id", *_COMPARED_FIELDS]].rename(
        columns={n: f"{n}_before" for n in _COMPARED_FIELDS}
    )
    merged = here.merge(before, how="left", on="arxiv_id").merge(
        announced[[*_KEYS, "listed"]], how="left", on=_KEYS
    )
    merged["changed"] = _list_changed_fields(merged)
    merged["entered"] = _classify_entered(rows, previous, definitions or {})
    merged["kind"] = _list_kinds(merged)
    differences = merged[merged["kind"] != ""]
    differences = differences.assign(before=_list_keywords_before(differences, announced))
    is_first = differences["listed"].isna() & (differences["before"] == "")
    differences.loc[is_first, "changed"] = ""
    differences["version_before"] = differences["version_before"].mask(is_first)
    gone = announced[announced["listed"] & announced["keyword"].isin(list(names))].merge(
        here[_KEYS], how="left", on=_KEYS, indicator=True
    )
    gone = gone[gone["_merge"] == "left_only"].rename(columns={"version": "version_before"})
    left = gone.assign(kind=ChangeKind.REMOVED.value, changed="", before="")
    return pd.concat(
        [differences[DIFFERENCES_COLUMNS], left[DIFFERENCES_COLUMNS]], ignore_index=True
    )


def latest_versions(papers: pd.DataFrame) -> pd.DataFrame:
    """Return every row with the texts of the paper's newest version, as last fetched.

    Args:
        papers: The asset `papers`, as in `diff`.
    """
    newest = papers.sort_values(["version", "last_seen"], kind="stable").drop_duplicates(
        "arxiv_id", keep="last"
    )
    return papers[_KEYS].merge(newest[["arxiv_id", *_COMPARED_FIELDS]], how="left", on="arxiv_id")


def _classify_entered(
    rows: pd.DataFrame, previous: Mapping[str, ListUpdate], definitions: Mapping[str, str]
) -> np.ndarray:
    """Return the kind of each row if it was not in its list before, ignoring withdrawals."""
    refreshed, earliest = {}, {}
    for name, update in previous.items():
        is_edited = update.definition and definitions.get(name, "") not in ("", update.definition)
        refreshed[name] = update.refreshed_at
        earliest[name] = update.refreshed_at - (timedelta() if is_edited else NEW_PAPER_ALLOWANCE)

    def refresh_times(of: Mapping[str, datetime]) -> pd.Series:
        return pd.to_datetime(rows["keyword"].map(dict(of)), utc=True)

    newest = rows.sort_values("version", kind="stable").drop_duplicates("arxiv_id", keep="last")
    dates = rows[["arxiv_id"]].merge(newest, how="left", on="arxiv_id").set_index(rows.index)
    # A paper that was stored but not listed at the previous update is not new.
    came = rows["first_seen"] >= refresh_times(refreshed)
    since = refresh_times(earliest)
    kinds = [
        (~rows["keyword"].isin(list(previous)), ChangeKind.BASELINE),
        (came & (dates["published"] >= since), ChangeKind.NEW),
        (came & (dates["updated"] >= since) & (dates["version"] > 1), ChangeKind.REVISED),
    ]
    return np.select(
        [is_so for is_so, _ in kinds], [k.value for _, k in kinds], ChangeKind.MATCHED.value
    )


def _list_kinds(merged: pd.DataFrame) -> list[str]:
    names = ("version", "comment", "version_before", "comment_before", "listed", "changed")
    kinds: list[str] = []
    for version, comment, version_before, comment_before, was_listed, changed, entered in zip(
        *(merged[name] for name in (*names, "entered")), strict=True
    ):
        now = is_withdrawn(version, _text_or_none(comment))
        if pd.isna(was_listed):
            is_recent = entered in {ChangeKind.NEW, ChangeKind.REVISED}
            kinds.append(ChangeKind.WITHDRAWN if now and is_recent else entered)
        elif changed:
            before = is_withdrawn(int(version_before), _text_or_none(comment_before))
            kinds.append(ChangeKind.WITHDRAWN if now and not before else ChangeKind.REVISED)
        else:
            kinds.append("" if was_listed else ChangeKind.RESTORED)
    return kinds


def _list_keywords_before(differences: pd.DataFrame, announced: pd.DataFrame) -> list[str]:
    """Return, for each paper that enters a list, the keywords under which it was announced."""
    entering = differences["listed"].isna() & (differences["kind"] != ChangeKind.BASELINE.value)
    is_told = announced["arxiv_id"].isin(differences.loc[entering, "arxiv_id"])
    rows = announced.loc[
        is_told & (announced["kind"] != ChangeKind.BASELINE.value), ["arxiv_id", "keyword"]
    ]
    keywords: dict[str, list[str]] = {}
    for arxiv_id, keyword in rows.itertuples(index=False):
        keywords.setdefault(arxiv_id, []).append(keyword)
    return [
        "\n".join(keywords.get(arxiv_id, [])) if enters else ""
        for arxiv_id, enters in zip(differences["arxiv_id"], entering, strict=True)
    ]


def _list_changed_fields(merged: pd.DataFrame) -> list[str]:
    """Return the names of the fields in which a paper differs from the announced one, per row."""
    # A version older than the announced one is not a change: it can come from a list that was
    # rebuilt from damaged files.
    comparable = merged["version"] >= merged["version_before"]
    flags = pd.DataFrame(
        {
            name: comparable & (merged[name].fillna("") != merged[f"{name}_before"].fillna(""))
            for name in ("title", "comment")
        }
    )
    flags.insert(0, "version", comparable & (merged["version"] != merged["version_before"]))
    return [
        " ".join(name for name, is_so in zip(flags.columns, row, strict=True) if is_so)
        for row in flags.itertuples(index=False)
    ]


def apply_changes(
    announced: pd.DataFrame, papers: pd.DataFrame, differences: pd.DataFrame
) -> pd.DataFrame:
    """Return the announced papers after an edition has announced `differences`.

    Args:
        announced: The announced papers before the edition.
        papers: The asset `papers`, as in `diff`, or the papers with the edition's texts.
        differences: The result of `diff`; used are keyword, arxiv_id, kind, changed and before.
    """
    is_left, is_back = (
        differences["kind"] == kind.value for kind in (ChangeKind.REMOVED, ChangeKind.RESTORED)
    )
    kinds = [
        kind_for_readers(ChangeKind(kind), changed=bool(changed), announced=bool(before)).value
        for kind, changed, before in differences[["kind", "changed", "before"]].itertuples(
            index=False
        )
    ]
    told = differences.assign(kind=kinds).loc[~is_left, [*_KEYS, "kind"]]
    # A paper that returned unchanged keeps the kind it was announced as.
    back = differences.loc[is_back, _KEYS].merge(announced[[*_KEYS, "kind"]], how="left", on=_KEYS)
    told.loc[is_back[~is_left], "kind"] = back["kind"].tolist()
    texts = latest_versions(papers).drop_duplicates(_KEYS)
    rows = told.merge(texts, on=_KEYS).assign(listed=True)
    change = differences[_KEYS].assign(is_left=is_left)
    merged = announced.merge(change, how="left", on=_KEYS)
    gone = merged["is_left"].eq(True)  # noqa: FBT003 - it is null in rows without a change
    kept = merged[merged["is_left"].isna() | gone]
    kept = kept.assign(listed=kept["listed"] & ~gone[kept.index])
    result = pd.concat(
        [kept[list(ANNOUNCED_SCHEMA)], rows[list(ANNOUNCED_SCHEMA)]], ignore_index=True
    )
    return result.astype(ANNOUNCED_SCHEMA)


def announced_kinds(announced: pd.DataFrame) -> dict[str, ChangeKind]:
    """Return the kind that each listed paper was last announced as, by arXiv id.

    `KIND_PRECEDENCE` decides among several. Papers that only an older release announced are left
    out.
    """
    kinds: dict[str, set[str]] = {}
    for arxiv_id, kind in announced.loc[announced["listed"], ["arxiv_id", "kind"]].itertuples(
        index=False
    ):
        kinds.setdefault(arxiv_id, set()).add(kind)
    found = {arxiv_id: most_important_kind(several) for arxiv_id, several in kinds.items()}
    return {arxiv_id: kind for arxiv_id, kind in found.items() if kind}


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None  # pandas has NaN for null
