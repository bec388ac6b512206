"""What the file of a keyword says besides its papers: the labels of a Parquet file. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa

from papers_assets.transform.date_ranges import Window
from papers_assets.transform.raw_papers import Held


class Head(NamedTuple):
    """What is known of what is held of a keyword without its papers."""

    versions: int
    refreshed_at: datetime | None
    """None: never, or only answers came that are not to be believed."""
    gleaned: int | None
    """`Held.gleaned`."""
    has_gap: bool = False
    """Whether there are `Held.gaps`."""


def labels_of(value: Held) -> dict[str, str]:
    """Give the labels of what is held."""
    return {
        "keyword": value.keyword,
        "definition": value.definition,
        "cap": str(value.cap),
        "refreshed_at": _label(value.refreshed_at),
        "complete_until": _label(value.complete_until),
        "complete_from": _label(value.complete_from),
        "total_results": "" if value.total_results is None else str(value.total_results),
        "doubted_since": _label(value.doubted_since),
        "gleaned": "" if value.gleaned is None else str(value.gleaned),
        "looked_back": _window_label(value.looked_back),
        "gaps": _window_label(value.gaps),
        "oai_only": json.dumps(value.oai_only),
    }


def held_of(keyword: str, papers: pa.Table, labels: Mapping[str, str]) -> Held:
    """Give what is held of a keyword.

    Raises:
        KeyError, TypeError, ValueError: the labels are not those of `labels_of`.
    """
    value = Held(
        keyword=keyword,
        definition=labels["definition"],
        cap=int(labels["cap"]),
        refreshed_at=_time(labels["refreshed_at"]),
        papers=papers,
        complete_until=_time(labels.get("complete_until", "")),
        complete_from=_time(labels.get("complete_from", "")),
        total_results=_number(labels.get("total_results", "")),
        doubted_since=_time(labels.get("doubted_since", "")),
        looked_back=_windows(labels.get("looked_back", "[]")),
        gaps=_windows(labels.get("gaps", "[]")),
        gleaned=_number(labels.get("gleaned", "")),
        oai_only=tuple((str(i), int(v)) for i, v in json.loads(labels.get("oai_only", "[]"))),
    )
    if labels["papers_assets_format"] == "1" and len(papers):
        # Format 1 did not tell the newest paper from what is complete.
        return replace(value, complete_until=papers["updated"][0].as_py())
    return value


def head_of(versions: int, labels: Mapping[str, str]) -> Head:
    """Give the same without the papers; for what is raised, see `held_of`."""
    return Head(
        versions,
        _time(labels["refreshed_at"]),
        _number(labels.get("gleaned", "")),
        bool(_windows(labels.get("gaps", "[]"))),
    )


def _label(time: datetime | None) -> str:
    return time.isoformat() if time else ""


def _time(label: str) -> datetime | None:
    return datetime.fromisoformat(label) if label else None


def _window_label(windows: Iterable[Window]) -> str:
    return json.dumps([[_label(window.first), _label(window.last)] for window in windows])


def _windows(label: str) -> tuple[Window, ...]:
    return tuple(Window(*map(datetime.fromisoformat, ends)) for ends in json.loads(label))


def _number(label: str) -> int | None:
    return int(label) if label else None
