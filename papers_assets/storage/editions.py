"""Where publications live on disk, and what is remembered of them; the store's other half.

    HOME/output/editions/2026-11-23.json    what changed on a day
    HOME/output/digests/2026-11-23.md       the same, for people
    HOME/output/site/                       pages, feeds, citations and data, as they are served
    HOME/.papers/known.parquet              what the editions have told of so far
    HOME/.papers/deliveries.json            who has been told of what
    HOME/.papers/site/                      which files of the site are ours, by part

Every write is atomic. `known.parquet` is made from the editions again when it is not there, and
knows what they have told of when they are not.
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
from papers_assets.storage.files import StoreError, replacing, sweep
from papers_assets.storage.filesystem import exists, inside, read_bytes, remove
from papers_assets.storage.locks import Locks, locks_below
from papers_assets.storage.parquet import read_table, write_table
from papers_assets.transform import changes, editions
from papers_assets.transform.changes import Update
from papers_assets.transform.editions import Edition, Mark

_TEXT = pa.large_string()
_KNOWN = pa.schema(
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

_OF_A_KEYWORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*-[0-9a-f]{12}\.(?:html|xml|json|bib|ris)")
"""Files that earlier versions named after a `papers_assets.storage.raw_papers.slug`."""
_HALF = re.compile(r"\.[^/]+\.(?:html|xml|json|bib|ris|csv)\.[^.]*\.tmp")
"""What a writer left behind who died writing."""

logger = logging.getLogger(__name__)


class Known(NamedTuple):
    """What editions have told of."""

    papers: pd.DataFrame
    """See `papers_assets.transform.changes.KNOWN`."""
    until: Mark | None
    """Up to and with this part; None: there has been no edition."""
    previous: Mapping[str, Update] = MappingProxyType({})
    """By keyword, the previous update of its list; a keyword without one is not followed yet."""


class Written(NamedTuple):
    """The files of a part of the site that were written last."""

    names: frozenset[str] = frozenset()
    made_with: str = ""
    """What was passed to `write_site`."""


class Outputs:
    """The publications below one home folder. For `locks`, see `store.Store`."""

    def __init__(self, home: Path, locks: Locks | None = None) -> None:
        self._locks = locks or locks_below(home)
        self.folder = home / "output"
        self.site_folder = self.folder / "site"
        self._editions_folder = self.folder / "editions"
        self._known_path = home / ".papers" / "known.parquet"
        self._deliveries_path = home / ".papers" / "deliveries.json"
        self._written_folder = home / ".papers" / "site"

    def edition_path(self, day: date) -> Path:
        """Give the file of a day's edition."""
        return self._editions_folder / f"{day.isoformat()}.json"

    def digest_path(self, day: date) -> Path:
        """Give the file of a day's digest."""
        return self.folder / "digests" / f"{day.isoformat()}.md"

    def days(self) -> list[date]:
        """Give the days that have an edition, in order."""
        days = []
        for path in inside(self._editions_folder):
            if path.suffix != ".json":
                continue
            try:
                days.append(date.fromisoformat(path.stem))
            except ValueError:  # somebody else's
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
        days = self.days()
        return self.read_edition(days[-1]) if days else None

    def write_edition(self, edition: Edition) -> None:
        """Write a day's edition; `Store.publishing` is held."""
        sweep(self.edition_path(edition.day))
        with replacing(self.edition_path(edition.day), self._locks.check) as file:
            file.write(edition_files.to_json(edition).encode())

    def read_known(self) -> Known:
        """Read what the editions have told of so far.

        Raises:
            StoreError: an edition that is needed for it cannot be read.
        """
        known, until, previous = self._checkpoint()
        # What was told stays told, though its edition be lost or taken away.
        read = self._editions_from(until.day if until else date.min)
        marks = [edition.mark for edition in read] + ([until] if until else [])
        return Known(
            editions.known_by(read, known, until),
            max(marks, default=None),
            editions.previous_by(read, previous, until),
        )

    def _editions_from(self, day: date) -> list[Edition]:
        days = [known for known in self.days() if known >= day]
        return [edition for known in days if (edition := self.read_edition(known)) is not None]

    def write_known(self, known: Known) -> None:
        """Note what the editions have told of, so that they need not all be read again."""
        if known.until is None:
            return
        table = pa.Table.from_pandas(known.papers, schema=_KNOWN, preserve_index=False)
        sweep(self._known_path)
        labels = {
            "edition": known.until.day.isoformat(),
            "part": str(known.until.part),
            "previous": json.dumps(
                {
                    name: [update.refreshed_at.isoformat(), update.definition]
                    for name, update in known.previous.items()
                }
            ),
        }
        write_table(self._known_path, table, labels, self._locks.check)

    def _checkpoint(self) -> Known:
        if not exists(self._known_path):
            return Known(changes.nothing_known(), None)
        try:
            table, labels = read_table(self._known_path, _KNOWN)
            until = Mark(date.fromisoformat(labels["edition"]), int(labels["part"]))
            previous = {
                name: Update(datetime.fromisoformat(moment), definition)
                for name, (moment, definition) in json.loads(labels.get("previous", "{}")).items()
            }
        except (StoreError, KeyError, ValueError, TypeError, AttributeError) as error:
            logger.warning("%s is made from the editions again: %s", self._known_path.name, error)
            return Known(changes.nothing_known(), None)
        frame = table.to_pandas().fillna({"kind": ""}).astype(changes.KNOWN)
        if "previous" not in labels:  # an older program wrote it: what it told of was followed
            then = datetime.combine(until.day, time(), UTC)
            previous = {str(name): Update(then) for name in frame["keyword"].unique()}
        return Known(frame, until, previous)

    def write_digest(self, day: date, text: str) -> Path:
        """Write a day's digest, and give its path."""
        path = self.digest_path(day)
        sweep(path)
        with replacing(path, self._locks.check) as file:
            file.write(text.encode())
        return path

    def site_files(self, folder: str) -> set[str]:
        """Return the names of what is right below a folder of the site."""
        return {path.name for path in inside(self.site_folder / folder)}

    def read_written(self, part: str) -> Written:
        """Read which files of a part of the site were written last; none if that is unknown."""
        path = self._written_path(part)
        try:
            value = json.loads(read_bytes(path))
            return Written(frozenset(map(str, value["files"])), str(value["made_with"]))
        except FileNotFoundError:
            return Written()
        except (ValueError, KeyError, TypeError) as error:
            logger.warning("%s is written again: %s", path, error)
            return Written()

    def write_site(
        self,
        part: str,
        files: Iterable[tuple[str, Iterator[str]]],
        *,
        unchanged: Collection[str] = (),
        made_with: str = "",
    ) -> dict[str, int]:
        """Write a part of the site, and remove the files of ours that are no longer of it.

        Args:
            part: a folder below that of the site; empty: the pages.
            files: name, with `/` between folders, and content in pieces.
            unchanged: names of files that stay as they are.
            made_with: stored for `read_written`.

        Returns:
            The sizes of the written files by name, bytes.
        """
        folder, before = self.site_folder / part, self.read_written(part).names
        sizes = {}
        for name, pieces in files:
            with replacing(folder / name, self._locks.check) as file:
                sizes[name] = sum(file.write(piece.encode()) for piece in pieces)
        names = {*sizes, *unchanged}
        for name in before - names:
            self._locks.check()
            remove(folder / name)
        self._remove_former(folder, names)
        with replacing(self._written_path(part), self._locks.check) as file:
            value = {"files": sorted(names), "made_with": made_with}
            file.write(json.dumps(value, indent=1).encode())
        return sizes

    def _remove_former(self, folder: Path, names: Collection[str]) -> None:
        """Remove temporary files, and what earlier versions, which listed no files, wrote."""
        for place in {(folder / name).parent for name in names}:
            there = {PurePosixPath(n).name for n in names if (folder / n).parent == place}
            for path in inside(place):
                is_ours = _OF_A_KEYWORD.fullmatch(path.name) or _HALF.fullmatch(path.name)
                if is_ours and path.name not in there:
                    self._locks.check()
                    remove(path)

    def _written_path(self, part: str) -> Path:
        return self._written_folder / f"{part or 'pages'}.json"

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Keep other processes from telling anybody anything, until the block ends."""
        with self._locks.holding("telling"):
            sweep(self._deliveries_path)
            yield

    def read_deliveries(self) -> dict[str, Mark]:
        """Read up to which part whom has been told.

        Raises:
            StoreError: it cannot be read.
        """
        try:
            noted = json.loads(read_bytes(self._deliveries_path))
            return {
                to: Mark(date.fromisoformat(day), int(part)) for to, (day, part) in noted.items()
            }
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError, OSError) as error:
            raise StoreError(
                f"{self._deliveries_path}: it cannot be read ({error}). Nobody is told anything "
                "before it is brought back, or moved away: then the newest edition is told of to "
                "everybody, again."
            ) from error

    def write_deliveries(self, deliveries: Mapping[str, Mark]) -> None:
        """Note up to which part whom has been told."""
        noted = {to: [mark.day.isoformat(), mark.part] for to, mark in deliveries.items()}
        with replacing(self._deliveries_path, self._locks.check) as file:
            file.write(json.dumps(noted, indent=1, sort_keys=True).encode())
