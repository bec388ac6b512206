"""Faults of the API's index, which is not what OAI-PMH lists."""

from collections.abc import Iterator
from datetime import timedelta
from xml.etree.ElementTree import Element

import pytest
import requests

from papers_assets.arxiv.sample import (
    Corpus,
    FaultScript,
    FaultStep,
    Paper,
    SampleArxiv,
    freeze_index,
)
from papers_assets_tests.arxiv.sample.test_faults import APPLES, ASKED, BANANAS, REAL, TIMEOUT
from papers_assets_tests.helpers.sample_papers import NOW, ids, paper, parsed, total


@pytest.fixture
def server() -> Iterator[SampleArxiv]:
    with SampleArxiv(Corpus([*APPLES, *BANANAS]), now=lambda: NOW) as server:
        yield server


def ask(server: SampleArxiv, fault: str = "", **parameters: str) -> Element:
    """Return the feed of a server, which plays a fault from now on if one is named."""
    if fault:
        server.fault = FaultScript([FaultStep(fault)])
    response = requests.get(server.url, params=ASKED | parameters, timeout=TIMEOUT)
    assert response.status_code == 200
    return parsed(response.text)


def test_in_any_order_the_words_of_a_phrase_need_only_all_be_there(server: SampleArxiv) -> None:
    server.corpus = Corpus(
        [
            paper("2613.00001", "Vision Language Models"),
            paper("2613.00002", "A Model of Vision, and Its Language"),
            paper("2613.00003", "Language Models", "Without vision."),
            paper("2613.00004", "Vision Language Models", categories=("math.CO",)),
        ]
    )
    query = 'ti:"vision language models" AND cat:cs.*'
    without = 'abs:abstract AND (NOT ti:"model language")'

    assert ids(ask(server, "any-order", search_query=query)) == ["2613.00002v1", "2613.00001v1"]
    assert ids(ask(server, "any-order", search_query=without)) == []
    server.fault = None
    assert ids(ask(server, search_query=query)) == ["2613.00001v1"]
    assert total(ask(server, search_query=without)) == 3


def test_a_frozen_index_lacks_the_newest_day_unless_said(server: SampleArxiv) -> None:
    feed = ask(server, "frozen", search_query="ti:banana OR ti:apple")

    assert total(feed) == 62
    assert ids(feed)[:2] == ["2613.00141v1", "2613.00140v1"]


def test_a_frozen_index_stands_still_while_the_corpus_goes_on(server: SampleArxiv) -> None:
    fault = "frozen@202611190000"
    before = [paper for paper in APPLES if paper.updated < "2026-11-19"]
    server.corpus = Corpus(before)
    first = ask(server, fault)
    server.corpus = Corpus(APPLES)
    second = ask(server, fault)

    assert ids(second) == ids(first) == REAL[2:14]
    assert total(second) == 18


def test_a_frozen_index_has_the_versions_of_then(server: SampleArxiv) -> None:
    old = paper("2613.00001", "Apple", updated="2026-11-02T00:00:00Z")
    new = paper("2613.00001", "Apple Pie", version=2, updated="2026-11-20T00:00:00Z")
    exactly_then = paper("2613.00002", "Apple", updated="2026-11-10T12:00:00Z")
    server.corpus = Corpus([old, new, exactly_then])

    assert ids(ask(server, "frozen@202611101200")) == ["2613.00001v1"]
    assert ids(ask(server, "frozen@202611101201")) == ["2613.00002v1", "2613.00001v1"]


@pytest.mark.parametrize("corpus", [[], APPLES])
def test_an_index_that_is_frozen_before_all_is_empty(
    server: SampleArxiv, corpus: list[Paper]
) -> None:
    server.corpus = Corpus(corpus)

    feed = ask(server, "frozen@202001010000")

    assert (ids(feed), total(feed)) == ([], 0)


def test_an_index_may_be_frozen_at_any_moment(server: SampleArxiv) -> None:
    standstill = freeze_index(NOW - timedelta(days=20))
    server.fault = lambda _: standstill

    assert ids(ask(server)) == REAL[-3:]


@pytest.mark.parametrize("fault", ["any-order", "frozen", "frozen@202611010000"])
def test_what_only_the_index_has_leaves_oai_pmh_alone(server: SampleArxiv, fault: str) -> None:
    asked = {"verb": "ListRecords", "metadataPrefix": "arXivRaw"}
    real = requests.get(server.oai_url, asked, timeout=TIMEOUT)
    server.fault = FaultScript([FaultStep(fault)])

    assert requests.get(server.oai_url, asked, timeout=TIMEOUT).text == real.text
    assert requests.get(server.url + "x", timeout=TIMEOUT).status_code == 404
