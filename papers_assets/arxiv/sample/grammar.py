"""arXiv's query language: `ti:compiler AND (cat:cs.PL OR cat:cs.AR)`.

The API of November 2025 parses it as follows:

* An incomplete query is first rewritten, and the feed's title shows the result. A word without
  prefix gets `all:`, a prefix before parentheses applies to every word in them, and OR is inserted
  where an operator is missing: `ti:graph networks` becomes `ti:graph OR all:networks`. NOT and
  AND NOT become ANDNOT, and of several operators in a row only the last one is kept.
* AND, OR and ANDNOT have the same precedence and nest to the right: `a AND b OR c` is
  `a AND (b OR c)`, and `a OR b ANDNOT c` is `a OR (b ANDNOT c)`. This is not documented, but the
  feed's link shows it.
* A query or an expression in parentheses may begin with NOT and one term: all papers but these.
* `submittedDate:[.. TO ..]` refers to version 1, from the first second of the first minute to the
  first second of the last one. `lastUpdatedDate:[..]` silently means the same.

Source: github.com/arXiv/arxiv-search, search/domain/classic_api, as of July 2026. This parser
refuses queries for which arXiv guesses or fails, so that mistakes are noticed early: an unknown
prefix, an empty phrase, part of a date, NOT before several terms, AND or OR at the beginning, any
operator at the end.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from itertools import zip_longest

from papers_assets.arxiv.sample.fields import PREFIXES
from papers_assets.arxiv.sample.query import (
    CATEGORY,
    Negation,
    Node,
    Operation,
    Operator,
    Query,
    Submitted,
    Term,
)

_MAX_DEPTH = 50
"""The deepest nesting of expressions: more than is useful, and far below Python's limit."""


class MalformedQueryError(Exception):
    """A query does not follow the grammar; the message is arXiv's."""

    def __init__(self, query: str) -> None:
        super().__init__(f"Invalid query string: '{query}'")


def parse_query(query: str) -> Query:
    """Return the parsed query.

    Raises:
        MalformedQueryError: it does not follow the grammar.
    """
    try:
        tokens = list(_rewrite(_merge_operators(_tokenize(query))))
    except _SyntaxError as error:
        raise MalformedQueryError(query) from error
    text = _to_text(tokens)
    try:
        return Query(text, _Parser(tokens).parse())
    except _SyntaxError as error:
        raise MalformedQueryError(text) from error


class _SyntaxError(Exception):
    """The query does not follow the grammar; without a position, as arXiv's error has none."""


class _Kind(Enum):
    SPACE = auto()
    DATES = auto()
    PHRASE = auto()
    OPEN = auto()
    CLOSE = auto()
    PREFIX = auto()
    OPERATOR = auto()
    WORD = auto()


@dataclass(frozen=True)
class _Token:
    kind: _Kind
    text: str


_TOKEN = re.compile(
    r"""(?P<SPACE>\s+)
      | (?P<DATES>(?:submittedDate|lastUpdatedDate):(?:\[[^]]*\]|"[^"]*"))
      | (?P<PHRASE>"[^"]*")
      | (?P<OPEN>\()
      | (?P<CLOSE>\))
      | (?P<PREFIX>[A-Za-z]+:)
      | (?P<OPERATOR>(?:AND|OR|ANDNOT|NOT)(?=[\s()"]|$))
      | (?P<WORD>[^\s"()]+)""",
    re.VERBOSE,
)
_DATES = re.compile(r'\w+:["\[](\d{12}) TO (\d{12})["\]]')
_TEXT = (_Kind.WORD, _Kind.PHRASE)
_STARTS = (*_TEXT, _Kind.DATES, _Kind.PREFIX, _Kind.OPEN)
_ENDS = (*_TEXT, _Kind.DATES, _Kind.CLOSE)


def _tokenize(query: str) -> list[_Token]:
    tokens, position = [], 0
    while position < len(query):
        match = _TOKEN.match(query, position)
        if match is None or match.lastgroup is None:
            raise _SyntaxError  # an unclosed quote
        position = match.end()
        tokens.append(_Token(_Kind[match.lastgroup], match.group()))
    return [token for token in tokens if token.kind is not _Kind.SPACE]


def _merge_operators(tokens: list[_Token]) -> list[_Token]:
    """Replace NOT by ANDNOT, and keep only the last of several operators in a row."""
    single: list[_Token] = []
    for token in tokens:
        is_operator = token.kind is _Kind.OPERATOR
        if is_operator and single and single[-1].kind is _Kind.OPERATOR:
            single.pop()
        is_not = is_operator and token.text == "NOT"
        single.append(_Token(_Kind.OPERATOR, Operator.ANDNOT) if is_not else token)
    return single


