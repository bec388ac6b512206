"""The product in a folder of its own: below Dagster, and as Dagster runs it."""

import hashlib
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pandas as pd
from filelock import FileLock
from ruamel.yaml import YAML

from papers_assets.arxiv.sample import Fault, RequestRecord, SampleArxiv
from papers_assets.checks import CHECKS_OF_CHANGES, CHECKS_OF_PAPERS, CHECKS_OF_README
from papers_assets.definitions import build_definitions
from papers_assets.defs.headless import (
    _NEEDED_FOR_README,
    COUNTED_COLUMNS,
    RunReport,
    open_instance,
    run_daily,
)
from papers_assets.defs.resources import ArxivResource, PapersIOManager, StoreResource
from papers_assets.defs.run_config import RawPapersConfig, _build_options
from papers_assets.defs.run_results import RunResults
from papers_assets.keywords.model import Keyword, KeywordsConfig
from papers_assets.pipeline.refresh import refresh
from papers_assets.settings import PROJECT_ROOT, NotificationSettings, Settings
from papers_assets.storage.editions import EditionStore
from papers_assets.storage.locks import open_locks
from papers_assets.storage.raw_papers import RawPapersStore
from papers_assets_tests.helpers.factories import LATER, keyword

_CHECKS = {**CHECKS_OF_PAPERS, **CHECKS_OF_CHANGES, **CHECKS_OF_README}
LISTS = frozenset({"harvest", "raw_papers", "papers", "readme"})
"""The assets that tests with the marker `lists_only` run; the other outputs take time."""


@dataclass
class Pipeline:
    """Keywords, a sample arXiv, a clock, and the functions of the assets, called one by one.

    Dagster's engine takes most of the time of a small run. Tests of what it does have a `Project`.
    """

    home: Path
    server: SampleArxiv
    keywords: Sequence[Keyword] = (
        keyword("reinforcement learning"),
        keyword("compiler"),
        keyword("performance"),
    )
    today: datetime = LATER
    failing: dict[str, Fault] = field(default_factory=dict)
    """What arXiv answers to queries with these words in them."""
    channels: NotificationSettings = field(default_factory=NotificationSettings)
    environment: dict[str, str] = field(default_factory=dict)
    locks: str = ""
    """PAPERS_LOCKS; a URL has to be in the environment, too."""
    host_folder: Path | None = None
    witness: bool = False
    front_page: bool = False
    assets: frozenset[str] = frozenset()
    """What the graph has; empty: everything."""
    metadata: dict[tuple[str, str | None], Mapping[str, Any]] = field(default_factory=dict)
    """What the last runs told Dagster, by asset and partition."""
    checks: dict[str, dg.AssetCheckResult] = field(default_factory=dict)
    """The last result of each check, by name."""
    story: str = ""
    """What the last refresh said of what failed."""
    prepared: Path | None = None
    """Where first days are, for all workers of the tests; None: they are run."""

    def __post_init__(self) -> None:
        self.server.fault = self._fault
        locks = open_locks(self.locks, self.home, self.host_folder)
        self.store = RawPapersStore(self.home, locks, self.host_folder)
        self.outputs = EditionStore(self.home, locks)

    def _fault(self, request: RequestRecord) -> Fault | None:
        asked = request.parameters.get("search_query", "")
        return next((fault for words, fault in self.failing.items() if words in asked), None)

    @property
    def file(self) -> KeywordsConfig:
        path = (self.host_folder or self.home) / "keywords.toml"
        return KeywordsConfig(
            path,
            tuple(self.keywords),
            ZoneInfo("UTC"),
            "0 6 * * *",
            witness=self.witness,
            front_page=self.front_page,
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
            assets=[a for a in _assets(everything) if a.key.to_user_string() in self.assets],
            jobs=everything.jobs,
            schedules=everything.schedules,
            sensors=everything.sensors,
            resources=everything.resources,
            executor=everything.executor,
        )

    def run(self, *names: str, **config: Any) -> RunReport:
        """Refresh these keywords (none: all), and publish what arrived."""
        report = self.refresh(*names, **config)
        self.publish(report)
        return report

    def first_day(self) -> None:
        """Be as after the first run: the folder is copied from where the same has been run."""
        assert not (self.home / "dagster.yaml").exists(), (
            "a history that is open is not to be copied"
        )
        if self.prepared is None:
            self.run()
            return
        keywords_config, papers = (
            replace(self.file, path=Path()),
            tuple(self.server.corpus.versions),
        )
        kind = repr((keywords_config, self.today, sorted(self.assets), papers))
        folder = self.prepared / hashlib.sha256(kind.encode()).hexdigest()
        with FileLock(folder.with_suffix(".lock")):
            if folder.exists():
                shutil.copytree(folder, self.home, dirs_exist_ok=True)
                # The lists say of which files they were made, and a copy is another file.
                assert Pipeline.publish(self, only={"papers"}).problem == ""
                return
            report = Pipeline.run(self)
            assert (report.failed, report.problem, report.unpublished) == ({}, "", {})
            shutil.copytree(self.home, folder)

    def refresh(self, *names: str, **config: Any) -> RunReport:
        """Do what `raw_papers` does; `config` is that of a run."""
        keywords = [word for word in self.keywords if not names or word.name in names]
        report, outcomes = RunReport(), RunResults(self.server.url)
        arxiv = ArxivResource(
            api_url=self.server.url,
            oai_url=self.server.oai_url,
            request_interval=0.0,
            max_attempts=2,
            backoff=0.0,
            locks=self.locks,
        )
        with closing(arxiv.client()) as client:
            options = _build_options(RawPapersConfig(**config), self.today.date())
            options = replace(options, oai_comparison_sets=() if self.witness else None)
            for outcome in refresh(keywords, client, self.store, lambda: self.today, options):
                outcomes.add(outcome)
        report.failed |= outcomes.failure_reasons
        self.story = outcomes.failure_summary
        for name, found in outcomes.refreshed.items():
            values = _values(found)
            self.metadata["raw_papers", name] = values
            report.refreshed.append(name)
            report.counts[name] = {
                key: int(values[key]) for key in COUNTED_COLUMNS if key in values
            }
            if values.get("results_at_arxiv") == 0:
                report.without_papers.append(name)
        return report

    def publish(self, report: RunReport | None = None, only: Collection[str] = ()) -> RunReport:
        """Do what the assets after `raw_papers` do, each but those after one that failed."""
        report = report or RunReport()
        failed: set[dg.AssetKey] = set()
        for asset in _assets(self.definitions):
            name = asset.key.to_user_string()
            if name == "raw_papers" or (only and name not in only):
                continue
            if failed & set(asset.dependency_keys):
                failed.add(asset.key)
                continue
            reason = ""
            try:
                for result in self._results(asset):
                    reason = self._take(name, result, report) or reason
            except dg.Failure as failure:
                reason = str(failure.description)
            except Exception as error:  # noqa: BLE001 - as Dagster does
                reason = f"{name}: {type(error).__name__}: {error}"
            if not reason:
                report.published.add(name)
                continue
            failed.add(asset.key)
            if name in _NEEDED_FOR_README:
                report.problem = reason
            else:
                report.unpublished[name] = reason
        return report

    def _results(self, asset: dg.AssetsDefinition) -> Iterator[Any]:
        """Call the function of an asset."""
        place = {"home": str(self.home), "locks": self.locks}
        place["host_folder"] = str(self.host_folder or "")
        manager = PapersIOManager(**place)
        parameters = signature(asset.op.compute_fn.decorated_fn).parameters  # type: ignore[union-attr]
        given: dict[str, Any] = {"store": StoreResource(**place)}
        if "papers" in parameters:
            given["papers"] = manager.load_input(dg.build_input_context())
        with dg.build_asset_context(instance=_no_history()) as context:
            found = asset(context, **given) if "context" in parameters else asset(**given)
            for result in found if isinstance(found, Iterator) else [found]:
                if isinstance(value := getattr(result, "value", None), pd.DataFrame):
                    manager.handle_output(dg.build_output_context(), value)
                yield result

    def _take(
        self, name: str, result: dg.AssetCheckResult | dg.MaterializeResult[Any], report: RunReport
    ) -> str:
        """Take note of a result; return why nothing may be built upon it, or nothing."""
        if isinstance(result, dg.AssetCheckResult):
            checks = [result]
        else:
            self.metadata[name, None] = _values(result.metadata or {})
            checks = list(result.check_results or ())
        reason = ""
        for check in checks:
            assert check.check_name is not None
            self.checks[check.check_name] = check
            if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR:
                report.failed_checks[check.check_name] = str(check.description)
                if _CHECKS[check.check_name].blocking:
                    reason = f"{name}: {check.check_name} failed"
        return reason

    def next_day(self) -> None:
        self.today += timedelta(days=1)

    @property
    def readme(self) -> str:
        return self.store.documents.readme_path.read_text()


