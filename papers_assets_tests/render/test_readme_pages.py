"""The README in several documents: every row once, none too large, and links that lead there."""

import re
import tracemalloc
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import starmap
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.models import build_abs_url
from papers_assets.checks.readme_pages import faults_of_rows
from papers_assets.checks.rendered import Block, Document, Link, parse
from papers_assets.defs.assets.readme import _remove_unlinked, _write_all
from papers_assets.render import readme_pages
from papers_assets.render.github import build_anchors
from papers_assets.render.readme import Section, render_readme
from papers_assets.render.readme_layout import paginate
from papers_assets.render.readme_pages import GITHUB_LIMIT, ReadmeContent, ReadmeLayout
from papers_assets.storage.documents import FRONT_PAGE_MARK, DocumentStore
from papers_assets.storage.locks import default_locks
from papers_assets.storage.raw_papers import build_slug
from papers_assets_tests.checks.test_rendered import hazards
from papers_assets_tests.helpers import github_markdown
from papers_assets_tests.helpers.thoroughness import examples
from papers_assets_tests.helpers.visible_text import Paper, frame, paper, visible
from papers_assets_tests.render.test_escape_properties import hostile

DAY = date(2026, 2, 3)
# As keywords.toml takes them: visible characters, single spaces.
keywords = hostile.map(lambda text: " ".join("".join(filter(str.isprintable, text)).split()))
keywords = keywords.filter(bool)


def papers(count: int, first: int = 0, **fields: object) -> list[Paper]:
    return [paper(arxiv_id=f"2613.{n:05}", **fields) for n in range(first, first + count)]


def content(*sections: tuple[str, Sequence[Paper]], note: str = "") -> ReadmeContent:
    made = [Section(keyword, frame(rows), note) for keyword, rows in sections]
    return ReadmeContent(made, DAY, 7, "Nothing new.")


@dataclass(frozen=True)
class Written:
    """All documents of a content, as text."""

    layout: ReadmeLayout
    front: str
    pages: dict[str, str]

    @property
    def sizes(self) -> list[int]:
        return [len(text.encode()) for text in (self.front, *self.pages.values())]


def written(said: ReadmeContent, limit: int = GITHUB_LIMIT, *, front_page: bool = False) -> Written:
    layout = paginate(said, build_slug, limit=limit, front_page=front_page)
    texts = {page.name: "".join(readme_pages.render_page(said, page)) for page in layout.pages}
    assert len(texts) == len(layout.pages)
    return Written(layout, "".join(readme_pages.render_front(said, layout)), texts)


def read(text: str) -> Document:
    seen = parse(text.encode())
    assert seen.faults == ()
    for section in seen.sections:
        assert list(faults_of_rows(section, [row.url for row in section.rows])) == []
    return seen


def words(blocks: Sequence[Block]) -> list[str]:
    """What is said in Markdown's blocks, and where their links lead."""
    return [
        block.text + "".join(f" [{label}]({target})" for label, target in block.links)
        for block in blocks
    ]


def urls(found: Written) -> dict[str, list[str]]:
    """Where rows lead, by heading, those of the front first."""
    documents = [read(text) for text in (found.front, *found.pages.values())]
    sections = [part for document in documents for part in document.sections]
    led: dict[str, list[str]] = {part.heading: [] for part in sections}
    for part in sections:
        led[part.heading] += [row.url for row in part.rows]
    return led


def wanted(said: ReadmeContent) -> dict[str, list[str]]:
    return {
        visible(section.keyword): [
            build_abs_url(row.arxiv_id, row.version)  # type: ignore[arg-type] # pandas knows no types
            for row in section.papers.itertuples()
        ]
        for section in said.sections
    }


def test_what_fits_is_the_readme_as_it_always_was() -> None:
    said = content(("compiler", papers(3)), ("quiet", []))
    found = written(said)
    always = render_readme(said.sections, last_update=DAY, cap=7, notice="Nothing new.")
    assert (found.front, found.pages) == ("".join(always), {})


