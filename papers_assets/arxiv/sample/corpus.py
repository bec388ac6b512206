"""The papers of the sample arXiv, read from JSON lines with one version of a paper per line."""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from papers_assets.arxiv.sample.fields import Fields

SAMPLE_PATH = Path(__file__).with_name("papers.jsonl")
"""The invented papers, written by `papers_assets_tests/sample_papers/generate.py`."""

ARXIV_ID = re.compile(r"\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7}")
"""An arXiv id without its version, in the present form or the one before April 2007."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


class CorpusError(Exception):
    """A corpus cannot be read; the message names the file, the line and the field."""


@dataclass(frozen=True, eq=False)
class Paper:
    """One version of a paper, compared by identity."""

    id: str
    """Without the version: `2513.00001`."""
    version: int
    title: str
    authors: tuple[str, ...]
    abstract: str
    comment: str | None
    categories: tuple[str, ...]
    primary_category: str
    published: str
    """When version 1 was submitted, as in `2026-11-20T17:59:08Z`, which sorts by time."""
    updated: str
    """When this version was submitted, in the same form."""
    doi: str | None = None
    journal_ref: str | None = None

    @cached_property
    def fields(self) -> Fields:
        """The texts in the form for searches."""
        texts = (self.title, self.abstract, self.comment or "", self.journal_ref or "")
        return Fields(*texts, self.authors)


class Corpus:
    """Papers, each with its known versions."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self._versions: dict[str, dict[int, Paper]] = {}
        for paper in papers:
            self._versions.setdefault(paper.id, {})[paper.version] = paper
        self.newest = tuple(versions[max(versions)] for versions in self._versions.values())
        """The newest version of each paper; like arXiv's, searches find only these."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the corpus in a file of JSON lines, compressed if the name ends in `.gz`.

        Every line has the fields of `Paper`. `comment`, `doi` and `journal_ref` may be null.
        `published` may be null, too; it is then the earliest known time of the paper. Times may be
        dates.

        Raises:
            CorpusError: a line is invalid.
            OSError: the file cannot be read.
        """
        return cls(_add_publication_times(_read_papers(path)))

    @classmethod
    def sample(cls) -> Self:
        """Return the invented papers that come with the project."""
        return cls.load(SAMPLE_PATH)

    def shifted_to_end_at(self, midnight: datetime) -> Self:
        """Return the papers, moved by whole days so that the newest is of the day before."""
        newest = max(datetime.fromisoformat(paper.updated) for paper in self.newest)
        by = timedelta(days=(midnight - newest).days)

        def moved(time: str) -> str:
            return f"{datetime.fromisoformat(time) + by:%Y-%m-%dT%H:%M:%SZ}"

        return type(self)(
            replace(paper, published=moved(paper.published), updated=moved(paper.updated))
            for paper in self.versions
        )

    def as_of(self, moment: datetime) -> Self:
        """Return the versions that existed at `moment`, in UTC."""
        text = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        return type(self)(paper for paper in self.versions if paper.updated < text)

    def write(self, path: Path) -> None:
        """Write the papers in the format of `load`, atomically."""
        lines = (json.dumps(asdict(paper), ensure_ascii=False) for paper in self.versions)
        partial = path.with_name(f"{path.name}.partial")
        partial.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        partial.replace(path)

    def __len__(self) -> int:
        return len(self.newest)

    @property
    def versions(self) -> Iterator[Paper]:
        """All versions of all papers."""
        return (paper for known in self._versions.values() for paper in known.values())

    def find(self, arxiv_id: str, version: int | None = None) -> Paper | None:
        """Return a version of a paper, by default the newest; None if it does not exist."""
        versions = self._versions.get(arxiv_id, {})
        return versions.get(version or max(versions, default=0))


_UNKNOWN = ""
"""A placeholder for a missing publication time, until all lines are read."""


def _add_publication_times(papers: Iterable[Paper]) -> list[Paper]:
    read = list(papers)
    earliest: dict[str, str] = {}
    for paper in read:
        time = paper.published or paper.updated
        earliest[paper.id] = min(time, earliest.get(paper.id, time))
    return [p if p.published else replace(p, published=earliest[p.id]) for p in read]


def _read_papers(path: Path) -> Iterator[Paper]:
    seen: dict[tuple[str, int], int] = {}
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                paper = _parse_paper(line)
                _check_is_new(paper, number, seen)
                yield paper
    except _FieldError as error:
        raise CorpusError(f"{path}, line {number}, {error}") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorpusError(f"{path}, after line {number}: not a whole gzip file: {error}") from error


def _check_is_new(paper: Paper, number: int, seen: dict[tuple[str, int], int]) -> None:
    first = seen.setdefault((paper.id, paper.version), number)
    if first != number:
        raise _FieldError("version", f"line {first} has this version of {paper.id} already")


class _FieldError(Exception):
    """A field of the current line is invalid."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"field {field!r}: {problem}")


def _parse_paper(line: bytes) -> Paper:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise _FieldError("(all)", f"the line is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise _FieldError("(all)", f"expected a JSON object, found {_shorten(record)}")
    return Paper(
        id=_read_field(record, "id", _is_id, "an arXiv id without version, such as 2513.00001"),
        version=_read_field(record, "version", _is_version, "a whole number from 1"),
        title=_read_field(record, "title", _is_text, "text"),
        authors=tuple(_read_field(record, "authors", _is_texts, "a list of at least one name")),
        abstract=_read_field(record, "abstract", _is_text, "text"),
        comment=_read_field(record, "comment", _is_text_or_null, "text or null"),
        categories=tuple(
            _read_field(record, "categories", _is_texts, "a list of at least one name")
        ),
        primary_category=_read_field(record, "primary_category", _is_text, "text"),
        published=_UNKNOWN if _is_null(record, "published") else _read_time(record, "published"),
        updated=_read_time(record, "updated"),
        doi=_read_field(record, "doi", _is_text_or_null, "text or null"),
        journal_ref=_read_field(record, "journal_ref", _is_text_or_null, "text or null"),
    )


def _read_field(
    record: Mapping[str, Any], field: str, accepts: Callable[[Any], bool], expected: str
) -> Any:
    if field not in record:
        raise _FieldError(field, "missing")
    value = record[field]
    if not accepts(value):
        raise _FieldError(field, f"expected {expected}, found {_shorten(value)}")
    return value


def _shorten(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}..."  # noqa: PLR2004 (fits a terminal's line)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_text_or_null(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and ARXIV_ID.fullmatch(value) is not None


def _is_version(value: object) -> bool:
    return type(value) is int and value >= 1  # a bool is an int, but not a version


def _is_null(record: Mapping[str, Any], field: str) -> bool:
    return field in record and record[field] is None


def _is_time(value: object) -> bool:
    if not isinstance(value, str) or not (_TIME.fullmatch(value) or _DAY.fullmatch(value)):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:  # for example, February 31
        return False
    return True


def _read_time(record: Mapping[str, Any], field: str) -> str:
    value: str = _read_field(
        record, field, _is_time, "a time such as 2026-11-20T17:59:08Z or a day"
    )
    return value if "T" in value else f"{value}T00:00:00Z"
