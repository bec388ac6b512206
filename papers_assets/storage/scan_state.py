"""What has been looked for in the harvest: by keyword, up to which write of it."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from papers_assets.keywords.model import Keyword
from papers_assets.storage.files import StoreError, remove_partial_files
from papers_assets.storage.filesystem import file_exists
from papers_assets.storage.locks import Locks
from papers_assets.storage.parquet import read_table, write_table
from papers_assets.transform.schema import TIME

logger = logging.getLogger(__name__)

_SCHEMA = pa.schema(
    [
        pa.field("keyword", pa.large_string(), nullable=False),
        pa.field("definition", pa.large_string(), nullable=False),
        pa.field("rules", pa.large_string(), nullable=False),
        pa.field("looked_until", pa.int64(), nullable=False),
        pa.field("held_serial", pa.int64(), nullable=False),
        pa.field("refreshed_at", TIME),
        pa.field("complete_from", TIME),
        pa.field("signature", pa.large_string(), nullable=False),
    ]
)
_COLUMNS = {
    "matcher_version": "rules",
    "scanned_until": "looked_until",
    "stored_watermark": "held_serial",
    "etag": "signature",
}
"""What fields are called in the file, where that is another name: files of earlier versions are
read, and theirs read ours."""


@dataclass(frozen=True)
class ScanState:
    """Up to when a keyword has been looked for in what was harvested."""

    definition: str
    """Of the keyword when it was."""
    matcher_version: str
    """By which it was looked for: `selection_cache.matcher_version`."""
    scanned_until: int
    """All that was written up to this write of the harvest has been looked through."""
    stored_watermark: int
    """`RawPapers.scanned_until` of its stored papers."""
    refreshed_at: datetime | None
    """When arXiv was asked for the newest of it; None: it has never been whole."""
    complete_from: datetime | None
    """Of papers updated since then, none is missing; None: nobody knows."""
    etag: str
    """Of its stored papers then: `RawPapersStore.etag`."""

    def is_valid_for(self, keyword: Keyword, rules: str, last_write: int) -> bool:
        """Whether it is true of a keyword as it is now, in a harvest written so often."""
        return (
            (self.definition, self.matcher_version) == (keyword.fingerprint, rules)
            # Or else the harvest is from a backup that is older than this.
            and self.scanned_until <= last_write
            # Or else whoever noted it had not written all.
            and self.stored_watermark > 0
        )


class ScanStateStore:
    """The file `path`. What is damaged is nothing: then all is looked for everywhere again."""

    def __init__(self, path: Path, locks: Locks) -> None:
        self._path, self._locks = path, locks

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from writing, until the block ends."""
        with self._locks.hold("gleaned"):
            yield

    def read(self) -> dict[str, ScanState]:
        """Read, by keyword, up to when it has been looked for."""
        if not file_exists(self._path):
            return {}
        try:
            table, _ = read_table(self._path, _SCHEMA)
        except StoreError as error:
            logger.warning("%s", error)
            return {}
        fields = {column: name for name, column in _COLUMNS.items()}
        rows = [{fields.get(c, c): value for c, value in row.items()} for row in table.to_pylist()]
        return {row.pop("keyword"): ScanState(**row) for row in rows}

    def write(self, scan_states: Mapping[str, ScanState]) -> None:
        """Note, by keyword, up to when it has been looked for; `lock` is held.

        Raises:
            StoreError: it cannot be written, and is as it was.
        """
        rows = [
            {"keyword": name, **{_COLUMNS.get(f, f): value for f, value in vars(state).items()}}
            for name, state in scan_states.items()
        ]
        remove_partial_files(self._path)
        table = pa.Table.from_pylist(rows, schema=_SCHEMA)
        write_table(self._path, table, {}, self._locks.assert_held)
