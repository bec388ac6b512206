"""Remove harvested days and raw papers after their retention period."""

import logging
from datetime import datetime, timedelta

from papers_assets.keywords.model import KeywordsConfig
from papers_assets.storage.harvest import HarvestStore
from papers_assets.storage.raw_papers import RawPapersStore, StoreError
from papers_assets.transform import raw_papers

logger = logging.getLogger(__name__)

_DATES = ("updated", "last_seen")


def prune_harvest(
    keywords_config: KeywordsConfig, harvest_store: HarvestStore, now: datetime
) -> int:
    """Remove the days of the harvest older than `keep_days` days, and return how many.

    The raw papers of the keywords stay.
    """
    first = now.date() - timedelta(days=keywords_config.keep_days)
    with harvest_store.write_lock():
        return harvest_store.remove_before(first)


def prune_raw_papers(keywords_config: KeywordsConfig, store: RawPapersStore, now: datetime) -> int:
    """Remove versions not seen in arXiv's answers for `keep_papers` days, and return how many.

    The raw papers of keywords that are not in the file stay, because they may be added again.
    """
    older_than = now - timedelta(days=keywords_config.keep_papers)
    removed = 0
    for keyword in keywords_config.keywords:
        try:
            # The dates show what is too old; texts are read only if something is removed.
            dates = store.read_raw_papers_columns(keyword.name, _DATES)
            if dates is None or len(raw_papers.prune(dates, older_than).rows) == len(dates.rows):
                continue
            with store.keyword_lock(keyword.name):
                before = store.read_raw_papers(keyword.name)
                after = raw_papers.prune(before, older_than) if before else None
                if before and after and len(after.rows) < len(before.rows):
                    store.write_raw_papers(after)
                    removed += len(before.rows) - len(after.rows)
        except (StoreError, OSError) as error:
            logger.warning("%s: not pruned: %s", keyword.name, error)
    return removed
