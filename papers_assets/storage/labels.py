"""The metadata of a keyword's Parquet file of raw papers. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa

from papers_assets.transform.date_ranges import DateRange
from papers_assets.transform.raw_papers import RawPapers


class RawPapersHead(NamedTuple):
    """The main metadata of a keyword's raw papers, without the papers."""

    versions: int
    refreshed_at: datetime | None
    """None: never, or all answers were rejected by answer validation."""
    scanned_until: int | None
    """As `RawPapers.scanned_until`."""
    has_missing_ranges: bool = False
    """Whether there are `RawPapers.missing_ranges`."""


def to_metadata(raw_papers: RawPapers) -> dict[str, str]:
    """Return the metadata to store with raw papers."""
    return {
        "keyword": raw_papers.keyword,
        "definition": raw_papers.query_fingerprint,
        "cap": str(raw_papers.filled_cap),
        "refreshed_at": _format_time(raw_papers.refreshed_at),
        "complete_until": _format_time(raw_papers.complete_until),
        "complete_from": _format_time(raw_papers.complete_from),
        "total_results": "" if raw_papers.total_results is None else str(raw_papers.total_results),
        "doubted_since": _format_time(raw_papers.suspect_since),
        "gleaned": "" if raw_papers.scanned_until is None else str(raw_papers.scanned_until),
        "looked_back": _format_ranges(raw_papers.backfilled_ranges),
        "gaps": _format_ranges(raw_papers.missing_ranges),
        "oai_only": json.dumps(raw_papers.oai_only),
    }


def from_metadata(keyword: str, papers: pa.Table, metadata: Mapping[str, str]) -> RawPapers:
    """Return the raw papers of a keyword.

    Raises:
        KeyError, TypeError, ValueError: the metadata was not made by `to_metadata`.
    """
    value = RawPapers(
        keyword=keyword,
        query_fingerprint=metadata["definition"],
        filled_cap=int(metadata["cap"]),
        refreshed_at=_parse_time(metadata["refreshed_at"]),
        rows=papers,
        complete_until=_parse_time(metadata.get("complete_until", "")),
        complete_from=_parse_time(metadata.get("complete_from", "")),
        total_results=_parse_number(metadata.get("total_results", "")),
        suspect_since=_parse_time(metadata.get("doubted_since", "")),
        backfilled_ranges=_parse_ranges(metadata.get("looked_back", "[]")),
        missing_ranges=_parse_ranges(metadata.get("gaps", "[]")),
        scanned_until=_parse_number(metadata.get("gleaned", "")),
        oai_only=tuple((str(i), int(v)) for i, v in json.loads(metadata.get("oai_only", "[]"))),
    )
    if metadata["papers_assets_format"] == "1" and len(papers):
        # Format 1 did not distinguish the newest paper's time from `complete_until`.
        return replace(value, complete_until=papers["updated"][0].as_py())
    return value


def head_from_metadata(versions: int, metadata: Mapping[str, str]) -> RawPapersHead:
    """Return the head of a keyword's raw papers; raise the errors of `from_metadata`."""
    return RawPapersHead(
        versions,
        _parse_time(metadata["refreshed_at"]),
        _parse_number(metadata.get("gleaned", "")),
        bool(_parse_ranges(metadata.get("gaps", "[]"))),
    )


def _format_time(time: datetime | None) -> str:
    return time.isoformat() if time else ""


def _parse_time(label: str) -> datetime | None:
    return datetime.fromisoformat(label) if label else None


def _format_ranges(date_ranges: Iterable[DateRange]) -> str:
    return json.dumps(
        [
            [_format_time(date_range.first), _format_time(date_range.last)]
            for date_range in date_ranges
        ]
    )


def _parse_ranges(label: str) -> tuple[DateRange, ...]:
    return tuple(DateRange(*map(datetime.fromisoformat, ends)) for ends in json.loads(label))


def _parse_number(label: str) -> int | None:
    return int(label) if label else None
