"""What all assets have in common: how they are grouped, and how checks are told to Dagster."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from papers_assets import checks
from papers_assets.papers import AGEING

GROUP = "daily_papers"
OWNERS = ["team:papers-assets"]
POOL = "arxiv"
"""Of the assets that fetch: by dagster.yaml, one of their runs at a time leaves the queue.

The rate limit does not depend on it: `papers run` is not queued, and takes the lock of
`arxiv.gate` as all others do.
"""
# What no check can see, since none is evaluated then: that nothing runs at all any more.
FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=3), warn_window=AGEING)


def log_partitions(
    context: dg.AssetExecutionContext, materialized: Mapping[str, Mapping[str, Any]]
) -> None:
    """Record these partitions of the asset, with their metadata, and no other.

    A step that gives a result marks all partitions of its run as materialized.
    """
    for partition, metadata in materialized.items():
        context.log_event(
            dg.AssetMaterialization(context.asset_key, partition=partition, metadata=metadata)
        )


def check_specs(asset: str, table: Mapping[str, checks.Check]) -> list[dg.AssetCheckSpec]:
    """Tell Dagster which checks an asset has."""
    return [
        dg.AssetCheckSpec(name, asset=asset, description=check.says, blocking=check.blocking)
        for name, check in table.items()
    ]


def check_results(findings: Sequence[checks.Finding]) -> list[dg.AssetCheckResult]:
    """Tell Dagster what checks found."""
    return [
        dg.AssetCheckResult(
            check_name=finding.name,
            passed=finding.passed,
            severity=dg.AssetCheckSeverity[finding.severity.name],
            description=finding.description,
            metadata=dict(finding.numbers),
        )
        for finding in findings
    ]
