from dataclasses import replace

import pytest

from papers_assets.checks import GITHUB_LIMIT, Severity
from papers_assets.transform.selection import REFRESHED_AT_ATTR
from papers_assets_tests.helpers.check_scenario import (
    NOW,
    failed,
    iso,
    never_fetched,
    sound,
    with_attribute,
)


def test_a_sound_readme_passes_every_check() -> None:
    made = sound()
    results = made.readme_findings(made.document())
    assert failed(results) == []
    assert results["well_formed"].numbers == {
        "sections": 3,
        "rows": 8,
        "pages": 0,
        "rows_on_pages": 0,
        "faults": 0,
    }


_NOTHING = b"_No paper on arXiv matches; check the spelling in keywords.toml._\n"


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
        (b"number 5](", b"number 5<b>](", "compiler, row 1: <a> <b>"),
        (
            b"number 5](",
            b"number 5](javascript:alert(1) ",
            "compiler, row 1: leads to nowhere instead of https://arxiv.org/abs/2613.00005v1",
        ),
        (b"number 5](https://arxiv.org/abs/2613.00005v1", b"number 5](https://x.org", "https://x"),
        (b"wrote this", b"wrote | this", "compiler, row 1: "),
        (b"</details> |  |\n", b"</details> |  | more |\n", "compiler, row 1: 5 cells"),
        (b"</details> |  |\n", b"</details> |\n", "compiler, row 1: 3 cells"),
        (b"wrote this", b"wrote <script>x</script> this", "compiler, row 1: <script>"),
        (b"wrote this", b"wrote <p onclick=x> this", "compiler, row 1: "),
        (b"wrote this", b"wrote [this](javascript:x)", "a link called 'this' to javascript:x"),
        (b"wrote this", b"wrote <javascript:this>", "a link called 'javascript:this' to "),
        (
            b"wrote this",
            b'wrote <a href="https://x.org">this</a>',
            "a link called 'this' to https://x.org",
        ),
        (b"wrote this", b"wrote <!-- this --> it", "<!>"),
        (b"wrote this", b"wrote ![this](x.png)", "<img>"),
        (b"Watch", b"<img src=x>", "before the sections: <p>…<img src=x>…</p> instead of nothing"),
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


def test_old_sections_have_to_say_so_in_the_document() -> None:
    stale = with_attribute(REFRESHED_AT_ATTR, {"LLVM": iso(days=2)})(sound())
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
        REFRESHED_AT_ATTR, {n: iso(hours=-6) for n in ("compiler", "LLVM", "quiet")}
    )
    document = changed(far).document()
    assert b"Last update: 2026-11-24" in document
    assert changed(far).readme_findings(document)["says_what_is_stale"].passed
