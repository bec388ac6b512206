"""Compare the query results with arXiv's OAI-PMH list of a day, and store the missing papers.

OAI-PMH does not depend on arXiv's search index. So it lists papers that a search does not find
while that index is behind or incomplete.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from papers_assets.arxiv.announcements import find_last_publication_day
from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.errors import ArxivError
from papers_assets.arxiv.models import Paper
from papers_assets.arxiv.oai_day import DayListing, fetch_day
from papers_assets.arxiv.oai_pmh import RecordsPage
from papers_assets.keywords.matching import MATCHED, Matchers
from papers_assets.keywords.model import Keyword
from papers_assets.pipeline.failures import describe_unexpected
from papers_assets.pipeline.refresh_keyword import RefreshResult
from papers_assets.storage.raw_papers import RawPapersStore, StoreError
from papers_assets.text import progress
from papers_assets.transform import raw_papers, schema
from papers_assets.transform.raw_papers import RawPapersSummary, summarize

logger = logging.getLogger(__name__)

MAX_COMPARISON_REQUESTS = 3
"""Per run, including failed attempts."""
_matched_fields = attrgetter(*MATCHED)


@dataclass(frozen=True)
class ComparisonResult:
    """The result of comparing the query results with a day of OAI-PMH."""

    day: date
    compared: int = 0
    """Versions that a keyword's query should have returned, counted once per keyword."""
    missing_papers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By keyword, the versions that its query lacked, such as 2613.00001v1; stored now."""
    summaries: Mapping[str, RawPapersSummary] = field(default_factory=dict)
    """By keyword, a summary of its raw papers after that merge."""
    short_reason: str = ""
    """Why not everything was compared or stored; empty: everything was."""
    error: ArxivError | None = None
    """The error, if arXiv was the cause."""


class _AnsweredKeyword(NamedTuple):
    """The stored versions of a keyword after its query was answered."""

    keyword: Keyword
    since: datetime
    """The answer should contain every version submitted later."""
    versions: Mapping[str, int]
    """The newest stored version of each paper updated later, by arXiv id."""

    def lacks(self, paper: Paper) -> bool:
        return self.versions.get(paper.arxiv_id, 0) < paper.version


class OaiComparison:
    """Comparison of keywords that have just been refreshed with OAI-PMH.

    Args:
        sets: the OAI-PMH sets with all of their papers; none: all of arXiv.
        client: the arXiv client.
        store: the store of the raw papers.
        now: returns the current time.
    """

    def __init__(
        self,
        sets: Sequence[str],
        client: ArxivClient,
        store: RawPapersStore,
        now: Callable[[], datetime],
    ) -> None:
        self._sets, self._client, self._store, self._now = sets, client, store, now
        self._keywords: dict[str, _AnsweredKeyword] = {}

    def add(self, refreshed: RefreshResult) -> None:
        """Add a refreshed keyword to the comparison."""
        answer, papers = refreshed.answer, refreshed.raw_papers.rows
        since = raw_papers.find_reach(answer.papers, answer.total_results)
        if since is None:
            return
        recent = papers.filter(pc.greater(papers["updated"], pa.scalar(since, schema.TIME)))
        versions: dict[str, int] = {}
        for arxiv_id, version in schema.list_versions(recent):
            versions[arxiv_id] = max(version, versions.get(arxiv_id, 0))
        name = refreshed.keyword.name
        self._keywords[name] = _AnsweredKeyword(refreshed.keyword, since, versions)

    def compare(self) -> ComparisonResult:
        """Fetch the newest publication day that is over, and store what the queries lacked.

        arXiv's search should have the announcement of the evening before since the first hours of
        that day. A failure affects no keyword: it becomes the `short_reason`.
        """
        yesterday = self._now().astimezone(UTC).date() - timedelta(days=1)
        day = find_last_publication_day(yesterday)
        progress.info("comparing with OAI-PMH: %s", day)
        try:
            found = fetch_day(
                day, self._sets, self._list_records, max_requests=MAX_COMPARISON_REQUESTS
            )
            comparison = self._compare_day(found)
        except Exception as error:  # a bug here must not cost the query results
            logger.exception("OAI-PMH, %s: unexpectedly", day)
            comparison = ComparisonResult(day, short_reason=describe_unexpected(error))
        self._log_result(comparison)
        return comparison

    def _list_records(self, parameters: dict[str, str]) -> RecordsPage:
        return self._client.list_records(parameters, max_attempts=1)

    def _compare_day(self, listing: DayListing) -> ComparisonResult:
        matchers = Matchers([answered.keyword for answered in self._keywords.values()])
        compared, missing = 0, dict[str, list[Paper]]()
        for record in listing.records.values():
            if (paper := record.paper) is None:
                continue
            for name in matchers(*_matched_fields(paper)):
                answered = self._keywords[name]
                if paper.updated <= answered.since or not answered.keyword.shows(paper.version):
                    continue
                compared += 1
                if answered.lacks(paper):
                    missing.setdefault(name, []).append(paper)
        problems = [f"not all of the day was compared: {listing.error or listing.problem}"]
        problems = problems if listing.error or listing.problem else []
        kept: dict[str, RawPapersSummary] = {}
        for name, papers in missing.items():
            try:
                kept[name] = self._keep(self._keywords[name].keyword, papers)
            except (StoreError, OSError) as error:
                problems.append(f"{name}: not kept: {error}")
        return ComparisonResult(
            listing.day,
            compared,
            {name: [f"{p.arxiv_id}v{p.version}" for p in missing[name]] for name in kept},
            kept,
            "; ".join(problems),
            listing.error,
        )

    def _keep(self, keyword: Keyword, papers: Sequence[Paper]) -> RawPapersSummary:
        with self._store.keyword_lock(keyword.name):
            before = self._store.read_raw_papers(keyword.name)
            after = raw_papers.merge_oai_papers(keyword, before, papers, self._now())
            self._store.write_raw_papers(after)
        return summarize(after)

    def _log_result(self, comparison: ComparisonResult) -> None:
        for name, versions in comparison.missing_papers.items():
            logger.warning(
                "%s: arXiv's search lacks %d papers that its OAI-PMH lists for %s: %s",
                *(name, len(versions), comparison.day, ", ".join(versions)),
            )
        if comparison.short_reason:
            logger.warning("OAI-PMH, %s: %s", comparison.day, comparison.short_reason)
        logger.info("OAI-PMH, %s: %d versions compared", comparison.day, comparison.compared)
