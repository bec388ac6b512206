"""Is an answer to be believed? What arXiv says, against what it said before and to others. Pure.

arXiv has answered, whole and with status 200, an empty list, a fraction of the papers, papers in
another order, and papers that do not have the words asked for. Every such answer is asked for once
more; what is still in doubt then keeps the keyword from counting as refreshed.
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
"""Of the results of the last good answer. Measured over 628 days of the best-known daily list: at
arXiv's outages a section fell below this share of its usual length, and else it never did."""
MAX_UNEXPLAINED, MAX_UNEXPLAINED_SHARE = 3, 0.05
"""Results that arXiv's search cannot find for the query, and their share: fewer are no doubt. Since
arXiv's phrase search was mended on 2025-12-09 there was none in 25,861 recorded results; while it
was broken, in November 2025, they were 7 to 27 % of an answer. One or two in a longer answer can be
papers whose text was edited after arXiv had indexed it."""
_MAX_MISSING = 5
ACCEPTED_AFTER = timedelta(days=7)
"""An answer that stays the same for so long is how things are now."""


@dataclass(frozen=True)
class Anomaly:
    """Why an answer is hard to believe."""

    description: str
    may_be_real: bool
    """Whether it can be how things are now, when arXiv keeps saying so."""


def find_anomalies(
    keyword: Keyword,
    answer: SearchResult,
    matching: Sequence[Paper],
    stored: RawPapers | None,
    earlier_answers: Mapping[tuple[tuple[str, int], ...], Keyword],
) -> list[Anomaly]:
    """Return why `answer` is hard to believe, if it is.

    Args:
        keyword: whose answer it is.
        answer: what came.
        matching: what of it matches the keyword.
        stored: what is held of the same definition of the keyword; None: nothing.
        earlier_answers: the keywords asked before in the same run, by the versions that came for
            them.
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
    # Keywords that mean the same have the same answer, and nothing in it is strange.
    if (
        other is not None
        and strange
        and query.build_search_query(other) != query.build_search_query(keyword)
    ):
        anomalies.append(Anomaly(f"the same answer as for {other.name}", may_be_real=True))
    return anomalies


def count_unexplained(keyword: Keyword, answer: SearchResult, matching: Sequence[Paper]) -> int:
    """Count the results that neither match the keyword nor could be found by arXiv's search.

    Others that do not match are as they should be: arXiv leaves out stop words and signs.
    """
    matching_versions = {(paper.arxiv_id, paper.version) for paper in matching}
    filtered = [p for p in answer.papers if (p.arxiv_id, p.version) not in matching_versions]
    return len(filtered) - len(SearchMatcher(keyword).select_matching(filtered))


def describe_unexplained(unexplained_count: int, answer: SearchResult) -> str:
    """Return how many papers of an answer do not match; empty: few enough."""
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
    """Return why the answer for a window of past days is hard to believe, if it is.

    Args:
        keyword: whose answer it is.
        answer: what came.
        matching: what of it matches the keyword.
        expected_ids: the arXiv ids of papers that are held and should be in it. Not all of them
            are: who revised a paper so that it matches no more took it away.
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
    """Whether arXiv has kept saying what was hard to believe for long enough."""
    since = suspect_since or now
    return all(anomaly.may_be_real for anomaly in anomalies) and now - since >= ACCEPTED_AFTER


def count_older_versions(answer: SearchResult, stored: RawPapers) -> int:
    """Return how many papers came in a version older than a stored one."""
    newest: dict[str, int] = {}
    for arxiv_id, version in stored.search_versions():
        newest[arxiv_id] = max(version, newest.get(arxiv_id, 0))
    # A paper that was revised between two pages comes in both versions.
    came: dict[str, int] = {}
    for paper in answer.papers:
        came[paper.arxiv_id] = max(paper.version, came.get(paper.arxiv_id, 0))
    return sum(version < newest.get(arxiv_id, 0) for arxiv_id, version in came.items())


def list_versions(answer: SearchResult) -> tuple[tuple[str, int], ...]:
    """Return what came, by arXiv id and version."""
    return tuple((paper.arxiv_id, paper.version) for paper in answer.papers)
