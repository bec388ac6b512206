"""Check single values of keywords.toml. Pure; `keywords_file` knows the key each belongs to.

Every function raises ValueMistake, or an ExceptionGroup of several of them for a list.
"""

import json
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import TypeGuard, TypeVar
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

from papers_assets.arxiv import taxonomy
from papers_assets.arxiv.urls import web_parts
from papers_assets.keywords.model import Field, Phrase, Revisions, Source

MAX_CAP = 2000
"""The largest page that arXiv's API gives in one answer."""
MAX_DAYS = 36_500
"""Days; a century."""
_CRON_FIELDS = 5
_WIDTH = 80

_Texts = tuple[str, ...]
_T = TypeVar("_T")
_Choice = TypeVar("_Choice", Field, Revisions, Source)


class ValueMistake(Exception):
    """A value that cannot be used: what is wrong with it, and what to write instead."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")


def toml(value: object) -> str:
    """Return a text, a number or a list as TOML writes it, with nothing invisible in it."""
    return json.dumps(value, ensure_ascii=not str(value).isprintable(), default=str)


def show(value: object) -> str:
    """Return `value` as `toml` does, shortened for a message."""
    text = toml(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


def phrases(key: str, value: object, *, may_be_empty: bool = False) -> tuple[Phrase, ...]:
    """Read phrases: texts, or tables with a field of their own."""
    if not isinstance(value, list):
        raise ValueMistake(f"{show(value)} is not a list.", f"Write {_phrases_example(key)}.")
    if not value and not may_be_empty:
        raise ValueMistake("an empty list.", f"Name a phrase, or leave {key} out.")
    return _each(lambda item: _phrase(key, item), value)


def groups(key: str, value: object) -> tuple[tuple[Phrase, ...], ...]:
    """Read phrases and lists of alternatives, at least one."""
    if not isinstance(value, list):
        raise ValueMistake(f"{show(value)} is not a list.", f"Write {_phrases_example(key)}.")
    if not value:
        raise ValueMistake("an empty list.", f"Name a phrase, or leave {key} out.")
    return _each(
        lambda item: phrases(key, item) if isinstance(item, list) else (_phrase(key, item),), value
    )


def _each(read: Callable[[object], _T], items: Iterable[object]) -> tuple[_T, ...]:
    """Read every item, so that the mistakes of all are known."""
    good: list[_T] = []
    mistakes: list[Exception] = []
    for item in items:
        try:
            good.append(read(item))
        except* ValueMistake as found:
            mistakes += found.exceptions
    if mistakes:
        raise ExceptionGroup("several items", mistakes)
    return tuple(good)


def _phrase(key: str, value: object) -> Phrase:
    match value:
        case str() as text:
            check_phrase("phrase", text)
            return Phrase(text)
        case {"phrase": str() as text, **rest} if rest.keys() <= {"in"}:
            check_phrase("phrase", text)
            return Phrase(text, within(rest["in"]) if rest else None)
    raise ValueMistake(f"{show(value)} is not a phrase.", f"Write {_phrases_example(key)}.")


def _phrases_example(key: str) -> str:
    nested = ', ["either", "or"]' if key == "all" else ""
    return f'{key} = ["one phrase"{nested}, {{ phrase = "ICRA", in = "comment" }}]'


def check_phrase(what: str, text: str) -> None:
    """Refuse a text with invisible characters or superfluous spaces."""
    remedy = f"Write the {what} in visible characters, with single spaces between words."
    if not text.strip():
        raise ValueMistake(f"an empty {what} ({show(text)}).", remedy)
    if text != text.strip(" ") or "  " in text:
        raise ValueMistake(f"{show(text)} has too many spaces.", remedy)
    if not text.isprintable():
        odd = next(c for c in text if not c.isprintable())
        problem = f"{show(text)} has an invisible character, U+{ord(odd):04X}."
        raise ValueMistake(problem, remedy)


def categories(value: object) -> _Texts:
    """Read archives and categories of arXiv."""
    if value != [] and not are_texts(value):
        problem = f"{show(value)} is not a list of texts."
        raise ValueMistake(problem, 'Write categories = ["cs", "stat.ML"].')
    return tuple(dict.fromkeys(_each(_category, value)))


def _category(name: object) -> str:
    if isinstance(name, str) and taxonomy.is_known(name):
        return name
    meant = " or ".join(map(show, taxonomy.suggestions(str(name))))
    raise ValueMistake(
        f"{show(name)} is neither an archive nor a category of arXiv.",
        f"Did you mean {meant}?" if meant else 'Write "cs" or "cs.LG", for example.',
    )


def within(value: object) -> Field:
    """Read where to look for a phrase."""
    return _one_of(Field, value, "is not a field to search.", _choices(Field))


def revisions(value: object) -> Revisions:
    """Read which versions a list shows."""
    return _one_of(Revisions, value, "is not a choice of versions.", _choices(Revisions))


def source(value: object) -> Source:
    """Read where papers come from."""
    return _one_of(
        Source,
        value,
        "is not a source of papers.",
        'Write source = "query" (at least one request for each keyword) or source = "harvest" (a '
        "few requests for each day, independent of the number of keywords).",
    )


def cap(value: object) -> int:
    """Read how many papers a keyword shows."""
    return _whole_number(value, MAX_CAP, "cap = 100")


def days(key: str, example: int, value: object) -> int:
    """Read a number of days."""
    return _whole_number(value, MAX_DAYS, f"{key} = {example} (days)")


def variable(value: object) -> str:
    """Read the name of an environment variable."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Z][A-Z0-9_]*", value):
        raise ValueMistake(
            f"{show(value)} is not the name of an environment variable.",
            "E-mail addresses do not stand in this file, which may be public. Write "
            'recipients = "COMPILER_TEAM", and set COMPILER_TEAM="a@example.org, '
            'b@example.org" in the environment.',
        )
    return value


