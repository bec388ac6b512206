"""An edition: what changed on a day, in parts. Pure.

A day has one edition. A later run of the day that finds more adds a part to it, so that whoever has
been told of the first part is told of the rest, and of nothing twice.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, NamedTuple

import pandas as pd

from papers_assets.transform.changes import (
    DIFFERENCES,
    Kind,
    Update,
    as_read,
    first_of,
    known_after,
    nothing_known,
)
from papers_assets.transform.listed_papers import Listed


class Change(NamedTuple):
    """What happened to a paper in a keyword's list."""

    keyword: str
    kind: Kind
    part: int
    """Of the edition, from 1."""
    version_before: int | None = None
    """The one that was told; None: the paper was not announced before."""
    changed: tuple[str, ...] = ()
    """Of a revision: version, title, comment."""
    before: tuple[str, ...] = ()
    """Of a paper that enters a list: the keywords under which it was announced before."""

    def read_by(self, keywords: Collection[str] | None = None) -> "Change":
        """Return what it is to readers of some keywords; None: of all."""
        if not self.before:
            return self
        if keywords is not None and not set(self.before).intersection(keywords):
            return self._replace(version_before=None, changed=(), before=())
        kind = as_read(self.kind, changed=bool(self.changed), announced=True)
        return self._replace(kind=kind)


@dataclass(frozen=True)
class Changed:
    """A paper, as the last part that speaks of it has it, and all that happened to it."""

    paper: Listed
    changes: tuple[Change, ...]


class Left(NamedTuple):
    """A paper that is in a keyword's list no more."""

    keyword: str
    arxiv_id: str
    version: int
    title: str
    part: int


class Baseline(NamedTuple):
    """The first list of a keyword."""

    keyword: str
    papers: int
    """How many the list has."""
    part: int
    is_whole: bool = True
    """Whether arXiv has answered for the keyword; else the next list is a baseline, too."""


class Mark(NamedTuple):
    """A part of an edition; parts are in order."""

    day: date
    part: int


class Part(NamedTuple):
    """A part of an edition, and when it was made."""

    number: int
    """From 1. A number that was told of is never used again, though its edition be lost."""
    made: datetime
    """UTC."""


