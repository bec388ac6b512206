"""The faults that the sample arXiv can simulate at any of its interfaces, by name."""

import gzip
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from math import ceil
from weakref import WeakKeyDictionary
from zlib import crc32

from papers_assets.arxiv.sample import atom, oai_xml
from papers_assets.arxiv.sample.answers import PageView, SelectPage, select_truthfully
from papers_assets.arxiv.sample.api import Archive
from papers_assets.arxiv.sample.corpus import Corpus, Paper
from papers_assets.arxiv.sample.grammar import parse_query
from papers_assets.arxiv.sample.interfaces import (
    API,
    ATOM,
    OAI,
    XML,
    answer_request,
    describe_request,
)
from papers_assets.arxiv.sample.query import ignore_phrases
from papers_assets.arxiv.sample.replies import Delivery, Fault, FaultFactory
from papers_assets.arxiv.sample.requests import RequestRecord

FROZEN = "frozen"
"""The name of the fault that the index is no longer updated."""

_RATE_EXCEEDED = b"Rate exceeded."
_WEB_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Sorry</title></head><body>Back soon.</body></html>\n"
)
_INDEX_ERROR = "internal error: the search index did not answer"
_SPACES, _TIMES = b" " * (1 << 20), 200
"""A megabyte of spaces, and its repetitions in the gzip bomb."""
_LAUGHS = '<!ENTITY laugh0 "ha">\n' + "".join(
    f'<!ENTITY laugh{n} "{f"&laugh{n - 1};" * 10}">\n' for n in range(1, 10)
)
_FILE = '<!ENTITY file SYSTEM "file:///etc/hostname">\n'
_DRIPPED_BYTES = 1 << 20
"""Bytes of a dripping body, which take hours."""
_UNRELATED = 20
"""The number of papers that the fault "unrelated" returns for every query."""

_NO_SUCH_PAGE = Fault(404, b"Not found.")

_SpoilPage = Callable[[Corpus, Sequence[Paper], slice], PageView]
"""As `SelectPage`, but given the corpus first."""


def _throttle(_: RequestRecord, __: Archive, now: datetime) -> Fault:
    # HTTP dates have no fractions, so round up to wait for at least a second.
    until = now + timedelta(seconds=1 if now.microsecond == 0 else 2)
    return Fault(429, _RATE_EXCEEDED, {"Retry-After": format_datetime(until, usegmt=True)})


def _answer_with_error(status: int, message: str = "") -> FaultFactory:
    """Answer with an Error entry or OAI-PMH error; by default, that the query is invalid."""

    def spoil(request: RequestRecord, _: Archive, now: datetime) -> Fault:
        text = message or f"Invalid query string: '{describe_request(request)}'"
        if request.path == OAI:
            inside = oai_xml.render_error("badArgument", text)
            return Fault(
                status, oai_xml.render_document("", {}, inside, now).encode(), content_type=XML
            )
        body = atom.render_error(text, "", now)
        if status == 200:  # noqa: PLR2004 (as the old API did, with its addresses)
            body = body.replace("https://arxiv.org/api/errors", "http://arxiv.org/api/errors")
        return Fault(status, body.encode(), content_type=ATOM)

    return spoil


def _real_answer(
    request: RequestRecord, archive: Archive, now: datetime, show: SelectPage = select_truthfully
) -> Fault:
    found = answer_request(request, archive, now, show)
    if found is None:
        return _NO_SUCH_PAGE
    return Fault(found.status, found.body, content_type=found.content_type)


def _spoil_bytes(
    spoiled: Callable[[bytes], bytes] = lambda body: body,
    *,
    headers: Mapping[str, str] | None = None,
    delivery: Delivery = Delivery.WHOLE,
) -> FaultFactory:
    """Modify the bytes, the headers or the delivery of the correct answer."""

    def spoil(request: RequestRecord, archive: Archive, now: datetime) -> Fault:
        real = _real_answer(request, archive, now)
        return replace(real, body=spoiled(real.body), headers=headers or {}, delivery=delivery)

    return spoil


