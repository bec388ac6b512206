"""Metadata of `harvest`: the records fetched for a day."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from papers_assets.defs.asset_metadata.common import Metadata
from papers_assets.pipeline.harvest import HarvestedDay


def harvest_metadata(day: HarvestedDay, sets: Sequence[str], path: Path) -> Metadata:
    """Describe a day's materialization of `harvest`."""
    return {
        "dagster/partition_row_count": day.stored,
        "listed": day.listed,
        "new": day.new,
        "removed_at_arxiv": day.deleted,
        "unreadable": len(day.unreadable_records),
        "warnings": "; ".join(day.repairs) or "none",
        "requests": day.requests,
        "seconds_waited": round(day.seconds_waited, 2),
        "sets": ", ".join(sets) or "all of arXiv",
        "file": dg.MetadataValue.path(str(path)),
    }
