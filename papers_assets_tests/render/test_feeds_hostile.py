"""Feeds of papers with any text, however hostile: it stays text."""

import json
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.render.feeds import MAX_RECENT_ENTRIES, Feed, render_atom, render_json_feed
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.helpers.factories import listed_paper as paper
from papers_assets_tests.helpers.feed_rules import ATOM, ENTRY, atom_faults, json_feed_faults
from papers_assets_tests.helpers.thoroughness import examples
from papers_assets_tests.helpers.visible_text import called, visible
from papers_assets_tests.render.test_escape_properties import hostile
from papers_assets_tests.render.test_feeds import feed, items, read

texts = st.one_of(hostile, st.text(st.characters(), max_size=20))


def shown(text: str) -> str:
    return visible(text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")


def read_plainly(made: Feed) -> tuple[str | None, list[dict[str, str | None]]]:
    """The Atom feed's title and its entries' texts, as an XML parser has them."""
    root = ET.fromstring(render_atom(made).encode())  # noqa: S314 - our own
    entries = [
        {n: e.findtext(f"{ATOM}{n}") for n in ("title", "summary")} for e in root.iter(ENTRY)
    ]
    return root.findtext(f"{ATOM}title"), entries


def guessed(text: str) -> str:
    """What feedparser makes of a text: it takes some for UTF-8 that was read as ISO 8859-1."""
    try:
        return text.encode("iso-8859-1").decode()
    except UnicodeError:
        return text


@given(texts, texts, texts, texts, st.lists(texts, max_size=3))
@examples(300)
def test_whatever_the_texts_are_they_stay_text(
    title: str, abstract: str, comment: str, keyword: str, authors: list[str]
) -> None:
    made = feed(
        paper(
            title=title,
            abstract=f"A {abstract}",
            comment=f"C {comment}",
            authors=tuple(authors),
            keywords=(f"K {keyword}",),
            categories=(f"K {keyword}",),
        ),
        title=f"T {title}",
        name=keyword,
    )
    found, (feed_title, (plain,)), (item,) = read(made), read_plainly(made), items(made)
    assert feed_title == json.loads(render_json_feed(made))["title"] == shown(f"T {title}")
    assert plain["title"] == item["title"] == shown(called(title))
    assert plain["summary"] == item["content_text"]
    start = [shown(f"A {abstract}"), f"Comment: {shown(f'C {comment}')}"]
    assert item["content_text"].split("\n\n")[:2] == start
    (entry,) = found.entries
    assert found.feed.title == guessed(shown(f"T {title}"))
    assert entry.title == guessed(item["title"])
    assert entry.summary == guessed(item["content_text"])
    names = [shown(name) for name in authors if called(name) != "(untitled)"] or ["(unknown)"]
    assert [a["name"] for a in item["authors"]] == names
    word = shown(f"K {keyword}")
    assert item["tags"] == [f"keyword: {word}", f"arXiv: {word}"]
    assert [tag.term for tag in entry.tags] == [word, word]


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x85", "\ud800", "\ufffe", "\uffff"])
def test_what_xml_cannot_hold_or_nobody_can_see_is_shown_as_replaced(character: str) -> None:
    made = feed(paper(title=f"a{character}b", abstract=f"a{character}b"))
    replaced = "a b" if character == "\x85" else "a\ufffdb"  # a line's end is white space
    (entry,), (item,) = read(made).entries, items(made)
    assert entry.title == entry.summary == item["title"] == item["content_text"] == replaced


def test_fields_with_nothing_to_see_are_left_out() -> None:
    made = feed(paper(comment=" \u200b", journal_ref="\u3164", doi=""))
    assert read(made).entries[0].summary == "Nobody wrote this compiler."


@given(texts.map(lambda text: f"https://github.com/ada/{text}"))
@examples(300)
def test_whatever_an_address_is_made_of_its_link_is_valid(address: str) -> None:
    made = feed(paper(abstract=address), feed_url=address, page_url=address)
    assert atom_faults(render_atom(made)) == []
    assert json_feed_faults(render_json_feed(made)) == []


def test_an_address_that_is_valid_stays_as_it_is() -> None:
    address = "https://github.com/ada/a-b_c.d~e/%7Ef?g=h&i=j#k,l"
    (entry,) = read(feed(paper(abstract=f"See {address} there"))).entries
    assert [x.href for x in entry.links if x.rel == "related"] == [address]


def test_an_address_is_encoded_as_browsers_do() -> None:
    (entry,) = read(feed(paper(abstract="github.com/ada/[é]100%#a#b"))).entries
    assert [x.href for x in entry.links if x.rel == "related"] == [
        "https://github.com/ada/%5B%C3%A9%5D100%25#a%23b"
    ]


def test_a_text_without_end_says_how_long_it_is() -> None:
    (entry,) = read(feed(paper(abstract="a" * 30_000))).entries
    assert entry.summary == f"{'a' * 20_000}… (30,000 characters)"


@pytest.mark.corpus
def test_real_papers_with_dangerous_texts_survive_in_feeds() -> None:
    records = list(reference_data.sample("arxiv/hazards.jsonl.gz"))
    fields = ("version", "title", "abstract", "comment")
    papers = [
        paper(number, **{name: record[name] for name in fields})  # some are versions of one paper
        for number, record in enumerate(records)
    ]
    parts = [
        papers[start : start + MAX_RECENT_ENTRIES]
        for start in range(0, len(papers), MAX_RECENT_ENTRIES)
    ]
    entries = [entry for part in parts for entry in read(feed(*part)).entries]
    also = [item for part in parts for item in items(feed(*part))]
    assert len(papers) > reference_data.share(5_000)
    for record, entry, item in zip(records, entries, also, strict=True):
        assert item["title"] == shown(called(record["title"]))
        _, *paragraphs = ["", *item["content_text"].split("\n\n")][record["version"] > 1 :]
        assert paragraphs[0] == shown(record["abstract"])
        if record["comment"]:
            assert paragraphs[1] == f"Comment: {shown(record['comment'])}"
        assert entry.title == guessed(item["title"])
        assert entry.summary == guessed(item["content_text"])
        assert entry.link == item["url"]
