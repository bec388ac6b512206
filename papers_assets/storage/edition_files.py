"""Editions as JSON files, one paper per line. Pure."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from papers_assets.transform.changes import ChangeKind
from papers_assets.transform.editions import (
    Baseline,
    Change,
    ChangedPaper,
    Edition,
    Part,
    RemovedPaper,
)
from papers_assets.transform.listed_papers import ListedPaper

FORMAT = 2
"""Incremented when older versions would misread newer files. Format 1 has no baselines."""


def to_json(edition: Edition) -> str:
    """Return an edition as JSON, one paper per line."""
    head = {
        "format": FORMAT,
        "date": edition.day.isoformat(),
        "parts": [{"part": part.number, "made": _format_time(part.made)} for part in edition.parts],
        "notes": dict(edition.notes),
    }
    lists = {
        "papers": [_paper_to_json(changed) for changed in edition.papers],
        "left": [item._asdict() for item in edition.removed],
        "baselines": [item._asdict() for item in edition.baselines],
    }
    fields = [f"{_to_json(name)}: {_to_json(value)}" for name, value in head.items()]
    for name, items in lists.items():
        lines = ",\n".join(_to_json(item) for item in items)
        fields.append(f"{_to_json(name)}: [\n{lines}\n]" if items else f"{_to_json(name)}: []")
    return "{\n" + ",\n".join(fields) + "\n}\n"


def from_json(text: str) -> Edition:
    """Return the edition that `to_json` wrote.

    Raises:
        ValueError: the text is not an edition, or a newer papers-assets wrote it.
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
            removed=tuple(RemovedPaper(**item) for item in value["left"]),
            notes=value["notes"],
            baselines=tuple(Baseline(**item) for item in value.get("baselines", ())),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no edition ({error!r})") from error


_OLD_KINDS = {"joined": ChangeKind.MATCHED}
"""Kinds of format 1; "joined": another list had the paper before."""
_TIME_FIELDS = ("published", "updated", "first_seen")
_LIST_FIELDS = ("authors", "categories", "keywords")


def _paper_to_json(changed: ChangedPaper) -> dict[str, Any]:
    fields = {k: v for k, v in asdict(changed.paper).items() if k not in _TIME_FIELDS}
    times = {name: _format_time(getattr(changed.paper, name)) for name in _TIME_FIELDS}
    return {**fields, **times, "changes": [change._asdict() for change in changed.changes]}


def _paper_from_json(item: dict[str, Any]) -> ChangedPaper:
    fields = {name: value for name, value in item.items() if name != "changes"}
    fields |= {name: datetime.fromisoformat(fields[name]) for name in _TIME_FIELDS}
    fields |= {name: tuple(fields[name]) for name in _LIST_FIELDS}
    changes = tuple(
        Change(
            **{**c, "kind": _OLD_KINDS.get(c["kind"]) or ChangeKind(c["kind"])}
            | {name: tuple(c[name]) for name in ("changed", "before")}
        )
        for c in item["changes"]
    )
    return ChangedPaper(ListedPaper(**fields), changes)


def _format_time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()


def _to_json(value: object) -> str:
    # Text stays readable; everything is escaped if a character is not printable.
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)
