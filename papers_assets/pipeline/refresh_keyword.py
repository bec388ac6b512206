"""Refresh one keyword: query arXiv, validate the answer, merge it and store it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.models import Page, Paper, SearchResult
from papers_assets.keywords import query
from papers_assets.keywords.matching import Matcher
from papers_assets.keywords.model import Keyword
from papers_assets.keywords.query import choose_alternative_page_size
from papers_assets.pipeline.paging import fetch_until_known
from papers_assets.storage.raw_papers import RawPapersStore, StoreDamagedError
from papers_assets.text import count_noun, details
from papers_assets.transform import answer_validation, raw_papers
from papers_assets.transform.raw_papers import RawPapers

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RefreshResult:
    """The result of a successful refresh of a keyword."""

    keyword: Keyword
    raw_papers: RawPapers
    """After the merge, as stored on disk."""
    answer: SearchResult
    new: int
    """Papers without a stored version before."""
    revised: int
    """New versions of papers that were stored in another version."""
    filtered: int
    """Fetched papers that do not match the keyword."""
    seconds_waited: float
    """Time waited in the rate limiter and between attempts."""
    requests: int
    warnings: tuple[str, ...] = ()
    """Oddities that did not stop it, for people."""


NO_PAPER_WARNING = "no paper on arXiv matches; check the spelling"


class SuspectAnswerError(Exception):
    """An answer that failed answer validation."""


Answers = dict[tuple[tuple[str, int], ...], Keyword]
"""The keyword that got each answer in a run: the same answer for two keywords is an anomaly."""


class KeywordRefresh:
    """The refresh of one keyword."""

    def __init__(
        self,
        keyword: Keyword,
        client: ArxivClient,
        store: RawPapersStore,
        now: Callable[[], datetime],
        max_attempts: int | None,
    ) -> None:
        self._keyword = keyword
        self._client, self._store, self._now = client, store, now
        self._max_attempts = max_attempts
        self._full_refresh = False
        self._matches = Matcher(keyword)
        self._warnings: list[str] = []

    def run(self, earlier_answers: Answers, *, full_refresh: bool) -> RefreshResult:
        """Fetch, validate and store the keyword's papers.

        Args:
            earlier_answers: the keyword of each answer in this run; this answer is added.
            full_refresh: fetch up to the cap, as if nothing were stored.

        Raises:
            ArxivError: no answer came, or not all of its pages; papers that match are stored.
            SuspectAnswerError: the answer failed validation; papers that match are stored.
            StoreError: the raw papers could not be read or written.
        """
        self._full_refresh = full_refresh
        waited, requests = self._client.seconds_waited, self._client.requests
        with self._store.keyword_lock(self._keyword.name):
            before = self._read_stored()
        answer, matching = self._fetch(before)
        if anomalies := self._find_anomalies(answer, matching, before, earlier_answers):
            # Some of arXiv's outages end within moments.
            logger.warning("%s: %s; asking once more", self._keyword.name, _describe(anomalies))
            self._store_matching(matching)  # these match whatever the next answer is
            self._client.pause_before_recheck()
            answer, matching = self._fetch(before)
            anomalies = self._find_anomalies(answer, matching, before, earlier_answers)
        earlier_answers.setdefault(answer_validation.list_versions(answer), self._keyword)
        since = before.suspect_since if before else None
        if anomalies and not answer_validation.is_persistent(anomalies, since, self._now()):
            self._store_matching(matching)
            raise SuspectAnswerError(_describe(anomalies))
        if anomalies:
            self._warn(f"{_describe(anomalies)}; believed, as arXiv has said so for days")
        if answer.total_results == 0:
            self._warn(NO_PAPER_WARNING)
        if answer.has_gap:
            self._warn(
                f"{count_noun(answer.pages, 'page')} did not reach what is stored; papers in "
                "between "
                "may be missing"
            )
        if answer.unreadable_entries:
            self._warn(
                f"{count_noun(len(answer.unreadable_entries), 'entry', 'entries')} could not be "
                "read: "
                f"{answer.unreadable_entries[0]}"
            )
        for words in answer.repairs:
            self._warn(words)
        earlier, after = self._store_answer(answer, since if anomalies else None)
        return self._build_result(
            answer,
            matching,
            earlier,
            after,
            self._client.seconds_waited - waited,
            self._client.requests - requests,
        )

    def _read_stored(self) -> RawPapers | None:
        """Read the raw papers under the keyword's lock; a damaged file is moved aside."""
        try:
            return raw_papers.for_definition(
                self._keyword, self._store.read_raw_papers(self._keyword.name)
            )
        except StoreDamagedError as error:
            aside = self._store.quarantine(error.path)
            self._warn(f"what was held is damaged and set aside as {aside}; fetched anew")
            return None

    def _fetch(self, stored: RawPapers | None) -> tuple[SearchResult, list[Paper]]:
        """Return the answer and those of its papers that match the keyword.

        Raises:
            ArxivError: a page could not be fetched; matching papers before it are stored.
        """
        keyword = self._keyword
        # An incomplete answer may be complete with pages of another size.
        was_doubted = stored is not None and stored.suspect_since is not None

        def ask(start: int, size: int) -> Page:
            parameters = query.newest_first_parameters(keyword, start, size)
            return self._client.query(parameters, max_attempts=self._max_attempts)

        # Even a full refresh reads back to where the stored papers are complete, to leave no gap.
        answer = fetch_until_known(
            keyword,
            ask,
            stored.read_until if stored else None,
            until_cap=stored is None or stored.filled_cap < keyword.cap or self._full_refresh,
            expected_results=stored.newer_than_read_until * 5 // 4 if stored else 0,
            first_page=choose_alternative_page_size(keyword, self._now().date())
            if was_doubted
            else None,
        )
        matching = self._matches.select_matching(answer.papers)
        if answer.error:
            self._store_matching(matching)
            logger.warning(
                "%s: %d papers of the first %d pages are kept, and then: %s",
                *(keyword.name, len(matching), answer.pages, answer.error),
            )
            raise answer.error
        return answer, matching

    def _find_anomalies(
        self,
        answer: SearchResult,
        matching: Sequence[Paper],
        stored: RawPapers | None,
        earlier_answers: Answers,
    ) -> list[answer_validation.Anomaly]:
        return answer_validation.find_anomalies(
            self._keyword, answer, matching, stored, earlier_answers
        )

    def _store_matching(self, matching: Sequence[Paper]) -> None:
        with self._store.keyword_lock(self._keyword.name):
            unique = {(paper.arxiv_id, paper.version): paper for paper in matching}
            after = raw_papers.merge_partial_answer(
                self._keyword, self._read_stored(), [*unique.values()], self._now()
            )
            self._store.write_raw_papers(after)

    def _store_answer(
        self, answer: SearchResult, suspect_since: datetime | None
    ) -> tuple[set[tuple[str, int]], RawPapers]:
        # Read again: another process may have stored papers of the same keyword meanwhile.
        with self._store.keyword_lock(self._keyword.name):
            before = self._read_stored()
            after = raw_papers.merge_answer(
                self._keyword,
                before,
                answer.papers,
                self._now(),
                total_results=answer.total_results,
                suspect_since=suspect_since,
                has_gap=answer.has_gap,
            )
            self._store.write_raw_papers(after)
            self._store.write_failure_reason(self._keyword.name, "")
        # Papers stored from suspect answers have not been reported yet.
        return before.reported_versions() if before else set(), after

    def _build_result(  # noqa: PLR0913, PLR0917 - the facts of a result
        self,
        answer: SearchResult,
        matching_papers: Sequence[Paper],
        versions_before: set[tuple[str, int]],
        merged: RawPapers,
        seconds_waited: float,
        requests: int,
    ) -> RefreshResult:
        new, revised = raw_papers.count_new(versions_before, merged.versions())
        matching = {(p.arxiv_id, p.version) for p in matching_papers}
        filtered = [p for p in answer.papers if (p.arxiv_id, p.version) not in matching]
        outcome = RefreshResult(
            keyword=self._keyword,
            raw_papers=merged,
            answer=answer,
            new=new,
            revised=revised,
            filtered=len(filtered),
            seconds_waited=seconds_waited,
            requests=requests,
            warnings=tuple(self._warnings),
        )
        logger.info(
            "%s: fetched %d of %s (%s); %d added, %d updated, %d filtered out",
            self._keyword.name,
            len(answer.papers),
            count_noun(answer.total_results, "result"),
            count_noun(requests, "request"),
            outcome.new,
            outcome.revised,
            outcome.filtered,
        )
        details.info(
            "%s: the query was %s", self._keyword.name, query.build_search_query(self._keyword)
        )
        if filtered:
            named = ", ".join(f"{p.arxiv_id}v{p.version}" for p in filtered)
            details.info("%s: filtered out: %s", self._keyword.name, named)
        return outcome

    def _warn(self, warning: str) -> None:
        self._warnings.append(warning)
        logger.warning("%s: %s", self._keyword.name, warning)


def _describe(anomalies: Sequence[answer_validation.Anomaly]) -> str:
    return ", ".join(anomaly.description for anomaly in anomalies)
