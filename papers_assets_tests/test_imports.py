"""Which modules may import what, so that most of the code stays free of Dagster and of files."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from papers_assets.settings import PROJECT_ROOT

PACKAGE = PROJECT_ROOT / "papers_assets"
DAGSTER = {
    *("alerts", "asking", "assets", "automation", "cli", "definitions", "history", "housekeeping"),
    *("keywords_sensor", "outcomes", "previews", "resources", "runs", "schedules"),
}
"""What Dagster loads, and what starts it."""


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(*parts: str) -> list[Path]:
    found = [PACKAGE / f"{part}.py" for part in parts if (PACKAGE / f"{part}.py").exists()]
    found += [path for part in parts for path in (PACKAGE / part).rglob("*.py")]
    assert found
    return found


def offences(paths: list[Path], *forbidden: str) -> list[str]:
    return [
        f"{path.relative_to(PROJECT_ROOT)}: {name}"
        for path in paths
        for name in imported(path)
        if any(name == other or name.startswith(f"{other}.") for other in forbidden)
    ]


def test_dagster_is_imported_by_its_shell_alone() -> None:
    names = {path.name.removesuffix(".py") for path in PACKAGE.iterdir()}
    core = sorted(name for name in names - DAGSTER if not name.startswith("_"))
    shell = [f"papers_assets.{name}" for name in DAGSTER]
    assert (
        offences(modules(*(name for name in core if name != "py.typed")), "dagster", *shell) == []
    )


@pytest.mark.parametrize(
    ("parts", "forbidden"),
    [
        (
            ["arxiv"],
            ["pandas", "pyarrow", "papers_assets.rendering", "papers_assets.storage.store"],
        ),
        (["rendering", "checks"], ["requests", "sqlalchemy", "fsspec", "papers_assets.storage"]),
        (
            ["analysis", "phrases", "tex", "matching"],
            ["pandas", "requests", "papers_assets.storage"],
        ),
        (
            ["storage"],
            ["papers_assets.checks", "papers_assets.notifying"],
        ),
    ],
)
def test_layers_import_downwards(parts: list[str], forbidden: list[str]) -> None:
    assert offences(modules(*parts), *forbidden) == []


def test_the_stand_in_for_arxiv_is_imported_by_the_demo_and_its_own_command_alone() -> None:
    others = [path for path in PACKAGE.rglob("*.py") if "sample_arxiv" not in path.parts]
    others = [
        path
        for path in others
        if path.parts[-2:] not in {("cli", "demo_command.py"), ("cli", "serving.py")}
    ]
    assert offences(others, "papers_assets.sample_arxiv") == []
