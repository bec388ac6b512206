"""How far to read: from the newest result back to what is held already, page by page. Pure.

A keyword can have more new papers a day than its cap, so that one page of them need not reach
yesterday's newest. Reading on until the pages meet what is held is what makes sure that no paper
is lost between two runs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from papers_assets.arxiv.errors import ArxivBadAnswer
from papers_assets.arxiv.feed import Page, Paper
from papers_assets.arxiv.query import MAX_PAGE, MAX_RESULTS
from papers_assets.keywords import Keyword
from papers_assets.matching import Matcher

MIN_PAGE = 100
"""Results asked for at least: a request costs its 3 seconds whatever its size."""
MAX_PAGES = 20
"""Enough to reach the last of arXiv's 30,000 results, since pages double in size."""


@dataclass(frozen=True)
class Newest:
    """What a keyword's pages brought."""

    papers: tuple[Paper, ...]
    """Newest first, as arXiv sorted them; a paper that moved between two pages comes once."""
    total_results: int
    pages: int
    gap: bool
    """Papers between these and the held ones may be missing: `MAX_PAGES` did not reach them."""


def page_size(keyword: Keyword) -> int:
    """Give how many results a page is asked to have."""
    return min(max(keyword.cap, MIN_PAGE), MAX_PAGE)


def fetch_newest(
    keyword: Keyword,
    ask: Callable[[int, int], Page],
    held_until: datetime | None,
    *,
    fill: bool,
    max_pages: int = MAX_PAGES,
) -> Newest:
    """Ask for pages until they meet what is held and, if `fill`, have enough papers for the cap.

    Args:
        keyword: what to ask for.
        ask: gives the page that begins at a result and has so many of them.
        held_until: `updated` of the newest paper held; None: nothing is held.
        fill: whether what is held was fetched for no cap at all, or for a smaller one.
        max_pages: where to stop all the same.

    Raises:
        ArxivError: from `ask`, or a page with fewer results than the answer itself promises.
    """
    size = page_size(keyword)
    matches = Matcher(keyword)
    found: dict[tuple[str, int], Paper] = {}
    start, matching, pages = 0, 0, 0
    while True:
        page = ask(start, size)
        pages += 1
        _refuse_short(page, start, size)
        fresh = [p for p in page.papers if (p.arxiv_id, p.version) not in found]
        found.update(((p.arxiv_id, p.version), p) for p in fresh)
        met = held_until is None or not page.papers or page.papers[-1].updated <= held_until
        if fill:
            matching += sum(matches(p.title, p.abstract, p.categories) for p in fresh)
        full = not fill or matching >= keyword.cap
        start += size
        over = start >= min(page.total_results, MAX_RESULTS)
        if (met and full) or over or pages >= max_pages:
            gap = not met and start < page.total_results
            return Newest(tuple(found.values()), page.total_results, pages, gap)
        # Who has to read on reads more at a time: requests are what is scarce.
        size = min(2 * size, MAX_PAGE, MAX_RESULTS - start)


def _refuse_short(page: Page, start: int, size: int) -> None:
    promised = max(0, min(size, page.total_results - start))
    if len(page.papers) < promised:
        raise ArxivBadAnswer(
            f"{len(page.papers)} results where the answer itself promises {promised}"
        )
