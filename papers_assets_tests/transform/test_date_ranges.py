from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.errors import ArxivError, ArxivHttpError
from papers_assets.arxiv.models import Page, Paper
from papers_assets.arxiv.search import MAX_PAGE_SIZE, MAX_RESULTS
from papers_assets.pipeline.paging import fetch_range
from papers_assets.transform.date_ranges import (
    DateRange,
    DateSpan,
    clip,
    merge,
    split,
    split_into_months,
    subtract,
    subtract_done,
)
from papers_assets_tests.helpers.factories import paper

NOW = datetime(2026, 11, 23, 6, 30, 59, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_dates_are_cut_into_months_newest_first_and_end_now() -> None:
    assert split_into_months(DateSpan(date(2026, 9, 20)), NOW) == [
        DateRange(at(11, 1), at(11, 23, 6, 30)),
        DateRange(at(10, 1), at(10, 31, 23, 59)),
        DateRange(at(9, 20), at(9, 30, 23, 59)),
    ]


def test_the_last_day_is_included() -> None:
    (date_range,) = split_into_months(DateSpan(date(2026, 10, 1), date(2026, 10, 2)), NOW)
    assert date_range == DateRange(at(10, 1), at(10, 2, 23, 59))
    assert at(10, 2, 23, 59) + timedelta(seconds=59) in date_range
    assert at(10, 3) not in date_range


def test_what_is_to_come_is_not_asked_for() -> None:
    assert split_into_months(DateSpan(date(2026, 12, 1)), NOW) == []
    assert split_into_months(DateSpan(date(2026, 11, 23), date(2027, 1, 1)), NOW)[0].last == at(
        11, 23, 6, 30
    )


days = st.dates(date(1991, 8, 14), date(2026, 11, 23))


@given(days, days)
def test_months_cover_every_minute_once(one: date, other: date) -> None:
    since, until = sorted((one, other))
    date_ranges = split_into_months(DateSpan(since, until), NOW)
    for newer, older in pairwise(date_ranges):
        assert older.last + MINUTE == newer.first
    first = datetime(since.year, since.month, since.day, tzinfo=UTC)
    assert merge(date_ranges) == (DateRange(first, date_ranges[0].last),)
    assert all(w.first.month == w.last.month for w in date_ranges)


@given(days, st.integers(1, 100_000))
def test_halves_cover_every_minute_once(day: date, minutes: int) -> None:
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    date_range = DateRange(first, first + minutes * MINUTE)
    newer, older = split(date_range)
    assert (older.first, older.last + MINUTE, newer.last) == (first, newer.first, date_range.last)
    assert older.first <= older.last
    assert newer.first <= newer.last


def test_a_minute_has_no_halves() -> None:
    with pytest.raises(ValueError, match="a single minute"):
        split(DateRange(at(10, 1), at(10, 1)))


def test_what_is_done_need_not_be_asked_for_again() -> None:
    october, november = DateRange(at(10, 1), at(10, 31, 23, 59)), DateRange(at(11, 1), at(11, 20))
    done = merge([november, october])
    assert done == (DateRange(at(10, 1), at(11, 20)),)
    later = DateRange(at(11, 1), at(11, 23))
    assert subtract_done([later, october], done) == [later]


class Arxiv:
    """Answers pages of a list, oldest first, as it was asked to."""

    def __init__(self, papers: list[Paper], total: int | None = None) -> None:
        self.papers, self.total = papers, len(papers) if total is None else total
        self.asked: list[int] = []

    def __call__(self, start: int, size: int) -> Page:
        assert size == MAX_PAGE_SIZE
        self.asked.append(start)
        return Page(tuple(self.papers[start : start + size]), self.total)


JANUARY = DateRange(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 31, 23, 59, tzinfo=UTC))


def in_january(count: int) -> list[Paper]:
    return [paper(number, published=JANUARY.first) for number in range(1, count + 1)]


def test_every_page_of_a_window_is_asked_for() -> None:
    arxiv = Arxiv(in_january(MAX_PAGE_SIZE + 1))
    answer = fetch_range(JANUARY, arxiv)
    assert answer is not None
    assert (len(answer.papers), answer.pages, answer.problem) == (MAX_PAGE_SIZE + 1, 2, "")
    assert arxiv.asked == [0, MAX_PAGE_SIZE]


