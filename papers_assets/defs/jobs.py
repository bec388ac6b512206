"""The jobs of the graph, and `housekeeping`, which removes data past its retention."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from papers_assets.defs.resources import StoreResource
from papers_assets.defs.run_config import EVERYTHING_TAG
from papers_assets.defs.run_history import prune_runs
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.pipeline.retention import prune_harvest, prune_raw_papers

if TYPE_CHECKING:
    # The type that define_asset_job returns, which is not among Dagster's public names.
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition as AssetJob,
    )

DAILY_JOB, REFRESH_JOB, PUBLISH_JOB, CHECKS_JOB, HARVEST_JOB, HOUSEKEEPING_JOB = (
    "daily_papers",
    "refresh_keyword",
    "publish",
    "execute_checks",
    "harvest_days",
    "housekeeping",
)
_HARVEST_ASSET = dg.AssetSelection.assets("harvest")
ENDED_STATUSES = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)
IN_PROGRESS_STATUSES = [status for status in dg.DagsterRunStatus if status not in ENDED_STATUSES]


def select_downstream(keywords_config: KeywordsConfig, *, raw: bool) -> dg.AssetSelection:
    """Select all assets except `harvest` and, unless `raw` is true, `raw_papers`."""
    selection: dg.AssetSelection = dg.AssetSelection.all()
    if keywords_config.harvest_since is not None:
        selection -= _HARVEST_ASSET
    return selection if raw else selection - dg.AssetSelection.assets("raw_papers")


def build_jobs(keywords_config: KeywordsConfig) -> "list[AssetJob]":
    """Build the jobs for the whole graph, one keyword, and the documents only."""
    # As the job has the range of all keywords itself, the launch button and a plain schedule run
    # all of them at once, without a choice of partitions.
    everything = {
        "dagster/asset_partition_range_start": keywords_config.names[0],
        "dagster/asset_partition_range_end": keywords_config.names[-1],
        EVERYTHING_TAG: "true",
    }
    notice = keywords_config.notice
    graph = select_downstream(keywords_config, raw=True)
    bring = "Fetch" if keywords_config.harvest_since is None else "Look in what was harvested for"
    return [
        dg.define_asset_job(
            DAILY_JOB,
            selection=graph,
            tags=everything,
            description=(
                f"{notice and f'**{notice}** See the check keywords_file_valid. '}"
                f"{bring} every keyword, choose its papers and render the README: one run."
            ),
        ),
        dg.define_asset_job(
            REFRESH_JOB,
            selection=graph,
            description=f"{bring} the keyword that you choose as the partition, and render anew.",
        ),
        dg.define_asset_job(
            PUBLISH_JOB,
            selection=select_downstream(keywords_config, raw=False),
            description="Choose and render from what is held, without asking arXiv.",
        ),
    ]


def build_harvest_job() -> "AssetJob":
    """Build the job that fetches days of the harvest."""
    return dg.define_asset_job(
        HARVEST_JOB,
        selection=_HARVEST_ASSET,
        description="Bring in what changed at arXiv on days; after this job, daily_papers follows.",
    )


def build_checks_job() -> "AssetJob":
    """Build the job that only executes the asset checks."""
    return dg.define_asset_job(
        CHECKS_JOB,
        selection=dg.AssetSelection.all_asset_checks(),
        description="Execute all checks over what is stored, without materializing anything.",
    )


def build_housekeeping_job(
    keywords_config: KeywordsConfig, now: Callable[[], datetime]
) -> dg.JobDefinition:
    """Build the job. It materializes no asset, so it triggers no automation."""

    @dg.op(
        description=(
            f"Removes runs that ended more than {keywords_config.keep_runs} days ago "
            "(`keep_runs` in "
            "keywords.toml). The newest run of every keyword, asset and check stays, whatever its "
            "age."
        )
    )
    def prune_run_history(context: dg.OpExecutionContext) -> None:
        older_than = now() - timedelta(days=keywords_config.keep_runs)
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
            "Removes versions of papers that arXiv last answered more than "
            f"{keywords_config.keep_papers} "
            "days ago (`keep_papers` in keywords.toml). What a list shows stays, whatever its age."
        )
    )
    def prune_papers(context: dg.OpExecutionContext, store: StoreResource) -> None:
        removed = prune_raw_papers(keywords_config, store.open(), now())
        days = prune_harvest(keywords_config, store.harvests(), now())
        context.log.info("Removed %d versions of papers, %d harvested days.", removed, days)
        context.add_output_metadata({"versions removed": removed, "days removed": days})

    @dg.job(
        name=HOUSEKEEPING_JOB,
        description="Removes what is older than keywords.toml says. No list loses a paper.",
    )
    def housekeeping() -> None:
        prune_run_history()
        prune_papers()

    return housekeeping
