"""Whether arXiv's index seems to stand still. Pure.

An index that gets no new papers answers like one on a quiet day, keyword by keyword. Over all
keywords it does not: if the papers that are listed came at the same rate as before, some would have
come since.

The model: papers that are in a list for the first time come independently of each other, and each
is as likely to be published on any one of the days of publication looked at. Of N papers that were
published on n days, the chance that none came on the m days after is (n / (n + m)) ** N: the
conditional test for two Poisson rates, which needs no rate to be known. A list that was cut at its
cap tells of the days that it reaches back to, and only of papers that no longer list has.
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
"""Of days without a new paper: how rare they are to be by chance, if arXiv is said to be behind."""
_MIN_DAYS = 2
"""Days of publication without a paper. arXiv defers an announcement unforeseen about once a year
(four times from 2023 to 2026), which is more often than `MAX_FALSE_ALARM_CHANCE`."""
_DAYS_LOOKED_AT = 40
"""Days of publication: eight weeks."""


@dataclass(frozen=True)
class IndexLag:
    """What lets arXiv's index seem to be behind."""

    newest: date
    """The day, UTC, on which the newest paper of all lists was submitted."""
    publications: int
    """Days of publication since that paper's."""
    expected: float
    """Papers on them, at the rate before."""
    chance: float
    """That none came of them."""


def estimate_index_lag(
    papers: pd.DataFrame, caps: Mapping[str, int], asked_at: datetime
) -> IndexLag | None:
    """Return how far arXiv's index is behind; None if it does not seem to be.

    Args:
        papers: the lists; used are keyword, arxiv_id and updated.
        caps: how long a list can be, by keyword; of others, nothing is looked at.
        asked_at: when arXiv answered for these, aware.
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
    """Return pairs: days of publication up to `last`, and papers on them. No paper counts twice."""
    ages: dict[date, int] = {}
    day = last
    while len(ages) < _DAYS_LOOKED_AT:
        ages[day] = len(ages)
        day = find_last_publication_day(day - timedelta(days=1))
    # Deadlines are at full hours; there are fewer hours than papers.
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
