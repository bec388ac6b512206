"""Fetch a range of past days of a keyword, so that it does not begin with today's papers.

Each month that came is on disk, and noted there, before the next one is asked for: who starts again
after an interruption goes on from there. A month whose answer is hard to believe stays open: what
certainly matches is kept, older months are asked for, and the next look back asks for it again.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.errors import ArxivError
from papers_assets.arxiv.models import Newest, Page, Paper
from papers_assets.keywords import query
from papers_assets.keywords.matching import MATCHED, Matcher
from papers_assets.keywords.model import Keyword
from papers_assets.pipeline.failures import unexpected
from papers_assets.pipeline.paging import fetch_window
from papers_assets.storage.raw_papers import Store, StoreError
from papers_assets.text import counted, progress
from papers_assets.transform import answer_validation, raw_papers
from papers_assets.transform.date_ranges import (
    Dates,
    Window,
    clipped,
    halves,
    months,
    remaining,
    without,
)
from papers_assets.transform.raw_papers import Held

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
    remarks: list[str] = field(default_factory=list)
    """What is odd about it all the same, in words for people."""
    error: ArxivError | None = None
    """Why it ended early, if arXiv brought that about."""
    reached: date | None = None
    """The last day of the month that was asked for last."""


def look_back(  # noqa: PLR0913 - two are said by name
    keyword: Keyword,
    dates: Dates,
    client: ArxivClient,
    store: Store,
    now: Callable[[], datetime],
    *,
    again: bool = False,
    max_attempts: int | None = None,
) -> LookedBack:
    """Fetch the papers of `keyword` that were submitted in `dates`, newest month first.

    Args:
        keyword: whose papers.
        dates: when they were submitted.
        client: to ask with.
        store: where they are kept.
        now: gives the time.
        again: ask for months, too, that have come before.
        max_attempts: fewer attempts at a request than the client makes by itself.
    """
    looked = LookedBack(keyword)
    waited, asked = client.seconds_waited, client.requests
    try:
        _Looking(looked, client, store, now, max_attempts).run(dates, again=again)
    except ArxivError as error:
        looked.error = error
        looked.open.append(f"ended before {looked.reached}: {error}")
    except StoreError as error:
        looked.open.append(str(error))
    except Exception as error:  # a mistake of ours must not cost the other keywords their months
        logger.exception("%s: unexpectedly", keyword.name)
        looked.open.append(unexpected(error))
    looked.requests = client.requests - asked
    looked.seconds_waited = client.seconds_waited - waited
    for problem in looked.open:
        logger.error("%s: looking back: %s", keyword.name, problem)
    return looked


class _Looking:
    """Looking back at one keyword."""

    def __init__(
        self,
        looked: LookedBack,
        client: ArxivClient,
        store: Store,
        now: Callable[[], datetime],
        max_attempts: int | None,
    ) -> None:
        self._looked, self._keyword = looked, looked.keyword
        self._client, self._store, self._now = client, store, now
        self._max_attempts = max_attempts
        self._matches = Matcher(looked.keyword)
        self._empty: list[Window] = []
        """Months that came without papers, while nothing has come with any since."""

    def run(self, dates: Dates, *, again: bool) -> None:
        looked, name = self._looked, self._keyword.name
        wanted = months(dates, self._now())
        done = self._done(forget=wanted if again else [])
        windows = deque(remaining(wanted, done))
        looked.skipped = len(wanted) - len(windows)
        if looked.skipped:
            skipped = counted(looked.skipped, "month")
            logger.info("%s: looking back: %s fetched before", name, skipped)
        while windows:
            window = windows.popleft()
            looked.reached = window.last.date()
            progress.info("%s: looking back, %s (%d to go)", name, window, len(windows) + 1)
            answer, doubts = self._ask(window)
            if answer is None and window.first == window.last:
                looked.open.append(f"{window.first} has more papers than arXiv gives out")
            elif answer is None:
                windows.extendleft(reversed(halves(window)))
                logger.info("%s: the halves of %s are asked for one by one", name, window)
            else:
                looked.windows += 1
                self._take(window, answer, doubts)
        logger.info(
            "%s: looked back: %d new papers; %d versions are stored, and the list shows at most "
            "%d papers (cap)",
            *(name, looked.new, len(looked.held.papers) if looked.held else 0, self._keyword.cap),
        )
        if self._empty:
            # Who asks arXiv at a bad moment gets nothing, month by month.
            logger.info("%s: the last %d months came without papers", name, len(self._empty))

    def _done(self, forget: list[Window]) -> tuple[Window, ...]:
        with self._store.updating(self._keyword.name):
            before = self._read()
            if before and forget:
                before = replace(before, looked_back=without(before.looked_back, forget))
                self._store.write_held(before)
        self._looked.held = before
        return before.looked_back if before else ()

    def _read(self) -> Held | None:
        return raw_papers.of_definition(self._keyword, self._store.read_held(self._keyword.name))

    def _ask(self, window: Window) -> tuple[Newest | None, list[str]]:
        """Return the answer (None: not to be had at once), and what is odd about it.

        Raises:
            ArxivError: arXiv did not answer, or not to the end; what is certain is kept.
        """

        def ask(start: int, size: int) -> Page:
            asked = query.submitted_in(self._keyword, window.first, window.last, start, size)
            return self._client.ask(asked, max_attempts=self._max_attempts)

        known = self._known(window)
        for is_last in (False, True):
            answer = fetch_window(window, ask)
            if answer is None:
                return None, []
            certain = self._certain(answer)
            if answer.error:
                self._keep(certain)
                if not answer.error.retryable or window.first == window.last:
                    raise answer.error
                # arXiv has been seen to fail for one page again and again, and not for others.
                logger.warning("%s: looking back: %s", self._keyword.name, answer.error)
                return None, []
            doubts = answer_validation.doubts_about_window(self._keyword, answer, certain, known)
            # An empty month is nothing odd. But some of arXiv's outages answer so, for a moment.
            if is_last or (answer.papers and not doubts):
                return answer, doubts
            self._keep(certain)  # whatever comes next, these match
            self._client.look_again_later()
        raise AssertionError("unreachable")

    def _certain(self, answer: Newest) -> list[Paper]:
        return self._matches.matching(answer.papers)

    def _known(self, window: Window) -> set[str]:
        """Give the arXiv ids that are held and have to be in the answer."""
        if self._looked.held is None:
            return set()
        of_window = self._looked.held.published_in(window)
        names = ("arxiv_id", *MATCHED)
        rows = zip(*(of_window[name].to_pylist() for name in names), strict=True)
        return {arxiv_id for arxiv_id, *texts in rows if self._matches(*texts)}

    def _take(self, window: Window, answer: Newest, doubts: list[str]) -> None:
        """Keep what came, and note which windows have come whole."""
        looked, came = self._looked, []
        looked.remarks += [f"{window}: {words}" for words in answer.repaired]
        if doubts:
            looked.open.append(f"{window} is not whole: {', '.join(doubts)}")
        elif answer.unreadable:
            looked.remarks.append(
                f"{window}: {counted(len(answer.unreadable), 'entry', 'entries')} could not be "
                f"read: {answer.unreadable[0]}"
            )
        elif answer.papers:
            came, self._empty = [*self._empty, window], []
        else:
            self._empty.append(window)
        # What moderators hold back appears later: the last days are not done.
        last = self._now() - raw_papers.OVERLAP
        whole = [part for each in came if (part := clipped(each, last))]
        self._keep(self._certain(answer) if doubts else answer.papers, whole)
        logger.info(
            "%s: looked back at %s: %d results, %d new papers so far",
            *(self._keyword.name, window, len(answer.papers), looked.new),
        )

    def _keep(self, papers: Sequence[Paper], whole: Sequence[Window] = ()) -> None:
        """Add papers to what is held; of the windows `whole`, all have come."""
        with self._store.updating(self._keyword.name):
            before = self._read()
            after = raw_papers.looked_back(self._keyword, before, papers, whole, self._now())
            self._store.write_held(after)
        known = {arxiv_id for arxiv_id, _ in before.versions()} if before else set()
        self._looked.held = after
        self._looked.new += len({p.arxiv_id for p in papers} - known)
