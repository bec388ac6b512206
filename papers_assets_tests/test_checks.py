from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given

from papers_assets.arxiv.feed import Paper
from papers_assets.checks import (
    CHECKS_OF_PAPERS,
    CHECKS_OF_README,
    FORMER_COLUMNS,
    GITHUB_LIMIT,
    Finding,
    Severity,
    check_papers,
    check_readme,
    stops,
)
from papers_assets.keywords import Field, Keyword, KeywordsFile
from papers_assets.papers import KEYS, PROBLEMS, REFRESHED_AT, Source, join, select_papers
from papers_assets.rendering import pages
from papers_assets.rendering.layout import lay_out
from papers_assets.rendering.readme import render_readme
from papers_assets.sections import content, last_update, sections
from papers_assets.store import slug
from papers_assets_tests.making import (
    EPOCH,
    LATER,
    caps,
    held_frame,
    keyword,
    paper,
    some_papers,
)

NOW = LATER + timedelta(hours=1)
COMPILER, LLVM, QUIET = (
    keyword(cap=3),
    keyword("LLVM", any=("invented",), within=Field.TITLE, cap=9),
    keyword("quiet"),
)


@dataclass(frozen=True)
class World:
    """What is held, the keywords, and what was made and published of it."""

    papers: pd.DataFrame
    former: pd.DataFrame | None
    keywords: tuple[Keyword, ...]
    held: Mapping[str, pd.DataFrame]
    now: datetime = NOW
    as_published: frozenset[str] = frozenset()
    zone: str = "UTC"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> KeywordsFile:
        return KeywordsFile(Path("k.toml"), self.keywords, ZoneInfo(self.zone), "0 6 * * *")

    def findings(self) -> dict[str, Finding]:
        found = check_papers(
            self.papers, self.former, self.file, self.held, self.now, self.as_published
        )
        assert [finding.name for finding in found] == list(CHECKS_OF_PAPERS)
        return {finding.name: finding for finding in found}

    def document(self) -> bytes:
        parts = sections(self.papers, self.file)
        updated = last_update(self.papers, self.file)
        return "".join(render_readme(parts, last_update=updated, cap=9)).encode()

    def readme_findings(self, document: bytes) -> dict[str, Finding]:
        parts = sections(self.papers, self.file)
        found = check_readme(document, self.papers, parts, self.file)
        assert [finding.name for finding in found] == list(CHECKS_OF_README)
        return {finding.name: finding for finding in found}


def world(
    held: Mapping[Keyword, list[Paper]],
    former: Mapping[Keyword, list[Paper]] | None = None,
    refreshed_at: Mapping[str, datetime] | None = None,
) -> World:
    if refreshed_at is None:
        refreshed_at = {keyword.name: LATER for keyword in held}
    sources = {name: Source(time) for name, time in refreshed_at.items()}
    frames = {keyword.name: held_frame(papers) for keyword, papers in held.items()}
    published = None
    if former is not None:
        published = join([select_papers(held_frame(p), k) for k, p in former.items()], {})
        published = published[FORMER_COLUMNS]
    return World(
        papers=join([select_papers(frames[k.name], k) for k in held], sources),
        former=published,
        keywords=tuple(held),
        held={name: frame[KEYS] for name, frame in frames.items()},
    )


def sound() -> World:
    """Two keywords with papers, one without; a paper newly pushed out, one newly revised."""
    papers = [paper(n) for n in range(1, 6)]
    before = {COMPILER: papers[:4], LLVM: papers[:4]}
    return world({COMPILER: papers, LLVM: [*papers, paper(2, 2)], QUIET: []}, before)


def failed(findings: dict[str, Finding]) -> list[str]:
    return [name for name, finding in findings.items() if not finding.passed]


def with_papers(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[World], World]:
    def changed(world: World) -> World:
        frame = change(world.papers.copy())
        frame.attrs = dict(world.papers.attrs)
        return replace(world, papers=frame)

    return changed


