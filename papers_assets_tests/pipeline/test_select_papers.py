"""What is published stays unread so long as nothing changed; and what is chosen is the same."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from papers_assets.arxiv.models import Paper
from papers_assets.checks import check_papers
from papers_assets.keywords.model import Keyword, KeywordsConfig
from papers_assets.pipeline.select_papers import SelectionResult, select_all
from papers_assets.render import chart
from papers_assets.storage import parquet
from papers_assets.storage.raw_papers import RawPapersStore
from papers_assets.transform import selection_cache
from papers_assets.transform.raw_papers import RawPapers, merge_answer
from papers_assets.transform.schema import RAW_PAPERS_SCHEMA
from papers_assets.transform.selection import (
    KEY_COLUMNS,
    SHORT_REASONS_ATTR,
    TEXT_COLUMNS,
    read_refresh_times,
    read_sources,
    without_cache,
)
from papers_assets.transform.selection_cache import CachedSelection, DailyCounts
from papers_assets_tests.helpers.factories import EPOCH, LATER, keyword, paper, search

ONE, TWO, THREE = (keyword(name, any=("compiler",), cap=4) for name in ("one", "two", "three"))


DAY = EPOCH.date()


class Watched(RawPapersStore):
    """A store that notes of which keywords held papers are read."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.read: list[tuple[str, range | None]] = []

    def read_raw_papers_columns(
        self, keyword: str, columns: Sequence[str], rows: range | None = None
    ) -> RawPapers | None:
        self.read.append((keyword, rows))
        return super().read_raw_papers_columns(keyword, columns, rows)


