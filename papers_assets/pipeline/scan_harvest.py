"""Scan the harvest for keywords, and store the papers that match.

Nothing is scanned twice: the scan states have the watermark of each keyword, the last write of the
harvest that was scanned for it. They are written last: after an interruption the scan is repeated,
with the same result. The raw papers of a keyword without new matches are not written; its scan
state has its freshness.
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
"""Matching rows that are collected in memory before they are written."""


def scan_keywords(  # noqa: PLR0913 - three are keyword-only
    keywords: Sequence[Keyword],
    harvest_store: HarvestStore,
    store: RawPapersStore,
    now: Callable[[], datetime],
    *,
    since: date,
    sets: Sequence[str],
    rescan: bool = False,
) -> Iterator[ScanResult | RefreshFailure]:
    """Scan what was harvested since the last scan of each of `keywords`.

    Args:
        keywords: the keywords.
        harvest_store: the store of the harvested days; no request is sent to arXiv.
        store: the store of the raw papers.
        now: returns the current time.
        since: the first wanted day.
        sets: the wanted OAI-PMH sets of a day; none: the whole archive.
        rescan: scan the whole harvest, as if nothing had been scanned.
    """
    yield from _Scan(keywords, harvest_store, store, now, since, sets).run(rescan=rescan)


class _Scan:
    def __init__(  # noqa: PLR0913, PLR0917 - the state of a scan
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
        """Days that cannot be read now, with their last write; 0: unknown."""
        # Days can be harvested during the scan; later writes are left for the next scan.
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
        """Matching rows that are not written yet."""

    def _recover_day(
        self, day: date, error: Exception, sequence: int
    ) -> tuple[DayStatus, pa.Table] | None:
        """Quarantine a damaged day, so that the next harvest requests it again.

        Returns:
            The day, if it can be read after all: it may have been harvested again meanwhile.
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
        # Keywords with a damaged file lost their raw papers; the harvested ones can be found again.
        if again := [k for k in self._keywords if self._scans[k.name].has_lost_file]:
            self._scan_days(again, 0)
            self._flush()
        self._write_scan_states()
        self._record_failures()
        for finds in self._scans.values():
            yield finds.result(self._coverage)

    def _scanned_until(self, keyword: Keyword, scan_state: ScanState | None) -> int:
        """Return the watermark of the keyword as it is defined now; 0: nothing has been scanned."""
        if scan_state is None or not scan_state.is_valid_for(
            keyword, matcher_version(), self._last_write
        ):
            return 0
        etag = self._signatures.get(build_slug(keyword.name), "")
        return self._scans[keyword.name].start(scan_state, etag, self._now())

    def _scan_days(self, keywords: Sequence[Keyword], scanned_until: int) -> None:
        """Collect the matches in the days written after `scanned_until`."""
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
            # A new keyword gets a file, even if nothing matches.
            finds.is_dirty |= not scanned_until

    def _read_papers(self, day: date) -> pa.Table | None:
        """Read a day; None if it cannot be read, and then it counts as missing."""
        try:
            found = self._harvests.read(day)
        except (StoreError, OSError) as error:
            found = self._recover_day(day, error, self._known[day].sequence)
        except Exception:  # a bug here must not cost the other days
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
        # `take` on several chunks copies all of them, and malloc returns little of that memory: for
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
        """Write the scan states of the keywords."""
        try:
            with self._harvests.scan_states.lock():
                ledger = self._harvests.scan_states.read()
                self._harvests.scan_states.write(self._updated_scan_states(ledger))
        except (StoreError, OSError) as error:
            # The matches are on disk, but without scan states the freshness is unknown.
            logger.error("who was looked for cannot be noted: %s", error)  # noqa: TRY400 - expected
            for finds in self._scans.values():
                finds.failure = finds.failure or str(error)

    def _updated_scan_states(self, scan_states: Mapping[str, ScanState]) -> dict[str, ScanState]:
        """Return `scan_states` with the results of this scan."""
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
                continue  # another run has scanned further meanwhile
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
        """Return the previous refresh time; None if it is in the future, from a wrong clock."""
        time = scan_state.refreshed_at if scan_state else None
        return time if time and time <= self._now() + CLOCK_TOLERANCE else None

    def _record_failures(self) -> None:
        """Write why keywords could not be stored, and clear the earlier failures of the others."""
        noted = self._store.failed_slugs()
        for name, finds in self._scans.items():
            if finds.failure or build_slug(name) in noted:
                finds.record_failure()
