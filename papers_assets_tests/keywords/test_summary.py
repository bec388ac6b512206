from typing import Any

import pytest

from papers_assets.keywords.model import Keyword, MatchField, Phrase, Revisions
from papers_assets.keywords.summary import list_warnings, summarize
from papers_assets_tests.helpers.factories import keyword, search

API = "https://export.arxiv.org/api/query"


def warned(asked: Keyword) -> str:
    return "\n".join(list_warnings(asked, API))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            keyword("compiler", categories=("cs", "stat")),
            'compiler: "compiler" in title and abstract; cs, stat; newest 100',
        ),
        (
            keyword("graph networks", cap=20),
            'graph networks: "graph networks" in title or abstract; all of arXiv; newest 20',
        ),
        (
            keyword(
                "x", any=("a", "b"), all=(("c", "d"), "e"), none=("f",), within=MatchField.TITLE
            ),
            (
                'x: ("a" or "b" in title) and ("c" or "d" in title) and "e" in title, without "f" '
                "in title; all of arXiv; newest 100"
            ),
        ),
        (
            keyword("x", any=(Phrase("a", MatchField.TITLE), Phrase("ICRA", MatchField.COMMENT))),
            'x: "a" in title or "ICRA" in comment; all of arXiv; newest 100',
        ),
        (
            keyword("robotics", any=(), categories=("cs.RO",), cross_lists=False),
            "robotics: every paper; primary category cs.RO; newest 100",
        ),
        (
            keyword("AIS", exact=True, revisions=Revisions.EXCLUDE),
            (
                'AIS: "AIS" in title and abstract, spelled exactly so; all of arXiv; first '
                "versions only; newest 100"
            ),
        ),
        (
            keyword(
                "EDA",
                searches=(
                    search(any=("LLM",), within=MatchField.TITLE, categories=("cs.AR",)),
                    search(any=("chip design",), categories=("cs.LG",)),
                ),
            ),
            'EDA: "LLM" in title; cs.AR | or "chip design" in title or abstract; cs.LG; newest 100',
        ),
    ],
)
def test_a_keyword_is_said_in_one_line(asked: Keyword, said: str) -> None:
    assert summarize(asked) == said


@pytest.mark.parametrize(
    ("phrase", "remedy"),
    [
        ("compiler OR LLVM", "in any"),
        ("compiler AND LLVM", "in all"),
        ("compiler NOT LLVM", "in none"),
        ("compiler ANDNOT LLVM", "in none"),
        ("graph -survey", "in none"),
        ("-survey", "in none"),
        ("cat:cs.LG", "use categories"),
        ("au:Example", "authors cannot"),
        ("ti:compiler", "use in"),
        ("diffus*", "leave them out"),
        ("wom?n", "leave them out"),
        ("compiler, LLVM", "in any or all"),
        ("IT", "finds nothing"),
        ("The", "finds nothing"),
        ("on-policy", 'leaves out "on"'),
        ("AT&T", 'leaves out "at"'),
        ("hepatitis A", 'leaves out "a"'),
        ("A* search", "does not know its signs"),
        (".NET", "does not know its signs"),
        ("C++", "does not know its signs"),
    ],
)
def test_a_phrase_that_will_surprise_is_warned_about_with_the_remedy(
    phrase: str, remedy: str
) -> None:
    assert f'"{phrase}": ' in warned(keyword(phrase))
    assert remedy in warned(keyword(phrase))


@pytest.mark.parametrize(
    "phrase",
    [
        *("graph neural networks", "chain-of-thought", "text to image", "U.S. policy", "LLM"),
        *("operating systems", "La3Ni2O7", "1,000 genomes", "..", "Llama 3.1"),
    ],
)
def test_an_ordinary_phrase_is_not_warned_about(phrase: str) -> None:
    assert warned(keyword(phrase)) == ""


def test_phrases_of_all_none_and_further_searches_are_looked_at_too() -> None:
    first = search(any=("x",), all=(("y", "a OR b"),), none=("cat:cs",))
    found = warned(keyword("x", searches=(first, search(any=("au:me",)))))
    assert all(phrase in found for phrase in ('"a OR b"', '"cat:cs"', '"au:me"'))


def test_a_word_among_alternatives_that_must_be_in_both_fields_is_pointed_at() -> None:
    options: dict[str, Any] = {"any": ("NeRF", "radiance field")}
    assert '"NeRF" must be in title and abstract' in warned(keyword("x", **options))
    assert warned(keyword("x", **options, within=MatchField.EITHER)) == ""
    assert warned(keyword("NeRF")) == ""


def test_a_query_that_does_not_fit_a_request_line_is_told() -> None:
    many = tuple(f"a phrase with number {n}" for n in range(70))
    assert "sent by POST" in warned(keyword("x", any=many))
