"""What Prometheus reads, as Prometheus reads it."""

import logging
import math
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families as parsed
from ruamel.yaml import YAML

from papers_assets.arxiv.errors import BLOCKED_REASON
from papers_assets.arxiv.sample import Fault, SampleArxiv
from papers_assets.keywords.file import read_keywords_file
from papers_assets.keywords.model import KeywordsConfig, PaperSource
from papers_assets.pipeline.metrics import build_metric_families, render_metrics, serve_metrics
from papers_assets.pipeline.status import KeywordStatus, RawPapersFile, Status, StatusReader
from papers_assets.settings import PROJECT_ROOT
from papers_assets.storage.editions import EditionStore
from papers_assets.storage.harvest import HarvestStore
from papers_assets.storage.labels import RawPapersHead
from papers_assets.storage.last_valid_keywords import read_or_last_valid, store_last_valid
from papers_assets.storage.raw_papers import FORMAT, RawPapersStore
from papers_assets.storage.run_counters import CounterStore, Counts
from papers_assets.storage.scan_state import ScanState
from papers_assets.transform.harvest_coverage import DayStatus
from papers_assets.transform.raw_papers import merge_answer
from papers_assets.transform.schema import to_table
from papers_assets_tests.helpers import ui_driver
from papers_assets_tests.helpers.command_line import papers
from papers_assets_tests.helpers.factories import LATER, keyword, paper
from papers_assets_tests.helpers.project import Project

ODD = 'a "quoted" \\ keyword\nwith {a=line} and 図'
Samples = dict[tuple[str, str], float]
"""Values by name and keyword; without one: the empty text."""


def samples(text: str) -> Samples:
    return {
        (sample.name, sample.labels.get("keyword", "")): sample.value
        for family in parsed(text)
        for sample in family.samples
    }


def state(**fields: Any) -> Status:
    keywords = (KeywordStatus("compiler", RawPapersFile(3, LATER), ""),)
    return replace(Status(LATER, Counts(), keywords, True, LATER, LATER), **fields)  # noqa: FBT003


@pytest.fixture
def looking(tmp_path: Path) -> StatusReader:
    store = RawPapersStore(tmp_path)
    stored = merge_answer(keyword("compiler"), None, [paper(1), paper(1, 2), paper(2)], LATER)
    store.write_raw_papers(stored)
    store.write_failure_reason("performance", "arXiv answered 503")
    CounterStore(tmp_path).add(Counts(1, 4, 6.5, {"compiler": 1}, {"performance": 1}, LATER))
    return looking_at(tmp_path, "compiler", "performance")


def looking_at(home: Path, *names: str, harvests: bool = False) -> StatusReader:
    keywords = tuple(keyword(name) for name in names)
    keywords_config = KeywordsConfig(home / "keywords.toml", keywords, ZoneInfo("UTC"), "0 6 * * *")
    tomorrow = LATER + timedelta(days=1)
    if harvests:
        keywords_config = replace(
            keywords_config, source=PaperSource.HARVEST, harvest_since=tomorrow.date()
        )
    return StatusReader(
        lambda: keywords_config,
        RawPapersStore(home),
        EditionStore(home),
        CounterStore(home),
        lambda: tomorrow,
        HarvestStore(home),
    )


def test_a_scrape_says_how_everything_stands(looking: StatusReader) -> None:
    found = samples(render_metrics(looking.read_status))
    assert found["papers_arxiv_requests_total", ""] == 4
    assert found["papers_arxiv_wait_seconds_total", ""] == 6.5
    assert found["papers_runs_total", ""] == 1
    assert found["papers_last_run_timestamp_seconds", ""] == LATER.timestamp()
    assert found["papers_refreshes_total", "compiler"] == 1
    assert found["papers_refresh_failures_total", "compiler"] == 0
    assert found["papers_refresh_failures_total", "performance"] == 1
    assert found["papers_keyword_age_seconds", "compiler"] == 24 * 3600
    assert found["papers_keyword_last_refresh_timestamp_seconds", "compiler"] == LATER.timestamp()
    assert found["papers_keyword_held_versions", "compiler"] == 3
    assert found["papers_keyword_failed", "compiler"] == 0
    assert found["papers_keyword_failed", "performance"] == 1
    assert found["papers_keywords", ""] == 2


