"""How a keyword is said in arXiv's query language. Pure, and the only place that builds queries.

The language (source: arXiv's API user manual, 5.1): field prefixes `ti`, `abs`, `cat`; phrases in
double quotes; AND, OR, ANDNOT in upper case; parentheses. It documents no precedence, so every
operator gets its own pair of parentheses, and no escape for a quote, so no quote is ever sent.
"""

import re
from datetime import datetime
from urllib.parse import urlencode

from papers_assets.keywords import Field, Keyword

MAX_PAGE = 2000
"""Results in one answer at most; arXiv's limit."""
MAX_RESULTS = 30_000
"""Results of one query that can be reached at all; arXiv's limit."""

# Separators for arXiv's index anyway, and for its query parser not always: hyphens have been taken
# for NOT, and colons, brackets and wild cards mean something to it.
_NOT_WORD = re.compile(r"[^\w+#.,'\u2019]|_")


def search_query(keyword: Keyword) -> str:
    """Give the `search_query` that asks arXiv for the papers that match `keyword`.

    Source of the meaning: `Keyword`; `papers_assets.matching` decides the same question locally.
    """
    wanted = [_one_of([_phrase(p, keyword.field_of(p)) for p in keyword.any])]
    wanted += [_phrase(p, keyword.field_of(p)) for p in keyword.all]
    if keyword.categories:
        wanted.append(_one_of([f"cat:{c}" for c in keyword.expanded_categories]))
    query = wanted[0]
    for part in wanted[1:]:
        query = f"({query} AND {part})"
    for phrase in keyword.none:
        query = f"({query} ANDNOT {_phrase(phrase, keyword.field_of_excluded)})"
    return query


def newest_first(keyword: Keyword, start: int, max_results: int) -> dict[str, str]:
    """Give the parameters that ask for results `start` to `start + max_results - 1`, newest first.

    Newest by the date of the newest version, so that a revised paper comes up again.
    """
    return {
        "search_query": search_query(keyword),
        "start": str(start),
        "max_results": str(max_results),
        "sortBy": "lastUpdatedDate",
        "sortOrder": "descending",
    }


def submitted_in(
    keyword: Keyword, first: datetime, last: datetime, start: int, max_results: int
) -> dict[str, str]:
    """Give the parameters that ask for the papers submitted from minute `first` to `last`, UTC.

    Oldest first: so nothing moves to another page when a paper is added meanwhile.
    """
    minutes = f"[{first:%Y%m%d%H%M} TO {last:%Y%m%d%H%M}]"
    return {
        "search_query": f"({search_query(keyword)} AND submittedDate:{minutes})",
        "start": str(start),
        "max_results": str(max_results),
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
    }


def url(api_url: str, parameters: dict[str, str]) -> str:
    """Give the address that asks the API at `api_url` with these parameters."""
    return f"{api_url}?{urlencode(parameters)}"


def _phrase(text: str, field: Field) -> str:
    quoted = f'"{_sendable(text)}"'
    match field:
        case Field.TITLE:
            return f"ti:{quoted}"
        case Field.ABSTRACT:
            return f"abs:{quoted}"
        case Field.BOTH:
            return f"(ti:{quoted} AND abs:{quoted})"
        case Field.EITHER:
            return f"(ti:{quoted} OR abs:{quoted})"


def _sendable(text: str) -> str:
    """Give `text` as it can stand between double quotes, meaning what it meant."""
    words = " ".join(_NOT_WORD.sub(" ", text).split())
    # A phrase of signs alone finds nothing at arXiv; it still must not leave its quotes.
    return words or text.replace('"', "'").replace("\\", "/")


def _one_of(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"
