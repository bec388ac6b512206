"""Ask a real Lucene over the reference papers for each keyword of keywords.toml.

Run it with `python -m papers_assets_tests.lucene.keywords`. It sends what the product would send,
takes it as arXiv does, and prints how many papers are found, listed and filtered. Exit status 1:
`papers_assets.keywords.matching.SearchMatcher` explains other papers than Lucene finds.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from papers_assets.arxiv.sample import grammar
from papers_assets.arxiv.sample.query import CATEGORY, Node, Operation, Operator, Term
from papers_assets.keywords.file import read_keywords_file
from papers_assets.keywords.matching import MATCHED, CandidatePaper, Matchers, SearchMatcher
from papers_assets.keywords.model import Keyword
from papers_assets.keywords.query import build_search_query
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.lucene import engine

PATH = Path(__file__).with_name("keywords.toml")
_FIELDS = ("title", "abstract", "comment", "journal_ref")

_Papers = frozenset[int]


class Row(NamedTuple):
    """Papers by what becomes of them, for one keyword."""

    keyword: str
    found: _Papers
    """By Lucene, for the query."""
    explained: _Papers
    """By `SearchMatcher`."""
    listed: _Papers
    """By `Matchers`."""

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
    papers = list(reference_data.records("arxiv/papers.jsonl.gz"))
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
    roots = [grammar.parse_query(build_search_query(keyword)).root for keyword in keywords]
    found = _found({term for root in roots for term in _terms(root)}, papers)
    explained, listed = _matched(keywords, papers)
    for keyword, root in zip(keywords, roots, strict=True):
        name = keyword.name
        yield Row(name, _of(root, found), frozenset(explained[name]), frozenset(listed[name]))


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


def _found(terms: Iterable[Term], papers: Sequence[Mapping[str, Any]]) -> dict[Term, _Papers]:
    """Return the papers, by number, that arXiv finds for each term of a query."""
    categories = {term: term.text for term in terms if term.prefix == CATEGORY}
    phrases = [term for term in terms if term.quoted and term not in categories]
    if others := set(terms) - categories.keys() - {*phrases}:
        raise NotImplementedError(f"words without quotes: {others}")
    texts = ([paper[field] or "" for field in _FIELDS] for paper in papers)
    found = engine.found(texts, [(phrase.prefix, phrase.text) for phrase in phrases])
    return dict(zip(phrases, found, strict=True)) | {
        term: frozenset(
            number
            for number, paper in enumerate(papers)
            if any(fnmatchcase(category, pattern) for category in paper["categories"])
        )
        for term, pattern in categories.items()
    }


def _matched(
    keywords: Sequence[Keyword], papers: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """Return the papers that arXiv can have meant, and those that are listed, by keyword."""
    explained: dict[str, set[int]] = {keyword.name: set() for keyword in keywords}
    listed: dict[str, set[int]] = {keyword.name: set() for keyword in keywords}
    matchers, by_name = Matchers(keywords), {k.name: SearchMatcher(k) for k in keywords}
    for number, paper in enumerate(papers):
        fields = [paper[name] for name in MATCHED]
        candidate = CandidatePaper(*fields)
        for name, matcher in by_name.items():
            if matcher.matches(candidate):
                explained[name].add(number)
        for name in matchers(*fields):
            listed[name].add(number)
    return explained, listed


if __name__ == "__main__":
    main()
