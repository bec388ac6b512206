"""The sample arXiv's HTTP side: sockets, threads, throttling and the record of requests."""

import contextlib
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Self, cast
from urllib.parse import parse_qsl, urlsplit

from papers_assets.arxiv.sample.api import Archive
from papers_assets.arxiv.sample.corpus import Corpus
from papers_assets.arxiv.sample.interfaces import API, OAI, answer_request
from papers_assets.arxiv.sample.oai_pmh import PAGE_SIZE
from papers_assets.arxiv.sample.replies import Delivery, Fault, FaultFactory, Reply
from papers_assets.arxiv.sample.requests import RequestLog, RequestRecord

_POLL_INTERVAL = 0.02
"""Seconds after which a request to stop is noticed."""
_DRIP_INTERVAL = 0.02
"""Seconds between two bytes of a dripping body."""
_RESET = struct.pack("ii", 1, 0)
"""For SO_LINGER: what closes a connection does not say goodbye."""


_LONGEST_REQUEST_LINE = 4094
"""Characters; a limit of gunicorn 20.1, which arXiv runs the API with."""
_FORM = "application/x-www-form-urlencoded"

_TOO_SOON = Reply(429, b"Rate exceeded.")
_NO_SUCH_PAGE = Reply(404, b"Not found.")


class SampleArxiv:
    """A server on this machine that answers as arXiv's API does, and as its OAI-PMH does.

    As a context manager it serves from a thread of its own; `serve_forever` serves from the
    caller's. It has its address, and `url` tells it, as soon as it is made.
    """

    def __init__(  # noqa: PLR0913 (all but the corpus have defaults)
        self,
        corpus: Corpus,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        min_interval: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        oai_page: int = PAGE_SIZE,
    ) -> None:
        """Take the address.

        Args:
            corpus: the papers to serve.
            host: the address to listen at.
            port: the port to listen at; 0: any that is free.
            min_interval: a request that starts less than this many seconds after the start of
                the one before, however that was answered, is told `Rate exceeded.`; 0: none is.
            clock: gives monotonic seconds, for throttling and records.
            now: gives the time that feeds show, aware.
            oai_page: records in an answer of OAI-PMH at most.

        Raises:
            OSError: the address cannot be had.
        """
        self._oai_page = oai_page
        self._archive = Archive(corpus, oai_page)
        self._log = RequestLog(clock, min_interval)
        self._now = now
        self._http = _HttpServer((host, port), self)
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._is_started = False
        self.fault: Callable[[RequestRecord], Fault | FaultFactory | None] | None = None
        """Asked about every request before it is answered; what it gives is answered instead."""

    @property
    def url(self) -> str:
        """The address of the API: `http://127.0.0.1:PORT/api/query`."""
        return self._address + API

    @property
    def oai_url(self) -> str:
        """The address of OAI-PMH: `http://127.0.0.1:PORT/oai`."""
        return self._address + OAI

    @property
    def _address(self) -> str:
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def corpus(self) -> Corpus:
        """The papers. When they are replaced, the next request sees the new ones."""
        return self._archive.corpus

    @corpus.setter
    def corpus(self, corpus: Corpus) -> None:
        self._archive = Archive(corpus, self._oai_page)

    @property
    def requests(self) -> list[RequestRecord]:
        """The requests so far, in the order in which they started."""
        return self._log.records

    @property
    def peak_open(self) -> int:
        """How many requests were open at the same time at most."""
        return self._log.peak_open

    @property
    def smallest_gap(self) -> float | None:
        """The fewest seconds between the starts of two requests; None below two requests."""
        return self._log.smallest_gap

    def serve_forever(self) -> None:
        """Serve from this thread, until it is interrupted or another one calls `close`."""
        self._is_started = True
        self._http.serve_forever(_POLL_INTERVAL)

    def close(self) -> None:
        """Stop serving, end the open connections and give the address back."""
        if self._is_started:
            self._http.shutdown()
        self._http.server_close()

    def __enter__(self) -> Self:
        self._is_started = True
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._thread.join()

    def _reply(self, request: RequestRecord, line: str, *, is_too_soon: bool) -> Reply:
        if request.path == API and len(line) > _LONGEST_REQUEST_LINE:
            return _is_too_long(line)  # never reaches what the faults are in
        fault = self.fault(request) if self.fault else None
        if callable(fault):
            fault = fault(request, self._archive, self._now())
        if fault:
            return fault
        if is_too_soon:
            return _TOO_SOON
        found = answer_request(request, self._archive, self._now())
        if found is None:
            return _NO_SUCH_PAGE
        return Reply(found.status, found.body, content_type=found.content_type)

    @contextlib.contextmanager
    def _recorded_answer(
        self, handler: "_Handler", path: str, parameters: Mapping[str, str]
    ) -> Iterator[Reply]:
        """Record a request, which is open for the length of the context, and give its answer."""
        number, request, is_too_soon = self._log.begin(
            path, parameters, handler.is_given_up, handler.command
        )
        try:
            reply = self._reply(request, handler.requestline, is_too_soon=is_too_soon)
            self._log.record_status(number, reply.status)
            yield reply
        finally:
            self._log.end(number)


