import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from papers_assets.arxiv import errors, query
from papers_assets.arxiv.client import USER_AGENT, ArxivClient
from papers_assets.arxiv.feed import Page
from papers_assets.arxiv.gate import Gate
from papers_assets.keywords import Field
from papers_assets.sample_arxiv import Corpus, Fault, RequestRecord, SampleArxiv
from papers_assets_tests.making import keyword


@pytest.fixture
def client(server: SampleArxiv, tmp_path: Path) -> Iterator[ArxivClient]:
    client = ArxivClient(server.url, Gate(tmp_path / "x.lock", 0))
    yield client
    client.close()


def ask(client: ArxivClient) -> Page:
    return client.ask(query.newest_first(keyword("compiler"), 0, 50))


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


def test_it_says_who_asks_and_what_it_understands(client: ArxivClient) -> None:
    assert USER_AGENT.startswith("papers-assets/")
    assert client._session.headers["User-Agent"] == USER_AGENT
    assert client._session.headers["Accept"] == "application/atom+xml"


def test_every_name_in_a_query_reaches_the_server_as_it_was_meant(
    client: ArxivClient, server: SampleArxiv
) -> None:
    for name in ["C++", "a/b", "..", "图神经网络", 'x" OR ti:"y', "x" * 300, "&start=5", "100%"]:
        asked = query.newest_first(keyword(name, within=Field.TITLE), 0, 50)
        client.ask(asked)
        assert dict(server.requests[-1].parameters) == asked


FAULTS = {
    "throttled": (Fault(429, b"Rate exceeded."), errors.ArxivThrottled, "asked too often"),
    "throttled with a success": (Fault(200, b"Rate exceeded."), errors.ArxivThrottled, "too often"),
    "blocked": (Fault(403, b"no"), errors.ArxivBlocked, "blocks this host"),
    "busy": (Fault(503, b"first byte timeout"), errors.ArxivHttpError, "answered 503"),
    "a page for people": (Fault(200, b"<html>Hi</html>"), errors.ArxivBadAnswer, "not an Atom"),
    "bad request": (Fault(400, b"?"), errors.ArxivRefusedQuery, "without saying why"),
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


def test_a_body_that_swells_without_bound_is_given_up(
    client: ArxivClient, server: SampleArxiv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("papers_assets.arxiv.client._MAX_BODY", 100_000)
    bomb = gzip.compress(b" " * 10_000_000)
    answer(server, Fault(200, bomb, {"Content-Encoding": "gzip"}))
    with pytest.raises(errors.ArxivBadAnswer, match="more than 100000 bytes"):
        ask(client)


def test_what_arxiv_says_about_a_query_is_passed_on(client: ArxivClient) -> None:
    with pytest.raises(errors.ArxivRefusedQuery, match="arXiv says: ") as caught:
        client.ask({"search_query": 'ti:"unfinished'})
    assert caught.value.status == 400


def test_nobody_there_is_said_with_the_address_and_the_reason(tmp_path: Path) -> None:
    with SampleArxiv(Corpus.sample()) as server:
        url = server.url
    client = ArxivClient(url, Gate(tmp_path / "x.lock", 0))
    with pytest.raises(errors.ArxivUnreachable, match=r"could not be reached at .*refused"):
        ask(client)


def test_the_server_never_sees_two_requests_closer_than_the_interval(tmp_path: Path) -> None:
    interval = 0.2
    with SampleArxiv(Corpus.sample(), min_interval=interval) as server:
        for number in range(4):  # of several programs, each with a connection of its own
            client = ArxivClient(server.url, Gate(tmp_path / "x.lock", interval))
            ask(client)
            assert (client.seconds_waited > interval / 2) == (number > 0)
            client.close()
        assert [request.status for request in server.requests] == [200] * 4
        assert server.peak_open == 1
