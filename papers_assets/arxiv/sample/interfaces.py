"""Dispatch of requests to the sample arXiv's interfaces."""

from dataclasses import dataclass
from datetime import datetime

from papers_assets.arxiv.sample.answers import SelectPage, select_truthfully
from papers_assets.arxiv.sample.api import Archive
from papers_assets.arxiv.sample.requests import RequestRecord

API, OAI = "/api/query", "/oai"
"""The paths of the interfaces."""
ATOM = "application/atom+xml; charset=utf-8"
XML = "text/xml; charset=utf-8"


@dataclass(frozen=True)
class TypedAnswer:
    """An encoded answer with its content type."""

    status: int
    body: bytes
    content_type: str


def answer_request(
    request: RequestRecord, archive: Archive, now: datetime, show: SelectPage = select_truthfully
) -> TypedAnswer | None:
    """Return the answer to a request; None: its path does not exist.

    Args:
        request: with its path and parameters.
        archive: the papers and their interfaces.
        now: the time of the request, aware.
        show: returns what a page shows; replaceable for deliberately wrong answers.
    """
    if request.path == API:
        found, content_type = archive.answer(request.parameters, now, show), ATOM
    elif request.path == OAI:
        found, content_type = archive.oai.answer(request.parameters, now, show), XML
    else:
        return None
    return TypedAnswer(found.status, found.body.encode(), content_type)


def describe_request(request: RequestRecord) -> str:
    """Return the search query of a request, or else all of its parameters, as readable text."""
    if request.path == OAI:
        return " ".join(f"{name}={value}" for name, value in request.parameters.items())
    return request.parameters.get("search_query", "")