def _is_too_long(line: str) -> Reply:
    body = (
        "<html>\n  <head>\n    <title>Bad Request</title>\n  </head>\n  <body>\n"
        "    <h1><p>Bad Request</p></h1>\n"
        f"    Request Line is too large ({len(line)} &gt; {_LONGEST_REQUEST_LINE})\n"
        "  </body>\n</html>\n"
    )
    return Reply(400, body.encode(), {"Connection": "close"}, "text/html")


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], sample: SampleArxiv) -> None:
        self.sample = sample
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # Not HTTPServer's, which asks the DNS for this machine's name.
        TCPServer.server_bind(self)
        host, port = self.server_address[:2]
        self.server_name, self.server_port = str(host), port

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._connections):  # else a client could keep one open for ever
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hangs up early is no news; a mistake of ours is, and goes to stderr.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open
    server_version = "SampleArxiv"
    wbufsize = -1  # buffered: what is written goes out when it is flushed
    disable_nagle_algorithm = True  # the last byte goes out at once

    def do_GET(self) -> None:
        self._answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        # What the address says besides its path is not looked at, nor is another kind of body.
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        is_form = self.headers.get_content_type() == _FORM or "Content-Type" not in self.headers
        self._answer(body.decode(errors="replace") if is_form else "")

    def _answer(self, encoded: str) -> None:
        parameters: dict[str, str] = {}
        for name, value in parse_qsl(encoded, keep_blank_values=True):
            parameters.setdefault(name, value)
        sample = cast("_HttpServer", self.server).sample
        path = urlsplit(self.path).path
        with sample._recorded_answer(self, path, parameters) as reply:  # noqa: SLF001
            end = self._send(reply)
        # A client has its answer only now, so its next request never overlaps with this one.
        self.wfile.write(end)
        self.wfile.flush()

    def _send(self, reply: Reply) -> bytes:
        """Send all but the end of a reply, and give that."""
        if reply.delivery is not Delivery.WHOLE:
            self.close_connection = True
        match reply.delivery:
            case Delivery.HANG:
                while self.connection.recv(1 << 16):
                    pass
                return b""
            case Delivery.RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                self.connection.close()  # happens when rfile and wfile are closed, too
                return b""
        self._send_head(reply)
        match reply.delivery:
            case Delivery.CUT_SHORT:
                return reply.body[: len(reply.body) // 2]
            case Delivery.DRIP:
                self._drip(reply.body)
                return b""
        self.wfile.write(reply.body[:-1])
        return reply.body[-1:]

    def _send_head(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _drip(self, body: bytes) -> None:
        for place in range(len(body)):
            self.wfile.write(body[place : place + 1])
            self.wfile.flush()
            has_news, _, _ = select.select([self.connection], [], [], _DRIP_INTERVAL)
            if has_news and not self.connection.recv(1 << 16):
                break

    def is_given_up(self) -> bool:
        try:
            return not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def log_message(self, *_: object) -> None:
        """Say nothing: `SampleArxiv.requests` knows."""
