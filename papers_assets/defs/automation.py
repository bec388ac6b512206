"""When Dagster publishes automatically: once something new arrived and nothing is in progress.

This renders the README again after one keyword was materialized alone, and after a daily run in
which some keyword failed.
"""

from typing import Any

import dagster as dg
from dagster import AutomationCondition as When

from papers_assets.defs.jobs import select_downstream
from papers_assets.keywords.model import KeywordsConfig


# The labels are short enough for Dagster to show whole.
def new_data_condition() -> dg.AutomationCondition[Any]:
    """Make the condition for `papers`."""
    return (_due_condition() | _requested_upstream_condition()).with_label(
        "any_deps_updated & ~in_progress"
    )


def checks_passed_condition() -> dg.AutomationCondition[Any]:
    """Make the condition for what is made from `papers`: only if its blocking checks passed.

    In one run with `papers`, the run itself stops at a blocking check.
    """
    passed = When.all_deps_blocking_checks_passed().with_label("blocking_checks_passed")
    condition = (_due_condition() & passed) | _requested_upstream_condition()
    return condition.with_label("any_deps_updated & checks_passed")


def _due_condition() -> dg.AutomationCondition[Any]:
    """Make the condition that something arrived which has not been published.

    Dagster's own `any_deps_updated().since_last_handled()` forgets an arrival when the asset itself
    was made in the same tick of 30 seconds, even if before the arrival; and its `eager()` waits
    until every keyword has been fetched at least once. Here the times decide: what `since` compares
    must not be combined with `&` or `|`, which drop them.
    """
    arrival = When.any_deps_match(When.newly_updated())
    unpublished = arrival.since(When.newly_updated()).with_label("any_deps_updated")
    # A publication that failed is tried again when something else arrives, not every 30 seconds.
    requested = When.newly_requested().since(arrival).with_label("already_requested")
    in_progress = (When.any_deps_in_progress() | When.in_progress()).with_label("in_progress")
    return unpublished & ~requested & ~in_progress


def _requested_upstream_condition() -> dg.AutomationCondition[Any]:
    return When.any_deps_match(When.will_be_requested()).with_label("any_deps_requested")


def build_publish_sensor(keywords_config: KeywordsConfig) -> dg.AutomationConditionSensorDefinition:
    """Make the sensor that publishes when a keyword alone was fetched, or when another failed."""
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
