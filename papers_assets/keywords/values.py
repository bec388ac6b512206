"""The options of keywords.toml and the parsers of their values. Pure.

Every parser raises `ValueMistake` if the value is invalid.
"""

import json
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import partial
from typing import Any, TypeGuard, TypeVar
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

from papers_assets.arxiv import taxonomy
from papers_assets.arxiv.urls import split_web_url
from papers_assets.keywords.model import MatchField, PaperSource, Phrase, Revisions

MAX_CAP = 2000
"""The largest page that arXiv's API returns."""
_MAX_DAYS = 36_500
"""A century."""
_CRON_FIELDS = 5
_WIDTH = 80
WRITE_A_DAY = "Write a date without quotes: harvest_since = 2026-10-01."

_T = TypeVar("_T")
_Value = TypeVar("_Value")
_Choice = TypeVar("_Choice", MatchField, Revisions, PaperSource)
Parsers = dict[str, Callable[[object], Any]]
"""Parsers of option values, by name."""


class ValueMistake(Exception):
    """An invalid value; each of `args` is a problem with its remedy."""

    def __str__(self) -> str:
        return " ".join(self.args)


def to_toml(value: object) -> str:
    """Return a text, a number or a list in TOML, without invisible characters."""
    return json.dumps(value, ensure_ascii=not str(value).isprintable(), default=str)


