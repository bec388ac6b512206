"""A search query as it was understood, and which papers it finds. `grammar.py` reads its text."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from operator import attrgetter

from papers_assets.matching import normalize
from papers_assets.sample_arxiv.corpus import Paper

Test = Callable[[Paper], bool]
"""Says whether a paper matches."""

TEXTS: dict[str, Callable[[Paper], str]] = {
    "ti": attrgetter("title_stems"),
    "au": attrgetter("author_stems"),
    "abs": attrgetter("abstract_stems"),
    "co": attrgetter("comment_stems"),
    "jr": attrgetter("journal_stems"),
    "all": attrgetter("all_stems"),
    "rn": lambda _: "",  # a corpus has no report numbers
}
"""The prefixes of texts, and how to get the normalized text of a paper."""
CATEGORY = "cat"
"""The prefix that asks for a category, primary or not: `cs.LG`, or with wildcards `cs.*`."""


class Operator(StrEnum):
    """What joins two parts of a query."""

    AND = "AND"
    OR = "OR"
    ANDNOT = "ANDNOT"


@dataclass(frozen=True)
class Term:
    """A word, phrase or category in a field: `ti:compiler`."""

    prefix: str
    text: str
    quoted: bool

    def __str__(self) -> str:
        return f'{self.prefix}:"{self.text}"' if self.quoted else f"{self.prefix}:{self.text}"

    @property
    def stems(self) -> str:
        """The text as it has to occur in a normalized one: " graph neural "."""
        return normalize(self.text)


@dataclass(frozen=True)
class Submitted:
    """A range of the time of version 1: two minutes, `202611200000`.

    Of the last one, only the first second is in the range.
    """

    first: str
    last: str

    def __str__(self) -> str:
        return f'submittedDate:"{self.first} TO {self.last}"'


@dataclass(frozen=True)
class Operation:
    """Two or more parts (for ANDNOT: two) that an operator joins."""

    operator: Operator
    parts: "tuple[Node, ...]"

    def __str__(self) -> str:
        *others, last = (
            f"({p})" if isinstance(p, Operation | Negation) else str(p) for p in self.parts
        )
        for other in reversed(others):
            last = f"({other} {self.operator} {last})"
        return last[1:-1]


@dataclass(frozen=True)
class Negation:
    """All papers but those of one term."""

    part: Term | Submitted

    def __str__(self) -> str:
        return f"{Operator.ANDNOT} {self.part}"


Node = Term | Submitted | Negation | Operation


@dataclass(frozen=True)
class Query:
    """A query as it was understood."""

    text: str
    """Rewritten to the documented grammar: what the feed's title shows."""
    root: Node

    @property
    def nested(self) -> str:
        """The query with the parentheses that it was understood to have, as in the feed's link."""
        return str(self.root)

    @cached_property
    def matches(self) -> Test:
        """Says whether a paper matches."""
        return _test(self.root)

    def relevance(self, paper: Paper) -> int:
        """Give how many of the query's words and phrases are in the title."""
        return sum(stems in paper.title_stems for stems in self._stems)

    @cached_property
    def _stems(self) -> tuple[str, ...]:
        texts = (term.stems for term in _terms(self.root) if term.prefix in TEXTS)
        return tuple(stems for stems in texts if stems.strip())


def _terms(node: Node) -> Iterator[Term]:
    if isinstance(node, Term):
        yield node
    elif isinstance(node, Operation):
        for part in node.parts:
            yield from _terms(part)


def _test(node: Node) -> Test:
    match node:
        case Submitted():
            first, last = _minute(node.first), _minute(node.last)
            return lambda paper: first <= paper.published <= last
        case Term(prefix=prefix) if prefix == CATEGORY:
            return _category_test(node.text)
        case Term(prefix=prefix):
            return _text_test(node.stems, TEXTS[prefix])
        case Negation(part=part):
            unwanted = _test(part)
            return lambda paper: not unwanted(paper)
        case Operation():
            return _joined_test(node.operator, tuple(map(_test, node.parts)))


def _text_test(stems: str, text_of: Callable[[Paper], str]) -> Test:
    if not stems.strip():  # a phrase of signs alone finds nothing
        return lambda _: False
    return lambda paper: stems in text_of(paper)


def _category_test(pattern: str) -> Test:
    # Always a wildcard query over a field in lower case; fnmatch knows `[` as well, arXiv does not.
    pattern = pattern.lower().replace("[", "[[]")

    def test(paper: Paper) -> bool:
        categories = (paper.primary_category, *paper.categories)
        return any(fnmatchcase(category.lower(), pattern) for category in categories)

    return test


def _joined_test(operator: Operator, tests: tuple[Test, ...]) -> Test:
    match operator:
        case Operator.AND:
            return lambda paper: all(test(paper) for test in tests)
        case Operator.OR:
            return lambda paper: any(test(paper) for test in tests)
        case Operator.ANDNOT:
            wanted, unwanted = tests
            return lambda paper: wanted(paper) and not unwanted(paper)


def _minute(digits: str) -> str:
    """Return the first second of the minute "202611200930" in the form of a paper's times."""
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:]}:00Z"
