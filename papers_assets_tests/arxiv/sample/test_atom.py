import string
from xml.etree.ElementTree import Element

import feedparser
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.sample import Paper, atom
from papers_assets_tests.helpers.hostile_papers import hostile_corpus
from papers_assets_tests.helpers.sample_papers import (
    ARXIV,
    ATOM,
    NOT_IN_XML,
    NOW,
    OPENSEARCH,
    local_names,
    paper,
    parsed,
)

FULL = paper(
    version=2,
    comment="9 pages",
    categories=("cs.LG", "stat.ML"),
    authors=("Ada Example", "Zoë Beispiel"),
    updated="2026-11-02T13:14:15Z",
    doi="10.1000/invented<1>",
    journal_ref="J. Inv. 1",
)
_texts = st.text(max_size=40)


def page_of(*entries: Paper, query: str = "all:x", nested_query: str = "all:x") -> atom.Page:
    return atom.Page(
        query=query,
        nested_query=nested_query,
        id_list="",
        start=20,
        max_results=10,
        total=99,
        entries=tuple(map(atom.render_entry, entries)),
    )


def entry_of(subject: Paper) -> Element:
    (entry,) = parsed(atom.render_results(page_of(subject), NOW)).iter(f"{ATOM}entry")
    return entry


def test_the_feed_says_what_was_asked_and_how_much_there_is() -> None:
    root = parsed(atom.render_results(page_of(FULL), NOW))

    assert local_names(root) == [
        *("id", "title", "updated", "link", "itemsPerPage", "totalResults", "startIndex", "entry")
    ]
    assert root.findtext(f"{ATOM}title") == (
        "arXiv Query: search_query=all:x&id_list=&start=20&max_results=10"
    )
    assert root.findtext(f"{ATOM}updated") == "2026-11-23T06:30:15Z"
    counts = ("itemsPerPage", "totalResults", "startIndex")
    assert [root.findtext(OPENSEARCH + name) for name in counts] == ["10", "99", "20"]


def test_the_feeds_link_encodes_the_nested_query() -> None:
    page = page_of(query='ti:"a b" & c', nested_query='ti:"a b" AND (ti:é OR cat:cs.*)')
    root = parsed(atom.render_results(page, NOW))

    link = root.find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == (
        "https://arxiv.org/api/query?search_query=ti:%22a+b%22+AND+(ti:%C3%A9+OR+cat:cs.%2A)"
        "&start=20&max_results=10&id_list="
    )


def test_an_entry_has_the_elements_of_the_new_api_in_its_order() -> None:
    assert local_names(entry_of(FULL)) == [
        *("id", "title", "updated", "link", "link", "summary", "category", "category"),
        *("published", "comment", "primary_category", "journal_ref", "author", "author"),
        *("doi", "link"),
    ]


def test_an_entry_has_no_elements_for_what_it_lacks() -> None:
    lacking = paper(comment="")

    assert local_names(entry_of(lacking)) == [
        *("id", "title", "updated", "link", "link", "summary", "category"),
        *("published", "primary_category", "author"),
    ]


def test_the_id_is_http_and_the_links_are_https() -> None:
    entry = entry_of(FULL)

    assert entry.findtext(f"{ATOM}id") == "http://arxiv.org/abs/2613.00001v2"
    assert [link.get("href") for link in entry.iter(f"{ATOM}link")] == [
        "https://arxiv.org/abs/2613.00001v2",
        "https://arxiv.org/pdf/2613.00001v2",
        "https://doi.org/10.1000/invented<1>",
    ]


def test_the_primary_category_comes_first_and_none_comes_twice() -> None:
    muddled = Paper(**(vars(paper()) | {"categories": ("cs.AI", "cs.LG", "cs.AI")}))

    terms = [c.get("term") for c in entry_of(muddled).iter(f"{ATOM}category")]

    assert terms == ["cs.LG", "cs.AI"]


def test_a_client_sees_the_fields_of_the_paper() -> None:
    (entry,) = feedparser.parse(atom.render_results(page_of(FULL), NOW)).entries

    assert entry.title == "A Title"
    assert entry.summary == "An abstract."
    assert entry.arxiv_comment == "9 pages"
    assert entry.published == "2026-11-01T12:00:00Z"
    assert entry.updated == "2026-11-02T13:14:15Z"
    assert [author.name for author in entry.authors] == ["Ada Example", "Zoë Beispiel"]
    assert entry.arxiv_primary_category["term"] == "cs.LG"
    assert entry.link == "https://arxiv.org/abs/2613.00001v2"
    assert entry.arxiv_doi == "10.1000/invented<1>"
    assert entry.arxiv_journal_ref == "J. Inv. 1"


@given(_texts, _texts, _texts)
def test_text_arrives_to_the_letter_but_for_what_xml_cannot_carry(
    title: str, abstract: str, name: str
) -> None:
    entry = entry_of(paper(title=title, abstract=abstract, authors=(name,), comment=f"x{title}"))

    assert entry.findtext(f"{ATOM}title") == NOT_IN_XML.sub("", title)
    assert entry.findtext(f"{ATOM}summary") == NOT_IN_XML.sub("", abstract)
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == NOT_IN_XML.sub("", name)
    assert entry.findtext(f"{ARXIV}comment") == "x" + NOT_IN_XML.sub("", title)


@given(st.text(alphabet=string.printable + "é\ud800\ufffe", min_size=1, max_size=20))
def test_attributes_arrive_to_the_letter_too(category: str) -> None:
    entry = entry_of(paper(categories=(category,)))

    primary = entry.find(f"{ARXIV}primary_category")
    assert primary is not None
    assert primary.get("term") == NOT_IN_XML.sub("", category)


def test_the_hazards_of_the_sample_arrive_to_the_letter() -> None:
    for subject in hostile_corpus().newest:
        entry = entry_of(subject)
        assert entry.findtext(f"{ATOM}title") == subject.title
        assert entry.findtext(f"{ATOM}summary") == subject.abstract
        assert entry.findtext(f"{ARXIV}comment") == subject.comment


def test_an_error_looks_like_one_paper() -> None:
    root = parsed(
        atom.render_error("incorrect id format for <x>", "#incorrect_id_format_for_<x>", NOW)
    )

    assert local_names(root) == [
        *("id", "title", "updated", "itemsPerPage", "totalResults", "startIndex", "entry")
    ]
    assert root.findtext(f"{OPENSEARCH}totalResults") == "1"
    (entry,) = root.iter(f"{ATOM}entry")
    assert local_names(entry) == ["id", "title", "updated", "link", "summary", "author"]
    assert entry.findtext(f"{ATOM}id") == "https://arxiv.org/api/errors#incorrect_id_format_for_<x>"
    assert entry.findtext(f"{ATOM}title") == "Error"
    assert entry.findtext(f"{ATOM}summary") == "incorrect id format for <x>"
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "arXiv api core"
