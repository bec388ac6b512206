"""The replies of the sample arXiv, and the ways of their delivery."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from papers_assets.arxiv.sample.api import Archive
from papers_assets.arxiv.sample.requests import RequestRecord

_PLAIN = "text/plain; charset=utf-8"


class Delivery(Enum):
    """How a reply reaches the client."""

    WHOLE = auto()
    CUT_SHORT = auto()
    """The connection closes in the middle of the body."""
    DRIP = auto()
    """The body is sent byte by byte."""
    HANG = auto()
    """Nothing is sent until the client disconnects or the server closes."""
    RESET = auto()
    """Only a TCP reset is sent."""


@dataclass(frozen=True)
class Reply:
    """A reply to a request."""

    status: int
    """The HTTP status; 0: nothing is sent."""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers besides Content-Type and Content-Length, for example `Retry-After`."""
    content_type: str = _PLAIN
    delivery: Delivery = Delivery.WHOLE


class Fault(Reply):
    """A reply to send instead of the correct one."""


FaultFactory = Callable[[RequestRecord, Archive, datetime], Fault]
"""Returns the fault for a request, an archive and the time of the request (aware)."""
