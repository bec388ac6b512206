import gzip
import io
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

import pytest
import requests

from papers_assets.arxiv.sample import (
    FAULTS,
    Corpus,
    FaultScript,
    FaultStep,
    RequestRecord,
    SampleArxiv,
)
from papers_assets.arxiv.sample.requests import RequestLog
from papers_assets_tests.helpers.sample_papers import ATOM, NOW, ids, paper, parsed, total

PAPERS = str(Path(sys.executable).with_name("papers"))
TIMEOUT = 10
APPLES = [
    paper(f"2613.{n:05}", "Apple", version=n % 3 + 1, updated=f"2026-11-{n:02}T06:00:00Z")
    for n in range(1, 21)
]
BANANAS = [
    paper(f"2613.{100 + n:05}", "Banana", updated=f"2026-11-{n // 2 + 1:02}T{n % 2}2:00:00Z")
    for n in range(44)
]
ASKED = {
    "search_query": "ti:apple",
    "sortBy": "lastUpdatedDate",
    "sortOrder": "descending",
    "max_results": "12",
}
REAL = [f"2613.{n:05}v{n % 3 + 1}" for n in range(20, 0, -1)]
"""All results as they should be shown; a page has 12 of them."""
RATE_EXCEEDED = "Rate exceeded."


@pytest.fixture
def server() -> Iterator[SampleArxiv]:
    with SampleArxiv(Corpus([*APPLES, *BANANAS]), now=lambda: NOW) as server:
        yield server


def get(server: SampleArxiv, fault: str, **parameters: str) -> requests.Response:
    """Ask a server that plays a fault, over a connection of its own."""
    server.fault = FaultScript([FaultStep(fault)])
    return requests.get(
        server.url, params=ASKED | parameters, timeout=TIMEOUT, allow_redirects=False
    )


def connect(server: SampleArxiv, fault: str) -> socket.socket:
    """Connect to a server that plays a fault, and ask."""
    server.fault = FaultScript([FaultStep(fault)])
    host, port = server.url.split("/")[2].split(":")
    client = socket.create_connection((host, int(port)), timeout=TIMEOUT)
    client.sendall(b"GET /api/query?search_query=ti:apple HTTP/1.1\r\nHost: x\r\n\r\n")
    return client


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.001)


REPLACED: dict[str, tuple[int, str, Mapping[str, str]]] = {
    "throttled": (429, RATE_EXCEEDED, {}),
    "throttled-1s": (429, RATE_EXCEEDED, {"Retry-After": "1"}),
    "throttled-0s": (429, RATE_EXCEEDED, {"Retry-After": "0"}),
    "throttled-date": (429, RATE_EXCEEDED, {"Retry-After": "Mon, 23 Nov 2026 06:30:16 GMT"}),
    "throttled-200": (200, RATE_EXCEEDED, {}),
    "busy": (503, "Service unavailable.", {}),
    "error-500": (500, "Internal server error.", {}),
    "error-502": (502, "Bad gateway.", {}),
    "error-504": (504, "Gateway timeout.", {}),
    "error-406": (406, "Not acceptable.", {}),
    "moved": (301, "", {"Location": "https://elsewhere.example/"}),
    "not-found": (404, "Not found.", {}),
    "blocked": (403, "Forbidden.", {}),
    "web-page": (
        200,
        "<!DOCTYPE html>\n<html><head><title>Sorry</title></head><body>Back soon.</body></html>\n",
        {"Content-Type": "text/html; charset=utf-8"},
    ),
    "empty-body": (200, "", {"Content-Type": "application/atom+xml; charset=utf-8"}),
}


@pytest.mark.parametrize("fault", REPLACED)
def test_some_faults_are_answers_of_their_own(server: SampleArxiv, fault: str) -> None:
    status, body, headers = REPLACED[fault]

    response = get(server, fault)

    assert (response.status_code, response.text) == (status, body)
    assert response.headers.items() >= headers.items()
    assert ("Retry-After" in response.headers) == ("Retry-After" in headers)
    assert server.requests[0].status == status