def _spoil_page(spoiled: _SpoilPage) -> FaultFactory:
    """Modify what a page of the correct answer shows; refusals are unchanged."""

    def spoil(request: RequestRecord, archive: Archive, now: datetime) -> Fault:
        return _real_answer(request, archive, now, partial(spoiled, archive.corpus))

    return spoil


def _answer_from_other(make: Callable[[Archive], Archive]) -> FaultFactory:
    """Answer API requests from another archive; answers of OAI-PMH are correct."""
    others: WeakKeyDictionary[Archive, Archive] = WeakKeyDictionary()  # makes further pages cheap

    def spoil(request: RequestRecord, archive: Archive, now: datetime) -> Fault:
        if request.path != API:
            return _real_answer(request, archive, now)
        other = others.get(archive)
        if other is None:
            other = others[archive] = make(archive)
        return _real_answer(request, other, now)

    return spoil


def _ignore_phrases(archive: Archive) -> Archive:
    return Archive(archive.corpus, read_query=lambda text: ignore_phrases(parse_query(text)))


def freeze_index(since: datetime | None = None) -> FaultFactory:
    """Return the fault that the API's index has not been updated since a point in time.

    The API has the papers as of then; OAI-PMH lists the whole corpus.

    Args:
        since: the time of the last update, aware; None: the beginning of the corpus's newest day
            in UTC.
    """

    def frozen_archive(archive: Archive) -> Archive:
        versions = list(archive.corpus.versions)
        newest = max((paper.updated for paper in versions), default="")
        end = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if since else newest.partition("T")[0]
        return Archive(Corpus(paper for paper in versions if paper.updated < end))

    return _answer_from_other(frozen_archive)


def _gzip_bomb(_: RequestRecord, __: Archive, ___: datetime) -> Fault:
    bomb = gzip.compress(_SPACES, mtime=0) * _TIMES  # a gzip file may have several members
    return Fault(200, bomb, {"Content-Encoding": "gzip"}, ATOM)


def _add_entity(name: str, declarations: str) -> Callable[[bytes], bytes]:
    """Declare entities, and use the one called `name` in each title."""

    def spoiled(body: bytes) -> bytes:
        text = body.decode().replace("<title>", f"<title>&{name};")
        root = re.search(r"<(feed|OAI-PMH) ", text)
        if root is None:
            return body
        doctype = f"<!DOCTYPE {root[1]} [\n{declarations}]>\n"
        return f"{text[: root.start()]}{doctype}{text[root.start() :]}".encode()

    return spoiled


def _no_entries(_: Corpus, found: Sequence[Paper], __: slice) -> PageView:
    return (), len(found)


