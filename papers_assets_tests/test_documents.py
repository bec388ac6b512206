"""The documents: short, without dead links, and complete about what can be set."""

import re
from pathlib import Path

import pytest

from papers_assets.cli import main
from papers_assets.keywords import values
from papers_assets.render.github import build_anchors
from papers_assets.settings import PROJECT_ROOT

DOCUMENTS = [PROJECT_ROOT / "README.md", PROJECT_ROOT / "CONTRIBUTING.md"]
DOCUMENTS += sorted((PROJECT_ROOT / "docs").glob("*.md"))
DOCUMENTS += [PROJECT_ROOT / "findings" / "README.md", *(PROJECT_ROOT / "deploy").rglob("*.md")]
CONFIGURATION = (PROJECT_ROOT / "docs" / "configuration.md").read_text()
MOST_WORDS = 12_000
"""In all documents together, as `wc -w` counts them: tables and code, too."""
UNWANTED = re.compile(
    r"\b(lest|whoever|of which|as it stands|who is told|glean\w*|turnstiles?|br(ought|ing) in)\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)


def headings(path: Path) -> list[str]:
    return re.findall(r"^#+ (.*)$", _CODE.sub("", path.read_text()), re.MULTILINE)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_link_leads_somewhere(path: Path) -> None:
    text = _CODE.sub("", path.read_text())
    for link in re.findall(r"\]\(<?([^)>\s]+)>?\)", text):
        file, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        assert not anchor or anchor in build_anchors(headings(target)), link


def test_the_readme_can_be_read_in_five_minutes() -> None:
    assert len((PROJECT_ROOT / "README.md").read_text().split()) <= 900


def test_documents_are_short() -> None:
    words = {str(path): len(path.read_text().split()) for path in DOCUMENTS}
    assert sum(words.values()) <= MOST_WORDS, words


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_documents_use_the_words_of_the_glossary(path: Path) -> None:
    assert UNWANTED.findall(path.read_text()) == []


def test_contributing_names_files_that_exist() -> None:
    named = set(
        re.findall(r"`([\w./]+(?:\.py|/))`", (PROJECT_ROOT / "CONTRIBUTING.md").read_text())
    )
    folders = [PROJECT_ROOT / name for name in ("", "papers_assets", "papers_assets_tests")]
    assert len(named) > 20
    assert [n for n in sorted(named) if not any((f / n).exists() for f in folders)] == []


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text()
    named = re.findall(r"\bmake ([a-z-]+)", (PROJECT_ROOT / "README.md").read_text())
    assert named
    assert [target for target in named if f"\n{target}: " not in makefile] == []


def test_every_setting_command_and_variable_is_documented() -> None:
    keys = {*values.FILE_OPTIONS, *values.SEARCH_OPTIONS, *values.KEYWORD_OPTIONS}
    assert {key for key in keys if f"| `{key}` |" not in CONFIGURATION} == set()
    assert {name for name in main.commands if f"| `papers {name}" not in CONFIGURATION} == set()
    code = "".join(path.read_text() for path in (PROJECT_ROOT / "papers_assets").rglob("*.py"))
    variables = set(re.findall(r"\"((?:PAPERS|ARXIV)_[A-Z_]*[A-Z])\"", code))
    assert {name for name in variables if f"| `{name}` |" not in CONFIGURATION} == set()
