"""Conditions of automatic publication: new data arrived, and nothing is in progress.

Automation renders the README again after one keyword was materialized alone, and after a daily run
in which some keyword failed.
"""

from typing import Any

import dagster as dg
from dagster import AutomationCondition as When

from papers_assets.defs.jobs import select_downstream
from papers_assets.keywords.model import KeywordsConfig


# The labels are short enough that Dagster shows them in full.
def new_data_condition() -> dg.AutomationCondition[Any]:
    """Return the condition for `papers`."""
    return (_due_condition() | _requested_upstream_condition()).with_label(
        "any_deps_updated & ~in_progress"
    )


def checks_passed_condition() -> dg.AutomationCondition[Any]:
    """Return the condition for assets made from `papers`: its blocking checks must have passed.

    In a run that includes `papers`, a failed blocking check stops the run itself.
    """
    passed = When.all_deps_blocking_checks_passed().with_label("blocking_checks_passed")
    condition = (_due_condition() & passed) | _requested_upstream_condition()
    return condition.with_label("any_deps_updated & checks_passed")


def _due_condition() -> dg.AutomationCondition[Any]:
    """Return the condition that new data arrived and has not been published.

    Dagster's own `any_deps_updated().since_last_handled()` misses new data if the asset itself was
    made in the same tick of 30 seconds, even before the data arrived, and its `eager()` waits
    until every keyword has been fetched at least once. This condition compares times: operands of
    `since` must not be combined with `&` or `|`, which drop the times.
    """
    arrival = When.any_deps_match(When.newly_updated())
    unpublished = arrival.since(When.newly_updated()).with_label("any_deps_updated")
    # A failed publication is repeated when other data arrives, not every 30 seconds.
    requested = When.newly_requested().since(arrival).with_label("already_requested")
    in_progress = (When.any_deps_in_progress() | When.in_progress()).with_label("in_progress")
    return unpublished & ~requested & ~in_progress


def _requested_upstream_condition() -> dg.AutomationCondition[Any]:
    return When.any_deps_match(When.will_be_requested()).with_label("any_deps_requested")


def build_publish_sensor(keywords_config: KeywordsConfig) -> dg.AutomationConditionSensorDefinition:
    """Build the sensor that publishes if a keyword was fetched alone, or another keyword failed."""
    return dg.AutomationConditionSensorDefinition(
        "publish_when_new",
        target=select_downstream(keywords_config, raw=False),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Materializes papers and everything that is made of it (changes, digest, readme, "
            "site, feeds, citations, data, notifications) within a minute after raw_papers "
            "changed."
        ),
    )
