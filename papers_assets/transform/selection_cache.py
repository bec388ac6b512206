"""How a keyword's rows of `papers` were chosen; so long as that is so, they stand. Pure.

It travels with the frame, in one of its attributes: as a text, since pandas copies attributes with
every slice, and copying a text costs nothing.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from typing import Any

from papers_assets.keywords.model import Keyword

RULES = 2
"""Of how papers are matched and chosen. Raise it whenever the same held papers may give another
list: what was chosen by other rules is chosen anew."""
_BY = [RULES, version("snowballstemmer"), unicodedata.unidata_version]


def rules() -> str:
    """Give what changes whenever the same paper may match another keyword."""
    return json.dumps(_BY)


@dataclass(frozen=True)
class Days:
    """How many papers match, day by day."""

    since: date
    """The first day, UTC."""
    counts: Mapping[date, int]
    """Shown or not; days without any are missing."""

    def from_day(self, since: date) -> "Days":
        """Give the days from `since` on."""
        return Days(since, {day: n for day, n in self.counts.items() if day >= since})


@dataclass(frozen=True)
class Choice:
    """How a keyword's rows were chosen, and what was seen then of what is held."""

    fingerprint: str
    """See `fingerprint`."""
    refused: int
    """`Selection.refused`, as are the two that follow."""
    held: int
    days: Days | None
    refreshed_at: datetime | None
    """`Held.refreshed_at`, as are the two that follow."""
    complete_from: datetime | None = None
    complete_until: datetime | None = None
    gleaned: int | None = None
    """`Held.gleaned`."""
    gaps: tuple[str, ...] = ()
    """`Held.gaps`, each as days for people."""
    oai_only: tuple[str, ...] = ()
    """`Held.oai_only`, such as 2613.00001v1."""


def fingerprint(keyword: Keyword, signature: str) -> str:
    """Give what changes whenever a keyword's list might, if it were chosen anew.

    Args:
        keyword: what is wanted.
        signature: of what is held of it: `Store.signature`.
    """
    of = json.dumps([_BY, keyword.definition, keyword.cap, signature])
    return hashlib.sha256(of.encode()).hexdigest()[:16]


def to_text(choices: Mapping[str, Choice]) -> str:
    """Give choices, by keyword, as a text."""
    return json.dumps({name: _packed(choice) for name, choice in choices.items()})


def of_text(text: object) -> dict[str, Choice]:
    """Read what `to_text` gave; of anything else, nothing: then all is chosen anew."""
    if not isinstance(text, str):
        return {}
    try:
        return {name: _unpacked(*packed) for name, packed in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _packed(choice: Choice) -> list[Any]:
    times = (choice.refreshed_at, choice.complete_from, choice.complete_until)
    days = choice.days
    return [
        choice.fingerprint,
        choice.refused,
        choice.held,
        [time.isoformat() if time else None for time in times],
        days and [days.since.isoformat(), {d.isoformat(): n for d, n in days.counts.items()}],
        choice.gleaned,
        choice.gaps,
        choice.oai_only,
    ]


def _unpacked(  # noqa: PLR0913, PLR0917 - what `_packed` gives
    fingerprint: str,
    refused: int,
    held: int,
    times: list[str | None],
    days: tuple[str, dict[str, int]] | None,
    gleaned: int | None,
    gaps: Sequence[str] = (),
    oai_only: Sequence[str] = (),
) -> Choice:
    unpacked = None
    if days:
        counts = {date.fromisoformat(day): n for day, n in days[1].items()}
        unpacked = Days(date.fromisoformat(days[0]), counts)
    asked, first, last = (datetime.fromisoformat(time) if time else None for time in times)
    texts = tuple(gaps), tuple(oai_only)
    return Choice(fingerprint, refused, held, unpacked, asked, first, last, gleaned, *texts)