NOTIFIES = "You can click the 'Watch' button to receive daily email notifications."
HINT = (
    "To receive a daily email, turn on the repository's issues (Settings, General, Features) and "
    "click the 'Watch' button."
)
SEE_ALSO = (
    "See also: [pages to search](<https://x.org/y/index.html>) · "
    "[feed](<https://x.org/y/feeds/all.xml>) · "
    "[what was new, by day](<https://x.org/y/days/index.html>)"
)


@pytest.mark.parametrize(
    ("names", "site", "lines"),
    [
        ("abc", "", [NOTIFIES]),
        (
            "abcd",
            "",
            [
                HINT,
                "Contents: [a](#a) (2) · [b](#b) (2) · [c](#c) (2) · [d](#d) (2)",
                "By day: [what was new](digests)",
            ],
        ),
        (
            "a",
            "https://x.org/y",
            [HINT, SEE_ALSO],
        ),
    ],
)
def test_a_long_list_has_contents_and_one_with_extras_says_only_what_is_true(
    names: str, site: str, lines: list[str]
) -> None:
    said = replace(content(*((name, papers(2)) for name in names)), site=site)
    above = written(said).front.partition("\n## ")[0].splitlines()
    assert [x for x in above if x.startswith(("You", "To rec", "Cont", "By", "See"))] == lines
    notifying = written(replace(said, notifies=True)).front
    assert f"\n{NOTIFIES}\n" in notifying


def test_to_the_last_byte_it_is_one_document_and_one_byte_less_makes_pages() -> None:
    said = content(("compiler", papers(9, comment="Invented")), ("quiet", []))
    size = len(written(said).front.encode())
    assert written(said, size).pages == {}
    found = written(said, size - 1)
    assert found.pages
    assert max(found.sizes) < size


@given(
    st.lists(
        st.tuples(keywords, st.integers(0, 30)),
        min_size=1,
        max_size=5,
        unique_by=lambda pair: pair[0],
    ),
    hostile,
    st.integers(7_000, 15_000),
    st.booleans(),
)
@examples(40)
def test_every_row_stands_once_in_order_and_no_document_is_too_large(
    lists: list[tuple[str, int]],
    text: str,
    limit: int,
    front_page: bool,  # noqa: FBT001
) -> None:
    said = content(
        *((name, papers(count, title=text)) for name, count in lists), note=visible(text)
    )
    found = written(said, limit, front_page=front_page)
    assert urls(found) == wanted(said)
    assert max(found.sizes) <= limit
    if front_page:
        other = "".join(readme_pages.render_front_page(said, found.layout))
        assert len(other.encode()) <= limit
        assert other.endswith(f"\n{FRONT_PAGE_MARK}")


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(6_000, 12_000))
@examples(40)
def test_room_is_shared_evenly_and_who_has_little_leaves_it_to_the_others(
    counts: list[int], limit: int
) -> None:
    said = content(*((f"compiler {n}", papers(count)) for n, count in enumerate(counts)))
    found = written(said, limit)
    shown = found.layout.shown
    cut = [n for n, count in zip(shown, counts, strict=True) if n < count]
    whole = [n for n, count in zip(shown, counts, strict=True) if n == count]
    assert cut == sorted(cut, reverse=True)
    assert max(cut, default=0) - min(cut, default=0) <= 1
    # The last row of a list takes hardly any room: the line that leads to it goes.
    assert max(whole, default=0) <= max(cut, default=30) + 2
    row = len(f"{found.front.partition('| **[')[2].partition(chr(10))[0]}| **[\n".encode())
    assert not cut or limit - found.sizes[0] < row


def test_a_row_too_large_for_the_front_keeps_only_its_own_keyword_back() -> None:
    long = papers(1) + papers(1, 1, abstract="long " * 800) + papers(8, 2)
    said = content(("long", long), ("short", papers(10)))
    found = written(said, 4_800)
    assert found.layout.shown[0] == 1
    assert found.layout.shown[1] > 5
    assert urls(found) == wanted(said)


