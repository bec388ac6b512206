"""Links to code, models and project pages in a paper's own text. Pure.

Only addresses in the text are used, exactly as written. Nothing is looked up or guessed from a
name.
"""

import re
from typing import NamedTuple
from urllib.parse import urlsplit


class CodeLink(NamedTuple):
    """An address in a paper's text, and the kind of its target."""

    kind: str
    """GitHub, GitLab, Hugging Face or project page."""
    url: str
    """Absolute, https or http."""


# Kind, and least number of path segments: a repository needs an owner and a name.
_HOSTS = {
    "github.com": ("GitHub", 2),
    "gist.github.com": ("GitHub", 2),
    "gitlab.com": ("GitLab", 2),
    "huggingface.co": ("Hugging Face", 1),
    "hf.co": ("Hugging Face", 1),
}
_PAGE_HOSTS = (".github.io", ".gitlab.io")
# An address with a scheme may follow any character ("at:https://..."); one without must begin a
# word.
_ADDRESS = re.compile(
    r"""(?:https?://|(?<![\w@.:/-])(?:www\.)?)
        [a-z0-9][a-z0-9.-]*\.[a-z]{2,}
        (?:/[^\s<>"'{}|\\^`]*)?""",
    re.IGNORECASE | re.VERBOSE,
)
_ANNOUNCEMENT = re.compile(
    r"\b(?:project|demo|code|home)[ -]?(?:web)?(?:page|site)s?\b[^.]{0,40}\Z", re.IGNORECASE
)
_CONTEXT_LENGTH = 80
"""Characters before an address that are searched for the announcement of a project page."""
_TRAILING = ".,;:!?*_~"


def find_code_links(*texts: str) -> tuple[CodeLink, ...]:
    """Return the distinct links in `texts`, in order."""
    links: dict[str, CodeLink] = {}
    for text in texts:
        for match in _ADDRESS.finditer(text):
            url = _trim(match[0])
            url = url if url.lower().startswith(("http://", "https://")) else f"https://{url}"
            if kind := _classify_link(
                url, text[max(0, match.start() - _CONTEXT_LENGTH) : match.start()]
            ):
                same = url.lower().removeprefix("https://").removeprefix("http://")
                links.setdefault(same.removeprefix("www.").rstrip("/"), CodeLink(kind, url))
    return tuple(links.values())


def _trim(address: str) -> str:
    """Return `address` without trailing punctuation of the surrounding sentence."""
    while address:
        last = address[-1]
        closes = {")": "(", "]": "["}.get(last)
        if last in _TRAILING or (closes and address.count(last) > address.count(closes)):
            address = address[:-1]
        else:
            break
    return address


def _classify_link(url: str, before: str) -> str:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:  # unbalanced brackets
        return ""
    steps = [step for step in parts.path.split("/") if step]
    if host in _HOSTS:
        kind, least = _HOSTS[host]
        return kind if len(steps) >= least else ""
    if host.startswith("gitlab."):
        return "GitLab" if len(steps) >= _HOSTS["gitlab.com"][1] else ""
    if host.endswith(_PAGE_HOSTS):
        return "project page"
    return "project page" if _ANNOUNCEMENT.search(before) else ""
