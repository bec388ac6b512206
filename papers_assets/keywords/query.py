"""How a keyword is said in arXiv's query language. Pure, and the only place that builds queries.

The language (source: arXiv's API user manual, 5.1): field prefixes `ti`, `abs`, `cat`; phrases in
double quotes; AND, OR, ANDNOT in upper case; parentheses. It documents no precedence, so every
operator gets its own pair of parentheses, and no escape for a quote, so no quote is ever sent.
"""

import re
from datetime import date, datetime, timedelta

from papers_assets.arxiv import taxonomy
from papers_assets.arxiv.search import MAX_PAGE_SIZE
from papers_assets.keywords.model import Keyword, MatchField, Search
from papers_assets.keywords.phrases import Phrase

_MINUTE = timedelta(minutes=1)
# Separators for arXiv's index anyway, and for its query parser not always: hyphens have been taken
# for NOT, and colons, brackets and wild cards mean something to it. "_" joins words for both.
_NON_WORD = re.compile(r"[^\w+#.,'\u2019]|(?<![^\W_])_|_(?![^\W_])")
_FORMULA = re.compile(r"\b(?=\w*[0-9])(?:[A-Z][a-z]?[0-9]*)+\b")
_SUBSCRIPT_INSIDE = re.compile("([0-9]+)(?=[A-Z])")
_SUBSCRIPT = re.compile("(?<![0-9])[0-9]+$")
# A stop word stands for any one word to arXiv, such as the font command in `_3\mathrm{Ni}`.
_STYLES = (
    (r" _\1 ", r" _\g<0> "),
    (r" \1 ", r" \g<0> "),
    (r"_\1", r"_\g<0>"),
    (r" _\1 the ", r" _\g<0> "),
    (r" \1 the ", r" \g<0> "),
)
_PREFIXES: dict[MatchField, str] = {
    MatchField.TITLE: "ti",
    MatchField.ABSTRACT: "abs",
    MatchField.COMMENT: "co",
    MatchField.JOURNAL: "jr",
}
SUBFIELDS: dict[MatchField, tuple[MatchField, ...]] = {
    MatchField.EITHER: (MatchField.TITLE, MatchField.ABSTRACT),
    MatchField.ANYWHERE: (
        MatchField.TITLE,
        MatchField.ABSTRACT,
        MatchField.COMMENT,
        MatchField.JOURNAL,
    ),
}
"""The fields that stand for several: any of them is enough. arXiv's own `all:` is not used, as it
looks in fields, too, that its answers do not show, so that nobody could check them."""


def build_search_query(keyword: Keyword) -> str:
    """Return the `search_query` that asks arXiv for the papers that match `keyword`.

    What arXiv's query language cannot say (signs, primary categories, versions) is left out, so
    that more papers may come than match. Source of the meaning: `Keyword`;
    `papers_assets.keywords.matching` decides the same question locally.
    """
    return _any_of([_search_clause(search) for search in keyword.searches])


def count_terms(keyword: Keyword) -> int:
    """Return how many terms the query has: a phrase in a field, or a category, each."""
    return build_search_query(keyword).count(":")


def list_spellings(phrase: str) -> tuple[str, ...]:
    """Return `phrase` in every form in which it is sent, the plain one first.

    arXiv indexes the TeX of formulas: "La3Ni2O7" is the words `la _3 ni _2 o _7` where an abstract
    has `La$_3$Ni$_2$O$_7$`, `la 3 ni 2 o 7` for `La$_{3}$...`, and one for `La_3Ni_2O_7`. There may
    be a font command between two elements.
    """
    infinite = [phrase, phrase.replace("\u221e", " infty ")] if "\u221e" in phrase else [phrase]
    sent = [_to_sendable(text) for text in infinite]
    if _FORMULA.search(sent[0]):
        sent += [_apply_style(style, sent[0]) for style in _STYLES]
    return tuple(dict.fromkeys(sent))


def _apply_style(style: tuple[str, str], phrase: str) -> str:
    """Return a phrase with the subscripts inside its formulas, and at their ends, styled."""
    inside, last = style

    def apply_style(formula: re.Match[str]) -> str:
        return _SUBSCRIPT.sub(last, _SUBSCRIPT_INSIDE.sub(inside, formula.group()))

    return " ".join(_FORMULA.sub(apply_style, phrase).split())


