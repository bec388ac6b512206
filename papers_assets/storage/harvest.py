"""The papers that arXiv's OAI-PMH listed, one file per day.

    HOME/.papers/harvest/2026-11-22.parquet   every paper that changed on that day
    HOME/.papers/harvest/problems.json        why some days could not be fetched, by day
    HOME/.papers/harvest/serial.json          the number of writes so far
    HOME/.papers/harvest/index.json           the status of each day, to avoid opening all files
    HOME/.papers/harvest/gleaned.parquet      the scan state of each keyword (`ScanStateStore`)

A day's file only grows, while arXiv's list of a day shrinks: a paper that changes again is listed
on its new day only.
"""

import json
import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from papers_assets.arxiv.oai_day import find_sets
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.storage.files import (
    StoreDamagedError,
    StoreError,
    atomic_write,
    quarantine,
    remove_partial_files,
)
from papers_assets.storage.filesystem import etag, etags, file_exists, read_bytes, remove_file
from papers_assets.storage.locks import Locks, default_locks
from papers_assets.storage.parquet import read_table, write_table
from papers_assets.storage.scan_state import ScanStateStore
from papers_assets.transform import schema
from papers_assets.transform.harvest_coverage import (
    Coverage,
    DayStatus,
    compute_coverage,
    from_metadata,
    to_metadata,
)

logger = logging.getLogger(__name__)


class StoredDays(NamedTuple):
    """The status of the stored days."""

    days: dict[date, DayStatus]
    errors: dict[date, StoreError | OSError]
    """The days whose files cannot be read, with the reason."""


