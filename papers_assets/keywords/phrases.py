"""Texts and phrases as a reader understands them, to decide which papers are listed.

The words of a phrase must be adjacent, stop words included, in any case and with any ending. An
acronym may only have a plural ending. Signs that arXiv's search drops ("C++", "A*") must be
present.
"""

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache

from papers_assets.arxiv.analysis import (
    STOP_WORDS,
    AnalyzedText,
    split_words,
    stem,
    strip_possessive,
)
from papers_assets.keywords.model import MatchField
from papers_assets.keywords.tex import flatten_tex

_NOT_PLURAL = frozenset({"news", "atlas", "bias", "cosmos", "lens", "andes"})
"""Singular words that end in s: Porter's stemmer treats "news" as a form of "new"."""
_COMMON_WORDS = STOP_WORDS | {
    *("all", "can", "do", "has", "how", "its", "may", "one", "our", "so", "us", "we", "who"),
}
"""Common words that mean something else in capitals."""
_MAX_SHORT_WORD = 2
"""Number of letters. Such short words equal the stems of unrelated words: "us" is the stem of
"using"."""

# Signs that carry meaning but that arXiv's search drops: "C++", "A*", ".NET", "@home", and symbols.
_SIGN_PATTERN = re.compile(r"[^\W_]*[+#*\u2190-\u22ff]+|(?<!\w)[.@][^\W\d_]+")


class ReaderText:
    """A text as a reader sees it, analyzed only once and only when needed."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def lower(self) -> str:
        """The text in lower case if it is ASCII, else empty. Spaces separate words in it."""
        return self._text.lower() if self._text.isascii() else ""

    @cached_property
    def _closed_up(self) -> str:
        return flatten_tex(self._text)

    @cached_property
    def literal(self) -> str:
        """The text with its signs, to search for signs."""
        return self._closed_up.replace("$", "").casefold()

    @cached_property
    def as_written(self) -> list[str]:
        """The words without possessive endings."""
        return _split_words(self._closed_up)

    @cached_property
    def plain(self) -> list[str]:
        """The words in lower case."""
        return _split_words(self._closed_up.casefold())

    @cached_property
    def stems(self) -> list[str]:
        """The stems of the words, by `_stem`."""
        return [*map(_stem, self.plain)]

    @cached_property
    def spaced(self) -> str:
        """The stems in one string, separated by spaces."""
        return _join_spaced(self.stems)

    @cached_property
    def analyzed(self) -> AnalyzedText:
        """The text as arXiv indexes it."""
        return AnalyzedText(self._text)


def _split_words(text: str) -> list[str]:
    # Readers, unlike arXiv's index, see two words in "learning:a".
    found = split_words(text.replace(":", " ").replace("\u00b7", " "))
    if "'" in text or not text.isascii():  # most texts have no possessive
        return [*map(strip_possessive, found)]
    return found


@lru_cache(maxsize=1 << 17)
def _stem(word: str) -> str:
    """Return the stem of a word.

    A word of at most two letters is its own stem. A stem as short of a longer word gets a hyphen.
    """
    if len(word) <= _MAX_SHORT_WORD:
        return word
    found = stem(word)
    return found if len(found) > _MAX_SHORT_WORD else f"{found}-"


def _join_spaced(texts: Iterable[str]) -> str:
    return " ".join(["", *texts, ""])


class Phrase:
    """A phrase as a reader means it, prepared once to be searched for in many texts."""

    def __init__(self, phrase: str, *, exact: bool = False) -> None:
        text = ReaderText(phrase)
        self.stems = tuple(text.stems)
        """The stems of its words, in order; empty if the phrase consists of signs."""
        self._plain = _join_spaced(text.plain)
        self._spaced = text.spaced
        spellings = [_spelling_pattern(word, exact=exact) for word in text.as_written]
        self._spellings = spellings if any(spellings) else []
        signs = (
            _SIGN_PATTERN.findall(flatten_tex(phrase)) if self.stems else [" ".join(phrase.split())]
        )
        self._signs = [_sign_pattern(sign.casefold()) for sign in signs]

    @property
    def has_signs(self) -> bool:
        """Whether the phrase has signs that arXiv's search ignores."""
        return bool(self._signs)

    @property
    def has_same_search_result(self) -> bool:
        """Whether arXiv's search finds the phrase only in texts that `is_in` accepts.

        It does not if it drops signs or stop words of the phrase, treats an acronym like another
        word, or treats a short word as a stem.
        """
        return not (self._signs or self._spellings) and all(
            len(word) > _MAX_SHORT_WORD and word not in STOP_WORDS and not found.endswith("-")
            for word, found in zip(self._plain.split(), self.stems, strict=True)
        )

    def is_in(self, text: ReaderText, _: MatchField | None = None) -> bool:
        """Whether the phrase is in `text`, of any field."""
        if not (self._is_plainly_in(text) or self._spaced in text.spaced):
            return False
        if self._spellings and not self._is_spelled_in(text):
            return False
        return all(sign.search(text.literal) for sign in self._signs)

    def _is_plainly_in(self, text: ReaderText) -> bool:
        # Most often the text has the very words, and need not be split or stemmed.
        return self._plain in text.lower

    def _is_spelled_in(self, text: ReaderText) -> bool:
        length = len(self._spellings)
        return any(
            text.stems[start : start + length] == [*self.stems]
            and all(
                spelling is None or spelling.fullmatch(word)
                for spelling, word in zip(self._spellings, text.as_written[start:], strict=False)
            )
            for start in range(len(text.stems) - length + 1)
        )


def _spelling_pattern(word: str, *, exact: bool) -> re.Pattern[str] | None:
    """Return the pattern of a word's allowed spellings; None if any ending is allowed.

    A word in capitals is an acronym, because Porter's stemmer treats "AIS" as a form of "AI".
    """
    lower = word.casefold()
    is_acronym = word.isupper() and len(word) > 1
    if not (exact or is_acronym or lower in _NOT_PLURAL):
        return None
    if is_acronym and lower in _COMMON_WORDS:
        return re.compile(re.escape(word))
    # "AIs" is the plural of "AI", not a spelling of "AIS", and "RaGS" is not the plural of "RAG".
    another = f"(?!{re.escape(word[:-1])}s$)" if word.endswith("S") else ""
    plural = "" if exact or lower.endswith("s") else "s?"
    return re.compile(f"{another}(?i:{re.escape(lower)}){plural}")


def _sign_pattern(sign: str) -> re.Pattern[str]:
    starts_word = sign[0].isalnum() or sign[0] in ".@"
    return re.compile(rf"(?<![^\W_]){re.escape(sign)}" if starts_word else re.escape(sign))
