"""Read the tables of keywords.toml into `KeywordsConfig`, and note every mistake in them. Pure.

`papers_assets.keywords.values` checks single values.
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
from papers_assets.keywords.model import (
    Keyword,
    KeywordsConfig,
    PaperSource,
    Phrase,
    Revisions,
    Search,
)
from papers_assets.keywords.values import ValueMistake, to_short_toml

_FILE_KEYS = (
    *("cap", "categories", "timezone", "schedule", "keep_runs", "keep_papers", "site"),
    *("digest_when_nothing_changed", "digest_name", "front_page", "source", "harvest_since"),
    *("witness", "in", "keywords"),
)
_SEARCH_KEYS = ("any", "all", "none", "in", "categories", "cross_lists", "exact")
_KEYWORD_KEYS = (*_SEARCH_KEYS, "queries", "revisions", "cap", "recipients")
_TOP_KEYS = tuple(name for name in _FILE_KEYS if name not in (*_KEYWORD_KEYS, "keywords"))
EXAMPLE = '[keywords."graph neural networks"]'
_BELONGS_AT_THE_TOP = "belongs at the top of the file, above the first [section]."
# Used in place of mistaken values, so that one mistake is not reported as two.
_PLACEHOLDER = Search(any=(Phrase("x"),), all=((Phrase("x"),),), categories=("cs",))

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+|queries\[\d+\]")

_Key = tuple[str, ...]
_T = TypeVar("_T")


def read_tables(path: Path, content: dict[str, Any]) -> tuple[KeywordsConfig, list[str]]:
    """Return what the file at `path` says, and the mistakes in it: key, value and remedy of each.

    Where there are mistakes, the `KeywordsConfig` is not to be used.
    """
    reader = _TablesReader()
    return reader.read(path, content), reader.mistakes


class _TablesReader:
    """Reads the tables of a file, and notes the mistakes in them."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def read(self, path: Path, content: dict[str, Any]) -> KeywordsConfig:
        self._check_keys((), content, _FILE_KEYS)

        def option(name: str, check: Callable[[object], _T], default: _T) -> _T:
            return self._option((), content, name, check, default)

        def days(name: str, default: int) -> int:
            return option(name, partial(values.parse_days, name, default), default)

        def yes(name: str) -> bool:
            return option(name, partial(values.parse_boolean, name), False)  # noqa: FBT003 - a default

        cap = option("cap", values.parse_cap, 100)
        defaults = Search(
            within=option("in", values.parse_match_field, None),
            categories=self._categories((), content, ()),
        )
        keywords = self._keyword_tables(content)
        source = option("source", values.parse_source, PaperSource.QUERY)
        since = partial(values.parse_harvest_since, source)
        return KeywordsConfig(
            path=path,
            keywords=tuple(
                self._keyword(name, table, cap, defaults) for name, table in keywords.items()
            ),
            timezone=option("timezone", values.parse_timezone, ZoneInfo("UTC")),
            schedule=option("schedule", values.parse_schedule, "0 6 * * *"),
            keep_runs=days("keep_runs", 90),
            keep_papers=days("keep_papers", 1095),
            site=option("site", values.parse_site, ""),
            digest_name=option("digest_name", values.parse_name, "Daily Papers"),
            digest_when_nothing_changed=yes("digest_when_nothing_changed"),
            front_page=yes("front_page"),
            source=source,
            harvest_since=self._check_value(
                ("harvest_since",), since, content.get("harvest_since"), None
            ),
            witness=option("witness", partial(values.parse_witness, source), False),  # noqa: FBT003
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
        return self._check_value((*key, name), check, table[name], instead)

    def _categories(
        self, key: _Key, table: dict[str, Any], default: tuple[str, ...]
    ) -> tuple[str, ...]:
        check, stand_in = values.parse_categories, _PLACEHOLDER.categories
        return self._option(key, table, "categories", check, default, stand_in)

    def _check_value(
        self, key: _Key, check: Callable[[Any], _T], value: object, stand_in: _T
    ) -> _T:
        try:
            return check(value)
        except* ValueMistake as mistakes:
            for mistake in mistakes.exceptions:
                self._add_mistake(key, str(mistake))
        return stand_in

    def _add_mistake(self, key: _Key, mistake: str) -> None:
        self.mistakes.append(f"{_dotted_key(key)}: {mistake}")

    def _check_keys(self, key: _Key, table: dict[str, Any], known: Iterable[str]) -> None:
        for name, value in table.items():
            if name not in known:
                remedy = _suggest_key(key, name, value, tuple(known))
                self._add_mistake(
                    (*key, name), f"unknown key (value {to_short_toml(value)}). {remedy}"
                )

    def _keyword_tables(self, content: dict[str, Any]) -> dict[str, object]:
        tables = content.get("keywords", {})
        if not isinstance(tables, dict):
            names = tables if values.are_texts(tables) else ["graph neural networks"]
            sections = ", ".join(f"[{_dotted_key(('keywords', name))}]" for name in names)
            self._add_mistake(
                ("keywords",), f"{to_short_toml(tables)} is not a table. Write {sections}."
            )
            return {}
        others = [name for name, value in content.items() if isinstance(value, dict)]
        if not tables and others in ([], ["keywords"]):  # else one of them is to be a keyword
            self._add_mistake(("keywords",), f"no keyword at all. Add a line such as {EXAMPLE}.")
        seen: dict[str, str] = {}
        for name in tables:
            self._check_name(name)
            if (other := seen.setdefault(normalize_name(name), name)) != name:
                self._add_mistake(
                    ("keywords", name),
                    f"the same keyword as {to_short_toml(other)}: arXiv does not tell upper from "
                    "lower "
                    "case. Keep one of them.",
                )
        return tables

    def _check_name(self, name: str) -> None:
        key = ("keywords", name)
        self._check_value(key, partial(values.check_phrase, "keyword"), name, None)
        if "..." in name:
            self._add_mistake(
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
            cap=option("cap", values.parse_cap, cap),
            recipients=option("recipients", values.parse_variable, ""),
            revisions=option("revisions", values.parse_revisions, Revisions.INCLUDE),
        )
        if (terms := query.count_terms(keyword)) > MAX_TERMS:
            self._add_mistake(
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
                self._add_mistake(
                    (*key, name), f"beside queries. Move {name} into one of the queries."
                )
        if not isinstance(queries, list) or not queries:
            self._add_mistake(
                (*key, "queries"),
                f"{to_short_toml(queries)} is not a list of tables. "
                'Write queries = [{ any = ["EDA"], categories = ["cs.AR"] }, ...].',
            )
            return
        for number, item in enumerate(queries, 1):
            of_query = (*key, f"queries[{number}]")
            if isinstance(item, dict):
                self._check_keys(of_query, item, _SEARCH_KEYS)
                yield self._search(of_query, item, replace(defaults, any=()))
            else:
                self._add_mistake(
                    of_query, f'{to_short_toml(item)} is not a table. Write {{ any = ["EDA"] }}.'
                )

    def _search(self, key: _Key, table: dict[str, Any], defaults: Search) -> Search:
        def option(
            name: str, check: Callable[[object], _T], default: _T, stand_in: _T | None = None
        ) -> _T:
            return self._option(key, table, name, check, default, stand_in)

        any_ = partial(values.parse_phrases, "any", may_be_empty=True)
        search = Search(
            any=option("any", any_, defaults.any, _PLACEHOLDER.any),
            all=option("all", partial(values.parse_groups, "all"), (), _PLACEHOLDER.all),
            none=option("none", partial(values.parse_phrases, "none"), defaults.none),
            within=option("in", values.parse_match_field, defaults.within),
            categories=self._categories(key, table, defaults.categories),
            cross_lists=option(
                "cross_lists", partial(values.parse_boolean, "cross_lists"), defaults.cross_lists
            ),
            exact=option("exact", partial(values.parse_boolean, "exact"), defaults.exact),
        )
        if not (search.any or search.all or search.categories):
            if table.keys() <= {*_KEYWORD_KEYS}:  # else an unknown key is to be one of these
                self._add_mistake(
                    (*key, "any"),
                    "no phrase and no category: that is all of arXiv. Name a phrase in any or all, "
                    'or categories = ["cs.RO"] to follow all of them.',
                )
            return _PLACEHOLDER
        if search.categories == () and not search.cross_lists:
            self._add_mistake(
                (*key, "cross_lists"),
                'false without categories. Add categories = ["cs.LG"], for the primary category to '
                "be among.",
            )
        return search

    def _table(self, key: _Key, table: object, known: Iterable[str]) -> dict[str, Any]:
        if isinstance(table, dict):
            self._check_keys(key, table, known)
            return table
        remedy = f"Write [{_dotted_key(key)}]."
        if key[-1] in _TOP_KEYS:
            remedy = f"{key[-1]} {_BELONGS_AT_THE_TOP}"
        elif values.are_texts(table):
            remedy = f"Write [{_dotted_key(key)}] and, below it, any = {to_short_toml(table)}."
        self._add_mistake(key, f"{to_short_toml(table)} is not a table. {remedy}")
        return {}


def normalize_name(name: str) -> str:
    """Return what two names have in common that arXiv does not tell apart."""
    return unicodedata.normalize("NFKC", name).casefold()


def _suggest_key(key: _Key, name: str, value: object, known: Sequence[str]) -> str:
    """Return what to write instead of the unknown key `name` in the table at `key`."""
    if isinstance(value, dict) and not key:
        if difflib.get_close_matches(name.lower(), ["keywords"], cutoff=0.8):
            sections = [f"[{_dotted_key(('keywords', section))}]" for section in value]
            return f"Write {', '.join(sections) or EXAMPLE}."
        return f"If it is a keyword, write [{_dotted_key(('keywords', name))}]."
    if isinstance(value, dict):
        quoted = json.dumps(f"{key[-1]}.{name}", ensure_ascii=False)
        return f"If the keyword has a dot in it, quote it: [keywords.{quoted}]."
    if near := difflib.get_close_matches(name.lower(), [*known, *_TOP_KEYS], n=1):
        if near[0] in known:
            return f"Did you mean {near[0]}?"
        return f"{near[0]} {_BELONGS_AT_THE_TOP}"
    return f"Known here: {', '.join(known)}."


def _dotted_key(key: _Key) -> str:
    """Return `key` as TOML writes it: keywords."graph neural networks".cap, or of queries[1]."""
    return ".".join(part if _BARE_KEY.fullmatch(part) else to_short_toml(part) for part in key)
