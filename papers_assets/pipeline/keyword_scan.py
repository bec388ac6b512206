"""What is found of a keyword in the harvest, on its way to what is held of it."""

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
    """A keyword that was looked for in all that there was."""

    keyword: Keyword
    refreshed_at: datetime
    """When arXiv was asked for the newest of it."""
    days: int
    """How many days were looked through this time."""
    summary: RawPapersSummary | None = None
    """After the merge; it is on disk. None: there was nothing to add."""
    new: int = 0
    """Papers of which no version was held before."""
    revised: int = 0
    """Versions of papers that were held in another version."""
    warnings: tuple[str, ...] = ()


@dataclass
class KeywordScan:
    """Of one keyword, while it is looked for."""

    keyword: Keyword
    store: RawPapersStore
    days: int = 0
    """Looked through by the last look."""
    scanned_until: int = 0
    """Up to which write of the harvest it has been looked for."""
    signature: str = ""
    """Of what is on disk: `RawPapersStore.etag`."""
    stored_watermark: int = 0
    """`RawPapers.scanned_until` of that."""
    failure: str = ""
    """Why it cannot be stored; empty: it can."""
    is_dirty: bool = False
    """Whether to write it even if nothing waits to be."""
    has_lost_file: bool = False
    """Whether its file was found damaged since a look began."""
    _waiting: list[pa.Table] = field(default_factory=list)
    _new: int = 0
    _revised: int = 0
    _summary: RawPapersSummary | None = None
    _warnings: list[str] = field(default_factory=list)

    def start(self, scan_state: ScanState, etag: str, now: datetime) -> int:
        """Say up to which write of the harvest it has been looked for, by what is on disk, too.

        Args:
            scan_state: what is noted of it, and holds.
            etag: of what is held: `RawPapersStore.etag`.
            now: aware.
        """
        self.signature = etag
        # A clock was ahead, and what was written says so.
        self.is_dirty = bool(
            scan_state.refreshed_at and scan_state.refreshed_at > now + CLOCK_TOLERANCE
        )
        if scan_state.etag == etag:
            self.stored_watermark = scan_state.stored_watermark
            return scan_state.scanned_until
        if scan_state.etag and not etag:
            return 0  # somebody removed what was held
        # Looking back and pruning leave the label as it was; a backup has that of its day.
        self.stored_watermark = self._read_watermark()
        return (
            scan_state.scanned_until
            if self.stored_watermark >= scan_state.stored_watermark
            else self.stored_watermark
        )

    def add(self, rows: pa.Table) -> None:
        """Take rows, as `schema.to_table` gives them, to be written by `write_matches`."""
        self._waiting.append(rows)

    def write_matches(self, now: datetime, coverage: Coverage, *, is_last: bool) -> None:
        """Write what was found; if it is not the last of it, nothing is fresh by it yet."""
        if not (self._waiting or self.is_dirty) or self.failure:
            return
        name = self.keyword.name
        try:
            with self.store.keyword_lock(name):
                self._write_matches(now, coverage, is_last=is_last)
        except (StoreError, OSError) as error:
            logger.error("%s: not kept: %s", name, error)  # noqa: TRY400 - a story
            self.failure = str(error)
        except Exception as error:  # a mistake of ours must not cost the other keywords theirs
            logger.exception("%s: unexpectedly", name)
            self.failure = describe_unexpected(error)
        self._waiting, self.is_dirty = [], not is_last

    def _write_matches(self, now: datetime, coverage: Coverage, *, is_last: bool) -> None:
        before = self._read()
        # Who has lost what was held is looked for everywhere first.
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
        """Read up to which write the harvest had been looked through when the file was written."""
        name = self.keyword.name
        try:
            found = self.store.read_raw_papers_columns(name, ("updated",), range(1))
        except StoreDamagedError:
            with self.store.keyword_lock(name):
                found = self._read()
        except (StoreError, OSError):
            return 0  # `write_matches` says what is wrong with it
        return (found.scanned_until or 0) if found else 0

    def record_failure(self) -> None:
        """Note on disk that it cannot be stored, or else forget what was wrong before."""
        try:
            with self.store.keyword_lock(self.keyword.name):
                self.store.write_failure_reason(
                    self.keyword.name, NOT_STORED if self.failure else ""
                )
        except (StoreError, OSError) as error:
            logger.warning("%s: that is not noted on disk: %s", self.keyword.name, error)

    def result(self, coverage: Coverage) -> ScanResult | RefreshFailure:
        """Return what became of the keyword."""
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
