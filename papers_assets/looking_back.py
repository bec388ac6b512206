"""Fetch a range of past days of a keyword, so that it does not begin with today's papers.

Each month that came is on disk, and noted there, before the next one is asked for: who starts again
after an interruption goes on from there.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from papers_assets import believing, held
from papers_assets.arxiv import query
from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.errors import ArxivBlocked, ArxivError, ArxivTooLate
from papers_assets.arxiv.feed import Page
from papers_assets.arxiv.newest import Newest
from papers_assets.arxiv.windows import Dates, Window, fetch_window, halves, months, remaining
from papers_assets.keywords import Keyword
from papers_assets.logs import progress
from papers_assets.matching import Matcher
from papers_assets.store import Store

logger = logging.getLogger(__name__)


@dataclass
class LookedBack:
    """What looking back brought."""

    windows: int = 0
    """Asked for in this run, to the end."""
    skipped: int = 0
    """Not asked for, since they had come before."""
    new: int = 0
    """Papers of which no version was held before."""
    requests: int = 0
    problem: str = ""
    """Why it did not come to its end; empty: it did."""
    final: ArxivError | None = None
    """The problem, if nothing more is to be asked after it."""


def look_back(
    keyword: Keyword,
    dates: Dates,
    client: ArxivClient,
    store: Store,
    now: Callable[[], datetime],
) -> LookedBack:
    """Fetch the papers of `keyword` that were submitted in `dates`, newest month first.

    Raises:
        StoreError: what came could not be read or written.
    """
    looked, asked = LookedBack(), client.requests
    with store.updating(keyword.name):
        before = held.of_definition(keyword, store.read_held(keyword.name))
    wanted = months(dates, now())
    windows = deque(remaining(wanted, before.looked_back if before else ()))
    looked.skipped = len(wanted) - len(windows)
    if looked.skipped:
        logger.info("%s: %d months had come before", keyword.name, looked.skipped)
    while windows:
        window = windows.popleft()
        progress.info("%s: looking back, %s (%d to go)", keyword.name, window, len(windows) + 1)
        try:
            answer = _believable(keyword, window, client)
        except (ArxivError, _DoubtfulError) as error:
            looked.problem = f"looking back ended before {window.last.date()}: {error}"
            looked.final = error if isinstance(error, ArxivBlocked | ArxivTooLate) else None
            logger.error("%s: %s", keyword.name, looked.problem)  # noqa: TRY400 - a story
            break
        if answer is None:
            windows.extendleft(reversed(halves(window)))
            logger.info("%s: arXiv has too many papers of %s; halved", keyword.name, window)
            continue
        new, total = _keep(keyword, window, answer, store, now)
        looked.windows += 1
        looked.new += new
        logger.info(
            "%s: looked back at %s: %d results, %d new papers, %d versions held; %d to go",
            *(keyword.name, window, len(answer.papers), new, total, len(windows)),
        )
    looked.requests = client.requests - asked
    return looked


class _DoubtfulError(Exception):
    """What came is not to be believed as a whole."""


def _believable(keyword: Keyword, window: Window, client: ArxivClient) -> Newest | None:
    def ask(start: int, size: int) -> Page:
        return client.ask(query.submitted_in(keyword, window.first, window.last, start, size))

    matches = Matcher(keyword)
    for is_last in (False, True):
        answer = fetch_window(window, ask)
        if answer is None:
            return None
        certain = [p for p in answer.papers if matches(p.title, p.abstract, p.categories)]
        doubts = believing.doubts_about(keyword, answer, certain, None, {})
        if not doubts:
            return answer
        words = ", ".join(doubt.words for doubt in doubts)
        if is_last:
            raise _DoubtfulError(words)
        logger.warning("%s: %s; asking once more", keyword.name, words)
        client.look_again_later()
    raise AssertionError("unreachable")


def _keep(
    keyword: Keyword, window: Window, answer: Newest, store: Store, now: Callable[[], datetime]
) -> tuple[int, int]:
    """Keep what came; give how many papers are new, and how many versions are held."""
    with store.updating(keyword.name):
        before = held.of_definition(keyword, store.read_held(keyword.name))
        after = held.looked_back(keyword, before, answer.papers, window, now())
        store.write_held(after)
    known = {arxiv_id for arxiv_id, _ in before.versions()} if before else set()
    return len({p.arxiv_id for p in answer.papers} - known), len(after.papers)
