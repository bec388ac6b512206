"""A paper as its entry on a page: texts as they are shown, and what the filters look at. Pure."""

from collections.abc import Mapping
from datetime import UTC, date
from functools import cached_property
from urllib.parse import quote, urlencode

from markupsafe import Markup

from papers_assets.render import escape
from papers_assets.render.citations import bibtex
from papers_assets.render.site.mathml import mathematics
from papers_assets.transform.listed_papers import Listed

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

    def __init__(self, paper: Listed, mark: str, slugs: Mapping[str, str], was: str = "") -> None:
        """Take a paper.

        Args:
            paper: what is shown.
            mark: one of MARKS, or empty.
            slugs: of the keywords that have a page, by keyword.
            was: what is different from before, such as "v1 to v2"; or empty.
        """
        self.paper = paper
        self.was = was
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
    def anchor(self) -> str:
        """The id of its element, as it stands in an address behind "#"."""
        return f"arXiv:{quote(self.arxiv_id)}"

    @property
    def seen(self) -> str:
        """When arXiv first returned this version, in UTC: 2026-11-27T06:20:00Z."""
        return f"{self.paper.first_seen.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def bibtex(self) -> str:
        """Its entry in the BibTeX files, without the abstract, which the page has already."""
        return bibtex([self.paper], abstracts=False)

    @property
    def coins(self) -> str:
        """What reference managers such as Zotero read on a page of several papers.

        An OpenURL context object (Z39.88-2004), the `title` of a COinS element. Meta elements
        (citation_title and others) would make the page one single paper.
        """
        paper = self.paper
        doi = escape.collapse(paper.doi or "").split()
        pairs = [
            ("ctx_ver", "Z39.88-2004"),
            ("rft_val_fmt", "info:ofi/fmt:kev:mtx:dc"),
            ("rft.type", "preprint"),
            ("rft.title", shown(paper.title)),
            *(("rft.au", shown(name)) for name in paper.authors),
            ("rft.date", f"{paper.published:%Y-%m-%d}"),
            ("rft.publisher", "arXiv"),
            ("rft_id", paper.url),
            *(("rft_id", f"info:doi/{name}") for name in doi[:1]),
        ]
        return urlencode(pairs, quote_via=quote, errors="replace")

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
    def authors(self) -> list[tuple[str, str]]:
        """The authors that are named at once, each with a search for the name, or empty."""
        names = [shown(name) for name in self.paper.authors[: self._named]]
        return [(name, _search(name)) for name in names]

    @cached_property
    def other_authors(self) -> str:
        """The authors that can be unfolded."""
        return shown(", ".join(self.paper.authors[self._named :]))

    @property
    def more_authors(self) -> int:
        """How many are in `other_authors`."""
        return len(self.paper.authors) - self._named

    @property
    def _named(self) -> int:
        number = len(self.paper.authors)
        return number if number <= _MOST_AUTHORS else _MOST_AUTHORS - 2

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


def _search(name: str) -> str:
    """Return what follows "#q=" in an address that searches for a name as a phrase."""
    words = name.replace('"', " ")
    return quote(f'"{words}"') if escape.is_visible(words) else ""


def _address(url: str) -> str:
    bare = escape.collapse(url).split("://", 1)[-1].removeprefix("www.").rstrip("/")
    return bare if len(bare) <= _MOST_OF_LINK else f"{bare[: _MOST_OF_LINK - 1]}…"
