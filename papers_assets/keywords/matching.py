"""Match papers against keywords, by the reader's rules and by those of arXiv's search.

`Matcher` decides which papers are listed: words must be adjacent, stop words included, and signs
that arXiv's search ignores must be present. `SearchMatcher` decides whether arXiv's search can find
a paper for the keyword's query; any other paper should not be in an answer. `Matchers` returns the
results of `Matcher` for thousands of keywords without running each of them.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter
from typing import Any

from papers_assets.arxiv.analysis import ArxivPhrase
from papers_assets.arxiv.models import Paper
from papers_assets.keywords.model import Keyword, MatchField, Search
from papers_assets.keywords.phrases import Phrase, ReaderText
from papers_assets.keywords.query import SUBFIELDS, list_sent_exclusions, list_spellings

MATCHED = ("title", "abstract", "categories", "comment", "journal_ref", "primary_category")
"""The columns and fields of a paper used for matching, in the order that matchers take them."""
_matched_fields = attrgetter(*MATCHED)


class SentPhrase:
    """A phrase as arXiv's search interprets it, in every spelling that is sent."""

    def __init__(self, phrase: str, *, exact: bool = False) -> None:  # noqa: ARG002 - as `Phrase`
        self._spellings = [*map(ArxivPhrase, list_spellings(phrase))]

    def is_in(self, text: ReaderText, field: MatchField) -> bool:
        """Whether arXiv finds the phrase in a field with this text."""
        match field:
            case MatchField.TITLE:
                return any(phrase.is_in_title(text.analyzed) for phrase in self._spellings)
            case MatchField.ABSTRACT:
                return any(phrase.is_in_abstract(text.analyzed) for phrase in self._spellings)
        return any(phrase.is_in_comment(text.analyzed) for phrase in self._spellings)


class CandidatePaper:
    """A paper to match, whose texts are analyzed once for all matchers."""

    def __init__(  # noqa: PLR0913, PLR0917 - the fields `MATCHED`
        self,
        title: str,
        abstract: str,
        categories: Iterable[str],
        comment: str | None = None,
        journal_ref: str | None = None,
        primary_category: str | None = None,
    ) -> None:
        self.texts = {
            MatchField.TITLE: ReaderText(title),
            MatchField.ABSTRACT: ReaderText(abstract),
            MatchField.COMMENT: ReaderText(comment or ""),
            MatchField.JOURNAL: ReaderText(journal_ref or ""),
        }
        self.categories = tuple(categories)
        # arXiv lists the primary category first.
        self.primary_category = primary_category or next(iter(self.categories), "")


# Thousands of keywords have the same few categories.
_to_set: Callable[[tuple[str, ...]], frozenset[str]] = lru_cache(maxsize=1 << 10)(frozenset)


class _SearchMatcher:
    """A matcher for one search of a keyword, with phrases of type `phrase_type`."""

    def __init__(self, search: Search, phrase_type: type[Phrase] | type[SentPhrase]) -> None:
        def prepare(phrases: Iterable[tuple[str, MatchField]]) -> list[_Wanted]:
            return [(phrase_type(text, exact=search.exact), field) for text, field in phrases]

        self._groups = [prepare(group) for group in search.groups]
        sent = phrase_type is SentPhrase
        self._excluded = prepare(list_sent_exclusions(search) if sent else search.excluded)
        self._categories = _to_set(search.expanded_categories)
        # arXiv's query language cannot ask for the primary category.
        self._primary_only = not (search.cross_lists or sent)

    def matches(self, paper: CandidatePaper) -> bool:
        among = [paper.primary_category] if self._primary_only else paper.categories
        if self._categories and self._categories.isdisjoint(among):
            return False
        return all(
            any(_is_found(*wanted, paper) for wanted in group) for group in self._groups
        ) and not any(_is_found(*unwanted, paper) for unwanted in self._excluded)


_Wanted = tuple[Phrase | SentPhrase, MatchField]