def with_attribute(name: str, values: dict[str, Any]) -> Callable[[World], World]:
    def changed(world: World) -> World:
        frame = world.papers.copy()
        frame.attrs[name] = {**frame.attrs.get(name, {}), **values}
        return replace(world, papers=frame)

    return changed


def put(row: int, **values: Any) -> Callable[[World], World]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        for name, value in values.items():
            frame.loc[row, name] = value
        return frame

    return with_papers(change)


def held_version(name: str, number: int, version: int) -> Callable[[World], World]:
    """One more version is held than `papers` was chosen from."""

    def changed(world: World) -> World:
        more = pd.DataFrame(
            {
                "arxiv_id": pd.Series([f"2613.{number:05}"], dtype="str"),
                "version": [version],
                "updated": [pd.Timestamp(LATER)],
            }
        )
        return replace(world, held={**world.held, name: pd.concat([world.held[name], more])})

    return changed


def never_fetched(world: World) -> World:
    frame = world.papers.copy()
    frame.attrs = {REFRESHED_AT: {"compiler": LATER.isoformat(), "LLVM": LATER.isoformat()}}
    return replace(world, papers=frame)


def swapped(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[[1, 0, *range(2, len(frame))]]


def alike(world: World) -> World:
    twin = replace(LLVM, name="same")
    rows = world.papers[world.papers["keyword"] == "LLVM"].assign(keyword="same")
    frame = pd.concat([world.papers, rows], ignore_index=True)
    frame.attrs = {
        REFRESHED_AT: {**world.papers.attrs[REFRESHED_AT], "same": LATER.isoformat()},
    }
    return replace(
        world,
        papers=frame,
        keywords=(*world.keywords, twin),
        held={**world.held, "same": world.held["LLVM"]},
    )


def iso(*, days: float = 0, hours: float = 0) -> str:
    return (LATER - timedelta(days=days, hours=hours)).isoformat()


def test_a_sound_frame_passes_every_check_with_figures() -> None:
    findings = sound().findings()
    assert failed(findings) == []
    for finding in findings.values():
        assert finding.numbers
        assert any(character.isdigit() for character in finding.description)
    assert findings["nothing_dropped"].numbers == {"shown_before": 7, "left": 1, "lost": 0}


@pytest.mark.parametrize(
    ("change", "check", "severity", "words"),
    [
        (
            with_attribute(REFRESHED_AT, {"LLVM": iso(days=1)}),
            "every_keyword_refreshed",
            "warn",
            "1 of 3 keywords were not refreshed: LLVM (last on 2026-11-22). ",
        ),
        (
            with_attribute(PROBLEMS, {"quiet": "arXiv answered\x1b[1m 503"}),
            "every_keyword_refreshed",
            "warn",
            "quiet (last on 2026-11-23: arXiv answered\\x1b[1m 503). ",
        ),
        (never_fetched, "every_keyword_refreshed", "warn", "quiet (never fetched). "),
        (
            lambda w: replace(w, now=NOW + timedelta(hours=36)),
            "fresh_enough",
            "warn",
            "compiler (37.0 h), LLVM (37.0 h), quiet (37.0 h). ",
        ),
        (
            lambda w: replace(w, now=NOW + timedelta(hours=72)),
            "fresh_enough",
            "error",
            "compiler (73.0 h)",
        ),
        (
            lambda w: replace(w, now=LATER - timedelta(hours=2)),
            "fresh_enough",
            "error",
            "quiet (2.0 h ahead) refreshed in the future: check this machine's clock",
        ),
        (
            lambda w: replace(w, keywords=(replace(COMPILER, cap=2), LLVM, QUIET)),
            "capped",
            "error",
            "compiler (3 of 2)",
        ),
        (
            with_papers(lambda f: f.iloc[[*range(len(f)), len(f) - 1]]),
            "ids_unique",
            "error",
            "2613.00001 in LLVM",
        ),
        (
            held_version("compiler", 4, 7),
            "newest_version_kept",
            "error",
            "2613.00004 in compiler (held: v7)",
        ),
        (
            lambda w: replace(w, held={**w.held, "LLVM": w.held["LLVM"].iloc[1:]}),
            "newest_version_kept",
            "error",
            "(held: not at all)",
        ),
        (put(1, title="Bread"), "rows_match", "error", "2613.00004 in compiler"),
        (alike, "keywords_distinct", "warn", "LLVM = same"),
        (with_papers(swapped), "newest_first", "error", "2613.00005 in compiler"),
        (
            put(0, updated=pd.Timestamp(EPOCH + timedelta(hours=4, minutes=1))),
            "newest_first",
            None,
            "8 rows in order",
        ),
        (
            put(1, updated=pd.Timestamp(EPOCH + timedelta(hours=3, minutes=1))),
            "newest_first",
            None,
            "8 rows in order",
        ),
        (
            put(2, updated=pd.Timestamp(EPOCH + timedelta(hours=4, minutes=2))),
            "newest_first",
            "error",
            "2613.00003 in compiler",
        ),
        (
            with_papers(lambda f: f.iloc[[0, 1, *range(3, len(f)), 2]]),
            "newest_first",
            "error",
            "compiler in several places",
        ),
        (
            with_papers(lambda f: f.drop(index=1)),
            "nothing_dropped",
            "error",
            "should not have: 2613.00004 in compiler, 2613.00002 in compiler. ",
        ),
        (
            with_papers(lambda f: f[f["keyword"] != "LLVM"]),
            "nothing_dropped",
            "error",
            "2613.00004 in LLVM, 2613.00003 in LLVM, 2613.00001 in LLVM. ",
        ),
        (
            put(0, updated=pd.Timestamp(NOW + timedelta(hours=2))),
            "dates_sane",
            "warn",
            "2613.00005 in compiler (published 2026-01-01, updated 2026-11-23",
        ),
        (
            put(7, published=datetime(1991, 8, 13, tzinfo=UTC)),
            "dates_sane",
            "warn",
            "2613.00001 in LLVM (published 1991-08-13",
        ),
        (put(0, published=LATER), "dates_sane", "warn", "published 2026-11-23"),
        (put(0, first_seen=NOW + timedelta(days=1)), "dates_sane", "warn", "first seen 2026-11-24"),
        (put(0, last_seen=NOW + timedelta(days=1)), "dates_sane", "warn", "2613.00005"),
        (put(0, first_seen=pd.NaT), "dates_sane", "warn", "first seen NaT"),
    ],
)
def test_what_is_wrong_is_noticed_and_named(
    change: Callable[[World], World], check: str, severity: str | None, words: str
) -> None:
    finding = change(sound()).findings()[check]
    assert words in finding.description
    assert finding.passed == (severity is None)
    if severity:
        assert finding.severity == severity


@pytest.mark.parametrize(
    "change",
    [
        lambda w: replace(w, former=None),
        lambda w: replace(w, now=LATER + timedelta(hours=36)),
        lambda w: replace(w, now=LATER - timedelta(minutes=59)),
        put(0, updated=pd.Timestamp(LATER)),
        put(0, first_seen=NOW + timedelta(minutes=59)),
        # Of the same day in the file's time zone: one keyword was asked again in the evening.
        with_attribute(REFRESHED_AT, {"LLVM": (LATER - timedelta(hours=6)).isoformat()}),
    ],
)
def test_what_may_be_passes_every_check(change: Callable[[World], World]) -> None:
    assert failed(change(sound()).findings()) == []


def test_without_any_fetch_nothing_is_fresh_and_nothing_else_is_wrong() -> None:
    findings = replace(world({QUIET: []}), held={}).findings()
    assert failed(world({QUIET: []}, refreshed_at={}).findings()) == [
        "every_keyword_refreshed",
        "fresh_enough",
    ]
    nothing = world({QUIET: []}, refreshed_at={}).findings()
    assert {nothing[n].severity for n in failed(nothing)} == {Severity.ERROR}
    assert "No keyword was fetched." in nothing["fresh_enough"].description
    assert failed(findings) == []


def test_of_many_offenders_a_few_are_named_and_the_rest_counted() -> None:
    changed = with_papers(lambda frame: frame.assign(title="Bread", abstract="Butter"))(sound())
    finding = changed.findings()["rows_match"]
    assert finding.description.count("2613.") == 3
    assert " and 5 more. " in finding.description
    assert finding.numbers["not_matching"] == 8


def unread(change: Callable[[World], World] = lambda world: world) -> World:
    """LLVM's rows are those that were published before, and what is held of it was not read."""
    papers = [paper(n) for n in range(1, 6)]
    held = {COMPILER: papers, LLVM: papers[:4], QUIET: []}
    made = world(held, {COMPILER: papers[:4], LLVM: papers[:4]})
    read = {name: keys for name, keys in made.held.items() if name != "LLVM"}
    return change(replace(made, held=read, as_published=frozenset({"LLVM"})))


def test_rows_that_were_not_chosen_anew_are_told_from_those_that_were() -> None:
    findings = unread().findings()
    assert failed(findings) == []
    finding = findings["newest_version_kept"]
    assert finding.description.startswith("3 rows, each in the newest version held. 4 more are as ")
    assert finding.numbers == {"rows": 7, "as_published": 4, "not_newest": 0}
    assert "more are" not in sound().findings()["newest_version_kept"].description


@pytest.mark.parametrize(
    ("change", "check", "words"),
    [
        (put(4, version=2), "newest_version_kept", "2613.00003 in LLVM (published: v1)"),
        (put(4, arxiv_id="2613.00009"), "newest_version_kept", "(published: not at all)"),
        (with_papers(lambda f: f.drop(index=4)), "nothing_dropped", "2613.00003 in LLVM"),
        (put(4, title="Bread"), "rows_match", "2613.00003 in LLVM"),
        (lambda w: replace(w, former=None), "newest_version_kept", "(published: not at all)"),
        (
            lambda w: replace(w, as_published=frozenset()),
            "newest_version_kept",
            "(held: not at all)",
        ),
    ],
)
def test_rows_that_are_said_to_be_as_published_and_are_not_are_noticed(
    change: Callable[[World], World], check: str, words: str
) -> None:
    finding = unread(change).findings()[check]
    assert not finding.passed
    assert words in finding.description


def test_what_stops_publication_is_an_error_of_a_check_that_blocks() -> None:
    stopping = put(1, title="Bread")(sound()).findings()
    assert [name for name, found in stopping.items() if stops(found)] == ["rows_match"]
    odd = put(0, updated=pd.Timestamp(NOW + timedelta(hours=2)))(sound()).findings()
    assert "dates_sane" in failed(odd)
    assert not any(map(stops, odd.values()))


PAPERS = [paper(n) for n in range(1, 5)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            {COMPILER: PAPERS[:3]},
            {COMPILER: [*PAPERS[:3], *(paper(n) for n in (7, 8))]},
            id="newer papers fill the list",
        ),
        pytest.param(
            {COMPILER: PAPERS[:3]}, {replace(COMPILER, cap=1): PAPERS[:3]}, id="the cap is lower"
        ),
        pytest.param({COMPILER: PAPERS, QUIET: []}, {QUIET: []}, id="the keyword is gone"),
        pytest.param(
            {COMPILER: PAPERS},
            {replace(COMPILER, any=("interpreter",)): []},
            id="the keyword means something else",
        ),
        pytest.param(
            {COMPILER: PAPERS[:2]},
            {COMPILER: [*PAPERS[:2], paper(1, 2, title="Bread")]},
            id="its newer version is about something else",
        ),
    ],
)
def test_papers_that_may_leave_the_list_are_no_loss(
    before: dict[Keyword, list[Paper]], after: dict[Keyword, list[Paper]]
) -> None:
    finding = world(after, before).findings()["nothing_dropped"]
    assert finding.passed
    assert int(finding.numbers["left"]) > 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            {COMPILER: PAPERS[:3]}, {COMPILER: PAPERS[:2]}, id="what was held is held no more"
        ),
        pytest.param(
            {COMPILER: PAPERS[:3]},
            {COMPILER: [paper(-1), *PAPERS[:2]]},
            id="older papers fill the list",
        ),
        pytest.param({COMPILER: PAPERS[:3]}, {COMPILER: []}, id="all of a keyword's"),
        pytest.param(
            {COMPILER: PAPERS[:3]},
            {replace(COMPILER, cap=9): [paper(n) for n in (2, 3, 7, 8)]},
            id="newer papers, but room for it too",
        ),
    ],
)
def test_papers_that_leave_without_a_reason_are_a_loss(
    before: dict[Keyword, list[Paper]], after: dict[Keyword, list[Paper]]
) -> None:
    finding = world(after, before).findings()["nothing_dropped"]
    assert not finding.passed
    assert int(finding.numbers["lost"]) > 0


