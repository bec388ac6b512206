"""The sample arXiv's API without HTTP: feeds for the parameters of requests."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar
from weakref import WeakKeyDictionary

from papers_assets.arxiv.sample import atom, oai_pmh
from papers_assets.arxiv.sample.answers import Answer, SelectPage, select_truthfully
from papers_assets.arxiv.sample.corpus import ARXIV_ID, Corpus, Paper
from papers_assets.arxiv.sample.grammar import MalformedQueryError, parse_query
from papers_assets.arxiv.sample.query import Query

MAX_RESULTS = 2000
"""The largest `max_results`."""
_CACHE_SIZE = 64
"""The number of searches whose results are cached, so that further pages are cheap."""

_VERSIONED = re.compile(rf"({ARXIV_ID.pattern})(?:v([1-9]\d{{0,5}}))?")
_INTEGER = re.compile(r"-?\d{1,15}")


class _SortBy(StrEnum):
    RELEVANCE = "relevance"
    UPDATED = "lastUpdatedDate"
    SUBMITTED = "submittedDate"


class _SortOrder(StrEnum):
    ASCENDING = "ascending"
    DESCENDING = "descending"


@dataclass(frozen=True)
class _Search:
    """The parameters that determine the results and their order."""

    query: Query | None
    ids: tuple[tuple[str, int | None], ...]
    """Pairs of an arXiv id and a version; None: the newest."""
    sort_by: _SortBy
    sort_order: _SortOrder


class _InvalidParameterError(Exception):
    """A parameter is invalid; has arXiv's message and its suffix to the error's address."""

    def __init__(self, message: str, *, has_anchor: bool = False) -> None:
        super().__init__(message)
        self.anchor = f"#{message.replace(' ', '_')}" if has_anchor else ""


class Archive:
    """A corpus that answers requests; thread-safe.

    Args:
        corpus: the papers.
        oai_page: the largest number of records in an answer of OAI-PMH.
        read_query: parses queries; replaceable for deliberately wrong answers.
    """

    def __init__(
        self,
        corpus: Corpus,
        oai_page: int = oai_pmh.PAGE_SIZE,
        read_query: Callable[[str], Query] = parse_query,
    ) -> None:
        self.corpus = corpus
        self._read_query = read_query
        self.oai = oai_pmh.OaiInterface(corpus, oai_page)
        """The OAI-PMH interface to the same papers."""
        self._results = lru_cache(maxsize=_CACHE_SIZE)(self._find_papers)
        self._entries: WeakKeyDictionary[Paper, str] = WeakKeyDictionary()

    def answer(
        self, parameters: Mapping[str, str], now: datetime, show: SelectPage = select_truthfully
    ) -> Answer:
        """Answer a request.

        Args:
            parameters: the names and values of the address, decoded.
            now: the time of the request, aware; the feed shows it.
            show: returns what the page shows; replaceable for deliberately wrong answers.
        """
        try:
            search = _parse_search(parameters, self._read_query)
            start = _parse_number(parameters, "start", default=0)
            max_results = _parse_number(parameters, "max_results", default=10, maximum=MAX_RESULTS)
        except (_InvalidParameterError, MalformedQueryError) as error:
            return Answer(400, atom.render_error(str(error), getattr(error, "anchor", ""), now))
        papers, total = show(self._results(search), slice(start, start + max_results))
        page = atom.Page(
            query=search.query.text if search.query else "",
            nested_query=search.query.nested if search.query else "",
            id_list=parameters.get("id_list", ""),
            start=start,
            max_results=max_results,
            total=total,
            entries=tuple(map(self._render_entry, papers)),
        )
        return Answer(200, atom.render_results(page, now))

    def _find_papers(self, search: _Search) -> tuple[Paper, ...]:
        papers = list(self.corpus.newest)
        if search.ids:
            wanted = (self.corpus.find(*reference) for reference in search.ids)
            papers = list(dict.fromkeys(paper for paper in wanted if paper))
        if search.query:
            papers = list(filter(search.query.matches, papers))
        if search.query or search.sort_by is not _SortBy.RELEVANCE:  # else in the order of id_list
            papers.sort(
                key=_make_sort_key(search), reverse=search.sort_order is _SortOrder.DESCENDING
            )
        return tuple(papers)

    def _render_entry(self, paper: Paper) -> str:
        entry = self._entries.get(paper)
        if entry is None:
            entry = self._entries[paper] = atom.render_entry(paper)
        return entry


def _make_sort_key(search: _Search) -> Callable[[Paper], tuple[int, str, str]]:
    """Return a sort key that differs for any two papers."""
    query = search.query
    match search.sort_by:
        case _SortBy.SUBMITTED:
            return lambda paper: (0, paper.published, paper.id)
        case _SortBy.RELEVANCE if query:
            return lambda paper: (query.relevance(paper), paper.updated, paper.id)
        case _:
            return lambda paper: (0, paper.updated, paper.id)


def _parse_search(parameters: Mapping[str, str], read_query: Callable[[str], Query]) -> _Search:
    ids = tuple(map(_parse_reference, filter(None, parameters.get("id_list", "").split(","))))
    text = parameters.get("search_query", "").strip()
    if not (ids or text):
        raise _InvalidParameterError("search_query or id_list must be specified")
    return _Search(
        query=read_query(text) if text else None,
        ids=ids,
        sort_by=_parse_choice(parameters, "sortBy", _SortBy, _SortBy.RELEVANCE),
        sort_order=_parse_choice(parameters, "sortOrder", _SortOrder, _SortOrder.DESCENDING),
    )


def _parse_reference(text: str) -> tuple[str, int | None]:
    """Return the id and the version in an item of `id_list`: `2513.00001` or `2513.00001v2`."""
    match = _VERSIONED.fullmatch(text.strip())
    if match is None:
        raise _InvalidParameterError(f"incorrect id format for {text}", has_anchor=True)
    arxiv_id, version = match.groups()
    return arxiv_id, int(version) if version else None


def _parse_number(
    parameters: Mapping[str, str], name: str, *, default: int, maximum: int | None = None
) -> int:
    text = parameters.get(name, "").strip() or str(default)
    if not _INTEGER.fullmatch(text):
        raise _InvalidParameterError(f"{name} must be an integer", has_anchor=True)
    if int(text) < 0:
        raise _InvalidParameterError(f"{name} must be non-negative", has_anchor=True)
    if maximum is not None and int(text) > maximum:
        raise _InvalidParameterError(f"{name} must be at most {maximum}", has_anchor=True)
    return int(text)


_Choice = TypeVar("_Choice", bound=StrEnum)


def _parse_choice(
    parameters: Mapping[str, str], name: str, choices: type[_Choice], default: _Choice
) -> _Choice:
    try:
        return choices(parameters.get(name) or default)
    except ValueError as error:
        raise _InvalidParameterError(f"{name} must be in: {', '.join(choices)}") from error
