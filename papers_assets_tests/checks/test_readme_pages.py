from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import pytest

from papers_assets.checks import GITHUB_LIMIT, Finding, check_readme
from papers_assets.keywords.model import Field
from papers_assets.render import readme_pages
from papers_assets.render.readme_layout import lay_out
from papers_assets.render.sections import content, sections
from papers_assets.storage import documents
from papers_assets.storage.raw_papers import slug
from papers_assets.transform.selection import REFRESHED_AT
from papers_assets_tests.helpers.check_scenario import (
    QUIET,
    World,
    failed,
    iso,
    with_attribute,
    world,
)
from papers_assets_tests.helpers.factories import keyword, paper


@dataclass(frozen=True)
class Split:
    """A README that leaves rows to pages, since its documents may have so many bytes at most."""

    world: World
    limit: int = 2_600

    @cached_property
    def files(self) -> dict[str, bytes]:
        said = content(self.world.papers, self.world.file)
        layout = lay_out(said, slug, front_page=True, limit=self.limit)
        made = {page.name: "".join(readme_pages.page(said, page)).encode() for page in layout.pages}
        return {
            "README.md": "".join(readme_pages.front(said, layout)).encode(),
            ".github": "".join(readme_pages.front_page(said, layout)).encode(),
            **made,
        }

    def findings(self, files: Mapping[str, bytes]) -> dict[str, Finding]:
        made, left = self.world, dict(files)
        found = check_readme(
            left.pop("README.md"),
            made.papers,
            sections(made.papers, made.file),
            made.file,
            front_page=left.pop(".github"),
            pages=left.items(),
        )
        return {finding.name: finding for finding in found}


MANY, MORE = keyword(cap=40), keyword("C++", any=("invented",), within=Field.TITLE, cap=9)


def split() -> Split:
    papers = [paper(n) for n in range(1, 41)]
    made = world({MANY: papers, MORE: papers, QUIET: []})
    return Split(with_attribute(REFRESHED_AT, {"compiler": iso(days=2)})(made))


def compiler_page(number: int) -> str:
    return readme_pages.page_name(slug("compiler"), number)


def test_a_readme_with_pages_passes_every_check_with_figures() -> None:
    made = split()
    findings = made.findings(made.files)
    assert failed(findings) == []
    numbers = findings["well_formed"].numbers
    assert numbers["pages"] == len(made.files) - 2 > 3
    assert (numbers["sections"], numbers["rows_on_pages"]) == (3, 49 - int(numbers["rows"]))
    sizes = [len(document) for document in made.files.values()]
    assert findings["under_github_limit"].numbers["largest"] == max(sizes) <= made.limit
    assert findings["under_github_limit"].numbers["documents"] == len(sizes)


@pytest.mark.parametrize(
    ("place", "old", "new", "words"),
    [
        ("README.md", b"](keywords/compiler-", b"](keywords/c-", "goes on at "),
        ("README.md", b" of 40 papers; ", b" of 41 papers; ", "goes on at "),
        (
            "README.md",
            b"- [C++](#c)",
            b"- [C++](#c-1)",
            "contents has 'C++' (#c-1), not 'C++' (#c)",
        ),
        ("README.md", b"(#c): 9 papers", b"(#c): 8 papers", "contents has 'C++' (#c), not "),
        ("README.md", b"- [C++](#c): 9 papers\n", b"", "contents has 'quiet'"),
        ("README.md", b"3 keywords, 49 rows", b"3 keywords, 48 rows", "counts (3, 48)"),
        ("README.md", b"- [C++](#c)", b"- ![C++](#c)", "before the sections: in its contents, "),
        ("README.md", b"# Daily", b"# C++\n# Daily", "<h1>"),
        (".github", b"](../output/keywords/", b"](keywords/", "the front page's line "),
        (".github", b"Last update", b"First update", "the front page's line 10 is not "),
        (".github", documents.FRONT_PAGE_MARK.encode(), b"", "the mark that it is ours"),
        (compiler_page(1), b"](../README.md#compiler)", b"](../README.md#c)", "md: leads to "),
        (compiler_page(1), b"[Next page]", b"[Previous page]", "md: leads to "),
        (compiler_page(2), b"-3.md)", b"-2.md)", "-2.md: leads to "),
        (compiler_page(1), b"page 1 of ", b"page 2 of ", "page 2 of "),
        (compiler_page(2), b"Numbers 1", b"Numbers 2", "begins with number 2"),
        (compiler_page(2), b"wrote this", b"wrote <b> this", "-2.md: compiler, row 1: <b>"),
        (compiler_page(2), b"## compiler", b"## LLVM", "of 'LLVM', which the README has not"),
        (compiler_page(2), b"## compiler", b"## compiler\nx\n\n## compiler", "2 sections"),
        (compiler_page(2), b"wrote this", b"wrote \xff this", "-2.md: bytes that are no UTF-8"),
        (compiler_page(2), b"abs/2613", b"abs/2614", "-2.md: compiler, row 1: leads to https://"),
    ],
)
def test_a_spoiled_document_among_several_is_noticed(
    place: str, old: bytes, new: bytes, words: str
) -> None:
    made = split()
    assert old in made.files[place]
    spoiled = made.files[place].replace(old, new, 1)
    finding = made.findings({**made.files, place: spoiled})["well_formed"]
    assert not finding.passed
    assert words in finding.description