def test_a_date_to_retry_after_is_at_least_a_second_away(server: SampleArxiv) -> None:
    server._now = lambda: NOW + timedelta(microseconds=1)

    assert get(server, "throttled-date").headers["Retry-After"].endswith("06:30:17 GMT")


ERRORS = {
    "refused": (400, "https", "Invalid query string: 'ti:apple'"),
    "refused-200": (200, "http", "Invalid query string: 'ti:apple'"),
    "trouble-200": (200, "http", "internal error: the search index did not answer"),
}


@pytest.mark.parametrize("fault", ERRORS)
def test_some_faults_are_an_error_entry(server: SampleArxiv, fault: str) -> None:
    status, scheme, summary = ERRORS[fault]

    response = get(server, fault)
    entry = parsed(response.text).find(f"{ATOM}entry")

    assert response.status_code == status
    assert entry is not None
    assert entry.findtext(f"{ATOM}id") == f"{scheme}://arxiv.org/api/errors"
    assert entry.findtext(f"{ATOM}title") == "Error"
    assert entry.findtext(f"{ATOM}summary") == summary


def _others(*days_and_hours: str) -> list[str]:
    """The bananas of these times."""
    at = {paper.updated[8:13]: f"{paper.id}v1" for paper in BANANAS}
    return [at[time] for time in days_and_hours]


PAGES: dict[str, tuple[list[str], int]] = {
    "no-entries": ([], 20),
    "short-page": (REAL[:4], 20),
    "no-results": ([], 0),
    "shrunk": (REAL[:4], 4),
    "ascending": (REAL[11::-1], 20),
    "unrelated": (
        _others(*(f"{day}T{hour}2" for day in (22, 21) for hour in (1, 0)))
        + [
            shown
            for day in (20, 19, 18)
            for shown in (*_others(f"{day}T12"), REAL[20 - day], *_others(f"{day}T02"))
        ][:8],
        20,
    ),
    "loose-phrases": (
        [shown for day in range(20, 14, -1) for shown in (REAL[20 - day], *_others(f"{day}T02"))],
        40,
    ),
    "unreadable-entry": ([*REAL[:6], f"unreadablev{REAL[6][-1]}", *REAL[7:12]], 20),
    "old-version": ([re.sub("v[12]$", "v1", i).replace("v3", "v2") for i in REAL[:12]], 20),
}


@pytest.mark.parametrize("fault", PAGES)
def test_some_faults_are_sound_feeds_that_are_wrong(server: SampleArxiv, fault: str) -> None:
    response = get(server, fault)
    feed = parsed(response.text)

    assert response.status_code == 200
    assert (ids(feed), total(feed)) == PAGES[fault]


@pytest.mark.parametrize("fault", PAGES)
def test_of_a_wrong_feed_for_no_results_nothing_is_left_to_spoil(
    server: SampleArxiv, fault: str
) -> None:
    feed = parsed(get(server, fault, search_query="ti:cherry").text)

    assert (ids(feed), total(feed)) == (PAGES[fault] if fault == "unrelated" else ([], 0))


@pytest.mark.parametrize("fault", [*PAGES, "by-relevance", "any-order", "frozen"])
def test_a_wrong_feed_does_not_make_a_bad_query_good(server: SampleArxiv, fault: str) -> None:
    assert get(server, fault, search_query="(ti:apple").status_code == 400


@pytest.mark.parametrize(
    ("fault", "results"),
    [("by-relevance", 20), ("shrunk", 4), ("unrelated", 20), ("loose-phrases", 40)],
)
def test_what_spoils_all_results_is_the_same_on_every_page(
    server: SampleArxiv, fault: str, results: int
) -> None:
    whole = ids(parsed(get(server, fault, max_results="100").text))
    pages = [parsed(get(server, fault, start=str(start)).text) for start in range(0, 48, 12)]

    assert [total(page) for page in pages] == [results] * 4
    assert [entry for page in pages for entry in ids(page)] == whole
    assert len(set(whole)) == results