def to_short_toml(value: object) -> str:
    """Return `value` in TOML, shortened for a message."""
    text = to_toml(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


def parse_text(what: str, text: str) -> str:
    """Return `text` if it has no invisible characters and no superfluous spaces."""
    shown = to_short_toml(text)
    if not text.strip():
        problem = f"an empty {what} ({shown})"
    elif text != text.strip(" ") or "  " in text:
        problem = f"{shown} has too many spaces"
    elif not text.isprintable():
        odd = next(c for c in text if not c.isprintable())
        problem = f"{shown} has an invisible character, U+{ord(odd):04X}"
    else:
        return text
    raise ValueMistake(
        f"{problem}. Write the {what} in visible characters, with single spaces between words."
    )


def parse_categories(value: object) -> tuple[str, ...]:
    """Parse a list of arXiv archives and categories."""
    if value != [] and not are_texts(value):
        raise _refuse(value, "is not a list of texts.", 'Write categories = ["cs", "stat.ML"].')
    return tuple(dict.fromkeys(_parse_each(_parse_category, value)))


def are_texts(value: object) -> TypeGuard[list[str]]:
    """Whether `value` is a list of at least one text, and nothing else."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _refuse(value: object, problem: str, remedy: str) -> ValueMistake:
    return ValueMistake(f"{to_short_toml(value)} {problem} {remedy}")


def _parse_each(read: Callable[[Any], _T], items: Iterable[object]) -> tuple[_T, ...]:
    """Parse every item, and report the mistakes of all."""
    good: list[_T] = []
    mistakes: list[str] = []
    for item in items:
        try:
            good.append(read(item))
        except ValueMistake as mistake:
            mistakes += mistake.args
    if mistakes:
        raise ValueMistake(*mistakes)
    return tuple(good)


def _parse_category(name: str) -> str:
    if taxonomy.is_known(name):
        return name
    meant = " or ".join(map(to_short_toml, taxonomy.suggest(name)))
    remedy = f"Did you mean {meant}?" if meant else 'Write "cs" or "cs.LG", for example.'
    raise _refuse(name, "is neither an archive nor a category of arXiv.", remedy)


def _parse_phrases(
    key: str, read: Callable[[str, object], _T], value: object, *, may_be_empty: bool = False
) -> tuple[_T, ...]:
    if not isinstance(value, list):
        raise _refuse(value, "is not a list.", f"Write {_example_phrases(key)}.")
    if not value and not may_be_empty:
        raise ValueMistake(f"an empty list. Name a phrase, or leave {key} out.")
    return _parse_each(partial(read, key), value)


def _parse_group(key: str, value: object) -> tuple[Phrase, ...]:
    """Parse a phrase, or a list of alternatives."""
    return _parse_phrases(key, _parse_phrase, value if isinstance(value, list) else [value])


def _parse_phrase(key: str, value: object) -> Phrase:
    """Parse a text, or a table of a text and the field to search for it."""
    table = {"phrase": value} if isinstance(value, str) else value
    match table:
        case {"phrase": str() as text, **rest} if rest.keys() <= {"in"}:
            return Phrase(parse_text("phrase", text), *map(_parse_field, rest.values()))
    raise _refuse(value, "is not a phrase.", f"Write {_example_phrases(key)}.")


def _example_phrases(key: str) -> str:
    nested = ', ["either", "or"]' if key == "all" else ""
    return f'{key} = ["one phrase"{nested}, {{ phrase = "ICRA", in = "comment" }}]'


def _parse_day(value: object) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise _refuse(value, "is not a day.", WRITE_A_DAY)
    if value < taxonomy.FIRST_DAY:
        raise ValueMistake(f"{value} is before arXiv began, on {taxonomy.FIRST_DAY}. {WRITE_A_DAY}")
    return value


def _make_parser(
    kind: type[_Value], read: Callable[[_Value], _T | None], problem: str, remedy: str
) -> Callable[[object], _T]:
    """Return a parser of values of type `kind`, whose function `read` returns None if invalid."""

    def parse(value: object) -> _T:
        # No subclasses: True is an int, too.
        result = read(value) if type(value) is kind else None
        if result is None:
            raise _refuse(value, problem, remedy)
        return result

    return parse


def _make_choice(
    choices: type[_Choice], problem: str, remedy: str = ""
) -> Callable[[object], _Choice]:
    names = {choice.value: choice for choice in choices}
    remedy = remedy or f"Write one of: {', '.join(map(to_short_toml, names))}."
    return _make_parser(str, names.get, problem, remedy)


def _make_flag(key: str) -> Callable[[object], bool]:
    remedy = f"Write {key} = true."
    return _make_parser(bool, lambda value: value, "is neither true nor false.", remedy)


def _make_number(most: int, example: str) -> Callable[[object], int]:
    return _make_parser(
        int,
        lambda value: value if 1 <= value <= most else None,
        f"is not a whole number from 1 to {most}.",
        f"Write {example}, for example.",
    )


def _find_timezone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # raised for unknown and unsafe names, and folders
        return None


def _is_cron(value: str) -> bool:
    # croniter also accepts extensions to cron: seconds, and random (R) or hashed (H) times.
    if len(value.split()) != _CRON_FIELDS or re.search(r"(?<![a-z])[rh](?![a-z])", value.lower()):
        return False
    try:
        croniter(value).get_next()  # "0 0 31 2 *" is well formed but never occurs
    except CroniterError:
        return False
    return True


def _is_site(value: str) -> bool:
    plain = value.isascii() and re.search(r"[\s<>\"'\\?#]", value) is None
    return not value or (plain and split_web_url(value, "http", "https") is not None)


_parse_field = _make_choice(MatchField, "is not a field to search.")
_parse_cap = _make_number(MAX_CAP, "cap = 100")
parse_timezone = _make_parser(
    str,
    _find_timezone,
    "is not a time zone.",
    'Write a name from the tz database, such as timezone = "Europe/Berlin".',
)
SEARCH_OPTIONS: Parsers = {
    "any": lambda value: _parse_phrases("any", _parse_phrase, value, may_be_empty=True),
    "all": lambda value: _parse_phrases("all", _parse_group, value),
    "none": lambda value: _parse_phrases("none", _parse_phrase, value),
    "in": _parse_field,
    "categories": parse_categories,
    "cross_lists": _make_flag("cross_lists"),
    "exact": _make_flag("exact"),
}
KEYWORD_OPTIONS: Parsers = {
    "queries": _make_parser(
        list,
        lambda queries: queries or None,
        "is not a list of tables.",
        'Write queries = [{ any = ["EDA"], categories = ["cs.AR"] }, ...].',
    ),
    "revisions": _make_choice(Revisions, "is not a choice of versions."),
    "cap": _parse_cap,
    "recipients": _make_parser(
        str,
        lambda value: value if re.fullmatch(r"[A-Z][A-Z0-9_]*", value) else None,
        "is not the name of an environment variable.",
        "E-mail addresses do not stand in this file, which may be public. Write "
        'recipients = "COMPILER_TEAM", and set COMPILER_TEAM="a@example.org, b@example.org" in '
        "the environment.",
    ),
}
"""The options of a keyword besides those of a search."""
FILE_OPTIONS: Parsers = {
    "cap": _parse_cap,
    "categories": parse_categories,
    "timezone": parse_timezone,
    "schedule": _make_parser(
        str,
        lambda value: value if _is_cron(value) else None,
        "is not a valid cron expression, or matches no day at all.",
        "Write five fields (minute, hour, day, month, weekday), such as "
        'schedule = "0 6 * * *" for every day at 6:00.',
    ),
    "keep_runs": _make_number(_MAX_DAYS, "keep_runs = 90 (days)"),
    "keep_papers": _make_number(_MAX_DAYS, "keep_papers = 1095 (days)"),
    "site": _make_parser(
        str,
        lambda value: value.rstrip("/") if _is_site(value) else None,
        "is not a web address.",
        'Write where output/site is served, such as site = "https://you.github.io/papers".',
    ),
    "digest_when_nothing_changed": _make_flag("digest_when_nothing_changed"),
    "digest_name": _make_parser(
        str,
        lambda value: value if value.strip() and value.isprintable() else None,
        "is not a name.",
        'Write a few words, such as digest_name = "Compiler papers".',
    ),
    "front_page": _make_flag("front_page"),
    "source": _make_choice(
        PaperSource,
        "is not a source of papers.",
        'Write source = "query" (at least one request for each keyword) or source = "harvest" (a '
        "few requests for each day, independent of the number of keywords).",
    ),
    "harvest_since": _parse_day,
    "witness": _make_flag("witness"),
    "in": _parse_field,
}
