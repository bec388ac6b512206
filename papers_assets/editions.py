"""An edition: what changed on a day, in parts, and the file that keeps it. Pure.

A day has one edition. A later run of the day that finds more adds a part to it, so that whoever has
been told of the first part is told of the rest, and of nothing twice.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import pandas as pd

from papers_assets.changes import DIFFERENCES, Kind, known_after, nothing_known
from papers_assets.listing import Listed

FORMAT = 1


class Change(NamedTuple):
    """What happened to a paper in a keyword's list."""

    keyword: str
    kind: Kind
    part: int
    """Of the edition, from 1."""
    version_before: int | None = None
    """That of the edition before; None: there was none."""
    changed: tuple[str, ...] = ()
    """Of a revision: version, title, comment."""
    before: tuple[str, ...] = ()
    """Of a paper that joins a list: the keywords under which it has been told of."""


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
) -> Edition:
    """Give the day's edition with another part.

    Args:
        edition: that of the day so far; None: this is its first part.
        found: see `papers_assets.changes.differences`.
        papers: all listed papers, for their texts.
        known: what `found` was compared with, for the titles of those that left.
        notes: by keyword, why its list is not fresh.
        mark: the day, and the number of the new part.
        now: when the part is made.
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
    )


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


def _told(edition: Edition, part: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give a part as the frames that `known_after` wants."""
    rows: list[dict[str, Any]] = []
    for paper, changes in ((c.paper, c.changes) for c in edition.papers):
        fields = {
            name: getattr(paper, name) for name in ("arxiv_id", "version", "title", "comment")
        }
        rows += [
            {**fields, "keyword": change.keyword, "kind": change.kind.value, "last_seen": 1}
            for change in changes
            if change.part == part
        ]
    rows += [
        # What left one list may be in another one, and there it has its newer text.
        {**item._asdict(), "comment": None, "kind": Kind.LEFT.value, "last_seen": 0}
        for item in edition.left
        if item.part == part
    ]
    columns = [*nothing_known().columns.drop("listed"), "kind", "last_seen"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame, frame[["keyword", "arxiv_id", "kind"]]


def to_json(edition: Edition) -> str:
    """Give an edition as its file has it: one paper a line."""
    head = {
        "format": FORMAT,
        "date": edition.day.isoformat(),
        "parts": [{"part": part.number, "made": _stamp(part.made)} for part in edition.parts],
        "notes": dict(edition.notes),
    }
    lists = {
        "papers": [_paper_to_json(changed) for changed in edition.papers],
        "left": [item._asdict() for item in edition.left],
    }
    fields = [f"{_dump(name)}: {_dump(value)}" for name, value in head.items()]
    for name, items in lists.items():
        lines = ",\n".join(_dump(item) for item in items)
        fields.append(f"{_dump(name)}: [\n{lines}\n]" if items else f"{_dump(name)}: []")
    return "{\n" + ",\n".join(fields) + "\n}\n"


def from_json(text: str) -> Edition:
    """Read what `to_json` wrote.

    Raises:
        ValueError: it did not write that, or a newer papers-assets did.
    """
    value = json.loads(text)
    try:
        if value["format"] > FORMAT:
            raise ValueError(f"format {value['format']}, this papers-assets reads up to {FORMAT}")
        return Edition(
            day=date.fromisoformat(value["date"]),
            parts=tuple(
                Part(int(part["part"]), datetime.fromisoformat(part["made"]))
                for part in value["parts"]
            ),
            papers=tuple(_paper_from_json(item) for item in value["papers"]),
            left=tuple(Left(**item) for item in value["left"]),
            notes=value["notes"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no edition ({error!r})") from error


_TIMES = ("published", "updated", "first_seen")
_LISTS = ("authors", "categories", "keywords")


def _paper_to_json(changed: Changed) -> dict[str, Any]:
    fields = {k: v for k, v in asdict(changed.paper).items() if k not in _TIMES}
    times = {name: _stamp(getattr(changed.paper, name)) for name in _TIMES}
    return {**fields, **times, "changes": [change._asdict() for change in changed.changes]}


def _paper_from_json(item: dict[str, Any]) -> Changed:
    fields = {name: value for name, value in item.items() if name != "changes"}
    fields |= {name: datetime.fromisoformat(fields[name]) for name in _TIMES}
    fields |= {name: tuple(fields[name]) for name in _LISTS}
    changes = tuple(
        Change(
            **{**c, "kind": Kind(c["kind"])}
            | {name: tuple(c[name]) for name in ("changed", "before")}
        )
        for c in item["changes"]
    )
    return Changed(Listed(**fields), changes)


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()


def _dump(value: object) -> str:
    # Text stays readable, but for what does not print.
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)
