"""What a digest tells of: each paper once, where it matters most."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.pipeline.deliver import build_message
from papers_assets.render.digest import render_digest_markdown
from papers_assets.render.digest_mail import render_mail_html, render_mail_text
from papers_assets.transform.changes import ChangeKind, ListUpdate
from papers_assets.transform.digest import Digest, build_digest
from papers_assets_tests.helpers.factories import EPOCH, paper
from papers_assets_tests.helpers.thoroughness import examples
from papers_assets_tests.transform.test_changes import Lists, some_lists
from papers_assets_tests.transform.test_editions import DAY, NAMES, Days

ONE = timedelta(days=1)
WITHDRAWN = "This paper has been withdrawn"


def told(digest: Digest) -> list[tuple[str, str, list[str]]]:
    return [
        (group.kind.value, group.keyword, [entry.paper.arxiv_id[-1] for entry in group.entries])
        for group in digest.groups
    ]


def test_new_papers_come_first_then_revised_then_withdrawn_by_keyword() -> None:
    days = Days()
    days.part({"a": [paper(1), paper(2)], "b": [paper(3)]})
    edition = days.part(
        {
            "a": [paper(1, 2), paper(2, 2, comment=WITHDRAWN), paper(4)],
            "b": [paper(3, 2), paper(5), paper(1, 2)],
        },
        DAY + timedelta(days=1),
    )
    assert told(build_digest(edition, NAMES)) == [
        ("new", "a", ["4"]),
        ("new", "b", ["5"]),
        ("revised", "a", ["1"]),
        ("revised", "b", ["3"]),
        ("withdrawn", "a", ["2"]),
    ]


def test_a_paper_of_several_keywords_comes_once_and_names_them_all() -> None:
    digest = build_digest(Days().part({"a": [paper(1)], "b": [paper(1)]}), NAMES)
    (group,) = digest.groups
    assert (group.keyword, group.entries[0].other_keywords) == ("a", ("b",))
    assert digest.count(ChangeKind.NEW) == 1


def test_what_is_new_and_then_revised_on_the_same_day_is_new() -> None:
    days = Days()
    days.part({"a": [paper(1)]})
    edition = days.part({"a": [paper(1, 2)]})
    assert told(build_digest(edition, NAMES)) == [("new", "a", ["1"])]
    assert told(build_digest(edition, NAMES, part=2)) == [("revised", "a", ["1"])]


def test_a_revision_says_what_is_different() -> None:
    days = Days()
    days.part({"a": [paper(1), paper(2)]})
    edition = days.part(
        {"a": [paper(1, 3, title="Another"), paper(2, 1, comment="9 pages")]},
        DAY + timedelta(days=1),
    )
    (group,) = build_digest(edition, NAMES).groups
    assert [entry.change for entry in group.entries] == ["comment", "v1 to v3, title"]


def test_to_readers_of_one_keyword_a_recent_paper_that_another_list_had_is_new() -> None:
    days = Days()
    days.part({"a": [paper(1)]})
    edition = days.part({"a": [paper(1), paper(2)], "b": [paper(1)]}, DAY + timedelta(days=1))
    assert told(build_digest(edition, NAMES)) == [("new", "a", ["2"]), ("matched", "b", ["1"])]
    assert told(build_digest(edition, NAMES, only=["b"])) == [("new", "b", ["1"])]
    assert told(build_digest(edition, NAMES, only=["a"])) == [("new", "a", ["2"])]


def test_what_left_or_came_back_is_counted() -> None:
    days = Days()
    days.part({"a": [paper(1), paper(2)]})
    days.part({"a": [paper(2)]}, DAY + timedelta(days=1))
    edition = days.part({"a": [paper(1)]}, DAY + timedelta(days=2))
    digest = build_digest(edition, NAMES)
    assert (digest.removed, digest.restored, digest.groups) == ({"a": 1}, {"a": 1}, ())
    assert digest.summary == "nothing new"


def test_the_summary_counts_in_words() -> None:
    days = Days()
    days.part({"a": [paper(1), paper(2)]})
    edition = days.part({"a": [paper(1, 2), paper(2), paper(3)]}, DAY + timedelta(days=1))
    assert build_digest(edition, NAMES).summary == "1 new paper, 1 revised"


def test_a_keyword_that_was_renamed_since_is_told_of_last() -> None:
    edition = Days().part({"a": [paper(1)], "b": [paper(2)]})
    assert told(build_digest(edition, ["c", "b"])) == [("new", "b", ["2"]), ("new", "a", ["1"])]


def test_notes_are_those_of_the_keywords_that_are_told_of() -> None:
    edition = Days().part({"a": [paper(1)]})
    assert build_digest(edition, NAMES).notes == {"a": "Not refreshed since 2026-11-20."}
    assert build_digest(edition, NAMES, only=["b"]).notes == {}


@examples(10)  # each day takes pandas milliseconds
@given(st.lists(some_lists, min_size=1, max_size=4))
def test_the_parts_together_tell_of_what_the_day_does(lists: list[Lists]) -> None:
    days = Days()
    for several in lists:
        edition = days.part(several)
    whole = build_digest(edition, NAMES)
    of_parts = [build_digest(edition, NAMES, part=n + 1) for n in range(len(lists))]
    every = [i for d in of_parts for kind, _, ids in told(d) if kind == "new" for i in ids]
    assert len(every) == len(set(every))  # no paper is new twice
    assert sorted(every) == sorted(i for kind, _, ids in told(whole) if kind == "new" for i in ids)
    once = [i for _, _, ids in told(whole) for i in ids]
    assert len(once) == len(set(once))


def test_to_readers_of_both_keywords_a_paper_is_new_once() -> None:
    days = Days()
    days.part({"a": [paper(1)]})
    edition = days.part({"a": [paper(1)], "b": [paper(1)]}, DAY + timedelta(days=1))
    assert told(build_digest(edition, NAMES, only=NAMES)) == [("matched", "b", ["1"])]


def test_a_first_list_is_counted_and_not_announced() -> None:
    days = Days({"a": ListUpdate(EPOCH)})
    edition = days.part({"a": [paper(1)], "b": [paper(1), paper(2)]})
    digest = build_digest(edition, NAMES)
    assert told(digest) == [("new", "a", ["1"])]
    assert digest.newly_followed == {"b": 2}
    assert digest.summary == "1 new paper, now following 1 keyword"
    assert build_digest(edition, NAMES, only=["b"]).summary == "now following 1 keyword"
    assert build_digest(edition, NAMES, only=["a"]).summary == "1 new paper"


def test_a_message_of_a_first_list_has_one_line_of_it_in_every_shape() -> None:
    edition = Days({}).part({"a": [paper(n) for n in range(1, 51)]})
    message = build_message(edition, 1, ["a"])
    assert message is not None
    assert message.subject == f"Daily Papers, {DAY}: now following 1 keyword"
    for text in (message.markdown, message.text, message.html, message.slack_text):
        assert text.count("Now following a: 50 papers") == 1
        assert "An invented compiler" not in text
    assert message.data == {
        "summary": "now following 1 keyword",
        "papers": [],
        "following": {"a": 50},
        "not_fresh": {"a": "Not refreshed since 2026-11-20."},
    }


@pytest.mark.parametrize("render", [render_digest_markdown, render_mail_text, render_mail_html])
def test_thousands_of_first_lists_are_named_in_part_and_counted(
    render: Callable[[Digest], str],
) -> None:
    following = {f"keyword {n}": 1 for n in range(5_000)}
    text = render(Digest(DAY, (), newly_followed=following))
    assert text.count("Now following keyword ") == 20
    assert "Now following 4,980 more keywords." in text
    assert "Now following 5,000 keywords." in text


def test_a_late_version_that_nobody_was_told_of_says_of_when_the_paper_is() -> None:
    old = paper(1, 5, published=datetime(2005, 3, 21, tzinfo=UTC))
    digest = build_digest(Days().part({"a": [old]}), NAMES)
    assert told(digest) == [("revised", "a", ["1"])]
    assert digest.groups[0].entries[0].change == "version 5 of a paper first submitted 2005-03-21"


def test_readers_of_one_list_are_not_told_how_a_paper_differs_from_what_others_read() -> None:
    days = Days()
    old = {"published": datetime(2005, 3, 21, tzinfo=UTC)}
    days.part({"a": [paper(1, 2, **old)]})
    edition = days.part({"a": [paper(1, 3, **old)], "b": [paper(1, 3, **old)]}, DAY + ONE)
    (group,) = build_digest(edition, NAMES).groups
    assert (group.kind, group.entries[0].change) == (ChangeKind.REVISED, "v2 to v3")
    (group,) = build_digest(edition, NAMES, only=["b"]).groups
    assert group.kind is ChangeKind.REVISED
    assert group.entries[0].change == "version 3 of a paper first submitted 2005-03-21"


def test_papers_of_all_parts_come_newest_first() -> None:
    days = Days()
    days.part({"a": [paper(2)]})
    edition = days.part({"a": [paper(3), paper(2), paper(1)]})
    assert told(build_digest(edition, NAMES)) == [("new", "a", ["3", "2", "1"])]
