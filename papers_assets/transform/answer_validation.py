"""Answer validation: compare an answer of arXiv with earlier answers and other keywords'. Pure.

With a complete response of status 200, arXiv has returned an empty list, a fraction of the papers,
papers in another order, and papers without the words of the query. The request for such an answer
is repeated once; if anomalies remain, the keyword does not count as refreshed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from papers_assets.arxiv.models import Paper, SearchResult
from papers_assets.keywords import query
from papers_assets.keywords.matching import SearchMatcher
from papers_assets.keywords.model import Keyword
from papers_assets.transform.raw_papers import RawPapers

FAR_FEWER_SHARE = 0.6
"""Share of the last good answer's results below which an answer is an anomaly. Measured over 628
days of the best-known daily list: a section fell below this share of its usual length during
arXiv's outages and at no other time."""
MAX_UNEXPLAINED, MAX_UNEXPLAINED_SHARE = 3, 0.05
"""Number and share of unexplained results (those that arXiv's search cannot find for the query)
from which an answer is an anomaly. Since arXiv's phrase search was repaired on 2025-12-09, there
were none in 25,861 recorded results; while it was broken, in November 2025, they were 7 to 27 % of
an answer. One or two in a longer answer can be papers whose text was edited after arXiv had indexed
it."""
_MAX_MISSING = 5
ACCEPTED_AFTER = timedelta(days=7)
"""How long an anomaly must persist before the answer is accepted as the current state."""


@dataclass(frozen=True)
class Anomaly:
    """A reason to distrust an answer."""

    description: str
    may_be_real: bool
    """Whether the answer can be correct, if arXiv keeps giving it."""


def find_anomalies(
    keyword: Keyword,
    answer: SearchResult,
    matching: Sequence[Paper],
    stored: RawPapers | None,
    earlier_answers: Mapping[tuple[tuple[str, int], ...], Keyword],
) -> list[Anomaly]:
    """Return the anomalies of `answer`.

    Args:
        keyword: The keyword that was asked for.
        answer: The fetched answer.
        matching: The papers in it that match the keyword.
        stored: The raw papers of the same definition of the keyword; None if there are none.
        earlier_answers: The keywords asked for earlier in the same run, by the versions in their
            answers.
    """
    anomalies = [Anomaly(answer.problem, may_be_real=False)] if answer.problem else []
    last = stored.total_results if stored else None
    if not answer.problem and last is not None and answer.total_results < FAR_FEWER_SHARE * last:
        words = f"{answer.total_results} results where the last good answer had {last}"
        anomalies.append(Anomaly(words, may_be_real=True))
    if stored and (older := count_older_versions(answer, stored)):
        anomalies.append(
            Anomaly(f"{older} papers in an older version than is held", may_be_real=True)
        )
    strange = count_unexplained(keyword, answer, matching)
    if words := describe_unexplained(strange, answer):
        anomalies.append(Anomaly(words, may_be_real=True))
    other = earlier_answers.get(list_versions(answer))
    # Keywords with the same meaning have the same answer, without unexplained results.
    if (
        other is not None
        and strange
        and query.build_search_query(other) != query.build_search_query(keyword)
    ):
        anomalies.append(Anomaly(f"the same answer as for {other.name}", may_be_real=True))
    return anomalies


def count_unexplained(keyword: Keyword, answer: SearchResult, matching: Sequence[Paper]) -> int:
    """Return how many results neither match the keyword nor can be found by arXiv's search.

    Other results that do not match are expected: arXiv ignores stop words and signs.
    """
    matching_versions = {(paper.arxiv_id, paper.version) for paper in matching}
    filtered = [p for p in answer.papers if (p.arxiv_id, p.version) not in matching_versions]
    return len(filtered) - len(SearchMatcher(keyword).select_matching(filtered))


def describe_unexplained(unexplained_count: int, answer: SearchResult) -> str:
    """Return a text about the unexplained papers of an answer; empty if they are few enough."""
    count = len(answer.papers)
    if (
        unexplained_count < max(min(MAX_UNEXPLAINED, count), 1)
        or unexplained_count < MAX_UNEXPLAINED_SHARE * count
    ):
        return ""
    return f"{unexplained_count} of {count} results do not match the query"


def find_range_anomalies(
    keyword: Keyword, answer: SearchResult, matching: Sequence[Paper], expected_ids: Collection[str]
) -> list[str]:
    """Return descriptions of the anomalies of an answer for a range of past days.

    Args:
        keyword: The keyword that was asked for.
        answer: The fetched answer.
        matching: The papers in it that match the keyword.
        expected_ids: The arXiv ids of the stored papers that should be in it. Some may be missing
            from a correct answer: papers that no longer match after a revision.
    """
    anomalies = [answer.problem] if answer.problem else []
    came = {paper.arxiv_id for paper in answer.papers}
    missing = sum(arxiv_id not in came for arxiv_id in expected_ids)
    if missing >= _MAX_MISSING and len(expected_ids) - missing < FAR_FEWER_SHARE * len(
        expected_ids
    ):
        anomalies.append(f"{missing} of {len(expected_ids)} papers are missing that came before")
    if words := describe_unexplained(count_unexplained(keyword, answer, matching), answer):
        anomalies.append(words)
    return anomalies


def is_persistent(anomalies: list[Anomaly], suspect_since: datetime | None, now: datetime) -> bool:
    """Whether all anomalies may be real and have persisted for `ACCEPTED_AFTER`."""
    since = suspect_since or now
    return all(anomaly.may_be_real for anomaly in anomalies) and now - since >= ACCEPTED_AFTER


def count_older_versions(answer: SearchResult, stored: RawPapers) -> int:
    """Return how many papers were fetched in a version older than a stored one."""
    newest: dict[str, int] = {}
    for arxiv_id, version in stored.search_versions():
        newest[arxiv_id] = max(version, newest.get(arxiv_id, 0))
    # A paper that was revised between two pages is fetched in both versions.
    came: dict[str, int] = {}
    for paper in answer.papers:
        came[paper.arxiv_id] = max(paper.version, came.get(paper.arxiv_id, 0))
    return sum(version < newest.get(arxiv_id, 0) for arxiv_id, version in came.items())


def list_versions(answer: SearchResult) -> tuple[tuple[str, int], ...]:
    """Return the arXiv id and version of each fetched paper."""
    return tuple((paper.arxiv_id, paper.version) for paper in answer.papers)