@pytest.fixture
def store(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def listed(*keywords: Keyword) -> KeywordsConfig:
    return KeywordsConfig(Path("k.toml"), keywords, ZoneInfo("UTC"), "0 6 * * *")


def hold(
    store: RawPapersStore,
    keyword: Keyword,
    *papers: Paper,
    seen_at: datetime = LATER,
    gap: bool = False,
) -> None:
    stored = store.read_raw_papers(keyword.name)
    store.write_raw_papers(merge_answer(keyword, stored, papers, seen_at, has_gap=gap))


def publish(store: RawPapersStore, *keywords: Keyword, today: date = DAY) -> SelectionResult:
    result = select_all(listed(*keywords), store, today, store.read_papers_or_none())
    store.write_papers(result.frame)
    return result


def assert_same(one: SelectionResult, other: SelectionResult) -> None:
    pd.testing.assert_frame_equal(one.frame, other.frame)
    assert one.frame.attrs == other.frame.attrs
    assert read_sources(one.frame) == read_sources(other.frame)
    assert one.complete_from == other.complete_from
    for kept, chosen in zip(one.selections, other.selections, strict=True):
        pd.testing.assert_frame_equal(kept.papers, chosen.papers)
        assert replace(kept, papers=chosen.papers) == chosen


def test_only_what_changed_is_read(store: Watched) -> None:
    for one in (ONE, TWO, THREE):
        hold(store, one, paper(1), paper(2))
    assert publish(store, ONE, TWO, THREE).reused == set()
    hold(store, TWO, paper(3), seen_at=LATER + timedelta(days=1))
    store.read.clear()
    result = publish(store, ONE, TWO, THREE)
    assert {name for name, _ in store.read} == {"two"}
    assert result.reused == {"one", "three"}
    assert set(result.keys) == {"two"}
    assert list(result.frame["arxiv_id"].str[-1]) == ["2", "1", "3", "2", "1", "2", "1"]
    assert read_refresh_times(result.frame)["two"] == LATER + timedelta(days=1)
    assert read_refresh_times(result.frame)["one"] == LATER


@pytest.mark.parametrize(
    "change",
    [
        lambda store: hold(store, ONE),
        lambda store: store.write_papers(without_cache(store.read_papers())),
        lambda store: store.papers_path.write_bytes(b"damaged"),
        lambda store: store.papers_path.unlink(),
    ],
)
def test_what_may_not_be_as_it_was_is_chosen_anew(
    store: Watched, change: Callable[[RawPapersStore], object]
) -> None:
    hold(store, ONE, paper(1))
    publish(store, ONE)
    change(store)
    assert publish(store, ONE).reused == set()
    assert publish(store, ONE).reused == {"one"}


@pytest.mark.parametrize(
    "edited",
    [replace(ONE, cap=3), keyword("one", any=("invented",)), keyword("one", none=("bread",))],
)
def test_an_edited_keyword_is_chosen_anew(store: Watched, edited: Keyword) -> None:
    hold(store, ONE, paper(1))
    publish(store, ONE)
    assert publish(store, edited).reused == set()


def test_what_other_rules_chose_is_chosen_anew(
    store: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(store, ONE, paper(1))
    publish(store, ONE)
    monkeypatch.setattr(selection_cache, "_MATCHER", [selection_cache.MATCHER_RULES + 1])
    assert publish(store, ONE).reused == set()


def test_a_new_reason_is_told_of_rows_that_stay(store: Watched) -> None:
    hold(store, ONE, paper(1))
    publish(store, ONE)
    store.write_failure_reason("one", "arXiv answered 503")
    result = publish(store, ONE)
    assert result.reused == {"one"}
    assert result.frame.attrs[SHORT_REASONS_ATTR] == {"one": "arXiv answered 503"}
    store.write_failure_reason("one", "")
    assert publish(store, ONE).frame.attrs[SHORT_REASONS_ATTR] == {}


def test_rows_of_a_damaged_file_stay_and_are_never_built_upon(store: Watched) -> None:
    hold(store, ONE, paper(1))
    publish(store, ONE)
    store.raw_papers_path("one").write_bytes(b"damaged")
    for _ in range(2):
        store.read.clear()
        result = publish(store, ONE)
        assert [name for name, _ in store.read] == ["one"]
        assert (len(result.frame), result.selections) == (1, [])
        assert result.frame.attrs[SHORT_REASONS_ATTR] == {"one": "what is held of it is damaged"}
        assert result.reused == {"one"}


@dataclass
class Looked:
    definition: str = ONE.fingerprint
    refreshed_at: datetime | None = LATER + timedelta(days=9)
    complete_from: datetime | None = EPOCH
    stored_watermark: int = 3


def test_who_was_looked_for_and_had_no_news_is_as_fresh_as_that(store: Watched) -> None:
    store.write_raw_papers(replace(merge_answer(ONE, None, [paper(1)], LATER), scanned_until=3))
    publish(store, ONE)
    now = LATER + timedelta(days=9)
    previous = store.read_papers_or_none()
    for scan_state, fresh in [
        (Looked(), now),
        (Looked("other"), LATER),
        (Looked(ONE.fingerprint, None), LATER),
        # Of what is held now, which is from a backup, nobody has said so.
        (Looked(stored_watermark=4), LATER),
    ]:
        result = select_all(listed(ONE), store, DAY, previous, {"one": scan_state})
        assert result.reused == {"one"}
        assert read_refresh_times(result.frame) == {"one": fresh}
        assert_same(result, select_all(listed(ONE), store, DAY, None, {"one": scan_state}))
    # What was complete before counts only if nothing is missing in between.
    gap = Looked(complete_from=LATER)
    result = select_all(listed(ONE), store, DAY, previous, {"one": gap})
    assert result.complete_from == {"one": LATER}
    for since, complete_from in [(EPOCH, EPOCH), (paper(1).updated, paper(1).updated)]:
        scan_state = Looked(complete_from=since)
        result = select_all(listed(ONE), store, DAY, previous, {"one": scan_state})
        assert result.complete_from == {"one": complete_from}


def test_a_file_that_is_replaced_between_two_looks_is_read_at_once(store: Watched) -> None:
    hold(store, ONE, *(paper(n) for n in range(1, 4)))

    class Racing(Watched):
        def read_raw_papers_columns(
            self, keyword: str, columns: Sequence[str], rows: range | None = None
        ) -> RawPapers | None:
            if rows is not None and not self.read[1:]:
                hold(store, ONE, paper(3, 2), paper(9), seen_at=LATER + timedelta(days=1))
            return super().read_raw_papers_columns(keyword, columns, rows)

    result = select_all(listed(ONE), Racing(store.home), DAY)
    assert list(result.frame["version"]) == [1, 2, 1, 1]
    assert read_refresh_times(result.frame) == {"one": LATER + timedelta(days=1)}
    # It is taken for what it was before, so that the next time looks again.
    store.write_papers(result.frame)
    assert publish(store, ONE).reused == set()


class Late(Watched):
    """A store in which another run writes right after it was looked at what is there."""

    def etags(self) -> dict[str, str]:
        found = super().etags()
        hold(self, ONE, paper(9), seen_at=LATER + timedelta(days=1))
        self.read.clear()
        return found


def test_what_is_replaced_after_the_look_is_chosen_anew_the_next_time(store: Watched) -> None:
    hold(store, ONE, paper(1))
    result = select_all(listed(ONE), Late(store.home), DAY)
    assert list(result.frame["arxiv_id"].str[-1]) == ["9", "1"]
    store.write_papers(result.frame)
    assert publish(store, ONE).reused == set()
    # Of what had been published, the older rows stay, and are as old as they say.
    late = select_all(listed(ONE), Late(store.home), DAY, store.read_papers_or_none())
    assert late.reused == {"one"}
    store.write_papers(late.frame)
    assert publish(store, ONE).reused == set()


def test_nothing_is_built_upon_what_was_first_written_after_the_look(store: Watched) -> None:
    store.write_papers(select_all(listed(ONE), Late(store.home), DAY).frame)
    store.raw_papers_path("one").unlink()
    assert publish(store, ONE).reused == set()
    assert [name for name, _ in store.read] == ["one"]


def test_as_many_are_counted_by_day_as_the_picture_has_rows(store: Watched) -> None:
    many = [keyword(f"{n}", any=("compiler",), cap=1) for n in range(chart.MAX_CHART_ROWS + 2)]
    for one in many:
        hold(store, one, paper(1), paper(2), paper(-9_000))
    today, later = DAY + timedelta(days=2), DAY + timedelta(days=3)
    counted = [s.daily_counts for s in publish(store, *many, today=today).selections]
    days = DailyCounts(today - timedelta(days=chart.CHART_DAYS - 1), {DAY: 2})
    assert counted == [days] * chart.MAX_CHART_ROWS + [None] * 2
    # Who moves up has to be counted, and who moves down need not be any more.
    result = publish(store, *many[3:], *many[:3], today=today)
    assert len(result.reused) == len(many) - 2
    assert [s.daily_counts for s in result.selections] == counted
    # What was counted is enough for every later day, and not for an earlier one.
    assert len(publish(store, *many[3:], *many[:3], today=later).reused) == len(many)
    assert len(publish(store, *many[3:], *many[:3], today=today).reused) == 2


def a_change(chance: random.Random, world: "World") -> None:
    store, name = world.store, chance.choice([*world.keywords])
    one = world.keywords[name]
    match chance.randrange(9):
        case 0 | 1 | 2:
            came = [
                paper(
                    chance.randrange(30),
                    chance.randint(1, 3),
                    updated=EPOCH + timedelta(hours=chance.randrange(900)),
                    title=chance.choice(["A compiler", "Bread", "An interpreter"]),
                    abstract="Compilers and interpreters.",
                )
                for _ in range(chance.randrange(12))
            ]
            unique = {(p.arxiv_id, p.version): p for p in came}.values()
            world.now += timedelta(hours=1)
            if not world.is_damaged(name):
                hold(store, one, *unique, seen_at=world.now, gap=chance.random() < 0.2)
        case 3:
            world.keywords[name] = replace(one, cap=chance.randint(1, 6))
        case 4:
            chosen = search(any=(chance.choice(["compiler", "interpreter"]),))
            world.keywords[name] = replace(one, searches=(chosen,))
        case 5:
            store.write_failure_reason(name, chance.choice(["", "arXiv answered 503"]))
        case 6:
            store.raw_papers_path(name).parent.mkdir(parents=True, exist_ok=True)
            store.raw_papers_path(name).write_bytes(b"damaged")
        case 7:
            store.raw_papers_path(name).unlink(missing_ok=True)
        case _:
            world.today += timedelta(days=chance.randint(-1, 2))
            moved = chance.sample([*world.keywords.items()], len(world.keywords))
            world.keywords = dict(moved)


@dataclass
class World:
    store: RawPapersStore
    keywords: dict[str, Keyword]
    today: date = DAY + timedelta(days=30)
    now: datetime = field(default=LATER)

    def is_damaged(self, name: str) -> bool:
        path = self.store.raw_papers_path(name)
        return path.exists() and path.read_bytes() == b"damaged"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.slow
def test_whatever_happens_it_is_the_same_as_choosing_everything_anew(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "_ROW_GROUP_SIZE", 5)
    chance = random.Random(seed)
    names = [f"{n}" for n in range(6)]
    world = World(
        RawPapersStore(tmp_path), {n: keyword(n, any=("compiler",), cap=3) for n in names}
    )
    kept = 0
    for _ in range(20):
        for _ in range(chance.randint(1, 3)):
            a_change(chance, world)
        keywords_config, previous = (
            listed(*world.keywords.values()),
            world.store.read_papers_or_none(),
        )
        result = select_all(keywords_config, world.store, world.today, previous)
        anew = None if previous is None else without_cache(previous)
        assert_same(result, select_all(keywords_config, world.store, world.today, anew))
        results = check_papers(
            result.frame, previous, keywords_config, result.keys, world.now, result.reused
        )
        failed = {check.name for check in results if not check.passed}
        # Lists of lost files are as they were, whatever was edited meanwhile.
        assert "newest_version_kept" not in failed
        kept += len(result.reused)
        if chance.random() < 0.1:
            world.store.papers_path.write_bytes(b"damaged")
        else:
            world.store.write_papers(result.frame)
    assert kept > 9


def test_some_rows_read_are_those_rows_of_all(
    store: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "_ROW_GROUP_SIZE", 4)
    hold(store, ONE, *(paper(n, authors=("A",) * (n % 3)) for n in range(1, 11)))
    whole = store.read_raw_papers("one")
    assert whole is not None
    for columns in (RAW_PAPERS_SCHEMA.names, TEXT_COLUMNS, KEY_COLUMNS):
        for first in range(11):
            for last in range(first, 11):
                part = store.read_raw_papers_columns("one", columns, range(first, last))
                assert part is not None
                assert part.rows.equals(whole.rows.select(columns).slice(first, last - first))
                assert replace(part, rows=whole.rows) == whole


def test_a_choice_comes_back_as_it_was_and_anything_else_is_none() -> None:
    days = DailyCounts(date(2026, 11, 1), {date(2026, 11, 2): 3})
    chosen = {
        "a": CachedSelection("f", 1, 2, days, LATER, None, EPOCH),
        "b": CachedSelection("g", 0, 0, None, None, datetime(2026, 1, 1, tzinfo=UTC)),
        "c": CachedSelection(
            "h", 0, 0, None, None, missing_ranges=("a day",), oai_only=("2613.00001v1",)
        ),
    }
    assert selection_cache.from_text(selection_cache.to_text(chosen)) == chosen
    odd_ones: list[object] = [None, {}, "", "[]", "7", '{"a": 7}', '{"a": [1]}']
    for odd in [*odd_ones, '{"a": ["f", 1, 2, [1], []]}']:
        assert selection_cache.from_text(odd) == {}
