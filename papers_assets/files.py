"""Files that are whole or as they were: atomic writes, locks, and Parquet with checksums.

Knows no path and no meaning: `papers_assets.store` does.
"""

import glob
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from papers_assets.logs import printable

# Arrow's own allocators keep tens of megabytes for later; a daily job has no later.
pa.set_memory_pool(pa.system_memory_pool())

FORMAT = 2
"""Of the Parquet files. Raised when older programs would misread what newer ones write."""
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


class Stage:
    """Files that are written aside, to replace those that are there together; see `staged`."""

    def __init__(self) -> None:
        self._written: list[tuple[Path, Path]] = []

    @contextmanager
    def writing(self, path: Path) -> Iterator[BinaryIO]:
        """Give a file to write that will become `path`.

        Raises:
            StoreError: it cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(
                dir=path.parent, prefix=f".{path.name}.", suffix=_TMP
            )
            self._written.append((Path(name), path))
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            umask = os.umask(0)
            os.umask(umask)
            Path(name).chmod(0o666 & ~umask)  # mkstemp's own mode shuts out a web server's user
        except OSError as error:
            raise _not_writable(path, error) from error

    def content(self, path: Path) -> bytes:
        """Read what was written for `path`, or what is there if nothing was."""
        here = next((aside for aside, final in reversed(self._written) if final == path), path)
        return here.read_bytes()

    def replace(self) -> None:
        """Put everything in its place, in the order in which it was written."""
        for aside, path in self._written:
            try:
                aside.replace(path)
            except OSError as error:
                raise _not_writable(path, error) from error

    def discard(self) -> None:
        """Remove what is not in its place."""
        for aside, _ in self._written:
            with suppress(OSError):
                aside.unlink(missing_ok=True)


@contextmanager
def staged() -> Iterator[Stage]:
    """Give a stage whose files take their places when everything went well; else none does.

    Raises:
        StoreError: one cannot be written.
    """
    stage = Stage()
    try:
        yield stage
        stage.replace()
    finally:
        stage.discard()


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write that becomes `path`, all at once, when everything went well.

    Raises:
        StoreError: it cannot be written, and is as it was.
    """
    with staged() as stage, stage.writing(path) as file:
        yield file


def sweep(path: Path) -> None:
    """Remove what writers of `path` left behind who died writing. Its lock is held."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*{_TMP}"):
        with suppress(OSError):
            left.unlink()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from what the lock file `path` stands for, until the block ends.

    Raises:
        StoreError: the lock file cannot be made.
    """
    # The kernel frees it when its holder dies. The file stays: removing it would be a race.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire()
    except OSError as error:
        raise _not_writable(path.parent, error) from error
    try:
        yield
    finally:
        lock.release()


def read_table(path: Path, schema: pa.Schema) -> tuple[pa.Table, dict[str, str]]:
    """Read a Parquet file's columns of `schema`, and its labels.

    Raises:
        StoreDamagedError: it is not what `write_table` wrote.
        StoreError: it cannot be read, or a newer papers-assets wrote it.
    """
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


def write_table(path: Path, table: pa.Table, labels: dict[str, str]) -> None:
    """Write a Parquet file with a checksum a page, and with labels.

    Raises:
        StoreError: it cannot be written, and is as it was.
    """
    labels = {"papers_assets_format": str(FORMAT), **labels}
    with replacing(path) as file:
        pq.write_table(
            table.replace_schema_metadata(labels),
            file,
            compression="zstd",
            write_page_checksum=True,
            use_dictionary=False,  # hardly a text comes twice, and looking for it takes memory
            row_group_size=_GROUP,
        )


def _not_writable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path}: cannot be written ({error.strerror or error}). What was there before is as it "
        "was. Make room, or make the folder writable, and run again."
    )
