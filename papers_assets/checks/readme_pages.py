"""Find problems in the README and its pages: in their rows, and in the text around the rows.

The text around the papers is compared with that of the templates, in any language; escaped text is
compared with the original.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count, takewhile, zip_longest
from typing import NamedTuple

from papers_assets.checks.rendered import NOTE, Block, Document, Link, Row, Section, blocks, parse
from papers_assets.render.github import to_html
from papers_assets.render.markdown import collapse_whitespace
from papers_assets.render.readme import Section as Rendered
from papers_assets.render.readme import parts
from papers_assets.render.readme_pages import (
    KEYWORDS_FOLDER,
    README_TITLE,
    TO_OUTPUT,
    ReadmeContent,
    ReadmePage,
    build_extras,
    build_page_name,
    continuation_of,
    list_section_anchors,
)
from papers_assets.storage.documents import FRONT_PAGE_MARK
from papers_assets.storage.raw_papers import build_slug

_CELLS = 4
_FOLDED = "<details><summary>…</summary><p>…?</p></details>"
_ROW = re.compile(
    rf"<tr><td><strong>…?</strong></td><td>…</td><td>{_FOLDED}</td><td>(?:{_FOLDED}|…?)</td>"
)
_ROW_TAGS = Counter(["tr", *["td"] * 4, "strong", *["details", "summary", "p"] * 2])
_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9-]*|[!?])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PLAIN = ("<p>…</p>", "<p><em>…</em></p>")
_TITLE = f"# {README_TITLE}\n"
_NOTHING = Block("", "")
_CONTEXT = 20
"""How many characters are shown before a difference."""

Urls = Mapping[str, Sequence[str]]
"""The link targets of the rows of each section, by heading."""


class PageSummary(NamedTuple):
    """A summary of a parsed page; of its rows, only the problems."""

    name: str
    size: int
    """In bytes."""
    navigation: tuple[Block, ...]
    section: Section
    """Without its rows."""
    start: int
    """The index of its first row."""
    stop: int
    """The index after its last row."""
    problems: tuple[str, ...]


@lru_cache(maxsize=9)
def shown(markdown: str) -> tuple[Block, ...]:
    """Return the blocks of Markdown as readers see them."""
    return blocks(to_html(markdown))


def _shown_of(line: bytes) -> tuple[Block, ...]:
    return shown(line.decode(errors="replace"))


def parse_page(name: str, document: bytes, urls: Urls) -> PageSummary:
    """Parse a page as GitHub does, and find the problems that need no other document."""
    seen = parse(document)
    faults = [*seen.faults]
    if len(seen.sections) != 1:
        faults.append(f"{len(seen.sections)} sections")
    section = seen.sections[0] if seen.sections else Section((Block("", ""),), ())
    wanted, rows = urls.get(section.heading, ()), section.rows
    starts = (wanted.index(row.url) - n for n, row in enumerate(rows) if row.url in wanted)
    start = max(0, next(starts, 0))
    stop = start + len(rows)
    faults += faults_of_rows(section, wanted[start:stop])
    return PageSummary(
        name, len(document), seen.above, section._replace(rows=()), start, stop, tuple(faults)
    )


def faults_of_rows(section: Section, urls: Sequence[str]) -> Iterator[str]:
    """Yield the problems in the rows of a section that should link to `urls`."""
    if len(section.rows) != len(urls):
        yield f"{section.heading}: {len(section.rows)} rows for {len(urls)} papers"
        return
    for number, (row, url) in enumerate(zip(section.rows, urls, strict=True), start=1):
        for fault in _faults_of_row(row, url):
            yield f"{section.heading}, row {number}: {fault}"


def _faults_of_row(row: Row, url: str) -> Iterator[str]:
    tags = "".join(block.tags for block in row.blocks)
    if row.cells != _CELLS:
        yield f"{row.cells} cells"
    elif not _ROW.fullmatch(tags):
        more = Counter(_TAG.findall(tags)) - _ROW_TAGS
        yield " ".join(f"<{tag}>" for tag in more) or "elements out of place"
    else:
        _, title, day, *texts = row.blocks
        if not _DATE.fullmatch(day.text):
            yield f"dated {day.text!r}"
        links = [link for text in texts for link in text.links]
        yield from (f"a link called {link.label!r} to {link.target}" for link in links)
        if title.links != (Link(title.text, url),) and not Link(title.text, url).is_plain:
            yield f"leads to {' '.join(to for _, to in title.links) or 'nowhere'} instead of {url}"


def faults_of_readme(
    seen: Document, pages: Sequence[PageSummary], content: ReadmeContent, urls: Urls
) -> Iterator[str]:
    """Yield missing and duplicate rows, and differences in the text around the rows.

    Args:
        seen: the parsed README.
        pages: all pages.
        content: the content that the README was rendered from; used are its sections and site.
        urls: the link targets, in the order of the sections.
    """
    around = build_extras(content, is_split=bool(pages))
    contents = shown(parts().contents(around))
    yield from _faults_above(
        seen.above, (*shown(_TITLE), *contents, *shown(parts().links(around.links)))
    )
    if around.contents and [link.label for block in contents for link in block.links] != [*urls]:
        yield "the table of contents names other sections"
    left = {page.name: page for page in pages}
    for section, rendered, anchor in zip(
        seen.sections, content.sections, list_section_anchors(content), strict=True
    ):
        name, rows = build_slug(rendered.keyword), len(section.rows)
        names = takewhile(left.__contains__, (build_page_name(name, n) for n in count(1)))
        own = [left.pop(name) for name in names]
        yield from faults_of_rows(section, urls[section.heading][: rows if own else None])
        goes_on = shown(parts().more(rows, continuation_of(rendered, name))) if own else ()
        yield from _faults_of_section(section, rendered, goes_on, has_rows=rows > 0)
        yield from _faults_of_pages(
            own, rendered, ReadmePage(name, anchor, 0, rows, 0, 0, len(own))
        )
    for page in left.values():
        is_known = page.section.heading in urls
        wrong = "which nothing leads to" if is_known else "which the README has not"
        yield f"{KEYWORDS_FOLDER}{page.name}: of {page.section.heading!r}, {wrong}"


def problems_in_front_page(front_page: bytes, document: bytes) -> Iterator[str]:
    """Yield how a front page differs from the README, apart from its adjusted links."""
    mark = FRONT_PAGE_MARK.encode()
    if not front_page.endswith(mark):
        yield "the front page does not end with the mark that it is ours"
    lines = zip_longest(
        document.split(b"\n"), front_page.removesuffix(mark).split(b"\n"), fillvalue=b""
    )
    for number, (ours, theirs) in enumerate(lines, start=1):
        is_row = ours.startswith(b"|")
        if ours != theirs if is_row else _from_elsewhere(ours) != _shown_of(theirs):
            yield f"the front page's line {number} is not the README's"
            return


def _from_elsewhere(line: bytes) -> tuple[Block, ...]:
    """Return a line of the README as readers see it on the front page."""
    return tuple(
        block._replace(
            links=tuple(
                link
                if ":" in link.target or link.target.startswith("#")
                else link._replace(target=f"{TO_OUTPUT}{link.target}")
                for link in block.links
            )
        )
        for block in _shown_of(line)
    )


def _faults_of_pages(
    own: Sequence[PageSummary], rendered: Rendered, page: ReadmePage
) -> Iterator[str]:
    """Yield where the pages of a keyword, in order, do not continue from `page`."""
    total, stop = len(rendered.papers), page.start
    for number, seen in enumerate(own, start=1):
        heading = collapse_whitespace(rendered.keyword)
        if seen.section.heading != heading:
            where = f"{KEYWORDS_FOLDER}{seen.name}"
            yield f"{where}: of {seen.section.heading!r} instead of {heading!r}"
        page = page._replace(start=stop, stop=seen.stop, number=number)
        if seen.start != stop:
            yield (
                f"{KEYWORDS_FOLDER}{seen.name}: page {number} of {page.total} begins with number "
                f"{seen.start + 1} instead of {stop + 1}"
            )
        stop = seen.stop
        navigation = shown(parts().navigation(page))
        above = (*shown(_TITLE), *shown(parts().position(page, total)), *navigation)
        for fault in (
            *seen.problems,
            *_faults_above(seen.navigation, above),
            *_faults_of_section(seen.section, rendered, below=navigation),
        ):
            yield f"{KEYWORDS_FOLDER}{seen.name}: {fault}"
    if own and stop != total:
        yield f"{own[-1].section.heading}: {stop} rows for {total} papers"


def _faults_of_section(
    section: Section,
    rendered: Rendered,
    more: Sequence[Block] = (),
    *,
    has_rows: bool = True,
    below: Sequence[Block] = (),
) -> Iterator[str]:
    """Yield the first wrong block around a section's rows; another check covers the note."""
    table = shown(parts().head if has_rows else "" if more else parts().nothing)
    note = [Block(NOTE, section.note)] if section.note else []
    wanted = [
        Block("<h2>…</h2>", collapse_whitespace(rendered.keyword)),
        *note,
        *more,
        *table,
        *below,
    ]
    for pair in zip_longest(section.blocks, wanted, fillvalue=_NOTHING):
        if pair[0] != pair[1]:
            yield f"{section.heading}: {_instead(*pair)}"
            return