def name(value: object) -> str:
    """Read a name for people."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueMistake(
            f"{show(value)} is not a name.",
            'Write a few words, such as digest_name = "Compiler papers".',
        )
    return value


def site(value: object) -> str:
    """Read a web address; "" for none."""
    if not isinstance(value, str) or not (value == "" or _is_web_address(value)):
        raise ValueMistake(
            f"{show(value)} is not a web address.",
            'Write where output/site is served, such as site = "https://you.github.io/papers".',
        )
    return value.rstrip("/")


def witness(source: Source, value: object) -> bool:
    """Read whether queries are compared with OAI-PMH."""
    if yes_or_no("witness", value) and source is Source.HARVEST:
        raise ValueMistake(
            'true, but with source = "harvest" all papers come from OAI-PMH already.',
            "Leave witness out.",
        )
    return value is True


def yes_or_no(key: str, value: object) -> bool:
    """Read a truth value."""
    if not isinstance(value, bool):
        raise ValueMistake(f"{show(value)} is neither true nor false.", f"Write {key} = true.")
    return value


def harvest_since(source: Source, value: object) -> date | None:
    """Read the first day to fetch, which source = "harvest" requires; None for the other one."""
    remedy = "Write a date without quotes: harvest_since = 2026-10-01."
    if value is None:
        if source is Source.HARVEST:
            problem = 'missing, as source = "harvest" needs the first day to fetch.'
            raise ValueMistake(problem, remedy)
        return None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueMistake(f"{show(value)} is not a day.", remedy)
    if value < taxonomy.BEGAN:
        raise ValueMistake(f"{value} is before arXiv began, on {taxonomy.BEGAN}.", remedy)
    return value if source is Source.HARVEST else None


def timezone(value: object) -> ZoneInfo:
    """Read the name of a time zone."""
    try:
        return ZoneInfo(value if isinstance(value, str) else "")
    except (KeyError, ValueError, OSError):  # what zoneinfo raises: unknown, unsafe, a folder
        raise ValueMistake(
            f"{show(value)} is not a time zone.",
            'Write a name from the tz database, such as timezone = "Europe/Berlin".',
        ) from None


def schedule(value: object) -> str:
    """Read a cron schedule."""
    if not isinstance(value, str) or not _is_cron(value):
        raise ValueMistake(
            f"{show(value)} is not a valid cron expression, or matches no day at all.",
            "Write five fields (minute, hour, day, month, weekday), such as "
            'schedule = "0 6 * * *" for every day at 6:00.',
        )
    return value


def are_texts(value: object) -> TypeGuard[list[str]]:
    """Whether `value` is a list of texts, at least one."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _one_of(choices: type[_Choice], value: object, problem: str, remedy: str) -> _Choice:
    if not isinstance(value, str) or value not in [choice.value for choice in choices]:
        raise ValueMistake(f"{show(value)} {problem}", remedy)
    return choices(value)


def _whole_number(value: object, most: int, example: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise ValueMistake(
            f"{show(value)} is not a whole number from 1 to {most}.",
            f"Write {example}, for example.",
        )
    return value


def _choices(choice: type[_Choice]) -> str:
    return f"Write one of: {', '.join(show(member.value) for member in choice)}."


def _is_web_address(value: str) -> bool:
    plain = value.isascii() and re.search(r"[\s<>\"'\\?#]", value) is None
    return plain and web_parts(value, "http", "https") is not None


def _is_cron(value: str) -> bool:
    # croniter knows more than cron: seconds, and random (R) or hashed (H) times.
    if len(value.split()) != _CRON_FIELDS or re.search(r"(?<![a-z])[rh](?![a-z])", value.lower()):
        return False
    try:
        croniter(value).get_next()  # "0 0 31 2 *" is well formed and never comes
    except CroniterError:
        return False
    return True
