from collections.abc import Iterator
from datetime import timedelta
from xml.etree.ElementTree import Element

import pytest
import requests

from papers_assets.arxiv.sample import Corpus, SampleArxiv
from papers_assets.arxiv.sample.oai_pmh import OaiInterface
from papers_assets_tests.helpers.sample_papers import NOW, paper, parsed

OAI = "{http://www.openarchives.org/OAI/2.0/}"
RAW = "{http://arxiv.org/OAI/arXivRaw/}"
CORPUS = Corpus(
    [
        paper("2613.00001", "Apple & é", published="2026-11-01T12:00:00Z"),
        paper("2613.00002", "Banana", published="2026-11-01T23:59:59Z", categories=["math.CO"]),
        paper("2613.00003", "Cherry", published="2026-11-02T00:00:00Z", categories=["hep-ex"]),
        paper("2613.00003", "Cherry", version=3, updated="2026-11-05T01:02:03Z", doi="10.1/x"),
        paper("2613.00004", "Damson", published="2026-11-05T00:00:00Z", categories=["cs.AI", "x"]),
        paper("math/0613005", "Elder", published="2026-10-01T00:00:00Z", categories=["astro-ph"]),
    ]
)
LIST = {"verb": "ListRecords", "metadataPrefix": "arXivRaw"}


def ask(
    oai: OaiInterface | Corpus = CORPUS, later: timedelta = timedelta(), /, **asked: str
) -> Element:
    oai = OaiInterface(oai, 2) if isinstance(oai, Corpus) else oai
    answer = oai.answer({name.rstrip("_"): value for name, value in asked.items()}, NOW + later)
    assert answer.status == 200
    return parsed(answer.body)


def ids(root: Element) -> list[str]:
    return [(e.text or "").removeprefix("oai:arXiv.org:") for e in root.iter(f"{OAI}identifier")]


def errors(root: Element) -> list[str | None]:
    return [error.get("code") for error in root.iter(f"{OAI}error")]


def token(root: Element) -> Element:
    found = root.find(f"{OAI}ListRecords/{OAI}resumptionToken")
    assert found is not None
    return found


def listed(**asked: str) -> list[str]:
    return ids(ask(OaiInterface(CORPUS, 9), **LIST, **asked))


def test_a_paper_is_listed_on_the_day_after_its_newest_version() -> None:
    assert listed(from_="2026-11-02", until="2026-11-02") == ["2613.00001", "2613.00002"]
    assert listed(from_="2026-11-06", until="2026-11-06") == ["2613.00003", "2613.00004"]


def test_days_are_included_and_may_be_left_out() -> None:
    assert listed(from_="2026-11-06") == ["2613.00003", "2613.00004"]
    assert listed(until="2026-11-02") == ["math/0613005", "2613.00001", "2613.00002"]
    assert len(listed()) == len(CORPUS)


@pytest.mark.parametrize(
    ("set_", "found"),
    [
        ("cs", ["2613.00001", "2613.00003", "2613.00004"]),
        ("cs:cs", ["2613.00001", "2613.00003", "2613.00004"]),
        ("cs:cs:AI", ["2613.00004"]),
        ("math", ["2613.00002"]),
        ("physics", ["math/0613005"]),
        ("physics:astro-ph", ["math/0613005"]),
    ],
)
def test_a_set_has_the_papers_of_its_categories(set_: str, found: list[str]) -> None:
    assert listed(set=set_) == found


def test_a_record_has_what_arxiv_writes() -> None:
    root = ask(**LIST, from_="2026-11-06", set="cs")
    header = root.find(f"{OAI}ListRecords/{OAI}record/{OAI}header")
    raw = root.find(f".//{RAW}arXivRaw")
    assert header is not None
    assert raw is not None
    assert header.findtext(f"{OAI}datestamp") == "2026-11-06"
    assert header.findtext(f"{OAI}setSpec") == "cs:cs:LG"
    versions = raw.findall(f"{RAW}version")
    assert [version.get("version") for version in versions] == ["v1", "v3"]
    assert versions[1].findtext(f"{RAW}date") == "Thu, 05 Nov 2026 01:02:03 GMT"
    assert [raw.findtext(f"{RAW}{name}") for name in ("id", "doi", "comments")] == [
        "2613.00003",
        "10.1/x",
        None,
    ]


def test_authors_are_one_text_with_accents_as_in_tex() -> None:
    authors = ["Émile Ngọc", "Łucja Pří", "例 示"]
    root = ask(Corpus([paper(authors=authors)]), **LIST)
    text = root.findtext(f".//{RAW}authors")
    assert text == r"\'Emile Ng\d{o}c, \L{}ucja P\v{r}\'i, 例 示"


