"""What changed in the lists since the previous update. Pure.

What editions have told so far is a frame, `KNOWN`: a row per keyword and paper that any of them
had. An edition is made of what `differences` finds between it and the asset `papers`, and
`known_after` is what is known once it is out. This module decides what is new, revised or newly
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

KNOWN = {
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
_KEYS, _TEXTS = ["keyword", "arxiv_id"], ["version", "title", "comment"]

ALLOWANCE = raw_papers.OVERLAP
"""How long before the previous update a new paper may have been submitted: arXiv announces papers
days after their submission, and those that its moderators hold up to two weeks later."""


class Kind(StrEnum):
    """What happened to a paper in a keyword's list; in the order in which people want to know."""

    NEW = "new"
    """First submitted since the previous update of the list, or up to `ALLOWANCE` before it, and
    not seen by then. It may have been revised meanwhile."""
    REVISED = "revised"
    """A newer version, another title or another comment than was told; or a recent version of an
    older paper that no update has told."""
    WITHDRAWN = "withdrawn"
    """A newer version, or comment, with which the authors or arXiv take it back."""
    MATCHED = "matched"
    """Newly matching: new to the list though neither the paper nor this version is recent. The
    keyword was edited, a text changed, or another list had it before."""
    RETURNED = "returned"
    """It had left the list, and is back as it was."""
    LEFT = "left"
    """It is in the list no more: newer papers took its place, or it does not match any more."""
    BASELINE = "baseline"
    """It is in the first list of the keyword, which is counted and not announced."""


PRECEDENCE = (Kind.NEW, Kind.WITHDRAWN, Kind.REVISED, Kind.MATCHED, Kind.BASELINE)
"""Which kind a paper counts as if it is several, in several lists or parts of an edition."""


class Update(NamedTuple):
    """An update of a keyword's list, after its first one."""

    refreshed_at: datetime
    """UTC, when arXiv had answered for the list."""
    definition: str = ""
    """`choices.fingerprint` of the keyword; empty: unknown, and taken to be unchanged."""


DIFFERENCES = [*_KEYS, "kind", "version_before", "changed", "before"]
"""Columns of what `differences` gives. `changed` names fields, such as "version title"; `before`,
for a paper that enters a list, has the keywords under which it was announced, one a line."""

# Of 62 real papers whose comment has such a word in a version after the first, 58 were withdrawn;
# a withdrawn paper always has one, as arXiv makes a version of the withdrawal.
_WITHDRAWN = re.compile(r"\bwithdr(?:aw|ew)", re.IGNORECASE)


def is_withdrawn(version: int, comment: str | None) -> bool:
    """Say whether a version takes its paper back, as far as its comment tells."""
    return version > 1 and comment is not None and _WITHDRAWN.search(comment) is not None


def first_of(kinds: Collection[str]) -> Kind | None:
    """Return what a paper of these kinds counts as; None if none of them is in `PRECEDENCE`."""
    return next((kind for kind in PRECEDENCE if kind in kinds), None)


def as_read(kind: Kind, *, changed: bool, announced: bool) -> Kind:
    """Return the kind of a change for readers of several lists.

    Args:
        kind: in the list that the paper enters.
        changed: whether the paper differs from what was told of it.
        announced: whether it was announced to these readers before, in another list.
    """
    if not announced:
        return kind
    if not changed:
        return Kind.MATCHED
    return Kind.WITHDRAWN if kind is Kind.WITHDRAWN else Kind.REVISED


