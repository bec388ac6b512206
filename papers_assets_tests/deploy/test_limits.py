"""What deploy/ allows its processes of memory, and by which database all of it takes turns."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from papers_assets.settings import PROJECT_ROOT
from papers_assets_tests.deploy.host import DEPLOY, UNITS, example
from papers_assets_tests.deploy.test_files import compose, read_yaml

CELERY, KUBERNETES = DEPLOY / "celery", DEPLOY / "kubernetes"
PEAK = 1.0
"""GB that a run over 300 keywords took, and one over 3,000 of a harvest: docs/production.md."""
SERVER = 1.0
"""GB for the process that starts the runs, and to spare."""


def gigabytes(text: str) -> float:
    number, unit = re.fullmatch(r"(\d+)([gGM])i?", text).groups()  # type: ignore[union-attr]
    return int(number) / (1000 if unit == "M" else 1)


def allowed(unit: str) -> float:
    (found,) = re.findall(r"^MemoryMax=(\S+)$", unit, re.MULTILINE)
    return gigabytes(found)


def at_once(path: str) -> int:
    return int(read_yaml(DEPLOY / path)["concurrency"]["runs"]["max_concurrent_runs"])


def test_all_runs_that_may_go_on_at_once_fit_into_what_they_are_allowed() -> None:
    needed = SERVER + PEAK * at_once("dagster.postgres.yaml")
    assert gigabytes(compose()["services"]["code"]["mem_limit"]) >= needed
    assert allowed((UNITS / "papers-assets-code.service").read_text()) >= needed
    slots = int(example(CELERY / "environment.example")["PAPERS_SLOTS"])
    of_worker = allowed((CELERY / "papers-assets-worker.service").read_text())
    assert of_worker >= SERVER + PEAK * slots


def test_a_run_on_kubernetes_fits_into_its_pod() -> None:
    (deployment,) = kubernetes_values()["dagster-user-deployments"]["deployments"]
    assert gigabytes(deployment["resources"]["limits"]["memory"]) >= SERVER + PEAK


def kubernetes_values() -> Any:
    return read_yaml(KUBERNETES / "values.yaml")


def test_what_a_run_needs_is_said_in_one_document() -> None:
    table = (PROJECT_ROOT / "docs" / "production.md").read_text()
    assert "\n## Memory\n" in table
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.suffix != ".lock":
            assert not re.search(r"\d ?MB\b.*\brun|\brun.*\d ?MB\b", path.read_text()), path


def test_every_example_takes_turns_by_a_database_of_the_same_name() -> None:
    found: dict[str, str] = {}
    for path in (p for p in DEPLOY.rglob("*") if p.is_file() and p.suffix != ".lock"):
        text = re.sub(r"\$\{POSTGRES_PASSWORD:\?[^}]*\}", "x", path.read_text())
        for url in re.findall(r"PAPERS_LOCKS(?:=|: |:-)'?(postgresql://[^\s'}]+)", text):
            found[path.name if path.parent == DEPLOY else path.parent.name] = urlsplit(url).path
    assert len(found) >= 5, found
    assert set(found.values()) == {"/papers"}, found
    assert kubernetes_values()["postgresql"]["postgresqlDatabase"] == "papers"


@pytest.mark.parametrize(
    "path", sorted(DEPLOY.rglob("*environment.example")), ids=lambda path: path.parent.name
)
def test_who_changes_the_locks_reads_what_has_to_stop_first(path: Any) -> None:
    before = path.read_text().partition("PAPERS_LOCKS=")[0]
    assert "Before it is changed: stop" in before.rpartition("\n\n")[2]