def test_the_front_lists_its_keywords_and_leads_to_the_rest() -> None:
    said = content(("C++", papers(4)), ("C", papers(40)), ("quiet", []))
    found = written(said, 3_500)
    seen, name = read(found.front), build_slug("C")
    assert words(seen.above)[-6:] == [
        "3 keywords, 44 rows. What does not fit here is on pages of its own.",
        "",
        "C++: 4 papers [C++](#c)",
        "C: 40 papers [C](#c-1)",
        "quiet: 0 papers [quiet](#quiet)",
        "",
    ]
    plenty, cut, quiet = seen.sections
    shown = len(cut.rows)
    assert words(plenty.blocks)[:2] == ["C++", ""]
    assert words(quiet.blocks) == ["quiet", "No papers yet."]
    left = f"{40 - shown} more"
    assert words(cut.blocks)[:2] == [
        "C",
        f"The newest {shown} of 40 papers; {left}. [{left}](keywords/{name}.md)",
    ]
    assert list(found.pages)[:2] == [f"{name}.md", f"{name}-2.md"]


def test_pages_lead_back_to_their_section_and_to_each_other_above_and_below() -> None:
    found = written(content(("C++", papers(4)), ("C", papers(90)), note="Old."), 4_500)
    name, count = build_slug("C"), len(found.pages)
    assert count > 2
    stop = found.layout.shown[1]
    for number, text in enumerate(found.pages.values(), start=1):
        seen = read(text)
        (part,) = seen.sections
        names = {"Previous page": number - 1, "Next page": number + 1}
        links = {"All keywords": "../README.md#c-1"} | {
            label: f"{name}{f'-{other}' if other > 1 else ''}.md"
            for label, other in names.items()
            if 1 <= other <= count
        }
        navigation = Block("<p>…</p>", " · ".join(links), tuple(starmap(Link, links.items())))
        assert seen.above == (
            Block("<h1>…</h1>", "Daily Papers"),
            Block(
                "<p>…</p>",
                f"Numbers {stop + 1} to {stop + len(part.rows)} of 90 papers, newest first: "
                f"page {number} of {count}.",
            ),
            navigation,
            Block("<p>…</p>", "Last update: 2026-02-03"),
        )
        assert (part.note, part.blocks[-1]) == ("Old.", navigation)
        stop += len(part.rows)
    assert stop == 90


@given(st.lists(keywords, min_size=1, max_size=4, unique=True))
@examples(100)
def test_whatever_keywords_are_called_contents_lead_to_their_headings(names: list[str]) -> None:
    found = written(content(*((name, papers(20)) for name in names)), 2_400)
    seen = read(found.front)
    headings = [
        cell.text for cell in github_markdown.outside(found.front) if cell.kind in ("h1", "h2")
    ]
    expected = list(build_anchors(headings))[1:]
    links = [link for block in seen.above for link in block.links]
    assert [link.label for link in links if link.target != "digests"] == headings[1:] == names
    assert [unquote(link.target) for link in links if link.target != "digests"] == [
        f"#{name}" for name in expected
    ]


@pytest.mark.parametrize(
    ("headings", "found"),
    [
        (["Daily Papers", "daily papers"], ["daily-papers", "daily-papers-1"]),
        (["C", "C++", "C#", "c"], ["c", "c-1", "c-2", "c-3"]),
        (["a_b-c d.e  f", "図 ½ é!"], ["a_b-c-de--f", "図--é"]),
        (["+", "\N{WAVING HAND SIGN}"], ["", "-1"]),
    ],
)
def test_anchors_are_those_of_github(headings: list[str], found: list[str]) -> None:
    assert list(build_anchors(headings)) == found


def test_more_keywords_than_headings_fit_lose_nothing() -> None:
    said = content(*((f"compiler {n}", papers(1)) for n in range(30)))
    found = written(said, 3_000)
    assert set(found.layout.shown) == {0}
    assert urls(found) == wanted(said)
    assert found.sizes[0] > 3_000
    assert "\nNo room here: [1 paper](keywords/compiler-0-" in found.front


def test_more_keywords_than_headings_fit_without_papers_make_no_pages() -> None:
    found = written(content(*((f"compiler {n}", []) for n in range(30))), 1_000)
    assert found.pages == {}
    assert [len(block.links) for block in read(found.front).above if block.links] == [30, 1]


