"""How far to read: from the newest result back to what is held already, page by page. Pure.

A keyword can have more new papers a day than its cap, so that one page of them need not reach
yesterday's newest. Reading on until the pages meet what is held is what makes sure that no paper
is lost between two runs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate

from papers_assets.arxiv.errors import ArxivError
from papers_assets.arxiv.feed import Page, Paper
from papers_assets.arxiv.query import MAX_PAGE, MAX_RESULTS
from papers_assets.keywords import Keyword
from papers_assets.matching import Matcher

MIN_PAGE = 100
"""Results asked for at least: a request costs its 3 seconds whatever its size."""
MAX_PAGES = 20
"""Enough to reach the last of arXiv's 30,000 results, since pages double in size."""
_SLACK = timedelta(days=1)
# Two results may have changed places while arXiv's index was being made; a day is no such thing.


@dataclass(frozen=True)
class Newest:
    """What a keyword's pages brought."""

    papers: tuple[Paper, ...]
    """Newest first, as arXiv sorted them; a paper that moved between two pages comes once."""
    total_results: int
    pages: int
    gap: bool
    """Papers between these and the held ones may be missing: `MAX_PAGES` did not reach them."""
    fault: str = ""
    """Why not all came that the answer itself promises, or not what was asked; empty: all did."""
    unreadable: tuple[str, ...] = ()
    """A reason for each entry that could not be read; the others are in `papers`."""
    repaired: tuple[str, ...] = ()
    """What was repaired in answers that were not well-formed; see `Page.repaired`."""
    error: ArxivError | None = None
    """Why a later page did not come; what the pages before it brought is in `papers`."""


def page_size(keyword: Keyword) -> int:
    """Give how many results a page is asked to have."""
    return min(max(keyword.cap, MIN_PAGE), MAX_PAGE)


def other_page_size(keyword: Keyword, day: date) -> int:
    """Return how many results the first page is asked to have after an answer that was not whole.

    arXiv has been seen to fail for one page again and again while pages of other sizes came
    (github.com/JosePizarro3/pyrxiv issue 20). So it is three quarters or half of the usual size,
    in turns by the day.
    """
    return page_size(keyword) * (3 - day.toordinal() % 2) // 4


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


def short(page: Page, start: int, size: int) -> str:
    """Say how a page has fewer results than its own answer promises; empty: it has them all."""
    came = len(page.papers) + len(page.unreadable)
    promised = max(0, min(size, page.total_results - start))
    return f"{came} results came where the answer promises {promised}" if came < promised else ""


def _disordered(page: Page) -> str:
    times = [paper.updated for paper in page.papers]
    oldest = accumulate(times, min)  # not the neighbour: a slow drift the wrong way is wrong too
    wrong = sum(time > old + _SLACK for old, time in zip(oldest, times[1:], strict=False))
    return f"results not in the order asked for, {wrong} times" if wrong else ""
