"""The faults of OAI-PMH only, by name; other requests are answered correctly."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from papers_assets.arxiv.sample import oai_xml
from papers_assets.arxiv.sample.answers import PageView, select_truthfully
from papers_assets.arxiv.sample.api import Archive
from papers_assets.arxiv.sample.corpus import Corpus, Paper
from papers_assets.arxiv.sample.interfaces import OAI, XML, answer_request
from papers_assets.arxiv.sample.replies import Fault, FaultFactory
from papers_assets.arxiv.sample.requests import RequestRecord

_BUSY = b"Service unavailable."
_SIZES = re.compile(rb' completeListSize="(\d+)" cursor="\d+"')
_TOKEN = re.compile(rb"( *<resumptionToken [^>]*>)[^<]*(</resumptionToken>)")


def _real_answer(request: RequestRecord, archive: Archive, now: datetime) -> Fault:
    found = answer_request(request, archive, now)
    if found is None:
        return Fault(404, b"Not found.")
    return Fault(found.status, found.body, content_type=found.content_type)


def _spoil_body(spoiled: Callable[[bytes], bytes]) -> FaultFactory:
    """Modify the bytes of the correct answer."""

    def spoil(request: RequestRecord, archive: Archive, now: datetime) -> Fault:
        real = _real_answer(request, archive, now)
        return replace(real, body=spoiled(real.body)) if request.path == OAI else real

    return spoil


def _refuse_token(request: RequestRecord, archive: Archive, now: datetime) -> Fault:
    """Refuse every token."""
    if request.path != OAI or "resumptionToken" not in request.parameters:
        return _real_answer(request, archive, now)
    inside = oai_xml.render_error("badResumptionToken", "It has expired.")
    return Fault(200, oai_xml.render_document("", {}, inside, now).encode(), content_type=XML)


def _delete_record(request: RequestRecord, archive: Archive, now: datetime) -> Fault:
    """List the paper in the middle of a page as deleted."""
    if request.path != OAI:
        return _real_answer(request, archive, now)
    gone: set[Paper] = set()

    def show(found: Sequence[Paper], page: slice) -> PageView:
        papers, total = select_truthfully(found, page)
        gone.update(papers[len(papers) // 2 :][:1])
        return papers, total

    def write(paper: Paper, corpus: Corpus) -> str:
        return (
            oai_xml.render_deleted(paper) if paper in gone else oai_xml.render_record(paper, corpus)
        )

    found = archive.oai.answer(request.parameters, now, show, write)
    return Fault(found.status, found.body.encode(), content_type=XML)


def _add_one_to_size(body: bytes) -> bytes:
    def wrong(match: re.Match[bytes]) -> bytes:
        return match[0].replace(match[1], b"%d" % (int(match[1]) + 1), 1)

    return _SIZES.sub(wrong, body)


OAI_FAULTS: Mapping[str, Fault | FaultFactory] = {
    "busy-1s": Fault(503, _BUSY, {"Retry-After": "1"}),
    "busy-0s": Fault(503, _BUSY, {"Retry-After": "0"}),
    "bad-token": _refuse_token,
    "deleted-record": _delete_record,
    # Lists of several pages announce one record too many, or do not announce their size.
    "wrong-list-size": _spoil_body(_add_one_to_size),
    "no-list-size": _spoil_body(lambda body: _SIZES.sub(b"", body)),
    "lost-token": _spoil_body(lambda body: _TOKEN.sub(rb"\1\2", body)),
}
"""All faults of OAI-PMH only, by name."""
