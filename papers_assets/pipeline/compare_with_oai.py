"""Compare what queries brought with what arXiv's OAI-PMH lists of a day, and keep what is missing.

OAI-PMH does not depend on the index that arXiv searches. So it knows papers that a search does not
find while that index is behind, or lacks some.
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
"""In a run, attempts that fail included."""
_matched_fields = attrgetter(*MATCHED)


@dataclass(frozen=True)
class ComparisonResult:
    """How what queries brought compares with a day of OAI-PMH."""

    day: date
    compared: int = 0
    """Versions that match a keyword and that its query should have brought, once a keyword."""
    missing_papers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By keyword, those that it did not bring, such as 2613.00001v1; they are held now."""
    summaries: Mapping[str, RawPapersSummary] = field(default_factory=dict)
    """By keyword, what is held with them."""
    short_reason: str = ""
    """Why not everything was compared, or kept; empty: everything was."""
    error: ArxivError | None = None
    """The same if arXiv brought that about."""


class _AnsweredKeyword(NamedTuple):
    """What is held of a keyword after its query was answered."""

    keyword: Keyword
    since: datetime
    """The answer should have every version that was submitted later."""
    versions: Mapping[str, int]
    """The newest of each paper, by arXiv id; of papers of that time."""

    def lacks(self, paper: Paper) -> bool:
        return self.versions.get(paper.arxiv_id, 0) < paper.version


class OaiComparison:
    """Asks OAI-PMH about keywords that have just been refreshed.

    Args:
        sets: of OAI-PMH that have all their papers; none: all of arXiv.
        client: asks arXiv.
        store: where papers are held.
        now: gives the time.
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
        """Take note of what a keyword's query brought."""
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
        """Ask for the newest day that is over, and keep what the queries did not bring of it.

        What arXiv announced in the evening before that day, its search should have since its first
        hours. Whatever goes wrong costs no keyword anything: it is a `problem`.
        """
        yesterday = self._now().astimezone(UTC).date() - timedelta(days=1)
        day = find_last_publication_day(yesterday)
        progress.info("comparing with OAI-PMH: %s", day)
        try:
            found = fetch_day(
                day, self._sets, self._list_records, max_requests=MAX_COMPARISON_REQUESTS
            )
            comparison = self._compare_day(found)
        except Exception as error:  # a mistake of ours must not cost what the queries brought
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
