"""The client asks OAI-PMH, of the sample arXiv, over real HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from papers_assets.arxiv import errors, oai_pmh
from papers_assets.arxiv.authors import decode_accents
from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.models import Paper
from papers_assets.arxiv.oai_day import fetch_day
from papers_assets.arxiv.oai_pmh import RecordsPage
from papers_assets.arxiv.rate_limit import RateLimiter
from papers_assets.arxiv.retry import RetryPolicy
from papers_assets.arxiv.sample import Corpus, Fault, FaultScript, FaultStep, SampleArxiv
from papers_assets.arxiv.sample.oai_xml import find_datestamp
from papers_assets.keywords import query
from papers_assets_tests.arxiv.test_client import PASSING, Pauses
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.hostile_papers import hostile_corpus

EVER = (date(2000, 1, 1), date(2099, 1, 1))
NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.fixture
def server(corpus: Corpus) -> Iterator[SampleArxiv]:
    with SampleArxiv(corpus, oai_page=100, now=lambda: NOW) as server:
        yield server


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def client(server: SampleArxiv, tmp_path: Path, pauses: Pauses) -> Iterator[ArxivClient]:
    client = patient(server, tmp_path, pauses)
    yield client
    client.close()


def patient(
    server: SampleArxiv, folder: Path, pauses: Pauses, retry_policy: RetryPolicy | None = None
) -> ArxivClient:
    return ArxivClient(
        server.url,
        RateLimiter(folder / "x.lock", 0, clock=pauses.clock, sleep=pauses.sleep),
        retry_policy,
        oai_url=server.oai_url,
        clock=pauses.clock,
        sleep=pauses.sleep,
        random=lambda: 0.0,
    )


def ask(client: ArxivClient) -> RecordsPage:
    return client.list_records(oai_pmh.list_records_parameters(*EVER, "cs"))


def whole_list(client: ArxivClient, set_: str = "") -> dict[str, Paper]:
    page = client.list_records(oai_pmh.list_records_parameters(*EVER, set_))
    records = [*page.records]
    while page.token:
        page = client.list_records(oai_pmh.resume_parameters(page.token))
        records += page.records
    return {r.arxiv_id: r.paper for r in records if r.paper is not None}


def test_every_paper_is_harvested_as_it_is_queried(
    client: ArxivClient, server: SampleArxiv
) -> None:
    ids = ",".join(paper.id for paper in server.corpus.newest)
    queried = client.query({"id_list": ids, "max_results": "2000"}).papers
    harvested = whole_list(client)
    # Texts in arXiv's list are as TeX writes them; the sample's feed leaves them so, too.
    assert harvested == {
        p.arxiv_id: replace(p, title=decode_accents(p.title), abstract=decode_accents(p.abstract))
        for p in queried
    }
    assert len(harvested) == len(server.corpus) > 400


def test_a_day_is_harvested_whole(client: ArxivClient, server: SampleArxiv) -> None:
    days = [find_datestamp(paper) for paper in server.corpus.newest]
    busiest = max(days, key=days.count)
    day = fetch_day(busiest, (), client.list_records)
    assert (len(day.records), day.problem) == (days.count(busiest), "")
    assert client.requests == day.requests == len(server.requests)


def test_a_list_that_was_begun_before_the_papers_changed_is_begun_again(
    client: ArxivClient, server: SampleArxiv
) -> None:
    page = ask(client)
    server.corpus = Corpus(server.corpus.newest)
    with pytest.raises(errors.ArxivBadToken, match="badResumptionToken"):
        client.list_records(oai_pmh.resume_parameters(page.token))
    assert len(server.requests) == 2


def test_what_is_asked_is_one_address_with_its_own_kind_of_answer(
    client: ArxivClient, server: SampleArxiv
) -> None:
    ask(client)
    client.query(query.newest_first_parameters(keyword("compiler"), 0, 5))
    assert [request.path for request in server.requests] == ["/oai", "/api/query"]
    assert dict(server.requests[0].parameters) == oai_pmh.list_records_parameters(*EVER, "cs")


def test_both_interfaces_wait_at_one_gate(tmp_path: Path) -> None:
    interval = 0.2
    with SampleArxiv(hostile_corpus(), min_interval=interval) as server:
        rate_limiter = RateLimiter(tmp_path / "x.lock", interval)
        client = ArxivClient(server.url, rate_limiter, oai_url=server.oai_url)
        for _ in range(2):
            ask(client)
            client.query(query.newest_first_parameters(keyword("compiler"), 0, 5))
        client.close()
        # The server, which counts both together, answers 429 to who comes sooner.
        assert [request.status for request in server.requests] == [200] * 4
        assert server.peak_open == 1


def test_without_an_address_it_says_what_to_set(server: SampleArxiv, tmp_path: Path) -> None:
    client = ArxivClient(server.url, RateLimiter(tmp_path / "x.lock", 0))
    with pytest.raises(ValueError, match="set ARXIV_OAI_URL"):
        ask(client)


@pytest.mark.parametrize("fault", sorted({*PASSING} - {"trouble-200"}))
def test_what_passes_is_asked_again(
    client: ArxivClient, server: SampleArxiv, pauses: Pauses, fault: str
) -> None:
    server.fault = FaultScript([FaultStep(fault, "verb=ListRecords", times=2)])
    assert len(ask(client).records) == 100
    assert (len(server.requests), pauses.slept) == (3, [15, 30])


BUSY = {"busy-1s": 1, "busy-0s": 15}


@pytest.mark.parametrize("fault", BUSY)
def test_a_busy_server_is_waited_out_as_it_asks_by_every_program(
    server: SampleArxiv, pauses: Pauses, tmp_path: Path, fault: str
) -> None:
    server.fault = FaultScript([FaultStep(fault, times=1)])
    impatient = patient(server, tmp_path, pauses, RetryPolicy(max_attempts=1))
    with pytest.raises(errors.ArxivThrottled, match="answered 503") as caught:
        ask(impatient)
    assert pauses.slept == []
    another = patient(server, tmp_path, pauses)
    another.query(query.newest_first_parameters(keyword("compiler"), 0, 5))
    assert pauses.slept == [BUSY[fault]]
    for client in (impatient, another):
        client.close()
    assert caught.value.short_reason == "arXiv answered that it is too busy"


REFUSED = {"refused": "badArgument", "refused-200": "badArgument", "moved": "ARXIV_OAI_URL"}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_stays_is_asked_once(client: ArxivClient, server: SampleArxiv, fault: str) -> None:
    server.fault = FaultScript([FaultStep(fault)])
    with pytest.raises(errors.ArxivHttpError, match=REFUSED[fault]) as caught:
        ask(client)
    assert (len(server.requests), caught.value.attempts) == (1, 1)


def test_the_days_end_ends_a_list(server: SampleArxiv, client: ArxivClient) -> None:
    page = ask(client)
    server._now = lambda: datetime(2026, 11, 24, tzinfo=UTC)
    with pytest.raises(errors.ArxivBadToken, match="expired"):
        client.list_records(oai_pmh.resume_parameters(page.token))


def test_a_sound_status_with_a_bad_body_is_not_believed(
    client: ArxivClient, server: SampleArxiv
) -> None:
    server.fault = lambda _: Fault(200, b"<html>Hi</html>")
    with pytest.raises(errors.ArxivBadResponse, match="not an answer of OAI-PMH"):
        client.list_records(oai_pmh.list_records_parameters(*EVER))
