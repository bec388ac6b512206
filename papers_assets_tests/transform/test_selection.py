import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.models import Paper
from papers_assets.keywords.model import Revisions
from papers_assets.transform import selection as papers
from papers_assets.transform.raw_papers import merge_answer
from papers_assets.transform.selection import (
    COLUMNS,
    NewCounts,
    SelectionSource,
    concat,
    read_refresh_times,
    read_sources,
    select_papers,
)
from papers_assets.transform.selection_cache import DailyCounts
from papers_assets_tests.helpers.factories import (
    EPOCH,
    LATER,
    caps,
    held_frame,
    keyword,
    paper,
    some_papers,
)


def listed(frame: pd.DataFrame) -> list[tuple[str, int]]:
    return list(zip(frame["arxiv_id"], frame["version"], strict=True))


def newest_first(stored: list[Paper]) -> list[Paper]:
    newest: dict[str, Paper] = {}
    for p in sorted(stored, key=lambda p: p.version):
        newest[p.arxiv_id] = p
    return sorted(newest.values(), key=lambda p: (p.updated, p.arxiv_id), reverse=True)


def is_about_it(p: Paper) -> bool:
    return "compiler" in p.title.lower()


def expected(stored: list[Paper], cap: int) -> list[tuple[str, int]]:
    """The same answer, the straightforward way."""
    shown = [p for p in newest_first(stored) if is_about_it(p)]
    return [(p.arxiv_id, p.version) for p in shown[:cap]]


def refused(stored: list[Paper], cap: int) -> int:
    number = shown = 0
    for p in newest_first(stored):
        if shown == cap:
            break
        number += not is_about_it(p)
        shown += is_about_it(p)
    return number


@given(some_papers, caps)
def test_it_is_the_newest_matching_versions_newest_first_up_to_the_cap(
    stored: list[Paper], cap: int
) -> None:
    selection = select_papers(held_frame(stored), keyword(cap=cap))
    assert listed(selection.papers) == expected(stored, cap)
    assert selection.stored == len({p.arxiv_id for p in stored})
    assert selection.filtered == refused(stored, cap)
    assert selection.daily_counts is None


@given(some_papers, caps, st.integers(0, 3), st.integers(1, 4))
def test_matching_papers_are_counted_by_day_whether_shown_or_not(
    stored: list[Paper], cap: int, first: int, hours: int
) -> None:
    spread = [replace(p, updated=EPOCH + (p.updated - EPOCH) * 24 / hours) for p in stored]
    since = EPOCH.date() + timedelta(days=first)
    selection = select_papers(held_frame(spread), keyword(cap=cap), since)
    days = [p.updated.date() for p in newest_first(spread) if is_about_it(p)]
    assert selection.daily_counts == DailyCounts(
        since, Counter(day for day in days if day >= since)
    )
    assert listed(selection.papers) == expected(spread, cap)
    assert selection.filtered == refused(spread, cap)


def test_no_more_texts_are_read_than_the_list_takes() -> None:
    stored = [paper(n, title="A compiler" if n < 898 else "Bread") for n in range(1, 901)]
    table = merge_answer(keyword(), None, stored, LATER).rows.select(papers.TEXT_COLUMNS)
    asked: list[range] = []

    def read(rows: range) -> pa.Table:
        asked.append(rows)
        return table.slice(rows.start, len(rows))

    selection = papers.select_lazily(table.select(papers.KEY_COLUMNS), read, keyword(cap=10))
    assert (len(selection.papers), selection.filtered, selection.stored) == (10, 3, 900)
    assert sum(map(len, asked)) < 30
    # Where hardly anything matches, all is read, and nothing twice.
    asked.clear()
    none = papers.select_lazily(
        table.select(papers.KEY_COLUMNS), read, keyword("interpreter", cap=10)
    )
    assert (len(none.papers), none.filtered) == (0, 900)
    assert [row for rows in asked for row in rows] == list(range(900))
    assert len(asked) < 10


@given(some_papers, caps, st.randoms(use_true_random=False))
def test_the_order_in_which_papers_are_held_does_not_matter(
    stored: list[Paper], cap: int, chance: random.Random
) -> None:
    shuffled = chance.sample(stored, len(stored))
    before = select_papers(held_frame(stored), keyword(cap=cap)).papers
    after = select_papers(held_frame(shuffled), keyword(cap=cap)).papers
    pd.testing.assert_frame_equal(before, after)