@given(some_papers, some_papers, some_papers, caps, caps)
def test_whatever_is_held_its_selection_passes_and_so_does_the_next(
    old: list[Paper], also_old: list[Paper], new: list[Paper], cap: int, next_cap: int
) -> None:
    known = {(p.arxiv_id, p.version) for p in old}
    held = [*old, *(p for p in new if (p.arxiv_id, p.version) not in known)]
    one, other = keyword(cap=cap), keyword("LLVM", any=("invented", "compiler"), cap=cap)
    after = {replace(one, cap=next_cap): held, replace(other, cap=next_cap): also_old}
    findings = world(after, {one: old, other: also_old}).findings()
    assert set(failed(findings)) <= {"keywords_distinct"}


def test_a_sound_readme_passes_every_check() -> None:
    made = sound()
    findings = made.readme_findings(made.document())
    assert failed(findings) == []
    assert findings["well_formed"].numbers == {
        "sections": 3,
        "rows": 8,
        "pages": 0,
        "rows_on_pages": 0,
        "faults": 0,
    }


_NOTHING = b"_arXiv answered that it has no such papers._\n"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            b"\n## LLVM\n",
            b"\n## LLWM\n",
            "section 2 is 'LLWM', not 'LLVM' (3 sections, 3 keywords)",
        ),
        (
            b"\n## quiet\n" + _NOTHING + b"\nNo papers yet.\n",
            b"",
            "section 3 is missing, not 'quiet'",
        ),
        (b"number 5](", b"number 5<b>](", "compiler, row 1: <b>"),
        (b"number 5](", b"number 5](javascript:alert(1) ", "compiler, row 1: elements out of"),
        (b"number 5](https://arxiv.org/abs/2613.00005v1", b"number 5](https://x.org", "https://x"),
        (b"wrote this", b"wrote | this", "compiler, row 1: "),
        (b"</details> |  |\n", b"</details> |  | more |\n", "compiler, row 1: 5 cells"),
        (b"</details> |  |\n", b"</details> |\n", "compiler, row 1: 3 cells"),
        (b"wrote this", b"wrote <script>x</script> this", "compiler, row 1: <script>"),
        (b"wrote this", b"wrote <p onclick=x> this", "compiler, row 1: "),
        (b"wrote this", b"wrote [this](javascript:x)", "a link called 'this'"),
        (b"wrote this", b"wrote <javascript:this>", "a link to javascript:this"),
        (b"wrote this", b'wrote <a href="https://x.org">this</a>', "a link called 'this'"),
        (b"wrote this", b"wrote <!-- this --> it", "<!>"),
        (b"wrote this", b"wrote ![this](x.png)", "<img>"),
        (b"Watch", b"<img src=x>", "before the sections: <img>"),
        (b"\n## LLVM\n", b"\n## LLVM\nA word.\n\n", "LLVM: "),
        (b"wrote this", b"wrote \xff this", "bytes that are no UTF-8"),
        (b"\n## quiet\n" + _NOTHING, b"\n## quiet\n<b>x</b>", "quiet: "),
    ],
)
def test_a_spoiled_readme_is_not_well_formed(old: bytes, new: bytes, words: str) -> None:
    made = sound()
    document = made.document()
    assert old in document
    finding = made.readme_findings(document.replace(old, new, 1))["well_formed"]
    assert not finding.passed
    assert words in finding.description


