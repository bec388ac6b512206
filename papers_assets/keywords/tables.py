"""Read the tables of keywords.toml into `KeywordsFile`, and note every mistake in them. Pure.

`papers_assets.keywords.model.values` checks single values.
"""

import difflib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from papers_assets.arxiv.search import MAX_TERMS
from papers_assets.keywords import query, values
from papers_assets.keywords.model import Keyword, KeywordsFile, Phrase, Revisions, Search, Source
from papers_assets.keywords.values import ValueMistake, show

_FILE_KEYS = (
    *("cap", "categories", "timezone", "schedule", "keep_runs", "keep_papers", "site"),
    *("digest_when_nothing_changed", "digest_name", "front_page", "source", "harvest_since"),
    *("witness", "in", "keywords"),
)
_SEARCH_KEYS = ("any", "all", "none", "in", "categories", "cross_lists", "exact")
_KEYWORD_KEYS = (*_SEARCH_KEYS, "queries", "revisions", "cap", "recipients")
_TOP_KEYS = tuple(name for name in _FILE_KEYS if name not in (*_KEYWORD_KEYS, "keywords"))
EXAMPLE = '[keywords."graph neural networks"]'
_AT_THE_TOP = "belongs at the top of the file, above the first [section]."
# Used in place of mistaken values, so that one mistake is not reported as two.
_STAND_IN = Search(any=(Phrase("x"),), all=((Phrase("x"),),), categories=("cs",))

_PLAIN = re.compile(r"[A-Za-z0-9_-]+|queries\[\d+\]")

_Key = tuple[str, ...]
_T = TypeVar("_T")


def read_tables(path: Path, content: dict[str, Any]) -> tuple[KeywordsFile, list[str]]:
    """Return what the file at `path` says, and the mistakes in it: key, value and remedy of each.

    Where there are mistakes, the `KeywordsFile` is not to be used.
    """
    reader = _Reader()
    return reader.read(path, content), reader.mistakes


