"""Where what arXiv's OAI-PMH listed is kept, a file a day, and what has been looked for in it.

    HOME/.papers/harvest/2026-11-22.parquet   every paper that changed on that day
    HOME/.papers/harvest/problems.json        why some days could not be had, by day
    HOME/.papers/harvest/serial.json          how often anything of it was written
    HOME/.papers/harvest/gleaned.parquet      up to which write each keyword has been looked for

A day's file only grows: what arXiv lists of a day gets less, since a paper that changes again is
listed on its new day only.
"""

import json
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa

from papers_assets import held
from papers_assets.files import (
    StoreDamagedError,
    StoreError,
    read_table,
    replacing,
    sweep,
    write_table,
)
from papers_assets.locks import Locks, locks_below
from papers_assets.places import exists, inside, read_bytes, remove, rename

logger = logging.getLogger(__name__)

SCHEMA = pa.schema([f for f in held.SCHEMA if f.name not in ("first_seen", "last_seen")])
"""Of a day: one row a paper, columns as `held.SCHEMA` has them."""
SETTLES = timedelta(days=4)
"""How long after a day's end it is asked for again: arXiv's server answers from its cache until the
next announcement, which is four days away at most, and a page can miss what moved meanwhile."""
_CLOCKS = timedelta(hours=1)
"""By which those of two hosts may differ."""
_TIME = pa.timestamp("us", tz="UTC")
_GLEANED = pa.schema(
    [
        pa.field("keyword", pa.large_string(), nullable=False),
        pa.field("definition", pa.large_string(), nullable=False),
        pa.field("rules", pa.large_string(), nullable=False),
        pa.field("looked_until", pa.int64(), nullable=False),
        pa.field("written", pa.int64(), nullable=False),
        pa.field("refreshed_at", _TIME),
        pa.field("complete_from", _TIME),
        pa.field("signature", pa.large_string(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Harvested:
    """What is known of a day without its papers."""

    day: date
    sets: tuple[str, ...]
    """Those that were asked for; none: the whole archive."""
    serial: int
    """Which write of the harvest, from 1, brought what is newest in it. Not a time: clocks go back,
    and those of two hosts differ."""
    harvested_at: datetime | None
    """When arXiv was last asked for a list that was whole; None: never."""

    def is_settled(self, sets: Sequence[str], now: datetime) -> bool:
        """Say whether nothing more is to be expected of the day."""
        over = datetime.combine(self.day, time.max, UTC) + SETTLES
        asked_at = self.harvested_at
        return asked_at is not None and asked_at > over and self.is_whole(sets, now)

    def is_whole(self, sets: Sequence[str], now: datetime) -> bool:
        """Say whether all of `sets` have come; when a clock was ahead of `now`, nothing has."""
        asked_at = self.harvested_at
        return asked_at is not None and asked_at <= now + _CLOCKS and self.has(sets)

    def has(self, sets: Sequence[str]) -> bool:
        """Say whether all of `sets` were asked for; none: the whole archive."""
        return not self.sets or (bool(sets) and set(sets) <= set(self.sets))


@dataclass(frozen=True)
class Gleaned:
    """Up to when a keyword has been looked for in what was harvested."""

    definition: str
    """Of the keyword when it was."""
    rules: str
    """By which it was looked for: `choices.rules`."""
    looked_until: int
    """All that was written up to this write of the harvest has been looked through."""
    written: int
    """`Held.gleaned` of what is held of it."""
    refreshed_at: datetime | None
    """When arXiv was asked for the newest of it; None: it has never been whole."""
    complete_from: datetime | None
    """Of papers updated since then, none is missing; None: nobody knows."""
    signature: str
    """Of what was held of the keyword then: `Store.signature`."""


class Harvests:
    """The harvest below one home folder. For `locks`, see `papers_assets.store.Store`."""

    def __init__(self, home: Path, locks: Locks | None = None) -> None:
        self._locks = locks or locks_below(home)
        self.folder = home / ".papers" / "harvest"
        self._problems_path = self.folder / "problems.json"
        self._serial_path = self.folder / "serial.json"
        self._gleaned_path = self.folder / "gleaned.parquet"

    def path(self, day: date) -> Path:
        """Give the file of a day."""
        return self.folder / f"{day.isoformat()}.parquet"

    def days(self) -> list[date]:
        """Give the days that have a file, in order."""
        found = []
        for path in inside(self.folder):
            if path.suffix != ".parquet":
                continue
            try:
                found.append(date.fromisoformat(path.stem))
            except ValueError:
                continue
        return sorted(found)

    @contextmanager
    def bringing_in(self) -> Iterator[None]:
        """Keep other processes from writing what is harvested, until the block ends."""
        with self._locks.holding("harvest"):
            yield

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Keep other processes from writing what has been looked for, until the block ends."""
        with self._locks.holding("gleaned"):
            yield

    def read(self, day: date) -> tuple[Harvested, pa.Table] | None:
        """Read a day; None if it was never harvested.

        Raises:
            StoreDamagedError: the file is damaged.
            StoreError: it cannot be read.
        """
        path = self.path(day)
        if not exists(path):
            return None
        table, labels = read_table(path, SCHEMA)
        return _harvested(path, day, labels), table

    def labels(self, day: date) -> Harvested | None:
        """Read what is known of a day without its papers; None if it was never harvested.

        Raises:
            StoreError: as `read`. Damage to the papers goes unnoticed.
        """
        path = self.path(day)
        if not exists(path):
            return None
        _, labels = read_table(path, pa.schema([]))
        return _harvested(path, day, labels)

    def labels_or_none(self, day: date) -> Harvested | None:
        """Read the same; None, too, if it cannot be read."""
        try:
            return self.labels(day)
        except StoreError as error:
            logger.warning("%s", error)
            return None

    def read_or_set_aside(self, day: date) -> tuple[Harvested, pa.Table] | None:
        """Read a day, making room for a new file if it is damaged; `bringing_in` is held.

        Raises:
            StoreError: it cannot be read.
        """
        try:
            return self.read(day)
        except StoreDamagedError as error:
            aside = self._set_aside(day)
            logger.error("%s; set aside as %s, and to be harvested anew", error, aside)  # noqa: TRY400
            return None

    def write(self, harvested: Harvested, papers: pa.Table) -> None:
        """Write a day; `bringing_in` is held.

        Raises:
            StoreError: it cannot be written, and is as it was.
        """
        labels = {
            "day": harvested.day.isoformat(),
            "sets": json.dumps(harvested.sets),
            "serial": str(harvested.serial),
            "harvested_at": harvested.harvested_at.isoformat() if harvested.harvested_at else "",
        }
        path = self.path(harvested.day)
        sweep(path)
        write_table(path, papers, labels, self._locks.check)

    def _set_aside(self, day: date) -> Path:
        path = self.path(day)
        aside = path.with_name(f"{path.name}.damaged")
        self._locks.check()
        remove(aside)
        rename(path, aside)
        return aside

    def remove_before(self, day: date) -> int:
        """Remove the days before `day`; give how many there were."""
        old = [found for found in self.days() if found < day]
        for found in old:
            remove(self.path(found))
        return len(old)

    def next_serial(self) -> int:
        """Give the number of the write that comes; `bringing_in` is held.

        Raises:
            StoreError: it cannot be noted.
        """
        try:
            last = int(json.loads(read_bytes(self._serial_path))["serial"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            days = [known.serial for day in self.days() if (known := self.labels_or_none(day))]
            last = max(days, default=0)
        # Were it from a backup, what is written now would count as looked through.
        last = max([last, *(known.looked_until for known in self.read_gleaned().values())])
        with replacing(self._serial_path, self._locks.check) as file:
            file.write(json.dumps({"serial": last + 1}).encode())
        return last + 1

    def read_problems(self) -> dict[date, str]:
        """Read why days could not be had when they were last asked for, in a few words."""
        try:
            noted = json.loads(read_bytes(self._problems_path))
            return {date.fromisoformat(day): str(problem) for day, problem in noted.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError) as error:
            logger.warning("%s cannot be read: %s", self._problems_path, error)
            return {}

    def note_problems(self, came: Collection[date], failed: Mapping[date, str]) -> None:
        """Note which days came, and why others did not."""
        with self.bringing_in():
            noted = {d: p for d, p in self.read_problems().items() if d not in came} | dict(failed)
            text = json.dumps({d.isoformat(): p for d, p in sorted(noted.items())}, indent=1)
            if noted:
                with replacing(self._problems_path, self._locks.check) as file:
                    file.write(text.encode())
            else:
                remove(self._problems_path)

    def read_gleaned(self) -> dict[str, Gleaned]:
        """Read, by keyword, up to when it has been looked for; what is damaged is nothing."""
        if not exists(self._gleaned_path):
            return {}
        try:
            table, _ = read_table(self._gleaned_path, _GLEANED)
        except StoreError as error:
            # Then every keyword is looked for everywhere again, which changes nothing.
            logger.warning("%s", error)
            return {}
        rows = table.to_pylist()
        return {row.pop("keyword"): Gleaned(**row) for row in rows}

    def write_gleaned(self, gleaned: Mapping[str, Gleaned]) -> None:
        """Note, by keyword, up to when it has been looked for; `noting` is held.

        Raises:
            StoreError: it cannot be written, and is as it was.
        """
        rows = [{"keyword": name, **vars(of_keyword)} for name, of_keyword in gleaned.items()]
        sweep(self._gleaned_path)
        table = pa.Table.from_pylist(rows, schema=_GLEANED)
        write_table(self._gleaned_path, table, {}, self._locks.check)


def _harvested(path: Path, day: date, labels: Mapping[str, str]) -> Harvested:
    try:
        return Harvested(
            day,
            tuple(json.loads(labels["sets"])),
            int(labels.get("serial", "1")),
            datetime.fromisoformat(whole) if (whole := labels["harvested_at"]) else None,
        )
    except (KeyError, ValueError, TypeError) as error:
        raise StoreDamagedError(path, f"its labels cannot be read ({error!r})") from error
