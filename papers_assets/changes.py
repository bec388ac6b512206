"""What changed in the lists since the last edition. Pure.

What editions have said so far is a frame, `KNOWN`: a row per keyword and paper that any of them
had. An edition is made of what `differences` finds between it and the asset `papers`, and
`known_after` is what is known once it is out.
"""

import re
from collections.abc import Collection
from enum import StrEnum

import pandas as pd

KNOWN = {
    "keyword": "str",
    "arxiv_id": "str",
    "version": "int64",
    "title": "str",
    "comment": "str",
    "listed": "bool",
}
"""Columns and dtypes of what is known: the paper as an edition last told of it under this keyword,
and whether it was in the keyword's list then."""
_KEYS, _TEXTS = ["keyword", "arxiv_id"], ["version", "title", "comment"]


class Kind(StrEnum):
    """What happened to a paper in a keyword's list; in the order in which people want to know."""

    NEW = "new"
    """No edition has had it, under any keyword."""
    JOINED = "joined"
    """An earlier edition had it under other keywords; it is new in this one's list."""
    REVISED = "revised"
    """A newer version, another title or another comment."""
    WITHDRAWN = "withdrawn"
    """A newer version, or comment, with which the authors or arXiv take it back."""
    RETURNED = "returned"
    """It had left the list, and is back as it was."""
    LEFT = "left"
    """It is in the list no more: newer papers took its place, or it does not match any more."""


DIFFERENCES = [*_KEYS, "kind", "version_before", "changed", "before"]
"""Columns of what `differences` gives. `changed` names fields, such as "version title"; `before`,
for a paper that joins a list, has the keywords under which it has been told of, one a line."""

# Of 62 real papers whose comment has such a word in a version after the first, 58 were withdrawn;
# a withdrawn paper always has one, as arXiv makes a version of the withdrawal.
_WITHDRAWN = re.compile(r"\bwithdr(?:aw|ew)", re.IGNORECASE)


def is_withdrawn(version: int, comment: str | None) -> bool:
    """Say whether a version takes its paper back, as far as its comment tells."""
    return version > 1 and comment is not None and _WITHDRAWN.search(comment) is not None


def nothing_known() -> pd.DataFrame:
    """Give what is known before the first edition."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in KNOWN.items()})


def differences(known: pd.DataFrame, papers: pd.DataFrame, names: Collection[str]) -> pd.DataFrame:
    """Say what of `papers` is not known yet, and what is known but gone.

    A paper is the same in all lists: if only some of them have its newest version, since the others
    could not be refreshed, it is revised in all of them, and told of once.

    Args:
        known: see `KNOWN`.
        papers: the asset `papers`; used are keyword, arxiv_id, version, title, comment, last_seen.
        names: of the keywords to speak of. Of one that is not followed any more, nothing left.

    Returns:
        The columns `DIFFERENCES`, in the order of `papers`, then what left.
    """
    here = as_told(papers[papers["keyword"].isin(list(names))])
    newest = known.sort_values(["version", "listed"], kind="stable").drop_duplicates(
        "arxiv_id", keep="last"
    )
    before = newest[["arxiv_id", *_TEXTS]].rename(columns={n: f"{n}_before" for n in _TEXTS})
    merged = here.merge(before, how="left", on="arxiv_id").merge(
        known[[*_KEYS, "listed"]], how="left", on=_KEYS
    )
    merged["changed"] = _changed(merged)
    merged["kind"] = _kinds(merged)
    found = merged[merged["kind"] != ""]
    found = found.assign(before=_before(found, known))
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


def _kinds(merged: pd.DataFrame) -> list[str]:
    names = ("version", "comment", "version_before", "comment_before", "listed", "changed")
    kinds: list[str] = []
    for version, comment, version_before, comment_before, was_listed, changed in zip(
        *(merged[name] for name in names), strict=True
    ):
        if pd.isna(version_before):
            kinds.append(Kind.NEW)
        elif pd.isna(was_listed):
            kinds.append(Kind.JOINED)
        elif changed:
            before = is_withdrawn(int(version_before), _text(comment_before))
            now = is_withdrawn(version, _text(comment))
            kinds.append(Kind.WITHDRAWN if now and not before else Kind.REVISED)
        else:
            kinds.append("" if was_listed else Kind.RETURNED)
    return kinds


def _before(found: pd.DataFrame, known: pd.DataFrame) -> list[str]:
    joined = found.loc[found["kind"] == Kind.JOINED.value, "arxiv_id"]
    rows = known.loc[known["arxiv_id"].isin(joined), ["arxiv_id", "keyword"]]
    keywords: dict[str, list[str]] = {}
    for arxiv_id, keyword in rows.itertuples(index=False):
        keywords.setdefault(arxiv_id, []).append(keyword)
    return [
        "\n".join(keywords[arxiv_id]) if kind == Kind.JOINED else ""
        for arxiv_id, kind in zip(found["arxiv_id"], found["kind"], strict=True)
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
    """Give what is known once an edition has told of `found`, see `differences`.

    Args:
        known: before.
        papers: as in `differences`, or with its texts as they are told already.
        found: used are keyword, arxiv_id and kind.
    """
    told = found.loc[found["kind"] != Kind.LEFT.value, _KEYS]
    texts = as_told(papers).drop_duplicates(_KEYS)
    rows = told.merge(texts, on=_KEYS).assign(listed=True)
    merged = known.merge(found[[*_KEYS, "kind"]], how="left", on=_KEYS)
    kept = merged[merged["kind"].isna() | (merged["kind"] == Kind.LEFT.value)]
    kept = kept.assign(listed=kept["listed"] & (kept["kind"] != Kind.LEFT.value))
    result = pd.concat([kept[list(KNOWN)], rows[list(KNOWN)]], ignore_index=True)
    return result.astype(KNOWN)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None  # pandas has NaN for null
