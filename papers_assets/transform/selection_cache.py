"""Cached selections: a keyword's rows of `papers` are reused until their inputs change. Pure.

The cache is stored in an attribute of the frame. It is a text, because pandas copies attributes
with every slice, and copying a text costs nothing.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from typing import Any

from papers_assets.keywords.model import Keyword

MATCHER_RULES = 2
"""The version of the rules for matching and selecting papers. Increase it whenever the same raw
papers may give another list: lists made by another version are selected again."""
_MATCHER = [MATCHER_RULES, version("snowballstemmer"), unicodedata.unidata_version]


def matcher_version() -> str:
    """Return a text that changes whenever the same paper may match other keywords."""
    return json.dumps(_MATCHER)


@dataclass(frozen=True)
class DailyCounts:
    """The number of matching papers by day."""

    since: date
    """The first day, in UTC."""
    counts: Mapping[date, int]
    """The counts, of papers that are shown or not; days without a paper are left out."""

    def since_day(self, since: date) -> "DailyCounts":
        """Return the counts from the day `since` on."""
        return DailyCounts(since, {day: n for day, n in self.counts.items() if day >= since})


@dataclass(frozen=True)
class CachedSelection:
    """How a keyword's rows were selected, and the state of its raw papers at that time."""

    fingerprint: str
    """The result of `compute_fingerprint`."""
    filtered: int
    """`Selection.filtered`. The next two are `Selection.stored` and `Selection.daily_counts`."""
    stored: int
    days: DailyCounts | None
    refreshed_at: datetime | None
    """`RawPapers.refreshed_at`. The next three are fields of `RawPapers`, too."""
    complete_from: datetime | None = None
    complete_until: datetime | None = None
    scanned_until: int | None = None
    missing_ranges: tuple[str, ...] = ()
    """`RawPapers.missing_ranges`, each as days for display."""
    oai_only: tuple[str, ...] = ()
    """`RawPapers.oai_only`, such as 2613.00001v1."""


def compute_fingerprint(keyword: Keyword, etag: str) -> str:
    """Return a fingerprint that changes whenever a new selection might give another list.

    Args:
        keyword: The keyword of the list.
        etag: The `RawPapersStore.etag` of its raw papers.
    """
    of = json.dumps([_MATCHER, keyword.fingerprint, keyword.cap, etag])
    return hashlib.sha256(of.encode()).hexdigest()[:16]


def to_text(cached: Mapping[str, CachedSelection]) -> str:
    """Return cached selections, by keyword, as a text."""
    return json.dumps({name: _pack(cached) for name, cached in cached.items()})


def from_text(text: object) -> dict[str, CachedSelection]:
    """Return the cached selections in a text of `to_text`; none if it is anything else."""
    if not isinstance(text, str):
        return {}
    try:
        return {name: _unpack(*packed) for name, packed in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _pack(cached: CachedSelection) -> list[Any]:
    times = (cached.refreshed_at, cached.complete_from, cached.complete_until)
    days = cached.days
    return [
        cached.fingerprint,
        cached.filtered,
        cached.stored,
        [time.isoformat() if time else None for time in times],
        days and [days.since.isoformat(), {d.isoformat(): n for d, n in days.counts.items()}],
        cached.scanned_until,
        cached.missing_ranges,
        cached.oai_only,
    ]


def _unpack(  # noqa: PLR0913, PLR0917 - the items of `_pack`
    fingerprint: str,
    filtered: int,
    stored: int,
    times: list[str | None],
    days: tuple[str, dict[str, int]] | None,
    scanned_until: int | None,
    missing_ranges: Sequence[str] = (),
    oai_only: Sequence[str] = (),
) -> CachedSelection:
    unpacked = None
    if days:
        counts = {date.fromisoformat(day): n for day, n in days[1].items()}
        unpacked = DailyCounts(date.fromisoformat(days[0]), counts)
    asked, first, last = (datetime.fromisoformat(time) if time else None for time in times)
    texts = tuple(missing_ranges), tuple(oai_only)
    return CachedSelection(
        fingerprint, filtered, stored, unpacked, asked, first, last, scanned_until, *texts
    )