def test_relevance_has_all_results_in_no_order(server: SampleArxiv) -> None:
    shown = ids(parsed(get(server, "by-relevance", max_results="100").text))

    assert sorted(shown) == sorted(REAL)
    assert shown not in (REAL, REAL[::-1])
    assert set(shown[:12]) != set(REAL[:12])


def test_loose_phrases_stay_sorted_and_lose_no_result(server: SampleArxiv) -> None:
    feed = parsed(get(server, "loose-phrases", max_results="100").text)
    times = [entry.findtext(f"{ATOM}updated") or "" for entry in feed.iter(f"{ATOM}entry")]

    assert times == sorted(times, reverse=True)
    assert [entry for entry in ids(feed) if entry in REAL] == REAL


def test_xml_can_be_cut_where_http_is_whole(server: SampleArxiv) -> None:
    cut = get(server, "cut-xml")

    with pytest.raises(ParseError):
        parsed(cut.text)
    assert cut.text.count("<entry>") == 6
    assert cut.headers["Content-Length"] == str(len(cut.content))


def _entities(xml: bytes) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """Give the values and the addresses of the entities that well-formed XML declares."""
    values: dict[str, str | None] = {}
    places: dict[str, str | None] = {}

    def declared(name: str, _: object, value: str | None, *rest: str | None) -> None:
        values[name], places[name] = value, rest[1]

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = declared
    parser.DefaultHandler = lambda _: None  # with it, entities are left as they are
    parser.Parse(xml, True)  # noqa: FBT003
    return values, places


def test_an_entity_bomb_is_well_formed_and_grows_tenfold_nine_times(server: SampleArxiv) -> None:
    body = get(server, "entity-bomb").content
    values, _ = _entities(body)

    assert values["laugh0"] == "ha"
    for n in range(1, 10):
        assert values[f"laugh{n}"] == f"&laugh{n - 1};" * 10
    assert body.count(b"<title>&laugh9;") == 13


def test_an_external_entity_asks_for_a_file_in_the_titles(server: SampleArxiv) -> None:
    body = get(server, "external-entity").content
    _, places = _entities(body)

    assert places == {"file": "file:///etc/hostname"}
    assert body.count(b"<title>&file;") == 13


def test_what_is_said_to_be_gzip_is_not(server: SampleArxiv) -> None:
    server.fault = FaultScript([FaultStep("not-gzip")])
    with requests.get(server.url, ASKED, timeout=TIMEOUT, stream=True) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert ids(parsed(response.raw.read(decode_content=False).decode())) == REAL[:12]
    with pytest.raises(requests.exceptions.ContentDecodingError):
        get(server, "not-gzip")


def test_a_gzip_bomb_is_small_until_it_is_opened(server: SampleArxiv) -> None:
    server.fault = FaultScript([FaultStep("gzip-bomb")])
    with requests.get(server.url, ASKED, timeout=TIMEOUT, stream=True) as response:
        bomb = response.raw.read(decode_content=False)
        assert response.headers["Content-Encoding"] == "gzip"

    assert len(bomb) < 300_000
    with gzip.open(io.BytesIO(bomb)) as opened:
        spaces = sum(piece.count(b" ") for piece in iter(lambda: opened.read(1 << 20), b""))
        assert spaces == opened.tell() == 200 << 20


def test_a_reset_is_all_that_comes(server: SampleArxiv) -> None:
    with connect(server, "reset") as client, pytest.raises(ConnectionResetError):
        client.recv(1)
    assert server.requests[0].status is None


