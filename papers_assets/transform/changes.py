"""What changed in the lists since the previous update. Pure.

What editions have told so far is a frame, `ANNOUNCED_SCHEMA`: a row per keyword and paper that any
of them had. An edition is made of what `diff` finds between it and the asset `papers`, and
`apply_changes` is what is known once it is out. This module decides what is new, revised or newly
matching, for the digest, the site, the feeds and the data alike.
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
"""Columns and dtypes of what is known: the paper as an edition last told of it under this keyword,
whether it was in the keyword's list then, and as what it was told (empty: by an older program)."""
_KEYS, _COMPARED_FIELDS = ["keyword", "arxiv_id"], ["version", "title", "comment"]

NEW_PAPER_ALLOWANCE = raw_papers.OVERLAP
"""How long before the previous update a new paper may have been submitted: arXiv announces papers
days after their submission, and those that its moderators hold up to two weeks later."""


class ChangeKind(StrEnum):
    """What happened to a paper in a keyword's list; in the order in which people want to know."""

    NEW = "new"
    """First submitted since the previous update of the list, or up to `NEW_PAPER_ALLOWANCE` before
    it, and not seen by then. It may have been revised meanwhile."""
    REVISED = "revised"
    """A newer version, another title or another comment than was told; or a recent version of an
    older paper that no update has told."""
    WITHDRAWN = "withdrawn"
    """A newer version, or comment, with which the authors or arXiv take it back."""
    MATCHED = "matched"
    """Newly matching: new to the list though neither the paper nor this version is recent. The
    keyword was edited, a text changed, or another list had it before."""
    RESTORED = "returned"
    """It had left the list, and is back as it was."""
    REMOVED = "left"
    """It is in the list no more: newer papers took its place, or it does not match any more."""
    BASELINE = "baseline"
    """It is in the first list of the keyword, which is counted and not announced."""


KIND_PRECEDENCE = (
    ChangeKind.NEW,
    ChangeKind.WITHDRAWN,
    ChangeKind.REVISED,
    ChangeKind.MATCHED,
    ChangeKind.BASELINE,
)
"""Which kind a paper counts as if it is several, in several lists or parts of an edition."""


class ListUpdate(NamedTuple):
    """An update of a keyword's list, after its first one."""

    refreshed_at: datetime
    """UTC, when arXiv had answered for the list."""
    definition: str = ""
    """`compute_fingerprint` of the keyword; empty: unknown, and taken to be unchanged."""


DIFFERENCES_COLUMNS = [*_KEYS, "kind", "version_before", "changed", "before"]
"""Columns of what `diff` gives. `changed` names fields, such as "version title"; `before`,
for a paper that enters a list, has the keywords under which it was announced, one a line."""

# Of 62 real papers whose comment has such a word in a version after the first, 58 were withdrawn;
# a withdrawn paper always has one, as arXiv makes a version of the withdrawal.
_WITHDRAWN = re.compile(r"\bwithdr(?:aw|ew)", re.IGNORECASE)


def is_withdrawn(version: int, comment: str | None) -> bool:
    """Whether a version takes its paper back, as far as its comment tells."""
    return version > 1 and comment is not None and _WITHDRAWN.search(comment) is not None


def most_important_kind(kinds: Collection[str]) -> ChangeKind | None:
    """Return what a paper of these kinds counts as; None if `KIND_PRECEDENCE` has none of them."""
    return next((kind for kind in KIND_PRECEDENCE if kind in kinds), None)


def kind_for_readers(kind: ChangeKind, *, changed: bool, announced: bool) -> ChangeKind:
    """Return the kind of a change for readers of several lists.

    Args:
        kind: in the list that the paper enters.
        changed: whether the paper differs from what was told of it.
        announced: whether it was announced to these readers before, in another list.
    """
    if not announced:
        return kind
    if not changed:
        return ChangeKind.MATCHED
    return ChangeKind.WITHDRAWN if kind is ChangeKind.WITHDRAWN else ChangeKind.REVISED