@dataclass(frozen=True)
class Edition:
    """What changed on a day."""

    day: date
    """In the time zone of keywords.toml."""
    parts: tuple[Part, ...]
    """In order."""
    papers: tuple[Changed, ...] = ()
    """Each once, newest first within a part."""
    left: tuple[Left, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    """By keyword, why its list is not fresh, as of the last part."""
    baselines: tuple[Baseline, ...] = ()
    """Of the keywords that are followed from this day on."""

    @property
    def mark(self) -> Mark:
        """Name its last part."""
        return Mark(self.day, self.parts[-1].number if self.parts else 0)


def extended(  # noqa: PLR0913 - one is what another is made of
    edition: Edition | None,
    found: pd.DataFrame,
    papers: Sequence[Listed],
    known: pd.DataFrame,
    notes: Mapping[str, str],
    *,
    mark: Mark,
    now: datetime,
    baselines: Iterable[Baseline] = (),
) -> Edition:
    """Give the day's edition with another part.

    Args:
        edition: that of the day so far; None: this is its first part.
        found: see `papers_assets.transform.changes.differences`.
        papers: all listed papers, for their texts.
        known: what `found` was compared with, for the titles of those that left.
        notes: by keyword, why its list is not fresh.
        mark: the day, and the number of the new part.
        now: when the part is made.
        baselines: of keywords whose lists are told of for the first time in this part.
    """
    edition, part = edition or Edition(mark.day, ()), mark.part
    changes = _changes(found, part)
    by_id = {paper.arxiv_id: paper for paper in papers}
    old = {changed.paper.arxiv_id: changed for changed in edition.papers}
    added = [
        Changed(_newer(old[i].paper, paper), (*old[i].changes, *changes[i]))
        if i in old
        else Changed(paper, tuple(changes[i]))
        for i, paper in by_id.items()
        if i in changes
    ]
    there = {changed.paper.arxiv_id for changed in added}
    stay = [changed for i, changed in old.items() if i not in there]
    return replace(
        edition,
        parts=(*edition.parts, Part(part, now)),
        papers=(*stay, *added),
        left=(*edition.left, *_left(found, known, part)),
        notes=dict(notes),
        baselines=(*edition.baselines, *baselines),
    )


def kinds(edition: Edition) -> dict[str, Kind]:
    """Return what each paper of an edition counts as for readers of all keywords, by arXiv id."""
    found = {
        changed.paper.arxiv_id: first_of({change.read_by().kind for change in changed.changes})
        for changed in edition.papers
    }
    return {arxiv_id: kind for arxiv_id, kind in found.items() if kind}


def _newer(told: Listed, paper: Listed) -> Listed:
    """Give what the day tells of a paper: what it has told is not taken back by an older version.

    Lists that are made anew from damaged files can have one.
    """
    return replace(told, keywords=paper.keywords) if told.version > paper.version else paper


def _changes(found: pd.DataFrame, part: int) -> dict[str, list[Change]]:
    changes: dict[str, list[Change]] = {}
    columns = (found[name] for name in DIFFERENCES)
    for keyword, arxiv_id, kind, before, what, lists in zip(*columns, strict=True):
        if kind != Kind.LEFT:
            version = None if pd.isna(before) else int(before)
            change = Change(
                keyword, Kind(kind), part, version, tuple(what.split()), tuple(lists.splitlines())
            )
            changes.setdefault(arxiv_id, []).append(change)
    return changes


def _left(found: pd.DataFrame, known: pd.DataFrame, part: int) -> list[Left]:
    keys = ["keyword", "arxiv_id"]
    gone = found.loc[found["kind"] == Kind.LEFT.value, keys].merge(known, on=keys)
    columns = (gone[name] for name in (*keys, "version", "title"))
    return [
        Left(k, i, int(version), title, part) for k, i, version, title in zip(*columns, strict=True)
    ]


def known_by(editions: Iterable[Edition], known: pd.DataFrame, since: Mark | None) -> pd.DataFrame:
    """Give what is known after further editions.

    Args:
        editions: in order.
        known: what is known before them, up to and with the part `since`.
        since: None: `known` is of before the first edition.
    """
    for edition in editions:
        for part in edition.parts:
            if since is None or Mark(edition.day, part.number) > since:
                known = known_after(known, *_told(edition, part.number))
    return known


def previous_by(
    editions: Iterable[Edition], previous: Mapping[str, Update], since: Mark | None
) -> dict[str, Update]:
    """Return the previous update of each list after further editions.

    When exactly a list was refreshed is not in an edition: it counts as refreshed when the part was
    made, unless the edition has a note that it was not.

    Args:
        editions: in order.
        previous: as of the part `since`.
        since: None: `previous` is of before the first edition.
    """
    found = dict(previous)
    for edition in editions:
        for part in edition.parts:
            if since is not None and Mark(edition.day, part.number) <= since:
                continue
            names = {name for name in found if name not in edition.notes}
            names |= {b.keyword for b in edition.baselines if b.part == part.number and b.is_whole}
            names |= {item.keyword for item in edition.left if item.part == part.number}
            names |= {
                change.keyword
                for changed in edition.papers
                for change in changed.changes
                if change.part == part.number and change.kind is not Kind.BASELINE
            }
            for name in names:
                definition = found[name].definition if name in found else ""
                found[name] = Update(part.made, definition)
    return found


def _told(edition: Edition, part: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give a part as the frames that `known_after` wants."""
    rows: list[dict[str, Any]] = []
    for paper, changes in ((c.paper, c.changes) for c in edition.papers):
        fields = {
            name: getattr(paper, name) for name in ("arxiv_id", "version", "title", "comment")
        }
        rows += [
            {
                **fields,
                "keyword": change.keyword,
                "kind": change.kind.value,
                "changed": " ".join(change.changed),
                "before": "\n".join(change.before),
                "last_seen": 1,
            }
            for change in changes
            if change.part == part
        ]
    rows += [
        # What left one list may be in another one, and there it has its newer text.
        {
            **item._asdict(),
            "comment": None,
            "kind": Kind.LEFT.value,
            "changed": "",
            "before": "",
            "last_seen": 0,
        }
        for item in edition.left
        if item.part == part
    ]
    columns = [*nothing_known().columns.drop("listed"), "changed", "before", "last_seen"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame, frame[["keyword", "arxiv_id", "kind", "changed", "before"]]
