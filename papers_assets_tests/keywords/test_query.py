import re
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv import taxonomy
from papers_assets.arxiv.search import build_url
from papers_assets.keywords.model import MatchField, Phrase
from papers_assets.keywords.query import (
    build_search_query,
    list_spellings,
    newest_first_parameters,
    submitted_in_parameters,
)
from papers_assets_tests.helpers.factories import keyword, search


def test_a_word_is_asked_for_in_both_fields_and_a_phrase_in_either() -> None:
    assert build_search_query(keyword("compiler")) == '(ti:"compiler" AND abs:"compiler")'
    phrase = build_search_query(keyword("graph networks"))
    assert phrase == '(ti:"graph networks" OR abs:"graph networks")'


@pytest.mark.parametrize(
    ("within", "asked"),
    [
        (MatchField.TITLE, 'ti:"x"'),
        (MatchField.ABSTRACT, 'abs:"x"'),
        (MatchField.BOTH, '(ti:"x" AND abs:"x")'),
        (MatchField.EITHER, '(ti:"x" OR abs:"x")'),
    ],
)
def test_the_place_to_look_can_be_chosen(within: MatchField, asked: str) -> None:
    assert build_search_query(keyword("x", within=within)) == asked


def test_a_window_of_days_is_asked_for_to_the_end_of_its_last_minute_and_oldest_first() -> None:
    first, last = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
    asked = submitted_in_parameters(keyword("x", within=MatchField.TITLE), first, last, 2000, 500)
    assert asked == {
        "search_query": '(ti:"x" AND submittedDate:[202610010000 TO 202611010000])',
        "start": "2000",
        "max_results": "500",
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
    }


def test_everything_together_has_parentheses_around_every_operator() -> None:
    asked = build_search_query(
        keyword(
            any=("compiler", "LLVM"),
            all=("optimization",),
            none=("decompiler", "survey"),
            within=MatchField.TITLE,
            categories=("cs.PL", "cs.AR"),
        )
    )
    anyone = '(ti:"compiler" OR ti:"LLVM")'
    wanted = f'(({anyone} AND ti:"optimization") AND (cat:cs.PL OR cat:cs.AR))'
    assert asked == f'({wanted} ANDNOT (ti:"decompiler" OR ti:"survey"))'


def test_a_whole_archive_is_asked_for_with_a_wildcard() -> None:
    asked = build_search_query(
        keyword("x", within=MatchField.TITLE, categories=("stat", "hep-th", "cs.LG"))
    )
    assert asked == '(ti:"x" AND (cat:stat.* OR cat:hep-th OR cat:cs.LG))'


def test_an_archive_that_was_a_category_once_is_asked_for_with_its_old_papers() -> None:
    asked = build_search_query(keyword("x", within=MatchField.TITLE, categories=("astro-ph",)))
    assert asked == '(ti:"x" AND cat:astro-ph*)'


@pytest.mark.parametrize("archive", taxonomy.ARCHIVES)
def test_the_wildcard_of_an_archive_finds_its_categories_and_no_others(archive: str) -> None:
    term = build_search_query(keyword("x", any=(), categories=(archive,)))
    found = {name for name in taxonomy.CATEGORIES if fnmatchcase(name, term.removeprefix("cat:"))}
    assert found == {*taxonomy.ARCHIVES[archive]}


def test_one_phrase_of_each_group_is_asked_for() -> None:
    asked = build_search_query(
        keyword(
            any=("driving", "robotics"), all=(("LLM", "VLM"), "survey"), within=MatchField.TITLE
        )
    )
    groups = '(ti:"driving" OR ti:"robotics") AND (ti:"LLM" OR ti:"VLM")'
    assert asked == f'(({groups}) AND ti:"survey")'


