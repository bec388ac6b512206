"""The graph as Dagster runs it, over real HTTP, recorded in a real run history."""

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.errors import DagsterExecutionInterruptedError

from papers_assets.arxiv.sample import Fault
from papers_assets.defs.headless import RunReport
from papers_assets.defs.jobs import DAILY_JOB, PUBLISH_JOB, REFRESH_JOB
from papers_assets.keywords.model import Keyword
from papers_assets.pipeline import paging, refresh_keyword
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.project import Project

pytestmark = pytest.mark.lists_only

BUSY = Fault(503, b"first byte timeout")
RAW, PAPERS, README = (dg.AssetKey(name) for name in ("raw_papers", "papers", "readme"))


def sections(readme: str) -> dict[str, int]:
    """Rows by heading."""
    parts = re.split(r"^## ", readme, flags=re.MULTILINE)[1:]
    return {
        part.partition("\n")[0]: len(re.findall(r"^\| \*\*\[", part, re.MULTILINE))
        for part in parts
    }


def metadata(
    project: Project, asset: dg.AssetKey, partition: str | None = None
) -> dict[str, object]:
    records = project.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset, asset_partitions=[partition] if partition else None), limit=1
    ).records
    assert records[0].asset_materialization is not None
    return {k: v.value for k, v in records[0].asset_materialization.metadata.items()}


def run_status(project: Project, report: RunReport) -> list[tuple[str, str]]:
    runs = [project.instance.get_run_by_id(run_id) for run_id in report.run_ids]
    return [(run.job_name, run.status.value) for run in runs if run]


def test_one_run_refreshes_every_keyword_and_writes_the_readme(project: Project) -> None:
    report = project.run()
    assert run_status(project, report) == [(DAILY_JOB, "SUCCESS")]
    assert report.failed == {}
    assert project.materialized == {"reinforcement learning", "compiler", "performance"}
    assert sections(project.readme) == dict.fromkeys(project.file.names, 100)
    assert "Last update: 2026-11-23\n" in project.readme
    assert len(project.server.requests) == 3


def test_a_failing_keyword_turns_the_run_red_and_keeps_the_others_and_its_own_papers(
    project: Project,
) -> None:
    project.run()
    project.next_day()
    project.failing = {"compiler": BUSY}
    report = project.run()
    assert run_status(project, report) == [(DAILY_JOB, "FAILURE"), (PUBLISH_JOB, "SUCCESS")]
    assert report.refreshed == ["reinforcement learning", "performance"]
    assert report.failed == {"compiler": "arXiv answered 503 (asked 2 times)"}
    assert sections(project.readme) == dict.fromkeys(project.file.names, 100)
    assert "Last update: 2026-11-24\n" in project.readme
    assert "## compiler\n_Not refreshed since 2026-11-23: arXiv answered 503._\n" in project.readme
    assert project.readme.count("Not refreshed") == 1


def test_dagster_shows_the_failed_keyword_alone_as_failed(project: Project) -> None:
    project.failing = {"compiler": BUSY}
    project.run()
    assert project.materialized == {"reinforcement learning", "performance"}
    partitions = project.definitions.get_assets_def(RAW).partitions_def
    assert partitions is not None
    status = project.instance.get_status_by_partition(RAW, project.file.names, partitions)
    assert status is not None
    assert {name: s.value for name, s in status.items() if s} == {
        "reinforcement learning": "MATERIALIZED",
        "compiler": "FAILED",
        "performance": "MATERIALIZED",
    }


def test_when_nothing_comes_the_readme_keeps_its_rows_and_its_date_and_says_why(
    project: Project,
) -> None:
    project.run()
    before = project.readme
    project.next_day()
    project.failing = {"": BUSY}
    report = project.run()
    assert run_status(project, report) == [(DAILY_JOB, "FAILURE"), (PUBLISH_JOB, "SUCCESS")]
    assert (report.refreshed, len(report.failed)) == ([], 3)
    note = "_Not refreshed since 2026-11-23: arXiv answered 503._"
    assert project.readme.count(note) == 3
    assert project.readme.replace(note, "").split() == before.split()


def test_rendering_again_from_old_answers_does_not_claim_a_newer_date(project: Project) -> None:
    project.run()
    before = project.readme
    project.next_day()
    assert project.execute(PUBLISH_JOB).success
    assert project.readme == before
    assert len(project.server.requests) == 3


def test_one_keyword_is_refreshed_by_its_job_and_rendered_with_the_others(project: Project) -> None:
    project.run()
    project.next_day()
    assert project.execute(REFRESH_JOB, partition_key="compiler").success
    assert len(project.server.requests) == 4
    assert "Last update: 2026-11-24" in project.readme
    assert project.readme.count("_Not refreshed since 2026-11-23._") == 2


