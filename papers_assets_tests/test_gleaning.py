"""Keywords looked for in what was harvested: no network, a folder of files."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets import held
from papers_assets.arxiv.feed import Paper
from papers_assets.gleaning import Coverage, Found, coverage, glean
from papers_assets.harvests import Harvested, Harvests
from papers_assets.keywords import Keyword
from papers_assets.refresh import Failed
from papers_assets.store import Store
from papers_assets_tests.making import keyword, paper

SINCE = date(2026, 11, 1)
NOON = datetime(2026, 11, 4, 12, tzinfo=UTC)


class Field:
    """A harvest and what is held, in one folder."""

    def __init__(self, home: Path) -> None:
        self.harvests, self.store = Harvests(home), Store(home)
        self.now = NOON

    def bring_in(self, day: int, *papers: Paper, at: datetime | None = None) -> None:
        at = at or self.now
        self.harvests.write(
            Harvested(date(2026, 11, day), (), changed_at=at, harvested_at=at),
            held.of_papers(papers),
        )

    def bring_in_all(self, *papers: Paper) -> None:
        """The days up to today, the last with these papers."""
        for day in range(1, self.now.day):
            self.bring_in(day)
        self.bring_in(self.now.day, *papers)

    def glean(self, *keywords: Keyword, again: bool = False) -> list[Found | Failed]:
        return list(
            glean(
                keywords,
                self.harvests,
                self.store,
                lambda: self.now,
                since=SINCE,
                sets=(),
                look_again=again,
            )
        )

    def found(self, *keywords: Keyword, again: bool = False) -> list[Found]:
        outcomes = self.glean(*keywords, again=again)
        assert not [outcome for outcome in outcomes if isinstance(outcome, Failed)]
        return [outcome for outcome in outcomes if isinstance(outcome, Found)]

    def held(self, name: str = "compiler") -> set[tuple[str, int]]:
        of_keyword = self.store.read_held(name)
        assert of_keyword is not None
        return of_keyword.versions()


@pytest.fixture
def field(tmp_path: Path) -> Field:
    return Field(tmp_path)


def test_papers_that_match_are_held_and_others_are_not(field: Field) -> None:
    field.bring_in_all(paper(1), paper(2, title="Another thing", abstract="Nothing of it."))
    (outcome,) = field.found(keyword())
    assert (outcome.new, outcome.revised) == (1, 0)
    assert field.held() == {("2613.00001", 1)}


def test_a_keyword_is_complete_since_the_first_day_of_an_unbroken_harvest(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    of_keyword = field.store.read_held("compiler")
    assert of_keyword is not None
    assert of_keyword.refreshed_at == of_keyword.complete_until == NOON
    assert of_keyword.complete_from == datetime(2026, 11, 1, tzinfo=UTC)


def test_what_was_looked_through_is_not_looked_through_again(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    before = field.store.signature("compiler")
    (outcome,) = field.found(keyword())
    assert (outcome.days, outcome.held) == (0, None)
    assert field.store.signature("compiler") == before


def test_a_keyword_without_news_is_fresh_all_the_same(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    field.now += timedelta(hours=1)
    field.bring_in(4, paper(2, title="Another thing", abstract="Nothing of it."))
    (outcome,) = field.found(keyword())
    assert (outcome.days, outcome.held, outcome.refreshed_at) == (1, None, field.now)
    assert field.harvests.read_gleaned()["compiler"].refreshed_at == field.now


def test_a_day_that_grew_is_looked_through_again(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    field.now += timedelta(hours=1)
    field.bring_in(4, paper(1), paper(2), paper(1, 2))
    (outcome,) = field.found(keyword())
    assert (outcome.days, outcome.new, outcome.revised) == (1, 1, 1)
    assert field.held() == {("2613.00001", 1), ("2613.00001", 2), ("2613.00002", 1)}


def test_an_older_day_that_came_later_is_looked_through(field: Field) -> None:
    field.bring_in(4, paper(4))
    field.found(keyword())
    field.now += timedelta(hours=1)
    field.bring_in(3, paper(3))
    field.bring_in(4, paper(4))
    field.found(keyword())
    assert field.held() == {("2613.00003", 1), ("2613.00004", 1)}


@pytest.mark.parametrize("again", [False, True])
def test_who_is_new_or_edited_is_looked_for_everywhere(field: Field, *, again: bool) -> None:
    field.bring_in_all(paper(1), paper(2, title="A linker", abstract="A linker."))
    field.found(keyword())
    edited = keyword() if again else keyword(any=("compiler", "linker"))
    edited_outcome, new_outcome = field.found(edited, keyword("linker"), again=again)
    assert (edited_outcome.days, new_outcome.days) == (4, 4)
    assert field.held("linker") == {("2613.00002", 1)}
    assert len(field.held()) == (1 if again else 2)


def test_a_keyword_of_which_there_is_nothing_is_held_as_empty(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword("zyzzyva"))
    assert field.held("zyzzyva") == set()


def test_a_version_that_is_listed_on_two_days_is_held_once_in_its_newer_text(field: Field) -> None:
    field.bring_in_all(paper(1, doi="10.1/invented"))
    field.bring_in(3, paper(1))
    field.found(keyword())
    of_keyword = field.store.read_held("compiler")
    assert of_keyword is not None
    assert of_keyword.papers["doi"].to_pylist() == ["10.1/invented"]
    field.now += timedelta(hours=1)
    field.bring_in(4, paper(1), paper(2))
    field.found(keyword())
    assert field.held() == {("2613.00001", 1), ("2613.00002", 1)}


def test_what_somebody_removed_is_found_again(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    field.store.held_path("compiler").unlink()
    field.found(keyword())
    assert field.held() == {("2613.00001", 1)}


def test_a_damaged_file_is_set_aside_and_made_again_from_the_whole_harvest(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    field.store.held_path("compiler").write_bytes(b"not Parquet")
    field.now += timedelta(hours=1)
    field.bring_in(4, paper(1), paper(2))
    field.bring_in(3, paper(3))
    (outcome,) = field.found(keyword())
    assert field.held() == {("2613.00001", 1), ("2613.00002", 1), ("2613.00003", 1)}
    assert "damaged" in outcome.remarks[0]


def test_a_lost_ledger_costs_a_look_and_nothing_else(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    (field.harvests.folder / "gleaned.parquet").write_bytes(b"not Parquet")
    (outcome,) = field.found(keyword())
    assert (outcome.days, outcome.new) == (4, 0)
    assert field.held() == {("2613.00001", 1)}


def test_after_a_harvest_that_was_not_whole_papers_are_kept_and_nothing_is_fresh(
    field: Field,
) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    field.now += timedelta(hours=1)
    field.bring_in(4, paper(1), paper(2))
    field.harvests.write_problem("arXiv answered 503")
    (outcome,) = field.glean(keyword())
    assert isinstance(outcome, Failed)
    assert outcome.brief == "arXiv answered 503"
    assert field.held() == {("2613.00001", 1), ("2613.00002", 1)}
    of_keyword = field.store.read_held("compiler")
    assert of_keyword is not None
    assert of_keyword.refreshed_at == NOON
    assert field.harvests.read_gleaned()["compiler"].refreshed_at == NOON


def test_without_any_harvest_every_keyword_says_so(field: Field) -> None:
    (outcome,) = field.glean(keyword())
    assert isinstance(outcome, Failed)
    assert "nothing has been harvested yet" in outcome.reason
    field.bring_in_all(paper(1))
    assert field.found(keyword())[0].new == 1


def test_a_damaged_day_is_named_and_looked_through_when_it_is_back(field: Field) -> None:
    field.bring_in_all(paper(1))
    day = field.harvests.path(date(2026, 11, 3))
    table = day.read_bytes()
    field.bring_in(3, paper(3))
    whole = day.read_bytes()
    middle = len(whole) // 3
    day.write_bytes(whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :])
    outcomes = field.glean(keyword())
    day.write_bytes(table)
    field.now += timedelta(hours=1)
    field.bring_in(3, paper(3))
    field.found(keyword())
    assert ("2613.00003", 1) in field.held()
    assert [type(outcome) for outcome in outcomes] in ([Failed], [Found])


def test_what_was_held_from_queries_stays(field: Field) -> None:
    queried = held.refreshed(keyword(), None, [paper(7)], NOON - timedelta(days=90))
    field.store.write_held(queried)
    field.bring_in_all(paper(1))
    field.found(keyword())
    assert field.held() == {("2613.00001", 1), ("2613.00007", 1)}
    of_keyword = field.store.read_held("compiler")
    assert of_keyword is not None
    # Between the last query and the first harvested day something may be missing.
    assert of_keyword.complete_from == datetime(2026, 11, 1, tzinfo=UTC)


# What there is of the wanted days.


def known(*days: int, at: Sequence[datetime] = ()) -> dict[date, Harvested]:
    times = dict(zip(days, at, strict=False))
    return {
        date(2026, 11, day): Harvested(
            date(2026, 11, day), (), NOON, times.get(day, NOON + timedelta(days=30))
        )
        for day in days
    }


def test_a_gap_ends_what_is_complete() -> None:
    found = coverage(SINCE, known(1, 3, 4), (), NOON)
    assert found.complete_from == datetime(2026, 11, 3, tzinfo=UTC)
    assert found.missing == (date(2026, 11, 2),)


def test_a_day_that_was_last_asked_for_while_it_lasted_is_a_gap() -> None:
    early = datetime(2026, 11, 3, 6, tzinfo=UTC)
    found = coverage(SINCE, known(3, 1, 2, 4, at=[early]), (), NOON)
    assert found.missing == (date(2026, 11, 3),)


def test_a_day_of_other_sets_does_not_count() -> None:
    days = known(1, 2, 3)
    days[SINCE] = replace(days[SINCE], sets=("math",))
    assert coverage(SINCE, days, ("cs",), NOON).complete_from == datetime(2026, 11, 2, tzinfo=UTC)


def test_of_nothing_nothing_is_complete() -> None:
    assert coverage(SINCE, {}, (), NOON) == Coverage(
        None, None, tuple(date(2026, 11, day) for day in (1, 2, 3, 4))
    )


@given(st.sets(st.integers(1, 4)))
def test_days_are_missing_or_part_of_what_is_complete_or_before_a_gap(days: set[int]) -> None:
    found = coverage(SINCE, known(*days), (), NOON)
    if found.complete_from is not None:
        first = found.complete_from.date()
        assert set(range(first.day, max(days) + 1)) <= days
        assert not found.missing or max(found.missing) < first
