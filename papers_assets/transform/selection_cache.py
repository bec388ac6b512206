"""How a keyword's rows of `papers` were chosen; so long as that is so, they stand. Pure.

It travels with the frame, in one of its attributes: as a text, since pandas copies attributes with
every slice, and copying a text costs nothing.
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
"""Of how papers are matched and chosen. Raise it whenever the same held papers may give another
list: what was chosen by other rules is chosen anew."""
_MATCHER = [MATCHER_RULES, version("snowballstemmer"), unicodedata.unidata_version]


def matcher_version() -> str:
    """Return what changes whenever the same paper may match another keyword."""
    return json.dumps(_MATCHER)


@dataclass(frozen=True)
class DailyCounts:
    """How many papers match, day by day."""

    since: date
    """The first day, UTC."""
    counts: Mapping[date, int]
    """Shown or not; days without any are missing."""

    def since_day(self, since: date) -> "DailyCounts":
        """Return the days from `since` on."""
        return DailyCounts(since, {day: n for day, n in self.counts.items() if day >= since})


@dataclass(frozen=True)
class CachedSelection:
    """How a keyword's rows were chosen, and what was seen then of what is held."""

    fingerprint: str
    """See `compute_fingerprint`."""
    filtered: int
    """`Selection.filtered`, as are the two that follow."""
    stored: int
    days: DailyCounts | None
    refreshed_at: datetime | None
    """`RawPapers.refreshed_at`, as are the two that follow."""
    complete_from: datetime | None = None
    complete_until: datetime | None = None
    scanned_until: int | None = None
    """`RawPapers.scanned_until`."""
    missing_ranges: tuple[str, ...] = ()
    """`RawPapers.missing_ranges`, each as days for people."""
    oai_only: tuple[str, ...] = ()
    """`RawPapers.oai_only`, such as 2613.00001v1."""


def compute_fingerprint(keyword: Keyword, etag: str) -> str:
    """Return what changes whenever a keyword's list might, if it were chosen anew.

    Args:
        keyword: what is wanted.
        etag: of its stored papers: `RawPapersStore.etag`.
    """
    of = json.dumps([_MATCHER, keyword.fingerprint, keyword.cap, etag])
    return hashlib.sha256(of.encode()).hexdigest()[:16]


def to_text(cached: Mapping[str, CachedSelection]) -> str:
    """Return choices, by keyword, as a text."""
    return json.dumps({name: _pack(cached) for name, cached in cached.items()})


def from_text(text: object) -> dict[str, CachedSelection]:
    """Read what `to_text` gave; of anything else, nothing: then all is chosen anew."""
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


def _unpack(  # noqa: PLR0913, PLR0917 - what `_pack` gives
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
