"""Publications on disk: editions, what they have told of, the site's files, who has been told."""

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from papers_assets.storage.editions import Known, Outputs
from papers_assets.storage.files import StoreError
from papers_assets.storage.parquet import write_table
from papers_assets.storage.raw_papers import slug
from papers_assets.transform.changes import Update, differences, told_as
from papers_assets.transform.editions import Edition, Mark
from papers_assets_tests.helpers.factories import LATER, paper
from papers_assets_tests.transform.test_changes import lists_of
from papers_assets_tests.transform.test_editions import DAY, Days

A, B = slug("a"), slug("b")
ONE = timedelta(days=1)
TOMORROW = DAY + ONE


@pytest.fixture
def outputs(tmp_path: Path) -> Outputs:
    return Outputs(tmp_path)


@pytest.fixture
def days(outputs: Outputs) -> Days:
    """Two editions, written as they are published."""
    days = Days()
    for day, lists in ((DAY, {"a": [paper(1)]}), (TOMORROW, {"a": [paper(1, 2), paper(2)]})):
        edition = days.part(lists, day)
        outputs.write_edition(edition)
        outputs.write_known(Known(days.known, edition.mark))
    return days


def told(outputs: Outputs) -> set[tuple[str, int]]:
    known = outputs.read_known().papers
    return set(zip(known["arxiv_id"], known["version"], strict=True))


EVERYTHING = {("2613.00001", 2), ("2613.00002", 1)}


def test_editions_are_read_back_by_their_day(outputs: Outputs, days: Days) -> None:
    assert outputs.days() == [DAY, TOMORROW]
    assert outputs.read_edition(DAY) == days.editions[DAY]
    assert outputs.newest_edition() == days.editions[TOMORROW]
    assert outputs.read_edition(date(2026, 1, 1)) is None


def test_a_day_without_an_edition_has_none(outputs: Outputs) -> None:
    assert (outputs.days(), outputs.newest_edition()) == ([], None)
    assert outputs.read_known().until is None


def test_somebody_elses_files_beside_the_editions_do_no_harm(outputs: Outputs, days: Days) -> None:
    outputs.edition_path(DAY).with_name("notes.json").write_text("{}")
    assert outputs.days() == list(days.editions)


def test_what_was_told_is_known_and_up_to_which_part(outputs: Outputs, days: Days) -> None:
    assert told(outputs) == EVERYTHING
    assert outputs.read_known().until == days.editions[TOMORROW].mark


def test_what_was_told_is_made_from_the_editions_when_the_note_is_lost(
    outputs: Outputs, days: Days, tmp_path: Path
) -> None:
    assert days.editions
    (tmp_path / ".papers" / "known.parquet").unlink()
    assert told(outputs) == EVERYTHING


