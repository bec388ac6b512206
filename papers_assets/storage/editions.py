"""Editions, digests, the site and the delivery log on disk.

    HOME/output/editions/2026-11-23.json    what changed on a day
    HOME/output/digests/2026-11-23.md       the same as a readable text
    HOME/output/site/                       pages, feeds, citations and data, as they are served
    HOME/.papers/known.parquet              the papers announced in editions so far
    HOME/.papers/deliveries.json            the delivery log: the last part sent to each recipient
    HOME/.papers/site/                      the files of the site that we wrote, by part

Every write is atomic. `known.parquet` is rebuilt from the editions if it is missing; if editions
are missing, it still lists what they announced.
"""

import json
import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from papers_assets.storage import edition_files
from papers_assets.storage.files import StoreError, atomic_write, remove_partial_files
from papers_assets.storage.filesystem import file_exists, list_files, read_bytes, remove_file
from papers_assets.storage.locks import Locks, default_locks
from papers_assets.storage.parquet import read_table, write_table
from papers_assets.transform import changes, editions
from papers_assets.transform.changes import ListUpdate
from papers_assets.transform.editions import Edition, Position

_TEXT = pa.large_string()
_ANNOUNCED_SCHEMA = pa.schema(
    [
        pa.field("keyword", _TEXT, nullable=False),
        pa.field("arxiv_id", _TEXT, nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("title", _TEXT, nullable=False),
        pa.field("comment", _TEXT),
        pa.field("listed", pa.bool_(), nullable=False),
        pa.field("kind", _TEXT),
    ]
)

_KEYWORD_FILE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*-[0-9a-f]{12}\.(?:html|xml|json|bib|ris)")
"""Files that earlier versions named by `papers_assets.storage.raw_papers.build_slug`."""
_PARTIAL_FILE = re.compile(r"\.[^/]+\.(?:html|xml|json|bib|ris|csv)\.[^.]*\.tmp")
"""Temporary files of writers that died."""

logger = logging.getLogger(__name__)


class AnnouncedPapers(NamedTuple):
    """The papers announced in editions so far."""

    papers: pd.DataFrame
    """Of schema `papers_assets.transform.changes.ANNOUNCED_SCHEMA`."""
    position: Position | None
    """The last part that is included; None: there has been no edition."""
    updates: Mapping[str, ListUpdate] = MappingProxyType({})
    """The previous update of each keyword's list; a keyword without one is not followed yet."""


class WrittenFiles(NamedTuple):
    """The files of a part of the site as of the last write."""

    names: frozenset[str] = frozenset()
    rendering_version: str = ""
    """The `made_with` that was passed to `write_site`."""


class EditionStore:
    """The publications below one home folder; `locks` as in `RawPapersStore`."""

    def __init__(self, home: Path, locks: Locks | None = None) -> None:
        self._locks = locks or default_locks(home)
        self.folder = home / "output"
        self.site_folder = self.folder / "site"
        self._editions_folder = self.folder / "editions"
        self._announced_path = home / ".papers" / "known.parquet"
        self._deliveries_path = home / ".papers" / "deliveries.json"
        self._written_folder = home / ".papers" / "site"

    def edition_path(self, day: date) -> Path:
        """Return the file of a day's edition."""
        return self._editions_folder / f"{day.isoformat()}.json"

    def digest_path(self, day: date) -> Path:
        """Return the file of a day's digest."""
        return self.folder / "digests" / f"{day.isoformat()}.md"

    def list_days(self) -> list[date]:
        """Return the days that have an edition, in order."""
        days = []
        for path in list_files(self._editions_folder):
            if path.suffix != ".json":
                continue
            try:
                days.append(date.fromisoformat(path.stem))
            except ValueError:  # not a file of ours
                continue
        return sorted(days)

    def read_edition(self, day: date) -> Edition | None:
        """Read a day's edition; None if there is none.

        Raises:
            StoreError: it cannot be read.
        """
        path = self.edition_path(day)
        try:
            return edition_files.from_json(read_bytes(path).decode())
        except FileNotFoundError:
            return None
        except (ValueError, OSError) as error:
            raise StoreError(
                f"{path}: no edition can be read from it ({error}). Bring it back, as by git "
                "checkout, or move it away; until then nobody is told what is new."
            ) from error

    def newest_edition(self) -> Edition | None:
        """Read the newest edition; None if there is none."""
        days = self.list_days()
        return self.read_edition(days[-1]) if days else None

    def write_edition(self, edition: Edition) -> None:
        """Write a day's edition; the caller holds `RawPapersStore.publish_lock`."""
        remove_partial_files(self.edition_path(edition.day))
        with atomic_write(self.edition_path(edition.day), self._locks.assert_held) as file:
            file.write(edition_files.to_json(edition).encode())

    def read_announced(self) -> AnnouncedPapers:
        """Return the papers announced in editions so far.

        Raises:
            StoreError: an edition that is needed for it cannot be read.
        """
        announced, until, previous = self._read_checkpoint()
        # What was announced stays announced, even if its edition is lost or removed.
        read = self._read_editions_from(until.day if until else date.min)
        marks = [edition.position for edition in read] + ([until] if until else [])
        return AnnouncedPapers(
            editions.replay(read, announced, until),
            max(marks, default=None),
            editions.replay_updates(read, previous, until),
        )

    def _read_editions_from(self, day: date) -> list[Edition]:
        days = [known for known in self.list_days() if known >= day]
        return [edition for known in days if (edition := self.read_edition(known)) is not None]

    def write_announced(self, announced: AnnouncedPapers) -> None:
        """Store the announced papers, so that not all editions have to be read again."""
        if announced.position is None:
            return
        table = pa.Table.from_pandas(
            announced.papers, schema=_ANNOUNCED_SCHEMA, preserve_index=False
        )
        remove_partial_files(self._announced_path)
        labels = {
            "edition": announced.position.day.isoformat(),
            "part": str(announced.position.part),
            "previous": json.dumps(
                {
                    name: [update.refreshed_at.isoformat(), update.definition]
                    for name, update in announced.updates.items()
                }
            ),
        }
        write_table(self._announced_path, table, labels, self._locks.assert_held)

    def _read_checkpoint(self) -> AnnouncedPapers:
        if not file_exists(self._announced_path):
            return AnnouncedPapers(changes.no_announcements(), None)
        try:
            table, labels = read_table(self._announced_path, _ANNOUNCED_SCHEMA)
            until = Position(date.fromisoformat(labels["edition"]), int(labels["part"]))
            previous = {
                name: ListUpdate(datetime.fromisoformat(moment), definition)
                for name, (moment, definition) in json.loads(labels.get("previous", "{}")).items()
            }
        except (StoreError, KeyError, ValueError, TypeError, AttributeError) as error:
            logger.warning(
                "%s is made from the editions again: %s", self._announced_path.name, error
            )
            return AnnouncedPapers(changes.no_announcements(), None)
        frame = table.to_pandas().fillna({"kind": ""}).astype(changes.ANNOUNCED_SCHEMA)
        if "previous" not in labels:  # an older version wrote it: all its keywords were followed
            then = datetime.combine(until.day, time(), UTC)
            previous = {str(name): ListUpdate(then) for name in frame["keyword"].unique()}
        return AnnouncedPapers(frame, until, previous)

    def write_digest(self, day: date, text: str) -> Path:
        """Write a day's digest, and return its path."""
        path = self.digest_path(day)
        remove_partial_files(path)
        with atomic_write(path, self._locks.assert_held) as file:
            file.write(text.encode())
        return path

    def list_site_files(self, folder: str) -> set[str]:
        """Return the names of the entries directly below a folder of the site."""
        return {path.name for path in list_files(self.site_folder / folder)}

    def read_written_files(self, part: str) -> WrittenFiles:
        """Return the files of a part of the site as of the last write; none if unknown."""
        path = self._written_path(part)
        try:
            value = json.loads(read_bytes(path))
            return WrittenFiles(frozenset(map(str, value["files"])), str(value["made_with"]))
        except FileNotFoundError:
            return WrittenFiles()
        except (ValueError, KeyError, TypeError) as error:
            logger.warning("%s is written again: %s", path, error)
            return WrittenFiles()

    def write_site(
        self,
        part: str,
        files: Iterable[tuple[str, Iterator[str]]],
        *,
        unchanged: Collection[str] = (),
        made_with: str = "",
    ) -> dict[str, int]:
        """Write a part of the site, and remove those of our files that no longer belong to it.

        Args:
            part: a folder below that of the site; empty: the pages.
            files: the name, with `/` between folders, and the content in pieces.
            unchanged: names of files to leave unchanged.
            made_with: stored for `read_written_files`.

        Returns:
            The sizes in bytes of the written files, by name.
        """
        folder, before = self.site_folder / part, self.read_written_files(part).names
        sizes = {}
        for name, pieces in files:
            with atomic_write(folder / name, self._locks.assert_held) as file:
                sizes[name] = sum(file.write(piece.encode()) for piece in pieces)
        names = {*sizes, *unchanged}
        for name in before - names:
            self._locks.assert_held()
            remove_file(folder / name)
        self._remove_old_files(folder, names)
        with atomic_write(self._written_path(part), self._locks.assert_held) as file:
            value = {"files": sorted(names), "made_with": made_with}
            file.write(json.dumps(value, indent=1).encode())
        return sizes

    def _remove_old_files(self, folder: Path, names: Collection[str]) -> None:
        """Remove temporary files, and files of earlier versions, which did not list theirs."""
        for place in {(folder / name).parent for name in names}:
            there = {PurePosixPath(n).name for n in names if (folder / n).parent == place}
            for path in list_files(place):
                is_ours = _KEYWORD_FILE.fullmatch(path.name) or _PARTIAL_FILE.fullmatch(path.name)
                if is_ours and path.name not in there:
                    self._locks.assert_held()
                    remove_file(path)

    def _written_path(self, part: str) -> Path:
        return self._written_folder / f"{part or 'pages'}.json"

    @contextmanager
    def delivery_lock(self) -> Iterator[None]:
        """Keep other processes from sending notifications until the block ends."""
        with self._locks.hold("telling"):
            remove_partial_files(self._deliveries_path)
            yield

    def read_deliveries(self) -> dict[str, Position]:
        """Return the delivery log: the last part sent to each recipient.

        Raises:
            StoreError: it cannot be read.
        """
        try:
            noted = json.loads(read_bytes(self._deliveries_path))
            return {
                to: Position(date.fromisoformat(day), int(part))
                for to, (day, part) in noted.items()
            }
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError, OSError) as error:
            raise StoreError(
                f"{self._deliveries_path}: it cannot be read ({error}). Nobody is told anything "
                "before it is brought back, or moved away: then the newest edition is told of to "
                "everybody, again."
            ) from error

    def write_deliveries(self, deliveries: Mapping[str, Position]) -> None:
        """Write the delivery log: the last part sent to each recipient."""
        noted = {to: [mark.day.isoformat(), mark.part] for to, mark in deliveries.items()}
        with atomic_write(self._deliveries_path, self._locks.assert_held) as file:
            file.write(json.dumps(noted, indent=1, sort_keys=True).encode())
