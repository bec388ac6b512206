"""Where held papers and outputs live on disk; the one module that knows paths.

    HOME/.papers/raw_papers/<keyword>.parquet    what is held of a keyword
    HOME/.papers/papers.parquet                  the asset `papers`
    HOME/.papers/locks/                          held by processes while they run something
    HOME/output/README.md                        the asset `readme`

(Dagster's run history is in HOME/.papers too: dagster.yaml says where.) Every write is atomic: a
reader, or a restart after the plug was pulled, finds the old file or the new one, whole.
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from papers_assets import held, papers
from papers_assets.held import Held

# Arrow's own allocators keep tens of megabytes for later; a daily job has no later.
pa.set_memory_pool(pa.system_memory_pool())

FORMAT = 1
"""Of the Parquet files. Raised when older programs would misread what newer ones write."""
_SLUG = 40
_GROUP = 5_000
"""Rows that are compressed together, and so are in memory a second time."""


class StoreError(Exception):
    """A file of the store cannot be used; the message says which, why, and what to do."""


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
        slug = re.sub(r"[^a-z0-9]+", "-", keyword.lower())[:_SLUG].strip("-")
        digest = hashlib.sha256(keyword.encode()).hexdigest()[:12]
        return self._held_folder / f"{slug or 'keyword'}-{digest}.parquet"

    def read_held(self, keyword: str) -> Held | None:
        """Read what is held of `keyword`; None if it was never fetched.

        Raises:
            StoreError: the file is damaged, or a newer version of papers-assets wrote it.
        """
        path = self.held_path(keyword)
        if not path.exists():
            return None
        table, labels = _read(path, held.SCHEMA)
        try:
            refreshed_at = datetime.fromisoformat(labels["refreshed_at"])
            return Held(keyword, labels["definition"], int(labels["cap"]), refreshed_at, table)
        except (KeyError, ValueError) as error:
            raise _unusable(path, f"its labels cannot be read ({error!r})") from error

    def write_held(self, value: Held) -> None:
        """Write what is held of a keyword."""
        labels = {
            "keyword": value.keyword,
            "definition": value.definition,
            "cap": str(value.cap),
            "refreshed_at": value.refreshed_at.isoformat(),
        }
        _write(self.held_path(value.keyword), value.papers, labels)

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

    def write_readme(self, pieces: Iterable[str]) -> int:
        """Write the rendered README and give its size in bytes."""
        with _replacing(self.readme_path) as file:
            return sum(file.write(piece.encode()) for piece in pieces)


def _read(path: Path, schema: pa.Schema) -> tuple[pa.Table, dict[str, str]]:
    try:
        with pq.ParquetFile(path) as file:
            here = [name for name in schema.names if name in file.schema_arrow.names]
            groups = [file.read_row_group(i, here) for i in range(file.num_row_groups)]
            table = pa.concat_tables(groups) if groups else file.read(here)
    except (pa.ArrowException, OSError) as error:
        raise _unusable(path, f"it cannot be read ({error})") from error
    labels = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    written = labels.get("papers_assets_format", "")
    if not written.isdecimal():
        raise _unusable(path, "papers-assets did not write it")
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
                raise _unusable(path, f"column {field.name}: {error}") from error
        elif field.nullable:
            columns.append(pa.nulls(len(table), field.type))
        else:
            raise _unusable(path, f"it has no column {field.name}")
    return pa.Table.from_arrays(columns, schema=schema)


def _unusable(path: Path, problem: str) -> StoreError:
    return StoreError(f"{path}: {problem}. Move the file away; the next run fetches it anew.")


def _write(path: Path, table: pa.Table, labels: dict[str, str]) -> None:
    labels = {"papers_assets_format": str(FORMAT), **labels}
    with _replacing(path) as file:
        pq.write_table(
            table.replace_schema_metadata(labels),
            file,
            compression="zstd",
            use_dictionary=False,  # hardly a text comes twice, and looking for it takes memory
            row_group_size=_GROUP,
        )


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write that becomes `path`, all at once, when everything went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)  # mkstemp's own mode shuts out a web server's user
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
