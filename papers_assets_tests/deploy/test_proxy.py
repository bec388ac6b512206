"""deploy/Caddyfile, in a real Caddy before two tiny web servers."""

import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from papers_assets_tests.deploy.host import DEPLOY
from papers_assets_tests.helpers.ui_driver import free_port, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("caddy"), reason="Caddy is not installed"),
    pytest.mark.filterwarnings(
        "ignore:Unverified HTTPS request"
    ),  # it signs its certificate itself
]
READER, OPERATOR = ("reader", "an invented word"), ("operator", "another invented word")
# Of these, by bcrypt at its lowest cost: what `caddy hash-password` gives takes a second to check.
HASHES = (
    "$2a$04$InventedSaltInventedSOMapM7/7zd3pT7BGpw6Yk6u/JbADqGyq",
    "$2a$04$InventedSaltInventedSOLZwRAzpJO8sME.2WjzzRa1bOSxMGL0.",
)


class _Web(http.server.BaseHTTPRequestHandler):
    """Says its name, what it was told of passwords, and speaks one word of WebSocket."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.headers.get("Upgrade") == "websocket":
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.wfile.write(self.rfile.read(5).upper())
            self.close_connection = True
            return
        body = f"{self.server.server_name} {self.headers.get('Authorization')}".encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def web(name: str) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Web) as server:
        server.server_name = name
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """The ports of readers and operators."""
    folder = tmp_path_factory.mktemp("caddy")
    ports = free_port(), free_port()
    # The port that it leads to HTTPS from needs rights that tests have not.
    config = folder / "Caddyfile"
    text = (DEPLOY / "Caddyfile").read_text()
    config.write_text(text.replace("\tadmin off\n", f"\tadmin off\n\thttp_port {free_port()}\n"))
    with web("readers") as readers, web("webserver") as operators:
        environment = os.environ | {
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "PAPERS_SITE": "localhost",
            "PAPERS_READERS_AT": str(ports[0]),
            "PAPERS_OPERATORS_AT": str(ports[1]),
            "PAPERS_READERS_UPSTREAM": readers,
            "PAPERS_WEB_UPSTREAM": operators,
            "PAPERS_READERS_HASH": HASHES[0],
            "PAPERS_OPERATORS_HASH": HASHES[1],
        }
        command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(config)]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            until(lambda: get(ports[0]).status_code)
            yield ports
        finally:
            process.terminate()
            process.wait(30)


def get(port: int, user: tuple[str, str] | None = None) -> requests.Response:
    return asked(port, "GET", "/", user=user)


def asked(
    port: int,
    method: str,
    path: str,
    body: bytes | None = None,
    *,
    user: tuple[str, str] | None = OPERATOR,
    **headers: str,
) -> requests.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"https://localhost:{port}{path}"
    return requests.request(
        method,
        url,
        data=body,
        headers=sent,
        auth=user,
        timeout=10,
        verify=False,  # noqa: S501
    )


def test_nobody_gets_in_without_a_password(proxy: tuple[int, int]) -> None:
    for port in proxy:
        assert get(port).status_code == 401
        assert get(port, ("reader", "wrong")).status_code == 401
        assert get(port, ("nobody", READER[1])).status_code == 401


def test_readers_reach_the_read_only_server_alone(proxy: tuple[int, int]) -> None:
    readers, operators = proxy
    assert get(readers, READER).text == "readers None"
    assert get(operators, READER).status_code == 401


def test_operators_reach_both_and_their_password_goes_no_further(proxy: tuple[int, int]) -> None:
    readers, operators = proxy
    assert get(readers, OPERATOR).text == "readers None"
    answer = get(operators, OPERATOR)
    assert answer.text == "webserver None"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_nothing_is_answered_without_tls(proxy: tuple[int, int]) -> None:
    answer = requests.get(f"http://localhost:{proxy[0]}/", auth=READER, timeout=10)
    assert answer.status_code == 400


# What a page of another site can have a browser send with the operator's password: every method but
# these needs our leave, and so does every type that is none of these three.
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
_CHANGES = (
    "/graphql",
    "/graphql?query=mutation",
    "/%67raphql",
    "/graphql%0A?query=mutation",  # which Dagster's routes take, too
    "/report_asset_materialization/papers",
    "/report_asset_check/papers",
    "/report_asset_observation/papers",
)


@pytest.mark.parametrize("path", _CHANGES)
def test_what_another_page_can_send_changes_nothing(proxy: tuple[int, int], path: str) -> None:
    port = proxy[1]
    assert asked(port, "GET", path).status_code == 403
    assert asked(port, "GET", path, Accept="text/html").status_code == 403
    assert asked(port, "POST", path).status_code == 403
    for kind in (*_FORMS, "text/plain; application/json"):
        assert asked(port, "POST", path, b"{}", Content_Type=kind).status_code == 403


def test_the_ui_and_programs_change_things(proxy: tuple[int, int]) -> None:
    port = proxy[1]
    ours = f"https://localhost:{port}"
    for path in ("/graphql", "/report_asset_materialization/papers"):
        for kind in ("application/json", "application/json; charset=utf-8"):
            assert asked(port, "POST", path, b"{}", Content_Type=kind).ok
            assert asked(port, "POST", path, b"{}", Content_Type=kind, Origin=ours).ok


@pytest.mark.parametrize(
    "origin",
    ["https://elsewhere.example", "http://localhost:{}", "https://localhost:{}.example", "null"],
)
def test_what_says_that_it_comes_from_another_page_is_refused(
    proxy: tuple[int, int], origin: str
) -> None:
    for port in proxy:
        page, kind = origin.format(port), "application/json"
        answer = asked(port, "POST", "/graphql", b"{}", Content_Type=kind, Origin=page)
        assert answer.status_code == 403
        assert web_socket(port, page)[0] == 403


def test_web_sockets_of_our_own_pages_and_of_programs_pass(proxy: tuple[int, int]) -> None:
    for port in proxy:
        assert web_socket(port, f"https://localhost:{port}") == (101, b"HELLO")
        assert web_socket(port) == (101, b"HELLO")


def web_socket(port: int, origin: str | None = None) -> tuple[int, bytes]:
    """Give the status with which one is opened at `port`, and what it answers to a word."""
    user = b64encode(":".join(OPERATOR).encode()).decode()
    context = ssl._create_unverified_context()  # noqa: S323
    with (
        socket.create_connection(("localhost", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
        connection.makefile("rb") as answer,
    ):
        connection.sendall(
            f"GET /graphql HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: aW52ZW50ZWQga2V5IDEyMw==\r\n"
            f"{f'Origin: {origin}' if origin else 'X-Invented: yes'}\r\n"
            f"Authorization: Basic {user}\r\n\r\n".encode()
        )
        status = int(answer.readline().split()[1])
        while answer.readline().strip():
            pass
        if status != 101:
            return status, b""
        connection.sendall(b"hello")
        return status, answer.read(5)


def test_the_file_is_formatted_as_caddy_formats_it() -> None:
    command = ["caddy", "fmt", str(DEPLOY / "Caddyfile")]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert shown == (DEPLOY / "Caddyfile").read_text()