def no_announcements() -> pd.DataFrame:
    """Return what is known before the first edition."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in ANNOUNCED_SCHEMA.items()})


def diff(
    announced: pd.DataFrame,
    papers: pd.DataFrame,
    names: Collection[str],
    previous: Mapping[str, ListUpdate],
    definitions: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return what of `papers` is not known yet, and what is known but gone.

    A paper is the same in all lists: if only some of them have its newest version, since the others
    could not be refreshed, it is revised in all of them, and told of once.

    Args:
        announced: see `ANNOUNCED_SCHEMA`.
        papers: the asset `papers`; used are keyword, arxiv_id, version, title, comment, published,
            updated, first_seen and last_seen.
        names: of the keywords to speak of. Of one that is not followed any more, nothing left.
        previous: by keyword, the previous update of its list. The list of a keyword that is not
            in it is its first, a baseline.
        definitions: by keyword, `compute_fingerprint`. If that of the previous update was another,
            what entered the list need not be news: then there is no `NEW_PAPER_ALLOWANCE`.

    Returns:
        The columns `DIFFERENCES_COLUMNS`, in the order of `papers`, then what left.
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
    """Return every row as its paper is told of: in the newest version, as it was last seen.

    Args:
        papers: see `diff`.
    """
    newest = papers.sort_values(["version", "last_seen"], kind="stable").drop_duplicates(
        "arxiv_id", keep="last"
    )
    return papers[_KEYS].merge(newest[["arxiv_id", *_COMPARED_FIELDS]], how="left", on="arxiv_id")


def _classify_entered(
    rows: pd.DataFrame, previous: Mapping[str, ListUpdate], definitions: Mapping[str, str]
) -> np.ndarray:
    """Return the kind of each row if it was not in its list before; a withdrawal is not seen."""
    refreshed, earliest = {}, {}
    for name, update in previous.items():
        is_edited = update.definition and definitions.get(name, "") not in ("", update.definition)
        refreshed[name] = update.refreshed_at
        earliest[name] = update.refreshed_at - (timedelta() if is_edited else NEW_PAPER_ALLOWANCE)

    def refresh_times(of: Mapping[str, datetime]) -> pd.Series:
        return pd.to_datetime(rows["keyword"].map(dict(of)), utc=True)

    newest = rows.sort_values("version", kind="stable").drop_duplicates("arxiv_id", keep="last")
    dates = rows[["arxiv_id"]].merge(newest, how="left", on="arxiv_id").set_index(rows.index)
    # What was held by the previous update and not listed is listed now for another reason.
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
    """Name the keywords under which a paper was announced, of each that enters a list."""
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
    """Name the fields in which a paper differs from what is known, in a text per row."""
    # An older version than the known one is no news: a list may be made from damaged files anew.
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
    """Return what is known once an edition has told of `differences`, see `diff`.

    Args:
        announced: before.
        papers: as in `diff`, or with its texts as they are told already.
        differences: used are keyword, arxiv_id, kind, changed and before.
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
    # What returned as it was is what it was told as before.
    back = differences.loc[is_back, _KEYS].merge(announced[[*_KEYS, "kind"]], how="left", on=_KEYS)
    told.loc[is_back[~is_left], "kind"] = back["kind"].tolist()
    texts = latest_versions(papers).drop_duplicates(_KEYS)
    rows = told.merge(texts, on=_KEYS).assign(listed=True)
    change = differences[_KEYS].assign(is_left=is_left)
    merged = announced.merge(change, how="left", on=_KEYS)
    gone = merged["is_left"].eq(True)  # noqa: FBT003 - it is null where nothing happened
    kept = merged[merged["is_left"].isna() | gone]
    kept = kept.assign(listed=kept["listed"] & ~gone[kept.index])
    result = pd.concat(
        [kept[list(ANNOUNCED_SCHEMA)], rows[list(ANNOUNCED_SCHEMA)]], ignore_index=True
    )
    return result.astype(ANNOUNCED_SCHEMA)


def announced_kinds(announced: pd.DataFrame) -> dict[str, ChangeKind]:
    """Return what each listed paper was last told as, by arXiv id; see `KIND_PRECEDENCE`.

    Papers that only an older program told are not in it.
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
