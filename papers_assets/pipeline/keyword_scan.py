"""What is found of a keyword in the harvest, on its way to what is held of it."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from papers_assets.keywords.model import Keyword
from papers_assets.pipeline.failures import NOT_STORED, Failed, unexpected
from papers_assets.storage.files import StoreDamagedError, StoreError
from papers_assets.storage.raw_papers import Store
from papers_assets.storage.scan_state import Gleaned
from papers_assets.transform import raw_papers, schema
from papers_assets.transform.harvest_coverage import CLOCKS, Coverage
from papers_assets.transform.raw_papers import Glance, Held

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A keyword that was looked for in all that there was."""

    keyword: Keyword
    refreshed_at: datetime
    """When arXiv was asked for the newest of it."""
    days: int
    """How many days were looked through this time."""
    held: Glance | None = None
    """After the merge; it is on disk. None: there was nothing to add."""
    new: int = 0
    """Papers of which no version was held before."""
    revised: int = 0
    """Versions of papers that were held in another version."""
    remarks: tuple[str, ...] = ()


@dataclass
class Finds:
    """Of one keyword, while it is looked for."""

    keyword: Keyword
    store: Store
    days: int = 0
    """Looked through by the last look."""
    until: int = 0
    """Up to which write of the harvest it has been looked for."""
    signature: str = ""
    """Of what is on disk: `Store.signature`."""
    held_serial: int = 0
    """`Held.gleaned` of that."""
    failure: str = ""
    """Why it cannot be stored; empty: it can."""
    is_dirty: bool = False
    """Whether to write it even if nothing waits to be."""
    has_lost: bool = False
    """Whether its file was found damaged since a look began."""
    _waiting: list[pa.Table] = field(default_factory=list)
    _new: int = 0
    _revised: int = 0
    _held: Glance | None = None
    _remarks: list[str] = field(default_factory=list)

    def begin(self, there: Gleaned, signature: str, now: datetime) -> int:
        """Say up to which write of the harvest it has been looked for, by what is on disk, too.

        Args:
            there: what is noted of it, and holds.
            signature: of what is held: `Store.signature`.
            now: aware.
        """
        self.signature = signature
        # A clock was ahead, and what was written says so.
        self.is_dirty = bool(there.refreshed_at and there.refreshed_at > now + CLOCKS)
        if there.signature == signature:
            self.held_serial = there.held_serial
            return there.looked_until
        if there.signature and not signature:
            return 0  # somebody removed what was held
        # Looking back and pruning leave the label as it was; a backup has that of its day.
        self.held_serial = self._read_label()
        return there.looked_until if self.held_serial >= there.held_serial else self.held_serial

    def add(self, rows: pa.Table) -> None:
        """Take rows, as `paper_rows.of_papers` gives them, to be written by `keep`."""
        self._waiting.append(rows)

    def keep(self, now: datetime, coverage: Coverage, *, is_last: bool) -> None:
        """Write what was found; if it is not the last of it, nothing is fresh by it yet."""
        if not (self._waiting or self.is_dirty) or self.failure:
            return
        name = self.keyword.name
        try:
            with self.store.updating(name):
                self._keep(now, coverage, is_last=is_last)
        except (StoreError, OSError) as error:
            logger.error("%s: not kept: %s", name, error)  # noqa: TRY400 - a story
            self.failure = str(error)
        except Exception as error:  # a mistake of ours must not cost the other keywords theirs
            logger.exception("%s: unexpectedly", name)
            self.failure = unexpected(error)
        self._waiting, self.is_dirty = [], not is_last

    def _keep(self, now: datetime, coverage: Coverage, *, is_last: bool) -> None:
        before = self._read()
        # Who has lost what was held is looked for everywhere first.
        is_all = is_last and not self.has_lost
        after = raw_papers.gleaned(
            self.keyword,
            before,
            pa.concat_tables(self._waiting) if self._waiting else schema.of_papers([]),
            until=self.until if is_all else None,
            seen_at=now,
            refreshed_at=coverage.refreshed_at if is_all else None,
            complete_from=coverage.complete_from,
        )
        self.store.write_held(after)
        self.signature, self.held_serial = (
            self.store.signature(self.keyword.name),
            after.gleaned or 0,
        )
        self._count(before, after)

    def _count(self, before: Held | None, after: Held) -> None:
        new, revised = raw_papers.news(before.versions() if before else set(), after.versions())
        self._new, self._revised = self._new + new, self._revised + revised
        self._held = raw_papers.glance(after)

    def _read(self) -> Held | None:
        try:
            return self.store.read_held(self.keyword.name)
        except StoreDamagedError as error:
            aside = self.store.set_aside(error.path)
            self.has_lost = True
            self._remarks.append(
                f"what was held is damaged and set aside as {aside}; it is made again from the "
                "harvest, and looking back brings what is older (papers run --since)"
            )
            logger.warning("%s: %s", self.keyword.name, self._remarks[-1])
            return None

    def _read_label(self) -> int:
        """Read up to which write the harvest had been looked through when the file was written."""
        name = self.keyword.name
        try:
            found = self.store.read_held_columns(name, ("updated",), range(1))
        except StoreDamagedError:
            with self.store.updating(name):
                found = self._read()
        except (StoreError, OSError):
            return 0  # `keep` says what is wrong with it
        return (found.gleaned or 0) if found else 0

    def tell(self) -> None:
        """Note on disk that it cannot be stored, or else forget what was wrong before."""
        try:
            with self.store.updating(self.keyword.name):
                self.store.write_problem(self.keyword.name, NOT_STORED if self.failure else "")
        except (StoreError, OSError) as error:
            logger.warning("%s: that is not noted on disk: %s", self.keyword.name, error)

    def outcome(self, coverage: Coverage) -> Found | Failed:
        """Say what became of the keyword."""
        if self.failure:
            return Failed(self.keyword, self.failure, NOT_STORED)
        if self.has_lost:
            reason = "its file was found damaged again while it was being made"
            return Failed(self.keyword, "; ".join([*self._remarks, reason]), reason)
        if coverage.problem or coverage.refreshed_at is None:
            reason = f"what was harvested is not all there is: {coverage.problem}"
            return Failed(self.keyword, reason, coverage.problem)
        return Found(
            self.keyword,
            coverage.refreshed_at,
            self.days,
            self._held,
            self._new,
            self._revised,
            (*self._remarks, *coverage.remarks),
        )
