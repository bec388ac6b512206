"""What must hold of the README's pages, and of what leads from document to document."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple
from urllib.parse import unquote

from papers_assets.render.anchors import anchors
from papers_assets.render.inspect import Lead, Part, Readme, Row, inspect_readme
from papers_assets.render.readme_pages import (
    KEYWORDS,
    SECTIONS_WITHOUT_CONTENTS,
    TO_OUTPUT,
    TO_README,
    links,
)

_CELLS = 4
# What GitHub makes links of in plain text; ours are https.
_SCHEMES = ("http://", "https://", "ftp://", "mailto:", "xmpp:")
# How lines begin that lead to pages; those of tables, notes and headings begin with a sign.
_LEADING = (b"The newest ", b"No room here: ", b"By day: ")
_NOWHERE = (0, 0, 0, 0, 0)

Urls = Mapping[str, Sequence[str]]
"""Where the rows of each section have to lead, by heading."""


class SeenPage(NamedTuple):
    """What is kept of a page that was read: of its rows, only what is wrong with them."""

    name: str
    size: int
    """Bytes."""
    part: Part
    """Its section, without the rows."""
    last_update: str
    above: tuple[Lead, ...]
    """The navigation above the section."""
    position: tuple[int, ...]
    """The first row, the last and how many the keyword has; which page, and how many."""
    faults: tuple[str, ...]


def see_page(name: str, document: bytes, urls: Urls) -> SeenPage:
    """Read a page as GitHub does, and judge what can be judged without the other documents."""
    seen = inspect_readme(document)
    part = seen.sections[0] if seen.sections else Part("")
    position = seen.position if len(seen.position) == len(_NOWHERE) else _NOWHERE
    faults = [] if seen.is_utf8 else ["bytes that are no UTF-8"]
    faults += faults_of(seen.preamble)
    if len(seen.sections) != 1:
        faults.append(f"{len(seen.sections)} sections")
    start, stop, total, *_ = position
    wanted = urls.get(part.heading, ())
    if not 1 <= start <= stop <= total == len(wanted):
        faults.append(f"says that it has {start} to {stop} of {total}, of {len(wanted)} papers")
    faults += faults_of_section(part, wanted[max(0, start - 1) : stop])
    if part.more or seen.contents or seen.others:
        faults.append("links that only the README should have")
    return SeenPage(
        name,
        len(document),
        Part(part.heading, part.note, navigation=part.navigation),
        seen.last_update,
        seen.preamble.navigation,
        position,
        tuple(f"{KEYWORDS}{name}: {fault}" for fault in faults),
    )


def faults_between(
    front: Readme, pages: Sequence[SeenPage], urls: Urls, site: str
) -> Iterator[str]:
    """Say which rows are nowhere or twice, and which links do not lead where they should.

    Args:
        front: the README.
        pages: all that are there.
        urls: by heading, in the README's order.
        site: where output/site is served; empty: nowhere.
    """
    found = list(anchors([front.title, *(part.heading for part in front.sections)]))[1:]
    of: dict[str, list[SeenPage]] = {}
    for page in sorted(pages, key=lambda page: page.position):
        of.setdefault(page.part.heading, []).append(page)
    for page in pages:
        if page.part.heading not in urls:
            yield f"{KEYWORDS}{page.name}: of {page.part.heading!r}, which the README has not"
    for part, anchor in zip(front.sections, found, strict=True):
        own = of.get(part.heading, [])
        yield from _faults_of_more(part, own, len(urls.get(part.heading, ())))
        yield from _faults_of_chain(anchor, own, len(part.rows))
    yield from _faults_of_contents(front, found, urls, split=bool(pages))
    is_long = len(front.sections) > SECTIONS_WITHOUT_CONTENTS
    wanted = [Lead(*link) for link in links(site)] if is_long or site else []
    if list(front.others) != wanted:
        said = ", ".join(map(_said, front.others)) or "nowhere"
        yield f"above the sections, leads to {said} instead of the other outputs"


def faults_of_front_page(front_page: bytes, document: bytes, mark: str) -> Iterator[str]:
    """Say where a front page is anything but the README, with links that work from there."""
    if not front_page.endswith(mark.encode()):
        yield "the front page does not end with the mark that it is ours"
    theirs = front_page.removesuffix(mark.encode()).split(b"\n")
    pairs = zip_longest(document.split(b"\n"), theirs, fillvalue=b"")
    for number, (line, other) in enumerate(pairs, start=1):
        leads = line.startswith(_LEADING)
        if other != (line.replace(b"](", f"]({TO_OUTPUT}".encode()) if leads else line):
            yield f"the front page's line {number} is not the README's"
            return


def faults_of_section(section: Part, urls: Sequence[str]) -> list[str]:
    """Say what is wrong with a section whose rows should lead to `urls`."""
    faults = [f"{section.heading}: {fault}" for fault in faults_of(section)]
    if len(section.rows) != len(urls):
        faults.append(f"{section.heading}: {len(section.rows)} rows for {len(urls)} papers")
        return faults
    for number, (row, url) in enumerate(zip(section.rows, urls, strict=True), start=1):
        problems = faults_of(row)
        if row.cells != _CELLS:
            problems.append(f"{row.cells} cells")
        if row.url != url and not problems:
            problems.append(f"leads to {row.url or 'nowhere'} instead of {url}")
        faults += [f"{section.heading}, row {number}: {problem}" for problem in problems]
    return faults


def faults_of(part: Part | Row) -> list[str]:
    """Say what is alive in it that should not be."""
    links = [link for link in part.links if not link.lower().startswith(_SCHEMES)]
    return [*([part.strange] if part.strange else []), *(f"a link to {link}" for link in links)]


def _faults_of_more(part: Part, own: Sequence[SeenPage], total: int) -> Iterator[str]:
    shown = len(part.rows)
    wanted: Lead | None = None
    if own and shown:
        numbers = (shown, total, total - shown)
        wanted = Lead(f"{total - shown:,} more", f"{KEYWORDS}{own[0].name}", numbers)
    elif own:
        papers = f"{total:,} paper{'s' if total > 1 else ''}"
        wanted = Lead(papers, f"{KEYWORDS}{own[0].name}", (total,))
    if part.more != wanted:
        yield f"{part.heading}: goes on at {_said(part.more)} instead of {_said(wanted)}"
    if part.navigation:
        yield f"{part.heading}: links below its table"


def _faults_of_chain(anchor: str, own: Sequence[SeenPage], shown: int) -> Iterator[str]:
    """Say where the pages of a keyword, in their order, do not follow each other."""
    for number, page in enumerate(own, start=1):
        start, stop, total, this, of = page.position
        if (start, this, of) != (shown + 1, number, len(own)):
            yield (
                f"{KEYWORDS}{page.name}: page {this} of {of} begins with number {start}, where "
                f"page {number} of {len(own)} should with {shown + 1}"
            )
        shown = stop
        links = [Lead("All keywords", f"{TO_README}{f'#{anchor}' if anchor else ''}")]
        links += [Lead("Previous page", own[number - 2].name)] if number > 1 else []
        links += [Lead("Next page", own[number].name)] if number < len(own) else []
        for found in (page.above, page.part.navigation):
            if list(map(_unquoted, found)) != links:
                said = ", ".join(map(_said, found)) or "nowhere"
                yield f"{KEYWORDS}{page.name}: leads to {said}"
        if number == len(own) and stop != total:
            yield f"{KEYWORDS}{page.name}: the last page, and ends with {stop} of {total}"


def _faults_of_contents(
    front: Readme, found: Iterable[str], urls: Urls, *, split: bool
) -> Iterator[str]:
    totals = [len(urls.get(part.heading, ())) for part in front.sections]
    entries = zip(front.sections, found, totals, strict=True)
    wanted = [Lead(part.heading, f"#{anchor}", (total,)) for part, anchor, total in entries]
    listed = list(map(_unquoted, front.contents))
    if not split and len(totals) <= SECTIONS_WITHOUT_CONTENTS:
        wanted = []
    if listed != wanted:
        pairs = zip_longest(listed, wanted)
        one, other = next((a, b) for a, b in pairs if a != b)
        yield f"the table of contents has {_said(one)}, not {_said(other)}"
    if front.position != ((len(totals), sum(totals)) if split else ()):
        yield f"the table of contents counts {front.position}"
    if front.preamble.navigation:
        yield "links above the sections"


def _unquoted(lead: Lead) -> Lead:
    return lead._replace(target=unquote(lead.target))


def _said(lead: Lead | None) -> str:
    return f"{lead.label!r} ({lead.target})" if lead else "nowhere"
