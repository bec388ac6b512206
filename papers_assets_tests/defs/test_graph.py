"""The graph as Dagster runs it, over real HTTP, recorded in a real run history."""

import os
import re
import subprocess
import sys
from base64 import b64decode
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from dagster._core.errors import DagsterExecutionInterruptedError

from papers_assets.arxiv.sample import Fault
from papers_assets.checks import CHECKS_OF_README
from papers_assets.defs.headless import Report
from papers_assets.defs.jobs import DAILY, PUBLISH, REFRESH
from papers_assets.keywords.model import Field, Keyword, KeywordsFile
from papers_assets.pipeline import paging, refresh_keyword
from papers_assets.transform.selection import refreshed_at
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.project import House

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


def metadata(house: House, asset: dg.AssetKey, partition: str | None = None) -> dict[str, object]:
    records = house.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset, asset_partitions=[partition] if partition else None), limit=1
    ).records
    assert records[0].asset_materialization is not None
    return {k: v.value for k, v in records[0].asset_materialization.metadata.items()}


def run_status(house: House, report: Report) -> list[tuple[str, str]]:
    runs = [house.instance.get_run_by_id(run_id) for run_id in report.run_ids]
    return [(run.job_name, run.status.value) for run in runs if run]


def test_one_run_refreshes_every_keyword_and_writes_the_readme(house: House) -> None:
    report = house.run()
    assert run_status(house, report) == [(DAILY, "SUCCESS")]
    assert report.failed == {}
    assert house.materialized == {"reinforcement learning", "compiler", "performance"}
    assert sections(house.readme) == dict.fromkeys(house.file.names, 100)
    assert "Last update: 2026-11-23\n" in house.readme
    assert len(house.server.requests) == 3


def test_sections_have_their_own_papers_newest_first(house: House) -> None:
    house.run()
    papers = house.store.read_papers()
    for name, rows in papers.groupby("keyword"):
        assert rows["updated"].is_monotonic_decreasing
        words = (rows["title"] + " " + rows["abstract"]).str.lower().str.replace("-", " ")
        assert words.str.contains(str(name)).all()
        assert rows["arxiv_id"].is_unique


def test_a_second_day_without_news_asks_once_and_changes_only_the_date_and_says_so(
    house: House,
) -> None:
    house.run()
    before = house.readme
    house.next_day()
    house.run()
    assert len(house.server.requests) == 6
    assert "_Nothing new that day." not in before
    told = re.sub(r"\n*_?Nothing new that day\.[^\n]*", "", house.readme)
    assert "Nothing new that day." in house.readme
    assert told.split() == before.replace("2026-11-23", "2026-11-24").split()
    assert metadata(house, RAW, "compiler")["new"] == 0


def test_a_failing_keyword_turns_the_run_red_and_keeps_the_others_and_its_own_papers(
    house: House,
) -> None:
    house.run()
    house.next_day()
    house.failing = {"compiler": BUSY}
    report = house.run()
    assert run_status(house, report) == [(DAILY, "FAILURE"), (PUBLISH, "SUCCESS")]
    assert report.refreshed == ["reinforcement learning", "performance"]
    assert report.failed == {"compiler": "arXiv answered 503 (asked 2 times)"}
    assert sections(house.readme) == dict.fromkeys(house.file.names, 100)
    assert "Last update: 2026-11-24\n" in house.readme
    assert "## compiler\n_Not refreshed since 2026-11-23: arXiv answered 503._\n" in house.readme
    assert house.readme.count("Not refreshed") == 1


def test_dagster_shows_the_failed_keyword_alone_as_failed(house: House) -> None:
    house.failing = {"compiler": BUSY}
    house.run()
    assert house.materialized == {"reinforcement learning", "performance"}
    partitions = house.definitions.get_assets_def(RAW).partitions_def
    assert partitions is not None
    status = house.instance.get_status_by_partition(RAW, house.file.names, partitions)
    assert status is not None
    assert {name: s.value for name, s in status.items() if s} == {
        "reinforcement learning": "MATERIALIZED",
        "compiler": "FAILED",
        "performance": "MATERIALIZED",
    }


def test_a_keyword_that_was_never_fetched_says_so(house: House) -> None:
    house.failing = {"compiler": BUSY}
    house.run()
    assert sections(house.readme)["compiler"] == 0
    assert "## compiler\n_Not fetched yet: arXiv answered 503._\n" in house.readme


