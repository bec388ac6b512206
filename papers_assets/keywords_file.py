"""Read keywords.toml into `KeywordsFile`, or say precisely what is wrong with it.

This is the only place that reads the file; `papers_assets.keywords_values` says what a value may
be. Every mistake is one `KeywordsFileError` whose message names the file, the key, the value and
the remedy; people meet it on the command line and as the load error of the code location in the
Dagster UI.
"""

import difflib
import json
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Never, TypeVar
from zoneinfo import ZoneInfo

from papers_assets import keywords_values as values
from papers_assets.arxiv import query
from papers_assets.keywords import Keyword, KeywordsFile, Phrase, Revisions, Search, Source
from papers_assets.keywords_values import ValueMistake, show

_FILE_KEYS = (
    *("cap", "categories", "timezone", "schedule", "keep_runs", "keep_papers", "site"),
    *("digest_when_nothing_changed", "digest_name", "front_page", "source", "harvest_since"),
    *("witness", "in", "keywords"),
)
_SEARCH_KEYS = ("any", "all", "none", "in", "categories", "cross_lists", "exact")
_KEYWORD_KEYS = (*_SEARCH_KEYS, "queries", "revisions", "cap", "recipients")
_EXAMPLE = '[keywords."graph neural networks"]'

_Key = tuple[str, ...]
_T = TypeVar("_T")


class KeywordsFileError(Exception):
    """keywords.toml cannot be used; the message is written for the person who edits it."""


