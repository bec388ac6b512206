"""arXiv's calendar: what is published on which day."""

from datetime import date, datetime, timedelta

import pytest

from papers_assets.arxiv.announcements import (
    EASTERN,
    count_publication_days,
    find_indexed_until,
    find_last_publication_day,
    find_publication_day,
    is_publication_day,
    list_holidays,
)


def eastern(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=EASTERN)


@pytest.mark.parametrize(
    ("submitted", "published"),
    [
        # The table of arXiv's "Availability of submissions", here in a week of July.
        ("2026-07-20T14:00", "2026-07-22"),  # Monday after the deadline
        ("2026-07-21T13:59", "2026-07-22"),  # Tuesday before it
        ("2026-07-21T14:00", "2026-07-23"),
        ("2026-07-22T14:00", "2026-07-24"),
        ("2026-07-23T14:00", "2026-07-27"),  # announced on Sunday
        ("2026-07-24T13:59", "2026-07-27"),
        ("2026-07-24T14:00", "2026-07-28"),  # Friday after the deadline: with Monday's
        ("2026-07-26T12:00", "2026-07-28"),
        ("2026-07-27T13:59", "2026-07-28"),
        # The same in winter, when midnight is an hour later in UTC.
        ("2026-02-10T13:59", "2026-02-11"),
        ("2026-02-10T14:00", "2026-02-12"),
    ],
)
def test_a_paper_is_published_on_the_day_after_its_announcement(
    submitted: str, published: str
) -> None:
    assert find_publication_day(eastern(submitted)) == date.fromisoformat(published)


@pytest.mark.parametrize(
    ("evening", "not_published"),
    [
        ("2026-11-26", "2026-11-27"),  # Thanksgiving
        ("2026-01-19", "2026-01-20"),
        ("2026-07-03", "2026-07-06"),  # a Friday: nothing is announced on the Sunday after
        ("2025-07-06", "2025-07-07"),  # a Sunday in arXiv's own list
        ("2026-12-31", "2027-01-01"),
    ],
)
def test_nothing_is_published_after_a_holiday_and_what_waits_comes_next(
    evening: str, not_published: str
) -> None:
    day = date.fromisoformat(not_published)
    assert date.fromisoformat(evening) in list_holidays(date.fromisoformat(evening).year)
    assert not is_publication_day(day)
    in_time = eastern(f"{last_working_day(day)}T13:00")
    assert find_publication_day(in_time) > day


def last_working_day(before: date) -> date:
    day = before - timedelta(days=1)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return day


def test_weekends_have_no_publication() -> None:
    assert [is_publication_day(date(2026, 11, 16) + timedelta(days=n)) for n in range(7)] == [
        *[True] * 5,
        *[False] * 2,
    ]
    assert find_last_publication_day(date(2026, 11, 22)) == date(2026, 11, 20)
    assert find_last_publication_day(date(2026, 11, 20)) == date(2026, 11, 20)
    assert count_publication_days(date(2026, 11, 13), date(2026, 11, 22)) == 5
    assert count_publication_days(date(2026, 11, 20), date(2026, 11, 22)) == 0
    assert count_publication_days(date(2026, 11, 22), date(2026, 11, 20)) == 0


# As arXiv published them: source/help/availability.md of 2023-05-15, 2024-05-10, and those of the
# module; without what was ad hoc.
LISTED = {
    2023: ["01-16", "06-19", "07-04", "09-04", "11-23", "12-25", "12-27"],
    2024: ["01-15", "06-19", "07-04", "09-02", "11-28", "12-25", "12-26", "12-31"],
    2025: ["01-01", "01-20", "06-19", "09-01", "11-27", "12-25", "12-30"],
    2026: ["01-01", "01-19", "06-19", "09-07", "11-26", "12-25", "12-29", "12-31"],
}


@pytest.mark.parametrize("year", LISTED)
def test_the_rule_for_unknown_years_has_the_holidays_of_known_ones(
    year: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("papers_assets.arxiv.announcements._HOLIDAYS", {})
    assert {date.fromisoformat(f"{year}-{day}") for day in LISTED[year]} <= {*list_holidays(year)}


def test_the_calendar_goes_on_in_years_that_no_list_is_known_of() -> None:
    assert not is_publication_day(date(2031, 11, 28))  # after Thanksgiving
    assert not any(is_publication_day(date(2030, 12, 25) + timedelta(days=n)) for n in range(8))
    assert is_publication_day(date(2031, 1, 3))


def test_an_answer_of_the_first_hours_need_not_have_the_evening_s_papers() -> None:
    assert find_indexed_until(eastern("2026-11-24T01:00")) == date(2026, 11, 23)
    assert find_indexed_until(eastern("2026-11-24T04:00")) == date(2026, 11, 24)
    assert find_indexed_until(datetime.fromisoformat("2026-11-24T06:00Z")) == date(2026, 11, 23)
