"""Where held papers and the asset `papers` live, on disk or in object storage, and their formats.

    HOME/.papers/raw_papers/<keyword>.parquet         what is held of a keyword
    HOME/.papers/raw_papers/<keyword>.problem.json    why its last refresh failed, if it did
    HOME/.papers/papers.parquet                       the asset `papers`
    HOME/.papers/locks/                               held by who writes, or runs something; on
                                                      this host if HOME is not: `locks`

What is published as Markdown is in `documents`. (Dagster's run history is in HOME/.papers too:
dagster.yaml says where.) Every write is atomic: a reader, or a restart after the plug was pulled,
finds the old file or the new one, whole. Who reads a file in order to write it holds its lock
meanwhile: `updating`, `publishing`.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import pyarrow as pa

from papers_assets.settings import is_remote
from papers_assets.storage.documents import Documents
from papers_assets.storage.files import StoreDamagedError, StoreError, replacing, set_aside, sweep
from papers_assets.storage.filesystem import (
    exists,
    inside,
    read_bytes,
    remove,
    signature,
    signatures,
)
from papers_assets.storage.labels import Head, head_of, held_of, labels_of
from papers_assets.storage.locks import Locks, folder_here, locks_below
from papers_assets.storage.parquet import FORMAT, read_labels, read_table, write_table
from papers_assets.transform import schema as paper_rows
from papers_assets.transform import selection
from papers_assets.transform.raw_papers import Held

_SLUG = 40
_LONGEST_PLAIN = 60
_PLAIN = re.compile(r"[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*")
_HASHED = re.compile(r"(?:.*-)?[0-9a-f]{12}")
# Names of our other files, and those of devices, which Windows allows for no file.
_RESERVED = frozenset(
    ["all", "index", "con", "prn", "aux", "nul"]
    + [f"{device}{number}" for device in ("com", "lpt") for number in range(10)]
)
_HELD, _PROBLEM = ".parquet", ".problem.json"
_HALF_OF_HELD = re.compile(r"\.(?P<slug>[a-z0-9-]+)\.(?:parquet|problem\.json)\..*\.tmp")

__all__ = ["FORMAT", "Store", "StoreDamagedError", "StoreError", "public_slug", "slug"]


class Store:
    """The files below one home folder.

    Args:
        home: on disk or in object storage.
        locks: held by who writes; None: those of a home on disk.
        host_folder: where this host keeps its own locks, if `home` is not on disk.
    """

    def __init__(
        self, home: Path, locks: Locks | None = None, host_folder: Path | None = None
    ) -> None:
        self.home = home
        self.papers_path = home / ".papers" / "papers.parquet"
        self.locks = locks or locks_below(home)
        self.locks_folder = folder_here(home, host_folder)
        """Where the runs of this host's command lines hold theirs."""
        self.documents = Documents(home, self.locks)
        self._held_folder = home / ".papers" / "raw_papers"

    def held_path(self, keyword: str) -> Path:
        """Give the file of a keyword: readable, safe and short, whatever the keyword is made of."""
        return self._held_folder / f"{slug(keyword)}{_HELD}"

    @contextmanager
    def updating(self, keyword: str) -> Iterator[None]:
        """Keep other processes from writing what is held of `keyword`, until the block ends."""
        with self.locks.holding(slug(keyword)):
            yield

    def sweep_held(self) -> None:
        """Remove what writers of held papers left behind who died writing.

        All at once, since to look through a folder for each file of it takes time that grows with
        the square of the keywords.
        """
        if is_remote(self._held_folder):
            return  # they left nothing there
        for left in self._held_folder.glob(".*.tmp"):
            if half := _HALF_OF_HELD.fullmatch(left.name):
                with self.locks.holding(half["slug"]), suppress(OSError):
                    left.unlink()  # or it has become what it was to become meanwhile

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Keep other processes from writing `papers` and `readme`, until the block ends."""
        with self.locks.holding("publishing"):
            sweep(self.papers_path)
            self.documents.sweep()
            yield

    def read_held(self, keyword: str) -> Held | None:
        """Read what is held of `keyword`; None if it was never fetched.

        Raises:
            StoreDamagedError: the file is damaged.
            StoreError: a newer version of papers-assets wrote it.
        """
        return self.read_held_columns(keyword, paper_rows.SCHEMA.names)

    def read_held_columns(
        self, keyword: str, columns: Sequence[str], rows: range | None = None
    ) -> Held | None:
        """Read the same with some of the papers' columns only, and of some rows, newest first.

        Args:
            keyword: whose.
            columns: of `paper_rows.SCHEMA`, `updated` among them.
            rows: which; None: all.

        Raises:
            StoreError: as `read_held`. Damage to what is not asked for goes unnoticed.
        """
        path = self.held_path(keyword)
        if not exists(path):
            return None
        schema = pa.schema([paper_rows.SCHEMA.field(name) for name in columns])
        table, labels = read_table(path, schema, rows)
        with _understanding(path):
            return held_of(keyword, table, labels)

    def read_head(self, keyword: str) -> Head | None:
        """Read what is known of `keyword` without its papers; None if it was never fetched.

        Raises:
            StoreError: as `read_held`. Damage to the papers goes unnoticed.
        """
        path = self.held_path(keyword)
        if not exists(path):
            return None
        versions, labels = read_labels(path)
        with _understanding(path):
            return head_of(versions, labels)

    def write_held(self, value: Held) -> None:
        """Write what is held of a keyword; if it was read before, in one `updating`.

        Raises:
            StoreError: it cannot be written, and is as it was.
        """
        path = self.held_path(value.keyword)
        write_table(path, value.papers, labels_of(value), self.locks.check)

    def signature(self, keyword: str) -> str:
        """Give what changes whenever what is held of `keyword` is written; empty: nothing is."""
        return signature(self.held_path(keyword))

    def signatures(self) -> dict[str, str]:
        """Give the `signature` of all that is held, by `slug`: one look for thousands."""
        found = signatures(self._held_folder).items()
        return {name.removesuffix(_HELD): of for name, of in found if name.endswith(_HELD)}

    def set_aside(self, path: Path) -> Path:
        """Rename a damaged file, so that a new one can be written, and give its new name."""
        return set_aside(path, self.locks.check)

    def read_problem(self, keyword: str) -> str:
        """Read why the last refresh of `keyword` failed, in a few words; empty: it did not."""
        try:
            return str(json.loads(read_bytes(self._problem_path(keyword)))["problem"])
        except FileNotFoundError:
            return ""
        except (ValueError, KeyError, TypeError):
            return "the reason was lost"

    def slugs_with_problem(self) -> set[str]:
        """Give the `slug` of each keyword whose last refresh failed: one look for thousands."""
        found = (path.name for path in inside(self._held_folder))
        return {name.removesuffix(_PROBLEM) for name in found if name.endswith(_PROBLEM)}

    def write_problem(self, keyword: str, problem: str) -> None:
        """Note why the last refresh of `keyword` failed; empty: it did not."""
        path = self._problem_path(keyword)
        if not problem:
            self.locks.check()
            remove(path)
            return
        with replacing(path, self.locks.check) as file:
            file.write(json.dumps({"keyword": keyword, "problem": problem}).encode())

    def read_papers(self, columns: Sequence[str] = selection.SCHEMA.names) -> pd.DataFrame:
        """Read the asset `papers`, or some columns of it; see `papers_assets.transform.selection`.

        Raises:
            StoreError: there is none yet, it is damaged, or a newer version wrote it.
        """
        if not exists(self.papers_path):
            raise StoreError(f"{self.papers_path}: not there yet. Materialize papers first.")
        schema = pa.schema([selection.SCHEMA.field(name) for name in columns])
        table, labels = read_table(self.papers_path, schema)
        frame = selection.to_frame(table)
        frame.attrs.update(json.loads(labels.get("attributes", "{}")))
        return frame

    def write_papers(self, frame: pd.DataFrame) -> None:
        """Write the asset `papers`."""
        table = pa.Table.from_pandas(frame, schema=selection.SCHEMA, preserve_index=False)
        labels = {"attributes": json.dumps(frame.attrs)}
        write_table(self.papers_path, table, labels, self.locks.check)

    def papers_or_none(
        self, columns: Sequence[str] = selection.SCHEMA.names
    ) -> pd.DataFrame | None:
        """Read the asset `papers` if there is one that is whole, else None."""
        try:
            return self.read_papers(columns)
        except StoreError:
            return None

    @contextmanager
    def opening_history(self) -> Iterator[None]:
        """Keep other processes from opening the run history, until the block ends."""
        with self.locks.holding("history"):
            yield

    def _problem_path(self, keyword: str) -> Path:
        return self._held_folder / f"{slug(keyword)}{_PROBLEM}"


def slug(keyword: str) -> str:
    """Give what files of a keyword are called: readable, safe, short, and no other keyword's."""
    readable = re.sub(r"[^a-z0-9]+", "-", keyword.lower())[:_SLUG].strip("-")
    digest = hashlib.sha256(keyword.encode()).hexdigest()[:12]
    return f"{readable or 'keyword'}-{digest}"


def public_slug(keyword: str) -> str:
    """Return what published files of a keyword are called: graph-neural-network, text_to_speech.

    A name of letters, digits, spaces and hyphens is spelled out in lower case, with "-" for a space
    and "_" for a hyphen; any other name gives its `slug`. So the name depends on no other keyword,
    and no two keywords share one: keywords.toml allows none that differ in case alone.
    """
    plain = keyword.lower().translate({ord("-"): "_", ord(" "): "-"})
    is_plain = (
        len(keyword) <= _LONGEST_PLAIN
        and _PLAIN.fullmatch(keyword)
        and plain not in _RESERVED
        and not _HASHED.fullmatch(plain)
    )
    return plain if is_plain else slug(keyword)


@contextmanager
def _understanding(path: Path) -> Iterator[None]:
    try:
        yield
    except (KeyError, ValueError, TypeError) as error:
        raise StoreDamagedError(path, f"its labels cannot be read ({error!r})") from error
