"""Parsed search queries, and the papers that they find."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property

from papers_assets.arxiv.sample.corpus import Paper
from papers_assets.arxiv.sample.fields import make_field_test

PaperTest = Callable[[Paper], bool]
"""Returns whether a paper matches."""

CATEGORY = "cat"
"""The prefix of a category, primary or not: `cs.LG`, or with wildcards `cs.*`."""


class Operator(StrEnum):
    """An operator that joins two parts of a query."""

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


@dataclass(frozen=True)
class Submitted:
    """A range of the time of version 1 between two minutes such as `202611200000`.

    Only the first second of the last minute is in the range.
    """

    first: str
    last: str

    def __str__(self) -> str:
        return f'submittedDate:"{self.first} TO {self.last}"'


@dataclass(frozen=True)
class Operation:
    """Two or more parts that an operator joins; exactly two for ANDNOT."""

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
    """All papers except those of one term."""

    part: Term | Submitted

    def __str__(self) -> str:
        return f"{Operator.ANDNOT} {self.part}"


Node = Term | Submitted | Negation | Operation


@dataclass(frozen=True)
class Query:
    """A parsed query."""

    text: str
    """The query rewritten to the documented grammar, as shown in the feed's title."""
    root: Node

    @property
    def nested(self) -> str:
        """The query with all implied parentheses, as shown in the feed's link."""
        return str(self.root)

    @cached_property
    def matches(self) -> PaperTest:
        """The test whether a paper matches."""
        return _make_test(self.root)

    def relevance(self, paper: Paper) -> int:
        """Return the number of the query's words and phrases that are in the title."""
        return sum(test(paper) for test in self._in_title)

    @cached_property
    def _in_title(self) -> tuple[PaperTest, ...]:
        texts = (term for term in _list_terms(self.root) if term.prefix != CATEGORY)
        return tuple(_make_test(replace(term, prefix="ti")) for term in texts)


def ignore_phrases(query: Query) -> Query:
    """Return the query without its quotes, which finds words in any order.

    arXiv read all queries in this way from 2025-11-12 to 2025-12-09.
    """
    return replace(query, root=_unquote(query.root))


def _unquote(node: Node) -> Node:
    match node:
        case Term():
            return replace(node, quoted=False)
        case Negation(part=Term() as term):
            return Negation(replace(term, quoted=False))
        case Operation():
            return replace(node, parts=tuple(map(_unquote, node.parts)))
    return node


def _list_terms(node: Node) -> Iterator[Term]:
    if isinstance(node, Term):
        yield node
    elif isinstance(node, Operation):
        for part in node.parts:
            yield from _list_terms(part)


def _make_test(node: Node) -> PaperTest:
    match node:
        case Submitted():
            first, last = _format_minute(node.first), _format_minute(node.last)
            return lambda paper: first <= paper.published <= last
        case Term(prefix=prefix) if prefix == CATEGORY:
            return _make_category_test(node.text)
        case Term(prefix=prefix):
            is_in = make_field_test(prefix, node.text, quoted=node.quoted)
            return lambda paper: is_in(paper.fields)
        case Negation(part=part):
            unwanted = _make_test(part)
            return lambda paper: not unwanted(paper)
        case Operation():
            return _make_joined_test(node.operator, tuple(map(_make_test, node.parts)))


def _make_category_test(pattern: str) -> PaperTest:
    # Always a wildcard query on a field in lower case; `[` is special in fnmatch but not at arXiv.
    pattern = pattern.lower().replace("[", "[[]")

    def test(paper: Paper) -> bool:
        categories = (paper.primary_category, *paper.categories)
        return any(fnmatchcase(category.lower(), pattern) for category in categories)

    return test


def _make_joined_test(operator: Operator, tests: tuple[PaperTest, ...]) -> PaperTest:
    match operator:
        case Operator.AND:
            return lambda paper: all(test(paper) for test in tests)
        case Operator.OR:
            return lambda paper: any(test(paper) for test in tests)
        case Operator.ANDNOT:
            wanted, unwanted = tests
            return lambda paper: wanted(paper) and not unwanted(paper)


def _format_minute(digits: str) -> str:
    """Return the first second of a minute such as "202611200930" in the form of a paper's times."""
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:]}:00Z"
