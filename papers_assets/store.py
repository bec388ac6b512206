"""Where held papers and outputs live on disk; the one module that knows paths.

    HOME/.papers/raw_papers/<keyword>.parquet         what is held of a keyword
    HOME/.papers/raw_papers/<keyword>.problem.json    why its last refresh failed, if it did
    HOME/.papers/papers.parquet                       the asset `papers`
    HOME/.papers/locks/                               held by who writes, or runs something; on
                                                      this host if HOME is not: `locks`
    HOME/output/README.md                             the asset `readme`
    HOME/output/keywords/<keyword>.md, <keyword>-2.md what it has no room for
    HOME/.github/README.md                            the same as a front page, if that is wanted

(Dagster's run history is in HOME/.papers too: dagster.yaml says where.) Every write is atomic: a
reader, or a restart after the plug was pulled, finds the old file or the new one, whole. Who reads
a file in order to write it holds its lock meanwhile: `updating`, `publishing`.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import pyarrow as pa

from papers_assets import held, papers
from papers_assets.arxiv.windows import Window
from papers_assets.files import (
    FORMAT,
    Stage,
    StoreDamagedError,
    StoreError,
    read_table,
    replacing,
    set_aside,
    staged,
    sweep,
    write_table,
)
from papers_assets.held import Held
from papers_assets.locks import Locks, folder_here, locks_below
from papers_assets.places import exists, inside, read_bytes, remove, signature
from papers_assets.remote import is_remote
from papers_assets.rendering.pages import FRONT_PAGE_MARK

_SLUG = 40
_PAGE_NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*-[0-9a-f]{12}(?:-[1-9][0-9]*)?\.md"
"""What pages are called: a `slug`, and a number but for the first one."""
_PAGE = re.compile(_PAGE_NAME)
_HALF_OF_HELD = re.compile(r"\.(?P<slug>[a-z0-9-]+)\.(?:parquet|problem\.json)\..*\.tmp")
_HALF_A_PAGE = re.compile(rf"\.{_PAGE_NAME}\..*\.tmp")

__all__ = ["FORMAT", "Store", "StoreDamagedError", "StoreError", "slug"]


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
        self.readme_path = home / "output" / "README.md"
        self.pages_folder = home / "output" / "keywords"
        self.front_page_path = home / ".github" / "README.md"
        self.papers_path = home / ".papers" / "papers.parquet"
        self.locks = locks or locks_below(home)
        self.locks_folder = folder_here(home, host_folder)
        """Where the runs of this host's command lines hold theirs."""
        self._held_folder = home / ".papers" / "raw_papers"
        self._stage: Stage | None = None

    def held_path(self, keyword: str) -> Path:
        """Give the file of a keyword: readable, safe and short, whatever the keyword is made of."""
        return self._held_folder / f"{slug(keyword)}.parquet"

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
            sweep(self.readme_path)
            sweep(self.front_page_path)
            self._sweep_pages()
            yield

    def read_held(self, keyword: str) -> Held | None:
        """Read what is held of `keyword`; None if it was never fetched.

        Raises:
            StoreDamagedError: the file is damaged.
            StoreError: a newer version of papers-assets wrote it.
        """
        return self.read_held_columns(keyword, held.SCHEMA.names)

    def read_held_columns(
        self, keyword: str, columns: Sequence[str], rows: range | None = None
    ) -> Held | None:
        """Read the same with some of the papers' columns only, and of some rows, newest first.

        Args:
            keyword: whose.
            columns: of `held.SCHEMA`, `updated` among them.
            rows: which; None: all.

        Raises:
            StoreError: as `read_held`. Damage to what is not asked for goes unnoticed.
        """
        path = self.held_path(keyword)
        if not exists(path):
            return None
        schema = pa.schema([held.SCHEMA.field(name) for name in columns])
        table, labels = read_table(path, schema, rows)
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
                gleaned=_number(labels.get("gleaned", "")),
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
            "gleaned": "" if value.gleaned is None else str(value.gleaned),
            "looked_back": json.dumps(
                [[_label(w.first), _label(w.last)] for w in value.looked_back]
            ),
        }
        write_table(self.held_path(value.keyword), value.papers, labels, self.locks.check)

    def signature(self, keyword: str) -> str:
        """Give what changes whenever what is held of `keyword` is written; empty: nothing is."""
        return signature(self.held_path(keyword))

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
        suffix = ".problem.json"
        found = (path.name for path in inside(self._held_folder))
        return {name.removesuffix(suffix) for name in found if name.endswith(suffix)}

    def write_problem(self, keyword: str, problem: str) -> None:
        """Note why the last refresh of `keyword` failed; empty: it did not."""
        path = self._problem_path(keyword)
        if not problem:
            self.locks.check()
            remove(path)
            return
        with replacing(path, self.locks.check) as file:
            file.write(json.dumps({"keyword": keyword, "problem": problem}).encode())

    def read_papers(self, columns: Sequence[str] = papers.SCHEMA.names) -> pd.DataFrame:
        """Read the asset `papers`, or some columns of it, as `papers_assets.papers` describes it.

        Raises:
            StoreError: there is none yet, it is damaged, or a newer version wrote it.
        """
        if not exists(self.papers_path):
            raise StoreError(f"{self.papers_path}: not there yet. Materialize papers first.")
        schema = pa.schema([papers.SCHEMA.field(name) for name in columns])
        table, labels = read_table(self.papers_path, schema)
        frame = papers.to_frame(table)
        frame.attrs.update(json.loads(labels.get("attributes", "{}")))
        return frame

    def write_papers(self, frame: pd.DataFrame) -> None:
        """Write the asset `papers`."""
        table = pa.Table.from_pandas(frame, schema=papers.SCHEMA, preserve_index=False)
        labels = {"attributes": json.dumps(frame.attrs)}
        write_table(self.papers_path, table, labels, self.locks.check)

    def papers_or_none(self, columns: Sequence[str] = papers.SCHEMA.names) -> pd.DataFrame | None:
        """Read the asset `papers` if there is one that is whole, else None."""
        try:
            return self.read_papers(columns)
        except StoreError:
            return None

    @contextmanager
    def staging(self) -> Iterator[None]:
        """Write documents aside until the block ends well; if it raises, all are as they were."""
        try:
            with staged(self.locks.check) as stage:
                self._stage = stage
                yield
        finally:
            self._stage = None

    def read_document(self, path: Path) -> bytes:
        """Read a document, as it is written aside if it is."""
        return self._stage.content(path) if self._stage else read_bytes(path)

    def _writing(self, path: Path) -> AbstractContextManager[BinaryIO]:
        return self._stage.writing(path) if self._stage else replacing(path, self.locks.check)

    def write_readme(self, pieces: Iterable[str]) -> int:
        """Write the rendered README and give its size in bytes.

        Raises:
            StoreError: it cannot be written, and is as it was.
        """
        with self._writing(self.readme_path) as file:
            return sum(file.write(piece.encode()) for piece in pieces)

    def write_page(self, name: str, pieces: Iterable[str]) -> int:
        """Write a rendered page of the README and give its size in bytes.

        Raises:
            StoreError: it cannot be written, and is as it was.
        """
        with self._writing(self.pages_folder / name) as file:
            return sum(file.write(piece.encode()) for piece in pieces)

    def pages(self) -> Iterator[tuple[str, bytes]]:
        """Give the name of every page that is there, and what is in it, one by one."""
        for path in self._paths_of_pages():
            yield path.name, read_bytes(path)

    def remove_pages(self, but: Collection[str] = ()) -> None:
        """Remove all pages `but` those of these names, and the folder if nothing is left in it.

        Raises:
            StoreError: one cannot be removed.
        """
        paths = self._paths_of_pages()
        try:
            for path in paths:
                if path.name not in but:
                    self.locks.check()
                    remove(path)
        except OSError as error:
            raise StoreError(
                f"{path}: cannot be removed ({error.strerror}), and the README does not lead there "
                "any more. Remove it, or make the folder writable, and run again."
            ) from error
        if not is_remote(self.pages_folder):
            with suppress(OSError):  # somebody else's files are in it, or it is not there
                self.pages_folder.rmdir()

    def check_front_page(self) -> None:
        """Make sure that a front page can be written without losing somebody else's.

        Raises:
            StoreError: there is one that is not ours.
        """
        path = self.front_page_path
        if exists(path) and not self._has_our_front_page():
            raise StoreError(
                f"{path}: papers-assets did not write this file, and leaves it as it is. It should "
                "write its list there (front_page = true in keywords.toml): move the file away, or "
                "set front_page = false."
            )

    def write_front_page(self, pieces: Iterable[str]) -> int:
        """Write the rendered front page and give its size in bytes.

        Args:
            pieces: the last line is `FRONT_PAGE_MARK`.

        Raises:
            StoreError: it cannot be written, and is as it was; or there is one that is not ours.
        """
        self.check_front_page()
        with self._writing(self.front_page_path) as file:
            return sum(file.write(piece.encode()) for piece in pieces)

    def remove_front_page(self) -> None:
        """Remove the front page if it is ours; somebody else's stays.

        Raises:
            StoreError: it cannot be removed.
        """
        path = self.front_page_path
        try:
            if self._has_our_front_page():
                self.locks.check()
                remove(path)
        except OSError as error:
            raise StoreError(
                f"{path}: cannot be removed ({error.strerror}), although keywords.toml has no "
                "front_page = true any more. Remove it, or make the folder writable, and run again."
            ) from error

    @contextmanager
    def opening_history(self) -> Iterator[None]:
        """Keep other processes from opening the run history, until the block ends."""
        with self.locks.holding("history"):
            yield

    def _paths_of_pages(self) -> list[Path]:
        found = [p for p in inside(self.pages_folder) if _PAGE.fullmatch(p.name)]
        return sorted(found, key=lambda path: (len(path.name), path.name))  # 2 before 10

    def _sweep_pages(self) -> None:
        """Remove what writers of pages left behind who died writing."""
        for left in () if is_remote(self.pages_folder) else self.pages_folder.glob(".*.tmp"):
            if _HALF_A_PAGE.fullmatch(left.name):
                with suppress(OSError):
                    left.unlink()

    def _has_our_front_page(self) -> bool:
        """Say whether there is a front page that ends with our mark."""
        try:
            return read_bytes(self.front_page_path).endswith(FRONT_PAGE_MARK.encode())
        except OSError:  # it is not there, is a folder, or is somebody's who lets nobody read it
            return False

    def _problem_path(self, keyword: str) -> Path:
        return self._held_folder / f"{slug(keyword)}.problem.json"


def slug(keyword: str) -> str:
    """Give what files of a keyword are called: readable, safe, short, and no other keyword's."""
    readable = re.sub(r"[^a-z0-9]+", "-", keyword.lower())[:_SLUG].strip("-")
    digest = hashlib.sha256(keyword.encode()).hexdigest()[:12]
    return f"{readable or 'keyword'}-{digest}"


def _label(time: datetime | None) -> str:
    return time.isoformat() if time else ""


def _time(label: str) -> datetime | None:
    return datetime.fromisoformat(label) if label else None


def _windows(label: str) -> tuple[Window, ...]:
    return tuple(Window(*map(datetime.fromisoformat, ends)) for ends in json.loads(label))


def _number(label: str) -> int | None:
    return int(label) if label else None
