"""A paper as its entry on a page: texts as they are shown, and what the filters look at. Pure."""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from urllib.parse import quote

from markupsafe import Markup

from papers_assets.listing import Listed
from papers_assets.rendering import escape
from papers_assets.rendering.site.mathml import mathematics

_MOST_SHOWN = 20_000
"""Characters of a field. arXiv itself takes no abstract of more than 1,920."""
_MOST_AUTHORS = 12
"""Named at once; of more, `_MOST_AUTHORS - 2` are, and the others can be unfolded."""
_MOST_OF_LINK = 60
_UNTITLED = "(untitled)"
MARKS = {
    "new": "New",
    "revised": "Revised",
    "matched": "Newly matching",
    "withdrawn": "Withdrawn",
}
"""What a paper can be in the newest edition, or, withdrawn, for good; and how that is said."""


class Entry:
    """A paper on a page."""

    def __init__(self, paper: Listed, mark: str, slugs: Mapping[str, str]) -> None:
        """Take a paper.

        Args:
            paper: what is shown.
            mark: one of MARKS, or empty.
            slugs: of the keywords that have a page, by keyword.
        """
        self.paper = paper
        self.mark = mark if mark in MARKS else ""
        self.keywords = [(shown(name), slugs.get(name, "")) for name in paper.keywords]

    @property
    def day(self) -> date:
        """The day (UTC) of this version."""
        return self.paper.updated.date()

    @property
    def submitted(self) -> date | None:
        """The day (UTC) of version 1, if it is another one."""
        first = self.paper.published.date()
        return first if first != self.day else None

    @property
    def arxiv_id(self) -> str:
        """The paper's id, without the version."""
        return shown(self.paper.arxiv_id)

    @property
    def pdf(self) -> str:
        """The address of this version's PDF."""
        return self.paper.url.replace("/abs/", "/pdf/", 1)

    @property
    def doi(self) -> str:
        """The address behind the first DOI, or empty: sometimes there are several."""
        words = escape.collapse(self.paper.doi or "").split()
        return f"https://doi.org/{quote(words[0])}" if words else ""

    @cached_property
    def title(self) -> Markup:
        """The title, as HTML."""
        text = shown(self.paper.title)
        return mathematics(text if escape.is_visible(text) else _UNTITLED)

    @cached_property
    def abstract(self) -> Markup:
        """The abstract, as HTML."""
        return mathematics(shown(self.paper.abstract))

    @cached_property
    def comment(self) -> str:
        """The authors' comment, or empty."""
        return shown(self.paper.comment or "")

    @cached_property
    def journal(self) -> str:
        """Where it was published, or empty."""
        return shown(self.paper.journal_ref or "")

    @cached_property
    def authors(self) -> tuple[str, str]:
        """The authors that are named at once, and the others."""
        names = self.paper.authors
        cut = len(names) if len(names) <= _MOST_AUTHORS else _MOST_AUTHORS - 2
        return shown(", ".join(names[:cut])), shown(", ".join(names[cut:]))

    @property
    def more_authors(self) -> int:
        """How many are in the second part of `authors`."""
        most = _MOST_AUTHORS
        return len(self.paper.authors) - (most - 2) if len(self.paper.authors) > most else 0

    @cached_property
    def categories(self) -> list[str]:
        """The categories, the primary one first, each once, none with a space in it."""
        names = (self.paper.primary_category, *self.paper.categories)
        return list(filter(None, dict.fromkeys("_".join(shown(name).split()) for name in names)))

    @cached_property
    def links(self) -> list[tuple[str, str, str]]:
        """Where its code is: what is there, the address, and how it is shown."""
        return [(link.kind, link.url, _address(link.url)) for link in self.paper.code]


def shown(text: str) -> str:
    """Give a published text as readers see it."""
    return escape.shortened(escape.collapse(text), _MOST_SHOWN)


def _address(url: str) -> str:
    bare = escape.collapse(url).split("://", 1)[-1].removeprefix("www.").rstrip("/")
    return bare if len(bare) <= _MOST_OF_LINK else f"{bare[: _MOST_OF_LINK - 1]}…"
