"""`papers init` and `papers add` on real files."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from papers_assets.cli import main
from papers_assets.keywords.file import read_keywords_file
from papers_assets.keywords.model import MatchField

MINE = """\
# Mine; the order matters.
cap   =  7      # few

[keywords.compiler]     # LLVM, too
any = ["compiler",
       "LLVM"]  # no comma at the end"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings" / "keywords.toml"


def papers(path: Path, *arguments: str, answers: str = "") -> Result:
    environment = {"PAPERS_KEYWORDS": str(path), "PAPERS_HOME": str(path.parent)}
    return CliRunner().invoke(main, arguments, input=answers, env=environment)


def write(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_bytes(text.encode())


def test_version_is_that_of_the_package(path: Path) -> None:
    assert papers(path, "--version").output == f"papers, version {version('papers-assets')}\n"


def test_init_writes_a_commented_file_from_arguments(path: Path) -> None:
    done = papers(path, "init", "time series", "C++", "--categories", "cs, stat.ML")
    assert done.exit_code == 0
    assert 'time series: "time series" in title or abstract; cs, stat.ML; newest 100' in done.output
    assert 'warning: "C++"' in done.output
    keywords_config = read_keywords_file(path)
    assert keywords_config.names == ["time series", "C++"]
    assert keywords_config["C++"].categories == ("cs", "stat.ML")
    assert (keywords_config.timezone.key, keywords_config.schedule) == ("UTC", "0 6 * * *")
    settings = [line for line in path.read_text().splitlines() if " = " in line]
    assert all("    # " in line for line in settings)


def test_what_is_commented_out_in_a_new_file_is_valid(path: Path) -> None:
    papers(path, "init", "diffusion")
    path.write_text(
        re.sub(r"^# (any|all|none|in) =", r"\1 =", path.read_text(), flags=re.MULTILINE)
    )
    keywords_config = read_keywords_file(path)
    assert keywords_config["diffusion"].searches[0].excluded == (("survey", MatchField.EITHER),)


def test_init_asks_for_what_is_missing_and_again_after_a_mistake(path: Path) -> None:
    answers = "two  spaces\ntime series\ndiffusion\n\nML\ncs,stat\nMars\nEurope/Berlin\n"
    done = papers(path, "init", answers=answers)
    assert done.exit_code == 0
    assert "too many spaces" in done.output
    assert 'Did you mean "cs.LG" or "stat.ML"?' in done.output
    assert '"Mars" is not a time zone' in done.output
    keywords_config = read_keywords_file(path)
    assert keywords_config.names == ["time series", "diffusion"]
    assert keywords_config["diffusion"].categories == ("cs", "stat")
    assert keywords_config.timezone.key == "Europe/Berlin"


def test_init_overwrites_nothing_and_writes_nothing_that_is_not_valid(path: Path) -> None:
    done = papers(path, "init", "diffusion", "Diffusion")
    assert (done.exit_code, path.exists()) == (2, False)
    assert 'keywords.Diffusion: the same keyword as "diffusion"' in done.output
    assert "Nothing was written." in done.output
    write(path, "mine")
    done = papers(path, "init", "diffusion")
    assert (done.exit_code, path.read_text()) == (2, "mine")
    assert "exists already. `papers add` adds a keyword to it" in done.output


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_add_appends_a_section_and_leaves_every_other_byte(path: Path, newline: str) -> None:
    before = f"\ufeff{MINE}".replace("\n", newline)
    write(path, before)
    path.chmod(0o600)
    options = ("--any", "time series", "--any", 'a "quote"', "--none", "survey", "--all", "deep")
    more = ("--in", "title", "--categories", "cs,stat", "--cap", "20")
    done = papers(path, "add", "time series", *options, *more)
    assert done.exit_code == 0
    assert "time series: (" in done.output
    added = (
        '\n\n[keywords."time series"]\nany = ["time series", "a \\"quote\\""]\nall = ["deep"]\n'
        'none = ["survey"]\nin = "title"\ncategories = ["cs", "stat"]\ncap = 20\n'
    )
    assert path.read_bytes().decode() == before + added.replace("\n", newline)
    assert path.stat().st_mode & 0o777 == 0o600
    assert papers(path, "add", "diffusion").exit_code == 0
    assert path.read_bytes().decode().endswith(f"{newline}{newline}[keywords.diffusion]{newline}")
    assert read_keywords_file(path).names == ["compiler", "time series", "diffusion"]


def test_add_follows_a_link(path: Path, tmp_path: Path) -> None:
    write(path, MINE)
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    assert papers(link, "add", "diffusion").exit_code == 0
    assert link.is_symlink()
    assert read_keywords_file(path).names == ["compiler", "diffusion"]


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (MINE, ["Compiler"], "has 'compiler' already; edit its section there."),
        (MINE, ["x", "--categories", "cs.ML"], 'Did you mean "cs.LG" or "stat.ML"?'),
        (MINE, ["x", "--any", " x"], '" x" has too many spaces.'),
        (MINE, ["a...b"], "three dots"),
        ("cap = 0\n[keywords.a]\nanny = 1", ["x"], "has 2 mistakes"),
        ("keywords = { a = {} }", ["x"], "this is not valid TOML"),
    ],
)
def test_add_writes_nothing_if_anything_is_wrong(
    path: Path, text: str, arguments: list[str], message: str
) -> None:
    write(path, text)
    done = papers(path, "add", *arguments)
    assert (done.exit_code, path.read_text()) == (2, text)
    assert message in done.output


def test_add_to_a_file_that_is_not_there_names_init(path: Path) -> None:
    done = papers(path, "add", "x")
    assert done.exit_code == 2
    assert "papers init" in done.output
