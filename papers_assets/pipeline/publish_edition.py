"""From the asset `papers` to the day's edition: reads and writes. What is new says `changes`."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from papers_assets.keywords.model import KeywordsFile
from papers_assets.render.sections import sections
from papers_assets.storage.editions import Known, Outputs
from papers_assets.storage.files import StoreError
from papers_assets.storage.raw_papers import Store
from papers_assets.transform import changes, editions
from papers_assets.transform.changes import Kind, Update
from papers_assets.transform.editions import Baseline, Edition, Mark
from papers_assets.transform.listed_papers import listed
from papers_assets.transform.selection import refreshed_at
from papers_assets.transform.selection_cache import fingerprint


@dataclass(frozen=True)
class Published:
    """What became of a comparison."""

    edition: Edition | None
    """The newest; None: there has been none."""
    found: pd.DataFrame
    """What is different this time, see `changes.differences`; empty: nothing is."""
    known: pd.DataFrame
    """What editions have told of now, read back from disk."""
    papers: pd.DataFrame
    """What was compared."""


def publish_edition(
    file: KeywordsFile, store: Store, outputs: Outputs, now: Callable[[], datetime]
) -> Published:
    """Add what is new in `papers` to the day's edition, if anything is.

    Raises:
        StoreError: papers, or an edition, cannot be read or written.
    """
    with store.publishing():
        papers, before = store.read_papers(), outputs.read_known()
        definitions = {keyword.name: fingerprint(keyword, "") for keyword in file.keywords}
        found = changes.differences(before.papers, papers, file.names, before.previous, definitions)
        # Of a list that is not there, nobody knows what left it.
        refreshed = refreshed_at(papers)
        found = found[(found["kind"] != Kind.LEFT.value) | found["keyword"].isin(list(refreshed))]
        first = [name for name in file.names if name not in before.previous]
        now_updated = {
            n: Update(refreshed[n], definitions[n]) for n in file.names if n in refreshed
        }
        updated = {**before.previous, **now_updated}
        time = now()
        day = _day(outputs, time.astimezone(file.timezone).date())
        edition = outputs.read_edition(day)
        mark = _next(day, edition, before.until)
        baselines = list(_baselines(first, papers, found, refreshed, mark.part))
        is_wanted = file.digest_when_nothing_changed and edition is None
        if found.empty and not baselines and not is_wanted:
            outputs.write_known(before._replace(previous=updated))
            return Published(outputs.newest_edition(), found, before.papers, papers)
        edition = editions.extended(
            edition,
            found,
            listed(papers[papers["arxiv_id"].isin(found["arxiv_id"])], file.names),
            before.papers,
            {section.keyword: section.note for section in sections(papers, file) if section.note},
            mark=mark,
            now=time,
            baselines=baselines,
        )
        # The edition first: what is known can be made from it, if we get no further.
        outputs.write_edition(edition)
        known = changes.known_after(before.papers, papers, found)
        outputs.write_known(Known(known, edition.mark, updated))
        read_back = outputs.read_known().papers
    return Published(edition, found, read_back, papers)


def _baselines(
    first: Collection[str],
    papers: pd.DataFrame,
    found: pd.DataFrame,
    refreshed: Collection[str],
    part: int,
) -> Iterator[Baseline]:
    """Describe the first lists: of keywords that arXiv answered for, or of which something came."""
    came = set(found.loc[found["kind"] == Kind.BASELINE.value, "keyword"])
    counts = papers["keyword"].value_counts()
    for name in first:
        if name in refreshed or name in came:
            yield Baseline(name, int(counts.get(name, 0)), part, name in refreshed)


def _day(outputs: Outputs, today: date) -> date:
    """Give the edition's day. A time zone that was changed does not bring back a day that is over.

    Raises:
        StoreError: there is an edition of a day that is yet to come.
    """
    newest = max(outputs.days(), default=today)
    if newest > today + timedelta(days=1):
        raise StoreError(
            f"{outputs.edition_path(newest)}: an edition of a day that is yet to come; today is "
            f"{today}. If the clock is right now, it was wrong then: move the file away. What it "
            "told of stays told."
        )
    return max(newest, today)


def _next(day: date, edition: Edition | None, told: Mark | None) -> Mark:
    """Give the next part of the day; a number that was used is not used again."""
    used = [edition.mark.part] if edition else []
    used += [told.part] if told and told.day == day else []
    return Mark(day, max(used, default=0) + 1)
