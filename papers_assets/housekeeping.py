"""The job `housekeeping`, which removes what is past its retention, and a sensor for dead runs."""

from collections.abc import Callable
from datetime import datetime, timedelta

import dagster as dg

from papers_assets.history import end_dead_runs, prune_runs
from papers_assets.keywords import KeywordsFile
from papers_assets.resources import StoreResource
from papers_assets.retention import prune_harvest, prune_held
from papers_assets.schedules import HOUSEKEEPING


def housekeeping_job(file: KeywordsFile, now: Callable[[], datetime]) -> dg.JobDefinition:
    """Make the job. It materializes nothing, so that automation does not care about it."""

    @dg.op(
        description=(
            f"Removes runs that ended more than {file.keep_runs} days ago (`keep_runs` in "
            "keywords.toml). The newest run of every keyword, asset and check stays, whatever its "
            "age."
        )
    )
    def prune_run_history(context: dg.OpExecutionContext) -> None:
        older_than = now() - timedelta(days=file.keep_runs)
        pruned = prune_runs(context.instance, older_than=older_than)
        context.log.info(
            "Removed %d runs that ended before %s, with %d bytes of files.",
            pruned.runs,
            older_than.date(),
            pruned.bytes,
        )
        context.add_output_metadata(
            {
                "runs removed": pruned.runs,
                "bytes removed": pruned.bytes,
                "ended before": dg.MetadataValue.timestamp(older_than),
            }
        )

    @dg.op(
        description=(
            f"Removes versions of papers that arXiv last answered more than {file.keep_papers} "
            "days ago (`keep_papers` in keywords.toml). What a list shows stays, whatever its age."
        )
    )
    def prune_papers(context: dg.OpExecutionContext, store: StoreResource) -> None:
        removed = prune_held(file, store.open(), now())
        days = prune_harvest(file, store.harvests(), now())
        context.log.info("Removed %d versions of papers, %d harvested days.", removed, days)
        context.add_output_metadata({"versions removed": removed, "days removed": days})

    @dg.job(
        name=HOUSEKEEPING,
        description="Removes what is older than keywords.toml says. No list loses a paper.",
    )
    def housekeeping() -> None:
        prune_run_history()
        prune_papers()

    return housekeeping


def dead_runs_sensor() -> dg.SensorDefinition:
    """Make the sensor that ends runs of the command line whose process was killed.

    Until then they count as running: others that fetch wait in the queue, and nothing is published.
    """

    @dg.sensor(
        name="end_dead_runs",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Marks runs of `papers run` whose process was killed as failed.",
    )
    def dead_runs(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SkipReason:
        ended = end_dead_runs(context.instance, store.open().locks_folder)
        return dg.SkipReason(f"Runs marked as failed: {', '.join(ended) or 'none'}.")

    return dead_runs
