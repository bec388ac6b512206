"""What there is of the wanted days, and whether keywords are fresh by it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.errors import BLOCKED_REASON
from papers_assets.transform.harvest_coverage import Coverage, DayStatus, compute_coverage

SINCE = date(2026, 11, 1)
NOON = datetime(2026, 11, 4, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=16)
"""November 20th."""


def day(number: int) -> date:
    return date(2026, 11, number)


def known(*days: int, at: datetime = NOON) -> dict[date, DayStatus]:
    return {
        day(number): DayStatus(day(number), (), 1, at, counts_by_set={"": 9}) for number in days
    }


def judged(
    days: Mapping[date, DayStatus],
    problems: Mapping[date, str] | None = None,
    now: datetime = NOON,
    sets: tuple[str, ...] = (),
) -> Coverage:
    return compute_coverage(SINCE, days, problems or {}, sets, now)


def test_all_that_was_asked_for_is_complete_and_fresh() -> None:
    assert judged(known(1, 2, 3, 4)) == Coverage(NOON, datetime(2026, 11, 1, tzinfo=UTC))


def test_of_nothing_nothing_is_complete() -> None:
    missing = tuple(map(day, (1, 2, 3, 4)))
    assert judged({}) == Coverage(None, None, missing, "nothing has been harvested yet")


@pytest.mark.parametrize("gap", [13, 15, 19])
def test_a_recent_day_that_is_missing_keeps_keywords_from_being_fresh(gap: int) -> None:
    found = judged(known(*({*range(1, 21)} - {gap}), at=LATER), now=LATER)
    assert found.refreshed_at is None
    assert found.short_reason == f"2026-11-{gap} has not been harvested"
    assert found.missing_days == (day(gap),)


def test_an_older_one_is_a_gap_and_nothing_is_complete_before_it() -> None:
    found = judged(known(*({*range(1, 21)} - {12}), at=LATER), now=LATER)
    assert (found.refreshed_at, found.short_reason) == (LATER, "")
    assert found.complete_from == datetime(2026, 11, 13, tzinfo=UTC)
    (remark,) = found.warnings
    assert remark.startswith("1 day is missing, the last 2026-11-12")


def test_a_day_that_was_last_asked_for_while_it_lasted_is_missing() -> None:
    days = known(1, 2, 3, 4) | known(3, at=datetime(2026, 11, 3, 6, tzinfo=UTC))
    assert judged(days).missing_days == (day(3),)
    assert judged(days).refreshed_at is None


def test_a_day_of_other_sets_does_not_count() -> None:
    days = known(1, 2, 3)
    days[SINCE] = replace(days[SINCE], sets=("math",))
    found = judged(days, sets=("cs",))
    assert found.complete_from == datetime(2026, 11, 2, tzinfo=UTC)
    assert found.missing_days == (SINCE,)


def test_what_a_clock_said_that_was_ahead_does_not_count() -> None:
    found = judged(known(1, 2) | known(3, 4, at=LATER))
    assert found.complete_from == datetime(2026, 11, 1, tzinfo=UTC)
    assert judged(known(1, 2, 3, 4, at=NOON + timedelta(minutes=1))).refreshed_at is not None


@pytest.mark.parametrize("newest", [3, 4])
def test_what_arxiv_said_of_a_recent_day_is_the_problem(newest: int) -> None:
    found = judged(known(*range(1, newest + 1)), {day(4): "arXiv answered 503"})
    assert (found.refreshed_at, found.short_reason) == (None, "arXiv answered 503")


def test_of_several_the_newest_is_named_but_who_is_blocked_hears_of_it() -> None:
    problems = {day(2): "the oldest", day(3): "the newest"}
    assert judged(known(1, 4), problems).short_reason == "the newest"
    assert judged(known(1, 4), problems | {day(1): BLOCKED_REASON}).short_reason == BLOCKED_REASON


def test_what_was_said_of_a_day_that_is_settled_since_or_long_past_is_no_problem() -> None:
    days = known(*range(1, 21), at=LATER)
    assert judged(days, {day(14): "arXiv answered 503"}, LATER).short_reason == ""
    del days[day(3)]
    assert judged(days, {day(3): "arXiv answered 503"}, LATER).short_reason == ""


@pytest.mark.parametrize(("hours", "problem"), [(35, ""), (37, "nothing has been harvested since")])
def test_who_has_not_harvested_for_long_has_a_problem(hours: int, problem: str) -> None:
    found = judged(known(1, 2, 3, 4), now=NOON + timedelta(hours=hours))
    assert found.refreshed_at == NOON
    assert found.short_reason.startswith(problem)
    assert bool(found.short_reason) == bool(problem)


def test_who_begins_in_days_to_come_is_told_so() -> None:
    found = compute_coverage(day(9), {}, {}, (), NOON)
    assert found.short_reason == "papers are harvested from 2026-11-09 on"


def emptied(days: dict[date, DayStatus], *numbers: int) -> dict[date, DayStatus]:
    return days | {day(n): replace(days[day(n)], counts_by_set={"": 0}) for n in numbers}


def test_weekdays_without_anything_are_remarked_and_from_the_third_on_not_believed() -> None:
    # The 20th is a Friday, and may still grow; the 14th and 15th are a weekend.
    days = known(*range(1, 21), at=LATER)
    assert judged(emptied(days, 14, 15), now=LATER).warnings == ()
    one = judged(emptied(days, 19), now=LATER)
    assert one.warnings == ("arXiv listed nothing for Thursday, 2026-11-19",)
    assert one.refreshed_at == LATER
    assert judged(emptied(days, 18, 19), now=LATER).short_reason == ""
    three = judged(emptied(days, 17, 18, 19), now=LATER)
    assert three.short_reason == "arXiv has listed nothing since 2026-11-17"
    assert three.refreshed_at is None
    assert judged(emptied(days, 16, 17, 18), now=LATER).short_reason == ""


def test_a_set_of_which_nothing_is_listed_any_more_is_noticed() -> None:
    listed = {"cs": 9, "physics:hep-ex": 0}
    days = {d: replace(of, sets=tuple(listed)) for d, of in known(*range(1, 21), at=LATER).items()}
    for number in (17, 18, 19):
        days[day(number)] = replace(days[day(number)], counts_by_set=listed)
    found = judged(days, now=LATER, sets=tuple(listed))
    assert found.short_reason == "arXiv has listed nothing of physics:hep-ex since 2026-11-17"
    days[day(17)] = replace(days[day(17)], counts_by_set={"cs": 0, "physics:hep-ex": 1})
    found = judged(days, now=LATER, sets=tuple(listed))
    assert found.short_reason == ""
    assert found.warnings == ("arXiv listed nothing of physics:hep-ex for Thursday, 2026-11-19",)


def test_what_could_not_be_read_is_remarked() -> None:
    days = known(1, 2, 3, 4)
    days[day(2)] = replace(days[day(2)], unreadable_records=2)
    (remark,) = judged(days).warnings
    assert remark == "2 papers could not be read in what arXiv listed, the last on 2026-11-02"


def test_a_problem_of_days_to_come_is_none() -> None:
    assert judged(known(1, 2, 3, 4), {day(9): "arXiv answered 503"}).short_reason == ""


@given(st.sets(st.integers(1, 20)), st.sets(st.integers(1, 20)))
def test_days_are_missing_or_part_of_what_is_complete_or_before_a_gap(
    days: set[int], failed: set[int]
) -> None:
    problems = {day(number): "arXiv answered 503" for number in failed}
    found = judged(known(*days, at=LATER), problems, LATER)
    if found.complete_from is not None:
        first = found.complete_from.date()
        assert set(range(first.day, max(days) + 1)) <= days
        assert not found.missing_days or max(found.missing_days) < first
    if found.refreshed_at is not None:
        newest = max(days)
        assert set(range(max(1, newest - 7), newest + 1)) <= days
    assert (found.refreshed_at is None) <= bool(found.short_reason)
