"""What the faults do to OAI-PMH, as a harvester sees it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import requests

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.errors import (
    ArxivBadResponse,
    ArxivBadToken,
    ArxivError,
    ArxivHttpError,
    ArxivInvalidQuery,
    ArxivUnreachable,
)
from papers_assets.arxiv.oai_day import DayListing, fetch_day
from papers_assets.arxiv.rate_limit import RateLimiter
from papers_assets.arxiv.retry import RetryPolicy
from papers_assets.arxiv.sample import (
    ALL_FAULTS,
    OAI_FAULTS,
    Corpus,
    FaultScript,
    FaultStep,
    SampleArxiv,
)
from papers_assets_tests.helpers.sample_papers import NOW, paper

PATIENCE = RetryPolicy(max_attempts=1, backoff=0, max_body=1 << 20)
SHORT = replace(PATIENCE, read_timeout=0.3, answer_timeout=0.3)
DAY = date(2026, 11, 11)
CORPUS = Corpus(
    paper(f"2613.{n:05}", "Apple", version=2, updated=f"2026-11-{n % 2 + 10}T06:00:00Z")
    for n in range(100)
)


@pytest.fixture
def server() -> Iterator[SampleArxiv]:
    with SampleArxiv(CORPUS, oai_page=20, now=lambda: NOW) as server:
        yield server


def harvest(server: SampleArxiv, folder: Path, fault: str, times: int | None = None) -> DayListing:
    server.fault = FaultScript([FaultStep(fault, "verb=ListRecords", times)])
    retry_policy = SHORT if fault in {"hang", "drip"} else PATIENCE
    client = ArxivClient(
        server.url, RateLimiter(folder / "x.lock", 0), retry_policy, oai_url=server.oai_url
    )
    try:
        return fetch_day(DAY, ["cs"], client.list_records)
    finally:
        client.close()


NO_ANSWER: dict[str, type[ArxivError]] = {
    **dict.fromkeys(["busy", "busy-1s", "busy-0s", "throttled", "throttled-200"], ArxivHttpError),
    **dict.fromkeys(["throttled-0s", "throttled-1s", "throttled-date"], ArxivHttpError),
    **dict.fromkeys(["error-500", "error-502", "error-504", "error-406"], ArxivHttpError),
    **dict.fromkeys(["moved", "not-found", "blocked"], ArxivHttpError),
    **dict.fromkeys(["refused", "refused-200", "trouble-200"], ArxivInvalidQuery),
    **dict.fromkeys(["web-page", "empty-body", "cut-xml", "gzip-bomb"], ArxivBadResponse),
    **dict.fromkeys(["entity-bomb", "external-entity", "no-entries"], ArxivBadResponse),
    **dict.fromkeys(["reset", "hang", "drip", "cut-short", "not-gzip"], ArxivUnreachable),
    "bad-token": ArxivBadToken,
}


@pytest.mark.parametrize("fault", NO_ANSWER)
def test_what_is_no_answer_is_an_error(server: SampleArxiv, tmp_path: Path, fault: str) -> None:
    assert isinstance(harvest(server, tmp_path, fault).error, NO_ANSWER[fault])


WRONG = {
    "short-page": (6, 2, "a page begins at record 20 where 6 came before"),
    "wrong-list-size": (50, 3, "50 records came where the list promises 51"),
    "lost-token": (20, 1, "20 records came where the list promises 50"),
    "unrelated": (0, 1, "20 records came that changed on other days than was asked for"),
    "shrunk": (10, 1, ""),
    "no-results": (0, 1, ""),
    "no-list-size": (50, 3, ""),
    "ascending": (50, 3, ""),
    "by-relevance": (50, 3, ""),
    "old-version": (50, 3, ""),
    "unreadable-entry": (47, 3, ""),
    "deleted-record": (50, 3, ""),
    "loose-phrases": (50, 3, ""),
    "any-order": (50, 3, ""),
    "frozen": (50, 3, ""),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_list_is_a_fault_unless_nothing_in_it_tells(
    server: SampleArxiv, tmp_path: Path, fault: str
) -> None:
    records, asked, words = WRONG[fault]
    day = harvest(server, tmp_path, fault)
    assert (len(day.records), day.requests) == (records, asked)
    assert day.error is None
    assert words in day.problem
    assert bool(words) == bool(day.problem)


def test_every_fault_is_looked_at() -> None:
    assert {*NO_ANSWER, *WRONG} == set(ALL_FAULTS)


def test_records_that_are_no_papers_are_told_of(server: SampleArxiv, tmp_path: Path) -> None:
    assert len(harvest(server, tmp_path, "unreadable-entry").unreadable_records) == 3


def test_a_deleted_record_takes_the_place_of_one(server: SampleArxiv, tmp_path: Path) -> None:
    records = harvest(server, tmp_path, "deleted-record").records.values()
    assert [record.paper is None for record in records].count(True) == 3
    assert all(record.deleted == (record.paper is None) for record in records)


def test_a_bad_token_once_costs_one_more_beginning(server: SampleArxiv, tmp_path: Path) -> None:
    # A request without a token counts as struck, and is answered with the truth.
    day = harvest(server, tmp_path, "bad-token", times=2)
    assert (len(day.records), day.requests, day.problem) == (50, 5, "")


@pytest.mark.parametrize("fault", sorted(set(OAI_FAULTS) - {"busy-1s", "busy-0s"}))
def test_what_only_oai_pmh_has_leaves_the_api_alone(server: SampleArxiv, fault: str) -> None:
    asked = {"search_query": "ti:apple"}
    real = requests.get(server.url, asked, timeout=10)
    server.fault = FaultScript([FaultStep(fault)])
    assert requests.get(server.url, asked, timeout=10).text == real.text


def test_a_fault_at_a_path_where_nothing_is_finds_nothing(server: SampleArxiv) -> None:
    for fault in ("short-page", "no-list-size"):
        server.fault = FaultScript([FaultStep(fault)])
        response = requests.get(server.oai_url + "x", timeout=10)
        assert (response.status_code, response.text) == (404, "Not found.")


def test_words_of_a_step_are_looked_for_in_all_that_is_asked(server: SampleArxiv) -> None:
    server.fault = FaultScript(
        [FaultStep.read("busy:set=cs"), FaultStep.read("blocked:resumptionToken")]
    )
    statuses = [
        requests.get(server.oai_url, {"verb": "ListRecords", **asked}, timeout=10).status_code
        for asked in ({"set": "cs"}, {"resumptionToken": "x"}, {"set": "math"})
    ]
    assert statuses == [503, 403, 200]
