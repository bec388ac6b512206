from itertools import pairwise
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.sample import Corpus, atom
from papers_assets.arxiv.sample.api import Archive
from papers_assets.arxiv.sample.query import Query
from papers_assets_tests.helpers.hostile_papers import hostile_corpus
from papers_assets_tests.helpers.sample_papers import (
    ATOM,
    NOW,
    ask,
    ask_anyhow,
    asked_query,
    ids,
    local_names,
    paper,
    parsed,
    total,
)

OLD = paper("2613.00001", "Apple Old", updated="2026-11-09T00:00:00Z", version=2)
OLD_V1 = paper("2613.00001", "Banana Old", version=1)
TWIN = paper("2613.00002", "Apple Twin", updated="2026-11-09T00:00:00Z")
NEW = paper("2613.00003", "Apple Apple", "Cherry.", published="2026-11-05T00:00:00Z")
CORPUS = Corpus([OLD_V1, NEW, OLD, TWIN])
SAMPLE = Archive(hostile_corpus())
_parameters = st.dictionaries(
    st.sampled_from(["search_query", "id_list", "start", "max_results", "sortBy", "sortOrder"]),
    st.text(max_size=12) | st.sampled_from(["0", "7", "2513.00001", "ti:a", "submittedDate"]),
)


def test_a_search_sees_only_the_newest_versions() -> None:
    assert ids(ask(CORPUS, "ti:banana")) == []
    assert ids(ask(CORPUS, "ti:old")) == ["2613.00001v2"]


@pytest.mark.parametrize(
    ("by", "descending"),
    [
        ("lastUpdatedDate", ["2613.00002v1", "2613.00001v2", "2613.00003v1"]),
        ("submittedDate", ["2613.00003v1", "2613.00002v1", "2613.00001v2"]),
        ("relevance", ["2613.00003v1", "2613.00002v1", "2613.00001v2"]),
    ],
)
def test_results_are_sorted_and_equal_ones_by_id(by: str, descending: list[str]) -> None:
    query = "all:apple OR all:cherry OR ti:apple"
    if by == "relevance":
        query = "all:apple OR ti:twin OR abs:cherry"
        descending = ["2613.00002v1", "2613.00001v2", "2613.00003v1"]

    assert ids(ask(CORPUS, query, sortBy=by)) == descending
    assert ids(ask(CORPUS, query, sortBy=by, sortOrder="descending")) == descending
    assert ids(ask(CORPUS, query, sortBy=by, sortOrder="ascending")) == descending[::-1]


def test_relevance_is_what_is_sorted_by_unless_said() -> None:
    query = "all:apple OR ti:twin"

    assert ids(ask(CORPUS, query)) == ids(ask(CORPUS, query, sortBy="relevance"))


def test_the_order_does_not_depend_on_the_order_in_the_corpus() -> None:
    turned = Corpus(reversed([OLD_V1, NEW, OLD, TWIN]))

    for by in ("lastUpdatedDate", "submittedDate", "relevance"):
        assert ids(ask(turned, "all:apple", sortBy=by)) == ids(ask(CORPUS, "all:apple", sortBy=by))


@given(st.integers(1, 60))
def test_pages_together_are_the_whole(size: int) -> None:
    query = {"sortBy": "lastUpdatedDate"}
    whole = ids(ask(SAMPLE, "ti:compiler", max_results=2000, **query))
    pages: list[str] = []
    while page := ids(ask(SAMPLE, "ti:compiler", start=len(pages), max_results=size, **query)):
        pages += page

    assert pages == whole
    assert len(whole) == total(ask(SAMPLE, "ti:compiler", max_results=0)) > 60


def test_ten_results_are_given_unless_said() -> None:
    assert len(ids(ask(SAMPLE, "ti:compiler"))) == 10


def test_the_title_shows_the_rewritten_query_and_the_numbers() -> None:
    root = ask(CORPUS, " apple twin ", start=1, max_results=7)

    assert asked_query(root) == "all:apple OR all:twin"
    assert (root.findtext(f"{ATOM}title") or "").endswith("&id_list=&start=1&max_results=7")


@pytest.mark.parametrize(
    ("id_list", "found"),
    [
        ("2613.00003", ["2613.00003v1"]),
        ("2613.00001", ["2613.00001v2"]),
        ("2613.00001v1", ["2613.00001v1"]),
        ("2613.00001v1,2613.00001", ["2613.00001v1", "2613.00001v2"]),
        ("2613.00003,2613.00001,2613.00003", ["2613.00003v1", "2613.00001v2"]),
        ("2613.00001v9", []),
        ("0000.0000", []),
        ("cs/0503050", []),
        ("0000.0000,2613.00002", ["2613.00002v1"]),
        ("2613.00002,", ["2613.00002v1"]),
    ],
)
def test_an_id_list_gives_those_papers_in_its_order(id_list: str, found: list[str]) -> None:
    root = ask(CORPUS, id_list=id_list)

    assert (ids(root), total(root)) == (found, len(found))


