"""Does a paper match a keyword? The one answer, for the local re-check and the sample arXiv alike.

arXiv's search is case-insensitive, stems words and treats everything that is neither a letter nor
a digit as a separator: "Graph Neural Networks" finds "graph-neural network". `normalize` does the
same to any text, so that a phrase is in a text when its words stand in it side by side.

`Matcher` asks it of one keyword; `Matchers` of thousands, without asking each of them.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise

import snowballstemmer

from papers_assets.keywords import Field, Keyword

_WORD = re.compile(r"[^\W_]+")
_SEPARATORS = {code: " " for code in range(128) if not chr(code).isalnum()}
# "C++" and "C#" are not "C": a phrase with such a sign must also be there to the letter.
_SIGN = re.compile(r"[^\W_][+#]")

_porter: Callable[[str], str] = snowballstemmer.stemmer("porter").stemWord
# Stemming is slow and texts repeat their words: with the cache, an abstract takes microseconds.
_stem = lru_cache(maxsize=1 << 17)(_porter)


def normalize(text: str) -> str:
    """Give the stems of the words of `text`, in order, a space before and after each.

    `" graph neural network "` for "Graph-Neural Networks"; `" "` when there is no word.
    """
    return _spaced(map(_stem, _words(text)))


def _words(text: str) -> list[str]:
    if text.isascii():  # most texts are, and there is a quicker way to the same words
        return text.lower().translate(_SEPARATORS).split()
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _spaced(words: Iterable[str]) -> str:
    return " ".join(["", *words, ""])


class Phrase:
    """A phrase to look for, prepared once and asked of many texts."""

    def __init__(self, text: str) -> None:
        words = _words(text)
        self.words = tuple(map(_stem, words))
        """Their stems, in order; none if the phrase is made of signs alone."""
        self._plain = _spaced(words)
        self._stems = _spaced(self.words)
        to_the_letter = not words or _SIGN.search(text)
        self._literal = " ".join(text.split()).casefold() if to_the_letter else None

    @property
    def is_exact(self) -> bool:
        """Whether arXiv's search can say the same; it does not know signs."""
        return self._literal is None

    def is_in(self, text: "_Text") -> bool:
        """Say whether the phrase is in `text`."""
        # Most often the words are there as they are, and need neither be parted nor stemmed.
        if not (
            self._plain in text.lower or self._plain in text.plain or self._stems in text.stems
        ):
            return False
        return self._literal is None or self._literal in text.text.casefold()


class _Text:
    """A text whose words are found once, and only if a phrase is looked for in it."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def lower(self) -> str:
        """The text in lower case: spaces in it part words, as other signs may. Only if ASCII."""
        return self.text.lower() if self.text.isascii() else ""

    @cached_property
    def plain(self) -> str:
        return _spaced(_words(self.text))

    @cached_property
    def words(self) -> list[str]:
        """The words' stems; one may be empty, as that of "s" is."""
        return list(map(_stem, self.plain.split()))

    @cached_property
    def stems(self) -> str:
        return _spaced(self.words)


# Thousands of keywords have the same few categories.
_as_set: Callable[[tuple[str, ...]], frozenset[str]] = lru_cache(maxsize=1 << 10)(frozenset)


class Matcher:
    """The re-check of one keyword: what arXiv was asked, answered locally."""

    def __init__(self, keyword: Keyword) -> None:
        self._any = [(Phrase(p), keyword.field_of(p)) for p in keyword.any]
        self._all = [(Phrase(p), keyword.field_of(p)) for p in keyword.all]
        self._none = [(Phrase(p), keyword.field_of_excluded) for p in keyword.none]
        self._categories = _as_set(keyword.expanded_categories)
        self.is_exact = all(p.is_exact for p, _ in [*self._any, *self._all, *self._none])
        """Whether arXiv's search, asked the same, is expected to give the same."""

    def __call__(self, title: str, abstract: str, categories: Iterable[str]) -> bool:
        """Say whether a paper with this title and abstract and these categories matches."""
        return self.matches(_Text(title), _Text(abstract), categories)

    def matches(self, in_title: _Text, in_abstract: _Text, categories: Iterable[str]) -> bool:
        """Say the same of texts that other keywords may be asked of, too."""
        if self._categories and self._categories.isdisjoint(categories):
            return False

        def found(phrase: Phrase, field: Field) -> bool:
            match field:
                case Field.TITLE:
                    return phrase.is_in(in_title)
                case Field.ABSTRACT:
                    return phrase.is_in(in_abstract)
                case Field.BOTH:
                    return phrase.is_in(in_title) and phrase.is_in(in_abstract)
                case Field.EITHER:
                    return phrase.is_in(in_title) or phrase.is_in(in_abstract)

        return (
            any(found(*wanted) for wanted in self._any)
            and all(found(*wanted) for wanted in self._all)
            and not any(found(*unwanted) for unwanted in self._none)
        )


class Matchers:
    """The re-check of many keywords at once: which of them does a paper match?

    An index over the phrases' words finds the few keywords that a paper may match, and those are
    asked: what a `Matcher` says is what holds.
    """

    def __init__(self, keywords: Sequence[Keyword]) -> None:
        self._names = [keyword.name for keyword in keywords]
        self._matchers = [Matcher(keyword) for keyword in keywords]
        phrases = [
            (keyword.field_of(phrase), Phrase(phrase).words, number)
            for number, keyword in enumerate(keywords)
            for phrase in keyword.any
        ]
        # What has to be in both is looked for in the title, which is shorter.
        self._in_title = _Index(p[1:] for p in phrases if p[0] is not Field.ABSTRACT)
        in_abstract = (Field.ABSTRACT, Field.EITHER)
        self._in_abstract = _Index(p[1:] for p in phrases if p[0] in in_abstract)

    def __call__(self, title: str, abstract: str, categories: Iterable[str]) -> list[str]:
        """Give the names of the keywords that a paper matches, in the keywords' order."""
        in_title, in_abstract, among = _Text(title), _Text(abstract), tuple(categories)
        candidates = self._in_title.candidates(in_title) | self._in_abstract.candidates(in_abstract)
        return [
            self._names[number]
            for number in sorted(candidates)
            if self._matchers[number].matches(in_title, in_abstract, among)
        ]


_Words = tuple[str, ...]


class _Index:
    """Finds, of keywords by number, those that a text may have a phrase of."""

    def __init__(self, phrases: Iterable[tuple[_Words, int]]) -> None:
        phrases = list(phrases)
        # Found by two words that stand side by side in it, those that the fewest phrases have:
        # "large language" would find every phrase about the models.
        usual = Counter(pair for words, _ in phrases for pair in _pairs(words))
        self._numbers: dict[_Words, set[int]] = defaultdict(set)
        self._always = set()
        for words, number in phrases:
            if words:
                self._numbers[min(_pairs(words), key=usual.__getitem__)].add(number)
            else:  # signs are looked for to the letter, and in no index
                self._always.add(number)

    def candidates(self, text: _Text) -> set[int]:
        """Give every keyword that may have a phrase in `text`; few of the others."""
        found = self._numbers.keys() & {*zip(text.words), *_pairs(text.words)}
        return self._always.union(*map(self._numbers.__getitem__, found))


def _pairs(words: Sequence[str]) -> list[_Words]:
    """Give each two words that stand side by side; of one word, that one alone."""
    return [*pairwise(words)] or [tuple(words)]