def test_an_answer_can_be_cut_short(server: SampleArxiv) -> None:
    with connect(server, "cut-short") as client:
        answer = b"".join(iter(lambda: client.recv(1 << 16), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    promised = re.search(rb"Content-Length: (\d+)", head)

    assert promised
    assert len(body) == int(promised[1]) // 2
    assert server.requests[0].status == 200


def test_a_dripping_answer_begins_and_does_not_end(server: SampleArxiv) -> None:
    with connect(server, "drip") as client:
        begun = b""
        while not begun.endswith(b"\r\n\r\n<?x"):
            piece = client.recv(1 << 16)
            assert piece
            assert len(piece) < 1000
            begun += piece
    promised = re.search(rb"Content-Length: (\d+)", begun)

    assert promised
    assert int(promised[1]) == 1 << 20


def test_a_hanging_server_says_nothing(server: SampleArxiv) -> None:
    with connect(server, "hang") as client:
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert server.requests[0].status is None


SLOW = ["hang", "drip"]


def _threads() -> set[threading.Thread]:
    return set(threading.enumerate())


@pytest.mark.parametrize("fault", SLOW)
def test_closing_the_server_ends_what_would_not_end(
    fault: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = _threads()
    with SampleArxiv(Corpus(APPLES)) as server:
        client = connect(server, fault)
        wait_until(lambda: bool(server.requests))
    with client:
        while client.recv(1 << 16):
            pass

    wait_until(lambda: _threads() <= before)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("fault", [*SLOW, "reset", "cut-short"])
def test_no_thread_stays_with_a_client_that_is_gone(
    server: SampleArxiv, fault: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = _threads()
    with connect(server, fault):
        wait_until(lambda: bool(server.requests))

    wait_until(lambda: not server._http._connections and _threads() <= before)
    assert capfd.readouterr().err == ""


def test_who_hung_up_and_asks_again_asks_one_thing_at_a_time(server: SampleArxiv) -> None:
    for fault in (*SLOW, "reset", "cut-short", "gzip-bomb") * 5:
        asked = len(server.requests)
        with connect(server, fault):
            wait_until(lambda asked=asked: len(server.requests) > asked)  # type: ignore[misc]

    assert server.peak_open == 1


@pytest.mark.parametrize(("is_given_up", "most"), [(True, 1), (False, 2)])
def test_a_request_that_the_client_gave_up_is_open_no_longer(
    *, is_given_up: bool, most: int
) -> None:
    log = RequestLog(lambda: 0.0, 0.0)

    first, _, _ = log.begin("/", {}, lambda: is_given_up)
    log.begin("/", {}, lambda: False)
    log.end(first)

    assert log.peak_open == most


def test_the_smallest_gap_between_the_starts_of_requests_is_known() -> None:
    times = iter([10.0, 13.0, 15.5, 19.0])
    with SampleArxiv(Corpus(APPLES), clock=lambda: next(times)) as server:
        missing_ranges = [server.smallest_gap]
        for _ in range(4):
            requests.get(server.url, timeout=TIMEOUT)
            missing_ranges.append(server.smallest_gap)

    assert missing_ranges == [None, None, 3.0, 2.5, 2.5]


def test_every_fault_is_tested() -> None:
    others = {
        *("by-relevance", "reset", "hang", "drip", "cut-short", "cut-xml"),
        *("not-gzip", "gzip-bomb", "entity-bomb", "external-entity"),
        *("any-order", "frozen"),  # in test_index_faults
    }
    assert {*REPLACED, *ERRORS, *PAGES, *others} == set(FAULTS)


def asked_for(query: str) -> RequestRecord:
    return RequestRecord("/api/query", {"search_query": query}, 0.0)


def test_a_step_strikes_the_requests_with_its_words_so_many_times() -> None:
    script = FaultScript([FaultStep("busy", words="apple", times=2)])

    struck = [script(asked_for(f"ti:{word}")) for word in ("apple", "plum", "apple", "apple")]

    assert struck == [FAULTS["busy"], None, FAULTS["busy"], None]
    assert script.strike_counts == (2,)


def test_a_step_strikes_everything_for_ever_unless_said() -> None:
    script = FaultScript([FaultStep("busy")])
    anything = [asked_for("ti:apple"), RequestRecord("/robots.txt", {}, 0.0)] * 3

    assert list(map(script, anything)) == [FAULTS["busy"]] * 6


def test_steps_strike_in_their_order() -> None:
    script = FaultScript(
        [FaultStep("busy", times=1), FaultStep("blocked", "apple", 1), FaultStep("moved")]
    )

    struck = [script(asked_for(query)) for query in ("apple", "plum", "apple", "apple")]

    assert struck == [FAULTS[name] for name in ("busy", "moved", "blocked", "moved")]
    assert script.strike_counts == (1, 1, 2)


def test_a_script_without_steps_spoils_nothing(server: SampleArxiv) -> None:
    server.fault = FaultScript([])

    assert ids(parsed(requests.get(server.url, ASKED, timeout=TIMEOUT).text)) == REAL[:12]


def test_a_script_may_be_asked_by_many_threads() -> None:
    script = FaultScript([FaultStep("busy", times=500)])
    with ThreadPoolExecutor(8) as pool:
        struck = list(pool.map(script, [asked_for("apple")] * 1000))

    assert sum(fault is not None for fault in struck) == 500 == script.strike_counts[0]


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("busy", FaultStep("busy")),
        ("busy:1", FaultStep("busy", times=1)),
        ("busy::1", FaultStep("busy", times=1)),
        ("busy:compiler", FaultStep("busy", "compiler")),
        ("busy:compiler:12", FaultStep("busy", "compiler", 12)),
        ("busy:machine learning:1", FaultStep("busy", "machine learning", 1)),
        ("busy:cat:cs.LG", FaultStep("busy", "cat:cs.LG")),
        ("busy:cat:cs.LG:1", FaultStep("busy", "cat:cs.LG", 1)),
        ("busy:2026:", FaultStep("busy", "2026")),
        ("frozen", FaultStep("frozen")),
        ("frozen@202611201200", FaultStep("frozen@202611201200")),
        ("frozen@202611201200:compiler:1", FaultStep("frozen@202611201200", "compiler", 1)),
    ],
)
def test_a_step_can_be_read(text: str, step: FaultStep) -> None:
    assert FaultStep.read(text) == step


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "bsy:apple",
            "'bsy' is no fault; there are throttled, throttled-1s,.* old-version,.* lost-token$",
        ),
        ("", "'' is no fault"),
        ("busy:apple:0", "busy: 0 times is not at least once"),
        ("busy@202611201200", "'busy@202611201200' is no fault; there are throttled"),
        *(
            (
                f"frozen@{minute}:apple",
                f"'frozen@{minute}': expected a minute .UTC., as in frozen@202611201200$",
            )
            for minute in ("", "2026", "2026112012", "202611311200", "20261120T1200")
        ),
    ],
)
def test_a_step_that_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FaultStep.read(text)


