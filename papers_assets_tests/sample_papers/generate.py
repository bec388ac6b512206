"""Writes the invented papers: `python -m papers_assets_tests.sample_papers.generate`.

Always the same ones, byte for byte. Nothing is taken from real papers: the texts are put together
from the words and templates next door. Their ids are of the 13th month, which arXiv does not have.
"""

import argparse
import json
import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import TypeVar

from papers_assets.arxiv.sample.corpus import SAMPLE_PATH
from papers_assets_tests.sample_papers import words
from papers_assets_tests.sample_papers.plan import PLAN
from papers_assets_tests.sample_papers.topics import Topic

SAMPLE_PAPERS = 420
"""How many papers the project's own corpus has."""
MOST_PAPERS = 90_000
"""More would not get an id of five digits."""

_SEED = 2513
_END = datetime(2026, 11, 21, tzinfo=UTC)
"""Every paper and every revision is from before."""
_DAYS = 365
_TRIES = 20
_HOURS = (4, 3, 4, 4, 3, 3, 3, 4, 5, 6, 6, 6, 6, 7, 8, 9, 10, 12, 8, 6, 5, 5, 4, 4)
"""How often papers are submitted in each hour of the day, UTC: arXiv's deadline is at 18 or 19."""
_Item = TypeVar("_Item")

Line = dict[str, object]
"""One version of a paper, ready for JSON."""


