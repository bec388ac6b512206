"""Where held papers and outputs live on disk; the one module that knows paths.

    HOME/.papers/raw_papers/<keyword>.parquet         what is held of a keyword
    HOME/.papers/raw_papers/<keyword>.problem.json    why its last refresh failed, if it did
    HOME/.papers/papers.parquet                       the asset `papers`
    HOME/.papers/locks/                               held by who writes, or runs something
    HOME/output/README.md                             the asset `readme`

(Dagster's run history is in HOME/.papers too: dagster.yaml says where.) Every write is atomic: a
reader, or a restart after the plug was pulled, finds the old file or the new one, whole. Who reads
a file in order to write it holds its lock meanwhile: `updating`, `publishing`.
"""

import glob
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from papers_assets import held, papers
from papers_assets.held import Held
from papers_assets.logs import printable

# Arrow's own allocators keep tens of megabytes for later; a daily job has no later.
pa.set_memory_pool(pa.system_memory_pool())

FORMAT = 2
"""Of the Parquet files. Raised when older programs would misread what newer ones write."""
_SLUG = 40
_TMP = ".tmp"
_GROUP = 5_000
"""Rows that are compressed together, and so are in memory a second time."""


class StoreError(Exception):
    """A file of the store cannot be used; the message says which, why, and what to do."""


