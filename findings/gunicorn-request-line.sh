#!/usr/bin/env bash
# How long a query can be that is sent by GET to an API behind gunicorn, as arXiv's is by its Dockerfile.
#
# Guess: the limit is 4,096 or 8,192 bytes for the address, and a longer one is answered with 414.
# What happens: a request line ("GET /... HTTP/1.1" without the line end) of 4,094 bytes passes, one
#     of 4,095 is a 400 as for a malformed request; 414 came between these two versions. The same query
#     passes as the body of a POST.
# Versions: gunicorn 20.1.0, which arXiv's Dockerfile pins, and 27.0.1.
set -euo pipefail

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
cat >app.py <<'PY'
def app(environ, start_response):
    size = len(environ["wsgi.input"].read())
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d bytes of body" % size]
PY
cat >ask.py <<'PY'
import socket
import sys
import time


def first_line(request: bytes) -> str:
    for _ in range(100):
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect("socket")
                connection.sendall(request)
                return connection.makefile("rb").readline().decode().strip()
        except (FileNotFoundError, ConnectionRefusedError):
            time.sleep(0.1)
    sys.exit("the server did not start")


def get(length: int) -> bytes:
    """Return a request whose first line has length bytes, without its line end."""
    line = b"GET /%s HTTP/1.1"
    return line % (b"q" * (length - len(line) + 2)) + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n"


for length in (4094, 4095, 8192):
    print("GET", length, first_line(get(length)))
post = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 8192\r\n\r\n"
print("POST", 8192, first_line(post + b"q" * 8192))
PY

check() {
    local version=$1 refusal=$2
    rm -rf venv socket
    python3 -m venv venv
    # setuptools: gunicorn 20.1.0 imports pkg_resources
    venv/bin/pip install --quiet --disable-pip-version-check "gunicorn==$version" setuptools==80.9.0
    venv/bin/gunicorn --bind unix:socket --log-level error app:app &
    server=$!
    venv/bin/python ask.py >got.txt
    kill "$server" && wait "$server" || true
    server=
    echo "gunicorn $version:"
    cat got.txt
    diff - got.txt <<EXPECTED
GET 4094 HTTP/1.1 200 OK
GET 4095 HTTP/1.1 $refusal
GET 8192 HTTP/1.1 $refusal
POST 8192 HTTP/1.1 200 OK
EXPECTED
}

check 20.1.0 "400 Bad Request"
check 27.0.1 "414 URI Too Long"
