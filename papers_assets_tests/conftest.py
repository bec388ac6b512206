"""What several rooms' tests use: a sample arXiv, a home folder, and the graph over both."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from papers_assets_tests.helpers import thoroughness
from papers_assets_tests.helpers.postgres_server import postgres, postgres_url
from papers_assets_tests.helpers.s3_server import s3_environment, s3_home, s3_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from papers_assets.arxiv.sample import Corpus, SampleArxiv
    from papers_assets_tests.helpers.project import Pipeline, Project
    from papers_assets_tests.helpers.ui_driver import UI

# Fixtures import what they need: Dagster takes seconds, and the process that hands out the tests
# runs none.

__all__ = ["postgres", "postgres_url", "s3_environment", "s3_home", "s3_url"]  # fixtures, too

thoroughness.register()

WAITING = frozenset(
    f"test_{name}.py"
    for name in ("ui_browser", "site_browser", "host", "reliability", "replay", "ui", "celery")
)
"""Modules whose tests take longest: they come first, or one would be left at the end, alone."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in WAITING)


@pytest.fixture(scope="session")
def corpus() -> "Corpus":
    from papers_assets_tests.helpers.hostile_papers import hostile_corpus

    return hostile_corpus()


@pytest.fixture
def server(corpus: "Corpus") -> "Iterator[SampleArxiv]":
    from papers_assets.arxiv.sample import SampleArxiv

    with SampleArxiv(corpus) as server:
        yield server


@pytest.fixture
def assets(request: pytest.FixtureRequest) -> frozenset[str]:
    """What the graph of a test has, by its markers; empty: everything."""
    from papers_assets_tests.helpers.project import LISTS

    if request.node.get_closest_marker("editions_only"):
        return LISTS | {"changes", "digest"}
    return LISTS if request.node.get_closest_marker("lists_only") else frozenset()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of the tests share, for what is prepared once."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "prepared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def pipeline(
    tmp_path: Path, server: "SampleArxiv", assets: frozenset[str], prepared: Path
) -> "Pipeline":
    from papers_assets_tests.helpers.project import Pipeline

    return Pipeline(tmp_path, server, assets=assets, prepared=prepared)


@pytest.fixture
def project(
    tmp_path: Path, server: "SampleArxiv", assets: frozenset[str], prepared: Path
) -> "Iterator[Project]":
    """Its run history is in memory."""
    from papers_assets_tests.helpers.project import Project, history_in_memory

    with history_in_memory() as instance:
        yield Project(tmp_path, server, assets=assets, prepared=prepared, instance=instance)


@pytest.fixture
def recorded(
    tmp_path: Path,
    server: "SampleArxiv",
    assets: frozenset[str],
    prepared: Path,
    request: pytest.FixtureRequest,
) -> "Iterator[Project]":
    """A project whose run history is on disk, where other processes find it.

    With the marker `after_runs`, so many runs have been made.
    """
    from papers_assets.defs.headless import open_instance
    from papers_assets_tests.helpers.project import Project, recorded_runs

    marker = request.node.get_closest_marker("after_runs")
    runs = recorded_runs(marker.args[0] if marker else 0, prepared, server, assets)
    shutil.copytree(runs, tmp_path, dirs_exist_ok=True)
    with open_instance(tmp_path, {}) as instance:
        yield Project(tmp_path, server, assets=assets, prepared=prepared, instance=instance)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for `ui`, with two keywords."""
    never = 'schedule = "0 0 1 1 *"'  # while a test runs
    keywords = f"{never}\n[keywords.compiler]\n[keywords.performance]\n"
    (tmp_path / "keywords.toml").write_text(keywords)
    return tmp_path


@pytest.fixture
def ui(home: Path, server: "SampleArxiv") -> "Iterator[UI]":
    """A real `papers ui` over the sample arXiv."""
    from papers_assets_tests.helpers.ui_driver import environment, running_ui

    with running_ui(environment(home, home / "keywords.toml", server.url), home / "ui.log") as ui:
        yield ui
