"""The edition of a day: its parts, and its file."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from papers_assets.storage import edition_files
from papers_assets.storage.edition_files import from_json, to_json
from papers_assets.transform.changes import (
    ChangeKind,
    ListUpdate,
    apply_changes,
    diff,
    no_announcements,
)
from papers_assets.transform.editions import (
    Baseline,
    Edition,
    Part,
    Position,
    RemovedPaper,
    append_part,
    replay,
    replay_updates,
)
from papers_assets.transform.editions import list_kinds as kinds_to_all
from papers_assets.transform.listed_papers import unique_papers
from papers_assets_tests.helpers.factories import EPOCH, LATER, paper
from papers_assets_tests.helpers.thoroughness import examples
from papers_assets_tests.transform.test_changes import FOLLOWED, Lists, lists_of, some_lists

NAMES = ["a", "b"]
DAY = date(2026, 11, 23)
GOLDEN = Path(__file__).parents[1] / "render" / "golden"


class Days:
    """Editions over lists, as `pipeline.publish_edition` makes them, without any file."""

    def __init__(self, previous: Mapping[str, ListUpdate] = FOLLOWED) -> None:
        self.known, self.previous = no_announcements(), previous
        self.editions: dict[date, Edition] = {}

    def part(self, lists: Lists, day: date = DAY, now: datetime = LATER) -> Edition:
        papers = lists_of(lists)
        found = diff(self.known, papers, NAMES, self.previous)
        mark = Position(day, self.editions[day].position.part + 1 if day in self.editions else 1)
        self.editions[day] = append_part(
            self.editions.get(day),
            found,
            unique_papers(papers, NAMES),
            self.known,
            {"a": "Not refreshed since 2026-11-20."},
            position=mark,
            now=now,
            baselines=[
                Baseline(name, len(lists.get(name, [])), mark.part)
                for name in NAMES
                if name not in self.previous
            ],
        )
        self.known = apply_changes(self.known, papers, found)
        return self.editions[day]


def kinds(edition: Edition) -> dict[str, list[tuple[str, str, int]]]:
    return {
        changed.paper.arxiv_id[-1]: [(c.keyword, c.kind.value, c.part) for c in changed.changes]
        for changed in edition.papers
    }


def test_a_later_run_of_the_day_adds_a_part_and_repeats_nothing() -> None:
    days = Days()
    days.part({"a": [paper(1)]})
    edition = days.part({"a": [paper(2), paper(1, 2)], "b": [paper(1, 2)]})
    assert edition.position == Position(DAY, 2)
    assert kinds(edition) == {
        "1": [("a", "new", 1), ("a", "revised", 2), ("b", "new", 2)],
        "2": [("a", "new", 2)],
    }
    assert {c.paper.arxiv_id: c.paper.version for c in edition.papers}["2613.00001"] == 2
    assert {c.paper.arxiv_id: c.paper.keywords for c in edition.papers}["2613.00001"] == ("a", "b")


def test_what_left_is_named_with_its_title() -> None:
    days = Days()
    days.part({"a": [paper(1), paper(2)]})
    edition = days.part({"a": [paper(2)]})
    assert edition.removed == (
        RemovedPaper("a", "2613.00001", 1, "An invented compiler, number 1", 2),
    )
    assert kinds(edition) == {"1": [("a", "new", 1)], "2": [("a", "new", 1)]}


def test_a_new_day_begins_anew() -> None:
    days = Days()
    days.part({"a": [paper(1)]})
    edition = days.part({"a": [paper(1), paper(2)]}, DAY + timedelta(days=1))
    assert kinds(edition) == {"2": [("a", "new", 1)]}


def test_an_edition_has_one_paper_a_line_so_that_its_history_stays_small() -> None:
    days = Days()
    text = to_json(days.part({"a": [paper(1), paper(2)]}))
    assert sum(line.startswith('{"arxiv_id"') for line in text.splitlines()) == 2
    assert '"title": "An invented compiler, number 1"' in text


@examples(10)  # each day takes pandas milliseconds
@given(st.lists(some_lists, min_size=1, max_size=4))
def test_an_edition_is_read_back_as_it_was_written(lists: list[Lists]) -> None:
    days = Days()
    for several in lists:
        edition = days.part(several)
    assert from_json(to_json(edition)) == edition


def test_hostile_text_is_read_back_as_it_was() -> None:
    text = '\u2028 "quoted" \\ \x00 </script> \U0001f600'
    edition = Days().part({"a": [paper(1, title=text, comment=text)]})
    written = to_json(edition)
    assert from_json(written.encode().decode()) == edition


MOVED: list[Lists] = [{"a": [paper(1, title="Another")]}, {"b": [paper(1)]}]

OLDER: list[Lists] = [
    {"b": [paper(1, 3)]},
    {"a": [paper(1)], "b": [paper(1)]},
    {"b": [paper(1, title="Another")]},
]


@examples(10)
@example(MOVED, 0)
@example(OLDER, 3)
@given(st.lists(some_lists, min_size=1, max_size=4), st.integers(0, 4))
def test_what_is_known_can_be_made_from_the_editions_again(lists: list[Lists], since: int) -> None:
    days = Days()
    checkpoint, mark = days.known, None
    for number, several in enumerate(lists):
        edition = days.part(several, DAY + timedelta(days=number // 2))
        if number == since:
            checkpoint, mark = days.known, edition.position
    again = replay(days.editions.values(), checkpoint, mark)
    keys = ["keyword", "arxiv_id", "listed", "kind"]
    pd.testing.assert_frame_equal(
        again[keys].sort_values(keys, ignore_index=True),
        days.known[keys].sort_values(keys, ignore_index=True),
    )
    assert diff(again, lists_of(lists[-1]), NAMES, FOLLOWED).empty


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Expecting value"),
        ("[]", "no edition"),
        ("{}", "'format'"),
        ('{"format": 99}', "format 99"),
        ('{"format": 1, "date": "tomorrow", "parts": []}', "tomorrow"),
        ("<<<<<<< HEAD\n{}", "Expecting value"),
    ],
)
def test_what_is_no_edition_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_json(text)


def test_the_kinds_in_files_are_the_words_of_the_documentation() -> None:
    assert [kind.value for kind in ChangeKind] == [
        *("new", "revised", "withdrawn", "matched", "returned", "left", "baseline"),
    ]
    assert edition_files.FORMAT == 2


def test_an_edition_says_what_each_paper_is_to_readers_of_all_keywords() -> None:
    days = Days({"a": ListUpdate(EPOCH)})
    days.part({"a": [paper(1)], "b": [paper(2)]})
    edition = days.part({"a": [paper(1)], "b": [paper(2, 2)]})
    assert kinds_to_all(edition) == {"2613.00001": "new", "2613.00002": "revised"}


def test_first_lists_are_written_with_their_number_of_papers() -> None:
    days = Days({})
    edition = days.part({"a": [paper(1)]})
    assert edition.baselines == (Baseline("a", 1, 1), Baseline("b", 0, 1))
    assert from_json(to_json(edition)) == edition


def test_which_lists_have_been_updated_can_be_made_from_the_editions_again() -> None:
    days = Days({})
    days.part({"a": [paper(1)]})
    days.previous = FOLLOWED
    later = LATER + timedelta(days=1)
    days.part({"a": [paper(1)], "b": [paper(2)]}, DAY + timedelta(days=1), later)
    # `Days` notes that "a" could not be refreshed.
    assert replay_updates(days.editions.values(), {}, None) == {
        "a": ListUpdate(LATER),
        "b": ListUpdate(later),
    }
    since = days.editions[DAY].position
    known = {"a": ListUpdate(EPOCH, "x"), "b": ListUpdate(EPOCH, "y")}
    assert replay_updates(days.editions.values(), known, since) == {
        "a": ListUpdate(EPOCH, "x"),
        "b": ListUpdate(later, "y"),
    }


def test_a_first_list_that_is_not_whole_does_not_count_as_an_update() -> None:
    edition = Edition(DAY, (Part(1, LATER),), baselines=(Baseline("a", 3, 1, is_whole=False),))
    assert replay_updates([edition], {}, None) == {}


def test_an_edition_of_an_older_program_is_read() -> None:
    edition = from_json((GOLDEN / "edition-format-1.json").read_text())
    assert kinds(edition) == {
        "2": [("b", "new", 1)],
        "1": [("a", "new", 1), ("b", "matched", 2)],
    }
    assert edition.baselines == ()
    assert kinds_to_all(edition) == {"2613.00001": "new", "2613.00002": "new"}
    assert set(replay_updates([edition], {}, None)) == {"a", "b"}
