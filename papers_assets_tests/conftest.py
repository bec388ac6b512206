"""What several rooms' tests use: a sample arXiv, a home folder, and the graph over both."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from papers_assets.definitions import build_definitions
from papers_assets.keywords import Keyword, KeywordsFile
from papers_assets.notifying.channels import Channels
from papers_assets.runs import Report, open_instance, run_daily
from papers_assets.sample_arxiv import Corpus, Fault, RequestRecord, SampleArxiv
from papers_assets.settings import Settings
from papers_assets.storage.locks import locks_for
from papers_assets.storage.outputs import Outputs
from papers_assets.storage.store import Store
from papers_assets_tests import thoroughness
from papers_assets_tests.buckets import s3_environment, s3_home, s3_url
from papers_assets_tests.databases import postgres, postgres_url
from papers_assets_tests.driving import UI, environment, running_ui
from papers_assets_tests.making import LATER, keyword
from papers_assets_tests.sample_arxiv.hostile import hostile_corpus

__all__ = ["postgres", "postgres_url", "s3_environment", "s3_home", "s3_url"]  # fixtures, too

thoroughness.register()

WAITING = frozenset({"test_browser.py", "test_host.py", "test_reliability.py", "test_ui.py"})
"""Modules whose tests take longest: they come first, or one would be left at the end, alone."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in WAITING)


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return hostile_corpus()


@pytest.fixture
def server(corpus: Corpus) -> Iterator[SampleArxiv]:
    with SampleArxiv(corpus) as server:
        yield server


LISTS = frozenset({"harvest", "raw_papers", "papers", "readme"})
"""The assets that tests with the marker `lists_only` run; the other outputs take time."""


@dataclass
class House:
    """The product in a folder of its own: keywords, a sample arXiv, run history, a clock."""

    home: Path
    server: SampleArxiv
    instance: dg.DagsterInstance
    keywords: Sequence[Keyword] = (
        keyword("reinforcement learning"),
        keyword("compiler"),
        keyword("performance"),
    )
    today: datetime = LATER
    failing: dict[str, Fault] = field(default_factory=dict)
    """What arXiv answers to queries with these words in them."""
    channels: Channels = field(default_factory=Channels)
    environment: dict[str, str] = field(default_factory=dict)
    locks: str = ""
    """PAPERS_LOCKS; a URL has to be in the environment, too."""
    host_folder: Path | None = None
    witness: bool = False
    assets: frozenset[str] = frozenset()
    """What the graph has; empty: everything."""

    def __post_init__(self) -> None:
        self.server.fault = self._fault
        locks = locks_for(self.locks, self.home, self.host_folder)
        self.store = Store(self.home, locks, self.host_folder)
        self.outputs = Outputs(self.home, locks)

    @property
    def file(self) -> KeywordsFile:
        path = (self.host_folder or self.home) / "keywords.toml"
        return KeywordsFile(
            path, tuple(self.keywords), ZoneInfo("UTC"), "0 6 * * *", witness=self.witness
        )

    @property
    def definitions(self) -> dg.Definitions:
        settings = Settings(
            self.file.path,
            self.home,
            self.server.url,
            0.0,
            max_attempts=2,
            backoff=0.0,
            oai_url=self.server.oai_url,
            channels=self.channels,
            locks=self.locks,
            host_folder=self.host_folder,
        )
        everything = build_definitions(
            settings, self.file, now=lambda: self.today, environment=self.environment
        )
        if not self.assets:
            return everything
        return dg.Definitions(
            assets=[
                asset
                for asset in everything.assets or ()
                if isinstance(asset, dg.AssetsDefinition)
                and asset.key.to_user_string() in self.assets
            ],
            jobs=everything.jobs,
            schedules=everything.schedules,
            sensors=everything.sensors,
            resources=everything.resources,
            executor=everything.executor,
        )

    def run(self, *names: str) -> Report:
        return run_daily(
            self.definitions,
            self.instance,
            self.file,
            names,
            locks_folder=self.store.locks_folder,
            now=lambda: self.today,
        )

    def execute(self, job: str, **options: object) -> dg.ExecuteInProcessResult:
        resolved = self.definitions.resolve_job_def(job)
        return resolved.execute_in_process(instance=self.instance, **options)  # type: ignore[arg-type]

    @property
    def everything(self) -> dict[str, str]:
        """The tags of a run over all keywords."""
        return {
            "dagster/asset_partition_range_start": self.file.names[0],
            "dagster/asset_partition_range_end": self.file.names[-1],
        }

    def next_day(self) -> None:
        self.today += timedelta(days=1)

    @property
    def readme(self) -> str:
        return self.store.documents.readme_path.read_text()

    @property
    def materialized(self) -> set[str]:
        """The keywords whose partition Dagster shows as materialized."""
        return set(self.instance.get_materialized_partitions(dg.AssetKey("raw_papers")))

    def _fault(self, request: RequestRecord) -> Fault | None:
        asked = request.parameters.get("search_query", "")
        return next((fault for words, fault in self.failing.items() if words in asked), None)


@pytest.fixture(scope="session")
def empty_history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an empty run history: to copy it is faster than to let Dagster make one."""
    folder = tmp_path_factory.mktemp("empty")
    with open_instance(folder, {}):
        return folder


@pytest.fixture
def house(
    tmp_path: Path, server: SampleArxiv, empty_history: Path, request: pytest.FixtureRequest
) -> Iterator[House]:
    """With the marker `lists_only`, its graph ends with the README."""
    shutil.copytree(empty_history, tmp_path, dirs_exist_ok=True)
    assets = LISTS if request.node.get_closest_marker("lists_only") else frozenset()
    with open_instance(tmp_path, {}) as instance:
        yield House(tmp_path, server, instance, assets=assets)


@pytest.fixture
def new_house(tmp_path: Path, empty_history: Path) -> Iterator[Callable[[Corpus], House]]:
    """Make houses over other papers."""
    shutil.copytree(empty_history, tmp_path, dirs_exist_ok=True)
    with ExitStack() as stack:

        def make(corpus: Corpus) -> House:
            instance = stack.enter_context(open_instance(tmp_path, {}))
            return House(tmp_path, stack.enter_context(SampleArxiv(corpus)), instance)

        yield make


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for `ui`, with two keywords."""
    never = 'schedule = "0 0 1 1 *"'  # while a test runs
    keywords = f"{never}\n[keywords.compiler]\n[keywords.performance]\n"
    (tmp_path / "keywords.toml").write_text(keywords)
    return tmp_path


@pytest.fixture
def ui(home: Path, server: SampleArxiv) -> Iterator[UI]:
    """A real `papers ui` over the sample arXiv."""
    with running_ui(environment(home, home / "keywords.toml", server.url), home / "ui.log") as ui:
        yield ui