def nothing_known() -> pd.DataFrame:
    """Give what is known before the first edition."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in KNOWN.items()})


def differences(
    known: pd.DataFrame,
    papers: pd.DataFrame,
    names: Collection[str],
    previous: Mapping[str, Update],
    definitions: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return what of `papers` is not known yet, and what is known but gone.

    A paper is the same in all lists: if only some of them have its newest version, since the others
    could not be refreshed, it is revised in all of them, and told of once.

    Args:
        known: see `KNOWN`.
        papers: the asset `papers`; used are keyword, arxiv_id, version, title, comment, published,
            updated, first_seen and last_seen.
        names: of the keywords to speak of. Of one that is not followed any more, nothing left.
        previous: by keyword, the previous update of its list. The list of a keyword that is not
            in it is its first, a baseline.
        definitions: by keyword, `choices.fingerprint`. If that of the previous update was another,
            what entered the list need not be news: then there is no `ALLOWANCE`.

    Returns:
        The columns `DIFFERENCES`, in the order of `papers`, then what left.
    """
    rows = papers[papers["keyword"].isin(list(names))]
    here = as_told(rows)
    newest = known.sort_values(["version", "listed"], kind="stable").drop_duplicates(
        "arxiv_id", keep="last"
    )
    before = newest[["arxiv_id", *_TEXTS]].rename(columns={n: f"{n}_before" for n in _TEXTS})
    merged = here.merge(before, how="left", on="arxiv_id").merge(
        known[[*_KEYS, "listed"]], how="left", on=_KEYS
    )
    merged["changed"] = _changed(merged)
    merged["entered"] = _entered(rows, previous, definitions or {})
    merged["kind"] = _kinds(merged)
    found = merged[merged["kind"] != ""]
    found = found.assign(before=_before(found, known))
    is_first = found["listed"].isna() & (found["before"] == "")
    found.loc[is_first, "changed"] = ""
    found["version_before"] = found["version_before"].mask(is_first)
    gone = known[known["listed"] & known["keyword"].isin(list(names))].merge(
        here[_KEYS], how="left", on=_KEYS, indicator=True
    )
    gone = gone[gone["_merge"] == "left_only"].rename(columns={"version": "version_before"})
    left = gone.assign(kind=Kind.LEFT.value, changed="", before="")
    return pd.concat([found[DIFFERENCES], left[DIFFERENCES]], ignore_index=True)


def as_told(papers: pd.DataFrame) -> pd.DataFrame:
    """Give every row as its paper is told of: in the newest version, as it was last seen.

    Args:
        papers: see `differences`.
    """
    newest = papers.sort_values(["version", "last_seen"], kind="stable").drop_duplicates(
        "arxiv_id", keep="last"
    )
    return papers[_KEYS].merge(newest[["arxiv_id", *_TEXTS]], how="left", on="arxiv_id")


def _entered(
    rows: pd.DataFrame, previous: Mapping[str, Update], definitions: Mapping[str, str]
) -> np.ndarray:
    """Return the kind of each row if it was not in its list before; a withdrawal is not seen."""
    refreshed, earliest = {}, {}
    for name, update in previous.items():
        is_edited = update.definition and definitions.get(name, "") not in ("", update.definition)
        refreshed[name] = update.refreshed_at
        earliest[name] = update.refreshed_at - (timedelta() if is_edited else ALLOWANCE)

    def times(of: Mapping[str, datetime]) -> pd.Series:
        return pd.to_datetime(rows["keyword"].map(dict(of)), utc=True)

    newest = rows.sort_values("version", kind="stable").drop_duplicates("arxiv_id", keep="last")
    dates = rows[["arxiv_id"]].merge(newest, how="left", on="arxiv_id").set_index(rows.index)
    # What was held by the previous update and not listed is listed now for another reason.
    came = rows["first_seen"] >= times(refreshed)
    since = times(earliest)
    kinds = [
        (~rows["keyword"].isin(list(previous)), Kind.BASELINE),
        (came & (dates["published"] >= since), Kind.NEW),
        (came & (dates["updated"] >= since) & (dates["version"] > 1), Kind.REVISED),
    ]
    return np.select([is_so for is_so, _ in kinds], [k.value for _, k in kinds], Kind.MATCHED.value)