def _is_found(phrase: Phrase | SentPhrase, field: MatchField, paper: CandidatePaper) -> bool:
    if field is MatchField.BOTH:
        return all(phrase.is_in(paper.texts[f], f) for f in (MatchField.TITLE, MatchField.ABSTRACT))
    return any(phrase.is_in(paper.texts[f], f) for f in SUBFIELDS.get(field, (field,)))


class Matcher:
    """A matcher for the papers that are listed for a keyword."""

    _phrase_type: type[Phrase] | type[SentPhrase] = Phrase

    def __init__(self, keyword: Keyword) -> None:
        self._searches = [_SearchMatcher(search, self._phrase_type) for search in keyword.searches]

    def __call__(self, *fields: Any) -> bool:
        """Whether a paper with these fields, those of `CandidatePaper`, matches."""
        return self.matches(CandidatePaper(*fields))

    def matches(self, paper: CandidatePaper) -> bool:
        """Whether `paper`, whose analyzed texts other matchers can share, matches."""
        return any(search.matches(paper) for search in self._searches)

    def select_matching(self, papers: Iterable[Paper]) -> list[Paper]:
        """Return the papers that match, in the same order."""
        return [paper for paper in papers if self(*_matched_fields(paper))]


class SearchMatcher(Matcher):
    """A matcher for the papers that arXiv's search can find for a keyword's query."""

    _phrase_type = SentPhrase


class Matchers:
    """A matcher for many keywords at once.

    An index of the phrases' words finds the few keywords that a paper may match, and the `Matcher`
    of each of them decides.
    """

    def __init__(self, keywords: Sequence[Keyword]) -> None:
        self._names = [keyword.name for keyword in keywords]
        self._matchers = [Matcher(keyword) for keyword in keywords]
        self._always: set[int] = set()
        """The keywords with a search without phrases, or with a phrase of only signs."""
        phrases: dict[MatchField, list[tuple[_Words, int]]] = defaultdict(list)
        for number, keyword in enumerate(keywords):
            for search in keyword.searches:
                # One phrase of each group must be found, so that indexing one group is enough.
                for text, field in next(iter(search.groups), ()):
                    stems = Phrase(text).stems
                    for part in _searched_fields(field):
                        phrases[part].append((stems, number))
                    if not stems:
                        self._always.add(number)
                if not search.groups:
                    self._always.add(number)
        self._indexes = {field: _PhraseIndex(found) for field, found in phrases.items()}

    def __call__(self, *fields: Any) -> list[str]:
        """Return the names of the keywords that a paper matches, in the keywords' order.

        The fields are those of `CandidatePaper`.
        """
        paper = CandidatePaper(*fields)
        found = (index.find_candidates(paper.texts[f].stems) for f, index in self._indexes.items())
        return [
            self._names[number]
            for number in sorted(self._always.union(*found))
            if self._matchers[number].matches(paper)
        ]


def _searched_fields(field: MatchField) -> tuple[MatchField, ...]:
    # A phrase that must be in both is indexed for the title, which is shorter.
    return (MatchField.TITLE,) if field is MatchField.BOTH else SUBFIELDS.get(field, (field,))


_Words = tuple[str, ...]


class _PhraseIndex:
    """An index that finds the keywords, by number, whose phrases may be in a text."""

    def __init__(self, phrases: Iterable[tuple[_Words, int]]) -> None:
        phrases = [(words, number) for words, number in phrases if words]
        # A phrase is indexed by the pair of adjacent words in it that the fewest phrases share:
        # "large language" would find every phrase about such models.
        usual = Counter(pair for words, _ in phrases for pair in _word_pairs(words))
        self._numbers: dict[_Words, set[int]] = defaultdict(set)
        for words, number in phrases:
            self._numbers[min(_word_pairs(words), key=usual.__getitem__)].add(number)

    def find_candidates(self, stems: Sequence[str]) -> set[int]:
        """Return all keywords that may have a phrase in a text, and few others."""
        found = self._numbers.keys() & {*zip(stems), *_word_pairs(stems)}
        return set().union(*map(self._numbers.__getitem__, found))


def _word_pairs(words: Sequence[str]) -> list[_Words]:
    """Return the pairs of adjacent words; a single word is returned alone."""
    return [*pairwise(words)] or [tuple(words)]
