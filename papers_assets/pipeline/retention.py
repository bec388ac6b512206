"""How long papers stay held that nobody is shown any more."""

import logging
from datetime import datetime, timedelta

from papers_assets.keywords.model import KeywordsFile
from papers_assets.storage.harvest import Harvests
from papers_assets.storage.raw_papers import Store, StoreError
from papers_assets.transform import raw_papers

logger = logging.getLogger(__name__)

_DATES = ("updated", "last_seen")


def prune_harvest(file: KeywordsFile, harvests: Harvests, now: datetime) -> int:
    """Remove the days that were harvested more than `keep_days` days ago; give how many.

    What keywords hold of them stays.
    """
    first = now.date() - timedelta(days=file.keep_days)
    with harvests.bringing_in():
        return harvests.remove_before(first)


def prune_held(file: KeywordsFile, store: Store, now: datetime) -> int:
    """Remove what arXiv last answered more than `keep_papers` days ago; give how many versions.

    What is held of keywords that are not in the file (any more) stays: they may come back.
    """
    older_than = now - timedelta(days=file.keep_papers)
    removed = 0
    for keyword in file.keywords:
        try:
            # What is too old is seen by its dates; texts are read only where something goes.
            dates = store.read_held_columns(keyword.name, _DATES)
            if dates is None or len(raw_papers.pruned(dates, older_than).papers) == len(
                dates.papers
            ):
                continue
            with store.updating(keyword.name):
                before = store.read_held(keyword.name)
                after = raw_papers.pruned(before, older_than) if before else None
                if before and after and len(after.papers) < len(before.papers):
                    store.write_held(after)
                    removed += len(before.papers) - len(after.papers)
        except (StoreError, OSError) as error:
            logger.warning("%s: not pruned: %s", keyword.name, error)
    return removed
