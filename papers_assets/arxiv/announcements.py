"""The days on which arXiv publishes papers. Pure.

arXiv announces papers on Sunday to Thursday at 20:00 US Eastern: those submitted by 14:00 of the
same working day, and on Sunday those of Friday. The API has them from the midnight after the
announcement, and OAI-PMH lists them with that day as their datestamp (20:00 US Eastern is the next
day in UTC). Here that day, from Monday to Friday, is called their day of publication.

Sources: github.com/arXiv/arxiv-docs, 8332d7e6 of 2026-07-24, help/availability.md and
help/api/user-manual.md; datestamps: github.com/arXiv/oaipmh, 27ad99e3.
"""

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
INDEXED_WITHIN = timedelta(hours=4)
"""Time after midnight by which the API has the papers. An answer of 2026-06-10, 3:50 US Eastern,
had those of the evening before; no earlier answer was recorded."""
_DEADLINE = timedelta(hours=10)
"""How long before midnight submissions close."""
_ONE_DAY = timedelta(days=1)
_MONDAY, _THURSDAY, _FRIDAY, _SATURDAY = 0, 3, 4, 5

# Evenings without an announcement, from the history of help/availability.md.
_HOLIDAYS = {
    2025: ("01-01", "01-20", "06-19", "07-06", "09-01", "11-27", "12-25", "12-30"),
    2026: ("01-01", "01-19", "06-19", "07-03", "09-07", "11-26", "12-25", "12-29", "12-31"),
}


def list_holidays(year: int) -> list[date]:
    """Return the evenings without an announcement, besides Fridays and Saturdays.

    For a year without a known list, these are the US holidays that are in all lists from 2023 to
    2026, and each day from 24 December to 1 January, since arXiv pauses on several of them.
    """
    if year in _HOLIDAYS:
        return [date.fromisoformat(f"{year}-{day}") for day in _HOLIDAYS[year]]
    return [
        date(year, 1, 1),
        _nth_weekday(3, _MONDAY, date(year, 1, 1)),
        date(year, 6, 19),
        date(year, 7, 4),
        _nth_weekday(1, _MONDAY, date(year, 9, 1)),
        _nth_weekday(4, _THURSDAY, date(year, 11, 1)),
        *(date(year, 12, day) for day in range(24, 32)),
    ]


def _nth_weekday(n: int, weekday: int, first: date) -> date:
    """Return the n-th `weekday` of the month that begins with `first`."""
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


@cache
def _days_off(year: int) -> frozenset[date]:
    """Return the working days of a year that are not days of publication."""
    days = set()
    for evening in (*list_holidays(year - 1), *list_holidays(year)):
        # After the holiday on Friday, 2025-07-04, there was no announcement on Sunday.
        later = 6 - evening.weekday() if evening.weekday() >= _FRIDAY else 0
        days.add(evening + timedelta(days=later + 1))
    return frozenset(days)


def is_publication_day(day: date) -> bool:
    """Whether arXiv publishes papers on `day`, as far as known."""
    return day.weekday() < _SATURDAY and day not in _days_off(day.year)


def find_publication_day(submitted: datetime) -> date:
    """Return the day of publication of a version, unless moderators delay it.

    Args:
        submitted: when the version was submitted; aware.
    """
    day = (submitted.astimezone(EASTERN) + _DEADLINE).date()
    while day.weekday() >= _SATURDAY:  # weekend submissions are announced with Monday's
        day += _ONE_DAY
    day += _ONE_DAY
    while not is_publication_day(day):
        day += _ONE_DAY
    return day


def find_last_publication_day(until: date) -> date:
    """Return the newest day of publication up to and including `until`."""
    while not is_publication_day(until):
        until -= _ONE_DAY
    return until


def find_indexed_until(asked_at: datetime) -> date:
    """Return the newest day whose papers the API should have at `asked_at` (aware)."""
    return (asked_at.astimezone(EASTERN) - INDEXED_WITHIN).date()


def count_publication_days(after: date, until: date) -> int:
    """Return the number of days of publication after `after`, up to and including `until`."""
    days = (after + timedelta(days=n + 1) for n in range((until - after).days))
    return sum(map(is_publication_day, days))
