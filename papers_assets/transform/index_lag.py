"""Detection of a lag of arXiv's index. Pure.

For a single keyword, an index without new papers looks like a quiet day. Over all keywords it does
not: at the previous rate, some new papers would have appeared.

The model: papers are published independently of each other, and each is equally likely on every
publication day considered. If N papers were published on n days, the probability that none appears
on the next m days is (n / (n + m)) ** N. This is the conditional test for two Poisson rates, which
requires no known rate. A list that was cut at its cap covers only the days that it reaches back to,
and a paper in several lists counts once, in the list that reaches back furthest.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from papers_assets.arxiv.announcements import (
    count_publication_days,
    find_indexed_until,
    find_last_publication_day,
    find_publication_day,
)

MAX_FALSE_ALARM_CHANCE = 0.001
"""The probability of days without a new paper below which arXiv's index counts as behind."""
_MIN_DAYS = 2
"""The least number of publication days without a paper. arXiv postpones an announcement
unexpectedly about once a year (four times from 2023 to 2026), which is more often than
`MAX_FALSE_ALARM_CHANCE`."""
_DAYS_LOOKED_AT = 40
"""The number of publication days considered: eight weeks."""


@dataclass(frozen=True)
class IndexLag:
    """The evidence that arXiv's index is behind."""

    newest: date
    """The submission date of the newest paper of all lists, in UTC."""
    publications: int
    """The number of publication days after that of this paper."""
    expected: float
    """The number of papers expected on these days at the previous rate."""
    chance: float
    """The probability that none of them appeared."""


def estimate_index_lag(
    papers: pd.DataFrame, caps: Mapping[str, int], asked_at: datetime
) -> IndexLag | None:
    """Return how far arXiv's index is behind; None if it does not seem to be.

    Args:
        papers: The lists; used are keyword, arxiv_id and updated.
        caps: The cap of each keyword; lists of other keywords are ignored.
        asked_at: When arXiv answered for these keywords, aware.
    """
    papers = papers.loc[
        papers["keyword"].isin(list(caps)) & (papers["updated"] <= asked_at),
        ["keyword", "arxiv_id", "updated"],
    ]
    if papers.empty:
        return None
    newest = papers["updated"].max().to_pydatetime()
    last, until = find_publication_day(newest), find_indexed_until(asked_at)
    missed = count_publication_days(last, until)
    if missed < _MIN_DAYS:
        return None
    chance, expected = 1.0, 0.0
    for days, count in _count_publications(papers, caps, last):
        chance *= (days / (days + missed)) ** count
        expected += missed * count / days
    return (
        IndexLag(newest.date(), missed, expected, chance)
        if chance < MAX_FALSE_ALARM_CHANCE
        else None
    )


def _count_publications(
    papers: pd.DataFrame, caps: Mapping[str, int], last: date
) -> list[tuple[int, int]]:
    """Return pairs of a number of publication days up to `last` and the number of papers on them.

    Each paper counts once.
    """
    ages: dict[date, int] = {}
    day = last
    while len(ages) < _DAYS_LOOKED_AT:
        ages[day] = len(ages)
        day = find_last_publication_day(day - timedelta(days=1))
    # Deadlines are at full hours, and there are fewer distinct hours than papers.
    hours = papers["updated"].dt.floor("h")
    on = {hour: ages.get(find_publication_day(hour), _DAYS_LOOKED_AT) for hour in hours.unique()}
    papers = papers.assign(age=hours.map(on))
    reach = {
        name: min(int(of.max()) + 1, _DAYS_LOOKED_AT)
        if len(of) >= caps[str(name)]
        else _DAYS_LOOKED_AT
        for name, of in papers.groupby("keyword")["age"]
    }
    papers = papers.assign(days=papers["keyword"].map(reach))
    papers = papers[papers["age"] < papers["days"]].sort_values("days", ascending=False)
    return [*Counter(papers.drop_duplicates("arxiv_id")["days"].tolist()).items()]