def test_what_was_never_fetched_or_written_is_infinitely_old_and_not_absent(
    looking: StatusReader,
) -> None:
    found = samples(render_metrics(looking.read_status))
    assert found["papers_keyword_age_seconds", "performance"] == math.inf
    assert found["papers_keyword_last_refresh_timestamp_seconds", "performance"] == 0
    assert found["papers_readme_age_seconds", ""] == math.inf
    assert found["papers_last_edition_timestamp_seconds", ""] == 0


def test_who_was_looked_for_without_news_is_as_fresh_as_the_look(
    looking: StatusReader, tmp_path: Path
) -> None:
    assert looking.read_status()
    later = LATER + timedelta(hours=23)
    of_compiler = ScanState(keyword("compiler").fingerprint, "", 1, 1, later, None, "")
    gleaned = {
        "compiler": of_compiler,
        "performance": replace(of_compiler, definition="of another definition"),
    }
    harvest_store, store = HarvestStore(tmp_path), RawPapersStore(tmp_path)
    harvest_store.scan_states.write(gleaned)
    # What is held now may be from a backup.
    assert looking_at(tmp_path, "compiler", harvests=True).read_status().keywords[
        0
    ].file.refreshed_at == (LATER)
    if of_keyword := store.read_raw_papers("compiler"):
        store.write_raw_papers(replace(of_keyword, scanned_until=1))
    state = looking_at(tmp_path, *gleaned, harvests=True).read_status()
    assert [of.file.refreshed_at for of in state.keywords] == [later, None]
    # Who has gone back to queries is as old as the last of them.
    assert looking_at(tmp_path, *gleaned).read_status().keywords[0].file.refreshed_at == LATER
    harvest_store.scan_states.write({"compiler": replace(of_compiler, refreshed_at=None)})
    state = looking_at(tmp_path, "compiler", harvests=True).read_status()
    assert state.keywords[0].file.refreshed_at == LATER


def test_a_harvest_that_failed_is_every_keywords_failure(
    looking: StatusReader, tmp_path: Path
) -> None:
    assert looking.read_status()
    tomorrow = LATER + timedelta(days=1)
    harvest_store, day = HarvestStore(tmp_path), tomorrow.date()
    looking = looking_at(tmp_path, "compiler", harvests=True)
    harvest_store.write(DayStatus(day, (), 1, tomorrow), to_table([]))
    found = samples(render_metrics(looking.read_status))
    assert found["papers_keyword_failed", "compiler"] == 0
    harvest_store.write_problems((), {day: BLOCKED_REASON})
    found = samples(render_metrics(looking.read_status))
    assert found["papers_keyword_failed", "compiler"] == 1
    assert found["papers_arxiv_blocked", ""] == 1


def test_what_may_be_missing_is_said(looking: StatusReader, tmp_path: Path) -> None:
    found = samples(render_metrics(looking.read_status))
    gap, days = ("papers_keyword_gap", "compiler"), ("papers_harvest_days_missing", "")
    assert (found[gap], found[days]) == (0, 0)
    store = RawPapersStore(tmp_path)
    before = store.read_raw_papers("compiler")
    later = LATER + timedelta(days=90)
    store.write_raw_papers(merge_answer(keyword(), before, [paper(2000)], later, has_gap=True))
    HarvestStore(tmp_path)
    found = samples(render_metrics(looking_at(tmp_path, "compiler", harvests=True).read_status))
    assert (found[gap], found[days]) == (1, 1)