@pytest.mark.parametrize("piece", ["x", "\N{SNAKE}", "[^", "*a\N{SNAKE}", "|", "https://a.b/*"])
def test_rows_of_absurd_length_still_find_a_page(piece: str) -> None:
    text = piece * 20_001
    said = content(("compiler", papers(9, title=text, abstract=text, comment=text)))
    found = written(said)
    assert found.pages
    assert max(found.sizes) <= GITHUB_LIMIT
    assert urls(found) == wanted(said)


def test_a_row_larger_than_a_page_stands_alone_on_one() -> None:
    said = content(("compiler", papers(3, abstract="long " * 800)))
    found = written(said, 3_000)
    assert [len(read(text).sections[0].rows) for text in found.pages.values()] == [1, 1, 1]


def test_a_front_page_is_the_readme_with_longer_links_and_a_mark() -> None:
    said = content(("compiler", papers(40)), ("[x](keywords/y)", papers(9)))
    found = written(said, 5_000, front_page=True)
    other = "".join(readme_pages.render_front_page(said, found.layout))
    assert other.count("](../output/keywords/") == sum(
        n < m for n, m in zip(found.layout.shown, (40, 9), strict=True)
    )
    assert other.replace("](../output/", "](") == found.front + FRONT_PAGE_MARK
    assert len(github_markdown.outside(other)) == len(github_markdown.outside(found.front))


def test_rows_are_never_all_text_at_once() -> None:
    rows = frame(papers(1_000, abstract="A long invented abstract. " * 60))
    said = ReadmeContent([Section(f"compiler {n}", rows) for n in range(3)], DAY, 7)
    tracemalloc.start()
    layout = paginate(said, build_slug)
    documents = [
        readme_pages.render_front(said, layout),
        *(readme_pages.render_page(said, page) for page in layout.pages),
    ]
    total = sum(len(piece) for document in documents for piece in document)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total > 5_000_000
    assert peak < total / 4


@pytest.mark.corpus
@pytest.mark.slow
def test_real_hazards_are_shared_out_whole() -> None:
    found = hazards()
    said = content(("hazards", found))
    made = written(said)
    assert urls(made) == wanted(said)
    assert max(made.sizes) <= GITHUB_LIMIT
    full = sorted(made.sizes)[1:]
    assert min(full) > 0.9 * GITHUB_LIMIT
    assert len(re.findall(r"\n\| \*\*\[", "".join(made.pages.values()))) < len(found)


class Watched(DocumentStore):
    """Follows every link from the README and the front page whenever a file has changed."""

    def write_page(self, name: str, pieces: Iterable[str]) -> int:
        return self._looked(super().write_page(name, pieces))

    def write_readme(self, chunks: Iterable[str]) -> int:
        return self._looked(super().write_readme(chunks))

    def write_front_page(self, pieces: Iterable[str]) -> int:
        return self._looked(super().write_front_page(pieces))

    def remove_pages(self, kept_names: Collection[str] = ()) -> None:
        for name in [name for name, _ in self.read_pages() if name not in kept_names]:
            (self.pages_folder / name).unlink()
            self._looked(0)
        super().remove_pages(kept_names)

    def _looked(self, size: int) -> int:
        seen: set[Path] = set()
        left = [path for path in (self.readme_path, self.front_page_path) if path.exists()]
        while left:
            path = left.pop()
            seen.add(path)
            for link in re.findall(r"\]\(([^:()#]+\.md)", path.read_text()):
                there = (path.parent / link).resolve()
                assert there.is_file(), f"{path.name} leads to {link}"
                left += [there] if there not in seen else []
        return size


def test_no_reader_ever_meets_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    home = tmp_path.resolve()
    documents = Watched(home, default_locks(home))
    for count, front_page in [(5, False), (70, True), (180, False), (90, True), (5, False)]:
        said = content(("a", papers(count, abstract="long " * 3_000)), ("b", papers(5)))
        written = _write_all(documents, said, front_page=front_page)
        _remove_unlinked(documents, written, front_page=front_page)
        assert bool(list(documents.read_pages())) == (count > 5)
        assert documents.front_page_path.exists() == front_page
