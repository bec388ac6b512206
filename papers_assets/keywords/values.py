"""Check single values of keywords.toml. Pure; `tables` knows the key of each.

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
from papers_assets.arxiv.urls import split_web_url
from papers_assets.keywords.model import MatchField, PaperSource, Phrase, Revisions

MAX_CAP = 2000
"""The largest page that arXiv's API gives in one answer."""
MAX_DAYS = 36_500
"""Days; a century."""
_CRON_FIELDS = 5
_WIDTH = 80

_Texts = tuple[str, ...]
_T = TypeVar("_T")
_Choice = TypeVar("_Choice", MatchField, Revisions, PaperSource)


class ValueMistake(Exception):
    """A value that cannot be used: what is wrong with it, and what to write instead."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")


def to_toml(value: object) -> str:
    """Return a text, a number or a list as TOML writes it, with nothing invisible in it."""
    return json.dumps(value, ensure_ascii=not str(value).isprintable(), default=str)


def to_short_toml(value: object) -> str:
    """Return `value` as `to_toml` does, shortened for a message."""
    text = to_toml(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


def parse_phrases(key: str, value: object, *, may_be_empty: bool = False) -> tuple[Phrase, ...]:
    """Read phrases: texts, or tables with a field of their own."""
    if not isinstance(value, list):
        raise ValueMistake(
            f"{to_short_toml(value)} is not a list.", f"Write {_example_phrases(key)}."
        )
    if not value and not may_be_empty:
        raise ValueMistake("an empty list.", f"Name a phrase, or leave {key} out.")
    return _parse_each(lambda item: _parse_phrase(key, item), value)


def parse_groups(key: str, value: object) -> tuple[tuple[Phrase, ...], ...]:
    """Read phrases and lists of alternatives, at least one."""
    if not isinstance(value, list):
        raise ValueMistake(
            f"{to_short_toml(value)} is not a list.", f"Write {_example_phrases(key)}."
        )
    if not value:
        raise ValueMistake("an empty list.", f"Name a phrase, or leave {key} out.")
    return _parse_each(
        lambda item: (
            parse_phrases(key, item) if isinstance(item, list) else (_parse_phrase(key, item),)
        ),
        value,
    )


def _parse_each(read: Callable[[object], _T], items: Iterable[object]) -> tuple[_T, ...]:
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


def _parse_phrase(key: str, value: object) -> Phrase:
    match value:
        case str() as text:
            check_phrase("phrase", text)
            return Phrase(text)
        case {"phrase": str() as text, **rest} if rest.keys() <= {"in"}:
            check_phrase("phrase", text)
            return Phrase(text, parse_match_field(rest["in"]) if rest else None)
    raise ValueMistake(
        f"{to_short_toml(value)} is not a phrase.", f"Write {_example_phrases(key)}."
    )


def _example_phrases(key: str) -> str:
    nested = ', ["either", "or"]' if key == "all" else ""
    return f'{key} = ["one phrase"{nested}, {{ phrase = "ICRA", in = "comment" }}]'


def check_phrase(what: str, text: str) -> None:
    """Refuse a text with invisible characters or superfluous spaces."""
    remedy = f"Write the {what} in visible characters, with single spaces between words."
    if not text.strip():
        raise ValueMistake(f"an empty {what} ({to_short_toml(text)}).", remedy)
    if text != text.strip(" ") or "  " in text:
        raise ValueMistake(f"{to_short_toml(text)} has too many spaces.", remedy)
    if not text.isprintable():
        odd = next(c for c in text if not c.isprintable())
        problem = f"{to_short_toml(text)} has an invisible character, U+{ord(odd):04X}."
        raise ValueMistake(problem, remedy)


def parse_categories(value: object) -> _Texts:
    """Read archives and categories of arXiv."""
    if value != [] and not are_texts(value):
        problem = f"{to_short_toml(value)} is not a list of texts."
        raise ValueMistake(problem, 'Write categories = ["cs", "stat.ML"].')
    return tuple(dict.fromkeys(_parse_each(_parse_category, value)))


def _parse_category(name: object) -> str:
    if isinstance(name, str) and taxonomy.is_known(name):
        return name
    meant = " or ".join(map(to_short_toml, taxonomy.suggest(str(name))))
    raise ValueMistake(
        f"{to_short_toml(name)} is neither an archive nor a category of arXiv.",
        f"Did you mean {meant}?" if meant else 'Write "cs" or "cs.LG", for example.',
    )


def parse_match_field(value: object) -> MatchField:
    """Read where to look for a phrase."""
    return _parse_choice(MatchField, value, "is not a field to search.", _list_choices(MatchField))


def parse_revisions(value: object) -> Revisions:
    """Read which versions a list shows."""
    return _parse_choice(Revisions, value, "is not a choice of versions.", _list_choices(Revisions))


def parse_source(value: object) -> PaperSource:
    """Read where papers come from."""
    return _parse_choice(
        PaperSource,
        value,
        "is not a source of papers.",
        'Write source = "query" (at least one request for each keyword) or source = "harvest" (a '
        "few requests for each day, independent of the number of keywords).",
    )


def parse_cap(value: object) -> int:
    """Read how many papers a keyword shows."""
    return _parse_whole_number(value, MAX_CAP, "cap = 100")


def parse_days(key: str, example: int, value: object) -> int:
    """Read a number of days."""
    return _parse_whole_number(value, MAX_DAYS, f"{key} = {example} (days)")


def parse_variable(value: object) -> str:
    """Read the name of an environment variable."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Z][A-Z0-9_]*", value):
        raise ValueMistake(
            f"{to_short_toml(value)} is not the name of an environment variable.",
            "E-mail addresses do not stand in this file, which may be public. Write "
            'recipients = "COMPILER_TEAM", and set COMPILER_TEAM="a@example.org, '
            'b@example.org" in the environment.',
        )
    return value