def test_a_window_without_papers_is_one_question() -> None:
    arxiv = Arxiv([])
    answer = fetch_range(JANUARY, arxiv)
    assert answer is not None
    assert (answer.papers, answer.problem, arxiv.asked) == ((), "", [0])


def test_a_window_with_more_than_arxiv_gives_out_is_not_read() -> None:
    arxiv = Arxiv(in_january(3), total=MAX_RESULTS + 1)
    assert fetch_range(JANUARY, arxiv) is None
    assert arxiv.asked == [0]


def test_a_short_page_is_a_fault() -> None:
    answer = fetch_range(JANUARY, Arxiv(in_january(3), total=5))
    assert answer is not None
    assert answer.problem == "3 results came where the answer promises 5"
    assert len(answer.papers) == 3


def test_results_of_other_days_are_a_fault() -> None:
    papers = [*in_january(2), paper(9, published=JANUARY.end + MINUTE)]
    answer = fetch_range(JANUARY, Arxiv(papers))
    assert answer is not None
    assert answer.problem == "1 results submitted on other days than were asked for"


@pytest.mark.parametrize("seconds", [0, 1, 59])
def test_a_window_ends_with_the_last_second_of_its_last_minute(seconds: int) -> None:
    after = timedelta(seconds=seconds)
    last, next_ = (paper(n, published=t + after) for n, t in ((8, JANUARY.last), (9, JANUARY.end)))
    answer = fetch_range(JANUARY, Arxiv([*in_january(2), last, next_]))
    assert answer is not None
    assert (answer.papers, answer.problem) == ((*in_january(2), last), "")
    assert (answer.total_results, answer.unreadable_entries) == (4, ())


def test_a_later_page_that_says_there_is_nothing_is_a_fault() -> None:
    papers = in_january(MAX_PAGE_SIZE)

    def ask(start: int, size: int) -> Page:
        return Page(tuple(papers[start : start + size]), 5000 if start == 0 else 0)

    answer = fetch_range(JANUARY, ask)
    assert answer is not None
    assert answer.problem == f"{MAX_PAGE_SIZE} results came where the first page promises 5000"
    assert len(answer.papers) == MAX_PAGE_SIZE


def test_a_later_page_that_does_not_come_leaves_what_came_before_it() -> None:
    arxiv, error = Arxiv(in_january(3 * MAX_PAGE_SIZE)), ArxivHttpError("arXiv answered 500", 500)

    def ask(start: int, size: int) -> Page:
        if start == failing:
            raise error
        return arxiv(start, size)

    failing = 2 * MAX_PAGE_SIZE
    answer = fetch_range(JANUARY, ask)
    assert answer is not None
    assert (answer.error, answer.papers) == (error, tuple(arxiv.papers[:failing]))
    failing = 0
    with pytest.raises(ArxivError, match="answered 500"):
        fetch_range(JANUARY, ask)


windows_ = st.lists(
    st.builds(
        lambda start, length: DateRange(
            at(1, 1) + start * MINUTE, at(1, 1) + (start + length) * MINUTE
        ),
        st.integers(0, 50),
        st.integers(0, 20),
    ),
    max_size=4,
)


@given(windows_, windows_)
def test_what_is_taken_out_of_windows_is_in_none(
    done: list[DateRange], removed: list[DateRange]
) -> None:
    left = subtract(done, removed)
    for minute in range(75):
        moment = at(1, 1) + minute * MINUTE
        expected = any(moment in w for w in done) and not any(moment in w for w in removed)
        assert any(moment in w for w in left) == expected


def test_a_window_is_clipped_to_its_minutes_up_to_a_moment() -> None:
    assert clip(JANUARY, at(1, 9, 3, 4)) == DateRange(JANUARY.first, at(1, 9, 3, 4))
    assert clip(JANUARY, at(3, 1)) == JANUARY
    assert clip(JANUARY, JANUARY.first - MINUTE) is None
