"""Publications on disk: editions, what they have told of, the site's files, who has been told."""

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from papers_assets.storage.editions import AnnouncedPapers, EditionStore
from papers_assets.storage.files import StoreError
from papers_assets.storage.parquet import write_table
from papers_assets.storage.raw_papers import build_slug
from papers_assets.transform.changes import ListUpdate, announced_kinds, diff
from papers_assets.transform.editions import Edition, Position
from papers_assets_tests.helpers.factories import LATER, paper
from papers_assets_tests.transform.test_changes import lists_of
from papers_assets_tests.transform.test_editions import DAY, Days

A, B = build_slug("a"), build_slug("b")
ONE = timedelta(days=1)
TOMORROW = DAY + ONE


@pytest.fixture
def edition_store(tmp_path: Path) -> EditionStore:
    return EditionStore(tmp_path)


@pytest.fixture
def days(edition_store: EditionStore) -> Days:
    """Two editions, written as they are published."""
    days = Days()
    for day, lists in ((DAY, {"a": [paper(1)]}), (TOMORROW, {"a": [paper(1, 2), paper(2)]})):
        edition = days.part(lists, day)
        edition_store.write_edition(edition)
        edition_store.write_announced(AnnouncedPapers(days.known, edition.position))
    return days


def told(edition_store: EditionStore) -> set[tuple[str, int]]:
    announced = edition_store.read_announced().papers
    return set(zip(announced["arxiv_id"], announced["version"], strict=True))


EVERYTHING = {("2613.00001", 2), ("2613.00002", 1)}


def test_editions_are_read_back_by_their_day(edition_store: EditionStore, days: Days) -> None:
    assert edition_store.list_days() == [DAY, TOMORROW]
    assert edition_store.read_edition(DAY) == days.editions[DAY]
    assert edition_store.newest_edition() == days.editions[TOMORROW]
    assert edition_store.read_edition(date(2026, 1, 1)) is None


def test_a_day_without_an_edition_has_none(edition_store: EditionStore) -> None:
    assert (edition_store.list_days(), edition_store.newest_edition()) == ([], None)
    assert edition_store.read_announced().position is None


def test_somebody_elses_files_beside_the_editions_do_no_harm(
    edition_store: EditionStore, days: Days
) -> None:
    edition_store.edition_path(DAY).with_name("notes.json").write_text("{}")
    assert edition_store.list_days() == list(days.editions)


def test_what_was_told_is_known_and_up_to_which_part(
    edition_store: EditionStore, days: Days
) -> None:
    assert told(edition_store) == EVERYTHING
    assert edition_store.read_announced().position == days.editions[TOMORROW].position


def test_what_was_told_is_made_from_the_editions_when_the_note_is_lost(
    edition_store: EditionStore, days: Days, tmp_path: Path
) -> None:
    assert days.editions
    (tmp_path / ".papers" / "known.parquet").unlink()
    assert told(edition_store) == EVERYTHING