class StoreDamagedError(StoreError):
    """What is in a file of the store is not what was written there."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path}: {problem}. Move the file away, or refresh its keyword, which does that; the "
            "next run fetches it anew."
        )
        self.path = path


class Store:
    """The files below one home folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.readme_path = home / "output" / "README.md"
        self.papers_path = home / ".papers" / "papers.parquet"
        self.locks_folder = home / ".papers" / "locks"
        self._held_folder = home / ".papers" / "raw_papers"

    def held_path(self, keyword: str) -> Path:
        """Give the file of a keyword: readable, safe and short, whatever the keyword is made of."""
        return self._held_folder / f"{_file_name(keyword)}.parquet"

    @contextmanager
    def updating(self, keyword: str) -> Iterator[None]:
        """Keep other processes from writing what is held of `keyword`, until the block ends."""
        with self._locked(_file_name(keyword)):
            _sweep(self.held_path(keyword))
            _sweep(self._problem_path(keyword))
            yield

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Keep other processes from writing `papers` and `readme`, until the block ends."""
        with self._locked("publishing"):
            _sweep(self.papers_path)
            _sweep(self.readme_path)
            yield

    def read_held(self, keyword: str) -> Held | None:
        """Read what is held of `keyword`; None if it was never fetched.

        Raises:
            StoreDamagedError: the file is damaged.
            StoreError: a newer version of papers-assets wrote it.
        """
        path = self.held_path(keyword)
        if not path.exists():
            return None
        table, labels = _read(path, held.SCHEMA)
        try:
            value = Held(
                keyword=keyword,
                definition=labels["definition"],
                cap=int(labels["cap"]),
                refreshed_at=_time(labels["refreshed_at"]),
                papers=table,
                complete_until=_time(labels.get("complete_until", "")),
                total_results=_number(labels.get("total_results", "")),
                doubted_since=_time(labels.get("doubted_since", "")),
            )
        except (KeyError, ValueError) as error:
            raise StoreDamagedError(path, f"its labels cannot be read ({error!r})") from error
        if labels["papers_assets_format"] == "1" and len(table):
            # Format 1 did not tell the newest paper from what is complete.
            return replace(value, complete_until=table["updated"][0].as_py())
        return value

    def write_held(self, value: Held) -> None:
        """Write what is held of a keyword; if it was read before, in one `updating`.

        Raises:
            StoreError: it cannot be written, and is as it was.
        """
        labels = {
            "keyword": value.keyword,
            "definition": value.definition,
            "cap": str(value.cap),
            "refreshed_at": _label(value.refreshed_at),
            "complete_until": _label(value.complete_until),
            "total_results": "" if value.total_results is None else str(value.total_results),
            "doubted_since": _label(value.doubted_since),
        }
        _write(self.held_path(value.keyword), value.papers, labels)

    def signature(self, keyword: str) -> str:
        """Give what changes whenever what is held of `keyword` is written; empty: nothing is."""
        try:
            status = self.held_path(keyword).stat()
        except FileNotFoundError:
            return ""
        return f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"

    def set_aside(self, path: Path) -> Path:
        """Rename a damaged file, so that a new one can be written, and give its new name."""
        for number in count(1):
            aside = path.with_name(f"{path.name}.damaged-{number}")
            if not aside.exists():
                path.rename(aside)
                return aside
        raise AssertionError("unreachable")

    def read_problem(self, keyword: str) -> str:
        """Read why the last refresh of `keyword` failed, in a few words; empty: it did not."""
        try:
            return str(json.loads(self._problem_path(keyword).read_bytes())["problem"])
        except FileNotFoundError:
            return ""
        except (ValueError, KeyError, TypeError):
            return "the reason was lost"

    def write_problem(self, keyword: str, problem: str) -> None:
        """Note why the last refresh of `keyword` failed; empty: it did not."""
        path = self._problem_path(keyword)
        if not problem:
            path.unlink(missing_ok=True)
            return
        with _replacing(path) as file:
            file.write(json.dumps({"keyword": keyword, "problem": problem}).encode())

    def read_papers(self, columns: Sequence[str] = papers.SCHEMA.names) -> pd.DataFrame:
        """Read the asset `papers`, or some columns of it, as `papers_assets.papers` describes it.

        Raises:
            StoreError: there is none yet, it is damaged, or a newer version wrote it.
        """
        if not self.papers_path.exists():
            raise StoreError(f"{self.papers_path}: not there yet. Materialize papers first.")
        schema = pa.schema([papers.SCHEMA.field(name) for name in columns])
        table, labels = _read(self.papers_path, schema)
        frame = papers.to_frame(table)
        frame.attrs.update(json.loads(labels.get("attributes", "{}")))
        return frame

    def write_papers(self, frame: pd.DataFrame) -> None:
        """Write the asset `papers`."""
        table = pa.Table.from_pandas(frame, schema=papers.SCHEMA, preserve_index=False)
        _write(self.papers_path, table, {"attributes": json.dumps(frame.attrs)})

    def papers_or_none(self, columns: Sequence[str] = papers.SCHEMA.names) -> pd.DataFrame | None:
        """Read the asset `papers` if there is one that is whole, else None."""
        try:
            return self.read_papers(columns)
        except StoreError:
            return None

    def write_readme(self, pieces: Iterable[str]) -> int:
        """Write the rendered README and give its size in bytes.

        Raises:
            StoreError: it cannot be written, and is as it was.
        """
        with _replacing(self.readme_path) as file:
            return sum(file.write(piece.encode()) for piece in pieces)

    def _problem_path(self, keyword: str) -> Path:
        return self._held_folder / f"{_file_name(keyword)}.problem.json"

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        # The kernel frees it when its holder dies. The file stays: removing it would be a race.
        try:
            self.locks_folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.locks_folder / f"{name}.lock")
            lock.acquire()
        except OSError as error:
            raise _not_writable(self.locks_folder, error) from error
        try:
            yield
        finally:
            lock.release()


def _file_name(keyword: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", keyword.lower())[:_SLUG].strip("-")
    digest = hashlib.sha256(keyword.encode()).hexdigest()[:12]
    return f"{slug or 'keyword'}-{digest}"


def _label(time: datetime | None) -> str:
    return time.isoformat() if time else ""


def _time(label: str) -> datetime | None:
    return datetime.fromisoformat(label) if label else None


def _number(label: str) -> int | None:
    return int(label) if label else None


def _read(path: Path, schema: pa.Schema) -> tuple[pa.Table, dict[str, str]]:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            here = [name for name in schema.names if name in file.schema_arrow.names]
            groups = [file.read_row_group(i, here) for i in range(file.num_row_groups)]
            table = pa.concat_tables(groups) if groups else file.read(here)
        labels = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    except (pa.ArrowException, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # it may be whole all the same
            raise StoreError(
                f"{path}: cannot be read ({error.strerror}). Make it readable, and run again."
            ) from error
        raise StoreDamagedError(path, f"it cannot be read ({printable(str(error))})") from error
    written = labels.get("papers_assets_format", "")
    if not written.isdecimal():
        raise StoreDamagedError(path, "papers-assets did not write it")
    if int(written) > FORMAT:
        raise StoreError(
            f"{path}: written by a newer papers-assets (format {written}, this one reads up to "
            f"{FORMAT}). Upgrade papers-assets."
        )
    return _as_schema(path, table, schema), labels


def _as_schema(path: Path, table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give `table` with exactly the columns of `schema`; an absent one that may be null is."""
    columns = []
    for field in schema:
        if field.name in table.column_names:
            try:
                columns.append(table[field.name].cast(field.type))
            except pa.ArrowException as error:
                raise StoreDamagedError(path, f"column {field.name}: {error}") from error
        elif field.nullable:
            columns.append(pa.nulls(len(table), field.type))
        else:
            raise StoreDamagedError(path, f"it has no column {field.name}")
    return pa.Table.from_arrays(columns, schema=schema)


def _write(path: Path, table: pa.Table, labels: dict[str, str]) -> None:
    labels = {"papers_assets_format": str(FORMAT), **labels}
    with _replacing(path) as file:
        pq.write_table(
            table.replace_schema_metadata(labels),
            file,
            compression="zstd",
            write_page_checksum=True,
            use_dictionary=False,  # hardly a text comes twice, and looking for it takes memory
            row_group_size=_GROUP,
        )


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write that becomes `path`, all at once, when everything went well."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_TMP)
    except OSError as error:
        raise _not_writable(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)  # mkstemp's own mode shuts out a web server's user
        Path(name).replace(path)
    except BaseException as error:
        with suppress(OSError):
            Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _not_writable(path, error) from error
        raise


def _sweep(path: Path) -> None:
    """Remove what writers of `path` left behind who died writing. Its lock is held."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*{_TMP}"):
        with suppress(OSError):
            left.unlink()


def _not_writable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path}: cannot be written ({error.strerror or error}). What was there before is as it "
        "was. Make room, or make the folder writable, and run again."
    )