class HarvestStore:
    """The harvest below one home folder; `locks` as in `RawPapersStore`."""

    def __init__(self, home: Path, locks: Locks | None = None) -> None:
        self._locks = locks or default_locks(home)
        self.folder = home / ".papers" / "harvest"
        self._problems_path = self.folder / "problems.json"
        self._sequence_path = self.folder / "serial.json"
        self._index_path = self.folder / "index.json"
        self.scan_states = ScanStateStore(self.folder / "gleaned.parquet", self._locks)
        """Up to which write of the harvest each keyword has been scanned for."""

    def path(self, day: date) -> Path:
        """Return the file of a day."""
        return self.folder / f"{day.isoformat()}.parquet"

    def days(self) -> list[date]:
        """Return the days that have a file, in order."""
        return sorted(self._etags())

    def _etags(self) -> dict[date, str]:
        found = {}
        for name, signature_ in etags(self.folder).items():
            day, _, kind = name.partition(".")
            if kind == "parquet":
                with suppress(ValueError):
                    found[date.fromisoformat(day)] = signature_
        return found

    def read_status(self) -> StoredDays:
        """Return the status of each day that has a file; files in the index are not opened.

        Raises:
            OSError: the folder cannot be read.
        """
        index, found = self._read_index(), StoredDays({}, {})
        for day, signature_ in self._etags().items():
            signed, of_day = index.get(day, ("", None))
            try:
                if signed != signature_ or of_day is None:
                    of_day = self._read_metadata(day)
                found.days[day] = of_day
            except (StoreError, OSError) as error:
                if file_exists(self.path(day)):  # else it was removed in the meantime
                    found.errors[day] = error
        return found

    def coverage(self, keywords_config: KeywordsConfig, now: datetime) -> Coverage | None:
        """Return which of the wanted days are stored; None: nothing is to be harvested.

        Raises:
            OSError: the folder cannot be read.
        """
        since = keywords_config.harvest_start(now.astimezone(UTC).date())
        if since is None:
            return None
        sets = find_sets(keywords_config.harvest_categories)
        return compute_coverage(since, self.readable_days(), self.read_problems(), sets, now)

    def readable_days(self) -> dict[date, DayStatus]:
        """Return the status of each day that can be read; log the others."""
        found = self.read_status()
        for error in found.errors.values():
            logger.warning("%s", error)
        return found.days

    def _read_metadata(self, day: date) -> DayStatus:
        path = self.path(day)
        return _from_metadata(path, day, read_table(path, pa.schema([]))[1])

    def _read_index(self) -> dict[date, tuple[str, DayStatus]]:
        """Return the etag of each day's file and the day's status."""
        found = {}
        try:
            for text, (signed, labels) in json.loads(read_bytes(self._index_path)).items():
                day = date.fromisoformat(text)
                found[day] = str(signed), from_metadata(day, labels)
        except FileNotFoundError:
            return {}
        except (KeyError, ValueError, TypeError, AttributeError, OSError) as error:
            logger.warning("%s: %s; days are opened one by one", self._index_path, error)
            return {}
        return found

    def _write_index(self, status: DayStatus) -> None:
        there = self._etags()
        index = {day: entry for day, entry in self._read_index().items() if day in there}
        index[status.day] = etag(self.path(status.day)), status
        entries = {d.isoformat(): (signed, to_metadata(of)) for d, (signed, of) in index.items()}
        try:
            with atomic_write(self._index_path, self._locks.assert_held) as file:
                file.write(json.dumps(entries, sort_keys=True).encode())
        except (StoreError, OSError) as error:  # the day itself is stored
            logger.warning("%s: %s; days are opened one by one", self._index_path, error)

    @contextmanager
    def write_lock(self) -> Iterator[None]:
        """Keep other processes from writing the harvest until the block ends."""
        with self._locks.hold("harvest"):
            yield

    def read(self, day: date) -> tuple[DayStatus, pa.Table] | None:
        """Read a day; None if it was never harvested.

        Raises:
            StoreDamagedError: the file is damaged.
            StoreError: it cannot be read.
        """
        path = self.path(day)
        if not file_exists(path):
            return None
        table, labels = read_table(path, schema.PAPER_SCHEMA)
        return _from_metadata(path, day, labels), table

    def read_or_quarantine(self, day: date) -> tuple[DayStatus, pa.Table] | None:
        """Read a day; set its file aside if it is damaged. The caller holds `write_lock`.

        Raises:
            StoreError: it cannot be read.
        """
        try:
            return self.read(day)
        except StoreDamagedError as error:
            aside = quarantine(self.path(day), self._locks.assert_held)
            logger.error("%s; set aside as %s, and to be harvested anew", error, aside)  # noqa: TRY400
            return None

    def write(self, status: DayStatus, papers: pa.Table) -> None:
        """Write a day; the caller holds `write_lock`.

        Raises:
            StoreError: it cannot be written, and is unchanged.
        """
        labels = to_metadata(status)
        path = self.path(status.day)
        remove_partial_files(path)
        write_table(path, papers, labels, self._locks.assert_held)
        # If the process dies here, the index does not match the file, which is then opened.
        self._write_index(status)

    def remove_before(self, day: date) -> int:
        """Remove the days before `day`, and return how many there were."""
        old = [found for found in self.days() if found < day]
        for found in old:
            self._locks.assert_held()
            remove_file(self.path(found))
        return len(old)

    def next_sequence(self) -> int:
        """Return the number of the next write; the caller holds `write_lock`.

        Raises:
            StoreError: it cannot be stored.
        """
        # If the count were restored from a backup, new writes would count as scanned already.
        looked = [state.scanned_until for state in self.scan_states.read().values()]
        last = max([self.last_sequence(), *looked])
        with atomic_write(self._sequence_path, self._locks.assert_held) as file:
            file.write(json.dumps({"serial": last + 1}).encode())
        return last + 1

    def last_sequence(self) -> int:
        """Return the number of the last write; 0 if there was none.

        All writes before it are complete. The last one may not be, unless the caller holds
        `write_lock`.
        """
        try:
            return int(json.loads(read_bytes(self._sequence_path))["serial"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return max((of_day.sequence for of_day in self.readable_days().values()), default=0)

    def read_problems(self) -> dict[date, str]:
        """Return the short reasons why days could not be fetched at the last attempt."""
        try:
            noted = json.loads(read_bytes(self._problems_path))
            return {date.fromisoformat(day): str(problem) for day, problem in noted.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError) as error:
            logger.warning("%s cannot be read: %s", self._problems_path, error)
            return {}

    def write_problems(self, fetched: Collection[date], failed: Mapping[date, str]) -> None:
        """Store why days could not be fetched; forget the problems of fetched days."""
        with self.write_lock():
            before = self.read_problems()
            noted = {d: p for d, p in before.items() if d not in fetched} | dict(failed)
            if noted == before:
                return
            text = json.dumps({d.isoformat(): p for d, p in sorted(noted.items())}, indent=1)
            if noted:
                with atomic_write(self._problems_path, self._locks.assert_held) as file:
                    file.write(text.encode())
            else:
                self._locks.assert_held()
                remove_file(self._problems_path)


def _from_metadata(path: Path, day: date, labels: Mapping[str, str]) -> DayStatus:
    try:
        return from_metadata(day, labels)
    except (KeyError, ValueError, TypeError) as error:
        raise StoreDamagedError(path, f"its labels cannot be read ({error!r})") from error
