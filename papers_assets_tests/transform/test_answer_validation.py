from datetime import timedelta
from typing import Any

import pytest

from papers_assets.arxiv.models import Paper, SearchResult
from papers_assets.keywords.matching import Matcher
from papers_assets.keywords.model import Keyword, MatchField
from papers_assets.transform import raw_papers
from papers_assets.transform.answer_validation import (
    ACCEPTED_AFTER,
    Anomaly,
    find_anomalies,
    find_range_anomalies,
    is_persistent,
    list_versions,
)
from papers_assets.transform.raw_papers import RawPapers
from papers_assets_tests.helpers.factories import LATER, keyword, paper

RIGHT = [paper(n) for n in range(40, 0, -1)]
STRANGE = [paper(n, title="Something else", abstract="Else.") for n in range(140, 100, -1)]


def answer(papers: list[Paper], total: int | None = None, **fields: Any) -> SearchResult:
    whole = len(papers) if total is None else total
    return SearchResult(tuple(papers), whole, pages=1, has_gap=False, **fields)


def doubts(
    given: SearchResult,
    before: RawPapers | None = None,
    others: dict[tuple[tuple[str, int], ...], Keyword] | None = None,
    asked: Keyword | None = None,
) -> list[str]:
    asked = asked or keyword("compiler")
    matches = Matcher(asked)
    matching = [p for p in given.papers if matches(p.title, p.abstract, p.categories)]
    return [
        anomaly.description
        for anomaly in find_anomalies(asked, given, matching, before, others or {})
    ]


def before(total: int, papers: list[Paper] | None = None) -> RawPapers:
    return raw_papers.merge_answer(keyword(), None, papers or [], LATER, total_results=total)


def test_a_sound_answer_is_believed() -> None:
    assert doubts(answer(RIGHT), before(40, RIGHT)) == []
    assert doubts(answer([])) == []


@pytest.mark.parametrize(
    ("total", "is_doubted"), [(0, True), (59, True), (60, False), (1000, False)]
)
def test_far_fewer_results_than_the_last_good_answer_had_are_doubted(
    total: int,
    is_doubted: bool,  # noqa: FBT001
) -> None:
    assert bool(doubts(answer([], total), before(100))) == is_doubted


def test_what_the_pages_say_of_themselves_is_a_doubt_that_never_passes() -> None:
    given = answer(RIGHT, 1000, problem="40 results came where the answer promises 100")
    [anomaly] = find_anomalies(keyword(), given, RIGHT, before(10_000), {})
    assert anomaly == Anomaly(given.problem, may_be_real=False)


@pytest.mark.parametrize(
    ("right", "strange", "is_doubted"),
    [
        *((40, 3, True), (40, 2, False), (57, 3, True), (58, 3, False)),
        *((0, 1, True), (1, 1, False), (0, 0, False)),
    ],
)
def test_a_few_results_that_arxiv_cannot_have_found_are_doubted(
    right: int,
    strange: int,
    is_doubted: bool,  # noqa: FBT001
) -> None:
    matching = [paper(n) for n in range(right, 0, -1)]
    found = doubts(answer(STRANGE[:strange] + matching))
    words = f"{strange} of {right + strange} results do not match the query"
    assert found == ([words] if is_doubted else [])


@pytest.mark.parametrize(
    ("phrase", "title"),
    [
        ("C#", "C and C++"),
        ("on-policy", "A policy"),
        ("text to image", "Text or image"),
        ("US", "using"),
    ],
)
def test_results_that_arxiv_finds_and_readers_would_not_are_no_reason_for_doubt(
    phrase: str, title: str
) -> None:
    filtered = [paper(n, title=title) for n in range(40)]
    assert doubts(answer(filtered), asked=keyword(phrase, within=MatchField.TITLE)) == []


def test_the_same_answer_as_for_another_keyword_is_doubted_and_named() -> None:
    given = answer([*RIGHT, STRANGE[0]])
    others = {list_versions(given): keyword("robot")}
    assert doubts(given, others=others) == ["the same answer as for robot"]


def test_keywords_that_mean_the_same_may_have_the_same_answer() -> None:
    given = answer(RIGHT)
    assert doubts(given, others={list_versions(given): keyword("compilers")}) == []
    mixed = answer([*RIGHT, STRANGE[0]])
    same = keyword("The same again", any=("compiler",))
    assert doubts(mixed, others={list_versions(mixed): same}) == []


def test_papers_in_older_versions_than_are_held_are_doubted() -> None:
    stored = before(2, [paper(1, version=3), paper(2)])
    assert doubts(answer([paper(2), paper(1, version=2)]), stored) == [
        "1 papers in an older version than is held"
    ]
    assert doubts(answer([paper(2), paper(1, version=3), paper(1, version=2)]), stored) == []


def test_whatever_can_be_how_things_are_is_a_doubt_that_passes() -> None:
    revised = raw_papers.merge_answer(keyword(), None, [paper(1, version=2)], LATER)
    same = answer([*RIGHT, STRANGE[0]])
    matching = [*RIGHT]
    for found in (
        find_anomalies(keyword(), answer([]), [], before(40), {}),
        find_anomalies(keyword(), answer([paper(1)]), [paper(1)], revised, {}),
        find_anomalies(keyword(), answer(STRANGE), [], None, {}),
        find_anomalies(keyword(), same, matching, None, {list_versions(same): keyword("robot")}),
    ):
        assert [anomaly.may_be_real for anomaly in found] == [True]


def test_what_arxiv_says_for_a_week_is_how_things_are_unless_it_contradicts_itself() -> None:
    passing, not_passing = Anomaly("fewer", may_be_real=True), Anomaly("short", may_be_real=False)
    week = LATER - ACCEPTED_AFTER
    assert is_persistent([passing], week, LATER)
    assert not is_persistent([passing], week + timedelta(seconds=1), LATER)
    assert not is_persistent([passing], None, LATER)
    assert not is_persistent([passing, not_passing], week, LATER)


def test_a_month_is_doubted_where_it_is_short_or_lacks_what_came_before_or_does_not_match() -> None:
    def doubted(given: SearchResult, known: int = 0, **options: Any) -> list[str]:
        asked = keyword(**options)
        matches = Matcher(asked)
        matching = [p for p in given.papers if matches(p.title, p.abstract, p.categories)]
        ids = {paper(n).arxiv_id for n in range(1000, 1000 + known)}
        return find_range_anomalies(asked, given, matching, ids)

    assert doubted(answer(RIGHT)) == doubted(answer([])) == []
    assert doubted(answer(RIGHT, problem="short")) == ["short"]
    assert doubted(answer([]), known=4) == []  # revised so that they match no more
    assert doubted(answer([]), known=5) == ["5 of 5 papers are missing that came before"]
    assert doubted(answer([*RIGHT, *STRANGE[:2]])) == []
    assert doubted(answer([*RIGHT[:5], *STRANGE[:5]])) == ["5 of 10 results do not match the query"]
    filtered = [paper(n, title="A policy") for n in range(40)]
    assert doubted(answer(filtered), name="on-policy", within=MatchField.TITLE) == []
