from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from papers_assets.arxiv.errors import ArxivError, ArxivHttpError
from papers_assets.arxiv.models import Page, Paper, SearchResult
from papers_assets.keywords.model import Revisions
from papers_assets.keywords.query import choose_alternative_page_size, choose_page_size
from papers_assets.pipeline.paging import fetch_until_known
from papers_assets_tests.helpers.factories import EPOCH, keyword, paper


class Arxiv:
    """Answers pages of a list, newest first, and remembers what it was asked."""

    def __init__(self, papers: list[Paper]) -> None:
        self.papers = papers
        self.asked: list[tuple[int, int]] = []

    def __call__(self, start: int, size: int) -> Page:
        self.asked.append((start, size))
        return Page(tuple(self.papers[start : start + size]), len(self.papers))


def newest_to_oldest(count: int, **fields: Any) -> list[Paper]:
    return [paper(number, **fields) for number in range(count, 0, -1)]


def fetch(  # noqa: PLR0913 - two are said by name
    ask: Callable[[int, int], Page],
    stored: datetime | None = None,
    cap: int = 100,
    most: int = 20,
    *,
    fill: bool | None = None,
    revisions: Revisions = Revisions.INCLUDE,
) -> SearchResult:
    fill = stored is None if fill is None else fill
    return fetch_until_known(
        keyword(cap=cap, revisions=revisions), ask, stored, until_cap=fill, max_pages=most
    )


def test_one_page_of_the_cap_is_enough_at_first() -> None:
    arxiv = Arxiv(newest_to_oldest(1000))
    assert len(fetch(arxiv, cap=150).papers) == 150
    assert arxiv.asked == [(0, 150)]


def test_a_page_has_at_least_a_hundred_results_since_requests_are_what_is_scarce() -> None:
    arxiv = Arxiv(newest_to_oldest(1000))
    fetch(arxiv, cap=3)
    assert arxiv.asked == [(0, 100)]


def test_pages_are_read_until_they_meet_what_is_held() -> None:
    papers = newest_to_oldest(1000)
    arxiv = Arxiv(papers)
    answer = fetch(arxiv, stored=papers[250].updated)
    assert arxiv.asked == [(0, 100), (100, 200)]
    assert answer.papers[:251] == tuple(papers[:251])
    assert (answer.pages, answer.has_gap, answer.total_results) == (2, False, 1000)


def test_a_page_that_reaches_what_is_held_is_the_last() -> None:
    papers = newest_to_oldest(1000)
    for newest_held in (0, 50, 99):
        arxiv = Arxiv(papers)
        fetch(arxiv, stored=papers[newest_held].updated)
        assert arxiv.asked == [(0, 100)]


def test_with_nothing_held_pages_are_read_until_the_cap_is_filled_with_matches() -> None:
    papers = newest_to_oldest(90) + newest_to_oldest(400, title="Something else")
    papers += newest_to_oldest(400)
    arxiv = Arxiv(
        [paper(n, title=p.title) for n, p in zip(range(999, 0, -1), papers, strict=False)]
    )
    fetch(arxiv)
    assert [start for start, _ in arxiv.asked] == [0, 100, 300]


def test_pages_are_read_until_the_cap_is_filled_with_versions_that_are_shown() -> None:
    revised = [paper(number, version=2) for number in range(500, 400, -1)]
    for revisions, pages in ((Revisions.INCLUDE, 1), (Revisions.EXCLUDE, 2), (Revisions.ONLY, 1)):
        arxiv = Arxiv([*revised, *newest_to_oldest(400)])
        fetch(arxiv, revisions=revisions)
        assert len(arxiv.asked) == pages


def test_it_stops_when_there_is_no_more() -> None:
    arxiv = Arxiv(newest_to_oldest(130, title="Something else"))
    answer = fetch(arxiv)
    assert len(arxiv.asked) == 2
    assert (len(answer.papers), answer.has_gap) == (130, False)
    assert fetch(Arxiv([])) == SearchResult((), 0, 1, has_gap=False)


def test_it_stops_at_its_bound_and_says_that_papers_may_be_missing() -> None:
    papers = newest_to_oldest(1000)
    arxiv = Arxiv(papers)
    answer = fetch(arxiv, stored=papers[500].updated, most=2)
    assert (len(answer.papers), answer.pages, answer.has_gap) == (300, 2, True)
    assert not fetch(Arxiv(papers), stored=papers[299].updated, most=2).has_gap


def test_results_that_move_to_the_next_page_come_once() -> None:
    papers = newest_to_oldest(300)
    moving = Arxiv(papers)

    def ask(start: int, size: int) -> Page:
        page = moving(start, size)
        moving.papers = [paper(1000 + start), *moving.papers]
        return page

    answer = fetch(ask, stored=papers[150].updated)
    ids = [p.arxiv_id for p in answer.papers]
    assert len(ids) == len(set(ids))
    assert {p.arxiv_id for p in papers[:151]} <= set(ids)


def test_fewer_results_than_promised_are_a_fault_and_come_all_the_same() -> None:
    def ask(_start: int, _size: int) -> Page:
        return Page(tuple(newest_to_oldest(40)), 1000)

    answer = fetch(ask)
    assert answer.problem == "40 results came where the answer promises 100"
    assert (len(answer.papers), answer.pages) == (40, 1)


def test_another_order_than_was_asked_for_is_a_fault_and_ends_reading() -> None:
    arxiv = Arxiv([paper(24 * day) for day in (1, 2, 5, 4, 9, 8)] * 50)
    answer = fetch(arxiv, stored=EPOCH)
    assert "not in the order asked for" in answer.problem
    assert answer.pages == 1


