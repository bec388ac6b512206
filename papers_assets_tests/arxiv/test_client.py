import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from papers_assets.arxiv import errors
from papers_assets.arxiv.client import USER_AGENT, ArxivClient
from papers_assets.arxiv.models import Page
from papers_assets.arxiv.rate_limit import RateLimiter
from papers_assets.arxiv.retry import RetryPolicy
from papers_assets.arxiv.sample import Fault, FaultScript, FaultStep, RequestRecord, SampleArxiv
from papers_assets.keywords import query
from papers_assets.keywords.model import MatchField
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.hostile_papers import hostile_corpus

IMPATIENT = RetryPolicy(max_attempts=1, backoff=0.0)


@pytest.fixture
def client(server: SampleArxiv, tmp_path: Path) -> Iterator[ArxivClient]:
    client = ArxivClient(server.url, RateLimiter(tmp_path / "x.lock", 0), IMPATIENT)
    yield client
    client.close()


def ask(client: ArxivClient) -> Page:
    return client.query(query.newest_first_parameters(keyword("compiler"), 0, 50))


def answer(server: SampleArxiv, fault: Fault) -> None:
    def always(_request: RequestRecord) -> Fault:
        return fault

    server.fault = always


def test_it_brings_the_newest_papers_first(client: ArxivClient) -> None:
    page = ask(client)
    updated = [paper.updated for paper in page.papers]
    assert len(page.papers) == 50
    assert updated == sorted(updated, reverse=True)
    assert all("compiler" in paper.title.lower() for paper in page.papers)
    assert (client.requests, page.total_results > 100) == (1, True)


def test_it_says_who_asks(client: ArxivClient) -> None:
    assert USER_AGENT.startswith("papers-assets/")
    assert client._session.headers["User-Agent"] == USER_AGENT


def test_every_name_in_a_query_reaches_the_server_as_it_was_meant(
    client: ArxivClient, server: SampleArxiv
) -> None:
    for name in ["C++", "a/b", "..", "图神经网络", 'x" OR ti:"y', "x" * 300, "&start=5", "100%"]:
        asked = query.newest_first_parameters(keyword(name, within=MatchField.TITLE), 0, 50)
        client.query(asked)
        assert dict(server.requests[-1].parameters) == asked


def with_line_of(length: int) -> dict[str, str]:
    """Return parameters that make a request line of so many characters."""
    words = 'ti:"\u56fe C++ & \u00e9=1'
    start = len("GET /api/query?search_query= HTTP/1.1") + len(quote_plus(f'{words} "'))
    return {"search_query": f'{words} {"x" * (length - start)}"'}


def test_a_request_goes_by_post_where_its_line_would_be_too_long_for_arxiv(
    client: ArxivClient, server: SampleArxiv
) -> None:
    # The sample arXiv refuses what arXiv's server does not read.
    for length, method in [(100, "GET"), (4094, "GET"), (4095, "POST"), (20_000, "POST")]:
        asked = with_line_of(length)
        assert client.query(asked).total_results == 0
        assert server.requests[-1].method == method
        assert dict(server.requests[-1].parameters) == asked
    assert client.requests == len(server.requests) == 4


@pytest.mark.parametrize("fault", ["moved", "throttled", "blocked", "reset", "gzip-bomb"])
def test_a_request_by_post_fails_as_any_other(
    server: SampleArxiv, tmp_path: Path, fault: str
) -> None:
    retry_policy = replace(IMPATIENT, max_body=100_000)
    client = ArxivClient(server.url, RateLimiter(tmp_path / "x.lock", 0), retry_policy)
    server.fault = FaultScript([FaultStep(fault)])
    failures = []
    for length in (100, 5000):
        with pytest.raises(errors.ArxivError) as caught:
            client.query(with_line_of(length))
        failures.append((type(caught.value), str(caught.value)))
    assert failures[0] == failures[1]
    assert [request.method for request in server.requests] == ["GET", "POST"]
    client.close()


