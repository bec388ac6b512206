"""The README in as many documents as GitHub shows whole: a front, and pages of keywords. Pure.

As long as one document has room for everything there are no pages, and the front is the README as
it always was. Which rows stand where is for `papers_assets.render.readme_layout` to say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple
from urllib.parse import quote

from papers_assets.render.github import build_anchors
from papers_assets.render.markdown import collapse_whitespace
from papers_assets.render.readme import (
    ContentsEntry,
    Continuation,
    Extras,
    ReadmeLink,
    Section,
    render_readme,
    stream_template,
)
from papers_assets.storage.documents import FRONT_PAGE_MARK

GITHUB_LIMIT = 512_000
"""Bytes of a Markdown file that GitHub shows."""
README_TITLE = "Daily Papers"
"""The first heading of every document."""
KEYWORDS_FOLDER = "keywords/"
"""The folder of the pages, from where the README is."""
SECTIONS_WITHOUT_CONTENTS = 3
"""So many sections need no table of contents."""
TO_README = "../README.md"
"""The README, from where the pages are."""
TO_OUTPUT = "../output/"
"""The README's folder, from where the front page is."""


@dataclass(frozen=True)
class ReadmeContent:
    """All that is to be said, in however many documents; see `render_readme`."""

    sections: Sequence[Section]
    last_update: date | None
    cap: int
    notice: str = ""
    site: str = ""
    """Where output/site is served; empty: nowhere."""
    notifies: bool = False
    """Whether digests are issues, so that GitHub sends them to those who watch the repository."""


class ReadmePage(NamedTuple):
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
    total: int
    """How many pages the keyword has."""

    @property
    def name(self) -> str:
        """The name of its file."""
        return build_page_name(self.slug, self.number)

    @property
    def front(self) -> str:
        """Where the keyword's section is, from where the page is."""
        return f"{TO_README}#{quote(self.anchor)}" if self.anchor else TO_README

    def neighbour(self, step: int) -> str:
        """Return the name of the file so many pages on."""
        return build_page_name(self.slug, self.number + step)


@dataclass(frozen=True)
class ReadmeLayout:
    """Which rows stand where."""

    shown: tuple[int, ...]
    """How many rows of each section the front has, the first ones."""
    pages: tuple[ReadmePage, ...] = ()
    """What has all others, in order; none if the front has everything."""
    slugs: tuple[str, ...] = ()
    """Of each keyword; none if there are no pages."""
    anchors: tuple[str, ...] = ()
    """Of each keyword's section on the front; none if there are no pages."""


def render_front(content: ReadmeContent, layout: ReadmeLayout, folder: str = "") -> Iterator[str]:
    """Render the README piece by piece.

    Args:
        content: what is said.
        layout: of the same content.
        folder: where the README is, from where this document will be.
    """
    return render_readme(
        _front_sections(content, layout, folder),
        last_update=content.last_update,
        cap=content.cap,
        notice=content.notice,
        extras=build_extras(content, folder, is_split=bool(layout.pages)),
    )


def render_front_page(content: ReadmeContent, layout: ReadmeLayout) -> Iterator[str]:
    """Render the README once more, for where GitHub looks for a repository's front page."""
    yield from render_front(content, layout, TO_OUTPUT)
    yield FRONT_PAGE_MARK


def render_page(content: ReadmeContent, page: ReadmePage) -> Iterator[str]:
    """Render a page piece by piece."""
    section = content.sections[page.section]
    return stream_template(
        "page.md.j2",
        page=page,
        total=len(section.papers),
        last_update=content.last_update,
        section=replace(section, papers=section.papers.iloc[page.start : page.stop]),
    )


def build_extras(content: ReadmeContent, folder: str = "", *, is_split: bool = False) -> Extras:
    """Return what a front has besides its sections; `folder` and README as in `render_front`.

    A list of few keywords that is served nowhere has no extras: it is the document as it always
    was, byte for byte.
    """
    is_long = len(content.sections) > SECTIONS_WITHOUT_CONTENTS
    if not is_long and not content.site:
        return Extras(_contents_entries(content), is_split=True) if is_split else Extras()
    return Extras(
        _contents_entries(content) if is_long or is_split else (),
        is_split,
        list_links(content.site, folder),
        content.notifies,
    )


def list_links(site: str, folder: str = "") -> list[ReadmeLink]:
    """Return the links to the other outputs; for `site` and `folder`, see `render_front`."""
    if not site:
        return [ReadmeLink("what was new", f"{folder}digests")]
    return [
        ReadmeLink("pages to search", f"{site}/index.html"),
        ReadmeLink("feed", f"{site}/feeds/all.xml"),
        ReadmeLink("what was new, by day", f"{site}/days/index.html"),
    ]


def list_section_anchors(content: ReadmeContent) -> list[str]:
    """Return the anchor of each section on the front."""
    headings = [
        README_TITLE,
        *(collapse_whitespace(section.keyword) for section in content.sections),
    ]
    return list(build_anchors(headings))[1:]


def _contents_entries(content: ReadmeContent) -> list[ContentsEntry]:
    return [
        ContentsEntry(section.keyword, quote(anchor), len(section.papers))
        for section, anchor in zip(content.sections, list_section_anchors(content), strict=True)
    ]


def continuation_of(section: Section, slug: str, folder: str = "") -> Continuation:
    """Return where a section goes on, from where the README is `folder`."""
    return Continuation(len(section.papers), f"{folder}{KEYWORDS_FOLDER}{build_page_name(slug, 1)}")


def build_page_name(slug: str, number: int) -> str:
    """Return the name of a keyword's page of that number, counted from 1."""
    return f"{slug}.md" if number == 1 else f"{slug}-{number}.md"


def _front_sections(content: ReadmeContent, layout: ReadmeLayout, folder: str) -> Iterator[Section]:
    for number, (section, shown) in enumerate(zip(content.sections, layout.shown, strict=True)):
        if shown == len(section.papers):
            yield section
        else:
            goes_on = continuation_of(section, layout.slugs[number], folder)
            yield replace(section, papers=section.papers.iloc[:shown], more=goes_on)
