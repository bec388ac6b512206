"""Feeds, judged by the rules of their formats and read back by a feed reader."""

import json
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import feedparser
import pytest

from papers_assets.render.feeds import (
    MAX_ENTRIES,
    MAX_RECENT_ENTRIES,
    RECENT_PERIOD,
    Feed,
    render_atom,
    render_json_feed,
)
from papers_assets.transform.changes import ChangeKind
from papers_assets.transform.listed_papers import ListedPaper, unique_papers
from papers_assets_tests.helpers.factories import EPOCH, LATER
from papers_assets_tests.helpers.factories import listed_paper as paper
from papers_assets_tests.helpers.factories import paper as published
from papers_assets_tests.helpers.feed_rules import atom_faults, json_feed_faults
from papers_assets_tests.transform.test_listed_papers import papers_of

GOLDEN = Path(__file__).parent / "golden"
SITE = "https://papers.example"


def feed(*papers: ListedPaper, **fields: Any) -> Feed:
    values: dict[str, Any] = {"title": "Daily Papers: compiler", "name": "compiler"}
    return Feed(papers=papers, **({"updated": LATER} | values | fields))


def read(made: Feed) -> Any:
    """The Atom feed as a feed reader has it, which must not find anything wrong with it."""
    document = render_atom(made)
    assert atom_faults(document) == []
    found = feedparser.parse(BytesIO(document.encode()))
    assert not found.bozo, found.get("bozo_exception")
    return found


def items(made: Feed) -> list[dict[str, Any]]:
    document = render_json_feed(made)
    assert json_feed_faults(document) == []
    found: list[dict[str, Any]] = json.loads(document)["items"]
    return found


def invented() -> Feed:
    """What the golden files were made of; to make them anew, run this module as a program."""
    revised = paper(
        3,
        version=2,
        title="Invented: is `a < b && b > c` a <em>theorem</em>?",
        abstract="We invent $x_1 < y$ and\n<script>alert('nothing')</script>; see "
        "https://github.com/ada/invented?tab=readme#use.",
        comment="12 pages, project page: invented.example/a_b",
        doi="10.0000/invented.3",
        journal_ref="Journal of Invented Compilers 1 (2026) 1-12",
        authors=("Ada Example", "Bén Sample", "李 Invented"),
        published=EPOCH,
        keywords=("compiler", "C++ & more"),
    )
    old = paper(2, arxiv_id="cs/1313001", title=" \u200b ", abstract="", authors=())
    return feed(
        *(revised, old, paper(1)),
        page_url=f"{SITE}/compiler/",
        feed_url=f"{SITE}/feed",
        announced_kinds={"2613.00003": ChangeKind.REVISED, "2613.00001": ChangeKind.NEW},
    )


@pytest.mark.parametrize(
    ("name", "give"), [("feed.xml", render_atom), ("feed.json", render_json_feed)]
)
def test_the_documents_are_the_golden_ones(name: str, give: Any) -> None:
    assert give(invented()) == (GOLDEN / name).read_text("utf-8")


def test_a_reader_finds_every_field_in_the_atom_feed() -> None:
    found = read(invented())
    assert found.version == "atom10"
    assert (found.feed.title, found.feed.link) == ("Daily Papers: compiler", f"{SITE}/compiler/")
    assert found.feed.updated == "2026-11-23T06:00:00Z"
    links = [(x.rel, x.type, x.href) for x in found.feed.links]
    assert ("self", "application/atom+xml", f"{SITE}/feed") in links
    revised, old, plain = found.entries
    assert revised.id == "https://arxiv.org/abs/2613.00003"
    assert revised.link == "https://arxiv.org/abs/2613.00003v2"
    assert revised.title == "Invented: is `a < b && b > c` a <em>theorem</em>?"
    assert revised.title_detail.type == revised.summary_detail.type == "text/plain"
    assert (revised.published, revised.updated) == ("2026-01-01T00:00:00Z", "2026-01-01T03:02:00Z")
    assert [a.name for a in revised.authors] == ["Ada Example", "Bén Sample", "李 Invented"]
    assert [(x.title, x.href) for x in revised.links if x.rel == "related"] == [
        ("GitHub", "https://github.com/ada/invented?tab=readme#use"),
        ("project page", "https://invented.example/a_b"),
    ]
    assert [(t.term, t.label) for t in revised.tags] == [
        ("compiler", "keyword: compiler"),
        ("C++ & more", "keyword: C++ & more"),
        ("cs.PL", "arXiv: cs.PL"),
        ("cs.SE", "arXiv: cs.SE"),
    ]
    mine, also_mine, arxivs, also_arxivs = (t.scheme for t in revised.tags)
    assert mine == also_mine != arxivs == also_arxivs == "http://arxiv.org/schemas/atom"
    assert old.id == "https://arxiv.org/abs/cs/1313001"
    assert old.link == f"{old.id}v1"
    assert (old.title, old.author, old.summary) == ("(untitled)", "(unknown)", "(no abstract)")
    assert plain.summary == "Nobody wrote this compiler."


