"""A real server that behaves as GitHub's REST API for issues, with people, tokens and faults."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

OWNER_TOKEN = "ghp_owner_hunter2"  # noqa: S105 - of a server in a test
APP_TOKEN = "ghs_workflow_hunter2"  # noqa: S105
READER_TOKEN = "ghp_reader_hunter2"  # noqa: S105
REPOSITORY = "you/papers"
_MOST_BODY = 65_536

OWNER = {"login": "you", "type": "User"}
WORKFLOW = {"login": "github-actions[bot]", "type": "Bot"}
READER = {"login": "reader", "type": "User"}
STRANGER = {"login": "stranger", "type": "User"}


@dataclass(frozen=True)
class Fault:
    """What is answered instead of the truth; `status` 0: the connection is cut."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = '{"message": "Trouble"}'
    carried_out: bool = False
    """The request does what it asks for before that."""
    method: str = "POST"


@dataclass
class Asked:
    method: str
    path: str
    parameters: dict[str, str]
    headers: dict[str, str]


class GithubApi:
    """The state of the one repository, and what was asked. `faults` come one request each."""

    def __init__(self) -> None:
        self.issues: list[dict[str, Any]] = []
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.page_size = 100
        """The server's own limit, so that few issues make pages."""
        self.drops_labels = False
        self.next_page_at = ""
        self.url = ""

    def add_issue(self, body: str, author: Mapping[str, str], **fields: Any) -> dict[str, Any]:
        number = len(self.issues) + 1
        issue = {
            "number": number,
            "html_url": f"https://github.com/{REPOSITORY}/issues/{number}",
            "title": "An issue",
            "body": body,
            "user": dict(author),
            "author_association": "OWNER" if author is OWNER else "NONE",
            "labels": [],
            "state": "open",
            "updated_at": "2026-11-23T06:00:00Z",
            **fields,
        }
        self.issues.append(issue)
        return issue

    def add_comment(self, number: int, body: str, author: Mapping[str, str]) -> dict[str, Any]:
        comments = self.comments.setdefault(number, [])
        address = f"https://github.com/{REPOSITORY}/issues/{number}#issuecomment-{len(comments)}"
        comments.append(
            {
                "html_url": address,
                "body": body,
                "user": dict(author),
                "updated_at": "2026-11-23T06:00:00Z",
            }
        )
        return comments[-1]

    @property
    def posted(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.method == "POST"]

    def answer(self, asked: Asked, content: Any) -> tuple[int, dict[str, str], str]:
        """Do what is asked."""
        self.asked.append(asked)
        fault = None
        if self.faults and self.faults[0].method == asked.method:
            fault = self.faults.pop(0)
        if fault and not fault.carried_out:
            return fault.status, dict(fault.headers), fault.body
        status, headers, said = self._true_answer(asked, content)
        if fault:
            return fault.status, dict(fault.headers), fault.body
        return status, headers, json.dumps(said)

    def _true_answer(self, asked: Asked, content: Any) -> tuple[int, dict[str, str], Any]:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        author = {OWNER_TOKEN: OWNER, APP_TOKEN: WORKFLOW, READER_TOKEN: READER}.get(token)
        if author is None:
            return 401, {}, {"message": "Bad credentials"}
        if asked.path == "/user" and author is WORKFLOW:
            return 403, {}, {"message": "Resource not accessible by integration"}
        if asked.path == "/user":
            return 200, {}, author
        path = re.fullmatch(rf"/repos/{REPOSITORY}/issues(?:/(\d+)/comments)?", asked.path)
        if path is None:
            return 404, {}, {"message": "Not Found"}
        number = int(path[1]) if path[1] else None
        if asked.method == "GET":
            return self._list(asked, number)
        return self._make(number, content, author)

    def _make(
        self, number: int | None, content: Any, author: Mapping[str, str]
    ) -> tuple[int, dict[str, str], Any]:
        if len(content["body"]) > _MOST_BODY:
            return 422, {}, {"message": "Validation Failed"}
        if number is not None:
            return 201, {}, self.add_comment(number, content["body"], author)
        labels = [] if self.drops_labels else [{"name": name} for name in content["labels"]]
        body, title = content["body"], content["title"]
        return 201, {}, self.add_issue(body, author, title=title, labels=labels)

    def _list(self, asked: Asked, number: int | None) -> tuple[int, dict[str, str], Any]:
        given = asked.parameters
        found = self.issues if number is None else self.comments.get(number, [])
        found = [item for item in found if item["updated_at"] >= given.get("since", "")]
        if number is None:
            state, label = given.get("state", "open"), given.get("labels")
            found = [i for i in found if state in ("all", i["state"])]
            found = [i for i in found if label in (None, *(x["name"] for x in i["labels"]))]
            found = [i for i in found if given.get("creator") in (None, i["user"]["login"])]
        size = min(int(given.get("per_page", 30)), self.page_size)
        page = int(given.get("page", 1))
        headers = {}
        if page * size < len(found):
            following = urlencode({**given, "page": page + 1})
            where = f"{self.next_page_at or self.url}{asked.path}?{following}"
            headers["Link"] = f'<{where}>; rel="next", <{self.url}>; rel="last"'
        return 200, headers, found[(page - 1) * size : page * size]


@contextmanager
def running() -> Iterator[GithubApi]:
    """Run the server."""
    api = GithubApi()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._do(None)

        def do_POST(self) -> None:
            self._do(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _do(self, content: Any) -> None:
            parts = urlsplit(self.path)
            parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, parameters, headers)
            status, answered, body = api.answer(asked, content)
            self.close_connection = True
            if not status:
                return
            self.send_response(status)
            for name, value in {**answered, "Content-Length": str(len(body.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