class _Reader:
    """Reads the tables of a file, and notes the mistakes in them."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def read(self, path: Path, content: dict[str, Any]) -> KeywordsFile:
        self._check_keys((), content, _FILE_KEYS)

        def option(name: str, check: Callable[[object], _T], default: _T) -> _T:
            return self._option((), content, name, check, default)

        def days(name: str, default: int) -> int:
            return option(name, partial(values.days, name, default), default)

        def yes(name: str) -> bool:
            return option(name, partial(values.yes_or_no, name), False)  # noqa: FBT003 - a default

        cap = option("cap", values.cap, 100)
        defaults = Search(
            within=option("in", values.within, None),
            categories=self._categories((), content, ()),
        )
        keywords = self._keyword_tables(content)
        source = option("source", values.source, Source.QUERY)
        since = partial(values.harvest_since, source)
        return KeywordsFile(
            path=path,
            keywords=tuple(
                self._keyword(name, table, cap, defaults) for name, table in keywords.items()
            ),
            timezone=option("timezone", values.timezone, ZoneInfo("UTC")),
            schedule=option("schedule", values.schedule, "0 6 * * *"),
            keep_runs=days("keep_runs", 90),
            keep_papers=days("keep_papers", 1095),
            site=option("site", values.site, ""),
            digest_name=option("digest_name", values.name, "Daily Papers"),
            digest_when_nothing_changed=yes("digest_when_nothing_changed"),
            front_page=yes("front_page"),
            source=source,
            harvest_since=self._checked(
                ("harvest_since",), since, content.get("harvest_since"), None
            ),
            witness=option("witness", partial(values.witness, source), False),  # noqa: FBT003
        )

    def _option(  # noqa: PLR0913, PLR0917 - of one option
        self,
        key: _Key,
        table: dict[str, Any],
        name: str,
        check: Callable[[object], _T],
        default: _T,
        stand_in: _T | None = None,
    ) -> _T:
        if name not in table:
            return default
        instead = default if stand_in is None else stand_in
        return self._checked((*key, name), check, table[name], instead)

    def _categories(
        self, key: _Key, table: dict[str, Any], default: tuple[str, ...]
    ) -> tuple[str, ...]:
        check, stand_in = values.categories, _STAND_IN.categories
        return self._option(key, table, "categories", check, default, stand_in)

    def _checked(self, key: _Key, check: Callable[[Any], _T], value: object, stand_in: _T) -> _T:
        try:
            return check(value)
        except* ValueMistake as mistakes:
            for mistake in mistakes.exceptions:
                self._note(key, str(mistake))
        return stand_in

    def _note(self, key: _Key, mistake: str) -> None:
        self.mistakes.append(f"{_dotted(key)}: {mistake}")

    def _check_keys(self, key: _Key, table: dict[str, Any], known: Iterable[str]) -> None:
        for name, value in table.items():
            if name not in known:
                remedy = _remedy_for_key(key, name, value, tuple(known))
                self._note((*key, name), f"unknown key (value {show(value)}). {remedy}")

    def _keyword_tables(self, content: dict[str, Any]) -> dict[str, object]:
        tables = content.get("keywords", {})
        if not isinstance(tables, dict):
            names = tables if values.are_texts(tables) else ["graph neural networks"]
            sections = ", ".join(f"[{_dotted(('keywords', name))}]" for name in names)
            self._note(("keywords",), f"{show(tables)} is not a table. Write {sections}.")
            return {}
        others = [name for name, value in content.items() if isinstance(value, dict)]
        if not tables and others in ([], ["keywords"]):  # else one of them is to be a keyword
            self._note(("keywords",), f"no keyword at all. Add a line such as {EXAMPLE}.")
        seen: dict[str, str] = {}
        for name in tables:
            self._check_name(name)
            if (other := seen.setdefault(comparable(name), name)) != name:
                self._note(
                    ("keywords", name),
                    f"the same keyword as {show(other)}: arXiv does not tell upper from lower "
                    "case. Keep one of them.",
                )
        return tables

    def _check_name(self, name: str) -> None:
        key = ("keywords", name)
        self._checked(key, partial(values.check_phrase, "keyword"), name, None)
        if "..." in name:
            self._note(
                key,
                "a keyword cannot have three dots in a row, which Dagster reads as a range. Choose "
                "another name and put the phrase into any = [...].",
            )

    def _keyword(self, name: str, table: object, cap: int, defaults: Search) -> Keyword:
        key = ("keywords", name)
        table = self._table(key, table, _KEYWORD_KEYS)

        def option(name: str, check: Callable[[object], _T], default: _T) -> _T:
            return self._option(key, table, name, check, default)

        keyword = Keyword(
            name=name,
            searches=tuple(self._searches(key, table, defaults)),
            cap=option("cap", values.cap, cap),
            recipients=option("recipients", values.variable, ""),
            revisions=option("revisions", values.revisions, Revisions.INCLUDE),
        )
        if (terms := query.count_terms(keyword)) > MAX_TERMS:
            self._note(
                key,
                f"its query has {terms} terms, and arXiv takes {MAX_TERMS} at most. "
                "Move some of the phrases to keywords of their own.",
            )
        return keyword

    def _searches(self, key: _Key, table: dict[str, Any], defaults: Search) -> Iterator[Search]:
        defaults = self._search(key, table, replace(defaults, any=(Phrase(key[-1]),)))
        queries = table.get("queries")
        if queries is None:
            yield defaults
            return
        for name in ("any", "all"):
            if name in table:
                self._note((*key, name), f"beside queries. Move {name} into one of the queries.")
        if not isinstance(queries, list) or not queries:
            self._note(
                (*key, "queries"),
                f"{show(queries)} is not a list of tables. "
                'Write queries = [{ any = ["EDA"], categories = ["cs.AR"] }, ...].',
            )
            return
        for number, item in enumerate(queries, 1):
            of_query = (*key, f"queries[{number}]")
            if isinstance(item, dict):
                self._check_keys(of_query, item, _SEARCH_KEYS)
                yield self._search(of_query, item, replace(defaults, any=()))
            else:
                self._note(of_query, f'{show(item)} is not a table. Write {{ any = ["EDA"] }}.')

    def _search(self, key: _Key, table: dict[str, Any], defaults: Search) -> Search:
        def option(
            name: str, check: Callable[[object], _T], default: _T, stand_in: _T | None = None
        ) -> _T:
            return self._option(key, table, name, check, default, stand_in)

        any_ = partial(values.phrases, "any", may_be_empty=True)
        search = Search(
            any=option("any", any_, defaults.any, _STAND_IN.any),
            all=option("all", partial(values.groups, "all"), (), _STAND_IN.all),
            none=option("none", partial(values.phrases, "none"), defaults.none),
            within=option("in", values.within, defaults.within),
            categories=self._categories(key, table, defaults.categories),
            cross_lists=option(
                "cross_lists", partial(values.yes_or_no, "cross_lists"), defaults.cross_lists
            ),
            exact=option("exact", partial(values.yes_or_no, "exact"), defaults.exact),
        )
        if not (search.any or search.all or search.categories):
            if table.keys() <= {*_KEYWORD_KEYS}:  # else an unknown key is to be one of these
                self._note(
                    (*key, "any"),
                    "no phrase and no category: that is all of arXiv. Name a phrase in any or all, "
                    'or categories = ["cs.RO"] to follow all of them.',
                )
            return _STAND_IN
        if search.categories == () and not search.cross_lists:
            self._note(
                (*key, "cross_lists"),
                'false without categories. Add categories = ["cs.LG"], for the primary category to '
                "be among.",
            )
        return search

    def _table(self, key: _Key, table: object, known: Iterable[str]) -> dict[str, Any]:
        if isinstance(table, dict):
            self._check_keys(key, table, known)
            return table
        remedy = f"Write [{_dotted(key)}]."
        if key[-1] in _TOP_KEYS:
            remedy = f"{key[-1]} {_AT_THE_TOP}"
        elif values.are_texts(table):
            remedy = f"Write [{_dotted(key)}] and, below it, any = {show(table)}."
        self._note(key, f"{show(table)} is not a table. {remedy}")
        return {}


def comparable(name: str) -> str:
    """Return what two names have in common that arXiv does not tell apart."""
    return unicodedata.normalize("NFKC", name).casefold()


def _remedy_for_key(key: _Key, name: str, value: object, known: Sequence[str]) -> str:
    """Return what to write instead of the unknown key `name` in the table at `key`."""
    if isinstance(value, dict) and not key:
        if difflib.get_close_matches(name.lower(), ["keywords"], cutoff=0.8):
            sections = [f"[{_dotted(('keywords', section))}]" for section in value]
            return f"Write {', '.join(sections) or EXAMPLE}."
        return f"If it is a keyword, write [{_dotted(('keywords', name))}]."
    if isinstance(value, dict):
        quoted = json.dumps(f"{key[-1]}.{name}", ensure_ascii=False)
        return f"If the keyword has a dot in it, quote it: [keywords.{quoted}]."
    if near := difflib.get_close_matches(name.lower(), [*known, *_TOP_KEYS], n=1):
        if near[0] in known:
            return f"Did you mean {near[0]}?"
        return f"{near[0]} {_AT_THE_TOP}"
    return f"Known here: {', '.join(known)}."


def _dotted(key: _Key) -> str:
    """Return `key` as TOML writes it: keywords."graph neural networks".cap, or of queries[1]."""
    return ".".join(part if _PLAIN.fullmatch(part) else show(part) for part in key)
