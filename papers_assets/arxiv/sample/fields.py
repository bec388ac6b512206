"""The fields of a paper as arXiv indexes them, and the matching of a query's terms in each.

Texts are analyzed by `papers_assets.arxiv.analysis`, as arXiv does, and not by our own matching,
which is tested against this. Source: github.com/arXiv/arxiv-search at 764d7ebd,
mappings/DocumentMapping.json and search/services/index/prepare.py and authors.py. Fields that no
sample paper has are left out (report numbers, ORCID, ACM and MSC classes), and so are matches of
`all:` in ids, names of categories and dates.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from papers_assets.arxiv.analysis import (
    STOP_WORDS,
    AnalyzedText,
    ArxivPhrase,
    analyze_english,
    analyze_simple,
    analyze_standard,
)


class Fields:
    """The texts of a paper; each analysis is made when first needed, and cached."""

    def __init__(
        self, title: str, abstract: str, comment: str, journal_ref: str, authors: Iterable[str]
    ) -> None:
        self.title = AnalyzedText(title)
        self.abstract = AnalyzedText(abstract)
        self.comment = AnalyzedText(comment)
        self.journal_ref = AnalyzedText(journal_ref)
        self._authors = tuple(authors)

    @cached_property
    def authors(self) -> tuple[str, ...]:
        """The folded words of each author's name, a space before and after each word."""
        return tuple(_join_tokens(_fold(name)) for name in self._authors)

    @cached_property
    def combined(self) -> str:
        """The folded words of all fields, one field per line, so that no phrase spans two."""
        analyzed = (self.title, self.abstract, self.comment, self.journal_ref)
        texts = (*(each.text for each in analyzed), *self._authors)
        return "\n".join(_join_tokens(_mark_stop_words(text)) for text in texts)


FieldTest = Callable[[Fields], bool]
"""Returns whether a paper with these fields matches."""


def make_field_test(prefix: str, text: str, *, quoted: bool) -> FieldTest:
    """Return the test for a term: `ti:text` or, quoted, `ti:"text"`.

    The words of a quoted text must be adjacent. Without quotes, all words must occur; one with `*`
    or `?` matches any fitting word in the form in which the field is indexed.

    Args:
        prefix: one of `PREFIXES`.
        text: the text without quotes.
        quoted: whether it was quoted.
    """
    return PREFIXES[prefix](text, quoted)


def _make_word_test(
    has_phrase: Callable[[ArxivPhrase, Fields], bool],
    joined: Callable[[Fields], str],
    tokens: Callable[[str], Sequence[str | None]],
) -> "_MakeFieldTest":
    """Return the factory of tests for a field of words.

    Args:
        has_phrase: whether a quoted phrase is in the field.
        joined: the field's tokens, in which unquoted words are searched.
        tokens: the analyzer of unquoted words.
    """

    def make_test(text: str, quoted: bool) -> FieldTest:  # noqa: FBT001
        if quoted:
            phrase = ArxivPhrase(text)
            return lambda fields: has_phrase(phrase, fields)
        has_words = _make_every_word_test(text, tokens)
        return lambda fields: has_words(joined(fields))

    return make_test


def _make_author_test(text: str, quoted: bool) -> FieldTest:  # noqa: FBT001
    # Quoted words must be in the same name, in any order.
    has_words = _make_every_word_test(text, _fold)
    if quoted:
        return lambda fields: any(map(has_words, fields.authors))
    return lambda fields: has_words("".join(fields.authors))


def _make_combined_test(text: str, quoted: bool) -> FieldTest:  # noqa: FBT001
    if not quoted:
        has_words = _make_every_word_test(text, _mark_stop_words)
        return lambda fields: has_words(fields.combined)
    words = _join_tokens(_mark_stop_words(text)).strip(f" {_STOP_WORD}").split()
    if not words:
        return _find_nothing
    any_word = {_STOP_WORD: r"\S+"}
    phrase = re.compile(f" {' '.join(any_word.get(w) or re.escape(w) for w in words)} ")
    return lambda fields: phrase.search(fields.combined) is not None


def _find_nothing(_: Fields) -> bool:
    return False


_MakeFieldTest = Callable[[str, bool], FieldTest]
"""Returns the test for a text, quoted or not."""

_TEXTS: Mapping[str, _MakeFieldTest] = {
    "ti": _make_word_test(
        lambda p, f: p.is_in_title(f.title), lambda f: f.title.english, analyze_english
    ),
    "abs": _make_word_test(
        lambda p, f: p.is_in_abstract(f.abstract), lambda f: f.abstract.english, analyze_english
    ),
    # Comments are indexed without stop words, but unquoted ones are searched: `co:the` finds
    # nothing.
    "co": _make_word_test(
        lambda p, f: p.is_in_comment(f.comment), lambda f: f.comment.simple, analyze_standard
    ),
    "jr": _make_word_test(
        lambda p, f: p.is_in_comment(f.journal_ref), lambda f: f.journal_ref.simple, analyze_simple
    ),
    "au": _make_author_test,
    "rn": lambda _, __: _find_nothing,  # sample papers have no report numbers
}


def _make_any_field_test(text: str, quoted: bool) -> FieldTest:  # noqa: FBT001
    tests = [make(text, quoted) for make in (*_TEXTS.values(), _make_combined_test)]
    return lambda fields: any(test(fields) for test in tests)


PREFIXES: Mapping[str, _MakeFieldTest] = {**_TEXTS, "all": _make_any_field_test}
"""The prefixes of text fields, each with the factory of its tests."""

_STOP_WORD = "\0"
"""A placeholder for a stop word; it is in no text."""
_NOT_IN_COMBINED = str.maketrans("", "", ".,;")


def _make_every_word_test(
    text: str, tokens: Callable[[str], Sequence[str | None]]
) -> Callable[[str], bool]:
    """Return a test whether joined tokens have all words of an unquoted text; False if none."""
    wanted: list[str] = []
    for part in text.split():
        if "*" in part or "?" in part:
            pattern = re.escape(part.lower())
            wanted.append(pattern.replace(r"\*", r"\S*").replace(r"\?", r"\S"))
        else:
            wanted += (re.escape(token) for token in tokens(part) if token)
    patterns = [re.compile(f" {each} ") for each in wanted]
    return lambda joined: bool(patterns) and all(p.search(joined) for p in patterns)


def _join_tokens(tokens: Iterable[str | None]) -> str:
    return " ".join(["", *(token or _STOP_WORD for token in tokens), ""])


def _fold(text: str) -> list[str]:
    """Return the words between spaces, in lower case, without accents and `.,;`."""
    plain = text.translate(_NOT_IN_COMBINED).casefold()
    if not plain.isascii():  # most texts are ASCII
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return plain.split()


def _mark_stop_words(text: str) -> list[str | None]:
    return [None if word in STOP_WORDS else word for word in _fold(text)]
