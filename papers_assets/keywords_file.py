"""Read keywords.toml into `KeywordsFile`, or say precisely what is wrong with it.

This is the only place that reads or checks the file. Every mistake is one `KeywordsFileError`
whose message names the file, the key, the value and the remedy; people meet it on the command line
and as the load error of the code location in the Dagster UI.
"""

import difflib
import json
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Never, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

from papers_assets.arxiv import taxonomy
from papers_assets.keywords import Field, Keyword, KeywordsFile, Source

MAX_CAP = 2000
"""The largest page that arXiv's API gives in one answer."""
_ARXIV_BEGAN = date(1991, 8, 14)
MAX_DAYS = 36_500
"""Days; a century."""

_FILE_KEYS = (
    *("cap", "categories", "timezone", "schedule", "keep_runs", "keep_papers", "site"),
    *("digest_when_nothing_changed", "digest_name", "front_page", "source", "harvest_since"),
    "keywords",
)
_KEYWORD_KEYS = ("any", "all", "none", "in", "categories", "cap", "recipients")
_CRON_FIELDS = 5
_WIDTH = 80
_EXAMPLE = '[keywords."graph neural networks"]'

_Key = tuple[str, ...]
_Texts = tuple[str, ...]
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
        cap = self._cap(("cap",), content.get("cap", 100))
        categories = self._categories(("categories",), content.get("categories", []))
        keywords = self._keyword_tables(content.get("keywords", {}))
        source = self._source(content.get("source", Source.QUERY.value))
        return KeywordsFile(
            path=self._path,
            keywords=tuple(
                self._keyword(name, table, cap, categories) for name, table in keywords.items()
            ),
            timezone=self._timezone(content.get("timezone", "UTC")),
            schedule=self._schedule(content.get("schedule", "0 6 * * *")),
            keep_runs=self._days("keep_runs", content.get("keep_runs", 90), 90),
            keep_papers=self._days("keep_papers", content.get("keep_papers", 1095), 1095),
            site=self._site(content.get("site", "")),
            digest_name=self._name(content.get("digest_name", "Daily Papers")),
            digest_when_nothing_changed=self._yes_or_no(
                "digest_when_nothing_changed", content.get("digest_when_nothing_changed", False)
            ),
            front_page=self._yes_or_no("front_page", content.get("front_page", False)),
            source=source,
            harvest_since=self._harvest_since(source, content.get("harvest_since")),
        )

    def _fail(self, key: _Key, problem: str, remedy: str) -> Never:
        where = f"{self._path}: {_dotted(key)}" if key else str(self._path)
        raise KeywordsFileError(f"{where}: {problem} {remedy}")

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
            self._fail((*key, name), f"unknown key (value {_show(value)}).", remedy)

    def _keyword_tables(self, tables: object) -> dict[str, object]:
        if not isinstance(tables, dict):
            self._fail(("keywords",), f"{_show(tables)} is not a table.", f"Write {_EXAMPLE}.")
        if not tables:
            self._fail(("keywords",), "no keyword at all.", f"Add a line such as {_EXAMPLE}.")
        seen: dict[str, str] = {}
        for name in tables:
            key = ("keywords", name)
            self._check_phrase(key, name, "keyword")
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
                    f"the same keyword as {_show(other)}: arXiv does not tell upper from lower "
                    "case.",
                    "Keep one of them.",
                )
        return tables

    def _keyword(self, name: str, table: object, cap: int, categories: _Texts) -> Keyword:
        key = ("keywords", name)
        if not isinstance(table, dict):
            self._fail(key, f"{_show(table)} is not a table.", f"Write [{_dotted(key)}].")
        self._check_keys(key, table, _KEYWORD_KEYS)

        def option(name: str, check: Callable[[_Key, object], _T], default: _T) -> _T:
            return check((*key, name), table[name]) if name in table else default

        return Keyword(
            name=name,
            any=option("any", self._phrases, (name,)),
            all=option("all", self._phrases, ()),
            none=option("none", self._phrases, ()),
            within=option("in", self._within, None),
            categories=option("categories", self._categories, categories),
            cap=option("cap", self._cap, cap),
            recipients=option("recipients", self._variable, ""),
        )

    def _strings(self, key: _Key, value: object, example: str) -> _Texts:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._fail(key, f"{_show(value)} is not a list of texts.", f"Write {example}.")
        return tuple(dict.fromkeys(value))

    def _phrases(self, key: _Key, value: object) -> _Texts:
        phrases = self._strings(key, value, f'{key[-1]} = ["one phrase", "another"]')
        if not phrases:
            self._fail(key, "an empty list.", f"Name a phrase, or leave {key[-1]} out.")
        for phrase in phrases:
            self._check_phrase(key, phrase, "phrase")
        return phrases

    def _check_phrase(self, key: _Key, text: str, what: str) -> None:
        remedy = f"Write the {what} in visible characters, with single spaces between words."
        if not text.strip():
            self._fail(key, f"an empty {what} ({_show(text)}).", remedy)
        if text != text.strip(" ") or "  " in text:
            self._fail(key, f"{_show(text)} has spaces too many.", remedy)
        if not text.isprintable():
            odd = next(c for c in text if not c.isprintable())
            self._fail(
                key, f"{_show(text)} holds a character nobody sees, U+{ord(odd):04X}.", remedy
            )

    def _categories(self, key: _Key, value: object) -> _Texts:
        names = self._strings(key, value, 'categories = ["cs", "stat.ML"]')
        for name in names:
            if not taxonomy.is_known(name):
                known = [*taxonomy.ARCHIVES, *sorted(taxonomy.CATEGORIES)]
                near = difflib.get_close_matches(name, known, n=1)
                self._fail(
                    key,
                    f"{_show(name)} is neither an archive nor a category of arXiv.",
                    f'Did you mean "{near[0]}"?' if near else 'Write "cs" or "cs.LG", for example.',
                )
        return names

    def _within(self, key: _Key, value: object) -> Field:
        known = [field.value for field in Field]
        if not isinstance(value, str) or value not in known:
            self._fail(key, f"{_show(value)} is no place to look.", f"One of {_show(known)}.")
        return Field(value)

    def _cap(self, key: _Key, value: object) -> int:
        return self._whole_number(key, value, MAX_CAP, "cap = 100")

    def _days(self, key: str, value: object, example: int) -> int:
        return self._whole_number((key,), value, MAX_DAYS, f"{key} = {example} (days)")

    def _whole_number(self, key: _Key, value: object, most: int, example: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            self._fail(
                key,
                f"{_show(value)} is not a whole number from 1 to {most}.",
                f"Write {example}, for example.",
            )
        return value

    def _variable(self, key: _Key, value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(r"[A-Z][A-Z0-9_]*", value):
            self._fail(
                key,
                f"{_show(value)} is not the name of an environment variable.",
                "E-mail addresses do not stand in this file, which may be public. Write "
                'recipients = "COMPILER_TEAM", and set COMPILER_TEAM="a@example.org, '
                'b@example.org" in the environment.',
            )
        return value

    def _name(self, value: object) -> str:
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self._fail(
                ("digest_name",),
                f"{_show(value)} is not a name.",
                'Write a few words, such as digest_name = "Compiler papers".',
            )
        return value

    def _site(self, value: object) -> str:
        if not isinstance(value, str) or not (value == "" or _is_web_address(value)):
            self._fail(
                ("site",),
                f"{_show(value)} is not a web address.",
                'Write where output/site is served, such as site = "https://you.github.io/papers".',
            )
        return value.rstrip("/")

    def _yes_or_no(self, key: str, value: object) -> bool:
        if not isinstance(value, bool):
            self._fail((key,), f"{_show(value)} is neither true nor false.", f"Write {key} = true.")
        return value

    def _source(self, value: object) -> Source:
        known = [source.value for source in Source]
        if not isinstance(value, str) or value not in known:
            self._fail(
                ("source",),
                f"{_show(value)} is no way to ask arXiv.",
                'Write source = "query", one request and more for each keyword, or source = '
                '"harvest", a few for each day whatever the number of keywords.',
            )
        return Source(value)

    def _harvest_since(self, source: Source, value: object) -> date | None:
        key, remedy = ("harvest_since",), "Write a date without quotes: harvest_since = 2026-10-01."
        if value is None:
            if source is Source.HARVEST:
                self._fail(
                    key, 'missing, as source = "harvest" needs the first day to bring in.', remedy
                )
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            self._fail(key, f"{_show(value)} is not a day.", remedy)
        if value < _ARXIV_BEGAN:
            self._fail(key, f"{value} is before arXiv began, on {_ARXIV_BEGAN}.", remedy)
        return value if source is Source.HARVEST else None

    def _timezone(self, value: object) -> ZoneInfo:
        try:
            return ZoneInfo(value if isinstance(value, str) else "")
        except (KeyError, ValueError, OSError):  # what zoneinfo raises: unknown, unsafe, a folder
            self._fail(
                ("timezone",),
                f"{_show(value)} is not a time zone.",
                'Write a name from the tz database, such as timezone = "Europe/Berlin".',
            )

    def _schedule(self, value: object) -> str:
        if not isinstance(value, str) or not _is_cron(value):
            self._fail(
                ("schedule",),
                f"{_show(value)} is not a cron schedule.",
                "Write five fields - minute, hour, day, month, weekday - that come true, such as "
                'schedule = "0 6 * * *" for every day at 6:00.',
            )
        return value


def _is_cron(value: str) -> bool:
    # croniter knows more than cron: seconds, and random (R) or hashed (H) times.
    if len(value.split()) != _CRON_FIELDS or re.search(r"(?<![a-z])[rh](?![a-z])", value.lower()):
        return False
    try:
        croniter(value).get_next()  # "0 0 31 2 *" is well formed and never comes
    except CroniterError:
        return False
    return True


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not match, a port that is no number
        return False
    plain = value.isascii() and re.search(r"[\s<>\"'\\]", value) is None
    return has_host and plain and parts.scheme in ("http", "https") and not re.search("[?#]", value)


def _dotted(key: _Key) -> str:
    """Give `key` as TOML writes it: keywords."graph neural networks".cap."""
    return ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else _show(part) for part in key)


def _show(value: object) -> str:
    """Give `value` as the file would write it, nothing invisible in it, and shortened."""
    text = json.dumps(value, ensure_ascii=not str(value).isprintable(), default=str)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."