def test_any_keyword_is_a_label() -> None:
    odd = KeywordStatus(ODD, RawPapersFile(1, LATER), "")
    text = render_metrics(lambda: state(keywords=(odd,)))
    assert samples(text)["papers_keyword_age_seconds", ODD] == 0


def test_a_damaged_file_is_said_and_hides_no_other_keyword(
    looking: StatusReader, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    looking.read_status()
    RawPapersStore(tmp_path).raw_papers_path("compiler").write_bytes(b"PAR1 or so")
    found = samples(render_metrics(looking.read_status))
    assert found["papers_keyword_held_readable", "compiler"] == 0
    assert found["papers_keyword_age_seconds", "compiler"] == math.inf
    assert found["papers_keyword_held_readable", "performance"] == 1
    assert str(RawPapersStore(tmp_path).raw_papers_path("compiler")) in caplog.text


def test_a_file_of_a_newer_version_is_not_readable(looking: StatusReader, tmp_path: Path) -> None:
    path = RawPapersStore(tmp_path).raw_papers_path("compiler")
    table = pq.read_table(path)
    labels = {**table.schema.metadata, b"papers_assets_format": str(FORMAT + 1).encode()}
    pq.write_table(table.replace_schema_metadata(labels), path)
    found = samples(render_metrics(looking.read_status))
    assert found["papers_keyword_held_readable", "compiler"] == 0


def test_the_head_of_a_file_is_read_again_only_when_it_was_written_again(
    looking: StatusReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = RawPapersStore.read_head

    def counting(store: RawPapersStore, name: str) -> RawPapersHead | None:
        read.append(name)
        return real(store, name)

    monkeypatch.setattr(RawPapersStore, "read_head", counting)
    looking.read_status()
    looking.read_status()
    assert read == ["compiler"]
    later = LATER + timedelta(hours=1)
    RawPapersStore(tmp_path).write_raw_papers(
        merge_answer(keyword("compiler"), None, [paper(1)], later)
    )
    assert looking.read_status().keywords[0].file == RawPapersFile(1, later)


def test_a_broken_keywords_file_leaves_the_keywords_of_before_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "keywords.toml"
    path.write_text("[keywords.compiler]")
    looking = StatusReader(
        lambda: read_or_last_valid(path, tmp_path),
        RawPapersStore(tmp_path),
        EditionStore(tmp_path),
        CounterStore(tmp_path),
        lambda: LATER,
        HarvestStore(tmp_path),
    )
    assert looking.read_status().has_keywords_file
    store_last_valid(read_keywords_file(path), tmp_path)
    path.write_text("cap = 0")
    for is_stored in (True, False):
        if not is_stored:
            (tmp_path / ".papers" / "keywords.toml").unlink()
        found = samples(render_metrics(looking.read_status))
        assert found["papers_keywords_file_ok", ""] == 0
        assert found["papers_keyword_age_seconds", "compiler"] == math.inf


def test_a_host_that_arxiv_shut_out_is_said_to_be(project: Project) -> None:
    project.failing = {"": Fault(403)}
    project.run()
    found = samples(render_metrics(looking_at(project.home, *project.file.names).read_status))
    assert found["papers_arxiv_blocked", ""] == 1
    project.failing = {}
    project.run()
    found = samples(render_metrics(looking_at(project.home, *project.file.names).read_status))
    assert found["papers_arxiv_blocked", ""] == 0
    assert 0 < found["papers_readme_timestamp_seconds", ""] < math.inf
    assert found["papers_last_edition_timestamp_seconds", ""] > 0


def test_each_scrape_over_http_is_of_that_moment(looking: StatusReader, tmp_path: Path) -> None:
    port = ui_driver.free_port()
    serve_metrics(looking.read_status, "127.0.0.1", port)
    for runs in (1, 2):
        answer = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=30)
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        assert samples(answer.text)["papers_runs_total", ""] == runs
        CounterStore(tmp_path).add(Counts(1))


def test_names_and_helps_are_as_prometheus_wants_them() -> None:
    text = render_metrics(state)
    for family in build_metric_families(state()):
        assert re.fullmatch(r"papers_[a-z_]+", family.name)
        assert family.documentation.endswith(".")
        is_counter = f"# TYPE {family.name}_total counter\n" in text
        assert is_counter == (family.type == "counter")


def test_counts_that_cannot_be_read_are_absent_and_not_zero(
    looking: StatusReader, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    counted = {"papers_arxiv_requests_total", "papers_refreshes_total", "papers_runs_total"}
    assert counted < {name for name, _ in samples(render_metrics(looking.read_status))}
    CounterStore(tmp_path).path.unlink()
    CounterStore(tmp_path).path.mkdir()
    found = samples(render_metrics(looking.read_status))
    assert not counted & {name for name, _ in found}
    assert found["papers_keyword_age_seconds", "compiler"] == 24 * 3600
    assert "what runs counted is not in the metrics" in caplog.text


# The alert rules.


def rules() -> Iterator[dict[str, Any]]:
    groups = YAML(typ="safe").load(PROJECT_ROOT / "deploy" / "prometheus-rules.yaml")
    assert set(groups) == {"groups"}
    for group in groups["groups"]:
        assert set(group) == {"name", "rules"}
        yield from group["rules"]


def test_every_alert_is_of_metrics_that_there_are_and_says_what_to_do() -> None:
    exported = {name for name, _ in samples(render_metrics(state))}
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) > 8
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        used = set(re.findall(r"papers_\w+", rule["expr"]))
        assert used, rule
        assert used <= exported, rule
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert re.fullmatch(r"[1-9][0-9]*[mh]", rule.get("for", "1m"))
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert set(rule["annotations"]) == {"summary", "action"}
        if "$labels.keyword" in rule["annotations"]["summary"]:
            assert "papers_keyword_" in rule["expr"]


# The command line.


@pytest.fixture
def environment(home: Path, server: SampleArxiv) -> dict[str, str]:
    return ui_driver.environment(home, home / "keywords.toml", server.url)


def test_the_command_line_prints_them_once(environment: dict[str, str]) -> None:
    done = papers(environment, "metrics", "--once")
    assert (done.returncode, done.stderr) == (0, "")
    assert samples(done.stdout)["papers_keyword_age_seconds", "compiler"] == math.inf


@pytest.mark.slow
def test_the_command_line_serves_them_until_interrupted(environment: dict[str, str]) -> None:
    port = ui_driver.free_port()
    command = [str(ui_driver.PAPERS), "metrics", "--port", str(port)]
    url = f"http://127.0.0.1:{port}/metrics"
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert url in process.stdout.readline()
        found = samples(requests.get(url, timeout=30).text)
        again = subprocess.run(command, env=environment, capture_output=True, check=False)
        process.send_signal(signal.SIGINT)
    assert found["papers_keywords", ""] == 2
    assert process.returncode == 0
    assert again.returncode == 2
    assert f"cannot serve metrics at 127.0.0.1:{port}" in again.stderr.decode()


def test_without_the_library_it_is_said_what_to_install(
    environment: dict[str, str], tmp_path: Path
) -> None:
    hidden = tmp_path / "hidden" / "prometheus_client"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError('No module named prometheus_client')")
    done = subprocess.run(
        [ui_driver.PAPERS, "metrics", "--once"],
        env=environment | {"PYTHONPATH": str(hidden.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "pip install -e '.[metrics]'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_cannot_be_read_is_logged_where_people_look(
    looking: StatusReader, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    RawPapersStore(tmp_path).raw_papers_path("performance").write_bytes(b"PAR1 or so")
    with caplog.at_level(logging.WARNING):
        assert not looking.read_status().keywords[1].file.is_readable
    assert "performance" in caplog.text
