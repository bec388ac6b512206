import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.rate_limit import (
    NEVER_REQUESTED,
    FileBackend,
    RateLimiter,
    RateLimitTimeout,
    RequestTimes,
)
from papers_assets.storage.rate_limit import PostgresBackend
from papers_assets_tests.helpers.contention import killed_while_it_holds

INTERVAL = 3.0


class Clock:
    """Time that passes only in sleep."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Timed(PostgresBackend):
    """A turnstile whose server has a clock of ours."""

    def now(self) -> float:
        return self._clock()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["files", "PostgreSQL", "both"])
def new_gate(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> Callable[[], RateLimiter]:
    """Makes gates to the same server, as another process would."""
    path = tmp_path / "x.lock"
    if request.param == "files":
        return lambda: RateLimiter(path, INTERVAL, clock=clock, sleep=clock.sleep)
    url = request.getfixturevalue("postgres_url")

    def make() -> RateLimiter:
        backend = Timed(url, "x", clock=clock, sleep=clock.sleep)
        both = (FileBackend(path, clock), backend)
        place = both if request.param == "both" else backend
        return RateLimiter(place, INTERVAL, clock=clock, sleep=clock.sleep)

    return make


@pytest.fixture
def rate_limiter(new_gate: Callable[[], RateLimiter]) -> RateLimiter:
    return new_gate()


@pytest.fixture
def file_gate(tmp_path: Path, clock: Clock) -> RateLimiter:
    return RateLimiter(tmp_path / "x.lock", INTERVAL, clock=clock, sleep=clock.sleep)


def start(rate_limiter: RateLimiter, clock: Clock) -> float:
    with rate_limiter.slot():
        return clock.now


def test_the_first_request_does_not_wait(rate_limiter: RateLimiter, clock: Clock) -> None:
    start(rate_limiter, clock)
    assert clock.slept == []


def test_starts_are_at_least_the_interval_apart(rate_limiter: RateLimiter, clock: Clock) -> None:
    starts = [start(rate_limiter, clock) for _ in range(5)]
    missing_ranges = [b - a for a, b in pairwise(starts)]
    assert min(missing_ranges) >= INTERVAL


def test_time_that_passed_anyway_is_not_waited_for(rate_limiter: RateLimiter, clock: Clock) -> None:
    start(rate_limiter, clock)
    clock.now += INTERVAL + 1
    start(rate_limiter, clock)
    assert clock.slept == []


def test_other_processes_are_waited_for(new_gate: Callable[[], RateLimiter], clock: Clock) -> None:
    one, other = new_gate(), new_gate()
    first = start(one, clock)
    assert start(other, clock) - first >= INTERVAL


def test_a_failing_request_frees_the_gate_and_counts_as_a_request(
    rate_limiter: RateLimiter, clock: Clock
) -> None:
    first = clock.now
    with pytest.raises(OSError, match="reset"), rate_limiter.slot():
        raise OSError("reset")
    assert start(rate_limiter, clock) - first >= INTERVAL


@pytest.mark.parametrize(
    "stamp", ["", "soon", "1.0", "99999.0 0.0", "nan nan", "0.0 inf", "0.0 nan", "1 2 3"]
)
def test_a_stamp_that_makes_no_sense_means_that_a_request_may_just_have_begun(
    file_gate: RateLimiter, clock: Clock, tmp_path: Path, stamp: str
) -> None:
    # Its writer died writing it, or the host was restarted, which sets its clock back to zero.
    (tmp_path / "x.last").write_text(stamp)
    first = clock.now
    assert start(file_gate, clock) - first >= INTERVAL


def test_an_interval_of_nothing_never_waits(tmp_path: Path, clock: Clock) -> None:
    rate_limiter = RateLimiter(tmp_path / "x.lock", 0, clock=clock, sleep=clock.sleep)
    for _ in range(5):
        start(rate_limiter, clock)
    assert clock.slept == []


def test_other_users_of_the_host_can_take_their_turn(
    file_gate: RateLimiter, clock: Clock, tmp_path: Path
) -> None:
    before = os.umask(0o077)
    try:
        start(file_gate, clock)
    finally:
        os.umask(before)
    assert (tmp_path / "x.last").stat().st_mode & 0o777 == 0o666


def test_other_users_of_the_host_can_remove_nothing_of_ours(clock: Clock, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        start(RateLimiter(tmp_path / "a" / "b" / "x.lock", INTERVAL, clock=clock), clock)
    finally:
        os.umask(before)
    assert (tmp_path / "a" / "b").stat().st_mode & 0o7777 == 0o1777


Places = list[Path | str]


@pytest.fixture(params=["files", "PostgreSQL", "both"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Places:
    """The lock file, the URL, or both."""
    path = tmp_path / "x.lock"
    if request.param == "files":
        return [path]
    url = str(request.getfixturevalue("postgres_url"))
    return [path, url] if request.param == "both" else [url]


def open_gate(places: Places, interval: float = 0.0) -> RateLimiter:
    return RateLimiter(
        [FileBackend(p) if isinstance(p, Path) else PostgresBackend(p, "x") for p in places],
        interval,
    )


def test_one_at_a_time_over_threads(places: Places) -> None:
    inside, most = 0, 0

    def ask() -> None:
        nonlocal inside, most
        with open_gate(places).slot():
            inside += 1
            most = max(most, inside)
            time.sleep(0.01)
            inside -= 1

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def hold(places: Places, holding: Any) -> None:
    with open_gate(places, INTERVAL).slot():
        holding.set()
        time.sleep(60)


def test_a_holder_that_is_killed_frees_the_gate_and_its_request_counts(places: Places) -> None:
    killed_while_it_holds(hold, places)
    with open_gate(places).slot():
        pass
    slept: list[float] = []
    waiting = open_gate(places, 1000.0)  # so that how long it takes us to get here does not matter
    waiting._sleep = slept.append
    with pytest.raises(RateLimitTimeout, match="may begin in"), waiting.slot(timeout=900):
        pass
    assert slept == []


def test_a_pause_that_one_program_was_asked_for_holds_for_all(
    new_gate: Callable[[], RateLimiter], clock: Clock
) -> None:
    one, other = new_gate(), new_gate()
    until = clock.now + 60
    one.block_for(60)
    one.block_for(5)  # a shorter one does not end it
    assert start(other, clock) >= until
    assert start(one, clock) < until + 2 * INTERVAL


def test_a_turn_that_would_come_too_late_is_refused_at_once(
    rate_limiter: RateLimiter, clock: Clock
) -> None:
    rate_limiter.block_for(60)
    with pytest.raises(RateLimitTimeout, match="in 60 s only"), rate_limiter.slot(timeout=30):
        pass
    assert clock.slept == []
    with rate_limiter.slot(timeout=61) as waited:
        assert waited >= 60


def test_a_request_that_is_slow_to_reach_the_server_is_not_followed_too_soon(
    rate_limiter: RateLimiter, clock: Clock
) -> None:
    with rate_limiter.slot():
        clock.now += 1.0  # connecting
        rate_limiter.mark_sent()
        reached = clock.now
    assert start(rate_limiter, clock) - reached >= INTERVAL


def test_the_pause_after_a_request_that_failed_counts_from_its_end(
    rate_limiter: RateLimiter, clock: Clock
) -> None:
    def slowly_reset() -> None:
        clock.now += 1.0
        raise OSError("reset")

    with pytest.raises(OSError, match="reset"), rate_limiter.slot():
        slowly_reset()
    ended = clock.now
    assert start(rate_limiter, clock) - ended >= INTERVAL


class Written:
    """A turnstile that has a stamp at first."""

    def __init__(self, times: RequestTimes, clock: Clock) -> None:
        self.stamp = times
        self.now = clock

    def lock(self, timeout: float) -> AbstractContextManager[None]:
        assert timeout > 0
        return nullcontext()

    def read(self) -> RequestTimes:
        return self.stamp

    def write(self, times: RequestTimes) -> None:
        self.stamp = times


moments = st.floats(0, 2e6) | st.sampled_from([math.nan, math.inf, -math.inf])


@given(times=st.builds(RequestTimes, moments, moments), now=st.floats(0, 1e6))
def test_whatever_the_stamp_says_nobody_begins_too_soon(times: RequestTimes, now: float) -> None:
    clock = Clock()
    clock.now = now
    backend = Written(times, clock)
    first, second = (
        start(RateLimiter(backend, INTERVAL, clock=clock, sleep=clock.sleep), clock)
        for _ in range(2)
    )
    if times.last <= now and math.isfinite(times.until):
        assert first >= max(now, times.last + INTERVAL, times.until)
    elif times != NEVER_REQUESTED:
        assert first >= now + INTERVAL
    assert second - first >= INTERVAL


class Slow(Written):
    """A turnstile where ten seconds are waited for somebody else."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(NEVER_REQUESTED, clock)
        self.clock = clock
        self.within: list[float] = []

    @contextmanager
    def lock(self, timeout: float) -> Iterator[None]:
        self.within.append(timeout)
        self.clock.now += 10
        yield


def test_what_is_waited_for_at_one_turnstile_is_no_time_for_the_next(clock: Clock) -> None:
    turnstiles = Slow(clock), Slow(clock)
    rate_limiter = RateLimiter(turnstiles, INTERVAL, clock=clock, sleep=clock.sleep)
    with rate_limiter.slot(timeout=25) as waited:
        assert waited == 20
    assert [backend.within for backend in turnstiles] == [[25], [15]]


@pytest.mark.parametrize("which", [0, 1])
def test_of_several_stamps_the_later_counts_and_both_are_written(clock: Clock, which: int) -> None:
    stamps = [
        RequestTimes(clock.now - 100, clock.now - 100),
        RequestTimes(clock.now - 1, clock.now + 60),
    ]
    turnstiles = Written(stamps[which], clock), Written(stamps[1 - which], clock)
    until = clock.now + 60
    begun = start(RateLimiter(turnstiles, INTERVAL, clock=clock, sleep=clock.sleep), clock)
    assert begun >= until
    assert [backend.stamp.last for backend in turnstiles] == [begun, begun]