def test_a_damaged_note_of_what_was_told_is_made_again_and_that_is_said(
    outputs: Outputs, days: Days, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert days.editions
    (tmp_path / ".papers" / "known.parquet").write_bytes(b"PAR1 or so")
    with caplog.at_level(logging.WARNING):
        assert told(outputs) == EVERYTHING
    assert "known.parquet is made from the editions again" in caplog.text


def test_a_part_that_was_written_but_not_noted_is_known(outputs: Outputs, days: Days) -> None:
    outputs.write_edition(days.part({"a": [paper(3)]}, TOMORROW))
    assert ("2613.00003", 1) in told(outputs)
    assert outputs.read_known().until == Mark(TOMORROW, 2)


def test_what_was_told_stays_told_though_its_editions_be_lost(outputs: Outputs, days: Days) -> None:
    for day in days.editions:
        outputs.edition_path(day).unlink()
        assert told(outputs) == EVERYTHING
    assert outputs.read_known().until == Mark(TOMORROW, 1)


def test_which_lists_have_been_updated_is_known_again(outputs: Outputs, days: Days) -> None:
    previous = {"a": Update(LATER, "x"), "b, c": Update(LATER + timedelta(days=1))}
    outputs.write_known(Known(days.known, days.editions[TOMORROW].mark, previous))
    assert outputs.read_known().previous == previous


def test_what_an_older_program_noted_is_known_and_its_keywords_are_followed(
    tmp_path: Path, outputs: Outputs, days: Days
) -> None:
    """It noted neither as what papers were told nor when lists had been updated."""
    table = pa.Table.from_pandas(days.known.drop(columns="kind"), preserve_index=False)
    labels = {"edition": TOMORROW.isoformat(), "part": "1"}
    write_table(tmp_path / ".papers" / "known.parquet", table, labels)
    known = outputs.read_known()
    assert told(outputs) == EVERYTHING
    assert known.until == Mark(TOMORROW, 1)
    assert known.previous == {"a": Update(datetime(2026, 11, 24, tzinfo=UTC))}
    assert told_as(known.papers) == {}
    later = lists_of({"a": [paper(1, 2), paper(2), paper(3, published=LATER)]}, LATER + 2 * ONE)
    found = differences(known.papers, later, ["a"], known.previous)
    assert found[["arxiv_id", "kind"]].to_numpy().tolist() == [["2613.00003", "new"]]


def test_a_note_that_was_lost_is_made_again_with_the_keywords_that_are_followed(
    tmp_path: Path, outputs: Outputs, days: Days
) -> None:
    assert days.editions
    (tmp_path / ".papers" / "known.parquet").unlink()
    assert set(outputs.read_known().previous) == {"a"}


def test_an_edition_that_went_back_by_a_part_has_told_of_it_all_the_same(
    outputs: Outputs, days: Days
) -> None:
    before = days.editions[TOMORROW]
    after = days.part({"a": [paper(3)]}, TOMORROW)
    outputs.write_edition(after)
    outputs.write_known(Known(days.known, after.mark))
    outputs.write_edition(before)
    assert told(outputs) == EVERYTHING | {("2613.00003", 1)}
    assert outputs.read_known().until == after.mark


def test_an_edition_that_cannot_be_read_says_which_and_what_to_do(
    outputs: Outputs, days: Days, tmp_path: Path
) -> None:
    assert days.editions
    outputs.edition_path(DAY).write_text("<<<<<<< HEAD\n")
    with pytest.raises(StoreError, match=r"2026-11-23\.json: no edition .* git"):
        outputs.read_edition(DAY)
    (tmp_path / ".papers" / "known.parquet").unlink()
    with pytest.raises(StoreError, match=r"2026-11-23\.json"):
        outputs.read_known()


def pieces(**files: str) -> Iterator[tuple[str, Iterator[str]]]:
    return ((name.replace("_", "."), iter([text])) for name, text in files.items())


def test_files_that_are_no_longer_of_the_site_go_and_others_stay(outputs: Outputs) -> None:
    feeds = outputs.site_folder / "feeds"
    outputs.write_site("feeds", pieces(**{f"{A}_xml": "1", f"{B}_xml": "2"}))
    for name in ("robots.txt", "mine.xml"):
        (feeds / name).write_text("somebody else's")
    assert outputs.write_site("feeds", pieces(**{f"{A}_xml": "größer"})) == {f"{A}.xml": 8}
    assert {path.name for path in feeds.iterdir()} == {f"{A}.xml", "robots.txt", "mine.xml"}
    assert (feeds / f"{A}.xml").read_text(encoding="utf-8") == "größer"


def test_pages_go_with_their_keyword_and_what_people_put_beside_the_index_stays(
    outputs: Outputs,
) -> None:
    both = {"index.html": "x", f"keywords/{A}.html": "a", f"keywords/{B}.html": "b"}
    outputs.write_site("", ((name, iter([text])) for name, text in both.items()))
    for name in ("CNAME", "about.html"):
        (outputs.site_folder / name).write_text("mine")
    outputs.write_site("", iter([("index.html", iter("x")), (f"keywords/{B}.html", iter("b"))]))
    left = {str(p.relative_to(outputs.site_folder)) for p in outputs.site_folder.rglob("*.*")}
    assert left == {"index.html", f"keywords/{B}.html", "about.html"}
    assert (outputs.site_folder / "CNAME").exists()


def test_who_has_been_told_is_read_back(outputs: Outputs) -> None:
    outputs.write_deliveries({"webhook": Mark(DAY, 2)})
    assert outputs.read_deliveries() == {"webhook": Mark(DAY, 2)}


@pytest.mark.parametrize("damage", ["", "[]", '{"webhook": 1}', '{"webhook": ["x", 1]}'])
def test_a_damaged_note_of_who_has_been_told_says_what_to_do(
    outputs: Outputs, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / ".papers" / "deliveries.json"
    path.parent.mkdir()
    path.write_text(damage)
    with pytest.raises(StoreError, match=r"deliveries\.json: it cannot be read .* moved away"):
        outputs.read_deliveries()


def test_an_edition_without_changes_is_one_all_the_same(outputs: Outputs) -> None:
    outputs.write_edition(Edition(DAY, ()))
    assert outputs.newest_edition() == Edition(DAY, ())


def test_what_was_left_half_written_goes_when_it_is_written_again(
    outputs: Outputs, days: Days, tmp_path: Path
) -> None:
    places = [
        outputs.edition_path(DAY),
        outputs.digest_path(DAY),
        outputs.site_folder / "feeds" / "a.xml",
        tmp_path / ".papers" / "known.parquet",
        tmp_path / ".papers" / "deliveries.json",
    ]
    for path in places:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(f".{path.name}.x1.tmp").write_text("half")
    outputs.write_edition(days.editions[DAY])
    outputs.write_digest(DAY, "text")
    outputs.write_site("feeds", pieces(a_xml="1"))
    outputs.write_known(Known(days.known, Mark(DAY, 1)))
    with outputs.telling():
        outputs.write_deliveries({})
    assert list(tmp_path.rglob("*.tmp")) == []