def test_classes_of_other_schemes_are_no_categories() -> None:
    root = ask(Corpus([paper(categories=["cs.LG", "68T05, 68T07", "I.2.6"])]), **LIST)
    assert root.findtext(f".//{RAW}categories") == "cs.LG"
    assert root.findtext(f".//{RAW}msc-class") == "68T05, 68T07; I.2.6"


def test_a_long_list_comes_in_pages() -> None:
    oai = OaiInterface(CORPUS, 2)
    root = ask(oai, **LIST)
    found, pages = ids(root), [dict(token(root).attrib)]
    while text := token(root).text:
        root = ask(oai, verb="ListRecords", resumptionToken=text)
        found += ids(root)
        pages.append(dict(token(root).attrib))
    size, expires = "5", "2026-11-24T00:00:00Z"
    assert found == listed()
    assert pages == [
        {"completeListSize": size, "cursor": cursor, "expirationDate": expires}
        for cursor in ("0", "2", "4")
    ]


def test_a_short_list_has_no_token() -> None:
    root = ask(**LIST, until="2026-10-02")
    assert root.find(f".//{OAI}resumptionToken") is None


def test_a_token_asks_for_the_same_list() -> None:
    oai = OaiInterface(CORPUS, 1)
    asked = {"from_": "2026-11-02", "until": "2026-11-06", "set": "cs"}
    first = ask(oai, **LIST, **asked)
    second = ask(oai, verb="ListRecords", resumptionToken=token(first).text or "")
    assert ids(first) + ids(second) == ["2613.00001", "2613.00003"]
    assert token(second).get("completeListSize") == "3"


def test_a_token_expires_with_its_day_and_with_its_papers() -> None:
    oai = OaiInterface(CORPUS, 2)
    asked = {"verb": "ListRecords", "resumptionToken": token(ask(oai, **LIST)).text or ""}
    assert errors(ask(oai, **asked)) == []
    assert errors(ask(oai, timedelta(days=1), **asked)) == ["badResumptionToken"]
    assert errors(ask(OaiInterface(CORPUS, 2), **asked)) == ["badResumptionToken"]


REFUSED = {
    "badVerb": [{}, {"verb": "Nonsense"}],
    "badArgument": [
        {"verb": "ListRecords"},
        LIST | {"from_": "2026-11-06", "until": "2026-11-05"},
        LIST | {"from_": "2026-W01-1"},
        LIST | {"until": "soon"},
        LIST | {"set": "nonsense"},
        LIST | {"set": ""},
        LIST | {"more": "x"},
        LIST | {"resumptionToken": "x"},
    ],
    "cannotDisseminateFormat": [LIST | {"metadataPrefix": "arXiv"}],
    "noRecordsMatch": [LIST | {"from_": "2027-01-01"}, LIST | {"set": "stat"}],
    "badResumptionToken": [
        {"verb": "ListRecords", "resumptionToken": text} for text in ("", "x", "skip=-1&of=1")
    ],
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_cannot_be_answered_is_an_error_with_a_code(code: str) -> None:
    for asked in REFUSED[code]:
        root = ask(**asked)
        assert errors(root) == [code]
        assert root.find(f"{OAI}request") is not None


def test_it_says_what_it_is_and_has() -> None:
    identified = ask(verb="Identify")
    assert identified.findtext(f".//{OAI}earliestDatestamp") == "2026-10-02"
    assert identified.findtext(f".//{OAI}granularity") == "YYYY-MM-DD"
    sets = [spec.text for spec in ask(verb="ListSets").iter(f"{OAI}setSpec")]
    assert {"cs", "cs:cs", "cs:cs:AI", "physics:hep-ex"} < set(sets)
    assert len(sets) == len(set(sets))
    formats = ask(verb="ListMetadataFormats")
    assert [p.text for p in formats.iter(f"{OAI}metadataPrefix")] == ["arXivRaw"]


@pytest.fixture
def server() -> Iterator[SampleArxiv]:
    with SampleArxiv(CORPUS, oai_page=2, now=lambda: NOW) as server:
        yield server


def test_it_is_served_beside_the_api_and_counted_with_it(server: SampleArxiv) -> None:
    response = requests.get(server.oai_url, LIST, timeout=10)
    requests.get(server.url, {"search_query": "ti:apple"}, timeout=10)
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert ids(parsed(response.text)) == ["math/0613005", "2613.00001"]
    assert [(r.path, r.status) for r in server.requests] == [("/oai", 200), ("/api/query", 200)]


def test_requests_of_both_interfaces_are_throttled_together() -> None:
    with SampleArxiv(CORPUS, min_interval=60, now=lambda: NOW) as server:
        assert requests.get(server.url, {"id_list": "2613.00001"}, timeout=10).status_code == 200
        assert requests.get(server.oai_url, LIST, timeout=10).status_code == 429