def read_keywords_file(path: Path) -> KeywordsFile:
    """Read and validate the file at `path`.

    Raises:
        KeywordsFileError: it is missing, unreadable, not TOML, or says something it cannot.
    """
    return _Reader(path).read()


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> KeywordsFile:
        content = self._parse(self._text())
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
            categories=option("categories", values.categories, ()),
        )
        keywords = self._keyword_tables(content.get("keywords", {}))
        source = option("source", values.source, Source.QUERY)
        since = partial(values.harvest_since, source)
        return KeywordsFile(
            path=self._path,
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
            harvest_since=self._checked(("harvest_since",), since, content.get("harvest_since")),
            witness=option("witness", partial(values.witness, source), False),  # noqa: FBT003
        )

    def _option(
        self,
        key: _Key,
        table: dict[str, Any],
        name: str,
        check: Callable[[object], _T],
        default: _T,
    ) -> _T:
        return self._checked((*key, name), check, table[name]) if name in table else default

    def _checked(self, key: _Key, check: Callable[[Any], _T], value: object) -> _T:
        try:
            return check(value)
        except ValueMistake as mistake:
            self._fail(key, mistake.problem, mistake.remedy)

    def _fail(self, key: _Key, problem: str, remedy: str) -> Never:
        where = f"{self._path}: {_dotted(key)}" if key else str(self._path)
        raise KeywordsFileError(f"{where}: {problem} {remedy}") from None  # it says all

    def _text(self) -> str:
        try:
            # Some editors begin a file with a byte order mark, which TOML does not know.
            return self._path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            self._fail(
                (),
                "there is no such file.",
                f"Create it with a line such as {_EXAMPLE}, or set PAPERS_KEYWORDS to the path of "
                "yours.",
            )
        except UnicodeDecodeError as error:
            self._fail((), f"byte {error.start} is not UTF-8.", "Save the file as UTF-8.")
        except OSError as error:
            self._fail((), f"cannot be read ({error.strerror}).", "Check PAPERS_KEYWORDS.")

    def _parse(self, text: str) -> dict[str, Any]:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self._fail(
                (),
                f"this is not valid TOML: {error}.",
                "Text values and every keyword that is more than plain letters, digits, - and _ "
                f"need quotes, as in {_EXAMPLE}; a keyword can stand in the file only once.",
            )

    def _check_keys(self, key: _Key, table: dict[str, Any], known: Iterable[str]) -> None:
        for name, value in table.items():
            if name in known:
                continue
            near = difflib.get_close_matches(name, known, n=1)
            remedy = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
            if not key and isinstance(value, dict):
                remedy = f"If it is a keyword, write [{_dotted(('keywords', name))}]."
            elif isinstance(value, dict):
                quoted = json.dumps(f"{key[-1]}.{name}", ensure_ascii=False)
                remedy = f"If the keyword has a dot in it, quote it: [keywords.{quoted}]."
            self._fail((*key, name), f"unknown key (value {show(value)}).", remedy)

    def _keyword_tables(self, tables: object) -> dict[str, object]:
        if not isinstance(tables, dict):
            self._fail(("keywords",), f"{show(tables)} is not a table.", f"Write {_EXAMPLE}.")
        if not tables:
            self._fail(("keywords",), "no keyword at all.", f"Add a line such as {_EXAMPLE}.")
        seen: dict[str, str] = {}
        for name in tables:
            key = ("keywords", name)
            self._checked(key, partial(values.check_phrase, "keyword"), name)
            if "..." in name:
                self._fail(
                    key,
                    "a keyword cannot have three dots in a row, which Dagster reads as a range.",
                    "Choose another name and put the phrase into any = [...].",
                )
            if (
                other := seen.setdefault(unicodedata.normalize("NFKC", name).casefold(), name)
            ) != name:
                self._fail(
                    key,
                    f"the same keyword as {show(other)}: arXiv does not tell upper from lower "
                    "case.",
                    "Keep one of them.",
                )
        return tables

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
        if (terms := query.count_terms(keyword)) > query.MAX_TERMS:
            self._fail(
                key,
                f"its query has {terms} terms, and arXiv takes {query.MAX_TERMS} at most.",
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
                self._fail((*key, name), "beside queries.", f"Move {name} into one of the queries.")
        if not isinstance(queries, list) or not queries:
            self._fail(
                (*key, "queries"),
                f"{show(queries)} is not a list of tables.",
                'Write queries = [{ any = ["EDA"], categories = ["cs.AR"] }, ...].',
            )
        for number, item in enumerate(queries, 1):
            of_query = (*key, f"queries[{number}]")
            self._table(of_query, item, _SEARCH_KEYS)
            yield self._search(of_query, item, replace(defaults, any=()))

    def _search(self, key: _Key, table: dict[str, Any], defaults: Search) -> Search:
        def option(name: str, check: Callable[[object], _T], default: _T) -> _T:
            return self._option(key, table, name, check, default)

        search = Search(
            any=option("any", partial(values.phrases, "any", may_be_empty=True), defaults.any),
            all=option("all", partial(values.groups, "all"), ()),
            none=option("none", partial(values.phrases, "none"), defaults.none),
            within=option("in", values.within, defaults.within),
            categories=option("categories", values.categories, defaults.categories),
            cross_lists=option(
                "cross_lists", partial(values.yes_or_no, "cross_lists"), defaults.cross_lists
            ),
            exact=option("exact", partial(values.yes_or_no, "exact"), defaults.exact),
        )
        if not (search.any or search.all or search.categories):
            self._fail(
                (*key, "any"),
                "no phrase and no category: that is all of arXiv.",
                'Name a phrase in any or all, or categories = ["cs.RO"] to follow all of them.',
            )
        if search.categories == () and not search.cross_lists:
            self._fail(
                (*key, "cross_lists"),
                "false without categories.",
                'Add categories = ["cs.LG"], for the primary category to be among.',
            )
        return search

    def _table(self, key: _Key, table: object, known: Iterable[str]) -> dict[str, Any]:
        if not isinstance(table, dict):
            self._fail(key, f"{show(table)} is not a table.", f"Write [{_dotted(key)}].")
        self._check_keys(key, table, known)
        return table


def _dotted(key: _Key) -> str:
    """Give `key` as TOML writes it: keywords."graph neural networks".cap."""
    return ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else show(part) for part in key)
