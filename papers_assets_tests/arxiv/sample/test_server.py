import socket
import struct
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
import requests

from papers_assets.arxiv.sample import Corpus, Fault, RequestRecord, SampleArxiv
from papers_assets_tests.helpers.sample_papers import ATOM, ids, paper, parsed

CORPUS = Corpus([paper("2613.00001", "Apple é"), paper("2613.00002", "Banana")])
APPLE = {"search_query": "ti:apple"}
TIMEOUT = 10


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def server() -> Iterator[SampleArxiv]:
    with SampleArxiv(CORPUS) as server:
        yield server


def get(url: str, **parameters: object) -> requests.Response:
    """Ask over a connection of its own."""
    return requests.get(url, params=parameters, timeout=TIMEOUT)  # type: ignore[arg-type]


def test_a_query_is_answered_with_an_atom_feed(server: SampleArxiv) -> None:
    response = get(server.url, **APPLE)

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = parsed(response.text)
    assert ids(root) == ["2613.00001v1"]
    assert root.findtext(f"{ATOM}entry/{ATOM}title") == "Apple é"


def test_parameters_are_decoded(server: SampleArxiv) -> None:
    query = "search_query=ti:%22apple+%C3%A9%22%20OR+ti%3Abanana&search_query=x&sortBy="

    response = requests.get(f"{server.url}?{query}", timeout=TIMEOUT)

    assert len(ids(parsed(response.text))) == 2
    assert server.requests[0].parameters == {
        "search_query": 'ti:"apple é" OR ti:banana',
        "sortBy": "",
    }


def test_a_malformed_query_is_refused_with_an_atom_feed(server: SampleArxiv) -> None:
    response = get(server.url, search_query="(ti:apple")

    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert parsed(response.text).findtext(f"{ATOM}entry/{ATOM}title") == "Error"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-8",
        None,
    ],
)
def test_a_query_may_come_in_the_body_of_a_post(
    server: SampleArxiv, content_type: str | None
) -> None:
    response = requests.post(
        server.url,
        urlencode({"search_query": 'ti:"apple é"'}).encode(),
        headers={"Content-Type": content_type} if content_type else {},
        timeout=TIMEOUT,
    )

    assert ids(parsed(response.text)) == ["2613.00001v1"]
    (record,) = server.requests
    assert record.method == "POST"
    assert record.parameters == {"search_query": 'ti:"apple é"'}


def test_of_a_post_only_a_form_is_read(server: SampleArxiv) -> None:
    in_address = requests.post(server.url, params=APPLE, timeout=TIMEOUT)
    in_json = requests.post(server.url, json=APPLE, timeout=TIMEOUT)

    assert [in_address.status_code, in_json.status_code] == [400, 400]
    assert [record.parameters for record in server.requests] == [{}, {}]


def test_a_connection_serves_posts_and_gets_in_turn(server: SampleArxiv) -> None:
    with requests.Session() as session:
        answers = [
            answer
            for _ in range(2)
            for answer in (
                session.post(server.url, APPLE, timeout=TIMEOUT),
                session.get(server.url, params=APPLE, timeout=TIMEOUT),
            )
        ]

    assert [ids(parsed(answer.text)) for answer in answers] == [["2613.00001v1"]] * 4
    assert [record.method for record in server.requests] == ["POST", "GET"] * 2


def request_line(length: int) -> str:
    """Return parameters, encoded, with which the request line of a GET is that long."""
    start = "search_query=ti:apple&x="
    return start.ljust(length - len("GET /api/query? HTTP/1.1"), "x")


def test_a_request_line_may_have_4094_characters(server: SampleArxiv) -> None:
    fitting = requests.get(f"{server.url}?{request_line(4094)}", timeout=TIMEOUT)
    too_long = requests.get(f"{server.url}?{request_line(4095)}", timeout=TIMEOUT)

    assert (fitting.status_code, ids(parsed(fitting.text))) == (200, ["2613.00001v1"])
    assert too_long.status_code == 400
    assert too_long.headers["Content-Type"] == "text/html"
    assert "Request Line is too large (4095 &gt; 4094)" in too_long.text
    assert [record.status for record in server.requests] == [200, 400]