def test_the_summary_says_all_that_has_no_field() -> None:
    link = "https://github.com/ada/invented?tab=readme#use"
    expected = [
        "Revised: version 2 of 2026-01-01; first submitted 2026-01-01.",
        f"We invent $x_1 < y$ and <script>alert('nothing')</script>; see {link}.",
        "Comment: 12 pages, project page: invented.example/a_b",
        "Journal: Journal of Invented Compilers 1 (2026) 1-12",
        "DOI: 10.0000/invented.3",
        f"GitHub: {link}",
        "Project page: https://invented.example/a_b",
    ]
    assert read(invented()).entries[0].summary.split("\n\n") == expected
    assert items(invented())[0]["content_text"].split("\n\n") == expected


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ChangeKind.REVISED, "Revised: version 5 of 2026-01-01; first submitted 2005-03-21."),
        (ChangeKind.WITHDRAWN, "Withdrawn: version 5 of 2026-01-01; first submitted 2005-03-21."),
        (ChangeKind.NEW, "Version 5 of 2026-01-01; first submitted 2005-03-21."),
        (ChangeKind.MATCHED, "Version 5 of 2026-01-01; first submitted 2005-03-21."),
        (ChangeKind.BASELINE, "Version 5 of 2026-01-01; first submitted 2005-03-21."),
        (None, "Version 5 of 2026-01-01; first submitted 2005-03-21."),
    ],
)
def test_a_version_is_a_revision_where_the_digest_says_so(
    kind: ChangeKind | None, words: str
) -> None:
    late = paper(1, version=5, published=datetime(2005, 3, 21, tzinfo=UTC))
    found = feed(late, announced_kinds={late.arxiv_id: kind} if kind else {})
    assert read(found).entries[0].summary.split("\n\n")[0] == words
    assert items(found)[0]["content_text"].split("\n\n")[0] == words


def test_both_formats_say_the_same() -> None:
    for entry, item in zip(read(invented()).entries, items(invented()), strict=True):
        assert item == {
            "id": entry.id,
            "url": entry.link,
            "title": entry.title,
            "content_text": entry.summary,
            "date_published": entry.published,
            "date_modified": entry.updated,
            "authors": [{"name": author.name} for author in entry.authors],
            "tags": [tag.label for tag in entry.tags],
        }
    document = json.loads(render_json_feed(invented()))
    assert (document["home_page_url"], document["feed_url"]) == (
        f"{SITE}/compiler/",
        f"{SITE}/feed",
    )


def test_feeds_without_papers_or_addresses_are_valid_too() -> None:
    found = read(feed())
    assert found.feed.updated == "2026-11-23T06:00:00Z"
    assert "links" not in found.feed
    assert json_feed_faults(render_json_feed(feed())) == []
    assert set(json.loads(render_json_feed(feed()))) == {"version", "title", "items"}


def test_a_revision_updates_the_entry_instead_of_adding_one() -> None:
    before = read(feed(paper(1)))
    later = LATER + timedelta(days=1)
    after = read(feed(paper(1, version=2, updated=later, first_seen=later)))
    assert [e.id for e in before.entries] == [e.id for e in after.entries]
    assert before.entries[0].updated < after.entries[0].updated == "2026-11-24T06:00:00Z"
    assert before.feed.updated < after.feed.updated == "2026-11-24T06:00:00Z"
    assert before.feed.id == after.feed.id


def test_a_day_without_news_changes_nothing() -> None:
    today, tomorrow = (feed(paper(2), paper(1), updated=t) for t in (LATER, datetime.now(UTC)))
    assert render_atom(today) == render_atom(tomorrow)
    assert render_json_feed(today) == render_json_feed(tomorrow)


