"""The README in as many documents as GitHub shows whole: a front, and pages of keywords. Pure.

As long as one document has room for everything there are no pages, and the front is the README as
it always was. Which rows stand where is for `papers_assets.render.readme_layout` to say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple
from urllib.parse import quote

from papers_assets.render.anchors import anchors
from papers_assets.render.escape import collapse
from papers_assets.render.readme import (
    Entry,
    Extras,
    Link,
    More,
    Section,
    counted,
    render_readme,
    streamed,
)
from papers_assets.storage.documents import FRONT_PAGE_MARK

GITHUB_LIMIT = 512_000
"""Bytes of a Markdown file that GitHub shows."""
TITLE = "Daily Papers"
"""The first heading of every document."""
KEYWORDS = "keywords/"
"""The folder of the pages, from where the README is."""
SECTIONS_WITHOUT_CONTENTS = 3
"""So many sections need no table of contents."""
TO_README = "../README.md"
"""The README, from where the pages are."""
TO_OUTPUT = "../output/"
"""The README's folder, from where the front page is."""


@dataclass(frozen=True)
class Content:
    """All that is to be said, in however many documents; see `render_readme`."""

    sections: Sequence[Section]
    last_update: date | None
    cap: int
    remark: str = ""
    site: str = ""
    """Where output/site is served; empty: nowhere."""
    notifies: bool = False
    """Whether digests are issues, so that GitHub sends them to those who watch the repository."""


class Page(NamedTuple):
    """Some rows of a keyword, which the front has no room for."""

    slug: str
    """Of the keyword."""
    anchor: str
    """Of the keyword's section on the front."""
    section: int
    """Which one of the content's, counted from 0."""
    start: int
    """The first row of the section that is on the page, counted from 0."""
    stop: int
    """The first row that is not any more."""
    number: int
    """Which one of the keyword's pages, counted from 1."""
    of: int
    """How many pages the keyword has."""

    @property
    def name(self) -> str:
        """The name of its file."""
        return page_name(self.slug, self.number)


@dataclass(frozen=True)
class Layout:
    """Which rows stand where."""

    shown: tuple[int, ...]
    """How many rows of each section the front has, the first ones."""
    pages: tuple[Page, ...] = ()
    """What has all others, in order; none if the front has everything."""
    slugs: tuple[str, ...] = ()
    """Of each keyword; none if there are no pages."""
    anchors: tuple[str, ...] = ()
    """Of each keyword's section on the front; none if there are no pages."""


def front(content: Content, layout: Layout, folder: str = "") -> Iterator[str]:
    """Render the README piece by piece.

    Args:
        content: what is said.
        layout: of the same content.
        folder: where the README is, from where this document will be.
    """
    return render_readme(
        _on_the_front(content, layout, folder),
        last_update=content.last_update,
        cap=content.cap,
        remark=content.remark,
        extras=extras(content, folder, is_split=bool(layout.pages)),
    )


def front_page(content: Content, layout: Layout) -> Iterator[str]:
    """Render the README once more, for where GitHub looks for a repository's front page."""
    yield from front(content, layout, TO_OUTPUT)
    yield FRONT_PAGE_MARK


def page(content: Content, page: Page) -> Iterator[str]:
    """Render a page piece by piece."""
    section = content.sections[page.section]
    total = len(section.papers)
    numbers = f"{page.start + 1:,} to {page.stop:,} of {counted(total, 'paper')}"
    return streamed(
        "page.md.j2",
        position=f"Numbers {numbers}, newest first: page {page.number:,} of {page.of:,}.",
        navigation=_navigation(page),
        last_update=content.last_update,
        section=replace(section, papers=section.papers.iloc[page.start : page.stop]),
    )


def extras(content: Content, folder: str = "", *, is_split: bool = False) -> Extras:
    """Return what a front has besides its sections; `folder` and README as in `front`.

    A list of few keywords that is served nowhere has no extras: it is the document as it always
    was, byte for byte.
    """
    is_long = len(content.sections) > SECTIONS_WITHOUT_CONTENTS
    if not is_long and not content.site:
        return Extras(_entries(content), is_split=True) if is_split else Extras()
    return Extras(
        _entries(content) if is_long or is_split else (),
        is_split,
        links(content.site, folder),
        content.notifies,
    )


def links(site: str, folder: str = "") -> list[Link]:
    """Return the links to the other outputs; `site` and `folder` as in `Content` and `front`."""
    if not site:
        return [Link("what was new", f"{folder}digests")]
    return [
        Link("pages to search", f"{site}/index.html"),
        Link("feed", f"{site}/feeds/all.xml"),
        Link("what was new, by day", f"{site}/days/index.html"),
    ]


def section_anchors(content: Content) -> list[str]:
    """Return the anchor of each section on the front."""
    headings = [TITLE, *(collapse(section.keyword) for section in content.sections)]
    return list(anchors(headings))[1:]


def _entries(content: Content) -> list[Entry]:
    return [
        Entry(section.keyword, quote(anchor), len(section.papers))
        for section, anchor in zip(content.sections, section_anchors(content), strict=True)
    ]


def more(section: Section, slug: str, folder: str = "") -> More:
    """Say where a section goes on, from where the README is `folder`."""
    return More(len(section.papers), f"{folder}{KEYWORDS}{page_name(slug, 1)}")


def page_name(slug: str, number: int) -> str:
    """Give the name of a keyword's page of that number, counted from 1."""
    return f"{slug}.md" if number == 1 else f"{slug}-{number}.md"


def _on_the_front(content: Content, layout: Layout, folder: str) -> Iterator[Section]:
    for number, (section, shown) in enumerate(zip(content.sections, layout.shown, strict=True)):
        if shown == len(section.papers):
            yield section
        else:
            goes_on = more(section, layout.slugs[number], folder)
            yield replace(section, papers=section.papers.iloc[:shown], more=goes_on)


def _navigation(page: Page) -> str:
    links = [f"[All keywords]({TO_README}{f'#{quote(page.anchor)}' if page.anchor else ''})"]
    if page.number > 1:
        links.append(f"[Previous page]({page_name(page.slug, page.number - 1)})")
    if page.number < page.of:
        links.append(f"[Next page]({page_name(page.slug, page.number + 1)})")
    return " · ".join(links)
