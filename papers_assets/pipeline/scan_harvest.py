"""Look for keywords in what was harvested, and keep what matches.

What has been looked for once is not looked for again: a ledger says, by keyword, up to which write
of the harvest. It is written last, so that who is interrupted looks again, which changes nothing. A
keyword that has no news is not written either; the ledger says how fresh it is.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime

import pyarrow as pa

from papers_assets.keywords.matching import MATCHED, Matchers
from papers_assets.keywords.model import Keyword
from papers_assets.pipeline.failures import RefreshFailure
from papers_assets.pipeline.keyword_scan import KeywordScan, ScanResult
from papers_assets.storage.files import StoreDamagedError, StoreError
from papers_assets.storage.harvest import HarvestStore
from papers_assets.storage.raw_papers import RawPapersStore, build_slug
from papers_assets.storage.scan_state import ScanState
from papers_assets.text import count_noun, progress
from papers_assets.transform.harvest_coverage import (
    CLOCK_TOLERANCE,
    Coverage,
    DayStatus,
    compute_coverage,
)
from papers_assets.transform.selection_cache import matcher_version

logger = logging.getLogger(__name__)

_FLUSH_SIZE = 50_000
"""Rows that wait in memory to be written."""


def scan_keywords(  # noqa: PLR0913 - all but four are said by name
    keywords: Sequence[Keyword],
    harvest_store: HarvestStore,
    store: RawPapersStore,
    now: Callable[[], datetime],
    *,
    since: date,
    sets: Sequence[str],
    rescan: bool = False,
) -> Iterator[ScanResult | RefreshFailure]:
    """Look for each of `keywords` in what was harvested since it was last looked for.

    Args:
        keywords: what to look for.
        harvest_store: where days are kept; nothing is asked of arXiv.
        store: where what is held of keywords is kept.
        now: gives the time.
        since: the first day that is wanted.
        sets: that are wanted of a day; none: the whole archive.
        rescan: in everything, as if nothing had been looked for.
    """
    yield from _Scan(keywords, harvest_store, store, now, since, sets).run(rescan=rescan)


class _Scan:
    def __init__(  # noqa: PLR0913, PLR0917 - what there is
        self,
        keywords: Sequence[Keyword],
        harvest_store: HarvestStore,
        store: RawPapersStore,
        now: Callable[[], datetime],
        since: date,
        sets: Sequence[str],
    ) -> None:
        self._keywords, self._harvests, self._store, self._now = keywords, harvest_store, store, now
        self._since, self._sets = since, sets
        self._problems = harvest_store.read_problems()
        self._unreadable_days: dict[date, int] = {}
        """Days that cannot be read now, with the write that brought what is newest; 0: unknown."""
        # While we look, days are brought in. What is written from here on is for the next look.
        with harvest_store.write_lock():
            self._last_write = harvest_store.last_sequence()
        self._known, trouble = harvest_store.read_status()
        for day, error in trouble.items():
            if found := self._recover_day(day, error, 0):
                self._known[day] = found[0]
        self._coverage = self._compute_coverage()
        self._scans = {keyword.name: KeywordScan(keyword, store) for keyword in keywords}
        self._signatures = store.etags()
        self._waiting = 0
        """Rows that were found and not written."""

    def _recover_day(
        self, day: date, error: Exception, sequence: int
    ) -> tuple[DayStatus, pa.Table] | None:
        """Make room for a day that is damaged, so that the next harvest asks for it again.

        Gives the day, if it can be read after all: it may have been brought in anew meanwhile.
        """
        try:
            if isinstance(error, StoreDamagedError):
                with self._harvests.write_lock():
                    return self._harvests.read_or_quarantine(day)
        except (StoreError, OSError) as another:
            error = another
        logger.error("%s", error)
        self._unreadable_days[day] = sequence
        return None

    def _compute_coverage(self) -> Coverage:
        return compute_coverage(self._since, self._known, self._problems, self._sets, self._now())

    def run(self, *, rescan: bool) -> Iterator[ScanResult | RefreshFailure]:
        self._store.remove_partial_files()
        ledger = self._harvests.scan_states.read()
        groups: dict[int, list[Keyword]] = {}
        for keyword in self._keywords:
            there = None if rescan else ledger.get(keyword.name)
            groups.setdefault(self._scanned_until(keyword, there), []).append(keyword)
        for looked_until, group in groups.items():
            self._scan_days(group, looked_until)
        self._flush()
        # Whose file was damaged has lost what it held; what was harvested of that is there still.
        if again := [k for k in self._keywords if self._scans[k.name].has_lost_file]:
            self._scan_days(again, 0)
            self._flush()
        self._write_scan_states()
        self._record_failures()
        for finds in self._scans.values():
            yield finds.result(self._coverage)

    def _scanned_until(self, keyword: Keyword, scan_state: ScanState | None) -> int:
        """Say up to which write of the harvest the keyword, as it is now, has been looked for."""
        if scan_state is None or not scan_state.is_valid_for(
            keyword, matcher_version(), self._last_write
        ):
            return 0
        etag = self._signatures.get(build_slug(keyword.name), "")
        return self._scans[keyword.name].start(scan_state, etag, self._now())

    def _scan_days(self, keywords: Sequence[Keyword], scanned_until: int) -> None:
        """Collect what matches of the days that were written after `scanned_until`."""
        days = [d for d, k in sorted(self._known.items()) if k.sequence > scanned_until]
        matchers = Matchers(keywords) if days else None
        for keyword in keywords:
            self._scans[keyword.name].has_lost_file = False
        for number, day in enumerate(days, 1):
            progress.info(
                "%s (day %d of %d): matching %s",
                day,
                number,
                len(days),
                count_noun(len(keywords), "keyword"),
            )
            table = self._read_papers(day)
            if matchers is not None and table is not None:
                self._collect_matches(matchers, table)
            if self._waiting >= _FLUSH_SIZE:
                self._flush(is_last=False)
        unread = [
            sequence
            for sequence in self._unreadable_days.values()
            if not 0 < sequence <= scanned_until
        ]
        until = max(scanned_until, min([self._last_write, *(sequence - 1 for sequence in unread)]))
        for keyword in keywords:
            finds = self._scans[keyword.name]
            finds.days, finds.scanned_until = len(days), until
            # Who is new gets a file, though there be nothing in it.
            finds.is_dirty |= not scanned_until

    def _read_papers(self, day: date) -> pa.Table | None:
        """Read a day; None if it cannot be read, and then it counts as missing."""
        try:
            found = self._harvests.read(day)
        except (StoreError, OSError) as error:
            found = self._recover_day(day, error, self._known[day].sequence)
        except Exception:  # a mistake of ours must not cost what is in the other days
            logger.exception("%s: unexpectedly", day)
            found, self._unreadable_days[day] = None, self._known[day].sequence
        if found is None:
            del self._known[day]
            self._coverage = self._compute_coverage()
            return None
        return found[1]

    def _collect_matches(self, matchers: Matchers, table: pa.Table) -> None:
        texts = zip(*(table[name].to_pylist() for name in MATCHED), strict=True)
        rows: dict[str, list[int]] = {}
        for row, text in enumerate(texts):
            for name in matchers(*text):
                rows.setdefault(name, []).append(row)
        # Of several chunks, `take` makes a copy of all, and malloc gives little of those back: for
        # thousands of keywords, gigabytes.
        table = table.combine_chunks()
        for name, wanted in rows.items():
            self._scans[name].add(table.take(wanted))
            self._waiting += len(wanted)

    def _flush(self, *, is_last: bool = True) -> None:
        self._waiting = 0
        for finds in self._scans.values():
            finds.write_matches(self._now(), self._coverage, is_last=is_last)

    def _write_scan_states(self) -> None:
        """Write down up to which write of the harvest keywords have been looked for."""
        try:
            with self._harvests.scan_states.lock():
                ledger = self._harvests.scan_states.read()
                self._harvests.scan_states.write(self._updated_scan_states(ledger))
        except (StoreError, OSError) as error:
            # What was found is on disk. But it is the ledger that says how fresh it is.
            logger.error("who was looked for cannot be noted: %s", error)  # noqa: TRY400 - a story
            for finds in self._scans.values():
                finds.failure = finds.failure or str(error)

    def _updated_scan_states(self, scan_states: Mapping[str, ScanState]) -> dict[str, ScanState]:
        """Add to the ledger what has been looked for now."""
        noted = dict(scan_states)
        for keyword in self._keywords:
            name, finds = keyword.name, self._scans[keyword.name]
            if finds.failure or finds.has_lost_file or not finds.scanned_until:
                continue
            before = scan_states.get(name)
            known = before if before and before.definition == keyword.fingerprint else None
            if (
                known
                and known.matcher_version == matcher_version()
                and known.scanned_until > finds.scanned_until
            ):
                continue  # another run has looked further meanwhile
            noted[name] = ScanState(
                keyword.fingerprint,
                matcher_version(),
                scanned_until=finds.scanned_until,
                stored_watermark=finds.stored_watermark,
                refreshed_at=self._coverage.refreshed_at or self._previous_refresh(known),
                complete_from=self._coverage.complete_from,
                etag=finds.signature,
            )
        return noted

    def _previous_refresh(self, scan_state: ScanState | None) -> datetime | None:
        """Return when it was refreshed before, unless a clock that was ahead said so."""
        time = scan_state.refreshed_at if scan_state else None
        return time if time and time <= self._now() + CLOCK_TOLERANCE else None

    def _record_failures(self) -> None:
        """Note who could not be stored, and forget what was wrong with others' queries before."""
        noted = self._store.failed_slugs()
        for name, finds in self._scans.items():
            if finds.failure or build_slug(name) in noted:
                finds.record_failure()