def long(site: str = "", limit: int = GITHUB_LIMIT) -> Split:
    """A README of four keywords, with a table of contents."""
    papers, names = [paper(n) for n in range(1, 7)], ("compiler", "C++", "a (2) · b", "d")
    keywords = [keyword(name, any=("compiler",)) for name in names]
    return Split(replace(world(dict.fromkeys(keywords, papers)), site=site), limit)


SITE = "https://papers.example.org/a&amp;b"


@pytest.mark.parametrize("made", [long(), long(SITE), long(limit=2_600), long(SITE, 2_600)])
def test_a_readme_with_contents_in_a_line_and_links_passes(made: Split) -> None:
    assert (len(made.files) > 2) == (made.limit < GITHUB_LIMIT)
    assert failed(made.findings(made.files)) == []


@pytest.mark.parametrize(
    ("place", "old", "new", "words"),
    [
        (
            "README.md",
            b"[C++](#c) (6)",
            b"[C++](#c) (3)",
            "contents has 'C++' (#c), not 'C++' (#c)",
        ),
        ("README.md", b"[C++](#c)", b"[C++](#d)", "contents has 'C++' (#d)"),
        ("README.md", b" \xc2\xb7 [d](#d) (6)", b"", "contents has nowhere, not 'd' (#d)"),
        ("README.md", b"(6)\n", b"(6) [d](#d)\n", "before the sections: a link called 'd'"),
        ("README.md", b"[what was new](digests)", b"", "leads to nowhere instead of the other"),
        (
            "README.md",
            b"(digests)",
            b"(javascript:x)",
            "leads to 'what was new' (javascript:x)",
        ),
        (".github", b"(../output/digests)", b"(digests)", "the front page's line "),
    ],
)
def test_a_spoiled_line_of_links_is_noticed(place: str, old: bytes, new: bytes, words: str) -> None:
    made = long()
    assert old in made.files[place]
    spoiled = made.files[place].replace(old, new, 1)
    finding = made.findings({**made.files, place: spoiled})["well_formed"]
    assert not finding.passed
    assert words in finding.description


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_page_that_is_missing_is_noticed(number: int) -> None:
    made = split()
    files = {name: text for name, text in made.files.items() if name != compiler_page(number)}
    assert "well_formed" in failed(made.findings(files))


def test_a_page_that_nothing_leads_to_is_noticed() -> None:
    made = split()
    former = made.files[compiler_page(2)]
    for name in ("quiet-0123456789ab.md", f"{slug('compiler')}-99.md"):
        assert "well_formed" in failed(made.findings({**made.files, name: former}))


def test_pages_of_old_sections_have_to_say_so_too() -> None:
    made = split()
    note = b"_Not refreshed since 2026-11-21._\n"
    page = made.files[compiler_page(2)]
    assert note in page
    for old, new in [(note, b""), (b"update: 2026-11-23", b"update: 2026-11-24")]:
        files = {**made.files, compiler_page(2): page.replace(old, new)}
        finding = made.findings(files)["says_what_is_stale"]
        assert not finding.passed
        assert f"keywords/{compiler_page(2)} says " in finding.description


def test_a_page_beyond_github_s_limit_is_named() -> None:
    made = split()
    page = made.files[compiler_page(2)].ljust(GITHUB_LIMIT + 1)
    finding = made.findings({**made.files, compiler_page(2): page})["under_github_limit"]
    assert not finding.passed
    assert f"bytes of keywords/{compiler_page(2)} (512,001 bytes). " in finding.description
    assert "please report" in finding.description
