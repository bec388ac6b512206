"""Read the tables of keywords.toml into `KeywordsConfig`, and collect all mistakes in them. Pure.

`papers_assets.keywords.values` reads single values.
"""

import difflib
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from papers_assets.arxiv.search import MAX_TERMS
from papers_assets.keywords import query, values
from papers_assets.keywords.model import Keyword, KeywordsConfig, PaperSource, Phrase, Search
from papers_assets.keywords.values import (
    FILE_OPTIONS,
    KEYWORD_OPTIONS,
    SEARCH_OPTIONS,
    ValueMistake,
    to_short_toml,
)

_TOP_KEYS = [name for name in FILE_OPTIONS if name not in SEARCH_OPTIONS | KEYWORD_OPTIONS]
EXAMPLE = '[keywords."graph neural networks"]'
_BELONGS_AT_THE_TOP = "belongs at the top of the file, above the first [section]."
# Used instead of invalid values, so that one mistake is not reported as two.
_STAND_INS: dict[str, Any] = {
    "any": (Phrase("x"),),
    "all": ((Phrase("x"),),),
    "categories": ("cs",),
}

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+|queries\[\d+\]")

_Key = tuple[str, ...]


class TablesReader:
    """A reader of a file's tables that collects all mistakes, each with key, value and remedy."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def read(self, path: Path, content: dict[str, Any]) -> KeywordsConfig:
        """Return the configuration of the file at `path`, to be discarded if there are mistakes."""
        options = self._read_options((), content, FILE_OPTIONS, "keywords")
        cap = options.pop("cap", Keyword.cap)
        defaults = Search(
            within=options.pop("within", None), categories=options.pop("categories", ())
        )
        self._check_source(content, options)
        return KeywordsConfig(
            path=path,
            keywords=tuple(
                self._read_keyword(name, table, cap, defaults)
                for name, table in self._read_sections(content).items()
            ),
            timezone=options.pop("timezone", ZoneInfo("UTC")),
            schedule=options.pop("schedule", "0 6 * * *"),
            **options,
        )

    def _read_options(
        self, key: _Key, table: dict[str, Any], parsers: values.Parsers, *others: str
    ) -> dict[str, Any]:
        """Return the values in `table`, by field; the keys `others` are allowed but not read."""
        options = {}
        known = (*parsers, *others)
        for name in [name for name in table if name not in known]:
            problem = f"unknown key (value {to_short_toml(table[name])})."
            remedy = _suggest_key(key, name, table[name], known)
            self._add_mistakes((*key, name), f"{problem} {remedy}")
        for name in [name for name in parsers if name in table]:
            field = "within" if name == "in" else name
            try:
                options[field] = parsers[name](table[name])
            except ValueMistake as mistake:
                self._add_mistakes((*key, name), *mistake.args)
                if name in _STAND_INS:
                    options[field] = _STAND_INS[name]
        return options

    def _add_mistakes(self, key: _Key, *mistakes: str) -> None:
        self.mistakes += (f"{_dotted_key(key)}: {mistake}" for mistake in mistakes)

    def _check_source(self, content: dict[str, Any], options: dict[str, Any]) -> None:
        if options.get("source") is not PaperSource.HARVEST:
            options.pop("harvest_since", None)
            return
        if "harvest_since" not in content:
            problem = 'missing, as source = "harvest" needs the first day to fetch.'
            self._add_mistakes(("harvest_since",), f"{problem} {values.WRITE_A_DAY}")
        if options.get("witness"):
            self._add_mistakes(
                ("witness",),
                'true, but with source = "harvest" all papers come from OAI-PMH already. Leave '
                "witness out.",
            )

    def _read_sections(self, content: dict[str, Any]) -> dict[str, object]:
        tables = content.get("keywords", {})
        if not isinstance(tables, dict):
            names = tables if values.are_texts(tables) else ["graph neural networks"]
            sections = ", ".join(f"[{_dotted_key(('keywords', name))}]" for name in names)
            self._add_mistakes(
                ("keywords",), f"{to_short_toml(tables)} is not a table. Write {sections}."
            )
            return {}
        others = [name for name, value in content.items() if isinstance(value, dict)]
        if not tables and others in ([], ["keywords"]):  # else one of them is meant as a keyword
            self._add_mistakes(("keywords",), f"no keyword at all. Add a line such as {EXAMPLE}.")
        seen: dict[str, str] = {}
        for name in tables:
            self._add_mistakes(("keywords", name), *_check_name(name, seen))
        return tables

    def _read_keyword(self, name: str, table: object, cap: int, defaults: Search) -> Keyword:
        key = ("keywords", name)
        table = self._check_table(key, table)
        options = self._read_options(key, table, SEARCH_OPTIONS | KEYWORD_OPTIONS)
        own = {option: options.pop(option) for option in KEYWORD_OPTIONS if option in options}
        queries = own.pop("queries", None)
        options = {"any": (Phrase(name),)} | options
        search = self._check_search(key, table, replace(defaults, **options))
        if "queries" in table:
            for option in [option for option in ("any", "all") if option in table]:
                mistake = f"beside queries. Move {option} into one of the queries."
                self._add_mistakes((*key, option), mistake)
        searches = self._read_queries(key, queries, search) if queries else [search]
        keyword = Keyword(name, tuple(searches), **{"cap": cap} | own)
        if (terms := query.count_terms(keyword)) > MAX_TERMS:
            self._add_mistakes(
                key,
                f"its query has {terms} terms, and arXiv takes {MAX_TERMS} at most. "
                "Move some of the phrases to keywords of their own.",
            )
        return keyword

    def _read_queries(self, key: _Key, queries: list[object], shared: Search) -> Iterator[Search]:
        for number, item in enumerate(queries, 1):
            place = (*key, f"queries[{number}]")
            if isinstance(item, dict):
                options = self._read_options(place, item, SEARCH_OPTIONS)
                options = {"any": (), "all": ()} | options
                yield self._check_search(place, item, replace(shared, **options))
            else:
                self._add_mistakes(
                    place, f'{to_short_toml(item)} is not a table. Write {{ any = ["EDA"] }}.'
                )

    def _check_search(self, key: _Key, table: dict[str, Any], search: Search) -> Search:
        if not (search.any or search.all or search.categories):
            # An unknown key is probably meant as one of these.
            if table.keys() <= {*SEARCH_OPTIONS, *KEYWORD_OPTIONS}:
                self._add_mistakes(
                    (*key, "any"),
                    "no phrase and no category: that is all of arXiv. Name a phrase in any or all, "
                    'or categories = ["cs.RO"] to follow all of them.',
                )
            return Search(**_STAND_INS)
        if not search.categories and not search.cross_lists:
            self._add_mistakes(
                (*key, "cross_lists"),
                'false without categories. Add categories = ["cs.LG"], for the primary category to '
                "be among.",
            )
        return search

    def _check_table(self, key: _Key, table: object) -> dict[str, Any]:
        if isinstance(table, dict):
            return table
        remedy = f"Write [{_dotted_key(key)}]."
        if key[-1] in _TOP_KEYS:
            remedy = f"{key[-1]} {_BELONGS_AT_THE_TOP}"
        elif values.are_texts(table):
            remedy = f"Write [{_dotted_key(key)}] and, below it, any = {to_short_toml(table)}."
        self._add_mistakes(key, f"{to_short_toml(table)} is not a table. {remedy}")
        return {}


def _check_name(name: str, seen: dict[str, str]) -> Iterator[str]:
    """Yield the mistakes in a keyword's name; `seen` has the previous names by normalized name."""
    try:
        values.parse_text("keyword", name)
    except ValueMistake as mistake:
        yield str(mistake)
    if "..." in name:
        yield (
            "a keyword cannot have three dots in a row, which Dagster reads as a range. Choose "
            "another name and put the phrase into any = [...]."
        )
    if (other := seen.setdefault(normalize_name(name), name)) != name:
        yield (
            f"the same keyword as {to_short_toml(other)}: arXiv does not tell upper from lower "
            "case. Keep one of them."
        )


def normalize_name(name: str) -> str:
    """Return the normalized form of a name, equal for names that arXiv does not distinguish."""
    return unicodedata.normalize("NFKC", name).casefold()


def _suggest_key(key: _Key, name: str, value: object, known: Sequence[str]) -> str:
    """Return the remedy for the unknown key `name` in the table at `key`."""
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
    """Return `key` in TOML's notation, such as keywords."graph neural networks".cap.

    An item of `queries` is written as queries[1].
    """
    return ".".join(part if _BARE_KEY.fullmatch(part) else to_short_toml(part) for part in key)
