#!/usr/bin/env bash
# A list of papers in HTML, sent with Apprise to a service that takes plain text.
#
# Guess: a link becomes its words and its address, and a row of a table stays one line.
# What happens: the addresses are left out without a remark, and each cell of a table is a line of its own. To
#     a service that takes Markdown the same text has its links and its table.
# Versions: Apprise 2.3.0.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check apprise==2.3.0

cat >send.py <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import apprise

PAPERS = """
<p><a href="https://arxiv.org/abs/2613.00001v1">The First Paper</a>, Ana Sample</p>
<table>
<tr><th>Title</th><th>Date</th></tr>
<tr><td><a href="https://arxiv.org/abs/2613.00002v1">The Second Paper</a></td><td>2026-11-20</td></tr>
</table>
"""


class Service(BaseHTTPRequestHandler):
    """Prints the messages that it gets."""

    def do_POST(self) -> None:
        print(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["message"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None: ...


server = HTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
for kind in ("text", "markdown"):
    print(f"== {kind}")
    services = apprise.Apprise(f"json://127.0.0.1:{server.server_port}/?format={kind}")
    services.notify(body=PAPERS, body_format=apprise.NotifyFormat.HTML)
PY
venv/bin/python -W ignore send.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
== text
The First Paper, Ana Sample

Title
Date

The Second Paper
2026-11-20
== markdown
[The First Paper](<https://arxiv.org/abs/2613.00001v1>), Ana Sample

| Title | Date |
| --- | --- |
| [The Second Paper](<https://arxiv.org/abs/2613.00002v1>) | 2026-11-20 |
EXPECTED
