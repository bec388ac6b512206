"""What becomes of keywords when arXiv fails or lies, over real HTTP."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from papers_assets.arxiv.sample import FAULTS, Corpus, Fault, FaultScript, FaultStep, RequestRecord
from papers_assets.arxiv.sample.replies import FaultFactory
from papers_assets.checks import CHECKS_OF_CHANGES, CHECKS_OF_PAPERS, CHECKS_OF_README
from papers_assets.defs.jobs import DAILY_JOB
from papers_assets.keywords.matching import Matcher
from papers_assets.keywords.model import MatchField
from papers_assets.keywords.query import choose_page_size
from papers_assets.transform import selection
from papers_assets.transform.selection import Selection
from papers_assets_tests.arxiv.test_xml import with_form_feeds
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.project import Pipeline, Project

pytestmark = pytest.mark.lists_only

LIES = ["short-page", "no-entries", "no-results", "shrunk", "ascending", "by-relevance"]
LIES += ["unrelated", "loose-phrases"]


def only_compiler(pipeline: Pipeline) -> None:
    pipeline.keywords = [keyword("compiler")]


@pytest.mark.parametrize("fault", LIES)
def test_a_lie_is_asked_about_once_more_and_then_not_believed(
    pipeline: Pipeline, fault: str
) -> None:
    only_compiler(pipeline)
    pipeline.first_day()
    before = set(pipeline.store.read_papers()["arxiv_id"])
    pipeline.next_day()
    pipeline.server.fault = FaultScript([FaultStep(fault)])
    asked = len(pipeline.server.requests)
    assert set(pipeline.run().failed) == {"compiler"}
    assert len(pipeline.server.requests) - asked >= 2
    assert set(pipeline.store.read_papers()["arxiv_id"]) == before
    assert "_Not refreshed since 2026-11-23: " in pipeline.readme


def test_a_lie_that_is_over_at_the_second_look_costs_nothing(pipeline: Pipeline) -> None:
    only_compiler(pipeline)
    pipeline.first_day()
    pipeline.server.fault = script = FaultScript([FaultStep("no-results", times=1)])
    assert pipeline.run().failed == {}
    assert script.strike_counts == (1,)


def test_what_arxiv_keeps_saying_for_a_week_is_believed(pipeline: Pipeline) -> None:
    only_compiler(pipeline)
    pipeline.first_day()
    pipeline.server.fault = FaultScript([FaultStep("shrunk")])
    assert pipeline.run().failed
    pipeline.today += timedelta(days=6)
    assert pipeline.run().failed
    pipeline.today += timedelta(days=1)
    assert pipeline.run().failed == {}


def test_a_new_keyword_without_papers_is_fresh_and_says_so(pipeline: Pipeline) -> None:
    pipeline.keywords = [keyword("zyzzyva")]
    assert pipeline.run().failed == {}
    assert "No paper on arXiv matches; check the spelling in keywords.toml." in pipeline.readme


def test_an_entry_that_cannot_be_read_costs_nothing_else(pipeline: Pipeline) -> None:
    only_compiler(pipeline)
    pipeline.server.fault = FaultScript([FaultStep("unreadable-entry")])
    assert pipeline.run().failed == {}
    readable = set(pipeline.store.read_papers()["arxiv_id"])
    pipeline.server.fault = None
    pipeline.run()
    assert len(readable & set(pipeline.store.read_papers()["arxiv_id"])) == 99


def test_a_character_that_xml_does_not_allow_costs_no_paper_and_is_told(pipeline: Pipeline) -> None:
    only_compiler(pipeline)
    pipeline.server.fault = lambda _: with_form_feeds
    assert pipeline.run().failed == {}
    assert len(pipeline.store.read_papers()) == 100
    assert (
        "characters replaced by U+FFFD: 100"
        in pipeline.metadata["raw_papers", "compiler"]["warnings"]
    )


@pytest.fixture
def growing(pipeline: Pipeline, corpus: Corpus) -> Pipeline:
    """A keyword whose list fits a page today and does not tomorrow, when `corpus` is there."""
    versions = sorted(corpus.newest, key=lambda p: (p.updated, p.id))
    pipeline.server.corpus = Corpus(versions[:300])
    pipeline.keywords = [keyword("everything", any=("the",), within=MatchField.EITHER, cap=10)]
    pipeline.first_day()
    pipeline.next_day()
    pipeline.server.corpus = corpus
    return pipeline


def versions(pipeline: Pipeline) -> set[tuple[str, int]]:
    stored = pipeline.store.read_raw_papers("everything")
    assert stored is not None
    return stored.versions()


def pages(pipeline: Pipeline) -> list[tuple[str, str]]:
    asked = [request.parameters for request in pipeline.server.requests]
    return [(parameters["start"], parameters["max_results"]) for parameters in asked]


def test_what_a_page_brought_is_kept_when_a_later_one_fails_and_other_pages_are_asked_for(
    growing: Pipeline, corpus: Corpus
) -> None:
    before, asked = versions(growing), len(growing.server.requests)
    growing.server.fault = lambda r: Fault(500) if r.parameters["start"] != "0" else None
    assert "answered 500 (asked 2 times)" in growing.run().failed["everything"]
    (first, *again) = pages(growing)[asked:]
    assert (len(set(again)), len(again)) == (1, 2)
    kept = versions(growing) - before
    assert 0 < len(kept) <= int(first[1])
    newest = max(p.updated for p in corpus.newest)
    assert {(p.id, p.version) for p in corpus.newest if p.updated == newest} <= kept
    assert "_Not refreshed since 2026-11-23: arXiv answered 500._" in growing.readme

    # The same page fails for ever; others do not.
    growing.next_day()
    failing, asked = again[0], len(growing.server.requests)
    growing.server.fault = lambda r: (
        Fault(500) if (r.parameters["start"], r.parameters["max_results"]) == failing else None
    )
    assert growing.run().failed == {}
    assert first not in pages(growing)[asked:]
    matches = Matcher(growing.keywords[0])
    held_from = min(p.updated for p in corpus.newest if (p.id, p.version) in kept)
    wanted = {
        (p.id, p.version)
        for p in corpus.newest
        if p.updated >= held_from and matches(p.title, p.abstract, p.categories)
    }
    assert wanted <= versions(growing)
    after = growing.metadata["raw_papers", "everything"]
    assert after["new"] + after["revised"] == len(versions(growing) - before)


def test_pages_have_their_usual_size_again_when_all_has_come(growing: Pipeline) -> None:
    growing.server.fault = lambda r: Fault(500) if r.parameters["start"] != "0" else None
    growing.run()
    growing.server.fault = None
    growing.next_day()
    growing.run()
    growing.next_day()
    asked = len(growing.server.requests)
    growing.run()
    (only,) = pages(growing)[asked:]
    assert int(only[1]) >= choose_page_size(growing.keywords[0])


def test_papers_of_a_first_doubted_answer_are_kept_though_the_second_is_believed(
    growing: Pipeline, corpus: Corpus
) -> None:
    before = versions(growing)
    matches = Matcher(growing.keywords[0])
    gone = max(
        (p for p in corpus.newest if matches(p.title, p.abstract, p.categories)),
        key=lambda p: (p.updated, p.id),
    )
    without = Corpus(p for p in corpus.newest if p.id != gone.id)
    asked = len(growing.server.requests)

    def fault(_: RequestRecord) -> Fault | FaultFactory | None:
        if len(growing.server.requests) == asked + 1:
            return FAULTS["short-page"]
        growing.server.corpus = without
        return None

    growing.server.fault = fault
    assert growing.run().failed == {}
    found = growing.store.read_raw_papers("everything")
    assert found is not None
    assert (gone.id, gone.version) in found.versions()
    assert found.suspect_since is None
    # What is known to be complete is what the believed answer tells, and all that came is counted.
    assert found.complete_until is not None
    assert found.complete_until < datetime.fromisoformat(gone.updated)
    after = growing.metadata["raw_papers", "everything"]
    assert after["new"] + after["revised"] == len(found.versions() - before)
    growing.next_day()
    growing.server.corpus, growing.server.fault = corpus, None
    assert growing.run().failed == {}
    assert growing.metadata["raw_papers", "everything"]["new"] == 0


def test_damaged_held_papers_are_set_aside_and_fetched_anew(pipeline: Pipeline) -> None:
    only_compiler(pipeline)
    pipeline.first_day()
    path = pipeline.store.raw_papers_path("compiler")
    path.write_bytes(b"damaged")
    assert pipeline.run().failed == {}
    assert path.with_name(f"{path.name}.damaged-1").read_bytes() == b"damaged"
    assert len(pipeline.store.read_papers()) == 100


def test_the_third_keyword_in_a_row_to_fail_ends_the_asking(pipeline: Pipeline) -> None:
    pipeline.keywords = [keyword(name) for name in ("compiler", "performance", "robot", "quantum")]
    pipeline.server.fault = FaultScript([FaultStep("busy")])
    failed = pipeline.run().failed
    assert len(pipeline.server.requests) == 2 + 1 + 1
    assert failed["quantum"].startswith("not asked, after this: arXiv answered 503")


def test_damaged_held_papers_keep_what_was_published_and_the_readme_says_so(
    pipeline: Pipeline,
) -> None:
    pipeline.first_day()
    pipeline.store.raw_papers_path("compiler").write_bytes(b"damaged")
    pipeline.publish()
    assert "_Not refreshed since 2026-11-23: what is held of it is damaged._" in pipeline.readme
    assert pipeline.readme.count("\n| **[") == 300


def test_papers_that_moderators_held_back_are_found_when_they_appear(
    pipeline: Pipeline, corpus: Corpus
) -> None:
    newest_first = sorted(corpus.newest, key=lambda p: p.updated, reverse=True)
    about = [p for p in newest_first if "compiler" in p.title.lower()]
    since = (datetime.fromisoformat(about[0].updated) - timedelta(days=13)).isoformat()
    held_back = [p for p in about[1:] if p.updated > since]
    assert held_back
    pipeline.server.corpus = Corpus(p for p in corpus.newest if p not in held_back)
    pipeline.keywords = [keyword("compiler", cap=1, within=MatchField.TITLE)]
    pipeline.first_day()
    pipeline.next_day()
    pipeline.server.corpus = corpus
    pipeline.run()
    stored = pipeline.store.read_raw_papers("compiler")
    assert stored is not None
    assert {(p.id, p.version) for p in held_back} <= stored.versions()


def test_every_check_is_evaluated_and_passes_on_a_good_day(project: Project) -> None:
    project.assets = frozenset()
    result = project.execute(DAILY_JOB, tags=project.everything)
    evaluated = {e.check_name: e.passed for e in result.get_asset_check_evaluations()}
    assert evaluated == dict.fromkeys(
        [*CHECKS_OF_PAPERS, *CHECKS_OF_README, *CHECKS_OF_CHANGES], True
    )


def test_a_check_that_blocks_keeps_the_old_readme(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.first_day()
    before = project.readme
    project.next_day()
    select = selection.select_lazily

    def twice(*arguments: Any) -> Selection:
        once = select(*arguments)
        return replace(once, papers=pd.concat([once.papers, once.papers.tail(1)]))

    with monkeypatch.context() as mistaken:
        mistaken.setattr(selection, "select_lazily", twice)
        result = project.execute(DAILY_JOB, tags=project.everything, raise_on_error=False)
    assert not result.success
    failed = {e.check_name for e in result.get_asset_check_evaluations() if not e.passed}
    assert "ids_unique" in failed
    assert project.readme == before
    # What failed is not built upon, although nothing changed of what is held.
    assert project.execute("publish").success
    assert "Last update: 2026-11-24" in project.readme
