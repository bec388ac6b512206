#!/usr/bin/env bash
# OAI-PMH harvesters and a server that is too busy, which answers 503. arXiv's has been seen to send
# "Retry-After: 0" with it, and asks for 3 seconds between requests.
#
# Guess: without a useful Retry-After a harvester waits for its own default, and it reads both forms that
#     HTTP allows, seconds and a date.
# What happens: all four take 0 for an answer and repeat the request at once, until their tries are used up.
#     kongin does so without the header, too. With a date, Sickle and oaipmh-scythe raise a ValueError; the
#     others wait for their default.
# Versions: Sickle 0.7.0, oaipmh-scythe 0.16.0, kongin 0.4.0, oaipmh 4.0.0.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    sickle==0.7.0 oaipmh-scythe==0.16.0 kongin==0.4.0 oaipmh==4.0.0

cat >retry.py <<'PY'
import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import oaipmh.client
import oaipmh.metadata
from kongin.client import OAIClient
from oaipmh_scythe import Scythe
from oaipmh_scythe.config import RetryConfig
from sickle import Sickle

logging.disable(logging.CRITICAL)
DATE = "Fri, 20 Nov 2026 00:00:00 GMT"
waits: list[float] = []
time.sleep = waits.append


class Busy(BaseHTTPRequestHandler):
    """Answers each request with 503 and the Retry-After of the server."""

    def do_GET(self) -> None:
        self.server.requests += 1
        self.send_response(503)
        if self.server.retry_after:
            self.send_header("Retry-After", self.server.retry_after)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *args: object) -> None: ...


server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/oai"
scythe = Scythe(address, retry_config=RetryConfig(max_retries=3))
harvesters = {
    "Sickle": lambda: Sickle(address, max_retries=3).ListRecords(metadataPrefix="arXiv"),
    "oaipmh-scythe": lambda: scythe.list_records(metadata_prefix="arXiv"),
    "kongin": lambda: OAIClient(address).list_records(metadata_prefix="arXiv"),
    "oaipmh": lambda: oaipmh.client.Client(address, oaipmh.metadata.MetadataRegistry()).listRecords(
        metadataPrefix="arXiv"
    ),
}
for name, harvest in harvesters.items():
    for retry_after in ("0", None, DATE):
        server.retry_after, server.requests = retry_after, 0
        waits.clear()
        try:
            next(iter(harvest()))
        except Exception as error:
            outcome = type(error).__name__
        print(f"{name}, Retry-After {retry_after}: {server.requests} requests, waits {waits}, {outcome}")
PY
timeout 300 venv/bin/python -W ignore retry.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
Sickle, Retry-After 0: 4 requests, waits [0, 0, 0], HTTPError
Sickle, Retry-After None: 4 requests, waits [60, 60, 60], HTTPError
Sickle, Retry-After Fri, 20 Nov 2026 00:00:00 GMT: 1 requests, waits [], ValueError
oaipmh-scythe, Retry-After 0: 4 requests, waits [0, 0, 0], HTTPStatusError
oaipmh-scythe, Retry-After None: 4 requests, waits [60, 60, 60], HTTPStatusError
oaipmh-scythe, Retry-After Fri, 20 Nov 2026 00:00:00 GMT: 1 requests, waits [], ValueError
kongin, Retry-After 0: 4 requests, waits [0, 0, 0], OAIRequestError
kongin, Retry-After None: 4 requests, waits [], OAIRequestError
kongin, Retry-After Fri, 20 Nov 2026 00:00:00 GMT: 4 requests, waits [60, 60, 60], OAIRequestError
oaipmh, Retry-After 0: 5 requests, waits [0, 0, 0, 0, 0], Error
oaipmh, Retry-After None: 5 requests, waits [120, 120, 120, 120, 120], Error
oaipmh, Retry-After Fri, 20 Nov 2026 00:00:00 GMT: 5 requests, waits [120, 120, 120, 120, 120], Error
EXPECTED