def parse_name(value: object) -> str:
    """Read a name for people."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueMistake(
            f"{to_short_toml(value)} is not a name.",
            'Write a few words, such as digest_name = "Compiler papers".',
        )
    return value


def parse_site(value: object) -> str:
    """Read a web address; "" for none."""
    if not isinstance(value, str) or not (value == "" or _is_web_address(value)):
        raise ValueMistake(
            f"{to_short_toml(value)} is not a web address.",
            'Write where output/site is served, such as site = "https://you.github.io/papers".',
        )
    return value.rstrip("/")


def parse_witness(source: PaperSource, value: object) -> bool:
    """Read whether queries are compared with OAI-PMH."""
    if parse_boolean("witness", value) and source is PaperSource.HARVEST:
        raise ValueMistake(
            'true, but with source = "harvest" all papers come from OAI-PMH already.',
            "Leave witness out.",
        )
    return value is True


def parse_boolean(key: str, value: object) -> bool:
    """Read a truth value."""
    if not isinstance(value, bool):
        raise ValueMistake(
            f"{to_short_toml(value)} is neither true nor false.", f"Write {key} = true."
        )
    return value


def parse_harvest_since(source: PaperSource, value: object) -> date | None:
    """Read the first day to fetch, which source = "harvest" requires; None for the other one."""
    remedy = "Write a date without quotes: harvest_since = 2026-10-01."
    if value is None:
        if source is PaperSource.HARVEST:
            problem = 'missing, as source = "harvest" needs the first day to fetch.'
            raise ValueMistake(problem, remedy)
        return None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueMistake(f"{to_short_toml(value)} is not a day.", remedy)
    if value < taxonomy.FIRST_DAY:
        raise ValueMistake(f"{value} is before arXiv began, on {taxonomy.FIRST_DAY}.", remedy)
    return value if source is PaperSource.HARVEST else None


def parse_timezone(value: object) -> ZoneInfo:
    """Read the name of a time zone."""
    try:
        return ZoneInfo(value if isinstance(value, str) else "")
    except (KeyError, ValueError, OSError):  # what zoneinfo raises: unknown, unsafe, a folder
        raise ValueMistake(
            f"{to_short_toml(value)} is not a time zone.",
            'Write a name from the tz database, such as timezone = "Europe/Berlin".',
        ) from None


def parse_schedule(value: object) -> str:
    """Read a cron schedule."""
    if not isinstance(value, str) or not _is_cron(value):
        raise ValueMistake(
            f"{to_short_toml(value)} is not a valid cron expression, or matches no day at all.",
            "Write five fields (minute, hour, day, month, weekday), such as "
            'schedule = "0 6 * * *" for every day at 6:00.',
        )
    return value


def are_texts(value: object) -> TypeGuard[list[str]]:
    """Whether `value` is a list of texts, at least one."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _parse_choice(choices: type[_Choice], value: object, problem: str, remedy: str) -> _Choice:
    if not isinstance(value, str) or value not in [choice.value for choice in choices]:
        raise ValueMistake(f"{to_short_toml(value)} {problem}", remedy)
    return choices(value)


def _parse_whole_number(value: object, most: int, example: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise ValueMistake(
            f"{to_short_toml(value)} is not a whole number from 1 to {most}.",
            f"Write {example}, for example.",
        )
    return value


def _list_choices(choice: type[_Choice]) -> str:
    return f"Write one of: {', '.join(to_short_toml(member.value) for member in choice)}."


def _is_web_address(value: str) -> bool:
    plain = value.isascii() and re.search(r"[\s<>\"'\\?#]", value) is None
    return plain and split_web_url(value, "http", "https") is not None


def _is_cron(value: str) -> bool:
    # croniter knows more than cron: seconds, and random (R) or hashed (H) times.
    if len(value.split()) != _CRON_FIELDS or re.search(r"(?<![a-z])[rh](?![a-z])", value.lower()):
        return False
    try:
        croniter(value).get_next()  # "0 0 31 2 *" is well formed and never comes
    except CroniterError:
        return False
    return True
