"""Files that are whole or as they were: atomic writes, locks, and Parquet with checksums.

Knows no path and no meaning: `papers_assets.store` does. A path is on disk or in object storage,
see `papers_assets.remote`: there, files are written on this host and then put in their place.
"""

import glob
import io
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count, islice
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from papers_assets import remote
from papers_assets.logs import printable
from papers_assets.places import exists, read_bytes, rename
from papers_assets.remote import is_remote

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
            f"{path}: {problem}. Move the file away, or run what wrote it, which does that and "
            "makes it anew."
        )
        self.path = path


def set_aside(path: Path, check: Callable[[], None]) -> Path:
    """Rename a damaged file, so that a new one can be written, and give its new name."""
    for number in count(1):
        aside = path.with_name(f"{path.name}.damaged-{number}")
        if not exists(aside):
            check()
            rename(path, aside)
            return aside
    raise AssertionError("unreachable")


def unchecked() -> None:
    """Find nothing that is against replacing a file."""


class Stage:
    """Files that are written aside, to replace those that are there together; see `staged`."""

    def __init__(self, check: Callable[[], None] = unchecked) -> None:
        self._check = check
        self._written: list[tuple[Path, Path]] = []

    @contextmanager
    def writing(self, path: Path) -> Iterator[BinaryIO]:
        """Give a file to write that will become `path`.

        Raises:
            StoreError: it cannot be written.
        """
        try:
            descriptor, name = _aside(path)
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
        return read_bytes(here)

    def replace(self) -> None:
        """Put everything in its place, in the order in which it was written.

        Raises:
            StoreError: one cannot be put there, or what `check` raises, before or after one is.
        """
        for aside, path in self._written:
            self._check()
            try:
                if is_remote(path):
                    remote.put(aside, path)
                else:
                    aside.replace(path)
            except OSError as error:
                raise _not_writable(path, error) from error
        if any(is_remote(path) for _, path in self._written):
            self._check()  # it took a while

    def discard(self) -> None:
        """Remove what is not in its place."""
        for aside, _ in self._written:
            with suppress(OSError):
                aside.unlink(missing_ok=True)


@contextmanager
def staged(check: Callable[[], None] = unchecked) -> Iterator[Stage]:
    """Give a stage whose files take their places when everything went well; else none does.

    Args:
        check: raises if a file is not to be replaced; asked right before each.

    Raises:
        StoreError: one cannot be written.
    """
    stage = Stage(check)
    try:
        yield stage
        stage.replace()
    finally:
        stage.discard()


@contextmanager
def replacing(path: Path, check: Callable[[], None] = unchecked) -> Iterator[BinaryIO]:
    """Give a file to write that becomes `path`, all at once, when everything went well.

    For `check`, see `staged`.

    Raises:
        StoreError: it cannot be written, and is as it was.
    """
    with staged(check) as stage, stage.writing(path) as file:
        yield file


def _aside(path: Path) -> tuple[int, str]:
    """Make a file beside `path`, or on this host if that is remote: give descriptor and name."""
    if is_remote(path):  # what kind of file it is going to be is guessed from the suffix
        return tempfile.mkstemp(prefix="papers-assets.", suffix=f"{_TMP}{path.suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_TMP)


def sweep(path: Path) -> None:
    """Remove what writers of `path` left behind who died writing. Its lock is held."""
    if is_remote(path):
        return  # they left nothing there
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
    if is_remote(path):
        raise StoreError(f"{path}: there are no locks in object storage. Set PAPERS_LOCKS.")
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


def read_table(
    path: Path, schema: pa.Schema, rows: range | None = None
) -> tuple[pa.Table, dict[str, str]]:
    """Read a Parquet file's columns of `schema`, of all rows or of some, and its labels.

    Raises:
        StoreDamagedError: it is not what `write_table` wrote.
        StoreError: it cannot be read, or a newer papers-assets wrote it.
        OSError: object storage cannot be reached: nothing is known of the file.
    """
    place = io.BytesIO(read_bytes(path)) if is_remote(path) else path
    with _reading(path), pq.ParquetFile(place, page_checksum_verification=True) as file:
        here = [name for name in schema.names if name in file.schema_arrow.names]
        table = _rows(file, here, rows)
        labels = _labels(file.schema_arrow.metadata)
    _check_format(path, labels)
    return _as_schema(path, table, schema), labels


def read_labels(path: Path) -> tuple[int, dict[str, str]]:
    """Read how many rows a Parquet file has, and its labels, but none of its rows.

    Raises:
        StoreError: as `read_table`.
        OSError: it cannot be opened, or object storage cannot be reached.
    """
    with path.open("rb") as place, _reading(path):
        head = pq.read_metadata(place)
        labels = _labels(head.metadata)
    _check_format(path, labels)
    return head.num_rows, labels


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Say what is wrong if a Parquet file cannot be read."""
    try:
        yield
    except (pa.ArrowException, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # it may be whole all the same
            raise StoreError(
                f"{path}: cannot be read ({error.strerror}). Make it readable, and run again."
            ) from error
        raise StoreDamagedError(path, f"it cannot be read ({printable(str(error))})") from error


def _labels(metadata: Mapping[bytes, bytes] | None) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in (metadata or {}).items()}


def _check_format(path: Path, labels: Mapping[str, str]) -> None:
    written = labels.get("papers_assets_format", "")
    if not written.isdecimal():
        raise StoreDamagedError(path, "papers-assets did not write it")
    if int(written) > FORMAT:
        raise StoreError(
            f"{path}: written by a newer papers-assets (format {written}, this one reads up to "
            f"{FORMAT}). Upgrade papers-assets."
        )


def _rows(file: pq.ParquetFile, names: list[str], rows: range | None) -> pa.Table:
    """Read the columns `names`: of all rows, or of some, and then little more than those."""
    rows = range(file.metadata.num_rows) if rows is None else rows
    empty = file.schema_arrow.empty_table().select(names)
    pieces, start = [empty], 0
    for group in range(file.num_row_groups):
        stop = start + file.metadata.row_group(group).num_rows
        first, last = max(rows.start, start) - start, min(rows.stop, stop) - start
        if last - first == stop - start:
            pieces.append(file.read_row_group(group, names))
        elif first < last:
            # Pages are decoded as they are asked for: the first batch has all there is to read.
            batches = file.iter_batches(last, row_groups=[group], columns=names)
            pieces.append(pa.Table.from_batches(islice(batches, 1), empty.schema).slice(first))
        start = stop
    return pa.concat_tables(pieces)


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


def write_table(
    path: Path, table: pa.Table, labels: dict[str, str], check: Callable[[], None] = unchecked
) -> None:
    """Write a Parquet file with a checksum a page, and with labels. For `check`, see `staged`.

    Raises:
        StoreError: it cannot be written, and is as it was.
    """
    labels = {"papers_assets_format": str(FORMAT), **labels}
    with replacing(path, check) as file:
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