def _search_clause(search: Search) -> str:
    wanted = [_any_of([_phrase_term(*phrase) for phrase in group]) for group in search.groups]
    if search.categories:
        wanted.append(_any_of([_category_term(name) for name in search.categories]))
    query = wanted[0]
    for part in wanted[1:]:
        query = f"({query} AND {part})"
    if excluded := list_sent_exclusions(search):
        query = f"({query} ANDNOT {_any_of([_phrase_term(*phrase) for phrase in excluded])})"
    return query


def list_sent_exclusions(search: Search) -> list[tuple[str, MatchField]]:
    """Return the phrases of `none`, and their fields, that arXiv is asked to exclude.

    A phrase that arXiv takes more broadly would exclude papers that do not have it: "on-policy"
    those on any policy. It is left to the list.
    """
    return [
        (text, field)
        for text, field in search.excluded
        if len(list_spellings(text)) == 1
        and Phrase(text, exact=search.exact).has_same_search_result
    ]


def _category_term(name: str) -> str:
    """Return the term for a category or a whole archive.

    arXiv makes a wildcard query of any category, so that one term is enough for an archive. Three
    archives were categories themselves once, and old papers still carry the bare name.
    """
    members = taxonomy.ARCHIVES.get(name, (name,))
    if len(members) == 1:
        return f"cat:{name}"
    return f"cat:{name}*" if name in members else f"cat:{name}.*"


def newest_first_parameters(keyword: Keyword, start: int, max_results: int) -> dict[str, str]:
    """Return the parameters that ask for `max_results` results from `start` on, newest first.

    Newest by the date of the newest version, so that a revised paper comes up again.
    """
    return {
        "search_query": build_search_query(keyword),
        "start": str(start),
        "max_results": str(max_results),
        "sortBy": "lastUpdatedDate",
        "sortOrder": "descending",
    }


def submitted_in_parameters(
    keyword: Keyword, first: datetime, last: datetime, start: int, max_results: int
) -> dict[str, str]:
    """Return the parameters that ask for the papers submitted from minute `first` to `last`, UTC.

    Oldest first: so nothing moves to another page when a paper is added meanwhile. arXiv takes the
    end of a range for the first second of its minute, so one minute more is asked for: papers of
    that minute may come, too.
    """
    minutes = f"[{first:%Y%m%d%H%M} TO {last + _MINUTE:%Y%m%d%H%M}]"
    return {
        "search_query": f"({build_search_query(keyword)} AND submittedDate:{minutes})",
        "start": str(start),
        "max_results": str(max_results),
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
    }


def _phrase_term(text: str, field: MatchField) -> str:
    if field is MatchField.BOTH:
        terms = [_phrase_term(text, part) for part in (MatchField.TITLE, MatchField.ABSTRACT)]
        return f"({' AND '.join(terms)})"
    fields = SUBFIELDS.get(field, (field,))
    return _any_of([f'{_PREFIXES[f]}:"{sent}"' for sent in list_spellings(text) for f in fields])


def _to_sendable(text: str) -> str:
    """Return `text` as it can stand between double quotes, meaning what it meant."""
    words = " ".join(_NON_WORD.sub(" ", text).split())
    # A phrase of signs alone finds nothing at arXiv; it still must not leave its quotes.
    return words or text.replace('"', "'").replace("\\", "/")


def _any_of(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


MIN_PAGE = 100
"""Results asked for at least: a request costs its 3 seconds whatever its size."""


def choose_page_size(keyword: Keyword) -> int:
    """Return how many results a page is asked to have."""
    return min(max(keyword.cap, MIN_PAGE), MAX_PAGE_SIZE)


def choose_alternative_page_size(keyword: Keyword, day: date) -> int:
    """Return how many results the first page is asked to have after an answer that was not whole.

    arXiv has been seen to fail for one page again and again while pages of other sizes came
    (github.com/JosePizarro3/pyrxiv issue 20). So it is three quarters or half of the usual size,
    in turns by the day.
    """
    return choose_page_size(keyword) * (3 - day.toordinal() % 2) // 4