def test_no_fault_is_played_on_a_request_line_that_is_too_long(server: SampleArxiv) -> None:
    server.fault = lambda _: Fault(503)

    response = requests.get(f"{server.url}?{request_line(5000)}", timeout=TIMEOUT)

    assert response.status_code == 400


def test_what_is_too_long_for_a_request_line_is_not_for_a_post(server: SampleArxiv) -> None:
    query = " OR ".join(["ti:apple"] * 1000)

    posted = requests.post(server.url, {"search_query": query}, timeout=TIMEOUT)

    assert ids(parsed(posted.text)) == ["2613.00001v1"]


def test_there_is_nothing_at_other_paths(server: SampleArxiv) -> None:
    response = get(server.url.replace("query", "other"), **APPLE)

    assert (response.status_code, response.text) == (404, "Not found.")
    assert server.requests[0].path == "/api/other"


def test_feeds_show_the_time_of_the_request() -> None:
    times = iter([datetime(2026, 11, 23, 6, tzinfo=UTC), datetime(2026, 11, 23, 7, tzinfo=UTC)])
    with SampleArxiv(CORPUS, now=lambda: next(times)) as server:
        shown = [parsed(get(server.url, **APPLE).text).findtext(f"{ATOM}updated") for _ in range(2)]

    assert shown == ["2026-11-23T06:00:00Z", "2026-11-23T07:00:00Z"]


def test_requests_are_recorded() -> None:
    clock = Clock()
    with SampleArxiv(CORPUS, clock=clock) as server:
        get(server.url, **APPLE)
        clock.seconds += 2.5
        get(server.url, id_list="abc")

        assert server.requests == [
            RequestRecord("/api/query", APPLE, 1000.0, 200),
            RequestRecord("/api/query", {"id_list": "abc"}, 1002.5, 400),
        ]


@pytest.mark.parametrize(
    ("pauses", "statuses"),
    [
        ([3.0, 3.0], [200, 200, 200]),
        ([2.9, 3.0], [200, 429, 200]),
        ([2.9, 2.9, 3.1], [200, 429, 429, 200]),
        ([0.0], [200, 429]),
    ],
)
def test_a_request_too_soon_after_the_one_before_is_turned_away(
    pauses: list[float], statuses: list[int]
) -> None:
    clock = Clock()
    with SampleArxiv(CORPUS, min_interval=3.0, clock=clock) as server:
        got = [get(server.url, **APPLE).status_code]
        for pause in pauses:
            clock.seconds += pause
            response = get(server.url, **APPLE)
            got.append(response.status_code)
            if response.status_code == 429:
                assert response.text == "Rate exceeded."
                assert response.headers["Content-Type"].startswith("text/plain")
                assert "Retry-After" not in response.headers

        assert got == statuses == [record.status for record in server.requests]


def test_without_an_interval_nothing_is_turned_away() -> None:
    with SampleArxiv(CORPUS, clock=Clock()) as server:
        assert {get(server.url, **APPLE).status_code for _ in range(3)} == {200}


def test_a_connection_serves_several_requests(server: SampleArxiv) -> None:
    with requests.Session() as session:
        sockets = set()
        for _ in range(3):
            with session.get(server.url, params=APPLE, timeout=TIMEOUT, stream=True) as response:
                connection = response.raw.connection
                assert connection
                sockets.add(connection.sock.getsockname())
                assert ids(parsed(response.text)) == ["2613.00001v1"]

    assert len(sockets) == 1


def test_requests_one_after_the_other_never_overlap(server: SampleArxiv) -> None:
    for _ in range(30):
        get(server.url, **APPLE)

    assert server.peak_open == 1


