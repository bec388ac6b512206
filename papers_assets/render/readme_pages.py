"""The README as documents that GitHub displays in full: a front, and pages of keywords. Pure.

If everything fits into one document, there are no pages, and the front is the whole README. The
rows are distributed in `papers_assets.render.readme_layout`.
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
"""Maximum size in bytes of a Markdown file that GitHub displays."""
README_TITLE = "Daily Papers"
"""The first heading of every document."""
KEYWORDS_FOLDER = "keywords/"
"""The folder of the pages, relative to the README."""
SECTIONS_WITHOUT_CONTENTS = 3
"""The maximum number of sections without a table of contents."""
TO_README = "../README.md"
"""The path of the README, relative to the pages."""
TO_OUTPUT = "../output/"
"""The path of the README's folder, relative to the front page."""


@dataclass(frozen=True)
class ReadmeContent:
    """The content of the README, independent of its documents; see `render_readme`."""

    sections: Sequence[Section]
    last_update: date | None
    cap: int
    notice: str = ""
    site: str = ""
    """The public address of output/site; empty: none."""
    notifies: bool = False
    """Whether digests are issues, which GitHub sends to people who watch the repository."""


class ReadmePage(NamedTuple):
    """A page with rows of a keyword for which the front has no space."""

    slug: str
    """The slug of the keyword."""
    anchor: str
    """The anchor of the keyword's section on the front."""
    section: int
    """The index of the section in the content, counted from 0."""
    start: int
    """The index of the first row on the page, counted from 0."""
    stop: int
    """The index of the first row after the page."""
    number: int
    """The number of this page among the keyword's pages, counted from 1."""
    total: int
    """The number of pages of the keyword."""

    @property
    def name(self) -> str:
        """The file name of the page."""
        return build_page_name(self.slug, self.number)

    @property
    def front(self) -> str:
        """The path of the keyword's section on the front, relative to the page."""
        return f"{TO_README}#{quote(self.anchor)}" if self.anchor else TO_README

    def neighbour(self, step: int) -> str:
        """Return the file name of the page `step` pages away."""
        return build_page_name(self.slug, self.number + step)


@dataclass(frozen=True)
class ReadmeLayout:
    """The distribution of rows over documents."""

    shown: tuple[int, ...]
    """The number of rows of each section that the front shows."""
    pages: tuple[ReadmePage, ...] = ()
    """The pages with all other rows, in order; empty if the front shows everything."""
    slugs: tuple[str, ...] = ()
    """The slug of each keyword; empty if there are no pages."""
    anchors: tuple[str, ...] = ()
    """The anchor of each keyword's section on the front; empty if there are no pages."""


def render_front(content: ReadmeContent, layout: ReadmeLayout, folder: str = "") -> Iterator[str]:
    """Render the README in pieces.

    Args:
        content: the content of the README.
        layout: the layout of the same content.
        folder: the path of the README's folder, relative to this document.
    """
    return render_readme(
        _front_sections(content, layout, folder),
        last_update=content.last_update,
        cap=content.cap,
        notice=content.notice,
        extras=build_extras(content, folder, is_split=bool(layout.pages)),
    )


def render_front_page(content: ReadmeContent, layout: ReadmeLayout) -> Iterator[str]:
    """Render the README for the place where GitHub looks for a repository's front page."""
    yield from render_front(content, layout, TO_OUTPUT)
    yield FRONT_PAGE_MARK


def render_page(content: ReadmeContent, page: ReadmePage) -> Iterator[str]:
    """Render a page in pieces."""
    section = content.sections[page.section]
    return stream_template(
        "page.md.j2",
        page=page,
        total=len(section.papers),
        last_update=content.last_update,
        section=replace(section, papers=section.papers.iloc[page.start : page.stop]),
    )


def build_extras(content: ReadmeContent, folder: str = "", *, is_split: bool = False) -> Extras:
    """Return the front's optional parts; `folder` is as in `render_front`.

    A list of few keywords without a public site has no extras, so that the document stays the same,
    byte for byte, as before extras were introduced.
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
    """Return the links to other outputs, below `site` if it is known; `folder`: `render_front`."""
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
    """Return the page that continues a section; `folder` is as in `render_front`."""
    return Continuation(len(section.papers), f"{folder}{KEYWORDS_FOLDER}{build_page_name(slug, 1)}")


def build_page_name(slug: str, number: int) -> str:
    """Return the file name of the keyword's page `number`, counted from 1."""
    return f"{slug}.md" if number == 1 else f"{slug}-{number}.md"


def _front_sections(content: ReadmeContent, layout: ReadmeLayout, folder: str) -> Iterator[Section]:
    for number, (section, shown) in enumerate(zip(content.sections, layout.shown, strict=True)):
        if shown == len(section.papers):
            yield section
        else:
            goes_on = continuation_of(section, layout.slugs[number], folder)
            yield replace(section, papers=section.papers.iloc[:shown], more=goes_on)
