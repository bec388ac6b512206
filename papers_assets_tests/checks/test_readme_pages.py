from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import pytest
from jinja2 import FunctionLoader

from papers_assets.checks import GITHUB_LIMIT, CheckResult, check_readme
from papers_assets.keywords.model import MatchField
from papers_assets.render import readme_pages
from papers_assets.render.readme import build_environment, parts
from papers_assets.render.readme_layout import paginate
from papers_assets.render.sections import build_content, build_sections
from papers_assets.storage import documents
from papers_assets.storage.raw_papers import build_slug
from papers_assets.transform.selection import REFRESHED_AT_ATTR
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
        said = build_content(self.world.papers, self.world.file)
        layout = paginate(said, build_slug, front_page=True, limit=self.limit)
        made = {
            page.name: "".join(readme_pages.render_page(said, page)).encode()
            for page in layout.pages
        }
        return {
            "README.md": "".join(readme_pages.render_front(said, layout)).encode(),
            ".github": "".join(readme_pages.render_front_page(said, layout)).encode(),
            **made,
        }

    def findings(self, files: Mapping[str, bytes]) -> dict[str, CheckResult]:
        made, left = self.world, dict(files)
        result = check_readme(
            left.pop("README.md"),
            made.papers,
            build_sections(made.papers, made.file),
            made.file,
            front_page=left.pop(".github"),
            pages=left.items(),
        )
        return {finding.name: finding for finding in result}


MANY, MORE = keyword(cap=40), keyword("C++", any=("invented",), within=MatchField.TITLE, cap=9)


def split() -> Split:
    papers = [paper(n) for n in range(1, 41)]
    made = world({MANY: papers, MORE: papers, QUIET: []})
    return Split(with_attribute(REFRESHED_AT_ATTR, {"compiler": iso(days=2)})(made))


def compiler_page(number: int) -> str:
    return readme_pages.build_page_name(build_slug("compiler"), number)


def test_a_readme_with_pages_passes_every_check_with_figures() -> None:
    made = split()
    results = made.findings(made.files)
    assert failed(results) == []
    numbers = results["well_formed"].numbers
    assert numbers["pages"] == len(made.files) - 2 > 3
    assert (numbers["sections"], numbers["rows_on_pages"]) == (3, 49 - int(numbers["rows"]))
    sizes = [len(document) for document in made.files.values()]
    assert results["under_github_limit"].numbers["largest"] == max(sizes) <= made.limit
    assert results["under_github_limit"].numbers["documents"] == len(sizes)


