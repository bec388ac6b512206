"""The whole product with `source = "harvest"`: days are brought in, keywords looked for in them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from papers_assets.arxiv.oai_day import find_sets
from papers_assets.arxiv.sample import ALL_FAULTS, Corpus, FaultScript, FaultStep
from papers_assets.defs import assets
from papers_assets.defs.jobs import DAILY_JOB, HARVEST_JOB, PUBLISH_JOB
from papers_assets.defs.partitions import open_days_tags
from papers_assets.defs.resources import PapersIOManager
from papers_assets.keywords.model import KeywordsConfig, PaperSource
from papers_assets.pipeline import harvest
from papers_assets.pipeline.harvest import HarvestedDay, HarvestFailure
from papers_assets.storage.harvest import HarvestStore
from papers_assets.transform.harvest_coverage import FINAL_AFTER, RECENT_PERIOD
from papers_assets.transform.selection import read_refresh_times
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.project import LISTS, Pipeline, Project

# A day that is over wherever the tests run; the invented papers end on it.
TODAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
SINCE = date(2026, 11, 16)


class Farm(Project):
    """A project that harvests."""

    since = SINCE

    @property
    def file(self) -> KeywordsConfig:
        return replace(super().file, source=PaperSource.HARVEST, harvest_since=self.since)

    @property
    def harvests(self) -> HarvestStore:
        return HarvestStore(self.home)

    def held_of(self, name: str) -> set[tuple[str, int]]:
        found = self.store.read_raw_papers(name)
        return found.versions() if found else set()


@pytest.fixture
def farm(project: Project) -> Farm:
    return Farm(project.home, project.server, today=TODAY, assets=LISTS, instance=project.instance)


def test_days_come_in_and_lists_are_published(farm: Farm) -> None:
    farm.assets = frozenset()
    report = farm.run()
    assert sorted(report.refreshed) == sorted(farm.file.names)
    assert (report.failed, report.problem, report.unpublished) == ({}, "", {})
    assert farm.harvests.days() == [SINCE + timedelta(days=n) for n in range(5)]
    assert "## compiler" in farm.readme
    assert "Last update: 2026-11-20" in farm.readme


def test_a_harvest_takes_a_few_requests_however_many_keywords_there_are(farm: Farm) -> None:
    farm.run()
    few = len(farm.server.requests)
    assert all(request.path == "/oai" for request in farm.server.requests)
    farm.keywords = [keyword(f"compiler {number}", any=("compiler",)) for number in range(30)]
    farm.run()
    assert len(farm.server.requests) - few <= few


def test_settled_days_are_not_asked_for_again(farm: Farm) -> None:
    farm.run()
    farm.today += timedelta(days=3)
    before = len(farm.server.requests)
    farm.run()
    farm.run()
    asked = [request.parameters.get("from") for request in farm.server.requests[before:]]
    # The 16th and the 17th were over five days ago when they were asked for again.
    assert asked.count("2026-11-17") == asked.count("2026-11-16") == 1
    assert asked.count("2026-11-18") == asked.count("2026-11-22") == 2


def test_lists_are_those_that_queries_give(farm: Farm) -> None:
    """One matcher, one truth: what was announced in these days is what arXiv's search finds."""
    farm.keywords = [
        keyword("compiler"),
        keyword("reinforcement learning"),
        keyword("graphs", any=("graph neural networks", "diffusion model")),
        keyword("no learning", any=("performance",), none=("learning",)),
        keyword("statistics", any=("time series",), categories=("stat",)),
    ]
    farm.run()
    pipeline = Pipeline(farm.home / "queries", farm.server, farm.keywords, TODAY)
    since = datetime.combine(SINCE, datetime.min.time(), UTC)
    pipeline.refresh()
    some = 0
    for name in farm.file.names:
        queried = pipeline.store.read_raw_papers(name)
        assert queried is not None
        rows = queried.rows.select(["arxiv_id", "version", "updated"]).to_pylist()
        # In the sample a paper is listed on the day after it was submitted.
        wanted = {
            (row["arxiv_id"], row["version"])
            for row in rows
            if since - timedelta(days=1) <= row["updated"] < TODAY.replace(hour=0)
        }
        assert farm.held_of(name) == wanted, name
        some += len(wanted)
    assert some


