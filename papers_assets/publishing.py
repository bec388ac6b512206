"""From the asset `papers` to the day's edition: reads and writes. What is new says `changes`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from papers_assets import changes, editions
from papers_assets.editions import Edition
from papers_assets.keywords import KeywordsFile
from papers_assets.listing import listed
from papers_assets.outputs import Known, Outputs
from papers_assets.sections import sections
from papers_assets.store import Store


@dataclass(frozen=True)
class Published:
    """What became of a comparison."""

    edition: Edition | None
    """The newest; None: there has been none."""
    found: pd.DataFrame
    """What is different this time, see `changes.differences`; empty: nothing is."""
    known: pd.DataFrame
    """What editions have told of now."""
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
        found = changes.differences(before.papers, papers, file.names)
        time = now()
        today = time.astimezone(file.timezone).date()
        # A clock, or a time zone, that was set back does not bring back a day that is over.
        day = max(today, before.until.day) if before.until else today
        edition = outputs.read_edition(day)
        if found.empty and not (file.digest_when_nothing_changed and edition is None):
            outputs.write_known(before)
            return Published(outputs.newest_edition(), found, before.papers, papers)
        edition = editions.extended(
            edition,
            found,
            listed(papers[papers["arxiv_id"].isin(found["arxiv_id"])], file.names),
            before.papers,
            {section.keyword: section.note for section in sections(papers, file) if section.note},
            day=day,
            now=time,
        )
        # The edition first: what is known can be made from it, if we get no further.
        outputs.write_edition(edition)
        known = changes.known_after(before.papers, papers, found)
        outputs.write_known(Known(known, edition.mark))
    return Published(edition, found, known, papers)
