"""Parquet files with checksums and metadata, written atomically."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from papers_assets.settings import is_remote
from papers_assets.storage.files import StoreDamagedError, StoreError, atomic_write, skip_check
from papers_assets.storage.filesystem import read_bytes
from papers_assets.text import to_printable

# Arrow's own allocators retain tens of megabytes for reuse, which a daily job does not need.
pa.set_memory_pool(pa.system_memory_pool())

FORMAT = 2
"""Of the files. Incremented when older versions would misread newer files."""
_ROW_GROUP_SIZE = 5_000
"""Rows that are compressed together, and so are in memory twice."""


def read_table(
    path: Path, schema: pa.Schema, rows: range | None = None
) -> tuple[pa.Table, dict[str, str]]:
    """Read the columns of `schema`, for all rows or some, and the metadata of a Parquet file.

    Raises:
        StoreDamagedError: `write_table` did not write it, or it was changed since.
        StoreError: it cannot be read, or a newer papers-assets wrote it.
        OSError: object storage cannot be reached, so the file may be intact.
    """
    place = io.BytesIO(read_bytes(path)) if is_remote(path) else path
    with _translate_errors(path), pq.ParquetFile(place, page_checksum_verification=True) as file:
        here = [name for name in schema.names if name in file.schema_arrow.names]
        table = _read_rows(file, here, rows)
        labels = _decode_metadata(file.schema_arrow.metadata)
    _check_format(path, labels)
    return _cast_to_schema(path, table, schema), labels


def read_metadata(path: Path) -> tuple[int, dict[str, str]]:
    """Read the number of rows and the metadata of a Parquet file, but none of its rows.

    Raises:
        StoreError: as `read_table`.
        OSError: it cannot be opened, or object storage cannot be reached.
    """
    with path.open("rb") as place, _translate_errors(path):
        head = pq.read_metadata(place)
        labels = _decode_metadata(head.metadata)
    _check_format(path, labels)
    return head.num_rows, labels


@contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    """Translate errors of reading a Parquet file into StoreError."""
    try:
        yield
    except (pa.ArrowException, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the file may be intact
            raise StoreError(
                f"{path}: cannot be read ({error.strerror}). Make it readable, and run again."
            ) from error
        raise StoreDamagedError(path, f"it cannot be read ({to_printable(str(error))})") from error


def _decode_metadata(metadata: Mapping[bytes, bytes] | None) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in (metadata or {}).items()}


def _check_format(path: Path, metadata: Mapping[str, str]) -> None:
    written = metadata.get("papers_assets_format", "")
    if not written.isdecimal():
        raise StoreDamagedError(path, "papers-assets did not write it")
    if int(written) > FORMAT:
        raise StoreError(
            f"{path}: written by a newer papers-assets (format {written}, this one reads up to "
            f"{FORMAT}). Upgrade papers-assets."
        )


def _read_rows(file: pq.ParquetFile, names: list[str], rows: range | None) -> pa.Table:
    """Read the columns `names` of all rows, or of `rows` and few others."""
    rows = range(file.metadata.num_rows) if rows is None else rows
    empty = file.schema_arrow.empty_table().select(names)
    pieces, start = [], 0
    for group in range(file.num_row_groups):
        stop = start + file.metadata.row_group(group).num_rows
        first, last = max(rows.start, start) - start, min(rows.stop, stop) - start
        if last - first == stop - start:
            pieces.append(file.read_row_group(group, names))
        elif first < last:
            # Pages are decoded on demand, so only the first batch is decoded.
            batches = file.iter_batches(last, row_groups=[group], columns=names)
            pieces.append(pa.Table.from_batches(islice(batches, 1), empty.schema).slice(first))
        start = stop
    # A single piece if possible: with several, each `take` copies all of them.
    return pa.concat_tables(pieces) if pieces else empty


def _cast_to_schema(path: Path, table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return `table` with exactly the columns of `schema`; missing nullable ones are null."""
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
    path: Path,
    table: pa.Table,
    metadata: dict[str, str],
    assert_locked: Callable[[], None] = skip_check,
) -> None:
    """Write a Parquet file with metadata and a checksum for each page.

    Raises:
        StoreError: it cannot be written, and is unchanged.
    """
    metadata = {"papers_assets_format": str(FORMAT), **metadata}
    with atomic_write(path, assert_locked) as file:
        pq.write_table(
            table.replace_schema_metadata(metadata),
            file,
            compression="zstd",
            write_page_checksum=True,
            use_dictionary=False,  # texts hardly repeat, and a dictionary takes memory
            row_group_size=_ROW_GROUP_SIZE,
        )