def test_a_harvest_that_fails_is_said_and_nothing_is_lost(farm: Farm) -> None:
    farm.run()
    before = {name: farm.held_of(name) for name in farm.file.names}
    farm.today += timedelta(days=1)
    farm.server.fault = FaultScript([FaultStep("busy")])
    report = farm.run()
    assert set(report.failed) >= set(farm.file.names)
    assert "harvest of 2026-11-21" in report.failed
    assert {name: farm.held_of(name) for name in farm.file.names} == before
    assert "_Not refreshed since 2026-11-20: arXiv answered 503" in farm.readme
    farm.server.fault = None
    assert farm.run().failed == {}
    assert "Not refreshed" not in farm.readme


def test_a_harvest_that_was_interrupted_makes_no_keyword_fresh(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm.run()
    farm.today += timedelta(days=3)
    real = harvest.harvest_days

    def interrupted(*arguments: Any) -> Iterator[HarvestedDay | HarvestFailure]:
        yield next(real(*arguments))
        raise SystemExit

    monkeypatch.setattr(assets.harvest, "harvest_days", interrupted)
    with pytest.raises(SystemExit):
        farm.execute(HARVEST_JOB, tags=open_days_tags(SINCE, farm.today))
    monkeypatch.undo()
    assert not farm.execute(DAILY_JOB, raise_on_error=False).success
    farm.execute(PUBLISH_JOB)
    assert "_Not refreshed since 2026-11-20: 2026-11-22 has not been harvested" in farm.readme
    assert farm.run().failed == {}
    assert "Not refreshed" not in farm.readme


def test_a_day_materialized_alone_makes_no_keyword_fresh(farm: Farm) -> None:
    farm.run()
    farm.today += timedelta(days=3)
    farm.execute(HARVEST_JOB, partition_key="2026-11-23")
    result = farm.execute(DAILY_JOB, raise_on_error=False)
    assert not result.success
    reason = str(result.failure_data_for_node("raw_papers"))
    assert "2026-11-22 has not been harvested" in reason
    assert "materializing them of harvest" in reason
    assert "Re-execute" not in reason


def test_looking_without_harvesting_is_no_news_after_a_day_and_a_half(farm: Farm) -> None:
    farm.run()
    farm.today += timedelta(days=2)
    assert not farm.execute(DAILY_JOB, raise_on_error=False).success
    farm.execute(PUBLISH_JOB)
    assert "_Not refreshed since 2026-11-20: nothing has been harvested since" in farm.readme


def test_the_problem_of_a_day_ends_when_it_comes(farm: Farm) -> None:
    farm.run()
    farm.server.fault = FaultScript([FaultStep("busy")])
    farm.execute(HARVEST_JOB, partition_key="2026-11-18", raise_on_error=False)
    assert not farm.execute(DAILY_JOB, raise_on_error=False).success
    farm.server.fault = None
    farm.execute(HARVEST_JOB, partition_key="2026-11-18")
    assert farm.execute(DAILY_JOB).success
    assert "Not refreshed" not in farm.readme


def test_a_late_writer_takes_no_date_back(farm: Farm) -> None:
    farm.run()
    earlier = farm.store.read_papers()
    farm.today += timedelta(days=1)
    farm.server.corpus = Corpus([p for p in farm.server.corpus.newest if p.updated < "2026-11-19"])
    farm.run()
    before = read_refresh_times(farm.store.read_papers())
    io = PapersIOManager(home=str(farm.home))
    io.handle_output(dg.build_output_context(), earlier)
    assert read_refresh_times(farm.store.read_papers()) == before != read_refresh_times(earlier)


def test_keywords_of_a_harvest_to_come_say_so(farm: Farm) -> None:
    farm.since = TODAY.date() + timedelta(days=2)
    report = farm.run()
    assert "papers are harvested from 2026-11-22 on" in report.failed["compiler"]


def test_a_day_without_news_is_a_fresh_day(farm: Farm) -> None:
    farm.run()
    farm.today += timedelta(days=2)
    farm.server.corpus = Corpus([p for p in farm.server.corpus.newest if p.updated < "2026-11-19"])
    etags = {name: farm.store.etag(name) for name in farm.file.names}
    report = farm.run()
    assert sorted(report.refreshed) == sorted(farm.file.names)
    assert {name: farm.store.etag(name) for name in farm.file.names} == etags
    assert "Last update: 2026-11-22" in farm.readme
    assert "Not refreshed" not in farm.readme


def test_ui_shows_days_and_keywords_as_partitions(farm: Farm) -> None:
    farm.run()
    days = farm.instance.get_materialized_partitions(dg.AssetKey("harvest"))
    assert days == {day.isoformat() for day in farm.harvests.days()}
    assert farm.materialized == set(farm.file.names)
    graph = farm.definitions.resolve_asset_graph()
    assert graph.get(dg.AssetKey("raw_papers")).parent_keys == {dg.AssetKey("harvest")}


def test_one_day_can_be_materialized_alone(farm: Farm) -> None:
    result = farm.execute(HARVEST_JOB, partition_key="2026-11-18")
    assert result.success
    assert farm.harvests.days() == [date(2026, 11, 18)]


def test_the_schedule_brings_in_the_open_days(farm: Farm) -> None:
    schedule = farm.definitions.resolve_schedule_def("daily")
    context = dg.build_schedule_context(instance=farm.instance)
    (request,) = schedule.evaluate_tick(context).run_requests or ()
    assert request.tags.items() >= open_days_tags(SINCE, TODAY).items()
    assert schedule.job_name == HARVEST_JOB


@pytest.mark.parametrize(
    ("fault", "status"), [(None, "success"), ("busy", "failure"), (None, "canceled")]
)
def test_keywords_are_looked_for_after_every_harvest(
    farm: Farm, fault: str | None, status: str
) -> None:
    farm.server.fault = FaultScript([FaultStep(fault)]) if fault else None
    definitions = farm.definitions
    result = farm.execute(HARVEST_JOB, tags=open_days_tags(SINCE, TODAY), raise_on_error=False)
    sensor = definitions.resolve_sensor_def(f"daily_papers_after_harvest_{status}")
    context = dg.build_run_status_sensor_context(
        sensor.name,
        dagster_instance=farm.instance,
        dagster_run=result.dagster_run,
        dagster_event=result.all_events[-1],
    )
    request = sensor(context)
    assert isinstance(request, dg.RunRequest)
    assert request.job_name == DAILY_JOB


def test_edited_sets_are_asked_for(farm: Farm) -> None:
    farm.keywords = [keyword("compiler", categories=("cs",))]
    farm.run()
    assert {r.parameters.get("set") for r in farm.server.requests} == {*find_sets(["cs"])}
    farm.keywords = [keyword("compiler", categories=("cs", "stat"))]
    before = len(farm.server.requests)
    farm.run()
    days = {r.parameters.get("from") for r in farm.server.requests[before:]}
    assert len(days) == 5


def test_a_day_of_long_ago_that_cannot_be_had_does_not_make_every_run_red(farm: Farm) -> None:
    farm.since = date(2026, 11, 5)
    farm.server.fault = lambda request: (
        ALL_FAULTS["busy"] if request.parameters.get("from") == "2026-11-06" else None
    )
    report = farm.run()
    assert (report.failed, sorted(report.refreshed)) == ({}, sorted(farm.file.names))
    assert "2026-11-06" not in farm.instance.get_materialized_partitions(dg.AssetKey("harvest"))
    assert "Not refreshed" not in farm.readme
    # Who asks for that very day is told.
    result = farm.execute(HARVEST_JOB, partition_key="2026-11-06", raise_on_error=False)
    assert not result.success


def test_a_harvest_is_kept_until_it_is_settled_whatever_the_file_says(farm: Farm) -> None:
    keywords_config = replace(farm.file, keep_papers=1, harvest_since=date(2026, 1, 1))
    today = TODAY.date()
    assert keywords_config.harvest_start(today) == today - timedelta(days=8)
    # Or the harvest's days would go while they are asked for, or while they decide who is fresh.
    assert timedelta(days=keywords_config.keep_days) > max(FINAL_AFTER, RECENT_PERIOD)