def test_requests_at_the_same_time_are_counted(server: SampleArxiv) -> None:
    together = threading.Barrier(3, timeout=TIMEOUT)

    def wait(_: RequestRecord) -> None:
        together.wait()

    server.fault = wait
    threads = [threading.Thread(target=get, args=(server.url,), kwargs=APPLE) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert server.peak_open == 3
    assert [record.status for record in server.requests] == [200, 200, 200]


def test_a_fault_is_answered_instead_of_the_real_answer(server: SampleArxiv) -> None:
    seen: list[RequestRecord] = []

    def first_only(record: RequestRecord) -> Fault | None:
        seen.append(record)
        busy = Fault(503, b"<busy>", {"Retry-After": "0"}, "text/html")
        return busy if len(seen) == 1 else None

    server.fault = first_only
    faulty, real = get(server.url, **APPLE), get(server.url, **APPLE)

    assert (faulty.status_code, faulty.text) == (503, "<busy>")
    assert faulty.headers["Retry-After"] == "0"
    assert faulty.headers["Content-Type"] == "text/html"
    assert real.status_code == 200
    assert [record.status for record in server.requests] == [503, 200]
    assert seen[0].parameters == APPLE
    assert seen[0].status is None


def test_a_fault_may_be_empty(server: SampleArxiv) -> None:
    server.fault = lambda _: Fault(500)

    response = get(server.url, **APPLE)

    assert (response.status_code, response.content) == (500, b"")


def test_a_fault_comes_before_the_throttle() -> None:
    with SampleArxiv(CORPUS, min_interval=3.0, clock=Clock()) as server:
        server.fault = lambda _: Fault(503)

        assert [get(server.url, **APPLE).status_code for _ in range(2)] == [503, 503]


def test_the_corpus_can_be_replaced_while_serving(server: SampleArxiv) -> None:
    get(server.url, **APPLE)
    other = Corpus([paper("2613.00009", "Apple again")])

    server.corpus = other

    assert ids(parsed(get(server.url, **APPLE).text)) == ["2613.00009v1"]
    assert server.corpus is other


def test_a_client_that_hangs_up_does_no_harm(
    server: SampleArxiv, capfd: pytest.CaptureFixture[str]
) -> None:
    arrived, hung_up = threading.Event(), threading.Event()

    def wait(_: RequestRecord) -> None:
        arrived.set()
        hung_up.wait(TIMEOUT)

    server.fault = wait
    host, port = server.url.split("/")[2].split(":")
    with socket.create_connection((host, int(port))) as client:
        reset = struct.pack("ii", 1, 0)  # instead of a polite end
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        client.sendall(b"GET /api/query?search_query=ti:apple HTTP/1.1\r\nHost: x\r\n\r\n")
        assert arrived.wait(TIMEOUT)
    hung_up.set()
    while server._http._connections:
        time.sleep(0.001)

    assert capfd.readouterr().err == ""
    assert get(server.url, **APPLE).status_code == 200


def test_a_mistake_in_a_test_does_not_go_unnoticed(
    server: SampleArxiv, capfd: pytest.CaptureFixture[str]
) -> None:
    def mistaken(_: RequestRecord) -> None:
        raise ValueError("a mistake")

    server.fault = mistaken
    with pytest.raises(requests.ConnectionError):
        get(server.url, **APPLE)

    while server._http._connections:
        time.sleep(0.001)
    assert "ValueError: a mistake" in capfd.readouterr().err


def test_stopping_ends_open_connections_and_frees_the_address() -> None:
    with requests.Session() as session:
        with SampleArxiv(CORPUS) as server:
            assert session.get(server.url, params=APPLE, timeout=TIMEOUT).status_code == 200
        with pytest.raises(requests.ConnectionError):
            session.get(server.url, params=APPLE, timeout=TIMEOUT)

    port = int(server.url.split(":")[2].split("/")[0])
    with SampleArxiv(CORPUS, port=port) as again:
        assert again.url == server.url
        assert get(again.url, **APPLE).status_code == 200


def test_it_can_serve_in_the_foreground_until_it_is_closed() -> None:
    server = SampleArxiv(CORPUS)
    foreground = threading.Thread(target=server.serve_forever)
    foreground.start()
    try:
        assert get(server.url, **APPLE).status_code == 200
    finally:
        server.close()
        foreground.join(TIMEOUT)

    assert not foreground.is_alive()


def test_closing_what_never_served_does_not_hang() -> None:
    SampleArxiv(CORPUS).close()


def test_an_address_that_is_taken_is_an_error() -> None:
    with SampleArxiv(CORPUS) as server:
        port = int(server.url.split(":")[2].split("/")[0])
        with pytest.raises(OSError, match="in use"):
            SampleArxiv(CORPUS, port=port)
