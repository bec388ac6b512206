"""The sample arXiv's HTTP server: sockets, threads, throttling and the log of requests."""

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
"""Seconds until a request to stop is noticed."""
_DRIP_INTERVAL = 0.02
"""Seconds between two bytes of a dripping body."""
_RESET = struct.pack("ii", 1, 0)
"""For SO_LINGER: closing a connection resets it."""


_LONGEST_REQUEST_LINE = 4094
"""Characters; the limit of gunicorn 20.1, on which arXiv runs the API."""
_FORM = "application/x-www-form-urlencoded"

_TOO_SOON = Reply(429, b"Rate exceeded.")
_NO_SUCH_PAGE = Reply(404, b"Not found.")


class SampleArxiv:
    """A local server that answers as arXiv's API and OAI-PMH do.

    As a context manager it serves from its own thread; `serve_forever` serves from the caller's.
    Its address is bound, and `url` is valid, as soon as it is created.
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
        """Bind the address.

        Args:
            corpus: the papers to serve.
            host: the address to listen on.
            port: the port to listen on; 0: any free port.
            min_interval: a request that starts less than this many seconds after the start of the
                previous one, regardless of its answer, is answered `Rate exceeded.`; 0: none is.
            clock: returns monotonic seconds, for throttling and records.
            now: returns the time that feeds show, aware.
            oai_page: the largest number of records in an answer of OAI-PMH.

        Raises:
            OSError: the address cannot be bound.
        """
        self._oai_page = oai_page
        self._archive = Archive(corpus, oai_page)
        self._log = RequestLog(clock, min_interval)
        self._now = now
        self._http = _HttpServer((host, port), self)
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._is_started = False
        self.fault: Callable[[RequestRecord], Fault | FaultFactory | None] | None = None
        """Called for every request before it is answered; the fault it returns is sent instead."""

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
        """The papers; they can be replaced, from the next request on."""
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
        """The largest number of requests that were open at the same time."""
        return self._log.peak_open

    @property
    def smallest_gap(self) -> float | None:
        """The fewest seconds between the starts of two requests; None for fewer than two."""
        return self._log.smallest_gap

    def serve_forever(self) -> None:
        """Serve from this thread until it is interrupted or another thread calls `close`."""
        self._is_started = True
        self._http.serve_forever(_POLL_INTERVAL)

    def close(self) -> None:
        """Stop serving, close the open connections and release the address."""
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
            return _is_too_long(line)  # gunicorn answers before any fault can occur
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
        """Record a request, which is open until the block ends, and return its answer."""
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
        # Not HTTPServer.server_bind, which looks up this machine's name in the DNS.
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
        for connection in list(self._connections):  # else a client could keep one open forever
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Early disconnects of clients are ignored; our own errors are printed to stderr.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open
    server_version = "SampleArxiv"
    wbufsize = -1  # buffered: data is sent when it is flushed
    disable_nagle_algorithm = True  # the last byte is sent at once

    def do_GET(self) -> None:
        self._answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        # Only the path of the address and a form in the body are read.
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
        # The answer is complete only now, so the client's next request never overlaps this one.
        self.wfile.write(end)
        self.wfile.flush()

    def _send(self, reply: Reply) -> bytes:
        """Send all but the end of a reply, and return the end."""
        if reply.delivery is not Delivery.WHOLE:
            self.close_connection = True
        match reply.delivery:
            case Delivery.HANG:
                while self.connection.recv(1 << 16):
                    pass
                return b""
            case Delivery.RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                self.connection.close()  # takes effect when rfile and wfile are closed, too
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
        """Log nothing, since `SampleArxiv.requests` has all requests."""
