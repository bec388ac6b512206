"""Parsing of web addresses, and checks of their hosts. Pure."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_ARXIV_HOST = "arxiv.org"


def split_web_url(url: str, *schemes: str) -> SplitResult | None:
    """Return the parts of `url`; None if it is not an address of one of `schemes`."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in schemes and parts.hostname and parts.port != 0
    except ValueError:  # unmatched brackets, or a port that is not a number
        return None
    return parts if usable else None


def is_loopback(url: str) -> bool:
    """Whether the host of `url` is this machine (localhost, 127.0.0.0/8, ::1)."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_arxiv_url(url: str) -> bool:
    """Whether the host of `url` is arxiv.org or one of its subdomains."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    return host == _ARXIV_HOST or host.endswith(f".{_ARXIV_HOST}")


def server_key(url: str) -> str:
    """Return the name under which the rate limiter counts the server of `url`; safe in file names.

    All of arXiv's hosts have the same name, since arXiv's terms count them together.
    """
    if is_arxiv_url(url):
        return _ARXIV_HOST
    parts = urlsplit(url)
    host = f"{(parts.hostname or '').rstrip('.')}_{parts.port or parts.scheme}"
    return "".join(c if c.isalnum() or c in ".-" else "_" for c in host)
