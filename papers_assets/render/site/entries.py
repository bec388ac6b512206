"""The entry of a paper on a page: its texts as displayed, and the values to filter by. Pure."""

from collections.abc import Mapping
from datetime import UTC, date
from functools import cached_property
from urllib.parse import quote, urlencode

from markupsafe import Markup

from papers_assets.render import markdown
from papers_assets.render.citations import to_bibtex
from papers_assets.render.site.mathml import render_text
from papers_assets.transform.listed_papers import ListedPaper

_MAX_TEXT = 20_000
"""Maximum length of a field in characters. arXiv accepts no abstract of more than 1,920."""
_MAX_AUTHORS = 12
"""Maximum authors shown at once; of more, `_MAX_AUTHORS - 2` are shown, the others folded."""
_MAX_LINK_TEXT = 60
_UNTITLED = "(untitled)"
MARK_LABELS = {
    "new": "New",
    "revised": "Revised",
    "matched": "Newly matching",
    "withdrawn": "Withdrawn",
}
"""The label of each mark: a paper's kind in the newest edition, or "withdrawn", permanently."""


class PaperEntry:
    """The entry of a paper on a page."""

    def __init__(
        self, paper: ListedPaper, mark: str, slugs: Mapping[str, str], was: str = ""
    ) -> None:
        """Create the entry of a paper.

        Args:
            paper: the paper.
            mark: a key of MARK_LABELS, or empty.
            slugs: the slug of each keyword that has a page, by keyword.
            was: the change from the previous version, such as "v1 to v2", or empty.
        """
        self.paper = paper
        self.was = was
        self.mark = mark if mark in MARK_LABELS else ""
        self.keywords = [(truncate(name), slugs.get(name, "")) for name in paper.keywords]

    @property
    def day(self) -> date:
        """The day (UTC) of this version."""
        return self.paper.updated.date()

    @property
    def submitted(self) -> date | None:
        """The day (UTC) of version 1, if different."""
        first = self.paper.published.date()
        return first if first != self.day else None

    @property
    def arxiv_id(self) -> str:
        """The paper's id, without the version."""
        return truncate(self.paper.arxiv_id)

    @property
    def anchor(self) -> str:
        """The id of the entry's HTML element, encoded for use after "#" in an address."""
        return f"arXiv:{quote(self.arxiv_id)}"

    @property
    def seen(self) -> str:
        """When arXiv first returned this version, in UTC: 2026-11-27T06:20:00Z."""
        return f"{self.paper.first_seen.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def bibtex(self) -> str:
        """The BibTeX entry without the abstract, which the page already contains."""
        return to_bibtex([self.paper], abstracts=False)

    @property
    def coins(self) -> str:
        """The metadata for reference managers such as Zotero on a page of several papers.

        An OpenURL context object (Z39.88-2004), the `title` of a COinS element. Meta elements
        (citation_title and others) describe a page of a single paper.
        """
        paper = self.paper
        doi = markdown.collapse_whitespace(paper.doi or "").split()
        pairs = [
            ("ctx_ver", "Z39.88-2004"),
            ("rft_val_fmt", "info:ofi/fmt:kev:mtx:dc"),
            ("rft.type", "preprint"),
            ("rft.title", truncate(paper.title)),
            *(("rft.au", truncate(name)) for name in paper.authors),
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
        """The address of the first DOI, or empty; some papers have several."""
        words = markdown.collapse_whitespace(self.paper.doi or "").split()
        return f"https://doi.org/{quote(words[0])}" if words else ""

    @cached_property
    def title(self) -> Markup:
        """The title, as HTML."""
        text = truncate(self.paper.title)
        return render_text(text if markdown.has_visible_text(text) else _UNTITLED)

    @cached_property
    def abstract(self) -> Markup:
        """The abstract, as HTML."""
        return render_text(truncate(self.paper.abstract))

    @cached_property
    def comment(self) -> str:
        """The authors' comment, or empty."""
        return truncate(self.paper.comment or "")

    @cached_property
    def journal(self) -> str:
        """The journal reference, or empty."""
        return truncate(self.paper.journal_ref or "")

    @cached_property
    def authors(self) -> list[tuple[str, str]]:
        """The authors shown at once, each with the fragment of a search for the name, or empty."""
        names = [truncate(name) for name in self.paper.authors[: self._named]]
        return [(name, _search_fragment(name)) for name in names]

    @cached_property
    def other_authors(self) -> str:
        """The authors that are folded."""
        return truncate(", ".join(self.paper.authors[self._named :]))

    @property
    def more_authors(self) -> int:
        """The number of authors in `other_authors`."""
        return len(self.paper.authors) - self._named

    @property
    def _named(self) -> int:
        number = len(self.paper.authors)
        return number if number <= _MAX_AUTHORS else _MAX_AUTHORS - 2

    @cached_property
    def categories(self) -> list[str]:
        """The categories, primary first, without duplicates, and without spaces in their names."""
        names = (self.paper.primary_category, *self.paper.categories)
        return list(filter(None, dict.fromkeys("_".join(truncate(name).split()) for name in names)))

    @cached_property
    def links(self) -> list[tuple[str, str, str]]:
        """The links to code: the kind of target, its address, and the displayed text."""
        return [(link.kind, link.url, _shorten_address(link.url)) for link in self.paper.code_links]


def truncate(text: str) -> str:
    """Return a published text as displayed, with its length limited."""
    return markdown.truncate(markdown.collapse_whitespace(text), _MAX_TEXT)


def _search_fragment(name: str) -> str:
    """Return the fragment after "#q=" of an address that searches for a name as a phrase."""
    words = name.replace('"', " ")
    return quote(f'"{words}"') if markdown.has_visible_text(words) else ""


def _shorten_address(url: str) -> str:
    bare = markdown.collapse_whitespace(url).split("://", 1)[-1].removeprefix("www.").rstrip("/")
    return bare if len(bare) <= _MAX_LINK_TEXT else f"{bare[: _MAX_LINK_TEXT - 1]}…"
