"""What arXiv's interfaces have in common: ids of papers, and texts as they are kept. Pure."""

import re

from papers_assets.logs import printable

ARXIV_ID = r"(?:[0-9]{4}\.[0-9]{4,5}|[a-z]+(?:-[a-z]+)*(?:\.[A-Z]{2})?/[0-9]{7})"
"""A pattern: arXiv's identifier scheme, of April 2007 and of before; without the version."""
# XML cannot carry the other control characters and surrogates; these do things to terminals.
_CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")


def collapsed(text: str) -> str:
    """Give a text as it was published, runs of white space collapsed."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))


def quoted(text: str) -> str:
    """Give others' words in quotation marks, safe to print."""
    return f"'{printable(text, 100)}'"


def excerpt(body: bytes) -> str:
    """Give how an answer begins, for an error message."""
    text = body[:400].decode("utf-8", "replace").strip()
    return quoted(text) if text else "an empty body"
