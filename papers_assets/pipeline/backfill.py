"""Backfill a range of past days of a keyword, so that it does not begin with today's papers.

Each month is stored and marked as done before the next one is requested, so that an interrupted
backfill resumes there. A month whose answer has anomalies stays open: the papers that certainly
match are stored, the older months are fetched, and the next backfill requests it again.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.errors import ArxivError
from papers_assets.arxiv.models import Page, Paper, SearchResult
from papers_assets.keywords import query
from papers_assets.keywords.matching import MATCHED, Matcher
from papers_assets.keywords.model import Keyword
from papers_assets.pipeline.failures import describe_unexpected
from papers_assets.pipeline.paging import fetch_range
from papers_assets.storage.raw_papers import RawPapersStore, StoreError
from papers_assets.text import count_noun, progress
from papers_assets.transform import answer_validation, raw_papers
from papers_assets.transform.date_ranges import (
    DateRange,
    DateSpan,
    clip,
    split,
    split_into_months,
    subtract,
    subtract_done,
)
from papers_assets.transform.raw_papers import RawPapers

logger = logging.getLogger(__name__)


@dataclass
class BackfillResult:
    """The result of the backfill of one keyword."""

    keyword: Keyword
    raw_papers: RawPapers | None = None
    """After the last month, as stored on disk. None: nothing was read or written."""
    ranges: int = 0
    """How many date ranges were fetched completely in this run."""
    skipped_months: int = 0
    """Months not requested, because an earlier run fetched them."""
    new: int = 0
    """Papers without a stored version before."""
    requests: int = 0
    seconds_waited: float = 0.0
    incomplete: list[str] = field(default_factory=list)
    """What could not be fetched and why, for people; empty: everything was fetched."""
    warnings: list[str] = field(default_factory=list)
    """Oddities that did not stop it, for people."""
    error: ArxivError | None = None
    """Why it ended early, if arXiv was the cause."""
    reached: date | None = None
    """The last day of the month that was requested last."""


def backfill(  # noqa: PLR0913 - two are keyword-only
    keyword: Keyword,
    span: DateSpan,
    client: ArxivClient,
    store: RawPapersStore,
    now: Callable[[], datetime],
    *,
    redo: bool = False,
    max_attempts: int | None = None,
) -> BackfillResult:
    """Fetch the papers of `keyword` that were submitted in `span`, newest month first.

    Args:
        keyword: the keyword.
        span: the days of submission.
        client: the arXiv client.
        store: the store of the raw papers.
        now: returns the current time.
        redo: request months again that an earlier run fetched.
        max_attempts: attempts per request, if fewer than the client's default.
    """
    result = BackfillResult(keyword)
    waited, asked = client.seconds_waited, client.requests
    try:
        _Backfill(result, client, store, now, max_attempts).run(span, redo=redo)
    except ArxivError as error:
        result.error = error
        result.incomplete.append(f"ended before {result.reached}: {error}")
    except StoreError as error:
        result.incomplete.append(str(error))
    except Exception as error:  # a bug here must not stop the other keywords
        logger.exception("%s: unexpectedly", keyword.name)
        result.incomplete.append(describe_unexpected(error))
    result.requests = client.requests - asked
    result.seconds_waited = client.seconds_waited - waited
    for problem in result.incomplete:
        logger.error("%s: looking back: %s", keyword.name, problem)
    return result


class _Backfill:
    """The backfill of one keyword."""

    def __init__(
        self,
        result: BackfillResult,
        client: ArxivClient,
        store: RawPapersStore,
        now: Callable[[], datetime],
        max_attempts: int | None,
    ) -> None:
        self._result, self._keyword = result, result.keyword
        self._client, self._store, self._now = client, store, now
        self._max_attempts = max_attempts
        self._matches = Matcher(result.keyword)
        self._empty_ranges: list[DateRange] = []
        """Months without papers since the last answer that had any; not yet marked as done."""

    def run(self, span: DateSpan, *, redo: bool) -> None:
        result, name = self._result, self._keyword.name
        wanted = split_into_months(span, self._now())
        done = self._read_done(forget=wanted if redo else [])
        date_ranges = deque(subtract_done(wanted, done))
        result.skipped_months = len(wanted) - len(date_ranges)
        if result.skipped_months:
            skipped = count_noun(result.skipped_months, "month")
            logger.info("%s: looking back: %s fetched before", name, skipped)
        while date_ranges:
            date_range = date_ranges.popleft()
            result.reached = date_range.last.date()
            progress.info("%s: looking back, %s (%d to go)", name, date_range, len(date_ranges) + 1)
            answer, anomalies = self._fetch_range(date_range)
            if answer is None and date_range.first == date_range.last:
                result.incomplete.append(f"{date_range.first} has more papers than arXiv gives out")
            elif answer is None:
                date_ranges.extendleft(reversed(split(date_range)))
                logger.info("%s: the halves of %s are asked for one by one", name, date_range)
            else:
                result.ranges += 1
                self._record_answer(date_range, answer, anomalies)
        logger.info(
            "%s: looked back: %d new papers; %d versions are stored, and the list shows at most "
            "%d papers (cap)",
            *(
                name,
                result.new,
                len(result.raw_papers.rows) if result.raw_papers else 0,
                self._keyword.cap,
            ),
        )
        if self._empty_ranges:
            # During some outages arXiv answers every month with no papers, so these stay open.
            logger.info("%s: the last %d months came without papers", name, len(self._empty_ranges))

    def _read_done(self, forget: list[DateRange]) -> tuple[DateRange, ...]:
        with self._store.keyword_lock(self._keyword.name):
            before = self._read_stored()
            if before and forget:
                before = replace(
                    before, backfilled_ranges=subtract(before.backfilled_ranges, forget)
                )
                self._store.write_raw_papers(before)
        self._result.raw_papers = before
        return before.backfilled_ranges if before else ()

    def _read_stored(self) -> RawPapers | None:
        return raw_papers.for_definition(
            self._keyword, self._store.read_raw_papers(self._keyword.name)
        )

    def _fetch_range(self, date_range: DateRange) -> tuple[SearchResult | None, list[str]]:
        """Return the answer and its anomalies; no answer if the range has to be split.

        Raises:
            ArxivError: arXiv did not answer, or not completely; papers that match are stored.
        """

        def ask(start: int, size: int) -> Page:
            asked = query.submitted_in_parameters(
                self._keyword, date_range.first, date_range.last, start, size
            )
            return self._client.query(asked, max_attempts=self._max_attempts)

        known = self._expected_ids(date_range)
        for is_last in (False, True):
            answer = fetch_range(date_range, ask)
            if answer is None:
                return None, []
            matching = self._select_matching(answer)
            if answer.error:
                self._keep(matching)
                if not answer.error.retryable or date_range.first == date_range.last:
                    raise answer.error
                # arXiv has been seen to fail repeatedly for one page and not for others.
                logger.warning("%s: looking back: %s", self._keyword.name, answer.error)
                return None, []
            anomalies = answer_validation.find_range_anomalies(
                self._keyword, answer, matching, known
            )
            # An empty month is no anomaly, but some of arXiv's short outages return one.
            if is_last or (answer.papers and not anomalies):
                return answer, anomalies
            self._keep(matching)  # these match whatever the next answer is
            self._client.pause_before_recheck()
        raise AssertionError("unreachable")

    def _select_matching(self, answer: SearchResult) -> list[Paper]:
        return self._matches.select_matching(answer.papers)

    def _expected_ids(self, date_range: DateRange) -> set[str]:
        """Return the stored arXiv ids that must be in the answer."""
        if self._result.raw_papers is None:
            return set()
        of_window = self._result.raw_papers.rows_published_in(date_range)
        names = ("arxiv_id", *MATCHED)
        rows = zip(*(of_window[name].to_pylist() for name in names), strict=True)
        return {arxiv_id for arxiv_id, *texts in rows if self._matches(*texts)}

    def _record_answer(
        self, date_range: DateRange, answer: SearchResult, anomalies: list[str]
    ) -> None:
        """Store the fetched papers, and mark the complete date ranges as done."""
        result, came = self._result, []
        result.warnings += [f"{date_range}: {words}" for words in answer.repairs]
        if anomalies:
            result.incomplete.append(f"{date_range} is not whole: {', '.join(anomalies)}")
        elif answer.unreadable_entries:
            result.warnings.append(
                f"{date_range}: {count_noun(len(answer.unreadable_entries), 'entry', 'entries')} "
                "could not be "
                f"read: {answer.unreadable_entries[0]}"
            )
        elif answer.papers:
            came, self._empty_ranges = [*self._empty_ranges, date_range], []
        else:
            self._empty_ranges.append(date_range)
        # Papers that moderators hold back appear later, so the last days are not done.
        last = self._now() - raw_papers.OVERLAP
        whole = [part for each in came if (part := clip(each, last))]
        self._keep(self._select_matching(answer) if anomalies else answer.papers, whole)
        logger.info(
            "%s: looked back at %s: %d results, %d new papers so far",
            *(self._keyword.name, date_range, len(answer.papers), result.new),
        )

    def _keep(self, papers: Sequence[Paper], complete_ranges: Sequence[DateRange] = ()) -> None:
        """Merge `papers` into the raw papers, and mark `complete_ranges` as backfilled."""
        with self._store.keyword_lock(self._keyword.name):
            before = self._read_stored()
            after = raw_papers.merge_backfill(
                self._keyword, before, papers, complete_ranges, self._now()
            )
            self._store.write_raw_papers(after)
        known = {arxiv_id for arxiv_id, _ in before.versions()} if before else set()
        self._result.raw_papers = after
        self._result.new += len({p.arxiv_id for p in papers} - known)