def _short_page(_: Corpus, found: Sequence[Paper], page: slice) -> PageView:
    papers = found[page]
    return papers[: len(papers) // 3], len(found)


def _no_results(_: Corpus, __: Sequence[Paper], ___: slice) -> PageView:
    return (), 0


def _shrunk(_: Corpus, found: Sequence[Paper], page: slice) -> PageView:
    return select_truthfully(_newest_first(found)[: ceil(len(found) / 5)], page)


def _ascending(_: Corpus, found: Sequence[Paper], page: slice) -> PageView:
    return _newest_first(found[page])[::-1], len(found)


def _by_relevance(_: Corpus, found: Sequence[Paper], page: slice) -> PageView:
    # Any order that is unrelated to time and the same for all pages.
    return select_truthfully(sorted(found, key=lambda paper: crc32(paper.id[::-1].encode())), page)


def _unrelated(corpus: Corpus, _: Sequence[Paper], page: slice) -> PageView:
    return select_truthfully(_newest_first(corpus.newest)[:_UNRELATED], page)


def _loose_phrases(corpus: Corpus, found: Sequence[Paper], page: slice) -> PageView:
    """Add, after each result, the newest other paper that is not newer."""
    asked = set(found)
    others = iter(_newest_first(paper for paper in corpus.newest if paper not in asked))
    loose: list[Paper] = []
    for paper in _newest_first(found):
        other = next((other for other in others if other.updated <= paper.updated), None)
        loose += (paper, other) if other else (paper,)
    return select_truthfully(_newest_first(loose), page)


def _unreadable_entry(_: Corpus, found: Sequence[Paper], page: slice) -> PageView:
    papers = list(found[page])
    middle = slice(len(papers) // 2, len(papers) // 2 + 1)
    papers[middle] = [replace(paper, id="unreadable") for paper in papers[middle]]
    return papers, len(found)


def _old_version(_: Corpus, found: Sequence[Paper], page: slice) -> PageView:
    papers = [replace(paper, version=max(1, paper.version - 1)) for paper in found[page]]
    return papers, len(found)


def _newest_first(papers: Iterable[Paper]) -> list[Paper]:
    return sorted(papers, key=lambda paper: (paper.updated, paper.id), reverse=True)


FAULTS: Mapping[str, Fault | FaultFactory] = {
    # Refusals, and answers from servers in between.
    "throttled": Fault(429, _RATE_EXCEEDED),
    "throttled-1s": Fault(429, _RATE_EXCEEDED, {"Retry-After": "1"}),
    "throttled-0s": Fault(429, _RATE_EXCEEDED, {"Retry-After": "0"}),
    "throttled-date": _throttle,
    "throttled-200": Fault(200, _RATE_EXCEEDED),
    "busy": Fault(503, b"Service unavailable."),
    "error-500": Fault(500, b"Internal server error."),
    "error-502": Fault(502, b"Bad gateway."),
    "error-504": Fault(504, b"Gateway timeout."),
    "error-406": Fault(406, b"Not acceptable."),
    "moved": Fault(301, headers={"Location": "https://elsewhere.example/"}),
    "not-found": Fault(404, b"Not found."),
    "blocked": Fault(403, b"Forbidden."),
    "refused": _answer_with_error(400),
    "refused-200": _answer_with_error(200),
    "trouble-200": _answer_with_error(200, _INDEX_ERROR),
    "web-page": Fault(200, _WEB_PAGE, content_type="text/html; charset=utf-8"),
    "empty-body": Fault(200, content_type=ATOM),
    # The delivery of an answer.
    "reset": Fault(0, delivery=Delivery.RESET),
    "hang": Fault(0, delivery=Delivery.HANG),
    "drip": _spoil_bytes(lambda body: body.ljust(_DRIPPED_BYTES), delivery=Delivery.DRIP),
    "cut-short": _spoil_bytes(delivery=Delivery.CUT_SHORT),
    "not-gzip": _spoil_bytes(headers={"Content-Encoding": "gzip"}),
    "gzip-bomb": _gzip_bomb,
    # XML.
    "cut-xml": _spoil_bytes(lambda body: body[: len(body) // 2]),
    "entity-bomb": _spoil_bytes(_add_entity("laugh9", _LAUGHS)),
    "external-entity": _spoil_bytes(_add_entity("file", _FILE)),
    # Valid feeds with wrong content.
    "no-entries": _spoil_page(_no_entries),
    "short-page": _spoil_page(_short_page),
    "no-results": _spoil_page(_no_results),
    "shrunk": _spoil_page(_shrunk),
    "ascending": _spoil_page(_ascending),
    "by-relevance": _spoil_page(_by_relevance),
    "unrelated": _spoil_page(_unrelated),
    "loose-phrases": _spoil_page(_loose_phrases),
    "unreadable-entry": _spoil_page(_unreadable_entry),
    "old-version": _spoil_page(_old_version),
    # Faults of the API only: its index differs from what OAI-PMH lists.
    "any-order": _answer_from_other(_ignore_phrases),
    FROZEN: freeze_index(),
}
"""All faults of the API by name. Most apply to OAI-PMH, too; `OAI_FAULTS` apply to it alone."""
