from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.models import Paper
from papers_assets.transform.date_ranges import DateRange
from papers_assets.transform.raw_papers import (
    ARXIV_START,
    OVERLAP,
    RawPapers,
    count_new,
    for_definition,
    merge_answer,
    merge_backfill,
    merge_partial_answer,
)
from papers_assets.transform.schema import RAW_PAPERS_SCHEMA
from papers_assets_tests.helpers.factories import EPOCH, LATER, keyword, paper

batches = st.lists(
    st.lists(
        st.builds(paper, st.integers(1, 5), st.integers(1, 3)),
        max_size=5,
        unique_by=lambda p: (p.arxiv_id, p.version),
    ),
    max_size=5,
)


def versions(stored: RawPapers) -> list[tuple[str, int]]:
    table = stored.rows
    return list(zip(table["arxiv_id"].to_pylist(), table["version"].to_pylist(), strict=True))


@given(batches)
def test_what_was_held_stays_held_and_nothing_comes_twice(answers: list[list[Paper]]) -> None:
    stored, seen = None, set()
    for day, answer in enumerate(answers):
        stored = merge_answer(keyword(), stored, answer, LATER + timedelta(days=day))
        seen |= {(p.arxiv_id, p.version) for p in answer}
        assert sorted(versions(stored)) == sorted(seen)
        assert stored.rows.schema.equals(RAW_PAPERS_SCHEMA)


def test_a_row_knows_when_it_was_first_and_last_seen() -> None:
    first = merge_answer(keyword(), None, [paper(1), paper(2)], LATER)
    second = merge_answer(keyword(), first, [paper(2), paper(3)], LATER + timedelta(days=1))
    seen = {row["arxiv_id"]: (row["first_seen"], row["last_seen"]) for row in rows(second.rows)}
    next_day = LATER + timedelta(days=1)
    assert seen == {
        "2613.00001": (LATER, LATER),
        "2613.00002": (LATER, next_day),
        "2613.00003": (next_day, next_day),
    }


def test_arxivs_newer_text_of_the_same_version_replaces_the_older() -> None:
    first = merge_answer(keyword(), None, [paper(1, comment="10 pages")], LATER)
    second = merge_answer(keyword(), first, [paper(1, comment="11 pages")], LATER)
    assert [row["comment"] for row in rows(second.rows)] == ["11 pages"]


def test_the_newest_comes_first_and_says_until_when_papers_are_held() -> None:
    stored = merge_answer(keyword(), None, [paper(1), paper(3), paper(2)], LATER)
    assert [id_[-1] for id_, _ in versions(stored)] == ["3", "2", "1"]
    assert stored.complete_until == EPOCH + timedelta(hours=3, minutes=1)
    assert stored.read_until == stored.complete_until - OVERLAP
    assert merge_answer(keyword(), None, [], LATER).read_until is None


def test_a_paper_dated_in_the_future_does_not_keep_others_from_being_read_back_to() -> None:
    odd = paper(2, updated=LATER + timedelta(days=365 * 1000))
    stored = merge_answer(keyword(), None, [odd, paper(1)], LATER)
    assert stored.complete_until == LATER
    assert stored.versions() == {(odd.arxiv_id, 1), (paper(1).arxiv_id, 1)}
    # As from before there was this rule, or from a clock that was ahead.
    spoilt = replace(stored, complete_until=odd.updated)
    assert merge_answer(keyword(), spoilt, [paper(1)], LATER).complete_until == LATER


def test_what_came_by_the_last_refresh_has_been_reported() -> None:
    first = merge_answer(keyword(), None, [paper(1)], LATER)
    later = LATER + timedelta(days=1)
    doubted = merge_partial_answer(keyword(), first, [paper(2)], later)
    assert doubted.reported_versions() == {(paper(1).arxiv_id, 1)}
    assert merge_partial_answer(keyword(), None, [paper(2)], later).reported_versions() == set()
    again = merge_answer(keyword(), doubted, [paper(2)], later + timedelta(days=1))
    assert again.reported_versions() == again.versions()


def test_news_are_papers_and_further_versions_of_those_that_were_there() -> None:
    before = {("2613.00001", 1), ("2613.00001", 2)}
    came = {("2613.00001", 3), ("2613.00002", 1), ("2613.00002", 2)}
    assert count_new(before, before | came) == (1, 2)
    assert count_new(before, before) == (0, 0)


def test_what_is_complete_begins_where_the_first_answer_ended() -> None:
    first = merge_answer(keyword(), None, [paper(5), paper(4)], LATER, total_results=9)
    assert first.complete_from == paper(4).updated
    second = merge_answer(keyword(), first, [paper(7), paper(6)], LATER, total_results=11)
    assert second.complete_from == paper(4).updated
    third = merge_answer(keyword(), second, [paper(9)], LATER, total_results=13, has_gap=True)
    assert third.complete_from == paper(9).updated
    whole = merge_answer(keyword(), third, [paper(n) for n in range(13)], LATER, total_results=13)
    assert whole.complete_from == ARXIV_START
    assert (
        merge_answer(keyword(any=("x",)), whole, [], LATER, total_results=1).complete_from is None
    )


