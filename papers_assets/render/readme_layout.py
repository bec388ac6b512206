"""Which rows of the README stand on its front and which on pages, by their bytes. Pure.

Rows are rendered here for their sizes alone, one by one, and once more when they are written: all
of them as text would not fit into memory together.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from papers_assets.render.readme import (
    More,
    Section,
    environment,
    more_line,
    render_readme,
    table_rows,
)
from papers_assets.render.readme_pages import (
    GITHUB_LIMIT,
    TO_OUTPUT,
    Content,
    Layout,
    Page,
    extras,
    more,
    page,
    section_anchors,
)
from papers_assets.storage.documents import FRONT_PAGE_MARK

Ends = Sequence[int]
"""Bytes of the first rows of a section, of none, of one, and so on up to all of them."""


def lay_out(
    content: Content,
    slug: Callable[[str], str],
    *,
    front_page: bool = False,
    limit: int = GITHUB_LIMIT,
) -> Layout:
    """Share out the room of the front, and give pages to the rows that find none.

    Every keyword has its newest rows on the front: all have equally many, as far as they have so
    many, and what room is left goes to one more of each, in order.

    Args:
        content: what is said.
        slug: gives what a keyword's files are called.
        front_page: whether the front has to fit as a front page, too.
        limit: bytes of a document. It is kept unless headings and links alone, or a single row,
            take more.
    """
    ends = [_ends(section) for section in content.sections]
    room = limit - (len(FRONT_PAGE_MARK) if front_page else 0)
    folder = TO_OUTPUT if front_page else ""
    tables = sum(_size(end, len(end) - 1) for end in ends)
    if _size_without_tables(content, folder, is_split=False) + tables <= room:
        return Layout(tuple(len(end) - 1 for end in ends))
    layout = Layout(
        (),
        slugs=tuple(slug(section.keyword) for section in content.sections),
        anchors=tuple(section_anchors(content)),
    )
    room -= _size_without_tables(content, folder, is_split=True)
    mores = [more(*pair, folder) for pair in zip(content.sections, layout.slugs, strict=True)]
    shown = _shares(ends, mores, room)
    pages = tuple(_pages(content, layout, ends, shown, limit))
    # Headings alone can be too many: then nothing is left out that could stand on a page.
    return replace(layout, shown=shown, pages=pages) if pages else Layout(shown)


def _shares(ends: Sequence[Ends], mores: Sequence[More], room: int) -> tuple[int, ...]:
    """Say how many rows of each section fit into so many bytes, in turns of one row each."""
    shown = [0] * len(ends)
    room -= sum(_size(end, 0, more) for end, more in zip(ends, mores, strict=True))
    growing = True
    while growing:
        growing = False
        for i, (end, goes_on) in enumerate(zip(ends, mores, strict=True)):
            if shown[i] == len(end) - 1:
                continue
            grown = _size(end, shown[i] + 1, goes_on) - _size(end, shown[i], goes_on)
            if grown <= room:
                room -= grown
                shown[i] += 1
                growing = True
    return tuple(shown)


def _pages(
    content: Content, layout: Layout, ends: Sequence[Ends], shown: Sequence[int], limit: int
) -> Iterator[Page]:
    for number, (end, first) in enumerate(zip(ends, shown, strict=True)):
        total = len(end) - 1
        if first == total:
            continue
        # With the largest numbers that there can be: how many pages there are is not known yet.
        widest = Page(
            layout.slugs[number], layout.anchors[number], number, total, total, total, total + 1
        )
        stops = list(_stops(end, first, limit - _size_without_rows(content, widest)))
        starts = [first, *stops[:-1]]
        for count, (start, stop) in enumerate(zip(starts, stops, strict=True), start=1):
            yield widest._replace(start=start, stop=stop, number=count, of=len(stops))


def _stops(end: Ends, start: int, room: int) -> Iterator[int]:
    """Say where each page ends, the first of which begins at `start`: at least a row on each."""
    for stop in range(start + 1, len(end)):
        if stop + 1 == len(end) or end[stop + 1] - end[start] > room:
            yield stop
            start = stop


def _ends(section: Section) -> Ends:
    table: Any = environment().get_template("table.md.j2").module
    sizes = (len(table.row(row).encode()) for row in table_rows(section.papers))
    return array("Q", accumulate(sizes, initial=0))


def _size(end: Ends, shown: int, goes_on: More | None = None) -> int:
    """Give the bytes of a section's first rows and of what stands around them."""
    total, size = len(end) - 1, end[shown]
    if shown < total and goes_on:
        size += len(more_line(shown, goes_on).encode()) + len("\n\n")
    if shown:
        size += _constant("head")
    return size if total else _constant("nothing")


def _size_without_tables(content: Content, folder: str, *, is_split: bool) -> int:
    """Give the bytes of a front that has headings and notes alone."""
    document = render_readme(
        [_empty(section) for section in content.sections],
        last_update=content.last_update,
        cap=content.cap,
        remark=content.remark,
        extras=extras(content, folder, is_split=is_split),
    )
    return _bytes(document) - len(content.sections) * _constant("nothing")


def _size_without_rows(content: Content, widest: Page) -> int:
    return _bytes(page(content, widest)) - _constant("nothing") + _constant("head")


def _empty(section: Section) -> Section:
    return replace(section, papers=section.papers.iloc[:0])


def _constant(name: str) -> int:
    """Give the bytes of what stands instead of rows, or of what stands above them."""
    return len(getattr(environment().get_template("table.md.j2").module, name))


def _bytes(pieces: Iterable[str]) -> int:
    return sum(len(piece.encode()) for piece in pieces)
