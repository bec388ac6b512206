"""Interpretation of arXiv's answers by status, headers and body. Pure."""

import re
from collections.abc import Callable
from typing import TypeVar

from papers_assets.arxiv.atom import parse_feed
from papers_assets.arxiv.errors import (
    ArxivBadResponse,
    ArxivBlocked,
    ArxivError,
    ArxivHttpError,
    ArxivInvalidQuery,
    ArxivThrottled,
)
from papers_assets.arxiv.models import Page

_OK, _BAD_REQUEST, _FORBIDDEN, _TOO_MANY_REQUESTS, _UNAVAILABLE = 200, 400, 403, 429, 503
# Messages of arXiv's API about an invalid query. Other Error entries are failures of arXiv's own.
_INVALID_QUERY = re.compile(
    r"incorrect|invalid|malformed|must be|unbalanced|unexpected|syntax|parse|unknown field",
    re.IGNORECASE,
)
_Read = TypeVar("_Read")


def read_response(
    status: int, body: bytes, retry_after: float | None, parse: Callable[[bytes], _Read]
) -> _Read:
    """Return the parsed body of an answer.

    Args:
        status: the HTTP status.
        body: the body of the answer.
        retry_after: seconds that it asks us to wait; None: it does not ask.
        parse: parses the body of a success, or raises an `ArxivError`.

    Raises:
        ArxivError: the answer is not valid (`papers_assets.arxiv.errors` lists the kinds).
    """
    if status == _TOO_MANY_REQUESTS or body[:100].strip() == b"Rate exceeded.":
        raise ArxivThrottled(f"arXiv answered {status}: asked too often", status, retry_after)
    if status == _UNAVAILABLE and retry_after is not None:
        # OAI-PMH throttles with this status.
        raise ArxivThrottled(f"arXiv answered {status}: come back later", status, retry_after)
    if status == _FORBIDDEN:
        raise ArxivBlocked(
            f"arXiv answered {status}: it blocks this host. Stop, and ask arXiv why", status
        )
    if status == _OK:
        return parse(body)
    if status == _BAD_REQUEST:
        try:
            parse(body)
        except ArxivInvalidQuery:
            raise
        except ArxivError as error:
            raise ArxivInvalidQuery(
                f"arXiv answered {status}, without saying why: {error}", status
            ) from error
        raise ArxivInvalidQuery(f"arXiv answered {status}, without saying why", status)
    raise ArxivHttpError(f"arXiv answered {status}", status, retry_after)


def read_feed(body: bytes) -> Page:
    """Return the page in a feed of the API.

    Raises:
        ArxivInvalidQuery: arXiv rejects the query.
        ArxivBadResponse: not a valid feed, or arXiv reports a failure of its own.
    """
    try:
        return parse_feed(body)
    except ArxivInvalidQuery as error:
        if _INVALID_QUERY.search(str(error)):
            raise
        raise ArxivBadResponse(str(error)) from error
