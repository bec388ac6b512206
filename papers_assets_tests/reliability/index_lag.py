"""How often a sound index is said to be behind, and how soon one that stands still is noticed.

    python -m papers_assets_tests.reliability.index_lag

Follows sets of keywords through months of real papers (the reference data), a run a day at 6:00
UTC: over an index that is never behind, and over one that stops on every ninth day. Of most
versions, the reference data give the day on which they were submitted; the time of day is drawn.
So is who is held back by moderators: one version in 20, for up to 10 days.
"""

import argparse
import math
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from papers_assets.arxiv.announcements import find_publication_day
from papers_assets.keywords.matching import Matchers
from papers_assets.keywords.model import Keyword, MatchField
from papers_assets.transform.index_lag import MAX_FALSE_ALARM_CHANCE, estimate_index_lag
from papers_assets_tests.helpers import reference_data

FIRST, LAST = date(2025, 5, 1), date(2026, 6, 30)
"""Days of which the reference data have many papers; the rest of them is history."""
_STOPS_EVERY = 9
_GIVEN_UP = 60
_HEAD = (
    "| keywords | new a week | days | quiet | false alarms "
    "| noticed after, days (median, 95 %, all) |"
    "\n| --- | --- | --- | --- | --- | --- |\n"
)

SETS: dict[str, tuple[str, ...]] = {
    "LLM": ("LLM",),
    "trajectory": ("trajectory",),
    "time series": ("time series",),
    "graph neural networks": ("graph neural networks",),
    "anomaly detection": ("anomaly detection",),
    "compiler": ("compiler",),
}
POOL = (
    *("LLM", "agent", "time series", "trajectory", "graph neural networks", "compiler", "protein"),
    *("anomaly detection", "federated learning", "quantum", "knowledge graph", "recommendation"),
    *("speech recognition", "diffusion model", "robot", "causal inference", "point cloud"),
    *("reinforcement learning", "traffic", "privacy", "retrieval", "medical", "hallucination"),
)
"""From which further sets are drawn."""
_DRAWN = ((3, 12), (10, 4))
"""So many keywords in a set, and so many sets."""


@dataclass(frozen=True)
class _Version:
    arxiv_id: str
    version: int
    updated: datetime
    visible: date
    """The day, US Eastern, from whose midnight the API has it."""


def _versions(seed: int) -> Iterator[tuple[_Version, list[str]]]:
    """Give each version with the keywords that it matches."""
    draw = random.Random(seed)
    matchers = Matchers([Keyword.from_phrase(name, MatchField.EITHER) for name in POOL])
    for record in reference_data.records("arxiv/papers.jsonl.gz"):
        updated = datetime.fromisoformat(record["updated"])
        if updated.tzinfo is None:
            updated = updated.replace(tzinfo=UTC) + timedelta(seconds=draw.randrange(86_400))
        visible = find_publication_day(updated)
        if draw.random() < 1 / 20:
            visible = find_publication_day(updated + timedelta(days=draw.uniform(1, 10)))
        matching = matchers(record["title"], record["abstract"], record["categories"])
        if matching and updated.date() <= LAST:
            yield _Version(record["id"], record["version"], updated, visible), matching


class _Lists:
    """The lists of a set of keywords, day by day."""

    def __init__(self, by_keyword: dict[str, list[_Version]], cap: int) -> None:
        self._by_keyword = by_keyword
        self.caps = dict.fromkeys(by_keyword, cap)
        self._cap = cap
        each = {v for versions in by_keyword.values() for v in versions}
        self.visible = Counter(version.visible for version in each)
        """How many versions appear on each day."""

    def at(self, day: date) -> pd.DataFrame:
        """Give what a run on `day` lists, at 6:00 UTC."""
        return pd.DataFrame(
            [
                (name, version.arxiv_id, version.updated)
                for name, versions in self._by_keyword.items()
                for version in self._newest(versions, day)
            ],
            columns=["keyword", "arxiv_id", "updated"],
        )

    def _newest(self, versions: Sequence[_Version], day: date) -> Iterable[_Version]:
        newest: dict[str, _Version] = {}
        for version in versions:  # newest first
            if version.visible <= day:
                newest.setdefault(version.arxiv_id, version)
                if len(newest) >= self._cap:
                    break
        return newest.values()


def _days() -> list[date]:
    return [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


@dataclass
class _Found:
    """What became of sets of keywords."""

    days: int = 0
    """Simulated, all sets together."""
    quiet: int = 0
    """Of them, without anything new."""
    alarms: int = 0
    """Of them, on which an index that is not behind was said to be."""
    a_week: list[float] = field(default_factory=list)
    """New papers and versions of each set."""
    noticed: list[float] = field(default_factory=list)
    """Days after which each stop was noticed; infinite: not within `_GIVEN_UP`."""

    def add(self, lists: _Lists) -> None:
        """Follow a set of keywords."""
        days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
        quiet = [day for day in days if not lists.visible[day]]
        self.days += len(days)
        self.quiet += len(quiet)
        self.a_week.append(7 * sum(lists.visible[day] for day in days) / len(days))
        alarms = [d for d in quiet if estimate_index_lag(lists.at(d), lists.caps, _asked(d))]
        self.alarms += len(alarms)
        self.noticed += [_noticed(lists.at(day), lists, day) for day in days[::_STOPS_EVERY]]

    def row(self, title: str) -> str:
        """Return a row of the table."""
        often = sorted({f"{min(self.a_week):.0f}", f"{max(self.a_week):.0f}"}, key=float)
        noticed = sorted(self.noticed)
        after = [noticed[int(share * (len(noticed) - 1))] for share in (0.5, 0.95, 1)]
        shown = ", ".join("later" if math.isinf(n) else f"{n:.0f}" for n in after)
        return (
            f"| {title} | {' to '.join(often)} | {self.days} | {self.quiet} | {self.alarms} | "
            f"{shown} |\n"
        )


def _asked(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 6, tzinfo=UTC)


def _noticed(stopped: pd.DataFrame, lists: _Lists, stop: date) -> float:
    """Return after how many days an index is said to be behind that stopped on `stop`."""
    for n in range(1, _GIVEN_UP + 1):
        if estimate_index_lag(stopped, lists.caps, _asked(stop + timedelta(days=n))):
            return n
    return math.inf


def main() -> int:
    """Print a table; the exit status is 1 if there are more false alarms than are to be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cap", type=int, default=100)
    options = parser.parse_args()
    found: defaultdict[str, list[_Version]] = defaultdict(list)
    for version, names in _versions(options.seed):
        for name in names:
            found[name].append(version)
    for versions in found.values():
        versions.sort(key=lambda version: version.updated, reverse=True)
    draw = random.Random(options.seed)
    groups: dict[str, list[tuple[str, ...]]] = {title: [names] for title, names in SETS.items()}
    groups |= {
        f"{count} sets of {size}": [tuple(draw.sample(POOL, size)) for _ in range(count)]
        for size, count in _DRAWN
    }
    sys.stdout.write(_HEAD)
    days = alarms = 0
    for title, sets in groups.items():
        of = _Found()
        for of_set in sets:
            of.add(_Lists({name: found[name] for name in of_set}, options.cap))
        sys.stdout.write(of.row(title))
        sys.stdout.flush()
        days, alarms = days + of.days, alarms + of.alarms
    sys.stdout.write(f"{alarms} false alarms on {days} days, {100 * alarms / days:.3f} %\n")
    return 1 if alarms > MAX_FALSE_ALARM_CHANCE * days else 0


if __name__ == "__main__":
    sys.exit(main())