FAULTS = {
    "throttled": (Fault(429, b"Rate exceeded."), errors.ArxivThrottled, "asked too often"),
    "throttled with a success": (Fault(200, b"Rate exceeded."), errors.ArxivThrottled, "too often"),
    "blocked": (Fault(403, b"no"), errors.ArxivBlocked, "blocks this host"),
    "busy": (Fault(503, b"first byte timeout"), errors.ArxivHttpError, "answered 503"),
    "a page for people": (Fault(200, b"<html>Hi</html>"), errors.ArxivBadResponse, "not an Atom"),
    "bad request": (Fault(400, b"?"), errors.ArxivInvalidQuery, "without saying why"),
    "moved": (
        Fault(301, b"", {"Location": "https://elsewhere.example/"}),
        errors.ArxivHttpError,
        "elsewhere.example.*ARXIV_API_URL",
    ),
    "not the bytes it promises": (
        Fault(200, b"short", {"Content-Encoding": "gzip"}),
        errors.ArxivUnreachable,
        "could not be reached",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_each_failure_is_an_error_of_its_own(
    client: ArxivClient, server: SampleArxiv, case: str
) -> None:
    fault, kind, words = FAULTS[case]
    answer(server, fault)
    with pytest.raises(kind, match=words) as caught:
        ask(client)
    assert type(caught.value) is kind
    assert len(server.requests) == 1  # a redirect was not followed, nothing was asked twice


def test_a_body_that_swells_without_bound_is_given_up(server: SampleArxiv, tmp_path: Path) -> None:
    retry_policy = replace(IMPATIENT, max_body=100_000)
    client = ArxivClient(server.url, RateLimiter(tmp_path / "x.lock", 0), retry_policy)
    bomb = gzip.compress(b" " * 10_000_000)
    answer(server, Fault(200, bomb, {"Content-Encoding": "gzip"}))
    with pytest.raises(errors.ArxivBadResponse, match="more than 100000 bytes"):
        ask(client)


def test_what_arxiv_says_about_a_query_is_passed_on(client: ArxivClient) -> None:
    with pytest.raises(errors.ArxivInvalidQuery, match="arXiv says: ") as caught:
        client.query({"search_query": 'ti:"unfinished'})
    assert caught.value.status == 400


def test_nobody_there_is_said_with_the_address_and_the_reason(tmp_path: Path) -> None:
    with SampleArxiv(hostile_corpus()) as server:
        url = server.url
    client = ArxivClient(url, RateLimiter(tmp_path / "x.lock", 0), IMPATIENT)
    with pytest.raises(errors.ArxivUnreachable, match=r"could not be reached at .*refused"):
        ask(client)


def test_the_server_never_sees_two_requests_closer_than_the_interval(tmp_path: Path) -> None:
    interval = 0.2
    with SampleArxiv(hostile_corpus(), min_interval=interval) as server:
        for _ in range(4):  # of several programs, each with a connection of its own
            client = ArxivClient(server.url, RateLimiter(tmp_path / "x.lock", interval))
            ask(client)
            client.close()
        # The server answers 429 to who comes sooner.
        assert [request.status for request in server.requests] == [200] * 4
        assert server.peak_open == 1


class Pauses:
    """Sleeps by taking note."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, list[float]()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def patient(
    server: SampleArxiv, folder: Path, pauses: Pauses, retry_policy: RetryPolicy | None = None
) -> ArxivClient:
    rate_limiter = RateLimiter(folder / "x.lock", 0, clock=pauses.clock, sleep=pauses.sleep)
    return ArxivClient(
        server.url,
        rate_limiter,
        retry_policy,
        clock=pauses.clock,
        sleep=pauses.sleep,
        random=lambda: 0.0,
    )


def test_a_client_says_how_long_the_gate_made_it_wait(server: SampleArxiv, tmp_path: Path) -> None:
    pauses, waited = Pauses(), []
    for _ in range(3):  # of several programs
        rate_limiter = RateLimiter(tmp_path / "x.lock", 3.0, clock=pauses.clock, sleep=pauses.sleep)
        client = ArxivClient(server.url, rate_limiter, clock=pauses.clock, sleep=pauses.sleep)
        ask(client)
        waited.append(client.seconds_waited)
        client.close()
    assert waited == [0.0, *pauses.slept]
    assert len(pauses.slept) == 2
    assert all(seconds >= 3.0 for seconds in pauses.slept)


PASSING = ["throttled", "throttled-200", "busy", "error-500", "error-502", "error-504", "error-406"]
PASSING += ["trouble-200", "web-page", "empty-body", "reset", "cut-short", "not-gzip", "cut-xml"]


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_asked_again_with_growing_pauses(
    server: SampleArxiv, tmp_path: Path, fault: str
) -> None:
    server.fault, pauses = FaultScript([FaultStep(fault, times=2)]), Pauses()
    assert len(ask(patient(server, tmp_path, pauses)).papers) == 50
    assert len(server.requests) == 3
    assert pauses.slept == [15, 30]


@pytest.mark.parametrize("fault", ["moved", "not-found", "blocked", "refused", "refused-200"])
def test_what_stays_is_asked_once(server: SampleArxiv, tmp_path: Path, fault: str) -> None:
    server.fault, pauses = FaultScript([FaultStep(fault)]), Pauses()
    with pytest.raises(errors.ArxivError) as caught:
        ask(patient(server, tmp_path, pauses))
    assert (len(server.requests), caught.value.attempts, pauses.slept) == (1, 1, [])


def test_it_gives_up_after_its_attempts_and_says_how_many(
    server: SampleArxiv, tmp_path: Path
) -> None:
    server.fault, pauses = FaultScript([FaultStep("busy")]), Pauses()
    with pytest.raises(errors.ArxivHttpError) as caught:
        ask(patient(server, tmp_path, pauses))
    assert (len(server.requests), caught.value.attempts) == (5, 5)
    assert pauses.slept == [15, 30, 60, 120]


@pytest.mark.parametrize(("asked", "pause"), [("7", 7), ("0", 15), ("99999", 300)])
def test_retry_after_is_heeded_and_capped(
    server: SampleArxiv, tmp_path: Path, asked: str, pause: float
) -> None:
    answer(server, Fault(429, b"Rate exceeded.", {"Retry-After": asked}))
    pauses = Pauses()
    with pytest.raises(errors.ArxivThrottled):
        ask(patient(server, tmp_path, pauses, RetryPolicy(max_attempts=2)))
    assert pauses.slept == [pause]


def test_throttled_holds_every_program_off_also_after_giving_up(
    server: SampleArxiv, tmp_path: Path
) -> None:
    server.fault, pauses = FaultScript([FaultStep("throttled", times=1)]), Pauses()
    with pytest.raises(errors.ArxivThrottled):
        ask(patient(server, tmp_path, pauses, RetryPolicy(max_attempts=1)))
    assert pauses.slept == []
    ask(patient(server, tmp_path, pauses))
    assert pauses.slept == [15]


def test_the_deadline_of_the_job_ends_the_asking(server: SampleArxiv, tmp_path: Path) -> None:
    server.fault, pauses = FaultScript([FaultStep("busy")]), Pauses()
    with pytest.raises(errors.ArxivDeadlineExceeded, match="deadline of 40 s"):
        ask(patient(server, tmp_path, pauses, RetryPolicy(deadline=40)))
    assert pauses.slept == [15]


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_an_answer_that_does_not_end_is_given_up(
    server: SampleArxiv, tmp_path: Path, fault: str
) -> None:
    server.fault = FaultScript([FaultStep(fault)])
    retry_policy = replace(IMPATIENT, read_timeout=0.3, answer_timeout=0.3)
    client = ArxivClient(server.url, RateLimiter(tmp_path / "x.lock", 0), retry_policy)
    with pytest.raises(errors.ArxivUnreachable):
        ask(client)
    client.close()
