"""Fetch search results page by page, from the newest back to the stored papers. Pure.

A keyword can have more new papers a day than its cap, so that one page may not reach yesterday's
newest paper. Fetching until the pages reach stored papers ensures that no paper is lost between
two runs.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import accumulate

from papers_assets.arxiv.errors import ArxivError
from papers_assets.arxiv.models import Page, Paper, SearchResult, missing_results
from papers_assets.arxiv.search import MAX_PAGE_SIZE, MAX_RESULTS
from papers_assets.keywords.matching import Matcher
from papers_assets.keywords.model import Keyword
from papers_assets.keywords.query import choose_page_size
from papers_assets.transform.date_ranges import DateRange

MAX_PAGES = 20
"""Enough to reach the last of arXiv's 30,000 results, since pages double in size."""
# Neighboring results may be swapped while arXiv rebuilds its index, but not by a whole day.
_SLACK = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


def fetch_until_known(  # noqa: PLR0913 - all but three are keyword-only
    keyword: Keyword,
    fetch_page: Callable[[int, int], Page],
    known_until: datetime | None,
    *,
    until_cap: bool,
    expected_results: int = 0,
    first_page: int | None = None,
    max_pages: int = MAX_PAGES,
) -> SearchResult:
    """Fetch pages until they reach stored papers and, if `until_cap`, fill the cap.

    Fetching ends at a page that contradicts its own answer, and the result has a `problem`. If a
    page other than the first cannot be fetched, the result has the pages before it and an `error`.

    Args:
        keyword: the keyword.
        fetch_page: returns a page, by the index of its first result and its size.
        known_until: fetch back to here, since everything older is stored. None: nothing is.
        until_cap: whether the stored papers were fetched for no cap at all, or for a smaller one.
        expected_results: how many results are known to be newer than `known_until`; the first page
            is large enough for them.
        first_page: the size of the first page, whatever is expected; None: computed.
        max_pages: the maximum number of pages.

    Raises:
        ArxivError: from `fetch_page`, for the first page.
    """
    size = first_page or min(max(choose_page_size(keyword), expected_results), MAX_PAGE_SIZE)
    matches = Matcher(keyword)
    found: dict[tuple[str, int], Paper] = {}
    unreadable: list[str] = []
    repaired: list[str] = []
    start, matching, pages, total = 0, 0, 0, 0
    while True:
        try:
            page = fetch_page(start, size)
        except ArxivError as error:
            if not pages:
                raise
            return SearchResult(tuple(found.values()), total, pages, has_gap=True, error=error)
        pages, total = pages + 1, page.total_results
        fresh = [p for p in page.papers if (p.arxiv_id, p.version) not in found]
        found.update(((p.arxiv_id, p.version), p) for p in fresh)
        unreadable += page.unreadable_entries
        repaired += [page.repairs] if page.repairs else []
        fault = missing_results(page, start, size) or _find_disorder(page)
        oldest = min((p.updated for p in page.papers), default=None)
        met = known_until is None or oldest is None or oldest <= known_until
        if until_cap:
            matching += sum(keyword.shows(p.version) for p in matches.select_matching(fresh))
        full = not until_cap or matching >= keyword.cap
        start += size
        over = start >= min(total, MAX_RESULTS)
        if fault or (met and full) or over or pages >= max_pages:
            gap = not met and start < total
            papers = tuple(found.values())
            return SearchResult(
                papers, total, pages, gap, fault, tuple(unreadable), tuple(repaired)
            )
        # Double the page size: requests are the scarce resource.
        size = min(2 * size, MAX_PAGE_SIZE, MAX_RESULTS - start)


def _find_disorder(page: Page) -> str:
    times = [paper.updated for paper in page.papers]
    oldest = accumulate(times, min)  # not the previous result: a slow drift is wrong too
    wrong = sum(time > old + _SLACK for old, time in zip(oldest, times[1:], strict=False))
    return f"results not in the order asked for, {wrong} times" if wrong else ""


def fetch_range(
    date_range: DateRange, fetch_page: Callable[[int, int], Page]
) -> SearchResult | None:
    """Fetch every result of a date range; None if there are more than `MAX_RESULTS`.

    If a page other than the first cannot be fetched, the result has the pages before it and an
    `error`.

    Args:
        date_range: when the papers were submitted.
        fetch_page: returns a page, by the index of its first result and its size.

    Raises:
        ArxivError: from `fetch_page`, for the first page.
    """
    found: dict[tuple[str, int], Paper] = {}
    unreadable: list[str] = []
    repaired: list[str] = []
    start = pages = total = came = 0
    while True:
        try:
            page = fetch_page(start, MAX_PAGE_SIZE)
        except ArxivError as error:
            if not pages:
                raise
            return SearchResult(tuple(found.values()), total, pages, has_gap=False, error=error)
        pages += 1
        if page.total_results > MAX_RESULTS:
            return None
        came += len(page.papers) + len(page.unreadable_entries)
        total = max(total, page.total_results)
        found |= {
            (p.arxiv_id, p.version): p for p in page.papers if not is_just_after(p, date_range)
        }
        unreadable += page.unreadable_entries
        repaired += [page.repairs] if page.repairs else []
        fault = missing_results(page, start, MAX_PAGE_SIZE) or find_outside(page.papers, date_range)
        start += MAX_PAGE_SIZE
        if fault or start >= total or page.total_results < total:
            if not fault and came < total:
                fault = f"{came} results came where the first page promises {total}"
            papers = tuple(found.values())
            return SearchResult(
                papers,
                total,
                pages,
                has_gap=False,
                problem=fault,
                unreadable_entries=tuple(unreadable),
                repairs=tuple(repaired),
            )


def is_just_after(paper: Paper, date_range: DateRange) -> bool:
    """Whether a paper is from the extra minute that `query.submitted_in_parameters` requests."""
    return date_range.end <= paper.published < date_range.end + _MINUTE


def find_outside(papers: Iterable[Paper], date_range: DateRange) -> str:
    """Return how many papers were submitted outside the date range, as a text; empty: none."""
    outside = sum(
        p.published not in date_range and not is_just_after(p, date_range) for p in papers
    )
    return f"{outside} results submitted on other days than were asked for" if outside else ""
