"""The papers that a scan of the harvest finds for one keyword, and their merge."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from papers_assets.keywords.model import Keyword
from papers_assets.pipeline.failures import NOT_STORED, RefreshFailure, describe_unexpected
from papers_assets.storage.files import StoreDamagedError, StoreError
from papers_assets.storage.raw_papers import RawPapersStore
from papers_assets.storage.scan_state import ScanState
from papers_assets.transform import raw_papers, schema
from papers_assets.transform.harvest_coverage import CLOCK_TOLERANCE, Coverage
from papers_assets.transform.raw_papers import RawPapers, RawPapersSummary

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScanResult:
    """A keyword for which the whole harvest has been scanned."""

    keyword: Keyword
    refreshed_at: datetime
    """When arXiv was asked for the newest harvested day."""
    days: int
    """Days scanned in this run."""
    summary: RawPapersSummary | None = None
    """The raw papers after the merge, as stored on disk. None: there was nothing to add."""
    new: int = 0
    """Papers without a stored version before."""
    revised: int = 0
    """New versions of papers that were stored in another version."""
    warnings: tuple[str, ...] = ()


@dataclass
class KeywordScan:
    """The state of one keyword during a scan."""

    keyword: Keyword
    store: RawPapersStore
    days: int = 0
    """Days in the last pass of the scan."""
    scanned_until: int = 0
    """The watermark: the last write of the harvest that has been scanned."""
    signature: str = ""
    """`RawPapersStore.etag` of the raw papers on disk."""
    stored_watermark: int = 0
    """`RawPapers.scanned_until` of the raw papers on disk."""
    failure: str = ""
    """Why the keyword cannot be stored; empty: it can."""
    is_dirty: bool = False
    """Whether to write the raw papers even if no matches are waiting."""
    has_lost_file: bool = False
    """Whether its file was found damaged since the pass began."""
    _waiting: list[pa.Table] = field(default_factory=list)
    _new: int = 0
    _revised: int = 0
    _summary: RawPapersSummary | None = None
    _warnings: list[str] = field(default_factory=list)

    def start(self, scan_state: ScanState, etag: str, now: datetime) -> int:
        """Return the watermark of the keyword, by its scan state and its raw papers on disk.

        Args:
            scan_state: the scan state of the keyword, which must be valid for it.
            etag: `RawPapersStore.etag` of its raw papers.
            now: the current time, aware.
        """
        self.signature = etag
        # The clock was ahead when the scan state was written: write the raw papers again.
        self.is_dirty = bool(
            scan_state.refreshed_at and scan_state.refreshed_at > now + CLOCK_TOLERANCE
        )
        if scan_state.etag == etag:
            self.stored_watermark = scan_state.stored_watermark
            return scan_state.scanned_until
        if scan_state.etag and not etag:
            return 0  # the raw papers were deleted
        # Backfills and pruning keep the watermark in the file; a backup has an older one.
        self.stored_watermark = self._read_watermark()
        return (
            scan_state.scanned_until
            if self.stored_watermark >= scan_state.stored_watermark
            else self.stored_watermark
        )

    def add(self, rows: pa.Table) -> None:
        """Add rows, as `schema.to_table` returns them, for `write_matches` to write."""
        self._waiting.append(rows)

    def write_matches(self, now: datetime, coverage: Coverage, *, is_last: bool) -> None:
        """Merge the matches so far; only the last write advances the watermark and freshness."""
        if not (self._waiting or self.is_dirty) or self.failure:
            return
        name = self.keyword.name
        try:
            with self.store.keyword_lock(name):
                self._write_matches(now, coverage, is_last=is_last)
        except (StoreError, OSError) as error:
            logger.error("%s: not kept: %s", name, error)  # noqa: TRY400 - expected
            self.failure = str(error)
        except Exception as error:  # a bug here must not stop the other keywords
            logger.exception("%s: unexpectedly", name)
            self.failure = describe_unexpected(error)
        self._waiting, self.is_dirty = [], not is_last

    def _write_matches(self, now: datetime, coverage: Coverage, *, is_last: bool) -> None:
        before = self._read()
        # A keyword that lost its file is not complete before a scan of the whole harvest.
        is_all = is_last and not self.has_lost_file
        after = raw_papers.merge_harvest(
            self.keyword,
            before,
            pa.concat_tables(self._waiting) if self._waiting else schema.to_table([]),
            scanned_until=self.scanned_until if is_all else None,
            seen_at=now,
            refreshed_at=coverage.refreshed_at if is_all else None,
            complete_from=coverage.complete_from,
        )
        self.store.write_raw_papers(after)
        self.signature, self.stored_watermark = (
            self.store.etag(self.keyword.name),
            after.scanned_until or 0,
        )
        self._count(before, after)

    def _count(self, stored: RawPapers | None, after: RawPapers) -> None:
        new, revised = raw_papers.count_new(
            stored.versions() if stored else set(), after.versions()
        )
        self._new, self._revised = self._new + new, self._revised + revised
        self._summary = raw_papers.summarize(after)

    def _read(self) -> RawPapers | None:
        try:
            return self.store.read_raw_papers(self.keyword.name)
        except StoreDamagedError as error:
            aside = self.store.quarantine(error.path)
            self.has_lost_file = True
            self._warnings.append(
                f"what was held is damaged and set aside as {aside}; it is made again from the "
                "harvest, and looking back brings what is older (papers run --since)"
            )
            logger.warning("%s: %s", self.keyword.name, self._warnings[-1])
            return None

    def _read_watermark(self) -> int:
        """Read the watermark in the file of the raw papers; 0: there is none."""
        name = self.keyword.name
        try:
            found = self.store.read_raw_papers_columns(name, ("updated",), range(1))
        except StoreDamagedError:
            with self.store.keyword_lock(name):
                found = self._read()
        except (StoreError, OSError):
            return 0  # `write_matches` reports the error
        return (found.scanned_until or 0) if found else 0

    def record_failure(self) -> None:
        """Write the short reason to disk if it cannot be stored, or clear an earlier one."""
        try:
            with self.store.keyword_lock(self.keyword.name):
                self.store.write_failure_reason(
                    self.keyword.name, NOT_STORED if self.failure else ""
                )
        except (StoreError, OSError) as error:
            logger.warning("%s: that is not noted on disk: %s", self.keyword.name, error)

    def result(self, coverage: Coverage) -> ScanResult | RefreshFailure:
        """Return the result of the scan for the keyword."""
        if self.failure:
            return RefreshFailure(self.keyword, self.failure, NOT_STORED)
        if self.has_lost_file:
            reason = "its file was found damaged again while it was being made"
            return RefreshFailure(self.keyword, "; ".join([*self._warnings, reason]), reason)
        if coverage.short_reason or coverage.refreshed_at is None:
            reason = f"what was harvested is not all there is: {coverage.short_reason}"
            return RefreshFailure(self.keyword, reason, coverage.short_reason)
        return ScanResult(
            self.keyword,
            coverage.refreshed_at,
            self.days,
            self._summary,
            self._new,
            self._revised,
            (*self._warnings, *coverage.warnings),
        )
