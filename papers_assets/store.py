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

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path

import pandas as pd
import pyarrow as pa

from papers_assets import held, papers
from papers_assets.arxiv.windows import Window
from papers_assets.files import (
    FORMAT,
    StoreDamagedError,
    StoreError,
    locked,
    read_table,
    replacing,
    sweep,
    write_table,
)
from papers_assets.held import Held

_SLUG = 40

__all__ = ["FORMAT", "Store", "StoreDamagedError", "StoreError"]


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
        with locked(self._lock_path(_file_name(keyword))):
            sweep(self.held_path(keyword))
            sweep(self._problem_path(keyword))
            yield

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Keep other processes from writing `papers` and `readme`, until the block ends."""
        with locked(self._lock_path("publishing")):
            sweep(self.papers_path)
            sweep(self.readme_path)
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
        table, labels = read_table(path, held.SCHEMA)
        try:
            value = Held(
                keyword=keyword,
                definition=labels["definition"],
                cap=int(labels["cap"]),
                refreshed_at=_time(labels["refreshed_at"]),
                papers=table,
                complete_until=_time(labels.get("complete_until", "")),
                complete_from=_time(labels.get("complete_from", "")),
                total_results=_number(labels.get("total_results", "")),
                doubted_since=_time(labels.get("doubted_since", "")),
                looked_back=_windows(labels.get("looked_back", "[]")),
            )
        except (KeyError, ValueError, TypeError) as error:
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
            "complete_from": _label(value.complete_from),
            "total_results": "" if value.total_results is None else str(value.total_results),
            "doubted_since": _label(value.doubted_since),
            "looked_back": json.dumps(
                [[_label(w.first), _label(w.last)] for w in value.looked_back]
            ),
        }
        write_table(self.held_path(value.keyword), value.papers, labels)

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
        with replacing(path) as file:
            file.write(json.dumps({"keyword": keyword, "problem": problem}).encode())

    def read_papers(self, columns: Sequence[str] = papers.SCHEMA.names) -> pd.DataFrame:
        """Read the asset `papers`, or some columns of it, as `papers_assets.papers` describes it.

        Raises:
            StoreError: there is none yet, it is damaged, or a newer version wrote it.
        """
        if not self.papers_path.exists():
            raise StoreError(f"{self.papers_path}: not there yet. Materialize papers first.")
        schema = pa.schema([papers.SCHEMA.field(name) for name in columns])
        table, labels = read_table(self.papers_path, schema)
        frame = papers.to_frame(table)
        frame.attrs.update(json.loads(labels.get("attributes", "{}")))
        return frame

    def write_papers(self, frame: pd.DataFrame) -> None:
        """Write the asset `papers`."""
        table = pa.Table.from_pandas(frame, schema=papers.SCHEMA, preserve_index=False)
        write_table(self.papers_path, table, {"attributes": json.dumps(frame.attrs)})

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
        with replacing(self.readme_path) as file:
            return sum(file.write(piece.encode()) for piece in pieces)

    @contextmanager
    def opening_history(self) -> Iterator[None]:
        """Keep other processes from opening the run history, until the block ends."""
        with locked(self._lock_path("history")):
            yield

    def _lock_path(self, name: str) -> Path:
        return self.locks_folder / f"{name}.lock"

    def _problem_path(self, keyword: str) -> Path:
        return self._held_folder / f"{_file_name(keyword)}.problem.json"


def _file_name(keyword: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", keyword.lower())[:_SLUG].strip("-")
    digest = hashlib.sha256(keyword.encode()).hexdigest()[:12]
    return f"{slug or 'keyword'}-{digest}"


def _label(time: datetime | None) -> str:
    return time.isoformat() if time else ""


def _time(label: str) -> datetime | None:
    return datetime.fromisoformat(label) if label else None


def _windows(label: str) -> tuple[Window, ...]:
    return tuple(Window(*map(datetime.fromisoformat, ends)) for ends in json.loads(label))


def _number(label: str) -> int | None:
    return int(label) if label else None
