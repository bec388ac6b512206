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
    DIFFERENCES_COLUMNS,
    ChangeKind,
    ListUpdate,
    apply_changes,
    kind_for_readers,
    most_important_kind,
    no_announcements,
)
from papers_assets.transform.listed_papers import ListedPaper


class Change(NamedTuple):
    """What happened to a paper in a keyword's list."""

    keyword: str
    kind: ChangeKind
    part: int
    """Of the edition, from 1."""
    version_before: int | None = None
    """The one that was told; None: the paper was not announced before."""
    changed: tuple[str, ...] = ()
    """Of a revision: version, title, comment."""
    before: tuple[str, ...] = ()
    """Of a paper that enters a list: the keywords under which it was announced before."""

    def for_readers_of(self, keywords: Collection[str] | None = None) -> "Change":
        """Return what it is to readers of some keywords; None: of all."""
        if not self.before:
            return self
        if keywords is not None and not set(self.before).intersection(keywords):
            return self._replace(version_before=None, changed=(), before=())
        kind = kind_for_readers(self.kind, changed=bool(self.changed), announced=True)
        return self._replace(kind=kind)


@dataclass(frozen=True)
class ChangedPaper:
    """A paper, as the last part that speaks of it has it, and all that happened to it."""

    paper: ListedPaper
    changes: tuple[Change, ...]


class RemovedPaper(NamedTuple):
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


class Position(NamedTuple):
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
    papers: tuple[ChangedPaper, ...] = ()
    """Each once, newest first within a part."""
    removed: tuple[RemovedPaper, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    """By keyword, why its list is not fresh, as of the last part."""
    baselines: tuple[Baseline, ...] = ()
    """Of the keywords that are followed from this day on."""

    @property
    def position(self) -> Position:
        """Name its last part."""
        return Position(self.day, self.parts[-1].number if self.parts else 0)


def append_part(  # noqa: PLR0913 - one is what another is made of
    edition: Edition | None,
    differences: pd.DataFrame,
    papers: Sequence[ListedPaper],
    announced: pd.DataFrame,
    notes: Mapping[str, str],
    *,
    position: Position,
    now: datetime,
    baselines: Iterable[Baseline] = (),
) -> Edition:
    """Return the day's edition with another part.

    Args:
        edition: that of the day so far; None: this is its first part.
        differences: see `papers_assets.transform.changes.diff`.
        papers: all listed papers, for their texts.
        announced: what `differences` was compared with, for the titles of those that left.
        notes: by keyword, why its list is not fresh.
        position: the day, and the number of the new part.
        now: when the part is made.
        baselines: of keywords whose lists are told of for the first time in this part.
    """
    edition, part = edition or Edition(position.day, ()), position.part
    changes = _group_changes(differences, part)
    by_id = {paper.arxiv_id: paper for paper in papers}
    old = {changed.paper.arxiv_id: changed for changed in edition.papers}
    added = [
        ChangedPaper(_newer_text(old[i].paper, paper), (*old[i].changes, *changes[i]))
        if i in old
        else ChangedPaper(paper, tuple(changes[i]))
        for i, paper in by_id.items()
        if i in changes
    ]
    there = {changed.paper.arxiv_id for changed in added}
    stay = [changed for i, changed in old.items() if i not in there]
    return replace(
        edition,
        parts=(*edition.parts, Part(part, now)),
        papers=(*stay, *added),
        removed=(*edition.removed, *_list_removed(differences, announced, part)),
        notes=dict(notes),
        baselines=(*edition.baselines, *baselines),
    )


def list_kinds(edition: Edition) -> dict[str, ChangeKind]:
    """Return what each paper of an edition counts as for readers of all keywords, by arXiv id."""
    found = {
        changed.paper.arxiv_id: most_important_kind(
            {change.for_readers_of().kind for change in changed.changes}
        )
        for changed in edition.papers
    }
    return {arxiv_id: kind for arxiv_id, kind in found.items() if kind}


def _newer_text(announced: ListedPaper, paper: ListedPaper) -> ListedPaper:
    """Return what the day tells of a paper: what it has told is not taken back by an older version.

    Lists that are made anew from damaged files can have one.
    """
    return (
        replace(announced, keywords=paper.keywords) if announced.version > paper.version else paper
    )


def _group_changes(differences: pd.DataFrame, part: int) -> dict[str, list[Change]]:
    changes: dict[str, list[Change]] = {}
    columns = (differences[name] for name in DIFFERENCES_COLUMNS)
    for keyword, arxiv_id, kind, before, what, lists in zip(*columns, strict=True):
        if kind != ChangeKind.REMOVED:
            version = None if pd.isna(before) else int(before)
            change = Change(
                keyword,
                ChangeKind(kind),
                part,
                version,
                tuple(what.split()),
                tuple(lists.splitlines()),
            )
            changes.setdefault(arxiv_id, []).append(change)
    return changes


def _list_removed(
    differences: pd.DataFrame, announced: pd.DataFrame, part: int
) -> list[RemovedPaper]:
    keys = ["keyword", "arxiv_id"]
    gone = differences.loc[differences["kind"] == ChangeKind.REMOVED.value, keys].merge(
        announced, on=keys
    )
    columns = (gone[name] for name in (*keys, "version", "title"))
    return [
        RemovedPaper(k, i, int(version), title, part)
        for k, i, version, title in zip(*columns, strict=True)
    ]


def replay(
    editions: Iterable[Edition], announced: pd.DataFrame, since: Position | None
) -> pd.DataFrame:
    """Return what is known after further editions.

    Args:
        editions: in order.
        announced: what is known before them, up to and with the part `since`.
        since: None: `announced` is of before the first edition.
    """
    for edition in editions:
        for part in edition.parts:
            if since is None or Position(edition.day, part.number) > since:
                announced = apply_changes(announced, *_part_as_frames(edition, part.number))
    return announced


def replay_updates(
    editions: Iterable[Edition], previous: Mapping[str, ListUpdate], since: Position | None
) -> dict[str, ListUpdate]:
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
            if since is not None and Position(edition.day, part.number) <= since:
                continue
            names = {name for name in found if name not in edition.notes}
            names |= {b.keyword for b in edition.baselines if b.part == part.number and b.is_whole}
            names |= {item.keyword for item in edition.removed if item.part == part.number}
            names |= {
                change.keyword
                for changed in edition.papers
                for change in changed.changes
                if change.part == part.number and change.kind is not ChangeKind.BASELINE
            }
            for name in names:
                definition = found[name].definition if name in found else ""
                found[name] = ListUpdate(part.made, definition)
    return found


def _part_as_frames(edition: Edition, part: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a part as the frames that `apply_changes` wants."""
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
            "kind": ChangeKind.REMOVED.value,
            "changed": "",
            "before": "",
            "last_seen": 0,
        }
        for item in edition.removed
        if item.part == part
    ]
    columns = [*no_announcements().columns.drop("listed"), "changed", "before", "last_seen"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame, frame[["keyword", "arxiv_id", "kind", "changed", "before"]]
