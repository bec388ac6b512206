"""Reasons for failures of keywords and days, for logs and for readers of the README. Pure."""

from dataclasses import dataclass

from papers_assets.arxiv.errors import ArxivError
from papers_assets.keywords.model import Keyword
from papers_assets.text import to_printable

NOT_STORED = "it could not be stored"
BUG_REASON = "of a mistake in papers-assets"


@dataclass(frozen=True)
class RefreshFailure:
    """A keyword that could not be refreshed; no stored paper is lost."""

    keyword: Keyword
    reason: str
    short_reason: str
    """The reason for readers of the README."""


def describe_unexpected(error: Exception) -> str:
    """Return the reason for an unexpected exception."""
    return to_printable(f"unexpectedly, {type(error).__name__}: {error}")


def describe_not_asked(error: Exception) -> str:
    """Return the reason for not asking arXiv any more."""
    return f"not asked, after this: {error}"


def short_reason_for(error: Exception) -> str:
    """Return the reason for readers of the README: what arXiv did, or that storage failed."""
    return error.short_reason if isinstance(error, ArxivError) else NOT_STORED
