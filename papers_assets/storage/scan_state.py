"""The scan state of each keyword: up to which write of the harvest it has been scanned for."""

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
"""Fields whose column in the file has another name, so that files stay compatible with those of
earlier versions."""


@dataclass(frozen=True)
class ScanState:
    """How far the harvest has been scanned for a keyword."""

    definition: str
    """The keyword's fingerprint at the time of the scan."""
    matcher_version: str
    """The `selection_cache.matcher_version` used for the scan."""
    scanned_until: int
    """The number of the last write of the harvest that has been scanned."""
    stored_watermark: int
    """The `RawPapers.scanned_until` of its stored papers."""
    refreshed_at: datetime | None
    """When arXiv was last asked for its newest papers; None: it has never been complete."""
    complete_from: datetime | None
    """No paper updated since then is missing; None: unknown."""
    etag: str
    """The `RawPapersStore.etag` of its stored papers at the time of the scan."""

    def is_valid_for(self, keyword: Keyword, rules: str, last_write: int) -> bool:
        """Whether the state still holds for `keyword` in a harvest of `last_write` writes."""
        return (
            (self.definition, self.matcher_version) == (keyword.fingerprint, rules)
            # Otherwise the harvest was restored from a backup that is older than this state.
            and self.scanned_until <= last_write
            # Otherwise the state was stored before all papers were.
            and self.stored_watermark > 0
        )


class ScanStateStore:
    """The scan states in the file `path`; if it is damaged, everything is scanned again."""

    def __init__(self, path: Path, locks: Locks) -> None:
        self._path, self._locks = path, locks

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from writing the scan states until the block ends."""
        with self._locks.hold("gleaned"):
            yield

    def read(self) -> dict[str, ScanState]:
        """Return the scan state of each keyword."""
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
        """Write the scan state of each keyword; the caller holds `lock`.

        Raises:
            StoreError: it cannot be written, and is unchanged.
        """
        rows = [
            {"keyword": name, **{_COLUMNS.get(f, f): value for f, value in vars(state).items()}}
            for name, state in scan_states.items()
        ]
        remove_partial_files(self._path)
        table = pa.Table.from_pylist(rows, schema=_SCHEMA)
        write_table(self._path, table, {}, self._locks.assert_held)
