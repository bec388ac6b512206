"""Common parts of all assets: their groups, and how checks are declared and reported."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from papers_assets import checks
from papers_assets.storage.files import StoreError
from papers_assets.transform.selection import AGEING_PERIOD

ARXIV, LISTS, PUBLISHING, NOTIFICATIONS = "arxiv", "lists", "publishing", "notifications"
"""The groups of assets, in the order of the data flow."""
DEFAULT_CODE_VERSION = "1"
"""The version of assets without their own version, raised when the same input has new output."""
POOL = "arxiv"
"""The pool of assets that fetch: dagster.yaml lets one of their runs at a time leave the queue.

The rate limit does not depend on it: `papers run` is not queued, and uses the rate limiter of
`papers_assets.arxiv.rate_limit` like all other programs.
"""
# Detects what no check can, since checks are not evaluated then: that no runs happen any more.
FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=3), warn_window=AGEING_PERIOD)


def log_partitions(
    context: dg.AssetExecutionContext, materialized: Mapping[str, Mapping[str, Any]]
) -> None:
    """Record only these partitions of the asset as materialized, with their metadata.

    A step that yields a result marks all partitions of its run as materialized.
    """
    for partition, metadata in materialized.items():
        context.log_event(
            dg.AssetMaterialization(context.asset_key, partition=partition, metadata=metadata)
        )


def asset_with_checks(
    spec: dg.AssetSpec, table: Mapping[str, checks.CheckSpec]
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Return a decorator for an asset whose checks can also be executed without materializing it.

    Dagster executes checks alone only if the step may skip the asset (`can_subset`), which
    `dg.asset` does not support. If `is_only_checked`, the function evaluates the stored data.
    """
    return dg.multi_asset(
        name=spec.key.to_python_identifier(),
        specs=[spec],
        check_specs=[
            dg.AssetCheckSpec(
                name, asset=spec.key, description=check.description, blocking=check.blocking
            )
            for name, check in table.items()
        ],
        can_subset=True,
    )


def is_only_checked(context: dg.AssetExecutionContext) -> bool:
    """Whether the step executes checks only, without materializing the asset."""
    return not context.selected_asset_keys


def check_results(
    context: dg.AssetExecutionContext,
    results: Sequence[checks.CheckResult],
    table: Mapping[str, checks.CheckSpec],
) -> Iterator[dg.AssetCheckResult]:
    """Yield the results of the checks that the step executes.

    Raises:
            Failure: a blocking check that the step does not execute failed.
    """
    executed = {key.name: key for key in context.selected_asset_check_keys}
    for finding in results:
        if finding.name in executed:
            yield dg.AssetCheckResult(
                asset_key=executed[finding.name].asset_key,
                check_name=finding.name,
                passed=finding.passed,
                severity=dg.AssetCheckSeverity[finding.severity.name],
                description=finding.description,
                metadata=dict(finding.numbers),
            )
    if is_only_checked(context):
        return
    blocking = checks.find_blocking_failures(results, table)
    left_out = [finding.description for finding in blocking if finding.name not in executed]
    if left_out:
        raise dg.Failure(" ".join(left_out), allow_retries=False)


def stored_check_results(
    context: dg.AssetExecutionContext,
    evaluate: Callable[[], Sequence[checks.CheckResult]],
    table: Mapping[str, checks.CheckSpec],
) -> Iterator[dg.AssetCheckResult]:
    """Yield the results of the checks that the step executes on stored data.

    Raises:
        Failure: the data cannot be read, or nothing has been published.
    """
    try:
        results = evaluate()
    except (StoreError, OSError) as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    yield from check_results(context, results, table)