def test_the_command_line_plays_faults() -> None:
    steps = ("busy:compiler:1", "blocked:robot", "frozen@200001010000:performance")
    faults = [f"--fault={step}" for step in steps]
    command = [PAPERS, "sample-arxiv", "--port", "0", "--min-interval", "0", *faults]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url, oai, *said = [process.stdout.readline().strip() for _ in range(5)]
        answers = [
            requests.get(
                url.partition("ARXIV_API_URL=")[2], {"search_query": f"ti:{word}"}, timeout=TIMEOUT
            )
            for word in ("robot", "compiler", "compiler", "robot", "performance")
        ]
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT) == 0

    assert [answer.status_code for answer in answers] == [403, 503, 200, 403, 200]
    assert total(parsed(answers[2].text)) > 0 == total(parsed(answers[4].text))
    assert oai.endswith("/oai")
    assert said == [
        "Fault busy: requests with 'compiler' in the query, 1 times",
        "Fault blocked: requests with 'robot' in the query",
        "Fault frozen@200001010000: requests with 'performance' in the query",
    ]


def test_the_command_line_names_the_faults_that_there_are() -> None:
    command = [PAPERS, "sample-arxiv", "--port", "0", "--fault", "bsy"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("papers: --fault: 'bsy' is no fault; there are throttled, ")
