from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.query import newest_first, search_query, submitted_in, url
from papers_assets.keywords import Field
from papers_assets_tests.making import keyword


def test_a_word_is_asked_for_in_both_fields_and_a_phrase_in_either() -> None:
    assert search_query(keyword("compiler")) == '(ti:"compiler" AND abs:"compiler")'
    phrase = search_query(keyword("graph networks"))
    assert phrase == '(ti:"graph networks" OR abs:"graph networks")'


@pytest.mark.parametrize(
    ("within", "asked"),
    [
        (Field.TITLE, 'ti:"x"'),
        (Field.ABSTRACT, 'abs:"x"'),
        (Field.BOTH, '(ti:"x" AND abs:"x")'),
        (Field.EITHER, '(ti:"x" OR abs:"x")'),
    ],
)
def test_the_place_to_look_can_be_chosen(within: Field, asked: str) -> None:
    assert search_query(keyword("x", within=within)) == asked


def test_a_window_of_days_is_asked_for_to_the_minute_and_oldest_first() -> None:
    first, last = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
    asked = submitted_in(keyword("x", within=Field.TITLE), first, last, 2000, 500)
    assert asked == {
        "search_query": '(ti:"x" AND submittedDate:[202610010000 TO 202610312359])',
        "start": "2000",
        "max_results": "500",
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
    }


def test_everything_together_has_parentheses_around_every_operator() -> None:
    asked = search_query(
        keyword(
            any=("compiler", "LLVM"),
            all=("optimization",),
            none=("decompiler", "survey"),
            within=Field.TITLE,
            categories=("cs.PL", "cs.AR"),
        )
    )
    anyone = '(ti:"compiler" OR ti:"LLVM")'
    wanted = f'(({anyone} AND ti:"optimization") AND (cat:cs.PL OR cat:cs.AR))'
    assert asked == f'(({wanted} ANDNOT ti:"decompiler") ANDNOT ti:"survey")'


def test_an_archive_is_asked_for_as_its_categories() -> None:
    asked = search_query(keyword("x", within=Field.TITLE, categories=("stat", "hep-th")))
    stat = " OR ".join(f"cat:stat.{s}" for s in ("AP", "CO", "ME", "ML", "OT", "TH"))
    assert asked == f'(ti:"x" AND ({stat} OR cat:hep-th))'


def test_what_is_excluded_is_excluded_from_title_and_abstract_alike() -> None:
    asked = search_query(keyword("x", within=Field.BOTH, none=("survey",)))
    assert asked.endswith('ANDNOT (ti:"survey" OR abs:"survey"))')


@pytest.mark.parametrize(
    ("phrase", "sent"),
    [
        ("graph-neural", "graph neural"),
        ("C++", "C++"),
        ("a/b", "a b"),
        ('say "hello"', "say hello"),
        ("ti:x OR cat:y", "ti x OR cat y"),
        ("x) OR (y", "x OR y"),
        ("back\\slash", "back slash"),
        ("..", ".."),
        ('"', "'"),
        ("\\", "/"),
        ("图神经网络", "图神经网络"),
    ],
)
def test_a_phrase_is_sent_so_that_it_stays_in_its_quotes(phrase: str, sent: str) -> None:
    assert search_query(keyword(phrase, within=Field.TITLE)) == f'ti:"{sent}"'


@given(st.text(min_size=1))
def test_nothing_breaks_out_of_its_quotes(phrase: str) -> None:
    asked = search_query(keyword(phrase, within=Field.TITLE))
    assert asked.startswith('ti:"')
    assert asked.endswith('"')
    assert asked.count('"') == 2
    assert "\\" not in asked
    assert asked != 'ti:""'


def test_a_page_is_asked_for_newest_first() -> None:
    parameters = newest_first(keyword("C++"), 100, 50)
    asked = parse_qs(urlsplit(url("https://example.org/api/query", parameters)).query)
    assert asked == {
        "search_query": ['(ti:"C++" AND abs:"C++")'],
        "start": ["100"],
        "max_results": ["50"],
        "sortBy": ["lastUpdatedDate"],
        "sortOrder": ["descending"],
    }
