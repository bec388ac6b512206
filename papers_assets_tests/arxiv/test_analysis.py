"""The truth is a real Lucene's: `python -m papers_assets_tests.lucene.truth` wrote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.analysis import (
    AnalyzedText,
    Analyzer,
    ArxivPhrase,
    analyze_english,
    split_words,
    stem,
    strip_possessive,
)
from papers_assets_tests.lucene import truth
from papers_assets_tests.lucene.tokens import ANALYZERS

TRUTH = truth.read()


def test_stems_are_those_of_lucene() -> None:
    assert {word: stem(word) for word in TRUTH["stems"]} == TRUTH["stems"]


@pytest.mark.parametrize(("name", "analyzer"), ANALYZERS.items())
def test_texts_have_the_tokens_of_lucene(name: str, analyzer: Analyzer) -> None:
    expected = {text: tokens[name] for text, tokens in TRUTH["tokens"].items()}
    assert {
        text: " ".join(token or "_" for token in analyzer(text)) for text in expected
    } == expected


def test_phrases_are_found_where_arxiv_finds_them() -> None:
    assert [
        [phrase, text, " ".join(found_in(ArxivPhrase(phrase), AnalyzedText(text)))]
        for phrase, text, _ in TRUTH["phrases"]
    ] == TRUTH["phrases"]


def found_in(phrase: ArxivPhrase, text: AnalyzedText) -> list[str]:
    found = {
        "ti": phrase.is_in_title(text),
        "abs": phrase.is_in_abstract(text),
        "co": phrase.is_in_comment(text),
        "jr": phrase.is_in_comment(text),
    }
    return [prefix for prefix, is_found in found.items() if is_found]


def test_a_stop_word_in_a_phrase_stands_for_any_word() -> None:
    phrase = ArxivPhrase("text to image")
    assert phrase.is_in_title(AnalyzedText("Text and Images"))
    assert not phrase.is_in_title(AnalyzedText("Text Images"))


def test_a_stop_word_at_an_end_of_a_phrase_is_left_out() -> None:
    assert ArxivPhrase("on-policy").stems == ("polici",)
    assert ArxivPhrase("vitamin A").stems == ("vitamin",)


def test_a_phrase_of_stop_words_is_found_in_abstracts_only() -> None:
    text = AnalyzedText("IT and the cloud")
    assert found_in(ArxivPhrase("IT"), text) == ["abs"]


def test_a_phrase_without_words_is_found_nowhere() -> None:
    assert found_in(ArxivPhrase("*"), AnalyzedText("*")) == []
    assert found_in(ArxivPhrase(""), AnalyzedText("")) == []


def test_nothing_is_stemmed_in_a_comment() -> None:
    phrase = ArxivPhrase("accepted at ICRA")
    assert phrase.is_in_comment(AnalyzedText("Accepted to ICRA 2026"))
    assert not phrase.is_in_comment(AnalyzedText("Accept at ICRA"))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Alzheimer's", "Alzheimer"),
        ("LLM\u2019s", "LLM"),
        ("BELL'S", "BELL"),
        ("Zipf\uff07s", "Zipf"),
        ("LLMs'", "LLMs'"),
        ("series", "series"),
        ("o'neill", "o'neill"),
    ],
)
def test_possessive_endings_are_cut(word: str, expected: str) -> None:
    assert strip_possessive(word) == expected


@given(st.text(alphabet="aZ0_ .,;:'-\u2019$", max_size=12))
def test_ascii_texts_have_the_same_words_as_other_texts_have(text: str) -> None:
    # A letter that no text has by chance makes the other way of finding words necessary.
    assert split_words(f"{text} \u0416") == [*split_words(text), "\u0416"]


@given(st.text(), st.text())
def test_words_are_parts_of_the_text_in_order(before: str, after: str) -> None:
    text = f"{before} {after}"
    position = 0
    for word in split_words(text):
        position = text.index(word, position) + len(word)
    assert len(analyze_english(text)) == len(split_words(text))
