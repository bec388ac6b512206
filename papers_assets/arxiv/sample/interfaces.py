"""Which of the sample arXiv's interfaces a request is for, and what that answers."""

from dataclasses import dataclass
from datetime import datetime

from papers_assets.arxiv.sample.answers import SelectPage, select_truthfully
from papers_assets.arxiv.sample.api import Archive
from papers_assets.arxiv.sample.requests import RequestRecord

API, OAI = "/api/query", "/oai"
"""The paths."""
ATOM = "application/atom+xml; charset=utf-8"
XML = "text/xml; charset=utf-8"


@dataclass(frozen=True)
class TypedAnswer:
    """An answer, ready to be sent."""

    status: int
    body: bytes
    content_type: str


def answer_request(
    request: RequestRecord, archive: Archive, now: datetime, show: SelectPage = select_truthfully
) -> TypedAnswer | None:
    """Return what is answered to a request; None: there is nothing at its path.

    Args:
        request: with its path and parameters.
        archive: what there is.
        now: the time of the request, aware.
        show: decides what a page shows, for answers that are wrong on purpose.
    """
    if request.path == API:
        found, content_type = archive.answer(request.parameters, now, show), ATOM
    elif request.path == OAI:
        found, content_type = archive.oai.answer(request.parameters, now, show), XML
    else:
        return None
    return TypedAnswer(found.status, found.body.encode(), content_type)


def describe_request(request: RequestRecord) -> str:
    """Return what a request asks in words that people know: its query, or all of its parameters."""
    if request.path == OAI:
        return " ".join(f"{name}={value}" for name, value in request.parameters.items())
    return request.parameters.get("search_query", "")
