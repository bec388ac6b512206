"""Web addresses: what can be asked, and whose it is. Pure."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_ARXIV_HOST = "arxiv.org"


def split_web_url(url: str, *schemes: str) -> SplitResult | None:
    """Return the parts of an address of one of `schemes`; None if it is none."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in schemes and parts.hostname and parts.port != 0
    except ValueError:  # brackets that do not match, a port that is no number
        return None
    return parts if usable else None


def is_loopback(url: str) -> bool:
    """Whether the host of `url` is this machine itself (localhost, 127.0.0.0/8, ::1)."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_arxiv_url(url: str) -> bool:
    """Whether the host of `url` is arXiv's: arxiv.org, or one below it."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    return host == _ARXIV_HOST or host.endswith(f".{_ARXIV_HOST}")


def server_key(url: str) -> str:
    """Return one name, of letters that a file's may have, to whatever counts as the same server.

    All of arXiv's hosts do, since arXiv's terms count them together.
    """
    if is_arxiv_url(url):
        return _ARXIV_HOST
    parts = urlsplit(url)
    host = f"{(parts.hostname or '').rstrip('.')}_{parts.port or parts.scheme}"
    return "".join(c if c.isalnum() or c in ".-" else "_" for c in host)
