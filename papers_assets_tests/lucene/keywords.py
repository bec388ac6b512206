"""Ask a real Lucene over the reference papers for each keyword of keywords.toml.

Run it with `python -m papers_assets_tests.lucene.keywords`. It sends what the product would send,
takes it as arXiv does, and prints how many papers are found, listed and filtered. Exit status 1:
`papers_assets.analysis` finds other papers than Lucene.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from papers_assets.analysis import Analyzed, ArxivPhrase
from papers_assets.arxiv.query import search_query
from papers_assets.keywords import Keyword
from papers_assets.keywords_file import read_keywords_file
from papers_assets.matching import Matchers
from papers_assets.sample_arxiv import grammar
from papers_assets.sample_arxiv.query import CATEGORY, Node, Operation, Operator, Term
from papers_assets_tests import reference
from papers_assets_tests.lucene import engine

PATH = Path(__file__).with_name("keywords.toml")
_FIELDS = ("title", "abstract", "comment", "journal_ref")

_Papers = frozenset[int]
_IsFound = Callable[[ArxivPhrase, Analyzed], bool]
_SEARCHES: dict[str, tuple[str, _IsFound]] = {
    "ti": ("title", ArxivPhrase.is_in_title),
    "abs": ("abstract", ArxivPhrase.is_in_abstract),
    "co": ("comment", ArxivPhrase.is_in_comment),
    "jr": ("journal_ref", ArxivPhrase.is_in_comment),
}
"""By prefix: the field of a paper, and how a phrase is looked for in it."""


class Row(NamedTuple):
    """Papers by what becomes of them, for one keyword."""

    keyword: str
    found: _Papers
    """By Lucene."""
    explained: _Papers
    """By `ArxivPhrase`."""
    listed: _Papers
    """By the product."""

    @property
    def numbers(self) -> tuple[int, ...]:
        return (
            len(self.found),
            len(self.found & self.listed),
            len(self.found - self.listed),
            len(self.found - self.explained),
            len(self.explained - self.found),
            len(self.listed - self.found),
        )


_HEADINGS = ("found", "listed", "filtered", "unexplained", "explained only", "listed only")


def main() -> None:
    keywords = read_keywords_file(PATH).keywords
    papers = list(reference.records("arxiv/papers.jsonl.gz"))
    rows = list(compared(keywords, papers))
    width = max(len(row.keyword) for row in rows)
    lines = [[*map(str, row.numbers), row.keyword.ljust(width)] for row in rows]
    totals = [sum(column) for column in zip(*(row.numbers for row in rows), strict=True)]
    lines = [[*_HEADINGS, "keyword"], *lines, [*map(str, totals), f"{len(rows)} keywords"]]
    for line in lines:
        cells = [cell.rjust(len(head)) for cell, head in zip(line, _HEADINGS, strict=False)]
        print(*cells, line[-1], sep="  ")  # noqa: T201 - what it is for
    sys.exit(any(row.found != row.explained for row in rows))


def compared(keywords: Sequence[Keyword], papers: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """Yield a row for each keyword, papers being records of the reference file."""
    roots = [grammar.read(search_query(keyword)).root for keyword in keywords]
    terms = sorted({term for root in roots for term in _terms(root)}, key=str)
    phrases = [term for term in terms if term.prefix != CATEGORY]
    categories = {t: _in_category(t.text, papers) for t in terms if t.prefix == CATEGORY}
    by_lucene = categories | dict(zip(phrases, _by_lucene(phrases, papers), strict=True))
    by_analysis = categories | dict(zip(phrases, _by_analysis(phrases, papers), strict=True))
    listed = _listed(keywords, papers)
    for keyword, root in zip(keywords, roots, strict=True):
        yield Row(
            keyword.name,
            _of(root, by_lucene),
            _of(root, by_analysis),
            frozenset(listed[keyword.name]),
        )


def _terms(node: Node) -> Iterator[Term]:
    match node:
        case Term():
            yield node
        case Operation():
            for part in node.parts:
                yield from _terms(part)


def _of(node: Node, papers: Mapping[Term, _Papers]) -> _Papers:
    match node:
        case Term():
            return papers[node]
        case Operation():
            first, *others = (_of(part, papers) for part in node.parts)
            match node.operator:
                case Operator.AND:
                    return first.intersection(*others)
                case Operator.OR:
                    return first.union(*others)
                case Operator.ANDNOT:
                    return first.difference(*others)
    raise NotImplementedError(str(node))


def _in_category(pattern: str, papers: Sequence[Mapping[str, Any]]) -> _Papers:
    return frozenset(
        number
        for number, paper in enumerate(papers)
        if any(fnmatchcase(category, pattern) for category in paper["categories"])
    )


def _by_lucene(phrases: Sequence[Term], papers: Sequence[Mapping[str, Any]]) -> list[_Papers]:
    if unquoted := [phrase for phrase in phrases if not phrase.quoted]:
        raise NotImplementedError(f"words without quotes: {unquoted}")
    texts = ([paper[field] or "" for field in _FIELDS] for paper in papers)
    return engine.found(texts, [(phrase.prefix, phrase.text) for phrase in phrases])


def _by_analysis(phrases: Sequence[Term], papers: Sequence[Mapping[str, Any]]) -> list[_Papers]:
    searches = [(ArxivPhrase(phrase.text), *_SEARCHES[phrase.prefix]) for phrase in phrases]
    found: list[set[int]] = [set() for _ in searches]
    for number, paper in enumerate(papers):
        texts = {field: Analyzed(paper[field] or "") for field in _FIELDS}
        for (phrase, field, is_found), numbers in zip(searches, found, strict=True):
            if is_found(phrase, texts[field]):
                numbers.add(number)
    return list(map(frozenset, found))


def _listed(
    keywords: Sequence[Keyword], papers: Sequence[Mapping[str, Any]]
) -> dict[str, set[int]]:
    matchers = Matchers(keywords)
    listed: dict[str, set[int]] = {keyword.name: set() for keyword in keywords}
    for number, paper in enumerate(papers):
        for name in matchers(paper["title"], paper["abstract"], paper["categories"]):
            listed[name].add(number)
    return listed


if __name__ == "__main__":
    main()
