"""What changed since the last edition, keyword by keyword."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papers_assets.arxiv.feed import Paper
from papers_assets.changes import Kind, differences, is_withdrawn, known_after, nothing_known
from papers_assets.papers import COLUMNS
from papers_assets_tests.making import held_frame, paper

Lists = dict[str, list[Paper]]


def lists_of(lists: Lists) -> pd.DataFrame:
    """The asset `papers` with exactly these lists."""
    frames = [held_frame(papers).assign(keyword=name) for name, papers in lists.items() if papers]
    if not frames:
        return held_frame([paper()]).assign(keyword="").iloc[:0]
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)]


@dataclass
class Editions:
    """One after the other, over what is known."""

    known: pd.DataFrame = field(default_factory=nothing_known)

    def next(self, lists: Lists, names: Sequence[str] = ("a", "b")) -> set[tuple[str, str, str]]:
        """Compare, publish, and give keyword, number of the paper, and kind."""
        papers = lists_of(lists)
        self.found = differences(self.known, papers, names)
        self.known = known_after(self.known, papers, self.found)
        rows = self.found[["keyword", "arxiv_id", "kind"]].itertuples(index=False)
        return {(keyword, arxiv_id[-1], str(kind)) for keyword, arxiv_id, kind in rows}


def test_a_paper_is_new_once_and_then_nothing_happens_to_it() -> None:
    editions = Editions()
    assert editions.next({"a": [paper(1), paper(2)]}) == {("a", "1", "new"), ("a", "2", "new")}
    assert editions.next({"a": [paper(1), paper(2)]}) == set()


def test_a_paper_that_is_new_under_two_keywords_at_once_is_new_to_both() -> None:
    editions = Editions()
    assert editions.next({"a": [paper(1)], "b": [paper(1)]}) == {
        ("a", "1", "new"),
        ("b", "1", "new"),
    }


def test_a_paper_that_another_list_had_before_joins() -> None:
    editions = Editions()
    editions.next({"a": [paper(1)]})
    assert editions.next({"a": [paper(1)], "b": [paper(1)]}) == {("b", "1", "joined")}


@pytest.mark.parametrize(
    ("later", "changed"),
    [
        (paper(1, 3), "version"),
        (paper(1, 1, title="Another title"), "title"),
        (paper(1, 1, comment="12 pages"), "comment"),
        (paper(1, 2, title="Another title", comment="x"), "version title comment"),
    ],
)
def test_a_newer_version_title_or_comment_is_a_revision(later: Paper, changed: str) -> None:
    editions = Editions()
    editions.next({"a": [paper(1)]})
    assert editions.next({"a": [later]}) == {("a", "1", "revised")}
    assert editions.found[["version_before", "changed"]].to_numpy().tolist() == [[1, changed]]
    assert editions.next({"a": [later]}) == set()


def test_a_comment_that_is_taken_away_is_a_revision() -> None:
    editions = Editions()
    editions.next({"a": [paper(1, comment="12 pages")]})
    assert editions.next({"a": [paper(1)]}) == {("a", "1", "revised")}


def test_an_older_version_than_the_one_told_of_is_no_news() -> None:
    editions = Editions()
    editions.next({"a": [paper(1, 2)]})
    assert editions.next({"a": [paper(1, 1, title="As it was")]}) == set()


def test_a_list_that_lags_behind_another_is_no_news_when_it_catches_up() -> None:
    editions = Editions()
    editions.next({"a": [paper(1)], "b": [paper(1)]})
    assert editions.next({"a": [paper(1, 2)], "b": [paper(1)]}) == {
        ("a", "1", "revised"),
        ("b", "1", "revised"),
    }
    assert editions.next({"a": [paper(1, 2)], "b": [paper(1, 2)]}) == set()


def test_a_withdrawal_is_told_as_such_once() -> None:
    editions = Editions()
    editions.next({"a": [paper(1)]})
    gone = paper(1, 2, comment="This paper has been withdrawn by the authors")
    assert editions.next({"a": [gone]}) == {("a", "1", "withdrawn")}
    longer = paper(1, 3, comment="Withdrawn by the authors, for an error in section 2")
    assert editions.next({"a": [longer]}) == {("a", "1", "revised")}


@pytest.mark.parametrize(
    ("version", "comment", "withdrawn"),
    [
        (2, "We withdraw this paper", True),
        (3, "arXiv admin note: withdrawn", True),
        (2, "The authors withdrew it", True),
        (1, "On withdrawn funds, 12 pages", False),
        (2, "12 pages", False),
        (2, None, False),
    ],
)
def test_what_counts_as_withdrawn(version: int, comment: str | None, withdrawn: bool) -> None:  # noqa: FBT001
    assert is_withdrawn(version, comment) is withdrawn


def test_a_paper_that_leaves_and_comes_back_is_not_new() -> None:
    editions = Editions()
    editions.next({"a": [paper(1), paper(2)]})
    assert editions.next({"a": [paper(2)]}) == {("a", "1", "left")}
    assert editions.next({"a": [paper(2)]}) == set()
    assert editions.next({"a": [paper(1), paper(2)]}) == {("a", "1", "returned")}
    assert editions.next({"a": [paper(1), paper(2)]}) == set()
    editions.next({"a": [paper(2)]})
    assert editions.next({"a": [paper(1, 2), paper(2)]}) == {("a", "1", "revised")}


def test_nothing_is_told_of_a_keyword_that_is_not_followed_any_more() -> None:
    editions = Editions()
    editions.next({"a": [paper(1)], "b": [paper(2)]})
    assert editions.next({"a": [paper(1)]}, ["a"]) == set()
    assert editions.next({"a": [paper(1)], "b": [paper(2)]}) == set()


def test_a_keyword_that_has_lost_all_of_its_papers_says_what_left() -> None:
    editions = Editions()
    editions.next({"a": [paper(1)]})
    assert editions.next({}) == {("a", "1", "left")}


some_lists = st.dictionaries(
    st.sampled_from(["a", "b"]),
    st.lists(
        st.builds(
            lambda number, version, title: paper(number, version, title=title),
            st.integers(1, 5),
            st.integers(1, 3),
            st.sampled_from(["A compiler", "Another"]),
        ),
        max_size=5,
        unique_by=lambda p: p.arxiv_id,
    ),
)


@settings(max_examples=15, deadline=None)  # each day takes pandas milliseconds
@given(st.lists(some_lists, max_size=5))
def test_every_paper_is_new_exactly_once_whatever_happens(days: list[Lists]) -> None:
    editions = Editions()
    new: set[str] = set()
    for day in days:
        today = {i for _, i, kind in editions.next(day) if kind == Kind.NEW}
        assert not today & new
        new |= today
        assert editions.next(day) == set()  # told once, nothing is left to tell
    assert new == {p.arxiv_id[-1] for day in days for papers in day.values() for p in papers}


@settings(max_examples=15, deadline=None)  # each day takes pandas milliseconds
@given(st.lists(some_lists, max_size=5))
def test_what_is_known_to_be_listed_is_what_is_listed(days: list[Lists]) -> None:
    editions = Editions()
    for day in days:
        editions.next(day)
        listed = editions.known[editions.known["listed"]]
        papers = lists_of(day)
        assert set(zip(listed["keyword"], listed["arxiv_id"], strict=True)) == set(
            zip(papers["keyword"], papers["arxiv_id"], strict=True)
        )
        assert not editions.known.duplicated(["keyword", "arxiv_id"]).any()
