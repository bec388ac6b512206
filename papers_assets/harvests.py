"""Where what arXiv's OAI-PMH listed is kept, a file a day, and what has been looked for in it.

    HOME/.papers/harvest/2026-11-22.parquet   every paper that changed on that day
    HOME/.papers/harvest/problem.json         why the last harvest was not whole, if it was not
    HOME/.papers/harvest/gleaned.parquet      up to which harvest each keyword has been looked for

A day's file only grows: what arXiv lists of a day gets less, since a paper that changes again is
listed on its new day only.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
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
_TIME = pa.timestamp("us", tz="UTC")
_GLEANED = pa.schema(
    [
        pa.field("keyword", pa.large_string(), nullable=False),
        pa.field("definition", pa.large_string(), nullable=False),
        pa.field("looked_at", _TIME, nullable=False),
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
    changed_at: datetime
    """When its file was last written."""
    harvested_at: datetime | None
    """When arXiv was last asked for a list that was whole; None: never."""

    def is_settled(self, sets: Sequence[str]) -> bool:
        """Say whether nothing more is to be expected of the day."""
        over = datetime.combine(self.day, time.max, UTC) + SETTLES
        return self.harvested_at is not None and self.harvested_at > over and self.has(sets)

    def has(self, sets: Sequence[str]) -> bool:
        """Say whether all of `sets` were asked for; none: the whole archive."""
        return not self.sets or (bool(sets) and set(sets) <= set(self.sets))


@dataclass(frozen=True)
class Gleaned:
    """Up to when a keyword has been looked for in what was harvested."""

    definition: str
    """Of the keyword when it was."""
    looked_at: datetime
    """All that was harvested until then has been looked through."""
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
        self._problem_path = self.folder / "problem.json"
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

    def read_labels(self, day: date) -> Harvested | None:
        """Read what is known of a day without its papers; None if there is none to be read."""
        path = self.path(day)
        if not exists(path):
            return None
        try:
            _, labels = read_table(path, pa.schema([]))
            return _harvested(path, day, labels)
        except StoreError as error:
            logger.warning("%s; it is harvested anew", error)
            return None

    def write(self, harvested: Harvested, papers: pa.Table) -> None:
        """Write a day; `bringing_in` is held.

        Raises:
            StoreError: it cannot be written, and is as it was.
        """
        labels = {
            "day": harvested.day.isoformat(),
            "sets": json.dumps(harvested.sets),
            "changed_at": harvested.changed_at.isoformat(),
            "harvested_at": harvested.harvested_at.isoformat() if harvested.harvested_at else "",
        }
        path = self.path(harvested.day)
        sweep(path)
        write_table(path, papers, labels, self._locks.check)

    def set_aside(self, day: date) -> Path:
        """Rename a damaged day, so that it can be harvested anew, and give its new name."""
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

    def read_problem(self) -> str:
        """Read why the last harvest was not whole, in a few words; empty: it was."""
        try:
            return str(json.loads(read_bytes(self._problem_path))["problem"])
        except FileNotFoundError:
            return ""
        except (ValueError, KeyError, TypeError):
            return "the reason was lost"

    def write_problem(self, problem: str) -> None:
        """Note why the last harvest was not whole; empty: it was."""
        if not problem:
            remove(self._problem_path)
            return
        with replacing(self._problem_path, self._locks.check) as file:
            file.write(json.dumps({"problem": problem}).encode())

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
            datetime.fromisoformat(labels["changed_at"]),
            datetime.fromisoformat(whole) if (whole := labels["harvested_at"]) else None,
        )
    except (KeyError, ValueError, TypeError) as error:
        raise StoreDamagedError(path, f"its labels cannot be read ({error!r})") from error
