"""How far to read: from the newest result back to what is held already, page by page. Pure.

A keyword can have more new papers a day than its cap, so that one page of them need not reach
yesterday's newest. Reading on until the pages meet what is held is what makes sure that no paper
is lost between two runs.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import accumulate

from papers_assets.arxiv.errors import ArxivError
from papers_assets.arxiv.models import Newest, Page, Paper, short
from papers_assets.arxiv.search import MAX_PAGE, MAX_RESULTS
from papers_assets.keywords.matching import Matcher
from papers_assets.keywords.model import Keyword
from papers_assets.keywords.query import page_size
from papers_assets.transform.date_ranges import Window

MAX_PAGES = 20
"""Enough to reach the last of arXiv's 30,000 results, since pages double in size."""
_SLACK = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


def fetch_newest(  # noqa: PLR0913 - all but three are said by name
    keyword: Keyword,
    ask: Callable[[int, int], Page],
    held_until: datetime | None,
    *,
    fill: bool,
    expected: int = 0,
    first_page: int | None = None,
    max_pages: int = MAX_PAGES,
) -> Newest:
    """Ask for pages until they meet what is held and, if `fill`, have enough papers for the cap.

    Reading ends at a page that is not what its own answer promises: what came until then comes
    with a `fault`. So does what came before a page that does not come, with an `error`.

    Args:
        keyword: what to ask for.
        ask: gives the page that begins at a result and has so many of them.
        held_until: read back to here: everything older is held. None: nothing is.
        fill: whether what is held was fetched for no cap at all, or for a smaller one.
        expected: how many results are known to be newer than `held_until`; the first page has room
            for them.
        first_page: how many results the first page is asked to have, whatever is expected.
        max_pages: where to stop all the same.

    Raises:
        ArxivError: from `ask`, for the first page.
    """
    size = first_page or min(max(page_size(keyword), expected), MAX_PAGE)
    matches = Matcher(keyword)
    found: dict[tuple[str, int], Paper] = {}
    unreadable: list[str] = []
    repaired: list[str] = []
    start, matching, pages, total = 0, 0, 0, 0
    while True:
        try:
            page = ask(start, size)
        except ArxivError as error:
            if not pages:
                raise
            return Newest(tuple(found.values()), total, pages, gap=True, error=error)
        pages, total = pages + 1, page.total_results
        fresh = [p for p in page.papers if (p.arxiv_id, p.version) not in found]
        found.update(((p.arxiv_id, p.version), p) for p in fresh)
        unreadable += page.unreadable
        repaired += [page.repaired] if page.repaired else []
        fault = short(page, start, size) or _disordered(page)
        oldest = min((p.updated for p in page.papers), default=None)
        met = held_until is None or oldest is None or oldest <= held_until
        if fill:
            matching += sum(keyword.shows(p.version) for p in matches.matching(fresh))
        full = not fill or matching >= keyword.cap
        start += size
        over = start >= min(total, MAX_RESULTS)
        if fault or (met and full) or over or pages >= max_pages:
            gap = not met and start < total
            papers = tuple(found.values())
            return Newest(papers, total, pages, gap, fault, tuple(unreadable), tuple(repaired))
        # Who has to read on reads more at a time: requests are what is scarce.
        size = min(2 * size, MAX_PAGE, MAX_RESULTS - start)


def _disordered(page: Page) -> str:
    times = [paper.updated for paper in page.papers]
    oldest = accumulate(times, min)  # not the neighbour: a slow drift the wrong way is wrong too
    wrong = sum(time > old + _SLACK for old, time in zip(oldest, times[1:], strict=False))
    return f"results not in the order asked for, {wrong} times" if wrong else ""


def fetch_window(window: Window, ask: Callable[[int, int], Page]) -> Newest | None:
    """Ask for every result of a window, page by page; None if arXiv has more than it gives out.

    If a page does not come, those before it do, with an `error`.

    Args:
        window: when the papers were submitted.
        ask: gives the page that begins at a result and has so many of them.

    Raises:
        ArxivError: from `ask`, for the first page.
    """
    found: dict[tuple[str, int], Paper] = {}
    unreadable: list[str] = []
    repaired: list[str] = []
    start = pages = total = came = 0
    while True:
        try:
            page = ask(start, MAX_PAGE)
        except ArxivError as error:
            if not pages:
                raise
            return Newest(tuple(found.values()), total, pages, gap=False, error=error)
        pages += 1
        if page.total_results > MAX_RESULTS:
            return None
        came += len(page.papers) + len(page.unreadable)
        total = max(total, page.total_results)
        found |= {(p.arxiv_id, p.version): p for p in page.papers if not _is_just_after(p, window)}
        unreadable += page.unreadable
        repaired += [page.repaired] if page.repaired else []
        fault = short(page, start, MAX_PAGE) or _outside(page.papers, window)
        start += MAX_PAGE
        if fault or start >= total or page.total_results < total:
            if not fault and came < total:
                fault = f"{came} results came where the first page promises {total}"
            papers = tuple(found.values())
            return Newest(
                papers,
                total,
                pages,
                gap=False,
                fault=fault,
                unreadable=tuple(unreadable),
                repaired=tuple(repaired),
            )


def _is_just_after(paper: Paper, window: Window) -> bool:
    """Whether a paper is of the minute that is asked for besides; see `query.submitted_in`."""
    return window.end <= paper.published < window.end + _MINUTE


def _outside(papers: Iterable[Paper], window: Window) -> str:
    outside = sum(p.published not in window and not _is_just_after(p, window) for p in papers)
    return f"{outside} results submitted on other days than were asked for" if outside else ""
