"""When Dagster publishes by itself: as soon as something new arrived and nothing is on its way.

This is what re-renders the README after one keyword was materialized alone, and after a daily run
in which some keyword failed.
"""

from typing import Any

import dagster as dg
from dagster import AutomationCondition as When


def publish_when_new() -> dg.AutomationCondition[Any]:
    """Make the condition for `papers` and `readme`.

    Dagster's own `any_deps_updated().since_last_handled()` forgets an arrival when the asset itself
    was made in the same tick of 30 seconds, even if before the arrival; and its `eager()` waits
    until every keyword has been fetched at least once. Here the times decide: what `since` compares
    must not be combined with `&` or `|`, which drop them.
    """
    arrival = When.any_deps_match(When.newly_updated())
    unpublished = arrival.since(When.newly_updated()).with_label("something arrived since")
    # A publication that failed is tried again when something else arrives, not every 30 seconds.
    already_asked = When.newly_requested().since(arrival).with_label("already asked for")
    nothing_on_its_way = ~When.any_deps_in_progress() & ~When.in_progress()
    together = When.any_deps_match(When.will_be_requested()).with_label("in one run with papers")
    return ((unpublished & ~already_asked & nothing_on_its_way) | together).with_label(
        "something new arrived, and nothing more is on its way"
    )


def publish_when_sound() -> dg.AutomationCondition[Any]:
    """Make the condition for `readme`: not around a check that stopped the run of `papers`."""
    sound = When.all_deps_blocking_checks_passed()
    return (publish_when_new() & sound).with_label("something new arrived, and papers is sound")
