"""What becomes of keywords when arXiv fails or lies, over real HTTP."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from papers_assets import papers
from papers_assets.checks import CHECKS_OF_CHANGES, CHECKS_OF_PAPERS, CHECKS_OF_README
from papers_assets.keywords import Field
from papers_assets.papers import Selection
from papers_assets.sample_arxiv import Corpus, Script, Step
from papers_assets.schedules import DAILY
from papers_assets_tests.arxiv.test_elements import with_form_feeds
from papers_assets_tests.conftest import House
from papers_assets_tests.making import keyword

LIES = ["short-page", "no-entries", "no-results", "shrunk", "ascending", "by-relevance"]
LIES += ["unrelated", "loose-phrases"]


def only_compiler(house: House) -> None:
    house.keywords = [keyword("compiler")]


@pytest.mark.parametrize("fault", LIES)
def test_a_lie_is_asked_about_once_more_and_then_not_believed(house: House, fault: str) -> None:
    only_compiler(house)
    house.run()
    before = set(house.store.read_papers()["arxiv_id"])
    house.next_day()
    house.server.fault = Script([Step(fault)])
    asked = len(house.server.requests)
    assert set(house.run().failed) == {"compiler"}
    assert len(house.server.requests) - asked >= 2
    assert set(house.store.read_papers()["arxiv_id"]) == before
    assert "_Not refreshed since 2026-11-23: " in house.readme


def test_a_lie_that_is_over_at_the_second_look_costs_nothing(house: House) -> None:
    only_compiler(house)
    house.run()
    house.server.fault = script = Script([Step("no-results", times=1)])
    assert house.run().failed == {}
    assert script.struck == (1,)


def test_what_arxiv_keeps_saying_for_a_week_is_believed(house: House) -> None:
    only_compiler(house)
    house.run()
    house.server.fault = Script([Step("shrunk")])
    assert house.run().failed
    house.today += timedelta(days=6)
    assert house.run().failed
    house.today += timedelta(days=1)
    assert house.run().failed == {}


def test_a_new_keyword_without_papers_is_fresh_and_says_so(house: House) -> None:
    house.keywords = [keyword("zyzzyva")]
    assert house.run().failed == {}
    assert "arXiv answered that it has no such papers." in house.readme


def test_an_entry_that_cannot_be_read_costs_nothing_else(house: House) -> None:
    only_compiler(house)
    house.server.fault = Script([Step("unreadable-entry")])
    assert house.run().failed == {}
    readable = set(house.store.read_papers()["arxiv_id"])
    house.server.fault = None
    house.run()
    assert len(readable & set(house.store.read_papers()["arxiv_id"])) == 99


def test_a_character_that_xml_does_not_allow_costs_no_paper_and_is_told(house: House) -> None:
    only_compiler(house)
    house.server.fault = lambda _: with_form_feeds
    assert house.run().failed == {}
    assert len(house.store.read_papers()) == 100
    wanted = dg.AssetRecordsFilter(dg.AssetKey("raw_papers"), asset_partitions=["compiler"])
    (record,) = house.instance.fetch_materializations(wanted, limit=1).records
    event = record.asset_materialization
    assert event is not None
    assert "characters replaced by U+FFFD: 100" in str(event.metadata["remarks"].value)


def test_damaged_held_papers_are_set_aside_and_fetched_anew(house: House) -> None:
    only_compiler(house)
    house.run()
    path = house.store.held_path("compiler")
    path.write_bytes(b"damaged")
    assert house.run().failed == {}
    assert path.with_name(f"{path.name}.damaged-1").read_bytes() == b"damaged"
    assert len(house.store.read_papers()) == 100


def test_the_third_keyword_in_a_row_to_fail_ends_the_asking(house: House) -> None:
    house.keywords = [keyword(name) for name in ("compiler", "performance", "robot", "quantum")]
    house.server.fault = Script([Step("busy")])
    failed = house.run().failed
    assert len(house.server.requests) == 2 + 1 + 1
    assert failed["quantum"].startswith("not asked, after this: arXiv answered 503")


def test_damaged_held_papers_keep_what_was_published_and_the_readme_says_so(house: House) -> None:
    house.run()
    house.store.held_path("compiler").write_bytes(b"damaged")
    house.execute("publish")
    assert "_Not refreshed since 2026-11-23: what is held of it is damaged._" in house.readme
    assert house.readme.count("\n| **[") == 300


def test_papers_that_moderators_held_back_are_found_when_they_appear(
    new_house: Callable[[Corpus], House], corpus: Corpus
) -> None:
    newest_first = sorted(corpus.newest, key=lambda p: p.updated, reverse=True)
    about = [p for p in newest_first if "compiler" in p.title.lower()]
    since = (datetime.fromisoformat(about[0].updated) - timedelta(days=13)).isoformat()
    held_back = [p for p in about[1:] if p.updated > since]
    assert held_back
    house = new_house(Corpus(p for p in corpus.newest if p not in held_back))
    house.keywords = [keyword("compiler", cap=1, within=Field.TITLE)]
    house.run()
    house.next_day()
    house.server.corpus = corpus
    house.run()
    held = house.store.read_held("compiler")
    assert held is not None
    assert {(p.id, p.version) for p in held_back} <= held.versions()


def test_every_check_is_evaluated_and_passes_on_a_good_day(house: House) -> None:
    result = house.execute(DAILY, tags=house.everything)
    evaluated = {e.check_name: e.passed for e in result.get_asset_check_evaluations()}
    assert evaluated == dict.fromkeys(
        [*CHECKS_OF_PAPERS, *CHECKS_OF_README, *CHECKS_OF_CHANGES], True
    )


def test_a_check_that_blocks_keeps_the_old_readme(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.run()
    before = house.readme
    house.next_day()
    select = papers.select

    def twice(*arguments: Any) -> Selection:
        once = select(*arguments)
        return replace(once, papers=pd.concat([once.papers, once.papers.tail(1)]))

    with monkeypatch.context() as mistaken:
        mistaken.setattr(papers, "select", twice)
        result = house.execute(DAILY, tags=house.everything, raise_on_error=False)
    assert not result.success
    failed = {e.check_name for e in result.get_asset_check_evaluations() if not e.passed}
    assert "ids_unique" in failed
    assert house.readme == before
    # What failed is not built upon, although nothing changed of what is held.
    assert house.execute("publish").success
    assert "Last update: 2026-11-24" in house.readme