@given(some_papers, caps)
def test_selecting_again_changes_nothing(stored: list[Paper], cap: int) -> None:
    once = select_papers(held_frame(stored), keyword(cap=cap)).papers
    twice = select_papers(once.drop(columns="keyword"), keyword(cap=cap)).papers
    pd.testing.assert_frame_equal(once, twice)


@given(some_papers, caps)
def test_nothing_newer_is_left_out_and_no_id_comes_twice(stored: list[Paper], cap: int) -> None:
    shown = select_papers(held_frame(stored), keyword(cap=cap)).papers
    every = select_papers(held_frame(stored), keyword(cap=100)).papers
    assert len(shown) == min(cap, len(every))
    assert shown["arxiv_id"].is_unique
    left_out = every[~every["arxiv_id"].isin(shown["arxiv_id"])]
    if len(left_out):
        assert left_out["updated"].max() <= shown["updated"].min()


def test_a_newer_version_that_no_longer_matches_takes_the_paper_off_the_list() -> None:
    stored = [paper(1, 1), paper(1, 2, title="Something else")]
    selection = select_papers(held_frame(stored), keyword())
    assert (listed(selection.papers), selection.filtered) == ([], 1)


VERSIONS = [paper(1), paper(2), paper(2, 2), paper(3, 3), paper(4), paper(4, 2, title="Bread")]


@pytest.mark.parametrize(
    ("revisions", "shown"),
    [
        (Revisions.INCLUDE, {(1, 1), (2, 2), (3, 3)}),
        (Revisions.EXCLUDE, {(1, 1), (2, 1), (4, 1)}),
        (Revisions.ONLY, {(2, 2), (3, 3)}),
    ],
)
def test_revisions_can_be_left_out_or_listed_alone(
    revisions: Revisions, shown: set[tuple[int, int]]
) -> None:
    chosen = select_papers(held_frame(VERSIONS), keyword("compiler", revisions=revisions))
    assert set(listed(chosen.papers)) == {(paper(n).arxiv_id, version) for n, version in shown}
    assert chosen.papers["updated"].is_monotonic_decreasing


def test_the_frame_has_the_documented_columns_and_dtypes() -> None:
    frames = [
        concat([select_papers(held_frame([paper(comment="short")]), keyword())], {}),
        concat([], {}),
    ]
    for frame in frames:
        assert list(frame.columns) == list(COLUMNS)
        for name, (documented, _) in COLUMNS.items():
            assert str(frame[name].dtype) == documented


def test_lists_follow_each_other_in_the_order_given() -> None:
    stored = held_frame([paper(1), paper(2)])
    one, two = keyword("compiler", cap=1), keyword("LLVM", any=("compiler",))
    frame = concat(
        [select_papers(stored, one), select_papers(stored, two)],
        {"compiler": SelectionSource(LATER, "arXiv answered 503", "7")},
    )
    assert list(frame["keyword"]) == ["compiler", "LLVM", "LLVM"]
    assert read_refresh_times(frame) == {"compiler": LATER}
    assert read_sources(frame) == {"compiler": SelectionSource(LATER, "arXiv answered 503", "7")}


@pytest.mark.parametrize("name", ["keyword", "arxiv_id", "title", "updated"])
def test_every_column_says_what_it_means(name: str) -> None:
    assert papers.COLUMNS[name][1]


def test_what_is_new_is_counted_against_what_was_published_before() -> None:
    def published(*papers: Paper) -> pd.DataFrame:
        return concat(
            [select_papers(held_frame(papers), keyword())], {"compiler": SelectionSource(LATER)}
        )

    before = published(paper(1), paper(2), paper(3))
    after = published(paper(2), paper(3, version=2), paper(4), paper(5))
    assert papers.count_new(after, before) == {"compiler": NewCounts(new=2, revised=1)}
    assert papers.count_new(after, None) == {"compiler": NewCounts(new=4, revised=0)}
    assert papers.count_new(after, after) == {"compiler": NewCounts(new=0, revised=0)}
    assert papers.count_new(published(), before) == {}
