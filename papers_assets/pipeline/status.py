"""Read the current status from disk: ages, failures and the counters of runs.

It is read from the files each time, so that it is never better than they are.
"""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from itertools import repeat
from typing import NamedTuple

from papers_assets.keywords.file import KeywordsFileError
from papers_assets.keywords.model import Keyword, KeywordsConfig
from papers_assets.pipeline.select_papers import ScanStateLike, latest_refresh
from papers_assets.settings import is_remote
from papers_assets.storage.editions import EditionStore
from papers_assets.storage.harvest import HarvestStore
from papers_assets.storage.labels import RawPapersHead
from papers_assets.storage.raw_papers import RawPapersStore, StoreError, build_slug
from papers_assets.storage.run_counters import CounterStore, Counts
from papers_assets.transform.harvest_coverage import Coverage

_WORKERS = 16
"""Threads that read keywords when each read is a request to a server."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RawPapersFile:
    """Metadata from the head of a keyword's raw papers file."""

    versions: int
    refreshed_at: datetime | None
    """When arXiv last gave a valid answer; None: it never did."""
    is_readable: bool = True
    scanned_until: int | None = None
    """`RawPapers.scanned_until`."""
    has_gap: bool = False
    """Whether papers of some days may be missing: `RawPapers.missing_ranges`."""


_NO_FILE = RawPapersFile(0, None)
_UNREADABLE_FILE = RawPapersFile(0, None, is_readable=False)


@dataclass(frozen=True)
class KeywordStatus:
    """The status of a keyword."""

    name: str
    file: RawPapersFile
    short_reason: str
    """Why its last refresh failed, in a few words; empty: it did not."""


@dataclass(frozen=True)
class Status:
    """The status of everything at one moment."""

    now: datetime
    counts: Counts | None
    """None: they cannot be read, which differs from zero."""
    keywords: tuple[KeywordStatus, ...]
    has_keywords_file: bool
    """False: keywords.toml cannot be used, and `keywords` are those of its last valid version."""
    readme_at: datetime | None
    """When the README was last written; None: there is none."""
    edition_at: datetime | None
    """The day of the newest edition; None: there is none."""
    days_missing: int = 0
    """How many `Coverage.missing_days` the harvest has."""


class _StoredFiles(NamedTuple):
    """The stored files of all keywords, by `build_slug`."""

    failed_slugs: set[str]
    """From `RawPapersStore.failed_slugs`."""
    etags: dict[str, str]


class StatusReader:
    """A reader of the status of one home folder.

    Args:
        read_file: reads keywords.toml, or raises KeywordsFileError.
        store: the raw papers of the home folder.
        edition_store: its editions.
        counters: its counters.
        now: returns the current time, aware.
        harvest_store: its harvest.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the stores to read
        self,
        read_file: Callable[[], KeywordsConfig],
        store: RawPapersStore,
        edition_store: EditionStore,
        counters: CounterStore,
        now: Callable[[], datetime],
        harvest_store: HarvestStore,
    ) -> None:
        self._read_file, self._store, self._outputs = read_file, store, edition_store
        self._counters, self._now, self._harvests = counters, now, harvest_store
        self._keywords: KeywordsConfig | None = None
        self._heads: dict[str, tuple[str, RawPapersFile]] = {}

    def read_status(self) -> Status:
        """Read the status."""
        has_file = self._read_keywords()
        keywords = self._keywords.keywords if self._keywords else ()
        scan_state, covered = self._read_harvest()
        there = self._read_store()
        days = self._outputs.list_days()
        with ThreadPoolExecutor(_WORKERS if is_remote(self._store.home) else 1) as threads:
            found = [scan_state.get(keyword.name) for keyword in keywords]
            states = threads.map(
                self._keyword_status, keywords, repeat(there), found, repeat(covered.short_reason)
            )
        return Status(
            now=self._now(),
            counts=self._read_counts(),
            keywords=tuple(states),
            has_keywords_file=has_file,
            readme_at=self._find_readme_time(),
            edition_at=datetime.combine(days[-1], time(), UTC) if days else None,
            days_missing=len(covered.missing_days),
        )

    def _read_keywords(self) -> bool:
        try:
            self._keywords = self._read_file()
        except KeywordsFileError as error:
            logger.warning("the metrics are of the keywords of before: %s", error)
            return False
        return not self._keywords.error

    def _read_harvest(self) -> tuple[Mapping[str, ScanStateLike], Coverage]:
        """Return the scan states by keyword, and the coverage of the harvest."""
        nothing = Coverage(None, None)
        if self._keywords is None or self._keywords.harvest_since is None:
            return {}, nothing
        try:
            covered = self._harvests.coverage(self._keywords, self._now())
            return self._harvests.scan_states.read(), covered or nothing
        except OSError as error:
            logger.warning("the harvest is not in the metrics: %s", error)
            return {}, replace(nothing, short_reason="the harvest cannot be read")

    def _read_store(self) -> _StoredFiles | None:
        """Return the stored files of all keywords; None: they cannot be listed."""
        try:
            return _StoredFiles(self._store.failed_slugs(), self._store.etags())
        except OSError as error:
            logger.warning("what is held is not in the metrics: %s", error)
            return None

    def _keyword_status(
        self,
        keyword: Keyword,
        stored: _StoredFiles | None,
        scan_state: ScanStateLike | None,
        short_reason: str,
    ) -> KeywordStatus:
        name, key = keyword.name, build_slug(keyword.name)
        if stored is None:
            return KeywordStatus(name, _UNREADABLE_FILE, "the reason cannot be read")
        try:
            if key in stored.failed_slugs:
                short_reason = self._store.read_failure_reason(name) or short_reason
        except OSError:
            short_reason = "the reason cannot be read"
        head = self._read_head(name, stored.etags.get(key, ""))
        refreshed_at = latest_refresh(keyword, scan_state, head.refreshed_at, head.scanned_until)
        return KeywordStatus(name, replace(head, refreshed_at=refreshed_at), short_reason)

    def _read_head(self, name: str, etag: str) -> RawPapersFile:
        """Read the head of a keyword's raw papers, if they were written since the last read."""
        if not etag:
            return _NO_FILE
        known, head = self._heads.get(name, ("", _NO_FILE))
        if known != etag:
            try:
                head = _to_raw_papers_file(self._store.read_head(name))
            except (OSError, StoreError) as error:
                logger.warning("%s: %s", name, error)
                return _UNREADABLE_FILE
            self._heads[name] = etag, head
        return head

    def _read_counts(self) -> Counts | None:
        try:
            return self._counters.read()
        except OSError as error:
            logger.warning("what runs counted is not in the metrics: %s", error)
            return None

    def _find_readme_time(self) -> datetime | None:
        try:
            return datetime.fromtimestamp(self._store.documents.readme_path.stat().st_mtime, UTC)
        except OSError:
            return None


def _to_raw_papers_file(head: RawPapersHead | None) -> RawPapersFile:
    if head is None:
        return _NO_FILE
    return RawPapersFile(
        head.versions,
        head.refreshed_at,
        scanned_until=head.scanned_until,
        has_gap=head.has_missing_ranges,
    )
