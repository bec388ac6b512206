"""An index that stands still, told from quiet days: by lists that are invented day by day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.keywords.model import KeywordsConfig, PaperSource
from papers_assets.render.sections import estimate_lag, notice_of_no_news
from papers_assets.transform.index_lag import MAX_FALSE_ALARM_CHANCE, estimate_index_lag
from papers_assets.transform.selection import SelectionSource as Origin
from papers_assets.transform.selection import concat, select_papers
from papers_assets_tests.helpers.factories import held_frame, keyword, paper

STOPPED = date(2026, 11, 13)
"""A Friday; the newest papers are of it, and were announced on Sunday."""
CAPS = {"compiler": 100}


def lists(papers: Mapping[str, Iterable[tuple[str, date]]]) -> pd.DataFrame:
    """Lists of papers, each an id and the day on which it was submitted, at noon UTC."""
    rows = [
        (name, arxiv_id, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
        for name, of in papers.items()
        for arxiv_id, day in of
    ]
    return pd.DataFrame(rows, columns=["keyword", "arxiv_id", "updated"])


def daily(count: int, days: int = 70, last: date = STOPPED) -> list[tuple[str, date]]:
    """So many papers on each working day."""
    each = [last - timedelta(days=n) for n in range(days)]
    return [
        (f"{day:%y%m}.{day.day:02}{n:03}", day)
        for day in each
        if day.weekday() < 5
        for n in range(count)
    ]


def asked(day: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


def first_alarm(papers: pd.DataFrame, caps: dict[str, int], hour: int = 12) -> date | None:
    days = (STOPPED + timedelta(days=n) for n in range(90))
    return next((d for d in days if estimate_index_lag(papers, caps, asked(str(d), hour))), None)


def test_many_papers_that_stay_away_are_noticed_at_the_second_publication() -> None:
    papers = lists({"compiler": daily(10)})
    # Friday's were published on Monday the 16th; nothing was on Tuesday and Wednesday.
    assert first_alarm(papers, {"compiler": 1000}) == date(2026, 11, 18)
    # Before the index has to have the day's papers, the day does not count.
    assert first_alarm(papers, {"compiler": 1000}, hour=6) == date(2026, 11, 19)


def test_what_the_alarm_says_is_what_can_be_counted() -> None:
    lag = estimate_index_lag(
        lists({"compiler": daily(10)}), {"compiler": 1000}, asked("2026-11-19")
    )
    assert lag is not None
    assert (lag.newest, lag.publications) == (STOPPED, 3)
    assert lag.expected == pytest.approx(30)
    assert lag.chance == pytest.approx((40 / 43) ** 400)


def test_the_fewer_papers_come_the_longer_it_takes() -> None:
    once_a_day, once_a_week = daily(1), daily(1)[::5]
    found = [first_alarm(lists({"compiler": of}), CAPS) for of in (once_a_day, once_a_week)]
    # 40 papers on 40 days: the 8th day without one; 8 papers: the 55th.
    assert found == [date(2026, 11, 26), date(2027, 2, 9)]


def test_keywords_that_are_rare_each_are_not_together() -> None:
    rare = {f"rare {n}": daily(1)[n::5] for n in range(5)}
    assert first_alarm(lists(rare), dict.fromkeys(rare, 100)) == date(2026, 11, 26)


def test_a_paper_that_is_in_several_lists_counts_once() -> None:
    once = lists({"compiler": daily(1)})
    often = lists({name: daily(1) for name in ("compiler", "LLVM", "GCC")})
    caps = dict.fromkeys(["compiler", "LLVM", "GCC"], 100)
    at = asked("2026-11-24")
    assert estimate_index_lag(once, CAPS, at) == estimate_index_lag(often, caps, at) is None
    at = asked("2026-12-04")
    assert estimate_index_lag(once, CAPS, at) == estimate_index_lag(often, caps, at) is not None


def test_a_list_that_is_cut_at_its_cap_tells_of_the_days_that_it_has() -> None:
    papers = lists({"compiler": sorted(daily(10), key=lambda of: of[1], reverse=True)[:20]})
    assert first_alarm(papers, {"compiler": 20}) == date(2026, 11, 18)
    # As a list that has room left, the same are few.
    assert first_alarm(papers, {"compiler": 100}) == date(2026, 12, 10)


@pytest.mark.parametrize(
    ("newest", "until"),
    [
        ("2026-11-13", "2026-11-17T03:00"),  # a weekend
        ("2026-11-25", "2026-12-01T03:00"),  # Thanksgiving, and the weekend after
        ("2026-12-23", "2026-12-29T08:00"),  # Christmas: published on the 25th only
        ("2028-12-22", "2029-01-03T03:00"),  # of a year whose holidays nobody has listed
    ],
)
def test_weekends_and_holidays_are_no_alarm(newest: str, until: str) -> None:
    last = date.fromisoformat(newest)
    papers = lists({"compiler": daily(50, days=21, last=last)})
    ends = pd.Timestamp(f"{until}Z")
    hours = pd.date_range(papers["updated"].max(), ends, freq="3h").to_pydatetime()
    found = [estimate_index_lag(papers, {"compiler": 5000}, hour) for hour in hours]
    assert found == [None] * len(hours)
    assert estimate_index_lag(papers, {"compiler": 5000}, ends + timedelta(days=3))


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.integers(0, 60))
def test_an_alarm_needs_an_improbable_silence(counts: Sequence[int], days: int) -> None:
    of = [
        (f"2611.{100 * n + k:05}", STOPPED - timedelta(days=n))
        for n, count in enumerate(counts)
        for k in range(count)
    ]
    lag = estimate_index_lag(
        lists({"compiler": of}), CAPS, asked(str(STOPPED)) + timedelta(days=days)
    )
    if lag:
        assert lag.publications >= 2
        assert lag.chance < MAX_FALSE_ALARM_CHANCE
        assert lag.expected > 3


def test_lists_without_papers_and_other_keywords_say_nothing() -> None:
    assert estimate_index_lag(lists({"compiler": []}), CAPS, asked("2026-11-24")) is None
    assert estimate_index_lag(lists({"gone": daily(10)}), CAPS, asked("2026-11-24")) is None


# From here on, what of it reaches the README and the checks.

COMPILER = keyword(cap=1000)
FILE = KeywordsConfig(Path("k.toml"), (COMPILER, keyword("LLVM")), ZoneInfo("UTC"), "0 6 * * *")
NOW = asked("2026-11-19")


def frame(seen_at: datetime, answered: datetime = NOW, *, problem: str = "") -> pd.DataFrame:
    """The asset `papers` of two keywords: compilers as `daily`, and nothing about LLVM."""
    moments = [asked(str(day)) for _, day in daily(10)]
    papers = [
        paper(n, updated=moment, published=moment) for n, moment in enumerate(moments, start=1)
    ]
    sources = {"compiler": Origin(answered, problem), "LLVM": Origin(NOW)}
    return concat([select_papers(held_frame(papers, seen_at), COMPILER)], sources)


def test_the_readme_says_that_the_index_is_behind_instead_of_nothing_new() -> None:
    papers = frame(asked("2026-11-16"))
    said = notice_of_no_news(papers, FILE)
    assert said.startswith("arXiv's index seems to be behind: the newest paper")
    assert "2026-11-13" in said
    assert "on 3 days since then" in said
    assert "about 30 papers" in said
    quiet = frame(asked("2026-11-16"), asked("2026-11-17"))
    quiet.attrs["refreshed_at"]["LLVM"] = asked("2026-11-17").isoformat()
    assert notice_of_no_news(quiet, FILE).startswith("Nothing new that day.")


def test_a_day_with_news_is_no_alarm_however_old_they_are() -> None:
    assert estimate_lag(frame(NOW), FILE) is None
    assert notice_of_no_news(frame(NOW), FILE) == ""


def test_a_keyword_that_failed_is_no_witness_of_the_index() -> None:
    earlier = asked("2026-11-16")
    assert estimate_lag(frame(earlier, problem="arXiv answered 503"), FILE) is None
    assert estimate_lag(frame(earlier, earlier), FILE) is None


def test_a_harvest_is_judged_by_its_days_and_not_by_its_lists() -> None:
    harvested = replace(FILE, source=PaperSource.HARVEST)
    assert estimate_lag(frame(asked("2026-11-16")), harvested) is None
