"""What compose.yaml makes of deploy/.env, and what is restored of deploy/config."""

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from papers_assets.settings import PROJECT_ROOT
from papers_assets_tests.deploy.host import DEPLOY
from papers_assets_tests.deploy.test_files import compose
from papers_assets_tests.helpers.ui_driver import PAPERS

_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^${}]*))?\}")
_MUST = {"POSTGRES_PASSWORD": "invented"}


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """Put variables into a text as compose does; inner ones first."""

    def value(match: re.Match[str]) -> str:
        name, kind, default = match.groups()
        if not (found := variables.get(name, "")) and kind == "?":
            pytest.fail(f"{name} is required: {default}")
        return found or default or ""

    while (done := _VARIABLE.sub(value, text)) != text:
        text = done
    return text


def environment_of(service: str, dotenv: Mapping[str, str]) -> dict[str, str]:
    """Give what a container has of .env and compose.yaml: what `environment` says is stronger."""
    described = compose()["services"][service]
    of_file = dotenv if "env_file" in described else {}
    said = {k: interpolated(str(v), dotenv) for k, v in described["environment"].items()}
    return {**of_file, **said}


def test_the_locks_of_an_operator_are_used() -> None:
    own = "postgresql://papers:invented@elsewhere.example:5432/papers"
    assert environment_of("code", {**_MUST, "PAPERS_LOCKS": own})["PAPERS_LOCKS"] == own
    shipped = environment_of("code", _MUST)
    assert shipped["PAPERS_LOCKS"] == "postgresql://papers:invented@postgres:5432/papers"
    assert shipped["PAPERS_LOCKS"] == shipped["PAPERS_DATABASE_URL"]


def test_no_run_has_what_only_other_containers_need() -> None:
    named = re.findall(r"^#?([A-Z_]+)=", (DEPLOY / "env.example").read_text(), re.MULTILINE)
    dotenv = dict.fromkeys(named, "invented")
    given = environment_of("code", dotenv)
    others = ("POSTGRES_PASSWORD", "PAPERS_READERS_HASH", "PAPERS_OPERATORS_HASH")
    assert {name: given[name] for name in others} == dict.fromkeys(others, "")
    # And who only watches has nothing but the way to the home.
    watching = environment_of("metrics", dotenv)
    told = {name for name, value in watching.items() if "invented" in value}
    assert told == {"PAPERS_HOME", *(name for name in named if name.startswith("AWS_"))}


def test_the_metrics_are_of_the_home_that_the_runs_have(
    s3_home: Path, s3_environment: dict[str, str], tmp_path: Path
) -> None:
    dotenv = {**_MUST, **s3_environment, "PAPERS_HOME": str(s3_home)}
    del dotenv["AWS_DEFAULT_REGION"]  # who has a store of his own need not name one
    (s3_home / "output").mkdir(parents=True)
    (s3_home / "output" / "README.md").write_text("Invented.\n")
    keywords = tmp_path / "keywords.toml"
    keywords.write_text("[keywords.compiler]\n")
    given = environment_of("metrics", dotenv) | {"PAPERS_KEYWORDS": str(keywords)}
    # The volume is read-only there.
    own = {"PATH": os.environ["PATH"], "PAPERS_RUN_FILES": "/dev/null/.papers"}
    command = [str(PAPERS), "metrics", "--once"]
    done = subprocess.run(command, env=own | given, capture_output=True, text=True, check=True)
    assert re.search(r"^papers_readme_timestamp_seconds [1-9]", done.stdout, re.MULTILINE)
    assert environment_of("metrics", _MUST)["PAPERS_HOME"] == "/var/lib/papers"


def test_keywords_are_readable_for_the_containers_after_a_restore(tmp_path: Path) -> None:
    text = (PROJECT_ROOT / "docs" / "production.md").read_text()
    backup = line_of_compose(text, "create", 0)
    restore = line_of_compose(text, "extract", 1)
    checkout, new = tmp_path / "checkout", tmp_path / "new"
    for folder in (checkout, new):
        (folder / "deploy").mkdir(parents=True)
    (checkout / "deploy" / "config").mkdir(mode=0o755)
    (checkout / "deploy" / "config" / "keywords.toml").write_text("[keywords.compiler]\n")
    (checkout / "deploy" / ".env").touch(0o600)
    # What tar does for who is not root.
    other = os.environ | {"TAR_OPTIONS": "--no-same-permissions"}
    subprocess.run(backup, cwd=checkout, check=True)
    archive = (checkout / "settings.tar.gz").read_bytes()
    (new / "settings.tar.gz").write_bytes(archive)
    subprocess.run(restore, cwd=new, check=True, env=other, umask=0o077)
    assert (new / "deploy" / "config").stat().st_mode & 0o777 == 0o755
    assert (new / "deploy" / "config" / "keywords.toml").stat().st_mode & 0o777 == 0o644
    assert (new / "deploy" / ".env").stat().st_mode & 0o777 == 0o600


def line_of_compose(text: str, does: str, nth: int) -> list[str]:
    """Give the words of the tar of settings in the `nth` block for compose of "Backup"."""
    block = re.split(r"With compose[,:]", text[text.index("## Backup") :])[nth + 1]
    (line,) = re.findall(rf"^tar --{does}.* --file=settings.tar.gz.*", block, re.MULTILINE)[:1]
    return shlex.split(line, comments=True)