def test_when_nothing_comes_the_readme_keeps_its_rows_and_its_date_and_says_why(
    house: House,
) -> None:
    house.run()
    before = house.readme
    house.next_day()
    house.failing = {"": BUSY}
    report = house.run()
    assert run_status(house, report) == [(DAILY, "FAILURE"), (PUBLISH, "SUCCESS")]
    assert (report.refreshed, len(report.failed)) == ([], 3)
    note = "_Not refreshed since 2026-11-23: arXiv answered 503._"
    assert house.readme.count(note) == 3
    assert house.readme.replace(note, "").split() == before.split()


def test_a_host_that_arxiv_blocks_stops_asking_at_once(house: House) -> None:
    house.failing = {"": Fault(403, b"")}
    report = house.run()
    assert len(house.server.requests) == 1
    assert len(report.failed) == 3


def test_rendering_again_from_old_answers_does_not_claim_a_newer_date(house: House) -> None:
    house.run()
    before = house.readme
    house.next_day()
    assert house.execute(PUBLISH).success
    assert house.readme == before
    assert len(house.server.requests) == 3


def test_one_keyword_is_refreshed_by_its_job_and_rendered_with_the_others(house: House) -> None:
    house.run()
    house.next_day()
    assert house.execute(REFRESH, partition_key="compiler").success
    assert len(house.server.requests) == 4
    assert "Last update: 2026-11-24" in house.readme
    assert house.readme.count("_Not refreshed since 2026-11-23._") == 2


def test_some_keywords_are_refreshed_in_a_run_per_stretch_of_neighbours(house: House) -> None:
    report = house.run("performance", "reinforcement learning")
    assert report.refreshed == ["reinforcement learning", "performance"]
    # What comes in several runs is published once.
    assert run_status(house, report) == [
        (REFRESH, "SUCCESS"),
        (REFRESH, "SUCCESS"),
        (PUBLISH, "SUCCESS"),
    ]
    assert report.unpublished == {}
    house.next_day()
    assert len(house.run("compiler", "performance").run_ids) == 1


def test_a_run_that_names_no_keyword_fails_and_says_what_to_do(house: House) -> None:
    for tags in (
        {},
        {
            "dagster/asset_partition_range_start": "performance",
            "dagster/asset_partition_range_end": "compiler",
        },
    ):
        result = house.execute(REFRESH, tags=tags, raise_on_error=False)
        failure = result.failure_data_for_node("raw_papers")
        assert failure is not None
        assert failure.user_failure_data is not None
        assert "names no keyword" in (failure.user_failure_data.description or "")
    assert house.server.requests == []
    assert house.materialized == set()


def test_a_mistake_of_ours_costs_one_keyword_its_day_and_not_the_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = paging.fetch_newest

    def broken(keyword: Keyword, *others: Any, **named: Any) -> Any:
        if keyword.name == "compiler":
            raise ZeroDivisionError("a mistake")
        return fetch(keyword, *others, **named)

    monkeypatch.setattr(refresh_keyword, "fetch_newest", broken)
    report = house.run()
    assert report.refreshed == ["reinforcement learning", "performance"]
    assert report.failed == {"compiler": "unexpectedly, ZeroDivisionError: a mistake"}