def test_an_id_list_is_sorted_on_request() -> None:
    listed = "2613.00003,2613.00001,2613.00002"

    assert ids(ask(CORPUS, id_list=listed, sortBy="submittedDate", sortOrder="ascending")) == [
        *("2613.00001v2", "2613.00002v1", "2613.00003v1")
    ]


def test_a_query_and_an_id_list_give_what_is_in_both() -> None:
    listed = "2613.00001v1,2613.00002"

    assert ids(ask(CORPUS, "ti:apple", id_list=listed)) == ["2613.00002v1"]
    assert ids(ask(CORPUS, "ti:banana", id_list=listed)) == ["2613.00001v1"]


@pytest.mark.parametrize(
    ("parameters", "anchor", "message"),
    [
        ({"id_list": "abc"}, "#incorrect_id_format_for_abc", "incorrect id format for abc"),
        ({"id_list": "2613.00001v0"}, None, "incorrect id format for 2613.00001v0"),
        ({"id_list": "2613.00001,x y"}, "#incorrect_id_format_for_x_y", None),
        ({"search_query": "(ti:a"}, "", "Invalid query string: '(ti:a'"),
        ({"search_query": " "}, "", None),
        ({}, "", None),
        ({"start": "x"}, "#start_must_be_an_integer", "start must be an integer"),
        ({"start": "-1"}, None, "start must be non-negative"),
        ({"max_results": "1.5"}, None, "max_results must be an integer"),
        ({"max_results": "9" * 5000}, None, "max_results must be an integer"),
        ({"max_results": "-1"}, None, "max_results must be non-negative"),
        ({"max_results": "2001"}, None, "max_results must be at most 2000"),
        ({"sortBy": "date"}, "", "sortBy must be in: relevance, lastUpdatedDate, submittedDate"),
        ({"sortOrder": "up"}, "", "sortOrder must be in: ascending, descending"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_by_a_feed_with_one_error(
    parameters: dict[str, str], anchor: str | None, message: str | None
) -> None:
    is_about_the_search = parameters.keys() <= {"search_query", "id_list"}
    base = {} if is_about_the_search else {"search_query": "ti:a"}

    status, root = ask_anyhow(CORPUS, **(base | parameters))

    (entry,) = root.iter(f"{ATOM}entry")
    assert status == 400
    assert total(root) == 1
    assert local_names(entry) == ["id", "title", "updated", "link", "summary", "author"]
    assert entry.findtext(f"{ATOM}title") == "Error"
    assert (entry.findtext(f"{ATOM}id") or "").startswith("https://arxiv.org/api/errors")
    if anchor is not None:
        assert entry.findtext(f"{ATOM}id") == f"https://arxiv.org/api/errors{anchor}"
    if message is not None:
        assert entry.findtext(f"{ATOM}summary") == message


@given(_parameters)
def test_whatever_is_asked_the_answer_is_a_feed(parameters: dict[str, str]) -> None:
    answer = SAMPLE.answer(parameters, NOW)

    assert answer.status in (200, 400)
    assert "title" in local_names(parsed(answer.body))


def test_further_pages_and_papers_seen_before_cost_no_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive = Archive(CORPUS)
    whole = archive.answer({"search_query": "ti:apple"}, NOW)
    monkeypatch.setattr(atom, "render_entry", Mock(side_effect=AssertionError("rendered again")))
    monkeypatch.setattr(Query, "matches", Mock(side_effect=AssertionError("searched again")))

    again = archive.answer({"search_query": "ti:apple", "start": "0"}, NOW)
    second = archive.answer({"search_query": "ti:apple", "start": "1", "max_results": "1"}, NOW)

    assert again == whole
    assert len(ids(parsed(second.body))) == 1


def test_the_newest_papers_of_the_sample_come_first() -> None:
    root = ask(SAMPLE, "cat:cs.*", sortBy="lastUpdatedDate", max_results=200)

    times = [entry.findtext(f"{ATOM}updated") or "" for entry in root.iter(f"{ATOM}entry")]
    assert times[0].startswith("2026-11-20T")
    assert all(earlier >= later for earlier, later in pairwise(times))