def _rewrite(tokens: list[_Token]) -> Iterator[_Token]:
    """Insert missing prefixes and operators."""
    before: _Token | None = None
    prefixes = ["all:"]  # the last one applies to words without a prefix
    for token, after in zip_longest(tokens, tokens[1:]):
        if before and before.kind in _ENDS and token.kind in _STARTS:
            yield _Token(_Kind.OPERATOR, Operator.OR)
        prefix = before.text if before and before.kind is _Kind.PREFIX else None
        if token.kind is _Kind.OPEN:
            prefixes.append(prefix or prefixes[-1])
        elif token.kind is _Kind.CLOSE and len(prefixes) > 1:
            prefixes.pop()
        elif token.kind in _TEXT and prefix is None:
            yield _Token(_Kind.PREFIX, prefixes[-1])
        if not (token.kind is _Kind.PREFIX and after and after.kind is _Kind.OPEN):
            yield _adapt_prefix(token, prefix or prefixes[-1])
        before = token


def _adapt_prefix(token: _Token, prefix: str) -> _Token:
    if token.kind is _Kind.DATES:
        dates = _DATES.fullmatch(token.text)
        return _Token(token.kind, str(Submitted(*dates.groups()))) if dates else token
    if token.kind is _Kind.WORD and prefix == "au:" and "_" in token.text:
        return _Token(_Kind.PHRASE, f'"{token.text.replace("_", " ")}"')
    return token


def _to_text(tokens: list[_Token]) -> str:
    text = ""
    before = _Kind.PREFIX
    for token in tokens:
        joined = (
            before is _Kind.PREFIX
            or (before is _Kind.OPEN and token.kind in (_Kind.PREFIX, _Kind.DATES))
            or (before is not _Kind.CLOSE and token.kind is _Kind.CLOSE)
        )
        text += token.text if joined else f" {token.text}"
        before = token.kind
    return text


class _Parser:
    """A parser of rewritten tokens, in one pass from left to right."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._position = 0

    def parse(self) -> Node:
        root = self._expression(depth=0)
        if self._position < len(self._tokens) or _is_too_deep(root):
            raise _SyntaxError
        return root

    def _take(self) -> _Token:
        if self._position == len(self._tokens):
            raise _SyntaxError
        self._position += 1
        return self._tokens[self._position - 1]

    def _expression(self, depth: int) -> Node:
        if depth > _MAX_DEPTH:
            raise _SyntaxError
        if self._is_at(_Kind.OPERATOR):
            return self._negation(depth)
        parts, operators = [self._operand(depth)], []
        while self._is_at(_Kind.OPERATOR):
            operators.append(_to_operator(self._take().text))
            parts.append(self._operand(depth))
        return _nest(parts, operators)

    def _negation(self, depth: int) -> Negation:
        is_andnot = _to_operator(self._take().text) is Operator.ANDNOT
        part = self._expression(depth + 1)
        if not is_andnot or not isinstance(part, Term | Submitted):
            raise _SyntaxError
        return Negation(part)

    def _is_at(self, kind: _Kind) -> bool:
        return self._position < len(self._tokens) and self._tokens[self._position].kind is kind

    def _operand(self, depth: int) -> Node:
        token = self._take()
        match token.kind:
            case _Kind.OPEN:
                inner = self._expression(depth + 1)
                if self._take().kind is not _Kind.CLOSE:
                    raise _SyntaxError
                return inner
            case _Kind.DATES:
                return _parse_submitted(token.text)
            case _Kind.PREFIX:
                return _parse_term(token.text.removesuffix(":"), self._take())
        raise _SyntaxError


def _to_operator(text: str) -> Operator:
    try:
        return Operator(text)
    except ValueError as error:
        raise _SyntaxError from error


def _nest(parts: list[Node], operators: list[Operator]) -> Node:
    """Join parts from the right; consecutive equal ANDs or ORs become one operation."""
    node = parts[-1]
    for part, operator in zip(reversed(parts[:-1]), reversed(operators), strict=True):
        is_run = isinstance(node, Operation) and operator is node.operator is not Operator.ANDNOT
        rest = node.parts if is_run and isinstance(node, Operation) else (node,)
        node = Operation(operator, (part, *rest))
    return node


def _is_too_deep(root: Node) -> bool:
    level = [root]
    for _ in range(_MAX_DEPTH):
        level = [part for node in level if isinstance(node, Operation) for part in node.parts]
    return bool(level)


def _parse_submitted(text: str) -> Submitted:
    dates = _DATES.fullmatch(text)
    try:
        first, last = dates.groups() if dates else ()
        datetime.strptime(first + "+0000", "%Y%m%d%H%M%z")
        datetime.strptime(last + "+0000", "%Y%m%d%H%M%z")
    except ValueError as error:  # not two times, or a date such as February 31
        raise _SyntaxError from error
    return Submitted(first, last)


def _parse_term(prefix: str, token: _Token) -> Term:
    quoted = token.kind is _Kind.PHRASE
    term = Term(prefix, token.text[1:-1].strip() if quoted else token.text, quoted)
    is_known = prefix == CATEGORY or prefix in PREFIXES
    is_wild = prefix != CATEGORY and not quoted and term.text.startswith(("*", "?"))
    if token.kind not in _TEXT or not is_known or not term.text or is_wild:
        raise _SyntaxError
    return term
