from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.retry import RetryPolicy, parse_retry_after

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
chances = st.floats(0, 1)
attempts = st.integers(1, 10_000)


@given(attempts, chances)
def test_pauses_double_up_to_the_longest_and_vary_by_a_quarter(attempt: int, chance: float) -> None:
    retry_policy = RetryPolicy(backoff=15, max_delay=300)
    least = min(15 * 2 ** min(attempt - 1, 10), 300)
    pause = retry_policy.delay(attempt, None, lambda: chance)
    assert least <= pause <= min(1.25 * least, 300)


@given(attempts, st.floats(0.001, 1e9), chances)
def test_what_arxiv_asks_for_is_heeded_up_to_the_longest_pause(
    attempt: int, asked: float, chance: float
) -> None:
    assert RetryPolicy().delay(attempt, asked, lambda: chance) == min(asked, 300)


@given(attempts, chances)
def test_a_wait_of_nothing_leaves_the_pause_to_us(attempt: int, chance: float) -> None:
    retry_policy = RetryPolicy()
    own = retry_policy.delay(attempt, None, lambda: chance)
    assert retry_policy.delay(attempt, 0, lambda: chance) == own
    assert own >= 15


@given(st.integers(0, 10**9))
def test_a_retry_after_may_be_seconds(seconds: int) -> None:
    assert parse_retry_after(f" {seconds} ", NOW) == seconds


@given(st.integers(-(10**6), 10**6))
def test_a_retry_after_may_be_a_date_and_the_past_is_now(seconds: int) -> None:
    moment = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert parse_retry_after(moment, NOW) == max(0, seconds)


def test_a_date_of_no_time_zone_is_meant_as_utc() -> None:
    assert parse_retry_after("Mon, 23 Nov 2026 06:01:00 -0000", NOW) == 60


@pytest.mark.parametrize("value", [None, "", "soon", "-5", "1.5", "\u0663", "Mon, 99 Nov 2026"])
def test_a_retry_after_that_is_neither_says_nothing(value: str | None) -> None:
    assert parse_retry_after(value, NOW) is None


@given(st.text())
def test_no_header_breaks_it(value: str) -> None:
    wait = parse_retry_after(value, NOW)
    assert wait is None or wait >= 0
