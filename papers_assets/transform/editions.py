"""Editions: the changes of a day, in parts. Pure.

A day has one edition. A later run on the same day adds a part with the further changes, so that
readers of the first part are notified of the rest, and of nothing twice.
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
    """A change of a paper in a keyword's list."""

    keyword: str
    kind: ChangeKind
    part: int
    """The number of the part of the edition, from 1."""
    version_before: int | None = None
    """The version last announced; None if the paper was not announced before."""
    changed: tuple[str, ...] = ()
    """The changed fields of a revision: version, title, comment."""
    before: tuple[str, ...] = ()
    """The keywords under which a paper that enters a list was announced before."""

    def for_readers_of(self, keywords: Collection[str] | None = None) -> "Change":
        """Return the change as it is for readers of `keywords`; None for readers of all."""
        if not self.before:
            return self
        if keywords is not None and not set(self.before).intersection(keywords):
            return self._replace(version_before=None, changed=(), before=())
        kind = kind_for_readers(self.kind, changed=bool(self.changed), announced=True)
        return self._replace(kind=kind)


@dataclass(frozen=True)
class ChangedPaper:
    """A paper, as in the last part that contains it, and all its changes."""

    paper: ListedPaper
    changes: tuple[Change, ...]


class RemovedPaper(NamedTuple):
    """A paper that is no longer in a keyword's list."""

    keyword: str
    arxiv_id: str
    version: int
    title: str
    part: int


class Baseline(NamedTuple):
    """The first list of a keyword."""

    keyword: str
    papers: int
    """The number of papers in the list."""
    part: int
    is_whole: bool = True
    """Whether arXiv has answered for the keyword; if not, the next list is a baseline, too."""


class Position(NamedTuple):
    """The position of a part among the parts of all editions."""

    day: date
    part: int


class Part(NamedTuple):
    """The number of a part of an edition, and the time it was made."""

    number: int
    """Counted from 1. A published number is never used again, even if its edition is lost."""
    made: datetime
    """In UTC."""


@dataclass(frozen=True)
class Edition:
    """The changes of a day."""

    day: date
    """The date in the time zone of keywords.toml."""
    parts: tuple[Part, ...]
    """Sorted by number."""
    papers: tuple[ChangedPaper, ...] = ()
    """Distinct papers, newest first within a part."""
    removed: tuple[RemovedPaper, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    """Why a keyword's list is stale, as of the last part, by keyword."""
    baselines: tuple[Baseline, ...] = ()
    """The first lists of the keywords that are followed from this day on."""

    @property
    def position(self) -> Position:
        """The position of the last part."""
        return Position(self.day, self.parts[-1].number if self.parts else 0)


def append_part(  # noqa: PLR0913 - all inputs of a part
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
        edition: The day's edition so far; None if this is its first part.
        differences: The result of `papers_assets.transform.changes.diff`.
        papers: All listed papers, for their texts.
        announced: The announced papers that `differences` was computed from, for the titles of
            removed papers.
        notes: Why a keyword's list is stale, by keyword.
        position: The day, and the number of the new part.
        now: The time when the part is made.
        baselines: The first lists of keywords that are new in this part.
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
    """Return the kind of each paper of an edition for readers of all keywords, by arXiv id."""
    found = {
        changed.paper.arxiv_id: most_important_kind(
            {change.for_readers_of().kind for change in changed.changes}
        )
        for changed in edition.papers
    }
    return {arxiv_id: kind for arxiv_id, kind in found.items() if kind}


def _newer_text(announced: ListedPaper, paper: ListedPaper) -> ListedPaper:
    """Return the text of a paper for the day's edition, never older than the announced one.

    Lists that are rebuilt from damaged files can have an older version.
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
    """Return the announced papers after further editions.

    Args:
        editions: The editions, sorted by day.
        announced: The announced papers after the part `since`.
        since: The last part that `announced` includes; None if it is from before the first edition.
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

    An edition does not contain the exact time of a refresh: a list counts as refreshed when the
    part was made, unless the edition has a note that it was not.

    Args:
        editions: The editions, sorted by day.
        previous: The previous updates after the part `since`.
        since: The last part that `previous` includes; None if it is from before the first edition.
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
    """Return a part as the frames for `apply_changes`: papers and differences."""
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
        # A paper that left one list may be in another one, which has its newer text.
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
