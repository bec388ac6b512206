"""What the daily run makes of answers: lists, the README and its pages, below Dagster."""

import re
from base64 import b64decode
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from papers_assets.arxiv.sample import Fault
from papers_assets.checks import CHECKS_OF_README
from papers_assets.keywords.model import Keyword, MatchField
from papers_assets.pipeline import paging, refresh_keyword
from papers_assets.transform.selection import read_refresh_times
from papers_assets_tests.defs.test_graph import BUSY, sections
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.project import Pipeline

pytestmark = pytest.mark.lists_only


def test_sections_have_their_own_papers_newest_first(pipeline: Pipeline) -> None:
    pipeline.run()
    papers = pipeline.store.read_papers()
    for name, rows in papers.groupby("keyword"):
        assert rows["updated"].is_monotonic_decreasing
        words = (rows["title"] + " " + rows["abstract"]).str.lower().str.replace("-", " ")
        assert words.str.contains(str(name)).all()
        assert rows["arxiv_id"].is_unique


def test_a_second_day_without_news_asks_once_and_changes_only_the_date_and_says_so(
    pipeline: Pipeline,
) -> None:
    pipeline.run()
    before = pipeline.readme
    pipeline.next_day()
    pipeline.run()
    assert len(pipeline.server.requests) == 6
    assert "_Nothing new that day." not in before
    told = re.sub(r"\n*_?Nothing new that day\.[^\n]*", "", pipeline.readme)
    assert "Nothing new that day." in pipeline.readme
    assert told.split() == before.replace("2026-11-23", "2026-11-24").split()
    assert pipeline.metadata["raw_papers", "compiler"]["new"] == 0


def test_a_keyword_that_was_never_fetched_says_so(pipeline: Pipeline) -> None:
    pipeline.failing = {"compiler": BUSY}
    pipeline.run()
    assert sections(pipeline.readme)["compiler"] == 0
    assert "## compiler\n_Not fetched yet: arXiv answered 503._\n" in pipeline.readme


def test_a_host_that_arxiv_blocks_stops_asking_at_once(pipeline: Pipeline) -> None:
    pipeline.failing = {"": Fault(403, b"")}
    report = pipeline.run()
    assert len(pipeline.server.requests) == 1
    assert len(report.failed) == 3