def _faults_above(found: Sequence[Block], wanted: Sequence[Block]) -> Iterator[str]:
    """Yield expected blocks that are missing above the sections, and unexpected ones but text."""
    odd = (block for block in found if block.tags not in _PLAIN or block.links)
    strange, missing = Counter(odd) - Counter(wanted), Counter(wanted) - Counter(found)
    for pair in zip_longest(strange.elements(), missing.elements(), fillvalue=_NOTHING):
        yield f"before the sections: {_instead(*pair)}"


def _instead(found: Block, wanted: Block) -> str:
    """Return the difference between two blocks."""
    pairs = enumerate(zip(found.text, wanted.text, strict=False))
    same = next((n for n, (one, other) in pairs if one != other), 0)
    start = max(0, same - _CONTEXT)
    one, other = (
        _describe_link(found, start, wanted.links),
        _describe_link(wanted, start, found.links),
    )
    return f"{one or 'nothing'} instead of {other or 'nothing'}"


def _describe_link(block: Block, start: int, known: Sequence[Link]) -> str:
    """Return a block's text from `start` with its tags, and its links that are not `known`."""
    tags = block.tags
    text = tags.replace("…", block.text[start:]) if tags.count("…") == 1 else tags
    links = (f" [{link.label}]({link.target})" for link in block.links if link not in known)
    return f"{text}{''.join(links)}"