def test_a_paper_that_comes_late_behind_newer_ones_moves_the_date_of_the_feed() -> None:
    before = read(feed(paper(2)))
    after = read(feed(paper(2), paper(1, first_seen=LATER + timedelta(hours=5))))
    assert before.feed.updated < after.feed.updated == "2026-11-23T11:00:00Z"


def test_times_are_utc_in_whole_seconds_wherever_they_come_from() -> None:
    there = datetime(2026, 1, 1, 1, 30, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    (entry,) = read(feed(paper(updated=there))).entries
    assert entry.updated == "2025-12-31T23:30:00Z"


def id_of(*papers: ListedPaper, **fields: Any) -> str:
    return str(read(feed(*papers, **fields)).feed.id)


def test_a_feed_has_the_same_id_whatever_is_in_it_and_no_other_feed_has_it() -> None:
    assert id_of() == id_of(paper(1), title="Another", page_url=SITE)
    assert id_of(feed_url=SITE) == id_of(paper(1), feed_url=SITE, name="renamed")
    different = [{}, {"name": ""}, {"name": "x"}, {"feed_url": SITE}, {"feed_url": f"{SITE}/x"}]
    assert len({id_of(**fields) for fields in different}) == len(different)


def test_ids_never_change_since_readers_know_the_feed_by_them() -> None:
    assert id_of(name="") == "urn:uuid:701c70c4-7a55-5de9-bec1-d5c31a6027c6"
    # Version 5 in the namespace of addresses, RFC 9562.
    assert id_of(feed_url=f"{SITE}/feed") == uuid5(NAMESPACE_URL, f"{SITE}/feed").urn


def many(number: int, first_seen: datetime) -> list[ListedPaper]:
    return [paper(n, first_seen=first_seen) for n in range(number, 0, -1)]


def test_a_feed_has_its_newest_papers_up_to_a_number() -> None:
    papers = [paper(9_999), *many(MAX_ENTRIES + 5, LATER - RECENT_PERIOD - timedelta(seconds=1))]
    made = feed(*papers)
    assert len(items(made)) == len(read(made).entries) == MAX_ENTRIES
    assert [item["url"] for item in items(made)] == [p.url for p in papers[:MAX_ENTRIES]]


def test_on_the_day_on_which_lists_begin_a_feed_is_not_without_bounds() -> None:
    made = feed(*many(MAX_RECENT_ENTRIES + 5, LATER))
    assert len(items(made)) == len(read(made).entries) == MAX_RECENT_ENTRIES


def test_what_is_to_be_said_of_a_list_is_said_in_both_formats_and_valid() -> None:
    made = feed(paper(1), note="Not refreshed since 2026-11-20: <b>arXiv</b> answered 503.")
    assert read(made).feed.subtitle == made.note
    assert json.loads(render_json_feed(made))["description"] == made.note
    assert atom_faults(render_atom(made)) == []
    assert json_feed_faults(render_json_feed(made)) == []


def test_no_paper_is_left_out_that_was_first_seen_in_the_last_days() -> None:
    old = many(MAX_ENTRIES, LATER - timedelta(days=30))
    late = paper(9_001, first_seen=LATER - RECENT_PERIOD)
    gone = paper(9_002, first_seen=LATER - RECENT_PERIOD - timedelta(seconds=1))
    made = feed(*old, gone, late, paper(9_003))
    expected = [p.url for p in (*old, late, paper(9_003))]
    assert [item["url"] for item in items(made)] == expected
    assert [entry.link for entry in read(made).entries] == expected


def test_what_listing_gives_becomes_a_feed() -> None:
    frame = papers_of(("a", [published(1), published(2)]), ("b", [published(1, 2)]))
    found = read(feed(*unique_papers(frame, ["a", "b"]), name=""))
    assert [(e.link[-7:], [t.term for t in e.tags][:-2]) for e in found.entries] == [
        ("00002v1", ["a"]),
        ("00001v2", ["a", "b"]),
    ]


if __name__ == "__main__":
    (GOLDEN / "feed.xml").write_text(render_atom(invented()), "utf-8")
    (GOLDEN / "feed.json").write_text(render_json_feed(invented()), "utf-8")
