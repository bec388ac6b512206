"""The partitions of a run of `harvest` that takes every day which may still get papers."""

from datetime import UTC, date, datetime, timedelta

from papers_assets.defs.run_config import OPEN_DAYS_TAG


def open_days_tags(since: date, now: datetime) -> dict[str, str]:
    """Return the tags of a run that brings in every day of which more may come.

    The run finds out itself which those are; its partitions are yesterday and today.
    """
    today = now.astimezone(UTC).date()
    return {
        "dagster/asset_partition_range_start": max(since, today - timedelta(days=1)).isoformat(),
        "dagster/asset_partition_range_end": max(since, today).isoformat(),
        OPEN_DAYS_TAG: "true",
    }
