"""Raw papers and the asset `papers`, on disk or in object storage.

    HOME/.papers/raw_papers/<keyword>.parquet         the raw papers of a keyword
    HOME/.papers/raw_papers/<keyword>.problem.json    why its last refresh failed, if it did
    HOME/.papers/papers.parquet                       the asset `papers`
    HOME/.papers/locks/                               lock files of writers and of running command
                                                      lines; on this host if HOME is remote

`papers_assets.storage.documents` has the published Markdown. (Dagster's run history is in
HOME/.papers too, as configured in dagster.yaml.) Every write is atomic: a reader, or a restart
after a power failure, finds either the old file or the new one, complete. Code that reads a file in
order to rewrite it holds its lock from the read to the write (`keyword_lock`, `publish_lock`).
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
from papers_assets.storage.documents import DocumentStore
from papers_assets.storage.files import (
    StoreDamagedError,
    StoreError,
    atomic_write,
    quarantine,
    remove_partial_files,
)
from papers_assets.storage.filesystem import (
    etag,
    etags,
    file_exists,
    list_files,
    read_bytes,
    remove_file,
)
from papers_assets.storage.labels import (
    RawPapersHead,
    from_metadata,
    head_from_metadata,
    to_metadata,
)
from papers_assets.storage.locks import Locks, default_locks, host_lock_folder
from papers_assets.storage.parquet import FORMAT, read_metadata, read_table, write_table
from papers_assets.transform import schema as paper_rows
from papers_assets.transform import selection
from papers_assets.transform.raw_papers import RawPapers

_MAX_SLUG = 40
_MAX_PLAIN_NAME = 60
_PLAIN = re.compile(r"[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*")
_HASHED = re.compile(r"(?:.*-)?[0-9a-f]{12}")
# Names of our other files, and device names, which Windows does not allow as file names.
_RESERVED = frozenset(
    ["all", "index", "con", "prn", "aux", "nul"]
    + [f"{device}{number}" for device in ("com", "lpt") for number in range(10)]
)
_RAW_PAPERS_SUFFIX, _PROBLEM_SUFFIX = ".parquet", ".problem.json"
_PARTIAL_RAW_PAPERS = re.compile(r"\.(?P<slug>[a-z0-9-]+)\.(?:parquet|problem\.json)\..*\.tmp")

__all__ = [
    "FORMAT",
    "RawPapersStore",
    "StoreDamagedError",
    "StoreError",
    "build_public_slug",
    "build_slug",
]


class RawPapersStore:
    """The files below one home folder.

    Args:
        home: on disk or in object storage.
        locks: held by writers; None: `default_locks`.
        host_folder: the folder of this host's own lock files, if `home` is remote.
    """

    def __init__(
        self, home: Path, locks: Locks | None = None, host_folder: Path | None = None
    ) -> None:
        self.home = home
        self.papers_path = home / ".papers" / "papers.parquet"
        self.locks = locks or default_locks(home)
        self.locks_folder = host_lock_folder(home, host_folder)
        """The folder of the lock files of this host's command lines."""
        self.documents = DocumentStore(home, self.locks)
        self._raw_papers_folder = home / ".papers" / "raw_papers"

    def raw_papers_path(self, keyword: str) -> Path:
        """Return the file of a keyword, with a readable, safe and short name."""
        return self._raw_papers_folder / f"{build_slug(keyword)}{_RAW_PAPERS_SUFFIX}"

    @contextmanager
    def keyword_lock(self, keyword: str) -> Iterator[None]:
        """Keep other processes from writing the raw papers of `keyword` until the block ends."""
        with self.locks.hold(build_slug(keyword)):
            yield

    def remove_partial_files(self) -> None:
        """Remove temporary files of writers of raw papers that died.

        This handles all keywords in one pass: listing the folder for each keyword would take time
        that grows with the square of their number.
        """
        if is_remote(self._raw_papers_folder):
            return  # nothing is left in object storage
        for left in self._raw_papers_folder.glob(".*.tmp"):
            if half := _PARTIAL_RAW_PAPERS.fullmatch(left.name):
                with self.locks.hold(half["slug"]), suppress(OSError):
                    left.unlink()  # fails if its writer was alive and has renamed it

    @contextmanager
    def publish_lock(self) -> Iterator[None]:
        """Keep other processes from writing `papers` and `readme` until the block ends."""
        with self.locks.hold("publishing"):
            remove_partial_files(self.papers_path)
            self.documents.remove_partial_files()
            yield

    def read_raw_papers(self, keyword: str) -> RawPapers | None:
        """Read the raw papers of `keyword`; None if it was never fetched.

        Raises:
            StoreDamagedError: the file is damaged.
            StoreError: a newer version of papers-assets wrote it.
        """
        return self.read_raw_papers_columns(keyword, paper_rows.RAW_PAPERS_SCHEMA.names)

    def read_raw_papers_columns(
        self, keyword: str, columns: Sequence[str], rows: range | None = None
    ) -> RawPapers | None:
        """Read the raw papers of `keyword` with some columns and rows only.

        Args:
            keyword: its name.
            columns: of `RAW_PAPERS_SCHEMA`; `updated` must be one of them.
            rows: which rows, newest first; None: all.

        Raises:
            StoreError: as `read_raw_papers`. Damage to other columns and rows is not noticed.
        """
        path = self.raw_papers_path(keyword)
        if not file_exists(path):
            return None
        schema = pa.schema([paper_rows.RAW_PAPERS_SCHEMA.field(name) for name in columns])
        table, labels = read_table(path, schema, rows)
        with _translate_errors(path):
            return from_metadata(keyword, table, labels)

    def read_head(self, keyword: str) -> RawPapersHead | None:
        """Read the metadata of `keyword` without its papers; None if it was never fetched.

        Raises:
            StoreError: as `read_raw_papers`. Damage to the papers is not noticed.
        """
        path = self.raw_papers_path(keyword)
        if not file_exists(path):
            return None
        versions, labels = read_metadata(path)
        with _translate_errors(path):
            return head_from_metadata(versions, labels)

    def write_raw_papers(self, raw_papers: RawPapers) -> None:
        """Write the raw papers of a keyword; hold `keyword_lock` from the read to this write.

        Raises:
            StoreError: they cannot be written, and are unchanged.
        """
        path = self.raw_papers_path(raw_papers.keyword)
        write_table(path, raw_papers.rows, to_metadata(raw_papers), self.locks.assert_held)

    def etag(self, keyword: str) -> str:
        """Return a tag that differs after each write of a keyword's raw papers; empty: none."""
        return etag(self.raw_papers_path(keyword))

    def etags(self) -> dict[str, str]:
        """Return the `etag` of all raw papers, by `build_slug`, with a single listing."""
        found = etags(self._raw_papers_folder).items()
        return {
            name.removesuffix(_RAW_PAPERS_SUFFIX): of
            for name, of in found
            if name.endswith(_RAW_PAPERS_SUFFIX)
        }

    def quarantine(self, path: Path) -> Path:
        """Rename a damaged file, so that a new one can be written, and return its new path."""
        return quarantine(path, self.locks.assert_held)

    def read_failure_reason(self, keyword: str) -> str:
        """Return the short reason why the last refresh of `keyword` failed; empty: it did not."""
        try:
            return str(json.loads(read_bytes(self._failure_path(keyword)))["problem"])
        except FileNotFoundError:
            return ""
        except (ValueError, KeyError, TypeError):
            return "the reason was lost"

    def failed_slugs(self) -> set[str]:
        """Return the slug of each keyword whose last refresh failed, with a single listing."""
        found = (path.name for path in list_files(self._raw_papers_folder))
        return {
            name.removesuffix(_PROBLEM_SUFFIX) for name in found if name.endswith(_PROBLEM_SUFFIX)
        }

    def write_failure_reason(self, keyword: str, short_reason: str) -> None:
        """Store why the last refresh of `keyword` failed; empty: it did not."""
        path = self._failure_path(keyword)
        if not short_reason:
            self.locks.assert_held()
            remove_file(path)
            return
        with atomic_write(path, self.locks.assert_held) as file:
            file.write(json.dumps({"keyword": keyword, "problem": short_reason}).encode())

    def read_papers(
        self, columns: Sequence[str] = selection.SELECTION_SCHEMA.names
    ) -> pd.DataFrame:
        """Read the asset `papers`, or some columns of `selection.SELECTION_SCHEMA`.

        Raises:
            StoreError: it does not exist yet, is damaged, or a newer version wrote it.
        """
        if not file_exists(self.papers_path):
            raise StoreError(f"{self.papers_path}: not there yet. Materialize papers first.")
        schema = pa.schema([selection.SELECTION_SCHEMA.field(name) for name in columns])
        table, labels = read_table(self.papers_path, schema)
        frame = selection.to_frame(table)
        frame.attrs.update(json.loads(labels.get("attributes", "{}")))
        return frame

    def write_papers(self, frame: pd.DataFrame) -> None:
        """Write the asset `papers`."""
        table = pa.Table.from_pandas(frame, schema=selection.SELECTION_SCHEMA, preserve_index=False)
        labels = {"attributes": json.dumps(frame.attrs)}
        write_table(self.papers_path, table, labels, self.locks.assert_held)

    def read_papers_or_none(
        self, columns: Sequence[str] = selection.SELECTION_SCHEMA.names
    ) -> pd.DataFrame | None:
        """Read the asset `papers`; None if it does not exist or cannot be read."""
        try:
            return self.read_papers(columns)
        except StoreError:
            return None

    @contextmanager
    def history_lock(self) -> Iterator[None]:
        """Keep other processes from opening the run history until the block ends."""
        with self.locks.hold("history"):
            yield

    def _failure_path(self, keyword: str) -> Path:
        return self._raw_papers_folder / f"{build_slug(keyword)}{_PROBLEM_SUFFIX}"


def build_slug(keyword: str) -> str:
    """Return a readable, safe, short and unique name for the files of a keyword."""
    readable = re.sub(r"[^a-z0-9]+", "-", keyword.lower())[:_MAX_SLUG].strip("-")
    digest = hashlib.sha256(keyword.encode()).hexdigest()[:12]
    return f"{readable or 'keyword'}-{digest}"


def build_public_slug(keyword: str) -> str:
    """Return the name of a keyword's published files: graph-neural-network, text_to_speech.

    A name of letters, digits, spaces and hyphens is written in lower case, with "-" for a space and
    "_" for a hyphen; any other name gives its `build_slug`. The result does not depend on other
    keywords, and no two keywords share one, since keywords.toml allows no two that differ only in
    case.
    """
    plain = keyword.lower().translate({ord("-"): "_", ord(" "): "-"})
    is_plain = (
        len(keyword) <= _MAX_PLAIN_NAME
        and _PLAIN.fullmatch(keyword)
        and plain not in _RESERVED
        and not _HASHED.fullmatch(plain)
    )
    return plain if is_plain else build_slug(keyword)


@contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (KeyError, ValueError, TypeError) as error:
        raise StoreDamagedError(path, f"its labels cannot be read ({error!r})") from error
