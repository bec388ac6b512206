"""The faults that only OAI-PMH has, by name; of anything else the answer is the truth."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from papers_assets.arxiv.sample import oai_xml
from papers_assets.arxiv.sample.answers import Shown, as_asked
from papers_assets.arxiv.sample.api import Archive
from papers_assets.arxiv.sample.corpus import Corpus, Paper
from papers_assets.arxiv.sample.interfaces import OAI, XML, answer
from papers_assets.arxiv.sample.replies import Fault, Spoiler
from papers_assets.arxiv.sample.requests import RequestRecord

_BUSY = b"Service unavailable."
_SIZES = re.compile(rb' completeListSize="(\d+)" cursor="\d+"')
_TOKEN = re.compile(rb"( *<resumptionToken [^>]*>)[^<]*(</resumptionToken>)")


def _real(request: RequestRecord, archive: Archive, now: datetime) -> Fault:
    found = answer(request, archive, now)
    if found is None:
        return Fault(404, b"Not found.")
    return Fault(found.status, found.body, content_type=found.content_type)


def _body(spoiled: Callable[[bytes], bytes]) -> Spoiler:
    """Spoil the real answer's bytes."""

    def spoil(request: RequestRecord, archive: Archive, now: datetime) -> Fault:
        real = _real(request, archive, now)
        return replace(real, body=spoiled(real.body)) if request.path == OAI else real

    return spoil


def _bad_token(request: RequestRecord, archive: Archive, now: datetime) -> Fault:
    """Know of no token."""
    if request.path != OAI or "resumptionToken" not in request.parameters:
        return _real(request, archive, now)
    inside = oai_xml.error("badResumptionToken", "It has expired.")
    return Fault(200, oai_xml.document("", {}, inside, now).encode(), content_type=XML)


def _deleted_record(request: RequestRecord, archive: Archive, now: datetime) -> Fault:
    """List the paper in the middle of a page as deleted."""
    if request.path != OAI:
        return _real(request, archive, now)
    gone: set[Paper] = set()

    def show(found: Sequence[Paper], page: slice) -> Shown:
        papers, total = as_asked(found, page)
        gone.update(papers[len(papers) // 2 :][:1])
        return papers, total

    def write(paper: Paper, corpus: Corpus) -> str:
        return oai_xml.deleted(paper) if paper in gone else oai_xml.record(paper, corpus)

    found = archive.oai.answer(request.parameters, now, show, write)
    return Fault(found.status, found.body.encode(), content_type=XML)


def _one_more(body: bytes) -> bytes:
    def wrong(match: re.Match[bytes]) -> bytes:
        return match[0].replace(match[1], b"%d" % (int(match[1]) + 1), 1)

    return _SIZES.sub(wrong, body)


OAI_FAULTS: Mapping[str, Fault | Spoiler] = {
    "busy-1s": Fault(503, _BUSY, {"Retry-After": "1"}),
    "busy-0s": Fault(503, _BUSY, {"Retry-After": "0"}),
    "bad-token": _bad_token,
    "deleted-record": _deleted_record,
    # Every list of several pages promises a record more than there are, or promises nothing.
    "wrong-list-size": _body(_one_more),
    "no-list-size": _body(lambda body: _SIZES.sub(b"", body)),
    "lost-token": _body(lambda body: _TOKEN.sub(rb"\1\2", body)),
}
"""All of them by name."""