def test_two_results_that_changed_places_within_a_day_are_no_fault() -> None:
    assert fetch(Arxiv([paper(1), paper(23)])).problem == ""


def test_an_entry_that_cannot_be_read_counts_as_one_that_came() -> None:
    papers = tuple(newest_to_oldest(99))
    answer = fetch(lambda _start, _size: Page(papers, 100, ("entry 7: no id",)))
    assert (answer.problem, answer.unreadable_entries) == ("", ("entry 7: no id",))
    assert answer.papers == papers


def test_entries_that_cannot_be_read_are_told_of_every_page() -> None:
    papers = newest_to_oldest(299)

    def ask(start: int, size: int) -> Page:
        return Page(tuple(papers[start : start + size - 1]), 300, (f"of the page at {start}",))

    answer = fetch(ask, stored=EPOCH)
    assert answer.unreadable_entries == ("of the page at 0", "of the page at 100")


def test_a_later_page_has_to_have_no_more_than_is_left() -> None:
    answer = fetch(Arxiv(newest_to_oldest(130)), stored=EPOCH)
    assert (answer.problem, len(answer.papers)) == ("", 130)


def test_a_list_that_lacks_a_single_match_is_filled() -> None:
    papers = newest_to_oldest(400)
    papers[0] = paper(400, title="Something else")
    arxiv = Arxiv(papers)
    fetch(arxiv)
    assert arxiv.asked == [(0, 100), (100, 200)]


def test_reading_that_ends_with_arxivs_last_result_has_no_gap() -> None:
    answer = fetch(Arxiv(newest_to_oldest(300)), stored=EPOCH - timedelta(days=1), most=2)
    assert (answer.pages, answer.has_gap) == (2, False)


def test_the_first_page_has_room_for_what_is_known_to_come() -> None:
    papers = newest_to_oldest(5000)
    for expected, size in [(0, 100), (350, 350), (9000, 2000)]:
        arxiv = Arxiv(papers)
        fetch_until_known(
            keyword(), arxiv, papers[0].updated, until_cap=False, expected_results=expected
        )
        assert arxiv.asked == [(0, size)]


@pytest.mark.parametrize("cap", [1, 100, 1700, 2000])
def test_all_that_arxiv_gives_can_be_reached_and_no_more_is_asked_for(cap: int) -> None:
    arxiv = Arxiv(newest_to_oldest(35_000))
    answer = fetch(arxiv, stored=EPOCH, cap=cap)
    assert (len(answer.papers), answer.has_gap) == (30_000, True)
    assert max(start + size for start, size in arxiv.asked) == 30_000
    assert max(size for _, size in arxiv.asked) == 2000


def test_a_list_that_has_to_be_filled_is_filled_although_the_pages_meet() -> None:
    papers = newest_to_oldest(1000)
    arxiv = Arxiv(papers)
    assert len(fetch(arxiv, stored=papers[0].updated, cap=250, fill=True).papers) == 250
    mixed = Arxiv([paper(n, title="A compiler" if n % 9 == 0 else "x") for n in range(999, 0, -1)])
    fetch(mixed, stored=mixed.papers[0].updated, cap=50, fill=True)
    assert [start for start, _ in mixed.asked] == [0, 100, 300]


def test_a_later_page_that_does_not_come_leaves_what_came_before_it() -> None:
    arxiv, error = Arxiv(newest_to_oldest(1000)), ArxivHttpError("arXiv answered 500", 500)

    def ask(start: int, size: int) -> Page:
        if start >= 300:
            raise error
        return arxiv(start, size)

    answer = fetch(ask, stored=EPOCH)
    assert answer.papers == tuple(arxiv.papers[:300])
    assert (answer.error, answer.total_results, answer.pages) == (error, 1000, 2)
    assert (answer.problem, answer.has_gap) == ("", True)


def test_a_first_page_that_does_not_come_is_an_error() -> None:
    def ask(_start: int, _size: int) -> Page:
        raise ArxivHttpError("arXiv answered 500", 500)

    with pytest.raises(ArxivError, match="answered 500"):
        fetch(ask)


@pytest.mark.parametrize("cap", [1, 100, 150, 1999, 2000])
def test_after_an_answer_that_was_not_whole_pages_have_other_sizes_each_day(cap: int) -> None:
    asked = keyword(cap=cap)
    days = [date(2026, 12, 31) + timedelta(days=n) for n in range(3)]
    sizes = [choose_alternative_page_size(asked, day) for day in days]
    assert len({choose_page_size(asked), *sizes[:2]}) == 3
    assert sizes[0] == sizes[2]
    assert all(0 < size < choose_page_size(asked) for size in sizes)
    arxiv = Arxiv(newest_to_oldest(1000))
    fetch_until_known(
        asked, arxiv, EPOCH, until_cap=False, expected_results=500, first_page=sizes[0]
    )
    assert arxiv.asked[0] == (0, sizes[0])


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 1, 2)])
def test_smaller_first_pages_reach_all_that_arxiv_gives_too(day: date) -> None:
    arxiv = Arxiv(newest_to_oldest(30_000))
    size = choose_alternative_page_size(keyword(), day)
    answer = fetch_until_known(keyword(), arxiv, EPOCH, until_cap=False, first_page=size)
    assert (len(answer.papers), answer.has_gap) == (30_000, False)
