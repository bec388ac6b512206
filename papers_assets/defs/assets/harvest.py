"""The asset `harvest`: all records that arXiv's OAI-PMH lists, on any subject, by day."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

import dagster as dg

from papers_assets.arxiv.oai_day import find_sets
from papers_assets.defs import asset_metadata
from papers_assets.defs.asset_checks import ARXIV, FRESHNESS, POOL, log_partitions
from papers_assets.defs.resources import ArxivResource, StoreResource
from papers_assets.defs.run_config import OPEN_DAYS_TAG
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.pipeline.harvest import HarvestedDay, HarvestFailure, harvest_days, list_days_due
from papers_assets.storage.files import StoreError
from papers_assets.storage.harvest import HarvestStore
from papers_assets.storage.raw_papers import FORMAT
from papers_assets.storage.run_counters import CounterStore, Counts
from papers_assets.transform import selection
from papers_assets.transform.harvest_coverage import RECENT_PERIOD

logger = logging.getLogger(__name__)

_MAX_NAMED_DAYS = 5
"""Maximum number of days named in the failure's message."""
_MAX_LISTED_DAYS = 50
"""Maximum number of days in the failure's metadata."""


def build_day_partitions(since: date) -> dg.DailyPartitionsDefinition:
    """Return the partitions of `harvest`: the days from `since` to today, UTC."""
    return dg.DailyPartitionsDefinition(start_date=since.isoformat(), timezone="UTC", end_offset=1)


def build_harvest_asset(
    keywords_config: KeywordsConfig, since: date, now: Callable[[], datetime]
) -> dg.AssetsDefinition:
    """Build `harvest`, the changes at arXiv, partitioned by day."""
    sets = find_sets(keywords_config.harvest_categories)

    @dg.asset(
        name="harvest",
        partitions_def=build_day_partitions(since),
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=POOL,
        output_required=False,
        freshness_policy=FRESHNESS,
        group_name=ARXIV,
        kinds={"python", "parquet"},
        tags={"source/arxiv": ""},
        code_version=str(FORMAT),
        description=(
            "Every paper that changed at arXiv, one partition per day (of the change, UTC), by "
            f"OAI-PMH; sets: {', '.join(sets) or 'all of arXiv'}.\n\n"
            "The number of requests does not depend on the number of keywords: `raw_papers` "
            "matches them against it. The daily run fetches every day that may still change, "
            "newest first: until five days after its end. Files are deleted after `keep_papers` "
            "days; papers that were stored for a keyword are kept.\n\n"
            "To use a day that was materialized here, launch the job daily_papers; it follows "
            "the job harvest_days automatically."
        ),
        metadata={
            "dagster/column_schema": asset_metadata.build_column_schema(
                selection.RAW_PAPERS_COLUMNS
            )
        },
    )
    def harvest(
        context: dg.AssetExecutionContext, arxiv: ArxivResource, store: StoreResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        harvest_store = store.harvests()
        of_run = [date.fromisoformat(key) for key in context.partition_keys]
        days = sorted(of_run, reverse=True)
        if context.run.tags.get(OPEN_DAYS_TAG) == "true":
            first = keywords_config.harvest_start(now().date()) or since
            days = list_days_due(first, now(), harvest_store, sets)
        came: dict[str, asset_metadata.Metadata] = {}
        failed: dict[date, HarvestFailure] = {}
        client = arxiv.client()
        try:
            for outcome in harvest_days(days, sets, client, harvest_store, now):
                match outcome:
                    case HarvestedDay(day=day):
                        metadata = asset_metadata.harvest_metadata(
                            outcome, sets, harvest_store.path(day)
                        )
                        came[day.isoformat()] = metadata
                    case HarvestFailure(day=day):
                        failed[day] = outcome
                _record_result(harvest_store, outcome)
        except BaseException:
            log_partitions(context, came)
            raise
        finally:
            client.close()
            stored = store.open()
            counted = Counts(requests=client.requests, seconds_waited=client.seconds_waited)
            CounterStore(stored.home, stored.locks).add(counted)
        today = now().astimezone(UTC).date()
        grave = {day for day in failed if day >= today - RECENT_PERIOD} | {*failed} & {*of_run}
        yield from _yield_results(context, came, failed, grave, of_run)

    return harvest


def _record_result(harvest_store: HarvestStore, result: HarvestedDay | HarvestFailure) -> None:
    """Store at once whether a day was fetched, or why not, since the run may be killed."""
    try:
        match result:
            case HarvestedDay():
                harvest_store.write_problems((result.day,), {})
            case HarvestFailure(was_asked=True):
                harvest_store.write_problems((), {result.day: result.short_reason})
    except (StoreError, OSError) as error:  # the next days may still succeed
        logger.warning("%s: that is not noted on disk: %s", result.day, error)


def _yield_results(
    context: dg.AssetExecutionContext,
    fetched: Mapping[str, asset_metadata.Metadata],
    failed: Mapping[date, HarvestFailure],
    fatal: Collection[date],
    partition_days: Sequence[date],
) -> Iterator[dg.MaterializeResult[None]]:
    """Report fetched days to Dagster individually, since a result marks all partitions of a run.

    Only the days in `fatal` among the `failed` make the run fail. Other days are long ago: keywords
    report them as a gap, and runs that failed every day would be ignored by their operators.
    """
    if not failed and set(fetched) == {day.isoformat() for day in partition_days}:
        for day, metadata in fetched.items():
            context.add_asset_metadata(metadata, context.asset_key, partition_key=day)
        yield dg.MaterializeResult()
        return
    log_partitions(context, fetched)
    if not failed:
        return
    reasons = {f"harvest of {day}": of_day.reason for day, of_day in failed.items()}
    named = " ".join(
        f"{name}: {reason} |" for name, reason in list(reasons.items())[:_MAX_NAMED_DAYS]
    )
    story = (
        f"{len(failed)} of {len(fetched) + len(failed)} days could not be harvested. {named} What "
        'came is kept. The next daily run asks again; so does this partition\'s "Materialize".'
    )
    if not fatal:
        context.log.warning("%s", story)
        return
    metadata = dict(list(reasons.items())[:_MAX_LISTED_DAYS])
    raise dg.Failure(story, metadata=metadata, allow_retries=False)