class _Dice:
    """Chance from `Random.random`, which alone is promised to stay the same in later Pythons."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def below(self, limit: int) -> int:
        return int(self._random.random() * limit)

    def pick(self, items: Sequence[_Item]) -> _Item:
        return items[self.below(len(items))]

    def several(self, items: Sequence[_Item], count: int) -> list[_Item]:
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(items)))]

    def weighted(self, cumulated: Sequence[float]) -> int:
        return bisect_right(cumulated, self._random.random() * cumulated[-1])


def lines(papers: int, replaced: Mapping[int, Line] = MappingProxyType({})) -> list[Line]:
    """Invent papers, and for some of them earlier versions too.

    Args:
        papers: how many, from 1 to `MOST_PAPERS`.
        replaced: fields of some papers, by their position; the others do not change.

    Returns:
        The fields of the corpus format, in order of submission.
    """
    dice = _Dice(_SEED)
    plan = _plan(dice, papers)
    numbers: Counter[int] = Counter()
    titles: set[str] = set()
    invented: list[Line] = []
    for index, submitted in enumerate(_times(dice, papers)):
        numbers[submitted.year] += 1
        arxiv_id = f"{submitted:%y}13.{numbers[submitted.year]:05}"
        paper = _paper(dice, *plan[index], titles) | replaced.get(index, {})
        invented += _versions(dice, {"id": arxiv_id, "version": 1} | paper, submitted)
    return invented


def write(
    path: Path,
    papers: int = SAMPLE_PAPERS,
    replaced: Mapping[int, Line] = MappingProxyType({}),
) -> None:
    """Write a corpus of that many invented papers, one line of JSON per version; see `lines`."""
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines(papers, replaced))
    path.write_bytes(text.encode())


def _plan(dice: _Dice, papers: int) -> list[tuple[Topic, Sequence[str]]]:
    """Decide for each paper its topic and the categories to choose from."""
    block = [(topic, share) for topic, count, share in PLAN for _ in range(count)]
    blocks = math.ceil(papers / len(block))
    shuffled = [item for _ in range(blocks) for item in dice.several(block, len(block))]
    return [
        (topic, topic.elsewhere if dice.chance(share) else topic.categories)
        for topic, share in shuffled[:papers]
    ]


def _times(dice: _Dice, papers: int) -> list[datetime]:
    """Spread submissions over a year: more in its last weeks, fewer at weekends."""
    last = _END - timedelta(days=1)
    days = [last - timedelta(days=age) for age in range(_DAYS)]
    weekend = (5, 6)
    weights = [  # of exact arithmetic, to be the same everywhere
        (1 + 6 / 2 ** (age // 30)) * (0.5 if day.weekday() in weekend else 1)
        for age, day in enumerate(days)
    ]
    by_day, by_hour = list(accumulate(weights)), list(accumulate(_HOURS))
    return sorted(
        days[dice.weighted(by_day)]
        + timedelta(hours=dice.weighted(by_hour), seconds=dice.below(3600))
        for _ in range(papers)
    )


def _paper(dice: _Dice, topic: Topic, categories: Sequence[str], taken: set[str]) -> Line:
    """Invent what all versions of a paper share; its title is none of `taken`, if possible."""
    for _ in range(_TRIES):
        slots = _slots(dice)
        title = dice.pick(topic.titles).format_map(slots)
        if title not in taken:
            break
    taken.add(title)
    body = (
        dice.pick(topic.openings),
        dice.pick(topic.methods),
        dice.pick(words.RESULTS),
        *dice.several(words.REMARKS, 1 + dice.below(2)),
    )
    listed = dice.pick(categories).split()
    return {
        "title": title,
        "authors": _authors(dice),
        "abstract": marked(" ".join(body).format_map(slots)),
        "comment": _comment(dice, slots),
        "categories": listed,
        "primary_category": listed[0],
    }


def _slots(dice: _Dice) -> dict[str, str]:
    adjective, name = dice.pick(words.ADJECTIVES), dice.pick(words.NAMES)
    setting, others = dice.several(words.SETTINGS, 2)
    count = 3 + dice.below(60)
    plain = {
        "setting": setting,
        "program": dice.pick(words.PROGRAMS),
        "machine": dice.pick(words.MACHINES),
        "adjective": adjective,
        "an_adjective": f"{'an' if adjective[0] in 'aeiou' else 'a'} {adjective}",
    }
    for_titles = {slot.title(): _capitalized(text) for slot, text in plain.items()}
    numbers = {"count": count, "more": count + 2 + dice.below(9), "few": 2 + dice.below(9)}
    return {
        **{slot: str(number) for slot, number in numbers.items()},
        **plain,
        **for_titles,
        "others": others,
        "percent": str(2 + dice.below(38)),
        "virtue": dice.pick(words.VIRTUES),
        "name": name,
        "lower": name.lower(),
    }


def _capitalized(text: str) -> str:
    return re.sub(r"(^|[ -])(\w)", lambda match: match[1] + match[2].upper(), text)


def marked(body: str) -> str:
    """Return an abstract that begins by saying that it is invented."""
    text = body.lstrip()
    return f"{body[: -len(text)]}Invented sample paper. {text}"


def _authors(dice: _Dice) -> list[str]:
    count = 1 + dice.below(3) + dice.below(4)
    names = [
        f"{dice.pick(words.GIVEN_NAMES)} {dice.pick(words.FAMILY_NAMES)}" for _ in range(count)
    ]
    return list(dict.fromkeys(names))


def _comment(dice: _Dice, slots: dict[str, str]) -> str | None:
    if dice.chance(0.45):
        return None
    if dice.chance(0.25):
        return dice.pick(words.SHORT_NOTES).format_map(slots)
    return f"Invented sample, not a real paper; {dice.pick(words.NOTES).format_map(slots)}"


def _versions(dice: _Dice, paper: Line, submitted: datetime) -> Iterator[Line]:
    """Give the newest version of a paper, after some or all of the earlier ones."""
    journal = (
        f"Journal of Invented Samples {1 + dice.below(9)} (2026)" if dice.chance(0.04) else None
    )
    revisions = [submitted]
    while len(revisions) <= 2 and dice.chance(0.25):
        revisions.append(
            revisions[-1] + timedelta(days=2 + dice.below(60), seconds=dice.below(9999))
        )
    revisions = [time for time in revisions if time < _END]
    are_all_kept = dice.chance(0.35)
    for version, updated in enumerate(revisions, start=1):
        is_newest = version == len(revisions)
        times = {"published": _text(submitted), "updated": _text(updated)}
        line = paper | {"version": version} | times | {"doi": None, "journal_ref": journal}
        if not is_newest:
            line["comment"] = f"Invented sample, not a real paper; version {version}"
        if is_newest or are_all_kept:
            yield line


def _text(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _main() -> None:
    parser = argparse.ArgumentParser(description="Write invented papers for the sample arXiv.")
    parser.add_argument("--papers", type=int, default=SAMPLE_PAPERS, metavar="N")
    parser.add_argument("--out", type=Path, default=SAMPLE_PATH, metavar="FILE")
    arguments = parser.parse_args()
    if not 1 <= arguments.papers <= MOST_PAPERS:
        parser.error(f"--papers is {arguments.papers}: expected 1 to {MOST_PAPERS}")
    if arguments.out == SAMPLE_PATH and arguments.papers != SAMPLE_PAPERS:
        parser.error(f"--papers is {arguments.papers}: a corpus of another size needs --out")
    write(arguments.out, arguments.papers)


if __name__ == "__main__":
    _main()