def between(first: int, last: int) -> DateRange:
    """From the time of one of `paper` to that of another."""
    return DateRange(paper(first).updated, paper(last).updated)


def test_a_gap_stays_until_an_answer_reaches_over_it_or_somebody_looks_back() -> None:
    first = merge_answer(keyword(), None, [paper(999)], paper(999).updated)
    known = 999 - OVERLAP // timedelta(hours=1)
    now = EPOCH + timedelta(hours=2000)
    second = merge_answer(keyword(), first, [paper(1900)], now, has_gap=True)
    assert second.missing_ranges == (between(known, 1900),)
    # What came later has no say in it.
    third = merge_answer(keyword(), second, [paper(1990)], now)
    assert third.missing_ranges == second.missing_ranges
    assert (
        merge_partial_answer(keyword(), third, [paper(1995)], now).missing_ranges
        == second.missing_ranges
    )
    assert merge_answer(keyword(), third, [], now).missing_ranges == second.missing_ranges

    partly = merge_answer(keyword(), third, [paper(1991), paper(1500)], now)
    (rest,) = partly.missing_ranges
    assert rest.end == paper(1500).updated
    over = merge_answer(keyword(), partly, [paper(known)], now)
    assert over.missing_ranges == ()
    assert merge_backfill(keyword(), second, [], [between(600, 2000)], now).missing_ranges == ()
    assert (
        merge_backfill(keyword(), second, [], [between(0, 100)], now).missing_ranges
        == second.missing_ranges
    )
    assert merge_answer(keyword(), second, [paper(1)], now, total_results=1).missing_ranges == ()


def test_what_was_looked_back_at_is_no_news_and_moves_no_end() -> None:
    first = merge_answer(keyword(), None, [paper(5)], LATER, total_results=9)
    date_range = DateRange(EPOCH, EPOCH + timedelta(hours=4))
    after = merge_backfill(keyword(), first, [paper(2)], [date_range], LATER + timedelta(hours=1))
    assert after.versions() == after.reported_versions() == {(paper(n).arxiv_id, 1) for n in (2, 5)}
    assert after.backfilled_ranges == (date_range,)
    assert replace(after, rows=first.rows, backfilled_ranges=()) == first
    assert merge_backfill(keyword(), None, [], [date_range], LATER).refreshed_at is None
    assert merge_answer(keyword(), after, [], LATER).backfilled_ranges == (date_range,)
    assert merge_answer(keyword(any=("x",)), after, [], LATER).backfilled_ranges == ()


@given(st.sets(st.integers(1, 200)), st.integers(0, 200), st.integers(0, 200))
def test_the_papers_of_a_window_are_those_that_are_in_it(
    numbers: set[int], start: int, hours: int
) -> None:
    date_range = DateRange(
        EPOCH + timedelta(hours=start, minutes=1), EPOCH + timedelta(hours=start + hours, minutes=1)
    )
    papers = [paper(number) for number in numbers]
    stored = merge_answer(keyword(), None, papers, LATER)
    found = stored.rows_published_in(date_range)["arxiv_id"].to_pylist()
    assert sorted(found) == sorted(p.arxiv_id for p in papers if p.published in date_range)


def test_a_changed_definition_keeps_the_papers_and_knows_of_no_complete_time() -> None:
    before = merge_answer(keyword(), None, [paper(1)], LATER, total_results=1)
    changed = keyword(any=("compiler", "LLVM"))
    same, edited = for_definition(keyword(cap=5), before), for_definition(changed, before)
    assert same == before
    assert edited is not None
    assert versions(edited) == versions(before)
    assert (edited.query_fingerprint, edited.filled_cap) == (changed.fingerprint, 0)
    assert (edited.read_until, edited.total_results) == (None, None)
    after = merge_answer(changed, before, [paper(2)], LATER)
    assert versions(after) == [("2613.00002", 1), ("2613.00001", 1)]
    assert (after.query_fingerprint, after.filled_cap) == (changed.fingerprint, 100)


def test_an_answer_in_doubt_adds_papers_and_changes_nothing_else() -> None:
    before = merge_answer(keyword(), None, [paper(1)], LATER, total_results=1)
    next_day = LATER + timedelta(days=1)
    after = merge_partial_answer(keyword(), before, [paper(2)], next_day)
    assert versions(after) == [("2613.00002", 1), ("2613.00001", 1)]
    assert after == replace(before, rows=after.rows, suspect_since=next_day)
    assert (
        merge_partial_answer(keyword(), after, [], next_day + timedelta(days=1)).suspect_since
        == next_day
    )
    first = merge_partial_answer(keyword(), None, [paper(2)], LATER)
    assert (first.refreshed_at, first.complete_until, first.filled_cap) == (None, None, 0)


def rows(table: pa.Table) -> list[dict[str, Any]]:
    return list(table.to_pylist())
