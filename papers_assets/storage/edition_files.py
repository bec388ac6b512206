"""The file of an edition: JSON, a paper a line. Pure."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from papers_assets.transform.changes import Kind
from papers_assets.transform.editions import Baseline, Change, Changed, Edition, Left, Part
from papers_assets.transform.listed_papers import Listed

FORMAT = 2
"""Raised when older programs would misread what newer ones write. Format 1 has no baselines."""


def to_json(edition: Edition) -> str:
    """Return an edition as its file has it: one paper a line."""
    head = {
        "format": FORMAT,
        "date": edition.day.isoformat(),
        "parts": [{"part": part.number, "made": _stamp(part.made)} for part in edition.parts],
        "notes": dict(edition.notes),
    }
    lists = {
        "papers": [_paper_to_json(changed) for changed in edition.papers],
        "left": [item._asdict() for item in edition.left],
        "baselines": [item._asdict() for item in edition.baselines],
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
            baselines=tuple(Baseline(**item) for item in value.get("baselines", ())),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no edition ({error!r})") from error


_FORMER = {"joined": Kind.MATCHED}
"""Of format 1: a paper that another list had before."""
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
            **{**c, "kind": _FORMER.get(c["kind"]) or Kind(c["kind"])}
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
