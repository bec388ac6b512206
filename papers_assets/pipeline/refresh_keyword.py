"""Bring one keyword up to date: ask arXiv, doubt what came, merge it with what is held, keep."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.models import Newest, Page, Paper
from papers_assets.keywords import query
from papers_assets.keywords.matching import Matcher
from papers_assets.keywords.model import Keyword
from papers_assets.keywords.query import other_page_size
from papers_assets.pipeline.paging import fetch_newest
from papers_assets.storage.raw_papers import Store, StoreDamagedError
from papers_assets.text import counted, details
from papers_assets.transform import answer_validation, raw_papers
from papers_assets.transform.raw_papers import Held

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refreshed:
    """A keyword that arXiv answered for."""

    keyword: Keyword
    held: Held
    """After the merge; it is on disk."""
    answer: Newest
    new: int
    """Papers of which no version was held before."""
    revised: int
    """Versions of papers that were held in another version."""
    filtered: int
    """Papers that came but do not match the keyword."""
    seconds_waited: float
    """For arXiv's sake: at the politeness gate and between attempts."""
    requests: int
    remarks: tuple[str, ...] = ()
    """What is odd about it all the same, in words for people."""


NO_PAPER = "no paper on arXiv matches; check the spelling"


class DoubtfulError(Exception):
    """What came is not to be believed as a whole."""


Answers = dict[tuple[tuple[str, int], ...], Keyword]
"""Who got which versions from arXiv in a run: two keywords with the same answer are suspicious."""


