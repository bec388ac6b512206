"""The distribution of the README's rows over its front and pages, by size in bytes. Pure.

Rows are rendered here one by one to measure their sizes, and again when they are written: all of
them as text would not fit into memory.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from papers_assets.render.readme import (
    Continuation,
    Section,
    list_table_rows,
    parts,
    render_readme,
)
from papers_assets.render.readme_pages import (
    GITHUB_LIMIT,
    TO_OUTPUT,
    ReadmeContent,
    ReadmeLayout,
    ReadmePage,
    build_extras,
    continuation_of,
    list_section_anchors,
    render_page,
)
from papers_assets.storage.documents import FRONT_PAGE_MARK

CumulativeSizes = Sequence[int]
"""The size in bytes of the first 0, 1, 2, ... rows of a section, up to all rows."""


def paginate(
    content: ReadmeContent,
    slug: Callable[[str], str],
    *,
    front_page: bool = False,
    limit: int = GITHUB_LIMIT,
) -> ReadmeLayout:
    """Distribute the space of the front, and assign the remaining rows to pages.

    The front shows the newest rows of every keyword: the same number for each keyword that has so
    many. Remaining space is given to one more row of each keyword, in order.

    Args:
        content: the content of the README.
        slug: returns the file name of a keyword.
        front_page: whether the front has to fit as a front page, too.
        limit: the maximum size of a document in bytes, exceeded only if headings and links alone,
            or a single row, are larger.
    """
    ends = [_cumulative_sizes(section) for section in content.sections]
    room = limit - (len(FRONT_PAGE_MARK) if front_page else 0)
    folder = TO_OUTPUT if front_page else ""
    tables = sum(_section_size(end, len(end) - 1) for end in ends)
    if _size_without_tables(content, folder, is_split=False) + tables <= room:
        return ReadmeLayout(tuple(len(end) - 1 for end in ends))
    layout = ReadmeLayout(
        (),
        slugs=tuple(slug(section.keyword) for section in content.sections),
        anchors=tuple(list_section_anchors(content)),
    )
    room -= _size_without_tables(content, folder, is_split=True)
    mores = [
        continuation_of(*pair, folder) for pair in zip(content.sections, layout.slugs, strict=True)
    ]
    shown = _share_rows(ends, mores, room)
    pages = tuple(_list_pages(content, layout, ends, shown, limit))
    # Headings alone can exceed the limit: then no rows remain that pages could hold.
    return replace(layout, shown=shown, pages=pages) if pages else ReadmeLayout(shown)


def _share_rows(
    ends: Sequence[CumulativeSizes], mores: Sequence[Continuation], room: int
) -> tuple[int, ...]:
    """Return how many rows of each section fit into `room` bytes, in turns of one row each."""
    shown = [0] * len(ends)
    room -= sum(_section_size(end, 0, more) for end, more in zip(ends, mores, strict=True))
    growing = True
    while growing:
        growing = False
        for i, (end, goes_on) in enumerate(zip(ends, mores, strict=True)):
            if shown[i] == len(end) - 1:
                continue
            grown = _section_size(end, shown[i] + 1, goes_on) - _section_size(
                end, shown[i], goes_on
            )
            if grown <= room:
                room -= grown
                shown[i] += 1
                growing = True
    return tuple(shown)


def _list_pages(
    content: ReadmeContent,
    layout: ReadmeLayout,
    ends: Sequence[CumulativeSizes],
    shown: Sequence[int],
    limit: int,
) -> Iterator[ReadmePage]:
    for number, (end, first) in enumerate(zip(ends, shown, strict=True)):
        total = len(end) - 1
        if first == total:
            continue
        # With the largest possible numbers: the number of pages is not known yet.
        widest = ReadmePage(
            layout.slugs[number], layout.anchors[number], number, total, total, total, total + 1
        )
        stops = list(_list_page_ends(end, first, limit - _size_without_rows(content, widest)))
        starts = [first, *stops[:-1]]
        for count, (start, stop) in enumerate(zip(starts, stops, strict=True), start=1):
            yield widest._replace(start=start, stop=stop, number=count, total=len(stops))


def _list_page_ends(end: CumulativeSizes, start: int, room: int) -> Iterator[int]:
    """Return the end of each page, the first starting at `start`; each has at least one row."""
    for stop in range(start + 1, len(end)):
        if stop + 1 == len(end) or end[stop + 1] - end[start] > room:
            yield stop
            start = stop


def _cumulative_sizes(section: Section) -> CumulativeSizes:
    row_of = parts().row
    sizes = (len(row_of(row).encode()) for row in list_table_rows(section.papers))
    return array("Q", accumulate(sizes, initial=0))


def _section_size(end: CumulativeSizes, shown: int, goes_on: Continuation | None = None) -> int:
    """Return the size in bytes of a section with its first rows."""
    total, size = len(end) - 1, end[shown]
    if shown < total and goes_on:
        size += len(parts().more(shown, goes_on).encode())
    if shown:
        size += _macro_size("head")
    return size if total else _macro_size("nothing")


def _size_without_tables(content: ReadmeContent, folder: str, *, is_split: bool) -> int:
    """Return the size in bytes of a front with headings and notes only."""
    document = render_readme(
        [_without_rows(section) for section in content.sections],
        last_update=content.last_update,
        cap=content.cap,
        notice=content.notice,
        extras=build_extras(content, folder, is_split=is_split),
    )
    return _count_bytes(document) - len(content.sections) * _macro_size("nothing")


def _size_without_rows(content: ReadmeContent, widest: ReadmePage) -> int:
    return _count_bytes(render_page(content, widest)) - _macro_size("nothing") + _macro_size("head")


def _without_rows(section: Section) -> Section:
    return replace(section, papers=section.papers.iloc[:0])


def _macro_size(name: str) -> int:
    """Return the size in bytes of a macro's text, which replaces rows or stands above them."""
    return len(getattr(parts(), name))


def _count_bytes(pieces: Iterable[str]) -> int:
    return sum(len(piece.encode()) for piece in pieces)