def test_a_damaged_note_of_what_was_told_is_made_again_and_that_is_said(
    edition_store: EditionStore, days: Days, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert days.editions
    (tmp_path / ".papers" / "known.parquet").write_bytes(b"PAR1 or so")
    with caplog.at_level(logging.WARNING):
        assert told(edition_store) == EVERYTHING
    assert "known.parquet is made from the editions again" in caplog.text


def test_a_part_that_was_written_but_not_noted_is_known(
    edition_store: EditionStore, days: Days
) -> None:
    edition_store.write_edition(days.part({"a": [paper(3)]}, TOMORROW))
    assert ("2613.00003", 1) in told(edition_store)
    assert edition_store.read_announced().position == Position(TOMORROW, 2)


def test_what_was_told_stays_told_though_its_editions_be_lost(
    edition_store: EditionStore, days: Days
) -> None:
    for day in days.editions:
        edition_store.edition_path(day).unlink()
        assert told(edition_store) == EVERYTHING
    assert edition_store.read_announced().position == Position(TOMORROW, 1)


def test_which_lists_have_been_updated_is_known_again(
    edition_store: EditionStore, days: Days
) -> None:
    previous = {"a": ListUpdate(LATER, "x"), "b, c": ListUpdate(LATER + timedelta(days=1))}
    edition_store.write_announced(
        AnnouncedPapers(days.known, days.editions[TOMORROW].position, previous)
    )
    assert edition_store.read_announced().updates == previous


def test_what_an_older_program_noted_is_known_and_its_keywords_are_followed(
    tmp_path: Path, edition_store: EditionStore, days: Days
) -> None:
    """It noted neither as what papers were told nor when lists had been updated."""
    table = pa.Table.from_pandas(days.known.drop(columns="kind"), preserve_index=False)
    labels = {"edition": TOMORROW.isoformat(), "part": "1"}
    write_table(tmp_path / ".papers" / "known.parquet", table, labels)
    known = edition_store.read_announced()
    assert told(edition_store) == EVERYTHING
    assert known.position == Position(TOMORROW, 1)
    assert known.updates == {"a": ListUpdate(datetime(2026, 11, 24, tzinfo=UTC))}
    assert announced_kinds(known.papers) == {}
    later = lists_of({"a": [paper(1, 2), paper(2), paper(3, published=LATER)]}, LATER + 2 * ONE)
    found = diff(known.papers, later, ["a"], known.updates)
    assert found[["arxiv_id", "kind"]].to_numpy().tolist() == [["2613.00003", "new"]]


def test_a_note_that_was_lost_is_made_again_with_the_keywords_that_are_followed(
    tmp_path: Path, edition_store: EditionStore, days: Days
) -> None:
    assert days.editions
    (tmp_path / ".papers" / "known.parquet").unlink()
    assert set(edition_store.read_announced().updates) == {"a"}


def test_an_edition_that_went_back_by_a_part_has_told_of_it_all_the_same(
    edition_store: EditionStore, days: Days
) -> None:
    before = days.editions[TOMORROW]
    after = days.part({"a": [paper(3)]}, TOMORROW)
    edition_store.write_edition(after)
    edition_store.write_announced(AnnouncedPapers(days.known, after.position))
    edition_store.write_edition(before)
    assert told(edition_store) == EVERYTHING | {("2613.00003", 1)}
    assert edition_store.read_announced().position == after.position


def test_an_edition_that_cannot_be_read_says_which_and_what_to_do(
    edition_store: EditionStore, days: Days, tmp_path: Path
) -> None:
    assert days.editions
    edition_store.edition_path(DAY).write_text("<<<<<<< HEAD\n")
    with pytest.raises(StoreError, match=r"2026-11-23\.json: no edition .* git"):
        edition_store.read_edition(DAY)
    (tmp_path / ".papers" / "known.parquet").unlink()
    with pytest.raises(StoreError, match=r"2026-11-23\.json"):
        edition_store.read_announced()


def pieces(**files: str) -> Iterator[tuple[str, Iterator[str]]]:
    return ((name.replace("_", "."), iter([text])) for name, text in files.items())


def test_files_that_are_no_longer_of_the_site_go_and_others_stay(
    edition_store: EditionStore,
) -> None:
    feeds = edition_store.site_folder / "feeds"
    edition_store.write_site("feeds", pieces(**{f"{A}_xml": "1", f"{B}_xml": "2"}))
    for name in ("robots.txt", "mine.xml"):
        (feeds / name).write_text("somebody else's")
    assert edition_store.write_site("feeds", pieces(**{f"{A}_xml": "größer"})) == {f"{A}.xml": 8}
    assert {path.name for path in feeds.iterdir()} == {f"{A}.xml", "robots.txt", "mine.xml"}
    assert (feeds / f"{A}.xml").read_text(encoding="utf-8") == "größer"


def test_pages_go_with_their_keyword_and_what_people_put_beside_the_index_stays(
    edition_store: EditionStore,
) -> None:
    both = {"index.html": "x", f"keywords/{A}.html": "a", f"keywords/{B}.html": "b"}
    edition_store.write_site("", ((name, iter([text])) for name, text in both.items()))
    for name in ("CNAME", "about.html"):
        (edition_store.site_folder / name).write_text("mine")
    edition_store.write_site(
        "", iter([("index.html", iter("x")), (f"keywords/{B}.html", iter("b"))])
    )
    left = {
        str(p.relative_to(edition_store.site_folder))
        for p in edition_store.site_folder.rglob("*.*")
    }
    assert left == {"index.html", f"keywords/{B}.html", "about.html"}
    assert (edition_store.site_folder / "CNAME").exists()


def test_who_has_been_told_is_read_back(edition_store: EditionStore) -> None:
    edition_store.write_deliveries({"webhook": Position(DAY, 2)})
    assert edition_store.read_deliveries() == {"webhook": Position(DAY, 2)}


@pytest.mark.parametrize("damage", ["", "[]", '{"webhook": 1}', '{"webhook": ["x", 1]}'])
def test_a_damaged_note_of_who_has_been_told_says_what_to_do(
    edition_store: EditionStore, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / ".papers" / "deliveries.json"
    path.parent.mkdir()
    path.write_text(damage)
    with pytest.raises(StoreError, match=r"deliveries\.json: it cannot be read .* moved away"):
        edition_store.read_deliveries()


def test_an_edition_without_changes_is_one_all_the_same(edition_store: EditionStore) -> None:
    edition_store.write_edition(Edition(DAY, ()))
    assert edition_store.newest_edition() == Edition(DAY, ())


def test_what_was_left_half_written_goes_when_it_is_written_again(
    edition_store: EditionStore, days: Days, tmp_path: Path
) -> None:
    places = [
        edition_store.edition_path(DAY),
        edition_store.digest_path(DAY),
        edition_store.site_folder / "feeds" / "a.xml",
        tmp_path / ".papers" / "known.parquet",
        tmp_path / ".papers" / "deliveries.json",
    ]
    for path in places:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(f".{path.name}.x1.tmp").write_text("half")
    edition_store.write_edition(days.editions[DAY])
    edition_store.write_digest(DAY, "text")
    edition_store.write_site("feeds", pieces(a_xml="1"))
    edition_store.write_announced(AnnouncedPapers(days.known, Position(DAY, 1)))
    with edition_store.delivery_lock():
        edition_store.write_deliveries({})
    assert list(tmp_path.rglob("*.tmp")) == []