class KeywordRefresh:
    """The refresh of one keyword."""

    def __init__(
        self,
        keyword: Keyword,
        client: ArxivClient,
        store: Store,
        now: Callable[[], datetime],
        max_attempts: int | None,
    ) -> None:
        self._keyword = keyword
        self._client, self._store, self._now = client, store, now
        self._max_attempts = max_attempts
        self._ignore_held = False
        self._matches = Matcher(keyword)
        self._remarks: list[str] = []

    def run(self, answers: Answers, *, ignore_held: bool) -> Refreshed:
        """Ask, and keep what came.

        Args:
            answers: who got which answer in this run; ours is added.
            ignore_held: read up to the cap, as if nothing were held.

        Raises:
            ArxivError: no answer came, or not all of its pages; what is certain is kept.
            DoubtfulError: one came, but not one to believe; what is certain is kept.
            StoreError: it could not be read or written.
        """
        self._ignore_held = ignore_held
        waited, requests = self._client.seconds_waited, self._client.requests
        with self._store.updating(self._keyword.name):
            before = self._read()
        answer, certain = self._fetch(before)
        if doubts := self._doubts(answer, certain, before, answers):
            # Some of arXiv's outages are over a moment later.
            logger.warning("%s: %s; asking once more", self._keyword.name, _words(doubts))
            self._keep(certain)  # whatever comes next, these match
            self._client.look_again_later()
            answer, certain = self._fetch(before)
            doubts = self._doubts(answer, certain, before, answers)
        answers.setdefault(answer_validation.versions(answer), self._keyword)
        since = before.doubted_since if before else None
        if doubts and not answer_validation.is_believed_now(doubts, since, self._now()):
            self._keep(certain)
            raise DoubtfulError(_words(doubts))
        if doubts:
            self._remark(f"{_words(doubts)}; believed, as arXiv has said so for days")
        if answer.total_results == 0:
            self._remark(NO_PAPER)
        if answer.gap:
            self._remark(
                f"{counted(answer.pages, 'page')} did not reach what is stored; papers in between "
                "may be missing"
            )
        if answer.unreadable:
            self._remark(
                f"{counted(len(answer.unreadable), 'entry', 'entries')} could not be read: "
                f"{answer.unreadable[0]}"
            )
        for words in answer.repaired:
            self._remark(words)
        earlier, after = self._merge(answer, since if doubts else None)
        return self._told(
            answer,
            certain,
            earlier,
            after,
            self._client.seconds_waited - waited,
            self._client.requests - requests,
        )

    def _read(self) -> Held | None:
        """Read what is held, which is locked; a damaged file makes place for a new one."""
        try:
            return raw_papers.of_definition(
                self._keyword, self._store.read_held(self._keyword.name)
            )
        except StoreDamagedError as error:
            aside = self._store.set_aside(error.path)
            self._remark(f"what was held is damaged and set aside as {aside}; fetched anew")
            return None

    def _fetch(self, before: Held | None) -> tuple[Newest, list[Paper]]:
        """Return the answer, and the papers of it that are certainly the keyword's.

        Raises:
            ArxivError: a page did not come; what is certain of those before it is kept.
        """
        keyword = self._keyword
        # What was not whole last time may be so with pages of another size.
        was_doubted = before is not None and before.doubted_since is not None

        def ask(start: int, size: int) -> Page:
            parameters = query.newest_first(keyword, start, size)
            return self._client.ask(parameters, max_attempts=self._max_attempts)

        # Who ignores what is held still reads back to where it is complete: else there is a gap.
        answer = fetch_newest(
            keyword,
            ask,
            before.read_until if before else None,
            fill=before is None or before.cap < keyword.cap or self._ignore_held,
            expected=before.since_read_until * 5 // 4 if before else 0,
            first_page=other_page_size(keyword, self._now().date()) if was_doubted else None,
        )
        certain = self._matches.matching(answer.papers)
        if answer.error:
            self._keep(certain)
            logger.warning(
                "%s: %d papers of the first %d pages are kept, and then: %s",
                *(keyword.name, len(certain), answer.pages, answer.error),
            )
            raise answer.error
        return answer, certain

    def _doubts(
        self,
        answer: Newest,
        certain: Sequence[Paper],
        before: Held | None,
        answers: Answers,
    ) -> list[answer_validation.Doubt]:
        return answer_validation.doubts_about(self._keyword, answer, certain, before, answers)

    def _keep(self, certain: Sequence[Paper]) -> None:
        with self._store.updating(self._keyword.name):
            unique = {(paper.arxiv_id, paper.version): paper for paper in certain}
            after = raw_papers.kept(self._keyword, self._read(), [*unique.values()], self._now())
            self._store.write_held(after)

    def _merge(
        self, answer: Newest, doubted_since: datetime | None
    ) -> tuple[set[tuple[str, int]], Held]:
        # Read again: another process may have brought papers of the same keyword meanwhile.
        with self._store.updating(self._keyword.name):
            before = self._read()
            after = raw_papers.refreshed(
                self._keyword,
                before,
                answer.papers,
                self._now(),
                total_results=answer.total_results,
                doubted_since=doubted_since,
                gap=answer.gap,
            )
            self._store.write_held(after)
            self._store.write_problem(self._keyword.name, "")
        # What was kept of answers that were not believed has not been reported to anybody.
        return before.reported() if before else set(), after

    def _told(  # noqa: PLR0913, PLR0917 - what there is to tell
        self,
        answer: Newest,
        certain: Sequence[Paper],
        earlier: set[tuple[str, int]],
        after: Held,
        seconds_waited: float,
        requests: int,
    ) -> Refreshed:
        new, revised = raw_papers.news(earlier, after.versions())
        matching = {(p.arxiv_id, p.version) for p in certain}
        filtered = [p for p in answer.papers if (p.arxiv_id, p.version) not in matching]
        outcome = Refreshed(
            keyword=self._keyword,
            held=after,
            answer=answer,
            new=new,
            revised=revised,
            filtered=len(filtered),
            seconds_waited=seconds_waited,
            requests=requests,
            remarks=tuple(self._remarks),
        )
        logger.info(
            "%s: fetched %d of %s (%s); %d added, %d updated, %d filtered out",
            self._keyword.name,
            len(answer.papers),
            counted(answer.total_results, "result"),
            counted(requests, "request"),
            outcome.new,
            outcome.revised,
            outcome.filtered,
        )
        details.info("%s: the query was %s", self._keyword.name, query.search_query(self._keyword))
        if filtered:
            named = ", ".join(f"{p.arxiv_id}v{p.version}" for p in filtered)
            details.info("%s: filtered out: %s", self._keyword.name, named)
        return outcome

    def _remark(self, words: str) -> None:
        self._remarks.append(words)
        logger.warning("%s: %s", self._keyword.name, words)


def _words(doubts: Sequence[answer_validation.Doubt]) -> str:
    return ", ".join(doubt.words for doubt in doubts)
