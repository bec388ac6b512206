"""What becomes of keywords when arXiv fails or lies, over real HTTP."""

from datetime import timedelta

import pytest

from papers_assets.sample_arxiv import Script, Step
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
