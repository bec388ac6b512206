"""Fetch a range of past days of a keyword, so that it does not begin with today's papers.

Each month that came is on disk, and noted there, before the next one is asked for: who starts again
after an interruption goes on from there. A month whose answer is hard to believe stays open: what
certainly matches is kept, older months are asked for, and the next look back asks for it again.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from papers_assets import believing, held
from papers_assets.arxiv import query
from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.errors import ArxivBlocked, ArxivError, ArxivTooLate
from papers_assets.arxiv.feed import Page, Paper
from papers_assets.arxiv.newest import Newest
from papers_assets.arxiv.windows import (
    Dates,
    Window,
    clipped,
    fetch_window,
    halves,
    months,
    remaining,
)
from papers_assets.held import Held
from papers_assets.keywords import Keyword
from papers_assets.logs import progress
from papers_assets.matching import Matcher
from papers_assets.store import Store, StoreError

logger = logging.getLogger(__name__)


@dataclass
class LookedBack:
    """What looking back at a keyword brought."""

    keyword: Keyword
    held: Held | None = None
    """After the last month; it is on disk. None: nothing was read or written."""
    windows: int = 0
    """Asked for in this run, to the end."""
    skipped: int = 0
    """Months not asked for, since they had come before."""
    new: int = 0
    """Papers of which no version was held before."""
    requests: int = 0
    seconds_waited: float = 0.0
    open: list[str] = field(default_factory=list)
    """What has not come, and why, in words for people; empty: everything has."""
    final: ArxivError | None = None
    """Why nothing more is to be asked of arXiv, if so."""


def look_back(  # noqa: PLR0913 - one is said by name
    keyword: Keyword,
    dates: Dates,
    client: ArxivClient,
    store: Store,
    now: Callable[[], datetime],
    *,
    again: bool,
) -> LookedBack:
    """Fetch the papers of `keyword` that were submitted in `dates`, newest month first.

    Args:
        keyword: whose papers.
        dates: when they were submitted.
        client: to ask with.
        store: where they are kept.
        now: gives the time.
        again: ask for months, too, that have come before.
    """
    looked = LookedBack(keyword)
    waited, asked = client.seconds_waited, client.requests
    try:
        _look_back(looked, dates, client, store, now, again=again)
    except StoreError as error:
        looked.open.append(str(error))
    looked.requests = client.requests - asked
    looked.seconds_waited = client.seconds_waited - waited
    for problem in looked.open:
        logger.error("%s: looking back: %s", keyword.name, problem)
    return looked


def _look_back(  # noqa: PLR0913 - as above
    looked: LookedBack,
    dates: Dates,
    client: ArxivClient,
    store: Store,
    now: Callable[[], datetime],
    *,
    again: bool,
) -> None:
    keyword = looked.keyword
    with store.updating(keyword.name):
        looked.held = held.of_definition(keyword, store.read_held(keyword.name))
    wanted = months(dates, now())
    done = looked.held.looked_back if looked.held and not again else ()
    windows = deque(remaining(wanted, done))
    looked.skipped = len(wanted) - len(windows)
    if looked.skipped:
        logger.info("%s: looking back: %d months had come before", keyword.name, looked.skipped)
    while windows:
        window = windows.popleft()
        progress.info("%s: looking back, %s (%d to go)", keyword.name, window, len(windows) + 1)
        try:
            answer, certain, doubts = _ask(keyword, window, client, looked.held)
        except ArxivError as error:
            looked.open.append(f"ended before {window.last.date()}: {error}")
            looked.final = error if isinstance(error, ArxivBlocked | ArxivTooLate) else None
            return
        if answer is None:
            windows.extendleft(reversed(halves(window)))
            logger.info("%s: arXiv has too many papers of %s; halved", keyword.name, window)
            continue
        looked.windows += 1
        if doubts:
            looked.open.append(f"{window} is not whole: {', '.join(doubts)}")
        # What moderators hold back appears later: the last days are not done.
        came = None if doubts else clipped(window, now() - held.OVERLAP)
        new = _keep(looked, certain if doubts else answer.papers, came, store, now)
        logger.info(
            "%s: looked back at %s: %d results, %d new papers; %d to go",
            *(keyword.name, window, len(answer.papers), new, len(windows)),
        )


def _ask(
    keyword: Keyword, window: Window, client: ArxivClient, known: Held | None
) -> tuple[Newest | None, list[Paper], list[str]]:
    """Give the answer (None: too many papers), what of it is certain, and what is odd about it."""

    def ask(start: int, size: int) -> Page:
        return client.ask(query.submitted_in(keyword, window.first, window.last, start, size))

    matches = Matcher(keyword)
    certain: list[Paper] = []
    for attempt in (1, 2):
        answer = fetch_window(window, ask)
        if answer is None:
            return None, [], []
        certain = [p for p in answer.papers if matches(p.title, p.abstract, p.categories)]
        doubts = believing.doubts_about_window(answer, certain, _known(keyword, window, known))
        # An empty month is nothing odd. But some of arXiv's outages answer so, for a moment.
        if attempt == 1 and (doubts or not answer.papers):
            client.look_again_later()
            continue
        break
    return answer, certain, doubts


def _known(keyword: Keyword, window: Window, known: Held | None) -> set[str]:
    """Give the arXiv ids that are held and have to be in the answer."""
    if known is None:
        return set()
    matches = Matcher(keyword)
    of_window = known.published_in(window)
    names = ("arxiv_id", "title", "abstract", "categories")
    rows = zip(*(of_window[name].to_pylist() for name in names), strict=True)
    return {arxiv_id for arxiv_id, *texts in rows if matches(*texts)}


def _keep(
    looked: LookedBack,
    papers: list[Paper] | tuple[Paper, ...],
    came: Window | None,
    store: Store,
    now: Callable[[], datetime],
) -> int:
    """Keep what came, and which window all of it has come of; give how many papers are new."""
    keyword = looked.keyword
    with store.updating(keyword.name):
        before = held.of_definition(keyword, store.read_held(keyword.name))
        looked.held = held.looked_back(keyword, before, papers, came, now())
        store.write_held(looked.held)
    known = {arxiv_id for arxiv_id, _ in before.versions()} if before else set()
    new = len({p.arxiv_id for p in papers} - known)
    looked.new += new
    return new
