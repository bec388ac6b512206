"""What an answer of arXiv's means: its status, its headers and its body together. Pure."""

import re
from collections.abc import Callable
from typing import TypeVar

from papers_assets.arxiv.atom import parse_feed
from papers_assets.arxiv.errors import (
    ArxivBadAnswer,
    ArxivBlocked,
    ArxivError,
    ArxivHttpError,
    ArxivRefusedQuery,
    ArxivThrottled,
)
from papers_assets.arxiv.models import Page

_OK, _BAD_REQUEST, _FORBIDDEN, _TOO_MANY, _UNAVAILABLE = 200, 400, 403, 429, 503
# What arXiv's API finds wrong with a query. Anything else in an Error entry is its own trouble.
_ABOUT_THE_QUERY = re.compile(
    r"incorrect|invalid|malformed|must be|unbalanced|unexpected|syntax|parse|unknown field",
    re.IGNORECASE,
)
_Read = TypeVar("_Read")


def read(status: int, body: bytes, wait: float | None, parse: Callable[[bytes], _Read]) -> _Read:
    """Give what an answer says.

    Args:
        status: of HTTP.
        body: of the answer.
        wait: seconds that it asks us to wait; None: it does not say.
        parse: reads the body of a success; raises an `ArxivError` if it cannot.

    Raises:
        ArxivError: it says nothing that can be used; see `papers_assets.arxiv.errors`.
    """
    if status == _TOO_MANY or body[:100].strip() == b"Rate exceeded.":
        raise ArxivThrottled(f"arXiv answered {status}: asked too often", status, wait)
    if status == _UNAVAILABLE and wait is not None:
        # OAI-PMH's way to say the same.
        raise ArxivThrottled(f"arXiv answered {status}: come back later", status, wait)
    if status == _FORBIDDEN:
        raise ArxivBlocked(
            f"arXiv answered {status}: it blocks this host. Stop, and ask arXiv why", status
        )
    if status == _OK:
        return parse(body)
    if status == _BAD_REQUEST:
        try:
            parse(body)
        except ArxivRefusedQuery:
            raise
        except ArxivError as error:
            raise ArxivRefusedQuery(
                f"arXiv answered {status}, without saying why: {error}", status
            ) from error
        raise ArxivRefusedQuery(f"arXiv answered {status}, without saying why", status)
    raise ArxivHttpError(f"arXiv answered {status}", status, wait)


def feed(body: bytes) -> Page:
    """Read a feed of the API.

    Raises:
        ArxivRefusedQuery: arXiv finds something wrong with the query.
        ArxivBadAnswer: not a feed that can be used, or arXiv speaks of trouble of its own.
    """
    try:
        return parse_feed(body)
    except ArxivRefusedQuery as error:
        if _ABOUT_THE_QUERY.search(str(error)):
            raise
        raise ArxivBadAnswer(str(error)) from error