def test_some_keywords_are_refreshed_in_a_run_per_stretch_of_neighbours(project: Project) -> None:
    report = project.run("performance", "reinforcement learning")
    assert report.refreshed == ["reinforcement learning", "performance"]
    # What comes in several runs is published once.
    assert run_status(project, report) == [
        (REFRESH_JOB, "SUCCESS"),
        (REFRESH_JOB, "SUCCESS"),
        (PUBLISH_JOB, "SUCCESS"),
    ]
    assert report.unpublished == {}
    project.next_day()
    assert len(project.run("compiler", "performance").run_ids) == 1


def test_a_run_that_names_no_keyword_fails_and_says_what_to_do(project: Project) -> None:
    for tags in (
        {},
        {
            "dagster/asset_partition_range_start": "performance",
            "dagster/asset_partition_range_end": "compiler",
        },
    ):
        result = project.execute(REFRESH_JOB, tags=tags, raise_on_error=False)
        failure = result.failure_data_for_node("raw_papers")
        assert failure is not None
        assert failure.user_failure_data is not None
        assert "names no keyword" in (failure.user_failure_data.description or "")
    assert project.server.requests == []
    assert project.materialized == set()


def test_an_interrupted_run_has_recorded_what_came(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = paging.fetch_until_known

    def interrupted(keyword: Keyword, *others: Any, **named: Any) -> Any:
        if keyword.name == "performance":
            raise DagsterExecutionInterruptedError
        return fetch(keyword, *others, **named)

    monkeypatch.setattr(refresh_keyword, "fetch_until_known", interrupted)
    with suppress(DagsterExecutionInterruptedError):
        project.run()
    assert project.materialized == {"reinforcement learning", "compiler"}


def test_keywords_can_be_made_of_anything(project: Project) -> None:
    names = ["C++", "a/b", "..", "图神经网络", "x" * 300, "compiler", "a|b", '"q"', "<b>*x*</b>"]
    project.keywords = [keyword(name) for name in names]
    report = project.run()
    assert report.failed == {}
    assert project.materialized == set(names)
    assert len(sections(project.readme)) == len(names)
    project.failing = {"": BUSY}
    assert set(project.run().failed) == set(names)


def test_what_a_materialization_shows(project: Project) -> None:
    project.run()
    raw = metadata(project, RAW, "compiler")
    assert raw["dagster/partition_row_count"] == 100
    assert (raw["requests"], raw["new"], raw["gap"]) == (1, 100, False)
    assert raw["query"] == '(ti:"compiler" AND abs:"compiler")'
    assert str(raw["query_url"]).startswith(project.server.url)
    assert str(raw["preview"]).startswith("|")
    assert raw["stored_papers"] == 100
    papers = metadata(project, PAPERS)
    assert papers["dagster/row_count"] == papers["new"] == 300
    assert (papers["revised"], papers["filtered"]) == (0, 0)
    assert papers["new: compiler"] == 100
    assert isinstance(papers["keywords"], dg.TableMetadataValue)
    assert list(papers["keywords"].records) == [
        dg.TableRecord(
            {"keyword": name, "shown": 100, "new": 100, "revised": 0, "filtered": 0, "stored": 100}
        )
        for name in project.file.names
    ]
    readme = metadata(project, README)
    size = project.store.documents.readme_path.stat().st_size
    assert (readme["bytes"], readme["percent_of_github_limit"]) == (size, round(size / 5120, 1))
    assert readme["path"] == str(project.store.documents.readme_path)
    assert (readme["sections"], readme["stale_keywords"]) == (3, "none")
    project.next_day()
    project.failing = {"compiler": BUSY}
    project.run()
    assert metadata(project, PAPERS)["new"] == 0
    readme = metadata(project, README)
    assert (readme["stale_sections"], readme["stale_keywords"]) == (1, "compiler")


def test_the_run_tells_its_story_in_its_own_log(project: Project) -> None:
    project.failing = {"compiler": BUSY}
    report = project.run()
    logged = [record.user_message for record in project.instance.all_logs(report.run_ids[0])]
    total = metadata(project, RAW, "performance")["results_at_arxiv"]
    assert (
        f"performance: fetched 100 of {total} results (1 request); 100 added, 0 updated, "
        "0 filtered out"
    ) in logged
    assert "compiler: not refreshed: arXiv answered 503 (asked 2 times)" in logged


def test_the_definitions_load_without_a_warning(tmp_path: Path) -> None:
    load = "import papers_assets.definitions as d; d.defs()"
    subprocess.run(
        [sys.executable, "-W", "error", "-c", load],
        env=os.environ | {"PAPERS_HOME": str(tmp_path)},
        check=True,
    )
