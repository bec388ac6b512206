"""How arXiv's search engine splits text into words, and what it finds for a quoted phrase.

arXiv indexes a title and an abstract with Lucene's EnglishAnalyzer (`*.english`), and unstemmed
with its StandardAnalyzer. This module does the same in Python. Sources: arXiv/arxiv-search at
764d7ebd (mappings/DocumentMapping.json, search/services/index/prepare.py; Elasticsearch 6.2.4,
that is Lucene 7.2.1), and Unicode's UAX #29. `make lucene` compares it with a real Lucene.

Our own matching uses `split_words`, `stem` and `strip_possessive`, too. `AnalyzedText` and
`ArxivPhrase` only reproduce arXiv's.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache

import snowballstemmer

STOP_WORDS = frozenset(
    "a an and are as at be but by for if in into is it no not of on or such that the their then"  # noqa: SIM905 (a list of 33 would take 33 lines)
    " there these they this to was will with".split()
)
"""The words that `analyze_english` leaves out (source: Lucene's EnglishAnalyzer)."""

# Letters, digits and underscores, but not underscores alone. A colon, full stop or
# apostrophe between two letters does not separate words, nor does a comma, semicolon, full stop or
# apostrophe between two digits.
_ASCII_WORD = re.compile(
    r"_*[A-Za-z0-9]\w*(?:(?:(?<=[A-Za-z])[:.'](?=[A-Za-z])|(?<=[0-9])[,;.'](?=[0-9]))\w+)*",
    re.ASCII,
)

# The same for any text, as a pattern over the classes of its characters (`_CharClasses`):
# L letter, N digit, _ underscore, K Katakana, H Han or Hiragana, C a script without spaces such as
# Thai, x a mark that belongs to the preceding character, and the characters that may stand between
# two letters (:), two digits (,) or both (.).
_LETTERS = "L+x*(?:(?:[:.]x*)?L+x*)*"
_DIGITS = "N+x*(?:(?:[,.]x*)?N+x*)*"
_RUN = f"(?:(?:{_LETTERS}|{_DIGITS})+|(?:Kx*)+)"
_WORD = re.compile(f"(?:_x*)*{_RUN}(?:(?:_x*)+{_RUN})*(?:_x*)*|(?:Cx*)+|Hx*")

_CONNECTORS = {
    **dict.fromkeys(":\u00b7\u02d7\u0387\u05f4\u2027\ufe13\ufe55\uff1a", ":"),
    **dict.fromkeys(",;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044", ","),
    **dict.fromkeys("\ufe10\ufe14\ufe50\ufe54\uff0c\uff1b", ","),
    **dict.fromkeys(".'\u2018\u2019\u2024\ufe52\uff07\uff0e", "."),
}
_SCRIPTS = {
    **dict.fromkeys(("CJK", "HANGZHOU", "HIRAGANA"), "H"),
    **dict.fromkeys(("KATAKANA", "KATAKANA-HIRAGANA"), "K"),
    **dict.fromkeys(("THAI", "LAO", "KHMER", "MYANMAR", "TAI", "NEW"), "C"),  # New Tai Lue
}
"""Classes of letters by the first word of their names."""
_CATEGORY_KINDS = {
    **dict.fromkeys(("Lu", "Ll", "Lt", "Lm", "Lo", "Nl"), "L"),
    **dict.fromkeys(("Mn", "Mc", "Me", "Cf"), "x"),
    "Nd": "N",
    "Pc": "_",
}
"""Classes by Unicode's general category."""


class _CharClasses(dict[int, str]):
    """The classes of characters, for `str.translate`; each is computed once."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _classify(chr(code))
        return found


def _classify(char: str) -> str:
    category = unicodedata.category(char)
    script = unicodedata.name(char, "").removeprefix("HALFWIDTH ").partition(" ")[0]
    if category in ("Lo", "Lm", "Nl") and script in _SCRIPTS:
        return _SCRIPTS[script]
    return _CATEGORY_KINDS.get(category, " ")


_char_classes = _CharClasses(
    {
        **{ord(char): kind for char, kind in _CONNECTORS.items()},
        **dict.fromkeys(range(0x24B6, 0x24EA), "L"),  # circled letters, which are symbols
        0x066B: "N",  # the Arabic decimal separator
        0x200B: " ",  # the zero-width space
    }
)


Analyzer = Callable[[str], Sequence[str | None]]
"""Returns the tokens of a text by position; None where a word was left out."""


def split_words(text: str) -> list[str]:
    """Return the words of a text as they are written, in order (source: UAX #29).

    "Fine-tuning OnPrem.LLM 3.5 (snake_case)" has the words "Fine", "tuning", "OnPrem.LLM", "3.5"
    and "snake_case". Each character of Han and Hiragana is a word; emoji are not words.
    """
    if text.isascii():  # as most texts are; this is faster
        return _ASCII_WORD.findall(text)
    return [text[slice(*match.span())] for match in _WORD.finditer(text.translate(_char_classes))]


def strip_possessive(word: str) -> str:
    """Return a word without a final 's."""
    return word[:-2] if word.endswith(_POSSESSIVES) else word


_POSSESSIVES = tuple(f"{apostrophe}{s}" for apostrophe in "'\u2019\uff07" for s in "sS")

_porter: Callable[[str], str] = snowballstemmer.stemmer("porter").stemWord
_VOWEL = re.compile("[aeiou]|.y")
_VOWEL_AND_CONSONANT = re.compile("(?:[aeiou]|(?<=[^aeiouy])y)[^aeiou]")
# Double consonants that Snowball keeps: it reduces only b, d, f, g, m, n, p, r and t.
_DOUBLED = re.compile(r"(.*([^aeioubdfglmnprstyz])\2)(?:ed|ing)s?")


@lru_cache(maxsize=1 << 17)  # texts repeat their words, and stemming takes 20 microseconds
def stem(word: str) -> str:
    """Return the stem of a word in lower case, as Lucene's PorterStemFilter does.

    Lucene implements the later edition of Porter's algorithm, Snowball's "porter" the published
    one. They differ in four ways (source: https://tartarus.org/martin/PorterStemmer/, "points of
    difference", and Lucene's PorterStemmer.java).
    """
    if len(word) <= 2:  # noqa: PLR2004 (1. such words stay as they are: "us")
        return word
    doubled = _DOUBLED.fullmatch(word)
    if doubled and _VOWEL.search(doubled[1]):  # 2. "grokking" as "dropping"
        word = doubled[1][:-1]
    found = _porter(word)
    if found.endswith("logi") and _VOWEL_AND_CONSONANT.search(found[:-4]):  # 3. -logi becomes -log
        return found[:-1]
    if found.endswith("bli") and _VOWEL_AND_CONSONANT.search(found[:-3]):  # 4. -bli becomes -ble
        return _porter(f"{found[:-1]}e")
    return found


def _lowercase(text: str) -> str:
    # Character by character, as in Java; str.lower treats these two characters differently.
    return text.replace("\u0130", "i").replace("\u03a3", "\u03c3").lower()


def analyze_standard(text: str) -> list[str]:
    """Return the words of a text in lower case: what `title` and `abstract` index."""
    return split_words(_lowercase(text))


def analyze_english(text: str) -> list[str | None]:
    """Return the stems of a text by position, None for a stop word: what `*.english` indexes."""
    return list(map(_stem_or_drop, analyze_standard(text)))


@lru_cache(maxsize=1 << 17)
def _stem_or_drop(word: str) -> str | None:
    word = strip_possessive(word)
    return None if word in STOP_WORDS else stem(word)


def analyze_simple(text: str) -> list[str | None]:
    """Return the words in lower case by position, None for a stop word.

    This is how arXiv indexes comments and journal references, and reads a quoted title.
    """
    return [None if word in STOP_WORDS else word for word in analyze_standard(text)]


_HOLE = "_"  # never a word


def _join_tokens(tokens: Iterable[str | None]) -> str:
    return " ".join(["", *(_HOLE if token is None else token for token in tokens), ""])


class AnalyzedText:
    """A text whose analyses are computed once, when first needed."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def english(self) -> str:
        """The tokens of `analyze_english` as one string, a space before and after each."""
        return _join_tokens(analyze_english(self.text))

    @cached_property
    def standard(self) -> str:
        """The tokens of `analyze_standard` in the same form."""
        return _join_tokens(analyze_standard(self.text))

    @cached_property
    def simple(self) -> str:
        """The tokens of `analyze_simple` in the same form."""
        return _join_tokens(analyze_simple(self.text))


class ArxivPhrase:
    """What arXiv finds for a quoted phrase: `ti:"text"`, `abs:"text"`, `co:"text"`, `jr:"text"`.

    The phrase's stems must be adjacent. A stop word inside the phrase stands for any one word
    ("text to image" finds "text and image"); one at an end is left out ("on-policy" finds
    "policy").
    """

    def __init__(self, text: str) -> None:
        # The unstemmed fields matter only if `analyze_english` leaves nothing of the phrase: if its
        # words are adjacent, so are its stems.
        self.stems = _strip_holes(analyze_english(text))
        """The stems by position, None for any word; empty if the phrase has only stop words."""
        self._in_english = _make_finder(self.stems)
        self._in_simple = _make_finder(_strip_holes(analyze_simple(text)))
        self._in_standard = _make_finder(analyze_standard(text))

    def is_in_title(self, title: AnalyzedText) -> bool:
        """Whether `ti:"text"` finds a paper with this title."""
        if self.stems:
            return self._in_english(title.english)
        return self._in_simple(title.standard)

    def is_in_abstract(self, abstract: AnalyzedText) -> bool:
        """Whether `abs:"text"` finds a paper with this abstract."""
        if self.stems:
            return self._in_english(abstract.english)
        return self._in_standard(abstract.standard)

    def is_in_comment(self, comment: AnalyzedText) -> bool:
        """Whether `co:"text"` finds a paper with this comment.

        Journal references are searched in the same way. Neither is stemmed.
        """
        return self._in_simple(comment.simple)


def _strip_holes(tokens: Sequence[str | None]) -> tuple[str | None, ...]:
    """Return the tokens from the first to the last that is not None."""
    kept = [position for position, token in enumerate(tokens) if token is not None]
    return tuple(tokens[kept[0] : kept[-1] + 1]) if kept else ()


def _make_finder(tokens: Sequence[str | None]) -> Callable[[str], bool]:
    """Return a test whether a joined text has the tokens in a row, None for any token."""
    if not tokens:
        return lambda _: False
    wanted = _join_tokens(tokens)
    if None not in tokens:
        return lambda joined: wanted in joined
    terms = ("[^ ]+" if token is None else re.escape(token) for token in tokens)
    pattern = re.compile(f" {' '.join(terms)} ")
    return lambda joined: pattern.search(joined) is not None
