"""Describe a keyword in words, and warn of its likely mistakes. Pure."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from papers_assets.arxiv import search as arxiv_search
from papers_assets.arxiv.analysis import STOP_WORDS, split_words
from papers_assets.keywords import query
from papers_assets.keywords.model import Keyword, MatchField, Phrase, Revisions, Search
from papers_assets.keywords.phrases import Phrase as ListedPhrase

_REVISIONS_TEXT = {
    Revisions.INCLUDE: "",
    Revisions.EXCLUDE: "; first versions only",
    Revisions.ONLY: "; revisions only",
}
_SYNTAX_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?:^|\s)OR(?:\s|$)"), '"OR" is a word here: list the alternatives in any'),
    (re.compile(r"(?:^|\s)AND(?:\s|$)"), '"AND" is a word here: list what must be there in all'),
    (
        re.compile(r"(?:^|\s)(?:AND)?NOT(?:\s|$)|(?:^|\s)-\w"),
        "nothing is excluded by it: list what must not be there in none",
    ),
    (re.compile(r"\bcat:"), '"cat:" is a word here: use categories'),
    (re.compile(r"\bau:"), '"au:" is a word here: authors cannot be searched for'),
    (re.compile(r"\b(?:ti|abs|co|jr|all):"), "its prefix is a word here: use in"),
    (
        re.compile(r"\w{3}\*|\?"),
        '"*" and "?" are no wildcards: leave them out, every ending is found',
    ),
    (re.compile(r",\s"), "it is one phrase: list the parts in any or all"),
)
"""Syntax of search engines that has no effect in a phrase, and the option to use instead."""


def summarize(keyword: Keyword) -> str:
    """Return a one-line description of the papers listed for a keyword.

    For example: `compiler: "compiler" in title and abstract; cs, stat; newest 100`
    """
    searches = " | or ".join(map(_describe_search, keyword.searches))
    shown = _REVISIONS_TEXT[keyword.revisions]
    return f"{keyword.name}: {searches}{shown}; newest {keyword.cap}"


def _describe_search(search: Search) -> str:
    wanted = [_describe_group(group) for group in search.groups] or ["every paper"]
    text = " and ".join(
        f"({part})" if " or " in part and len(wanted) > 1 else part for part in wanted
    )
    if search.excluded:
        text += f", without {_describe_group(search.excluded)}"
    if search.exact:
        text += ", spelled exactly so"
    primary = "" if search.cross_lists else "primary category "
    return f"{text}; {primary}{', '.join(search.categories) or 'all of arXiv'}"


def _describe_group(group: Sequence[tuple[str, MatchField]]) -> str:
    parts = []
    for field, phrases in groupby(group, key=lambda phrase: phrase[1]):
        texts = " or ".join(f'"{text}"' for text, _ in phrases)
        parts.append(f"{texts} in {field}")
    return " or ".join(parts)


def list_warnings(keyword: Keyword, api_url: str) -> Iterator[str]:
    """Yield a line for each likely misunderstanding in a keyword, with the remedy."""
    for search in keyword.searches:
        for phrase in search.phrases:
            for words_of in (_warn_of_syntax, _warn_of_stop_words, _warn_of_signs):
                yield from words_of(phrase.text)
        yield from _warn_of_both_fields(search)
    asked = query.newest_first_parameters(keyword, 0, query.choose_page_size(keyword))
    url = arxiv_search.build_url(api_url, asked)
    if (length := len(arxiv_search.build_request_line(url))) > arxiv_search.MAX_REQUEST_LINE:
        yield (
            f"its query makes a request line of {length:,} characters; as arXiv takes "
            f"{arxiv_search.MAX_REQUEST_LINE:,}, it is sent by POST"
        )


def _warn_of_syntax(text: str) -> Iterator[str]:
    for pattern, remedy in _SYNTAX_PATTERNS:
        if pattern.search(text):
            yield f'"{text}": {remedy}'


def _warn_of_stop_words(text: str) -> Iterator[str]:
    found = [word.lower() for word in split_words(text)]
    if not found:
        return
    if STOP_WORDS.issuperset(found):
        yield (
            f'"{text}": arXiv\'s title search leaves out such words and finds nothing; in '
            "abstracts it finds every one"
        )
    elif left_out := [word for word in dict.fromkeys((found[0], found[-1])) if word in STOP_WORDS]:
        quoted = " and ".join(f'"{word}"' for word in left_out)
        yield (
            f'"{text}": arXiv\'s search leaves out {quoted}; what it finds without is filtered, so '
            "that many requests can be needed"
        )


def _warn_of_signs(text: str) -> Iterator[str]:
    if split_words(text) and ListedPhrase(text).has_signs:
        yield (
            f'"{text}": arXiv\'s search does not know its signs; what it finds without them is '
            "filtered, so that many requests can be needed"
        )


def _warn_of_both_fields(search: Search) -> Iterator[str]:
    if len(search.any) > 1 and (both := [p for p in search.any if _is_word_by_default(search, p)]):
        yield (
            f'"{both[0].text}" must be in title and abstract, as it is one word; in = '
            '"title or abstract" finds it in either'
        )


def _is_word_by_default(search: Search, phrase: Phrase) -> bool:
    return not (phrase.within or search.within) and search.match_field(phrase) is MatchField.BOTH
