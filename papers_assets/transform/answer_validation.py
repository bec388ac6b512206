"""Is an answer to be believed? What arXiv says, against what it said before and to others. Pure.

arXiv has answered, whole and with status 200, an empty list, a fraction of the papers, papers in
another order, and papers that do not have the words asked for. Every such answer is asked for once
more; what is still in doubt then keeps the keyword from counting as refreshed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from papers_assets.arxiv.models import Newest, Paper
from papers_assets.keywords import query
from papers_assets.keywords.matching import SearchMatcher
from papers_assets.keywords.model import Keyword
from papers_assets.transform.raw_papers import Held

FAR_FEWER = 0.6
"""Of the results of the last good answer. Measured over 628 days of the best-known daily list: at
arXiv's outages a section fell below this share of its usual length, and else it never did."""
UNEXPLAINED, UNEXPLAINED_SHARE = 3, 0.05
"""Results that arXiv's search cannot find for the query, and their share: fewer are no doubt. Since
arXiv's phrase search was mended on 2025-12-09 there was none in 25,861 recorded results; while it
was broken, in November 2025, they were 7 to 27 % of an answer. One or two in a longer answer can be
papers whose text was edited after arXiv had indexed it."""
_A_FEW = 5
BELIEVED_AFTER = timedelta(days=7)
"""An answer that stays the same for so long is how things are now."""


@dataclass(frozen=True)
class Doubt:
    """Why an answer is hard to believe."""

    words: str
    passing: bool
    """Whether it can be how things are now, when arXiv keeps saying so."""


def doubts_about(
    keyword: Keyword,
    answer: Newest,
    certain: Sequence[Paper],
    before: Held | None,
    others: Mapping[tuple[tuple[str, int], ...], Keyword],
) -> list[Doubt]:
    """Say why `answer` is hard to believe, if it is.

    Args:
        keyword: whose answer it is.
        answer: what came.
        certain: what of it matches the keyword.
        before: what is held of the same definition of the keyword; None: nothing.
        others: the keywords asked before in the same run, by the versions that came for them.
    """
    doubts = [Doubt(answer.fault, passing=False)] if answer.fault else []
    last = before.total_results if before else None
    if not answer.fault and last is not None and answer.total_results < FAR_FEWER * last:
        words = f"{answer.total_results} results where the last good answer had {last}"
        doubts.append(Doubt(words, passing=True))
    if before and (older := _older(answer, before)):
        doubts.append(Doubt(f"{older} papers in an older version than is held", passing=True))
    strange = unexplained(keyword, answer, certain)
    if words := _too_many(strange, answer):
        doubts.append(Doubt(words, passing=True))
    other = others.get(versions(answer))
    # Keywords that mean the same have the same answer, and nothing in it is strange.
    if other is not None and strange and query.search_query(other) != query.search_query(keyword):
        doubts.append(Doubt(f"the same answer as for {other.name}", passing=True))
    return doubts


def unexplained(keyword: Keyword, answer: Newest, certain: Sequence[Paper]) -> int:
    """Count the results that neither match the keyword nor could be found by arXiv's search.

    Others that do not match are as they should be: arXiv leaves out stop words and signs.
    """
    matching = {(paper.arxiv_id, paper.version) for paper in certain}
    filtered = [p for p in answer.papers if (p.arxiv_id, p.version) not in matching]
    return len(filtered) - len(SearchMatcher(keyword).matching(filtered))


def _too_many(strange: int, answer: Newest) -> str:
    count = len(answer.papers)
    if strange < max(min(UNEXPLAINED, count), 1) or strange < UNEXPLAINED_SHARE * count:
        return ""
    return f"{strange} of {count} results do not match the query"


def doubts_about_window(
    keyword: Keyword, answer: Newest, certain: Sequence[Paper], known: Collection[str]
) -> list[str]:
    """Say why the answer for a window of past days is hard to believe, if it is.

    Args:
        keyword: whose answer it is.
        answer: what came.
        certain: what of it matches the keyword.
        known: the arXiv ids of papers that are held and should be in it. Not all of them are: who
            revised a paper so that it matches no more took it away.
    """
    doubts = [answer.fault] if answer.fault else []
    came = {paper.arxiv_id for paper in answer.papers}
    missing = sum(arxiv_id not in came for arxiv_id in known)
    if missing >= _A_FEW and len(known) - missing < FAR_FEWER * len(known):
        doubts.append(f"{missing} of {len(known)} papers are missing that came before")
    if words := _too_many(unexplained(keyword, answer, certain), answer):
        doubts.append(words)
    return doubts


def is_believed_now(doubts: list[Doubt], doubted_since: datetime | None, now: datetime) -> bool:
    """Say whether arXiv has kept saying what was hard to believe for long enough."""
    since = doubted_since or now
    return all(doubt.passing for doubt in doubts) and now - since >= BELIEVED_AFTER


def _older(answer: Newest, before: Held) -> int:
    newest: dict[str, int] = {}
    for arxiv_id, version in before.answered():
        newest[arxiv_id] = max(version, newest.get(arxiv_id, 0))
    # A paper that was revised between two pages comes in both versions.
    came: dict[str, int] = {}
    for paper in answer.papers:
        came[paper.arxiv_id] = max(paper.version, came.get(paper.arxiv_id, 0))
    return sum(version < newest.get(arxiv_id, 0) for arxiv_id, version in came.items())


def versions(answer: Newest) -> tuple[tuple[str, int], ...]:
    """Give what came, by arXiv id and version."""
    return tuple((paper.arxiv_id, paper.version) for paper in answer.papers)