def test_a_row_too_few_is_noticed() -> None:
    made = sound()
    lines = made.document().splitlines(keepends=True)
    row = next(i for i, line in enumerate(lines) if line.startswith(b"| **[An"))
    finding = made.readme_findings(b"".join([*lines[:row], *lines[row + 1 :]]))["well_formed"]
    assert "compiler: 2 rows for 3 papers" in finding.description


def test_up_to_github_s_limit_a_readme_is_no_cause_for_alarm_and_beyond_it_is_an_error() -> None:
    made = sound()
    document = made.document()
    for size, passed in [(GITHUB_LIMIT, True), (GITHUB_LIMIT + 1, False)]:
        finding = made.readme_findings(document.ljust(size))["under_github_limit"]
        assert finding.passed == passed
        assert passed or finding.severity == Severity.ERROR
        assert (finding.numbers["bytes"], finding.numbers["documents"]) == (size, 1)
    assert "README.md (512,001 bytes). Not even a heading and a link" in finding.description
    assert "spread the keywords over several files" in finding.description


@dataclass(frozen=True)
class Split:
    """A README that leaves rows to pages, since its documents may have so many bytes at most."""

    world: World
    limit: int = 2_600

    @cached_property
    def files(self) -> dict[str, bytes]:
        said = content(self.world.papers, self.world.file)
        layout = lay_out(said, slug, front_page=True, limit=self.limit)
        made = {page.name: "".join(pages.page(said, page)).encode() for page in layout.pages}
        return {
            "README.md": "".join(pages.front(said, layout)).encode(),
            ".github": "".join(pages.front_page(said, layout)).encode(),
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
    return pages.page_name(slug("compiler"), number)


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
        (".github", pages.FRONT_PAGE_MARK.encode(), b"", "the mark that it is ours"),
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


def test_old_sections_have_to_say_so_in_the_document() -> None:
    stale = with_attribute(REFRESHED_AT, {"LLVM": iso(days=2)})(sound())
    document = stale.document()
    assert stale.readme_findings(document)["says_what_is_stale"].passed
    note = b"_Not refreshed since 2026-11-21._\n"
    assert note in document
    for other in (b"", b"_Not refreshed since 2026-11-22._\n"):
        finding = stale.readme_findings(document.replace(note, other))["says_what_is_stale"]
        assert not finding.passed
        assert "LLVM (of 2026-11-21) says " in finding.description


def test_a_keyword_that_was_never_fetched_has_to_say_so_in_the_document() -> None:
    new = never_fetched(sound())
    document = new.document()
    assert new.readme_findings(document)["says_what_is_stale"].passed
    spoiled = document.replace(b"_Not fetched yet._\n", b"")
    finding = new.readme_findings(spoiled)["says_what_is_stale"]
    assert "quiet (never fetched) says ''" in finding.description


@pytest.mark.parametrize("wrong", [b"2026-11-24", b"never", b""])
def test_the_last_update_has_to_be_the_day_of_the_last_answer(wrong: bytes) -> None:
    made = sound()
    document = made.document().replace(b"update: 2026-11-23", b"update: " + wrong)
    assert not made.readme_findings(document)["says_what_is_stale"].passed


def test_days_are_those_of_the_files_time_zone() -> None:
    far = replace(sound(), zone="Pacific/Auckland", now=NOW)
    changed = with_attribute(
        REFRESHED_AT, {n: iso(hours=-6) for n in ("compiler", "LLVM", "quiet")}
    )
    document = changed(far).document()
    assert b"Last update: 2026-11-24" in document
    assert changed(far).readme_findings(document)["says_what_is_stale"].passed


def test_only_what_arxiv_may_bring_about_is_published_all_the_same() -> None:
    blocking = {name for name, check in CHECKS_OF_PAPERS.items() if check.blocking}
    assert blocking == {
        "capped",
        "ids_unique",
        "newest_version_kept",
        "rows_match",
        "newest_first",
    }
