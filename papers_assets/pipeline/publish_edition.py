"""Publish the changes in the asset `papers` as a part of the day's edition."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from papers_assets.keywords.model import KeywordsConfig
from papers_assets.render.sections import build_sections
from papers_assets.storage.editions import AnnouncedPapers, EditionStore
from papers_assets.storage.files import StoreError
from papers_assets.storage.raw_papers import RawPapersStore
from papers_assets.transform import changes, editions
from papers_assets.transform.changes import ChangeKind, ListUpdate
from papers_assets.transform.editions import Baseline, Edition, Position
from papers_assets.transform.listed_papers import unique_papers
from papers_assets.transform.selection import read_refresh_times
from papers_assets.transform.selection_cache import compute_fingerprint


@dataclass(frozen=True)
class PublishResult:
    """The result of comparing `papers` with the announced papers."""

    edition: Edition | None
    """The newest edition; None: there is none yet."""
    differences: pd.DataFrame
    """The changes, as `changes.diff` returns them; empty: there are none."""
    announced: pd.DataFrame
    """All announced papers, read back from disk."""
    papers: pd.DataFrame
    """The asset `papers` that was compared."""


def publish_edition(
    keywords_config: KeywordsConfig,
    store: RawPapersStore,
    edition_store: EditionStore,
    now: Callable[[], datetime],
) -> PublishResult:
    """Add the changes in `papers` to the day's edition, if there are any.

    Raises:
        StoreError: `papers` or an edition cannot be read or written.
    """
    with store.publish_lock():
        papers, before = store.read_papers(), edition_store.read_announced()
        definitions = {
            keyword.name: compute_fingerprint(keyword, "") for keyword in keywords_config.keywords
        }
        differences = changes.diff(
            before.papers, papers, keywords_config.names, before.updates, definitions
        )
        # Without a list, it is unknown which papers left it.
        refreshed = read_refresh_times(papers)
        differences = differences[
            (differences["kind"] != ChangeKind.REMOVED.value)
            | differences["keyword"].isin(list(refreshed))
        ]
        first = [name for name in keywords_config.names if name not in before.updates]
        now_updated = {
            n: ListUpdate(refreshed[n], definitions[n])
            for n in keywords_config.names
            if n in refreshed
        }
        updated = {**before.updates, **now_updated}
        time = now()
        day = _edition_day(edition_store, time.astimezone(keywords_config.timezone).date())
        edition = edition_store.read_edition(day)
        mark = _next_position(day, edition, before.position)
        baselines = list(_list_baselines(first, papers, differences, refreshed, mark.part))
        is_wanted = keywords_config.digest_when_nothing_changed and edition is None
        if differences.empty and not baselines and not is_wanted:
            edition_store.write_announced(before._replace(updates=updated))
            return PublishResult(edition_store.newest_edition(), differences, before.papers, papers)
        edition = editions.append_part(
            edition,
            differences,
            unique_papers(
                papers[papers["arxiv_id"].isin(differences["arxiv_id"])], keywords_config.names
            ),
            before.papers,
            {
                section.keyword: section.note
                for section in build_sections(papers, keywords_config)
                if section.note
            },
            position=mark,
            now=time,
            baselines=baselines,
        )
        # Write the edition first: after a crash, the announced papers can be rebuilt from it.
        edition_store.write_edition(edition)
        announced = changes.apply_changes(before.papers, papers, differences)
        edition_store.write_announced(AnnouncedPapers(announced, edition.position, updated))
        read_back = edition_store.read_announced().papers
    return PublishResult(edition, differences, read_back, papers)


def _list_baselines(
    first_lists: Collection[str],
    papers: pd.DataFrame,
    differences: pd.DataFrame,
    refreshed: Collection[str],
    part: int,
) -> Iterator[Baseline]:
    """Yield the baselines of first lists that were refreshed or have papers."""
    came = set(differences.loc[differences["kind"] == ChangeKind.BASELINE.value, "keyword"])
    counts = papers["keyword"].value_counts()
    for name in first_lists:
        if name in refreshed or name in came:
            yield Baseline(name, int(counts.get(name, 0)), part, name in refreshed)


def _edition_day(edition_store: EditionStore, today: date) -> date:
    """Return the edition's day; it never precedes the newest one after a time zone change.

    Raises:
        StoreError: there is an edition of a future day.
    """
    newest = max(edition_store.list_days(), default=today)
    if newest > today + timedelta(days=1):
        raise StoreError(
            f"{edition_store.edition_path(newest)}: an edition of a day that is yet to come; "
            "today is "
            f"{today}. If the clock is right now, it was wrong then: move the file away. What it "
            "told of stays told."
        )
    return max(newest, today)


def _next_position(
    day: date, edition: Edition | None, announced_until: Position | None
) -> Position:
    """Return the position of the day's next part; part numbers are never reused."""
    used = [edition.position.part] if edition else []
    used += [announced_until.part] if announced_until and announced_until.day == day else []
    return Position(day, max(used, default=0) + 1)
