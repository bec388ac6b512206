"""The partitions of a run of `harvest` over all open days, which may still get more papers."""

from datetime import UTC, date, datetime, timedelta

from papers_assets.defs.run_config import OPEN_DAYS_TAG


def open_days_tags(since: date, now: datetime) -> dict[str, str]:
    """Return the tags of a run of `harvest` over all open days.

    The open days are determined when the run starts; its partitions are yesterday and today.
    """
    today = now.astimezone(UTC).date()
    return {
        "dagster/asset_partition_range_start": max(since, today - timedelta(days=1)).isoformat(),
        "dagster/asset_partition_range_end": max(since, today).isoformat(),
        OPEN_DAYS_TAG: "true",
    }
