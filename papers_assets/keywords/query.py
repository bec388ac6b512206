"""Build queries in arXiv's query language from keywords. Pure, and the only module that does so.

The language (source: arXiv's API user manual, 5.1) has field prefixes `ti`, `abs`, `cat`; phrases
in double quotes; AND, OR, ANDNOT in upper case; parentheses. It documents no precedence, so every
operator gets its own pair of parentheses, and no escape for a quote, so no quote is ever sent.
"""

import re
from datetime import date, datetime, timedelta

from papers_assets.arxiv import taxonomy
from papers_assets.arxiv.search import MAX_PAGE_SIZE
from papers_assets.keywords.model import Keyword, MatchField, Search
from papers_assets.keywords.phrases import Phrase

_MINUTE = timedelta(minutes=1)
# arXiv's index treats these as separators, but its query parser does not always: it has treated
# hyphens as NOT, and colons, brackets and wildcards have a meaning. "_" joins words in both.
_NON_WORD = re.compile(r"[^\w+#.,'\u2019]|(?<![^\W_])_|_(?![^\W_])")
_FORMULA = re.compile(r"\b(?=\w*[0-9])(?:[A-Z][a-z]?[0-9]*)+\b")
_SUBSCRIPT_INSIDE = re.compile("([0-9]+)(?=[A-Z])")
_SUBSCRIPT = re.compile("(?<![0-9])[0-9]+$")
# To arXiv, a stop word matches any one word, such as the font command in `_3\mathrm{Ni}`.
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
"""Fields that stand for several: the phrase must be in any of them. arXiv's own `all:` is not used,
because it also searches fields that its answers do not contain, so that results could not be
checked."""


def build_search_query(keyword: Keyword) -> str:
    """Return the `search_query` that asks arXiv for the papers that match `keyword`.

    Conditions that arXiv's query language cannot express (signs, primary categories, versions) are
    left out, so that it may return papers that do not match. `Keyword` defines the meaning, and
    `papers_assets.keywords.matching` applies it locally.
    """
    return _any_of([_search_clause(search) for search in keyword.searches])


def count_terms(keyword: Keyword) -> int:
    """Return the number of terms in the query: phrases in a field, and categories."""
    return build_search_query(keyword).count(":")


def list_spellings(phrase: str) -> tuple[str, ...]:
    """Return every form in which `phrase` is sent, the plain one first.

    arXiv indexes the TeX of formulas: "La3Ni2O7" becomes the words `la _3 ni _2 o _7` if the
    abstract has `La$_3$Ni$_2$O$_7$`, `la 3 ni 2 o 7` for `La$_{3}$...`, and a single word for
    `La_3Ni_2O_7`. There may be a font command between two elements.
    """
    infinite = [phrase, phrase.replace("\u221e", " infty ")] if "\u221e" in phrase else [phrase]
    sent = [_to_sendable(text) for text in infinite]
    if _FORMULA.search(sent[0]):
        sent += [_apply_style(style, sent[0]) for style in _STYLES]
    return tuple(dict.fromkeys(sent))


def _apply_style(style: tuple[str, str], phrase: str) -> str:
    """Return `phrase` with `style` applied to subscripts inside formulas and at their ends."""
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
    """Return the phrases of `none`, with their fields, that the query excludes.

    A phrase that arXiv interprets more broadly would exclude papers without it, such as
    "on-policy" those on any policy. Only `papers_assets.keywords.matching` excludes these.
    """
    return [
        (text, field)
        for text, field in search.excluded
        if len(list_spellings(text)) == 1
        and Phrase(text, exact=search.exact).has_same_search_result
    ]


def _category_term(name: str) -> str:
    """Return the term for a category or a whole archive.

    arXiv treats any category as a wildcard query, so that one term is enough for an archive. Three
    archives were once categories themselves, and old papers still have the bare name.
    """
    members = taxonomy.ARCHIVES.get(name, (name,))
    if len(members) == 1:
        return f"cat:{name}"
    return f"cat:{name}*" if name in members else f"cat:{name}.*"


def newest_first_parameters(keyword: Keyword, start: int, max_results: int) -> dict[str, str]:
    """Return the parameters of a request for `max_results` results from `start` on, newest first.

    Results are sorted by the date of the newest version, so that revised papers are fetched again.
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
    """Return the parameters of a request for papers submitted from minute `first` to `last`, UTC.

    Results are sorted oldest first, so that none moves to another page if a paper is added in the
    meantime. arXiv interprets the end of a range as the first second of its minute. The range is
    therefore one minute longer, and papers of that minute may be fetched, too.
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
    """Return `text` in a form with the same meaning that is valid between double quotes."""
    words = " ".join(_NON_WORD.sub(" ", text).split())
    # arXiv finds nothing for a phrase of only signs, but it must not break out of its quotes.
    return words or text.replace('"', "'").replace("\\", "/")


def _any_of(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


MIN_PAGE = 100
"""The least number of results to request: a request takes 3 seconds whatever its size."""


def choose_page_size(keyword: Keyword) -> int:
    """Return the number of results to request per page."""
    return min(max(keyword.cap, MIN_PAGE), MAX_PAGE_SIZE)


def choose_alternative_page_size(keyword: Keyword, day: date) -> int:
    """Return the number of results to request for the first page after an incomplete answer.

    arXiv has repeatedly failed to return one page while pages of other sizes worked
    (github.com/JosePizarro3/pyrxiv issue 20). The size is therefore three quarters or half of the
    usual one, alternating by day.
    """
    return choose_page_size(keyword) * (3 - day.toordinal() % 2) // 4
