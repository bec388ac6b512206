"""What is known of a day of the harvest without its papers. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from papers_assets.arxiv.oai import READER

SETTLES = timedelta(days=5)
"""How long after a day's end it is asked for again: arXiv's server answers from its cache until the
next announcement, which is five days away at most (two holidays before a Friday and a Saturday),
and a page can miss what moved meanwhile."""
_MENDED = timedelta(days=30)
"""The same of a day with records that could not be read: arXiv may mend them, or we."""
CLOCKS = timedelta(hours=1)
"""By which those of two hosts may differ."""


@dataclass(frozen=True)
class Harvested:
    """What is known of a day without its papers."""

    day: date
    sets: tuple[str, ...]
    """Those that were asked for; none: the whole archive."""
    serial: int
    """Which write of the harvest, from 1, brought what is newest in it. Not a time: clocks go back,
    and those of two hosts differ."""
    harvested_at: datetime | None
    """When arXiv was last asked for a list that was whole; None: never."""
    listed: Mapping[str, int] | None = None
    """Records of that list, by set; "": of the whole archive. None: nobody noted it."""
    unreadable: int = 0
    """Of them, those that could not be read."""
    reader: int = READER
    """By which they were read: `arxiv.oai.READER`."""

    def is_settled(self, sets: Sequence[str], now: datetime) -> bool:
        """Say whether nothing more is to be expected of the day."""
        if self.unreadable and self.reader != READER:
            return False
        wait = _MENDED if self.unreadable else SETTLES
        return self.is_of_after(wait) and self.is_whole(sets, now)

    def is_of_after(self, wait: timedelta = timedelta()) -> bool:
        """Say whether arXiv was asked when the day had been over for so long."""
        over = datetime.combine(self.day, time.max, UTC) + wait
        return self.harvested_at is not None and self.harvested_at > over

    def is_whole(self, sets: Sequence[str], now: datetime) -> bool:
        """Say whether all of `sets` have come; when a clock was ahead of `now`, nothing has."""
        asked_at = self.harvested_at
        return asked_at is not None and asked_at <= now + CLOCKS and self.has(sets)

    def has(self, sets: Sequence[str]) -> bool:
        """Say whether all of `sets` were asked for; none: the whole archive."""
        return not self.sets or (bool(sets) and set(sets) <= set(self.sets))


def labels_of(of_day: Harvested) -> dict[str, str]:
    """Give it as texts."""
    return {
        "day": of_day.day.isoformat(),
        "sets": json.dumps(of_day.sets),
        "serial": str(of_day.serial),
        "harvested_at": of_day.harvested_at.isoformat() if of_day.harvested_at else "",
        "listed": "" if of_day.listed is None else json.dumps(of_day.listed),
        "unreadable": str(of_day.unreadable),
        "reader": str(of_day.reader),
    }


def harvested_of(day: date, labels: Mapping[str, str]) -> Harvested:
    """Give what is known of a day.

    Raises:
        KeyError, ValueError, TypeError: the labels are not those of `labels_of`.
    """
    return Harvested(
        day,
        tuple(json.loads(labels["sets"])),
        int(labels.get("serial", "1")),
        datetime.fromisoformat(whole) if (whole := labels["harvested_at"]) else None,
        dict(json.loads(listed)) if (listed := labels.get("listed", "")) else None,
        int(labels.get("unreadable", "0")),
        int(labels.get("reader", "0")),
    )
