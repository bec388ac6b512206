"""The asset `raw_papers`: all papers that arXiv returned."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime

import dagster as dg

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.oai_day import find_sets
from papers_assets.defs import asset_metadata
from papers_assets.defs.asset_checks import ARXIV, FRESHNESS, POOL, log_partitions
from papers_assets.defs.resources import ArxivResource, StoreResource
from papers_assets.defs.run_config import RawPapersConfig, RunSelection, resolve_run_config
from papers_assets.defs.run_results import RunResults
from papers_assets.keywords.model import Keyword, KeywordsConfig
from papers_assets.pipeline.backfill import BackfillResult
from papers_assets.pipeline.compare_with_oai import ComparisonResult
from papers_assets.pipeline.failures import RefreshFailure
from papers_assets.pipeline.keyword_scan import ScanResult
from papers_assets.pipeline.refresh import RefreshOptions, backfill_only, refresh
from papers_assets.pipeline.refresh_keyword import RefreshResult
from papers_assets.pipeline.scan_harvest import scan_keywords
from papers_assets.storage.raw_papers import FORMAT
from papers_assets.storage.run_counters import CounterStore, count_run
from papers_assets.transform import selection

_QUERY_DESCRIPTION = (
    "Fetches the newest papers first, up to those that are stored already, so that none is lost "
    "between two days."
)
_HARVEST_DESCRIPTION = (
    "Matches each keyword against what `harvest` fetched since the last time; sends no request to "
    "arXiv."
)
_Result = RefreshResult | ScanResult | RefreshFailure | ComparisonResult | BackfillResult


def build_raw_papers_asset(
    keywords_config: KeywordsConfig,
    now: Callable[[], datetime],
    harvest: dg.AssetsDefinition | None = None,
) -> dg.AssetsDefinition:
    """Build `raw_papers`, all papers that arXiv returned, partitioned by keyword.

    Args:
        keywords_config: the keywords.
        now: returns the current time.
        harvest: the asset to scan for keywords; None: arXiv is queried for each keyword.
    """

    def fetch(
        keywords: list[Keyword], client: ArxivClient, store: StoreResource, options: RefreshOptions
    ) -> Iterator[_Result]:
        since = keywords_config.harvest_start(now().date())
        if since is None:
            if keywords_config.witness:
                options = replace(
                    options, oai_comparison_sets=find_sets(keywords_config.harvest_categories)
                )
            yield from refresh(keywords, client, store.open(), now, options)
            return
        found: list[Keyword] = []
        for outcome in scan_keywords(
            keywords,
            store.harvests(),
            store.open(),
            now,
            since=since,
            sets=find_sets(keywords_config.harvest_categories),
            rescan=options.full_refresh,
        ):
            found += [outcome.keyword] if isinstance(outcome, ScanResult) else []
            yield outcome
        # If arXiv refused the harvest, it is not queried in another way.
        yield from backfill_only(found, client, store.open(), now, options)

    @dg.asset(
        name="raw_papers",
        partitions_def=dg.StaticPartitionsDefinition(keywords_config.names),
        # One run queries its keywords one after the other, since arXiv requires sequential requests
        # anyway, and a separate run costs seconds where a partition costs milliseconds.
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=POOL,
        deps=[dg.AssetDep(harvest, partition_mapping=dg.AllPartitionMapping())] if harvest else [],
        output_required=False,
        freshness_policy=FRESHNESS,
        group_name=ARXIV,
        kinds={"python", "parquet"},
        tags={} if harvest else {"source/arxiv": ""},
        code_version=str(FORMAT),
        description=(
            "Every version of every paper that arXiv returned, one partition per keyword.\n\n"
            f"{_HARVEST_DESCRIPTION if harvest else _QUERY_DESCRIPTION} Stored papers are kept. "
            "A keyword that fails "
            "keeps its papers; its partition alone is shown as failed."
        ),
        metadata={
            "dagster/column_schema": asset_metadata.build_column_schema(
                selection.RAW_PAPERS_COLUMNS
            )
        },
    )
    def raw_papers(
        context: dg.AssetExecutionContext,
        config: RawPapersConfig,
        arxiv: ArxivResource,
        store: StoreResource,
    ) -> Iterator[dg.MaterializeResult[None]]:
        asked = resolve_run_config(context, config, keywords_config, now().date())
        client = arxiv.client()
        outcomes = RunResults(arxiv.api_url, is_harvested=harvest is not None)
        try:
            keywords = [keywords_config[name] for name in asked.names]
            for outcome in fetch(keywords, client, store, asked.options):
                outcomes.add(outcome)
        except BaseException:
            # Interrupted: the papers fetched so far are on disk, so they are recorded.
            log_partitions(context, outcomes.refreshed)
            raise
        finally:
            client.close()
            counted = count_run(
                now(),
                client.requests,
                client.seconds_waited,
                refreshed=outcomes.refreshed,
                failed=outcomes.failed,
            )
            stored = store.open()
            CounterStore(stored.home, stored.locks).add(counted)
        yield from _yield_results(context, outcomes, asked)

    return raw_papers


def _yield_results(
    context: dg.AssetExecutionContext,
    results: RunResults,
    run_selection: RunSelection,
) -> Iterator[dg.MaterializeResult[None]]:
    """Report to Dagster exactly the keywords that were fetched or failed.

    A step that yields a result marks all partitions of its run as materialized. A step that fetched
    other keywords, or failed for one, therefore yields none and records each keyword itself.
    Downstream assets are then not part of this run: automation, or the command line at once,
    publishes the new papers. A run that resumes others and fetched their remaining keywords yields
    a result, and downstream assets follow in it.
    """
    problems, metadata = results.failure_reasons, results.refreshed
    if not problems and run_selection.is_whole_range:
        metadata = {**_read_latest_metadata(context, run_selection.already_fetched), **metadata}
        for name, of_keyword in metadata.items():
            context.add_asset_metadata(of_keyword, context.asset_key, partition_key=name)
        yield dg.MaterializeResult()
        return
    log_partitions(context, metadata)
    if problems:
        for name, failed in results.failed.items():
            # A partition's page shows its observations, but not the failures of its runs.
            context.log_event(
                dg.AssetObservation(
                    context.asset_key,
                    description="Could not be fetched; the stored papers are unchanged.",
                    partition=name,
                    metadata={"failure_reason": failed.reason},
                )
            )
        raise dg.Failure(results.failure_summary, metadata=dict(problems), allow_retries=False)
    context.log.info(
        "papers and readme follow in a run of their own, within a minute."
        if metadata
        else "There was nothing to do: the runs that this one resumes have fetched everything."
    )


def _read_latest_metadata(
    context: dg.AssetExecutionContext, names: Collection[str]
) -> dict[str, asset_metadata.Metadata]:
    """Return the metadata of the newest materialization of each of these partitions."""
    newest = context.instance.get_latest_storage_id_by_partition(
        context.asset_key, dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    newest = {name: number for name, number in newest.items() if name in names}
    if not newest:
        return {}
    records = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(context.asset_key, storage_ids=list(newest.values())),
        limit=len(newest),
    ).records
    return {
        str(record.partition_key): {
            "fetched_in_run": dg.MetadataValue.dagster_run(record.run_id),
            **record.asset_materialization.metadata,  # may name an earlier run
        }
        for record in records
        if record.asset_materialization
    }