def test_a_mistake_of_ours_costs_one_keyword_its_day_and_not_the_others(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = paging.fetch_until_known

    def broken(keyword: Keyword, *others: Any, **named: Any) -> Any:
        if keyword.name == "compiler":
            raise ZeroDivisionError("a mistake")
        return fetch(keyword, *others, **named)

    monkeypatch.setattr(refresh_keyword, "fetch_until_known", broken)
    report = pipeline.run()
    assert report.refreshed == ["reinforcement learning", "performance"]
    assert report.failed == {"compiler": "unexpectedly, ZeroDivisionError: a mistake"}


def test_a_raised_cap_is_filled_although_rows_are_refused(pipeline: Pipeline) -> None:
    # arXiv does not tell "C#" from "C", and what it answers for that is refused.
    spec = {"any": ("performance", "C#"), "within": MatchField.EITHER}
    pipeline.keywords = [keyword("performance", cap=5, **spec)]
    pipeline.run()
    pipeline.keywords = [keyword("performance", cap=120, **spec)]
    pipeline.next_day()
    pipeline.run()
    assert sections(pipeline.readme) == {"performance": 120}


def test_a_run_over_midnight_is_one_days(pipeline: Pipeline) -> None:
    pipeline.today = pipeline.today.replace(hour=23, minute=59)
    pipeline.run("compiler")
    pipeline.today += timedelta(minutes=2)
    pipeline.run("performance", "reinforcement learning")
    assert "Not refreshed" not in pipeline.readme
    pipeline.today += timedelta(hours=12)
    pipeline.run("performance")
    assert pipeline.readme.count("_Not refreshed since") == 1


def test_a_removed_keyword_leaves_the_readme_and_a_changed_one_is_filled_anew(
    pipeline: Pipeline,
) -> None:
    pipeline.run()
    pipeline.next_day()
    changed = keyword(
        "compiler", any=("compiler", "loop"), all=("invented",), within=MatchField.EITHER
    )
    pipeline.keywords = [changed, keyword("performance")]
    pipeline.run()
    assert list(sections(pipeline.readme)) == ["compiler", "performance"]
    stored = pipeline.store.read_raw_papers("compiler")
    assert stored is not None
    assert stored.query_fingerprint == changed.fingerprint
    assert sections(pipeline.readme)["compiler"] == 100
    seen = stored.rows["first_seen"].unique().to_pylist()
    assert sorted(seen) == [pipeline.today - timedelta(days=1), pipeline.today]


def test_the_cap_is_filled_where_there_are_papers_enough(pipeline: Pipeline) -> None:
    pipeline.keywords = [keyword("compiler", cap=7), keyword("performance", cap=2000)]
    pipeline.run()
    rows = sections(pipeline.readme)
    assert rows["compiler"] == 7
    assert rows["performance"] > 100
    assert "up to a maximum of 2000 papers" in pipeline.readme


@pytest.mark.slow
def test_the_document_in_the_ui_is_a_part_of_the_document(pipeline: Pipeline) -> None:
    pipeline.keywords = [keyword(f"compiler {n}", any=("compiler",)) for n in range(25)]
    pipeline.run()
    document = str(pipeline.metadata["readme", None]["document"])
    assert len(document) < 20_000
    shown = sections(document)
    assert shown == {f"compiler {n}": 3 for n in range(5)}
    titles = [line.partition("](")[0] for line in document.splitlines() if "| **[" in line]
    assert all(title in pipeline.readme for title in titles)
    assert "The beginning of the first rows of the first 5 sections. " in document


def test_the_picture_counts_what_is_held_by_day_and_says_what_nobody_knows(
    pipeline: Pipeline,
) -> None:
    pipeline.keywords = [keyword("compiler", cap=10)]
    pipeline.run()
    (svg,) = re.findall(r"base64,([^)]+)\)", str(pipeline.metadata["papers", None]["papers_a_day"]))
    stored = pipeline.store.read_papers(["updated"])["updated"].dt.date
    assert len(stored) == 10
    everything = pipeline.store.read_raw_papers("compiler")
    assert everything is not None
    days = pd.Series(everything.rows["updated"].to_pylist()).dt.date
    recent = days[days > pipeline.today.date() - timedelta(days=30)]
    picture = b64decode(svg).decode()
    assert f"{len(recent)}<tspan" in picture
    assert f"(max {recent.value_counts().max()} a day)" in picture


def test_papers_know_when_each_keyword_was_refreshed(pipeline: Pipeline) -> None:
    pipeline.run()
    assert set(read_refresh_times(pipeline.store.read_papers()).values()) == {pipeline.today}
    assert pipeline.today.date() == date(2026, 11, 23)


def links(document: str) -> list[str]:
    return re.findall(r"\]\(([^:()]+\.md)[^:()]*\)", document)


def on_pages(pipeline: Pipeline) -> int:
    return sum(text.count(b"| **[") for _, text in pipeline.store.documents.read_pages())


@pytest.fixture
def fronted(pipeline: Pipeline) -> Pipeline:
    pipeline.front_page = True
    return pipeline


def verdicts(pipeline: Pipeline) -> dict[str, bool]:
    pipeline.publish()
    return {name: pipeline.checks[name].passed for name in CHECKS_OF_README}


@pytest.mark.slow
def test_what_github_would_not_show_goes_on_pages_and_comes_back(fronted: Pipeline) -> None:
    fronted.keywords = [keyword(f"compiler {n}", any=("compiler",), cap=120) for n in range(12)]
    fronted.run()
    readme = fronted.metadata["readme", None]
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
    assert list(fronted.store.documents.read_pages()) == []
    assert not front.exists()
    assert verdicts(fronted) == dict.fromkeys(CHECKS_OF_README, True)


def test_a_front_page_of_somebody_else_stays_and_the_list_is_written_all_the_same(
    fronted: Pipeline,
) -> None:
    fronted.store.documents.front_page_path.parent.mkdir()
    fronted.store.documents.front_page_path.write_text("Mine.\n")
    assert fronted.run().problem == ""
    assert fronted.store.documents.front_page_path.read_text() == "Mine.\n"
    assert "Last update: 2026-11-23" in fronted.readme
    assert not fronted.checks["front_page_written"].passed
    said = str(fronted.checks["front_page_written"].description)
    assert f"{fronted.store.documents.front_page_path}: papers-assets did not write" in said
    fronted.store.documents.front_page_path.unlink()
    fronted.run()
    assert fronted.store.documents.front_page_path.exists()
