"""Choosing `papers` from more and more held rows: everything anew, and after a day's changes."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bench.apart import Measured, apart
from bench.results import Aim, Result, Table, series

SIZES = ((30, 100), (300, 1_000), (300, 10_000))
"""Keywords, and rows held of each."""
QUICK = ((3, 50), (5, 100))
_CHANGED = 0.01
"""Of the keywords, on an ordinary day."""
_TODAY = date(2026, 11, 21)
_NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
_YEARS = timedelta(days=1095)
"""Over which the rows are spread: what is kept unless keywords.toml says otherwise."""
_ABSTRACT = 1_050
"""Characters, for 1.4 KB a row."""
_PHRASE = "invented sample"
_OTHERS = 12
"""Every so many-th row does not match, as arXiv's answers may."""
_PANEL = "selecting papers"
_REMARKS = (
    "Invented papers, 1.4 KB a row, over three years; one in twelve matches no keyword.",
    "A keyword shows 100 of them.",
    "Files are in the system's cache.",
    "After a change, seconds include reading the published lists.",
)


class Row(NamedTuple):
    """What was measured at one size."""

    keywords: int
    held: int
    full: dict[str, float]
    full_process: Measured
    changed: int
    part: dict[str, float]
    part_process: Measured


def run(*, is_quick: bool) -> Result:
    """Measure."""
    rows = [_row(*sizes) for sizes in (QUICK if is_quick else SIZES)]
    head = (
        *("stored rows", "keywords", "all lists, s", "peak, MB"),
        *("1 % (at least 1) changed, s", "peak, MB"),
    )
    cells = (
        (
            *(r.held, r.keywords, r.full["wall"], r.full_process.peak),
            *(r.part["wall"], r.part_process.peak),
        )
        for r in rows
    )
    last = rows[-1]
    full = [(r.held, r.full["wall"]) for r in rows]
    part = [(r.held, r.part["wall"]) for r in rows]
    return Result(
        (Table(head, tuple(cells)),),
        (
            Aim(f"selection from {last.held:,} rows", last.full["wall"], 10, "s"),
            Aim("its peak memory", last.full_process.peak / 1e3, 6, "GB"),
            Aim("share of that after a day's changes", _share(last), 25, "%"),
        ),
        (
            series(_PANEL, "all lists", "stored rows", "seconds", full),
            series(_PANEL, "1 % of keywords changed", "stored rows", "seconds", part),
            series(
                "", "all lists", "stored rows", "MB", [(r.held, r.full_process.peak) for r in rows]
            ),
        ),
        _REMARKS,
    )


def _share(row: Row) -> float:
    return 100 * row.part["wall"] / row.full["wall"]


def _row(keywords: int, each: int) -> Row:
    changed = max(1, round(keywords * _CHANGED))
    with tempfile.TemporaryDirectory() as home:
        apart(write, home, keywords, each)
        full, full_process = apart(choose_all, home, keywords)
        apart(change, home, keywords, changed)
        part, part_process = apart(choose_changed, home, keywords)
    if part["anew"] != changed:
        raise RuntimeError(f"{changed} keywords changed, and {part['anew']} were chosen anew")
    stored = keywords * each
    return Row(keywords, stored, full, full_process, changed, part, part_process)


# In processes of their own, which import what the product does.


def write(home: str, keywords: int, each: int) -> None:
    """Write what is held of so many keywords, the same papers of each, as the store does."""
    from papers_assets.storage.raw_papers import RawPapersStore  # noqa: PLC0415
    from papers_assets.transform import raw_papers  # noqa: PLC0415

    store = RawPapersStore(Path(home))
    some = _keywords(keywords)
    model = raw_papers.merge_answer(some[0], None, list(_papers(each)), _NOON)
    for keyword in some:
        labelled = replace(model, keyword=keyword.name, query_fingerprint=keyword.fingerprint)
        store.write_raw_papers(labelled)
    free = shutil.disk_usage(home).free
    if free < 1e9:
        raise OSError(f"only {free / 1e6:.0f} MB are left on this disk")


def choose_all(home: str, keywords: int) -> dict[str, float]:
    """Choose all lists, and publish them for `choose_changed`."""
    from papers_assets.pipeline.select_papers import select_all  # noqa: PLC0415
    from papers_assets.storage.raw_papers import RawPapersStore  # noqa: PLC0415

    store, file = RawPapersStore(Path(home)), _file(keywords)
    took = _Clock()
    result = select_all(file, store, _TODAY)
    given = took.given(anew=keywords - len(result.reused))
    store.write_papers(result.frame)
    return given


def choose_changed(home: str, keywords: int) -> dict[str, float]:
    """Choose again, upon what was published."""
    from papers_assets.pipeline.select_papers import select_all  # noqa: PLC0415
    from papers_assets.storage.raw_papers import RawPapersStore  # noqa: PLC0415

    store, file = RawPapersStore(Path(home)), _file(keywords)
    took = _Clock()
    result = select_all(file, store, _TODAY, store.read_papers_or_none())
    return took.given(anew=keywords - len(result.reused))


def change(home: str, keywords: int, changed: int) -> None:
    """Hold one paper more of the first keywords."""
    from papers_assets.storage.raw_papers import RawPapersStore  # noqa: PLC0415
    from papers_assets.transform import raw_papers  # noqa: PLC0415

    store = RawPapersStore(Path(home))
    for keyword in _keywords(keywords)[:changed]:
        before = store.read_raw_papers(keyword.name)
        (new,) = _papers(1)
        new = replace(new, arxiv_id="2613.99999", updated=_NOON)
        store.write_raw_papers(raw_papers.merge_answer(keyword, before, [new], _NOON))


class _Clock:
    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def given(self, anew: int) -> dict[str, float]:
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return {"wall": wall, "cpu": cpu, "anew": anew}


def _keywords(count: int) -> list[Any]:
    from papers_assets.keywords.model import Keyword, MatchField, Phrase, Search  # noqa: PLC0415

    search = Search(any=(Phrase(_PHRASE),), within=MatchField.ABSTRACT)
    return [Keyword(f"keyword {number}", (search,)) for number in range(count)]


def _file(count: int) -> Any:
    from papers_assets.keywords.model import KeywordsConfig  # noqa: PLC0415

    keywords = tuple(_keywords(count))
    return KeywordsConfig(Path("keywords.toml"), keywords, ZoneInfo("UTC"), "0 6 * * *")


def _papers(count: int) -> Iterator[Any]:
    """Invent papers as long as real ones, the newest last, of words in any order."""
    from papers_assets_tests.helpers.factories import paper  # noqa: PLC0415
    from papers_assets_tests.sample_papers import words  # noqa: PLC0415

    chance = Random(count)
    lists = (words.ADJECTIVES, words.NAMES, words.SETTINGS, words.MACHINES, words.REMARKS)
    vocabulary = [word for phrases in lists for phrase in phrases for word in phrase.split()]
    for number in range(count):
        updated = _NOON - _YEARS * (1 - number / count)
        drawn = " ".join(chance.choices(vocabulary, k=_ABSTRACT // 6))
        kind = "An other one." if number % _OTHERS == 0 else "An invented sample."
        yield paper(
            number,
            title=" ".join(chance.choices(vocabulary, k=9)),
            abstract=f"{kind} {drawn}"[:_ABSTRACT],
            authors=tuple(f"{a} Example" for a in chance.choices(words.GIVEN_NAMES, k=4)),
            published=updated,
            updated=updated,
        )