def test_an_interrupted_run_has_recorded_what_came(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = paging.fetch_newest

    def interrupted(keyword: Keyword, *others: Any, **named: Any) -> Any:
        if keyword.name == "performance":
            raise DagsterExecutionInterruptedError
        return fetch(keyword, *others, **named)

    monkeypatch.setattr(refresh_keyword, "fetch_newest", interrupted)
    with suppress(DagsterExecutionInterruptedError):
        house.run()
    assert house.materialized == {"reinforcement learning", "compiler"}


def test_a_raised_cap_is_filled_although_rows_are_refused(house: House) -> None:
    # arXiv does not tell "C#" from "C", and what it answers for that is refused.
    spec = {"any": ("performance", "C#"), "within": Field.EITHER}
    house.keywords = [keyword("performance", cap=5, **spec)]
    house.run()
    house.keywords = [keyword("performance", cap=120, **spec)]
    house.next_day()
    house.run()
    assert sections(house.readme) == {"performance": 120}


def test_a_run_over_midnight_is_one_days(house: House) -> None:
    house.today = house.today.replace(hour=23, minute=59)
    house.run("compiler")
    house.today += timedelta(minutes=2)
    house.run("performance", "reinforcement learning")
    assert "Not refreshed" not in house.readme
    house.today += timedelta(hours=12)
    house.run("performance")
    assert house.readme.count("_Not refreshed since") == 1


def test_keywords_can_be_made_of_anything(house: House) -> None:
    names = ["C++", "a/b", "..", "图神经网络", "x" * 300, "compiler", "a|b", '"q"', "<b>*x*</b>"]
    house.keywords = [keyword(name) for name in names]
    report = house.run()
    assert report.failed == {}
    assert house.materialized == set(names)
    assert len(sections(house.readme)) == len(names)
    house.failing = {"": BUSY}
    assert set(house.run().failed) == set(names)


def test_a_removed_keyword_leaves_the_readme_and_a_changed_one_is_filled_anew(house: House) -> None:
    house.run()
    house.next_day()
    changed = keyword("compiler", any=("compiler", "loop"), all=("invented",), within=Field.EITHER)
    house.keywords = [changed, keyword("performance")]
    house.run()
    assert list(sections(house.readme)) == ["compiler", "performance"]
    held = house.store.read_held("compiler")
    assert held is not None
    assert held.definition == changed.definition
    assert sections(house.readme)["compiler"] == 100
    seen = held.papers["first_seen"].unique().to_pylist()
    assert sorted(seen) == [house.today - timedelta(days=1), house.today]


def test_the_cap_is_filled_where_there_are_papers_enough(house: House) -> None:
    house.keywords = [keyword("compiler", cap=7), keyword("performance", cap=2000)]
    house.run()
    rows = sections(house.readme)
    assert rows["compiler"] == 7
    assert rows["performance"] > 100
    assert "up to a maximum of 2000 papers" in house.readme


def test_what_a_materialization_shows(house: House) -> None:
    house.run()
    raw = metadata(house, RAW, "compiler")
    assert raw["dagster/partition_row_count"] == 100
    assert (raw["requests"], raw["new"], raw["gap"]) == (1, 100, False)
    assert raw["query"] == '(ti:"compiler" AND abs:"compiler")'
    assert str(raw["query_url"]).startswith(house.server.url)
    assert str(raw["preview"]).startswith("|")
    assert raw["stored_papers"] == 100
    papers = metadata(house, PAPERS)
    assert papers["dagster/row_count"] == papers["new"] == 300
    assert (papers["revised"], papers["filtered"]) == (0, 0)
    assert papers["new: compiler"] == 100
    assert isinstance(papers["keywords"], dg.TableMetadataValue)
    assert list(papers["keywords"].records) == [
        dg.TableRecord(
            {"keyword": name, "shown": 100, "new": 100, "revised": 0, "filtered": 0, "stored": 100}
        )
        for name in house.file.names
    ]
    readme = metadata(house, README)
    size = house.store.documents.readme_path.stat().st_size
    assert (readme["bytes"], readme["percent_of_github_limit"]) == (size, round(size / 5120, 1))
    assert readme["path"] == str(house.store.documents.readme_path)
    assert (readme["sections"], readme["stale_keywords"]) == (3, "none")
    house.next_day()
    house.failing = {"compiler": BUSY}
    house.run()
    assert metadata(house, PAPERS)["new"] == 0
    readme = metadata(house, README)
    assert (readme["stale_sections"], readme["stale_keywords"]) == (1, "compiler")


def test_the_document_in_the_ui_is_a_part_of_the_document(house: House) -> None:
    house.keywords = [keyword(f"compiler {n}", any=("compiler",)) for n in range(25)]
    house.run()
    document = str(metadata(house, README)["document"])
    assert len(document) < 20_000
    shown = sections(document)
    assert shown == {f"compiler {n}": 3 for n in range(5)}
    titles = [line.partition("](")[0] for line in document.splitlines() if "| **[" in line]
    assert all(title in house.readme for title in titles)
    assert "The beginning of the first rows of the first 5 sections. " in document


def test_the_picture_counts_what_is_held_by_day_and_says_what_nobody_knows(house: House) -> None:
    house.keywords = [keyword("compiler", cap=10)]
    house.run()
    (svg,) = re.findall(r"base64,([^)]+)\)", str(metadata(house, PAPERS)["papers_a_day"]))
    held = house.store.read_papers(["updated"])["updated"].dt.date
    assert len(held) == 10
    everything = house.store.read_held("compiler")
    assert everything is not None
    days = pd.Series(everything.papers["updated"].to_pylist()).dt.date
    recent = days[days > house.today.date() - timedelta(days=30)]
    picture = b64decode(svg).decode()
    assert f"{len(recent)}<tspan" in picture
    assert f"(max {recent.value_counts().max()} a day)" in picture


def test_the_run_tells_its_story_in_its_own_log(house: House) -> None:
    house.failing = {"compiler": BUSY}
    report = house.run()
    logged = [record.user_message for record in house.instance.all_logs(report.run_ids[0])]
    total = metadata(house, RAW, "performance")["results_at_arxiv"]
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


def test_papers_know_when_each_keyword_was_refreshed(house: House) -> None:
    house.run()
    assert set(refreshed_at(house.store.read_papers()).values()) == {house.today}
    assert house.today.date() == date(2026, 11, 23)


def links(document: str) -> list[str]:
    return re.findall(r"\]\(([^:()]+\.md)[^:()]*\)", document)


def on_pages(house: House) -> int:
    return sum(text.count(b"| **[") for _, text in house.store.documents.pages())


class Fronted(House):
    """With a front page, if that is wanted."""

    front_page = True

    @property
    def file(self) -> KeywordsFile:
        return replace(super().file, front_page=self.front_page)


@pytest.fixture
def fronted(house: House) -> Fronted:
    return Fronted(house.home, house.server, instance=house.instance)


def verdicts(house: House) -> dict[str, bool]:
    found = house.execute(PUBLISH).get_asset_check_evaluations()
    return {check.check_name: check.passed for check in found if check.asset_key == README}


def test_what_github_would_not_show_goes_on_pages_and_comes_back(fronted: Fronted) -> None:
    fronted.keywords = [keyword(f"compiler {n}", any=("compiler",), cap=120) for n in range(12)]
    fronted.run()
    readme = metadata(fronted, README)
    shown = sections(fronted.readme)
    assert list(shown) == fronted.file.names
    assert min(shown.values()) > 0
    assert max(shown.values()) - min(shown.values()) <= 1
    assert (readme["rows_in_readme"], readme["pages"]) == (sum(shown.values()), 12)
    assert on_pages(fronted) == 1440 - sum(shown.values())
    front = fronted.store.documents.front_page_path
    for path in (fronted.store.documents.readme_path, front):
        assert path.stat().st_size <= 512_000
        found = links(path.read_text())
        assert len(found) == 12
        assert all((path.parent / link).is_file() for link in found)
    assert verdicts(fronted) == dict.fromkeys(CHECKS_OF_README, True)
    fronted.keywords = fronted.keywords[:2]
    fronted.front_page = False
    fronted.next_day()
    fronted.run()
    assert sections(fronted.readme) == dict.fromkeys(fronted.file.names, 120)
    assert links(fronted.readme) == []
    assert list(fronted.store.documents.pages()) == []
    assert not front.exists()
    assert verdicts(fronted) == dict.fromkeys(CHECKS_OF_README, True)


def test_a_front_page_of_somebody_else_stays_and_the_list_is_written_all_the_same(
    fronted: Fronted,
) -> None:
    fronted.store.documents.front_page_path.parent.mkdir()
    fronted.store.documents.front_page_path.write_text("Mine.\n")
    result = fronted.execute(DAILY, tags=fronted.everything)
    assert fronted.store.documents.front_page_path.read_text() == "Mine.\n"
    assert "Last update: 2026-11-23" in fronted.readme
    checks = {e.check_name: e for e in result.get_asset_check_evaluations()}
    assert not checks["front_page_written"].passed
    said = str(checks["front_page_written"].description)
    assert f"{fronted.store.documents.front_page_path}: papers-assets did not write" in said
    fronted.store.documents.front_page_path.unlink()
    fronted.execute(DAILY, tags=fronted.everything)
    assert fronted.store.documents.front_page_path.exists()
