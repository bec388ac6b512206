"""What changed since the last edition, keyword by keyword."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.models import Paper
from papers_assets.transform.changes import (
    NEW_PAPER_ALLOWANCE,
    ChangeKind,
    ListUpdate,
    announced_kinds,
    apply_changes,
    diff,
    is_withdrawn,
    kind_for_readers,
    no_announcements,
)
from papers_assets.transform.selection import COLUMNS
from papers_assets_tests.helpers.factories import EPOCH, LATER, held_frame, paper
from papers_assets_tests.helpers.thoroughness import examples

Lists = dict[str, list[Paper]]
FOLLOWED = dict.fromkeys(["a", "b"], ListUpdate(EPOCH))
"""The lists have been updated before any paper of `making.paper` was submitted."""


def lists_of(lists: Lists, seen_at: datetime = LATER) -> pd.DataFrame:
    """The asset `papers` with exactly these lists."""
    frames = [
        held_frame(papers, seen_at).assign(keyword=name) for name, papers in lists.items() if papers
    ]
    if not frames:
        return held_frame([paper()]).assign(keyword="").iloc[:0]
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)]


@dataclass
class Editions:
    """One after the other, over what is known."""

    known: pd.DataFrame = field(default_factory=no_announcements)
    previous: Mapping[str, ListUpdate] = field(default_factory=lambda: FOLLOWED)

    def next(self, lists: Lists, names: Sequence[str] = ("a", "b")) -> set[tuple[str, str, str]]:
        """Compare, publish, and give keyword, number of the paper, and kind."""
        papers = lists_of(lists)
        self.found = diff(self.known, papers, names, self.previous)
        self.known = apply_changes(self.known, papers, self.found)
        rows = self.found[["keyword", "arxiv_id", "kind"]].itertuples(index=False)
        return {(keyword, arxiv_id[-1], str(kind)) for keyword, arxiv_id, kind in rows}

    @property
    def to_all(self) -> set[tuple[str, str, str]]:
        """The same as readers of all keywords are told of it."""
        columns = ("keyword", "arxiv_id", "kind", "changed", "before")
        rows = zip(*(self.found[name] for name in columns), strict=True)
        return {
            (
                k,
                i[-1],
                str(
                    kind_for_readers(
                        ChangeKind(kind), changed=bool(changed), announced=bool(before)
                    )
                ),
            )
            for k, i, kind, changed, before in rows
        }


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


def test_a_recent_paper_that_another_list_had_before_is_new_to_the_list_and_says_so() -> None:
    editions = Editions()
    editions.next({"a": [paper(1)]})
    assert editions.next({"a": [paper(1)], "b": [paper(1)]}) == {("b", "1", "new")}
    assert editions.found["before"].tolist() == ["a"]
    assert editions.to_all == {("b", "1", "matched")}


BASE = datetime(2026, 11, 22, 6, tzinfo=UTC)
"""Of the previous update, a day before `LATER`."""
HOUR, DAY, YEARS = timedelta(hours=1), timedelta(days=1), timedelta(days=7500)


def entering(  # noqa: PLR0913 - all but two are said by name
    published: datetime,
    version: int = 1,
    updated: datetime | None = None,
    *,
    definition: str = "x",
    seen_at: datetime = LATER,
    comment: str | None = None,
) -> str:
    """The kind of a paper that enters a list that was updated at `BASE`."""
    p = paper(1, version, published=published, updated=updated or published, comment=comment)
    found = diff(
        no_announcements(),
        lists_of({"a": [p]}, seen_at),
        ["a"],
        {"a": ListUpdate(BASE, "x")},
        {"a": definition},
    )
    assert found[["version_before", "changed", "before"]].isna().to_numpy().tolist() == [
        [True, False, False]
    ]
    (kind,) = found["kind"]
    return str(kind)


def test_a_paper_that_was_submitted_since_the_previous_update_is_new() -> None:
    assert entering(BASE + HOUR) == "new"


def test_a_paper_that_was_announced_up_to_two_weeks_after_its_submission_is_new() -> None:
    assert entering(BASE - NEW_PAPER_ALLOWANCE) == "new"
    assert entering(BASE - NEW_PAPER_ALLOWANCE - HOUR) == "matched"


def test_a_paper_that_was_submitted_and_revised_between_two_updates_is_new() -> None:
    assert entering(BASE + HOUR, 2, BASE + 2 * HOUR) == "new"


def test_a_late_version_of_an_old_paper_is_revised_though_nobody_was_told_of_it() -> None:
    assert entering(BASE - YEARS, 5, BASE + HOUR) == "revised"
    assert entering(BASE - YEARS, 5, BASE - DAY) == "revised"  # announced later


def test_an_old_version_of_an_old_paper_is_newly_matching() -> None:
    assert entering(BASE - YEARS) == "matched"
    assert entering(BASE - YEARS, 5, BASE - NEW_PAPER_ALLOWANCE - HOUR) == "matched"


def test_what_was_held_by_the_previous_update_and_not_listed_is_newly_matching() -> None:
    assert entering(BASE - HOUR, seen_at=BASE - HOUR) == "matched"
    assert entering(BASE - YEARS, 5, BASE - HOUR, seen_at=BASE - HOUR) == "matched"


def test_of_an_edited_keyword_only_what_was_submitted_since_is_news() -> None:
    assert entering(BASE - HOUR, definition="y") == "matched"
    assert entering(BASE + HOUR, definition="y") == "new"
    assert entering(BASE - YEARS, 5, BASE - HOUR, definition="y") == "matched"
    assert entering(BASE - YEARS, 5, BASE + HOUR, definition="y") == "revised"


def test_a_recent_withdrawal_is_no_new_paper() -> None:
    gone = "Withdrawn by the authors"
    assert entering(BASE + HOUR, 2, BASE + 2 * HOUR, comment=gone) == "withdrawn"
    assert entering(BASE - YEARS, 3, BASE + HOUR, comment=gone) == "withdrawn"
    assert entering(BASE - YEARS, 3, BASE - YEARS, comment=gone) == "matched"


def test_an_update_that_comes_late_has_as_new_all_that_was_submitted_meanwhile() -> None:
    """arXiv was out of reach for a month."""
    previous = {"a": ListUpdate(LATER - timedelta(days=30))}
    papers = lists_of({"a": [paper(1, published=LATER - timedelta(days=29))]})
    assert diff(no_announcements(), papers, ["a"], previous)["kind"].tolist() == ["new"]


def test_the_first_list_of_a_keyword_is_a_baseline() -> None:
    editions = Editions(previous={"a": ListUpdate(EPOCH)})
    assert editions.next({"a": [paper(1)], "b": [paper(1), paper(2)]}) == {
        ("a", "1", "new"),
        ("b", "1", "baseline"),
        ("b", "2", "baseline"),
    }
    assert editions.next({"a": [paper(1)], "b": [paper(1), paper(2)]}) == set()


def test_what_comes_after_the_baseline_is_new_and_what_was_in_it_is_not() -> None:
    editions = Editions(previous={})
    editions.next({"a": [paper(1), paper(2)]})
    editions.previous = FOLLOWED
    assert editions.next({"a": [paper(2), paper(3)]}) == {("a", "3", "new"), ("a", "1", "left")}
    assert editions.next({"a": [paper(1), paper(3)]}) == {
        ("a", "1", "returned"),
        ("a", "2", "left"),
    }
    assert editions.next({"a": [paper(1, 2), paper(3)]}) == {("a", "1", "revised")}


def test_a_baseline_announces_nothing_so_that_a_paper_is_still_new_to_an_older_list() -> None:
    """The older list could not be refreshed on the day on which the other keyword was added."""
    editions = Editions(previous={"a": ListUpdate(EPOCH)})
    assert editions.next({"b": [paper(1)]}) == {("b", "1", "baseline")}
    editions.previous = FOLLOWED
    assert editions.next({"a": [paper(1)], "b": [paper(1)]}) == {("a", "1", "new")}
    assert editions.to_all == {("a", "1", "new")}


def test_a_paper_that_returns_to_a_first_list_has_been_announced_as_little_as_before() -> None:
    editions = Editions(previous={"a": ListUpdate(EPOCH)})
    for papers in ([paper(1)], [], [paper(1)]):
        editions.next({"b": papers})
        editions.previous = FOLLOWED
    editions.next({"a": [paper(1)], "b": [paper(1)]})
    assert editions.to_all == {("a", "1", "new")}


def test_a_revision_is_one_to_all_though_it_comes_with_another_list() -> None:
    editions = Editions()
    editions.next({"a": [paper(1)]})
    assert editions.next({"b": [paper(1, 2)]}) == {("b", "1", "new"), ("a", "1", "left")}
    assert editions.to_all == {("b", "1", "revised"), ("a", "1", "left")}


def test_what_papers_were_last_told_as_is_known() -> None:
    editions = Editions(previous={"a": ListUpdate(EPOCH)})
    old = paper(3, published=EPOCH - YEARS, updated=EPOCH - YEARS)
    editions.next({"a": [paper(1), paper(2), old], "b": [paper(1), paper(4)]})
    ids = {f"2613.0000{n}": kind for n, kind in ((1, "new"), (3, "matched"), (4, "baseline"))}
    assert announced_kinds(editions.known) == ids | {"2613.00002": "new"}
    editions.next({"a": [paper(1), paper(2, 2), old], "b": [paper(1), paper(4)]})
    assert announced_kinds(editions.known) == ids | {"2613.00002": "revised"}


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


@examples(15)  # each day takes pandas milliseconds
@given(st.lists(some_lists, max_size=5), st.lists(st.integers(-1, 6), min_size=2, max_size=2))
def test_every_paper_is_told_of_once_as_entering_a_list_whatever_happens(
    days: list[Lists], updated: list[int]
) -> None:
    """The lists were updated some hours after the epoch, or never."""
    lists = zip(("a", "b"), updated, strict=True)
    previous = {
        name: ListUpdate(EPOCH + n * HOUR + NEW_PAPER_ALLOWANCE) for name, n in lists if n >= 0
    }
    editions = Editions(previous=previous)
    entered: set[tuple[str, str]] = set()
    new: list[str] = []
    for day in days:
        today = {(k, i): kind for k, i, kind in editions.next(day)}
        first = set(today) - entered
        assert all((today[row] == "baseline") == (row[0] not in previous) for row in first)
        assert not {today[row] for row in entered & set(today)} & {"new", "matched", "baseline"}
        entered |= first
        new += {i for _, i, kind in editions.to_all if kind == ChangeKind.NEW}
        assert editions.next(day) == set()  # told once, nothing is left to tell
    assert len(new) == len(set(new))  # once to readers of all lists
    assert entered == {(k, p.arxiv_id[-1]) for day in days for k in day for p in day[k]}


@examples(15)  # each day takes pandas milliseconds
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