@pytest.mark.parametrize(
    ("place", "old", "new", "words"),
    [
        (
            "README.md",
            b"](keywords/compiler-",
            b"](keywords/c-",
            "compiler: <p>The newest 4 of 40 papers; 36 more.</p> [36 more](keywords/c-",
        ),
        (
            "README.md",
            b" of 40 papers; ",
            b" of 41 papers; ",
            "4 of 41 papers; 36 more.</p> instead of <p>The newest 4 of 40 papers; 36 more.</p>",
        ),
        (
            "README.md",
            b"- [C++](#c)",
            b"- [C++](#c-1)",
            "<li>C++: 9 papers</li> [C++](#c-1) instead of <li>C++: 9 papers</li> [C++](#c)",
        ),
        (
            "README.md",
            b"(#c): 9 papers",
            b"(#c): 8 papers",
            "<li>C++: 8 papers</li> instead of <li>C++: 9 papers</li>",
        ),
        (
            "README.md",
            b"- [C++](#c): 9 papers\n",
            b"",
            "nothing instead of <li>C++: 9 papers</li> [C++](#c)",
        ),
        (
            "README.md",
            b"3 keywords, 49 rows",
            b"3 keywords, 48 rows",
            "nothing instead of <p>3 keywords, 49 rows. ",
        ),
        ("README.md", b"- [C++](#c)", b"- ![C++](#c)", "before the sections: <li><img "),
        ("README.md", b"# Daily", b"# C++\n# Daily", "<h1>"),
        (".github", b"](../output/keywords/", b"](keywords/", "the front page's line "),
        (".github", b"Last update", b"First update", "the front page's line 10 is not "),
        (".github", documents.FRONT_PAGE_MARK.encode(), b"", "the mark that it is ours"),
        (
            compiler_page(1),
            b"](../README.md#compiler)",
            b"](../README.md#c)",
            "</p> [All keywords](../README.md#c) instead of <p>",
        ),
        (
            compiler_page(1),
            b"[Next page]",
            b"[Previous page]",
            "All keywords · Previous page</p> [Previous page](",
        ),
        (compiler_page(2), b"-3.md)", b"-2.md)", "-2.md: before the sections: <p>"),
        (
            compiler_page(1),
            b"page 1 of ",
            b"page 2 of ",
            ".md: before the sections: nothing instead of <p>Numbers 5 to ",
        ),
        (
            compiler_page(2),
            b"Numbers 1",
            b"Numbers 2",
            "before the sections: nothing instead of <p>Numbers 1",
        ),
        (compiler_page(2), b"wrote this", b"wrote <b> this", "-2.md: compiler, row 1: <b>"),
        (compiler_page(2), b"## compiler", b"## LLVM", "-2.md: of 'LLVM' instead of 'compiler'"),
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
            "C++ (3) · a (2) · b (6) · d (6)</p> instead of <p>",
        ),
        ("README.md", b"[C++](#c)", b"[C++](#d)", " [C++](#d) instead of <p>"),
        ("README.md", b" \xc2\xb7 [d](#d) (6)", b"", " · b (6)</p> instead of <p>"),
        ("README.md", b"(6)\n", b"(6) [d](#d)\n", " · b (6) · d (6) d</p> instead of <p>"),
        (
            "README.md",
            b"[what was new](digests)",
            b"",
            "nothing instead of <p>By day: what was new</p> [what was new](digests)",
        ),
        (
            "README.md",
            b"(digests)",
            b"(javascript:x)",
            "By day: what was new</p> [what was new](javascript:x) instead of <p>By day: ",
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
    previous = made.files[compiler_page(2)]
    for name in ("quiet-0123456789ab.md", f"{build_slug('compiler')}-99.md"):
        assert "well_formed" in failed(made.findings({**made.files, name: previous}))


def test_pages_of_old_sections_have_to_say_so_too() -> None:
    made = split()
    note = b"_Not refreshed since 2026-11-21._\n"
    page = made.files[compiler_page(2)]
    assert note in page
    for old, new, words in [
        (note, b"", "says ''"),
        (b"update: 2026-11-23", b"update: 2026-11-24", "does not say 'Last update: 2026-11-23'"),
    ]:
        files = {**made.files, compiler_page(2): page.replace(old, new)}
        finding = made.findings(files)["says_what_is_stale"]
        assert not finding.passed
        assert f"keywords/{compiler_page(2)} {words}" in finding.description


def test_a_page_beyond_github_s_limit_is_named() -> None:
    made = split()
    page = made.files[compiler_page(2)].ljust(GITHUB_LIMIT + 1)
    finding = made.findings({**made.files, compiler_page(2): page})["under_github_limit"]
    assert not finding.passed
    assert f"bytes of keywords/{compiler_page(2)} (512,001 bytes). " in finding.description
    assert "please report" in finding.description


IN_GERMAN = {
    "Last update": "Zuletzt",
    "What does not fit here": "Was hier nicht hinpasst",
    "Contents": "Inhalt",
    "By day": "Nach Tagen",
    "Numbers ": "Nummern ",
    "All keywords": "Alle",
    "Next page": "Weiter",
    "Previous page": "Zurück",
    "The newest ": "Die neuesten ",
    "No room here": "Kein Platz",
    "**Title**": "**Titel**",
    "Show": "Zeigen",
    "No papers yet.": "Noch nichts.",
}


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The templates in another language."""
    templates, original = build_environment(), build_environment().loader
    assert original is not None
    used = set()

    def load(name: str) -> str:
        text = original.get_source(templates, name)[0]
        for english, german in IN_GERMAN.items():
            used.update([english] if english in text else [])
            text = text.replace(english, german)
        return text

    monkeypatch.setattr(templates, "loader", FunctionLoader(load))
    monkeypatch.setattr(templates, "cache", {})
    parts.cache_clear()
    yield
    parts.cache_clear()
    assert used == {*IN_GERMAN}


@pytest.mark.usefixtures("german")
def test_the_words_of_the_templates_are_the_templates_own_matter() -> None:
    for made in (split(), long(), long(limit=2_600)):
        assert failed(made.findings(made.files)) == []
    made = split()
    spoiled = made.files["README.md"].replace(b"Die neuesten 4", b"Die neuesten 5", 1)
    finding = made.findings({**made.files, "README.md": spoiled})["well_formed"]
    assert "compiler: <p>Die neuesten 5 of 40 papers" in finding.description