def _kinds(merged: pd.DataFrame) -> list[str]:
    names = ("version", "comment", "version_before", "comment_before", "listed", "changed")
    kinds: list[str] = []
    for version, comment, version_before, comment_before, was_listed, changed, entered in zip(
        *(merged[name] for name in (*names, "entered")), strict=True
    ):
        now = is_withdrawn(version, _text(comment))
        if pd.isna(was_listed):
            is_recent = entered in {Kind.NEW, Kind.REVISED}
            kinds.append(Kind.WITHDRAWN if now and is_recent else entered)
        elif changed:
            before = is_withdrawn(int(version_before), _text(comment_before))
            kinds.append(Kind.WITHDRAWN if now and not before else Kind.REVISED)
        else:
            kinds.append("" if was_listed else Kind.RETURNED)
    return kinds


def _before(found: pd.DataFrame, known: pd.DataFrame) -> list[str]:
    """Name the keywords under which a paper was announced, of each that enters a list."""
    entering = found["listed"].isna() & (found["kind"] != Kind.BASELINE.value)
    is_told = known["arxiv_id"].isin(found.loc[entering, "arxiv_id"])
    rows = known.loc[is_told & (known["kind"] != Kind.BASELINE.value), ["arxiv_id", "keyword"]]
    keywords: dict[str, list[str]] = {}
    for arxiv_id, keyword in rows.itertuples(index=False):
        keywords.setdefault(arxiv_id, []).append(keyword)
    return [
        "\n".join(keywords.get(arxiv_id, [])) if enters else ""
        for arxiv_id, enters in zip(found["arxiv_id"], entering, strict=True)
    ]


def _changed(merged: pd.DataFrame) -> list[str]:
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


def known_after(known: pd.DataFrame, papers: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Return what is known once an edition has told of `found`, see `differences`.

    Args:
        known: before.
        papers: as in `differences`, or with its texts as they are told already.
        found: used are keyword, arxiv_id, kind, changed and before.
    """
    is_left, is_back = (found["kind"] == kind.value for kind in (Kind.LEFT, Kind.RETURNED))
    kinds = [
        as_read(Kind(kind), changed=bool(changed), announced=bool(before)).value
        for kind, changed, before in found[["kind", "changed", "before"]].itertuples(index=False)
    ]
    told = found.assign(kind=kinds).loc[~is_left, [*_KEYS, "kind"]]
    # What returned as it was is what it was told as before.
    back = found.loc[is_back, _KEYS].merge(known[[*_KEYS, "kind"]], how="left", on=_KEYS)
    told.loc[is_back[~is_left], "kind"] = back["kind"].tolist()
    texts = as_told(papers).drop_duplicates(_KEYS)
    rows = told.merge(texts, on=_KEYS).assign(listed=True)
    change = found[_KEYS].assign(is_left=is_left)
    merged = known.merge(change, how="left", on=_KEYS)
    gone = merged["is_left"].eq(True)  # noqa: FBT003 - it is null where nothing happened
    kept = merged[merged["is_left"].isna() | gone]
    kept = kept.assign(listed=kept["listed"] & ~gone[kept.index])
    result = pd.concat([kept[list(KNOWN)], rows[list(KNOWN)]], ignore_index=True)
    return result.astype(KNOWN)


def told_as(known: pd.DataFrame) -> dict[str, Kind]:
    """Return what each listed paper was last told as, by arXiv id; see `PRECEDENCE`.

    Papers that only an older program told are not in it.
    """
    kinds: dict[str, set[str]] = {}
    for arxiv_id, kind in known.loc[known["listed"], ["arxiv_id", "kind"]].itertuples(index=False):
        kinds.setdefault(arxiv_id, set()).add(kind)
    found = {arxiv_id: first_of(several) for arxiv_id, several in kinds.items()}
    return {arxiv_id: kind for arxiv_id, kind in found.items() if kind}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None  # pandas has NaN for null
