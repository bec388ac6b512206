import math
import os
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.gate import Gate, GateTimeout, gate_path
from papers_assets.arxiv.turnstile import NEVER, PostgresTurnstile, Stamp
from papers_assets_tests.contending import killed_while_it_holds

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


class Timed(PostgresTurnstile):
    """A turnstile whose server has a clock of ours."""

    def now(self) -> float:
        return self._clock()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["files", "PostgreSQL"])
def new_gate(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Callable[[], Gate]:
    """Makes gates to the same server, as another process would."""
    if request.param == "files":
        return lambda: Gate(tmp_path / "x.lock", INTERVAL, clock=clock, sleep=clock.sleep)
    url = request.getfixturevalue("postgres_url")

    def make() -> Gate:
        turnstile = Timed(url, "x", clock=clock, sleep=clock.sleep)
        return Gate(turnstile, INTERVAL, clock=clock, sleep=clock.sleep)

    return make


@pytest.fixture
def gate(new_gate: Callable[[], Gate]) -> Gate:
    return new_gate()


@pytest.fixture
def file_gate(tmp_path: Path, clock: Clock) -> Gate:
    return Gate(tmp_path / "x.lock", INTERVAL, clock=clock, sleep=clock.sleep)


def start(gate: Gate, clock: Clock) -> float:
    with gate.turn():
        return clock.now


def test_the_first_request_does_not_wait(gate: Gate, clock: Clock) -> None:
    start(gate, clock)
    assert clock.slept == []


def test_starts_are_at_least_the_interval_apart(gate: Gate, clock: Clock) -> None:
    starts = [start(gate, clock) for _ in range(5)]
    gaps = [b - a for a, b in pairwise(starts)]
    assert min(gaps) >= INTERVAL


def test_time_that_passed_anyway_is_not_waited_for(gate: Gate, clock: Clock) -> None:
    start(gate, clock)
    clock.now += INTERVAL + 1
    start(gate, clock)
    assert clock.slept == []


def test_other_processes_are_waited_for(new_gate: Callable[[], Gate], clock: Clock) -> None:
    one, other = new_gate(), new_gate()
    first = start(one, clock)
    assert start(other, clock) - first >= INTERVAL


def test_a_failing_request_frees_the_gate_and_counts_as_a_request(gate: Gate, clock: Clock) -> None:
    first = clock.now
    with pytest.raises(OSError, match="reset"), gate.turn():
        raise OSError("reset")
    assert start(gate, clock) - first >= INTERVAL


@pytest.mark.parametrize(
    "stamp", ["", "soon", "1.0", "99999.0 0.0", "nan nan", "0.0 inf", "0.0 nan", "1 2 3"]
)
def test_a_stamp_that_makes_no_sense_means_that_a_request_may_just_have_begun(
    file_gate: Gate, clock: Clock, tmp_path: Path, stamp: str
) -> None:
    # Its writer died writing it, or the host was restarted, which sets its clock back to zero.
    (tmp_path / "x.last").write_text(stamp)
    first = clock.now
    assert start(file_gate, clock) - first >= INTERVAL


def test_an_interval_of_nothing_never_waits(tmp_path: Path, clock: Clock) -> None:
    gate = Gate(tmp_path / "x.lock", 0, clock=clock, sleep=clock.sleep)
    for _ in range(5):
        start(gate, clock)
    assert clock.slept == []


def test_other_users_of_the_host_can_take_their_turn(
    file_gate: Gate, clock: Clock, tmp_path: Path
) -> None:
    before = os.umask(0o077)
    try:
        start(file_gate, clock)
    finally:
        os.umask(before)
    assert (tmp_path / "x.last").stat().st_mode & 0o777 == 0o666


@pytest.fixture(params=["files", "PostgreSQL"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """The lock file, or the URL."""
    if request.param == "files":
        return tmp_path / "x.lock"
    return str(request.getfixturevalue("postgres_url"))


def open_gate(place: Path | str, interval: float = 0.0) -> Gate:
    return Gate(place if isinstance(place, Path) else PostgresTurnstile(place, "x"), interval)


def test_one_at_a_time_over_threads(place: Path | str) -> None:
    inside, most = 0, 0

    def ask() -> None:
        nonlocal inside, most
        with open_gate(place).turn():
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


def hold(place: Path | str, holding: Any) -> None:
    with open_gate(place, INTERVAL).turn():
        holding.set()
        time.sleep(60)


def test_a_holder_that_is_killed_frees_the_gate_and_its_request_counts(place: Path | str) -> None:
    killed_while_it_holds(hold, place)
    with open_gate(place).turn():
        pass
    slept: list[float] = []
    waiting = open_gate(place, 1000.0)  # so that how long it takes us to get here does not matter
    waiting._sleep = slept.append
    with pytest.raises(GateTimeout, match="may begin in"), waiting.turn(within=900):
        pass
    assert slept == []


def test_all_of_arxivs_hosts_share_one_gate_and_other_servers_have_their_own() -> None:
    arxiv = gate_path("https://export.arxiv.org/api/query")
    for same in ("http://arxiv.org/q", "https://export.arxiv.org:443/q", "https://arxiv.org./q"):
        assert gate_path(same) == arxiv
    others = {gate_path(f"http://127.0.0.1:{port}/q") for port in (1, 2)}
    assert len({arxiv, *others}) == 3
    assert gate_path("http://notarxiv.org/q") != arxiv


def test_a_pause_that_one_program_was_asked_for_holds_for_all(
    new_gate: Callable[[], Gate], clock: Clock
) -> None:
    one, other = new_gate(), new_gate()
    until = clock.now + 60
    one.hold_off(60)
    one.hold_off(5)  # a shorter one does not end it
    assert start(other, clock) >= until
    assert start(one, clock) < until + 2 * INTERVAL


def test_a_turn_that_would_come_too_late_is_refused_at_once(gate: Gate, clock: Clock) -> None:
    gate.hold_off(60)
    with pytest.raises(GateTimeout, match="in 60 s only"), gate.turn(within=30):
        pass
    assert clock.slept == []
    with gate.turn(within=61) as waited:
        assert waited >= 60


def test_a_request_that_is_slow_to_reach_the_server_is_not_followed_too_soon(
    gate: Gate, clock: Clock
) -> None:
    with gate.turn():
        clock.now += 1.0  # connecting
        gate.reached()
        reached = clock.now
    assert start(gate, clock) - reached >= INTERVAL


def test_the_pause_after_a_request_that_failed_counts_from_its_end(
    gate: Gate, clock: Clock
) -> None:
    def slowly_reset() -> None:
        clock.now += 1.0
        raise OSError("reset")

    with pytest.raises(OSError, match="reset"), gate.turn():
        slowly_reset()
    ended = clock.now
    assert start(gate, clock) - ended >= INTERVAL


class Written:
    """A turnstile that has a stamp at first."""

    def __init__(self, stamp: Stamp, clock: Clock) -> None:
        self.stamp = stamp
        self.now = clock

    def holding(self, within: float) -> AbstractContextManager[None]:
        assert within > 0
        return nullcontext()

    def read(self) -> Stamp:
        return self.stamp

    def write(self, stamp: Stamp) -> None:
        self.stamp = stamp


moments = st.floats(0, 2e6) | st.sampled_from([math.nan, math.inf, -math.inf])


@given(stamp=st.builds(Stamp, moments, moments), now=st.floats(0, 1e6))
def test_whatever_the_stamp_says_nobody_begins_too_soon(stamp: Stamp, now: float) -> None:
    clock = Clock()
    clock.now = now
    turnstile = Written(stamp, clock)
    first, second = (
        start(Gate(turnstile, INTERVAL, clock=clock, sleep=clock.sleep), clock) for _ in range(2)
    )
    if stamp.last <= now and math.isfinite(stamp.until):
        assert first >= max(now, stamp.last + INTERVAL, stamp.until)
    elif stamp != NEVER:
        assert first >= now + INTERVAL
    assert second - first >= INTERVAL
