"""Metadata of `harvest`: what was fetched of a day."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from papers_assets.defs.asset_metadata.common import Metadata
from papers_assets.pipeline.harvest import BroughtIn


def brought_in(outcome: BroughtIn, sets: Sequence[str], path: Path) -> Metadata:
    """Describe a day's materialization of `harvest`."""
    return {
        "dagster/partition_row_count": outcome.held,
        "listed": outcome.listed,
        "new": outcome.new,
        "removed_at_arxiv": outcome.deleted,
        "unreadable": len(outcome.unreadable),
        "warnings": "; ".join(outcome.repaired) or "none",
        "requests": outcome.requests,
        "seconds_waited": round(outcome.seconds_waited, 2),
        "sets": ", ".join(sets) or "all of arXiv",
        "file": dg.MetadataValue.path(str(path)),
    }