@dataclass(kw_only=True)
class Project(Pipeline):
    """The same, with a run history: the graph as Dagster runs it."""

    instance: dg.DagsterInstance

    def run(self, *names: str, **_: Any) -> RunReport:
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

    @property
    def materialized(self) -> set[str]:
        """The keywords whose partition Dagster shows as materialized."""
        return set(self.instance.get_materialized_partitions(dg.AssetKey("raw_papers")))


def _assets(definitions: dg.Definitions) -> list[dg.AssetsDefinition]:
    """Return the assets, each after those it depends on."""
    return [asset for asset in definitions.assets or () if isinstance(asset, dg.AssetsDefinition)]


def _values(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(value, "value", value) for name, value in metadata.items()}


def recorded_runs(number: int, prepared: Path, server: SampleArxiv, assets: frozenset[str]) -> Path:
    """Return a home with a run history on disk, of so many runs; it is made once, to be copied."""
    folder = prepared / "-".join(["runs", str(number), *sorted(assets)])
    with FileLock(folder.with_suffix(".lock")):
        if folder.exists():
            return folder
        making = folder.with_suffix(".making")
        if number:
            shutil.copytree(recorded_runs(number - 1, prepared, server, assets), making)
        with open_instance(making, {}) as instance:
            if number:
                Project(making, server, assets=assets, instance=instance).run()
        return making.rename(folder)


def history_in_memory() -> dg.DagsterInstance:
    """Return a run history with the settings of dagster.yaml, of which nothing is on disk."""
    kept_where = ("storage", "local_artifact_storage", "compute_logs")
    configured = YAML(typ="safe", pure=True).load(PROJECT_ROOT / "dagster.yaml")
    settings = {name: value for name, value in configured.items() if name not in kept_where}
    return dg.DagsterInstance.ephemeral(settings=settings)


_no_history = cache(history_in_memory)