def test_phrases_are_asked_for_in_their_own_fields() -> None:
    asked = build_search_query(
        keyword(
            any=(
                Phrase("ICRA", MatchField.COMMENT),
                Phrase("Nature", MatchField.JOURNAL),
                Phrase("a b"),
            )
        )
    )
    assert asked == '(co:"ICRA" OR jr:"Nature" OR (ti:"a b" OR abs:"a b"))'
    anywhere = build_search_query(keyword("ICRA", within=MatchField.ANYWHERE))
    assert anywhere == '(ti:"ICRA" OR abs:"ICRA" OR co:"ICRA" OR jr:"ICRA")'


def test_searches_with_their_own_categories_are_one_query() -> None:
    searches = (
        search(any=("LLM",), within=MatchField.TITLE, categories=("cs.AR",)),
        search(categories=("cs.RO",)),
    )
    asked = build_search_query(keyword("EDA", searches=searches))
    assert asked == '((ti:"LLM" AND cat:cs.AR) OR cat:cs.RO)'


@pytest.mark.parametrize(
    ("phrase", "sent"),
    [
        (
            "La3Ni2O7",
            [
                *("La3Ni2O7", "La _3 Ni _2 O _7", "La 3 Ni 2 O 7", "La_3Ni_2O_7"),
                *("La _3 the Ni _2 the O _7", "La 3 the Ni 2 the O 7"),
            ],
        ),
        ("MoS2 films", ["MoS2 films", "MoS _2 films", "MoS 2 films", "MoS_2 films"]),
        ("\u221e-categories", ["categories", "infty categories"]),
        ("Qwen2", ["Qwen2"]),
        ("graph networks", ["graph networks"]),
    ],
)
def test_formulas_are_asked_for_in_the_forms_in_which_arxiv_has_them(
    phrase: str, sent: list[str]
) -> None:
    assert [*list_spellings(phrase)] == sent
    asked = build_search_query(keyword(phrase, within=MatchField.TITLE))
    assert asked.count("ti:") == len(sent)


@pytest.mark.parametrize("phrase", ["on-policy", "AIS", "C++", "news", "text to image", "MoS2"])
def test_what_arxiv_takes_more_broadly_is_not_excluded_by_it(phrase: str) -> None:
    asked = build_search_query(keyword("x", within=MatchField.TITLE, none=(phrase,)))
    assert asked == 'ti:"x"'
    asked = build_search_query(keyword("x", within=MatchField.TITLE, none=(phrase, "survey")))
    assert asked == '(ti:"x" ANDNOT ti:"survey")'
    asked = build_search_query(keyword("x", within=MatchField.TITLE, none=("survey",), exact=True))
    assert asked == 'ti:"x"'


def test_what_is_excluded_is_excluded_from_title_and_abstract_alike() -> None:
    asked = build_search_query(keyword("x", within=MatchField.BOTH, none=("survey",)))
    assert asked.endswith('ANDNOT (ti:"survey" OR abs:"survey"))')


@pytest.mark.parametrize(
    ("phrase", "sent"),
    [
        ("graph-neural", "graph neural"),
        ("C++", "C++"),
        ("a/b", "a b"),
        ("pi_0", "pi_0"),
        ("_x_", "x"),
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
    assert build_search_query(keyword(phrase, within=MatchField.TITLE)) == f'ti:"{sent}"'


@given(st.text(min_size=1))
def test_nothing_breaks_out_of_its_quotes(phrase: str) -> None:
    asked = build_search_query(keyword(phrase, within=MatchField.TITLE))
    terms = asked.strip("()").split(" OR ti:")
    assert asked.count('"') == 2 * len(terms) == 2 * len(list_spellings(phrase))
    assert all(re.fullmatch(r'(ti:)?"[^"\\]+"', term) for term in terms)


def test_a_page_is_asked_for_newest_first() -> None:
    parameters = newest_first_parameters(keyword("C++"), 100, 50)
    asked = parse_qs(urlsplit(build_url("https://example.org/api/query", parameters)).query)
    assert asked == {
        "search_query": ['(ti:"C++" AND abs:"C++")'],
        "start": ["100"],
        "max_results": ["50"],
        "sortBy": ["lastUpdatedDate"],
        "sortOrder": ["descending"],
    }
