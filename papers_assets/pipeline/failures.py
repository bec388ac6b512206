"""Why a keyword, or a day, did not come; in words for logs, and for readers of the README. Pure."""

from dataclasses import dataclass

from papers_assets.arxiv.errors import ArxivError
from papers_assets.keywords.model import Keyword
from papers_assets.text import printable

NOT_STORED = "it could not be stored"
MISTAKE = "of a mistake in papers-assets"


@dataclass(frozen=True)
class Failed:
    """A keyword that could not be refreshed; of what was held of it, nothing is lost."""

    keyword: Keyword
    reason: str
    brief: str
    """The same in words for readers of the README."""


def unexpected(error: Exception) -> str:
    """Tell of what nobody thought of."""
    return printable(f"unexpectedly, {type(error).__name__}: {error}")


def not_asked(after: Exception) -> str:
    """Tell why arXiv was not asked any more."""
    return f"not asked, after this: {after}"


def brief_of(error: Exception) -> str:
    """Give, for readers of the README, what arXiv did, or that storage failed."""
    return error.brief if isinstance(error, ArxivError) else NOT_STORED
