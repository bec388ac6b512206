"""What the sample arXiv sends, and how."""

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
    """The body comes byte by byte."""
    HANG = auto()
    """Nothing comes until the client hangs up or the server closes."""
    RESET = auto()
    """Nothing comes but a TCP reset."""


@dataclass(frozen=True)
class Reply:
    """What is sent."""

    status: int
    """0: none, as nothing comes."""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Besides Content-Type and Content-Length, for example `Retry-After`."""
    content_type: str = _PLAIN
    delivery: Delivery = Delivery.WHOLE


class Fault(Reply):
    """An answer to give instead of the real one."""


FaultFactory = Callable[[RequestRecord, Archive, datetime], Fault]
"""Makes a fault out of what the archive has for a request, made at a time (aware)."""
