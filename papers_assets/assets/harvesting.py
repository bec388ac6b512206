"""The asset `harvest`: what arXiv's OAI-PMH lists, day by day, whatever it is about."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime

import dagster as dg

from papers_assets import papers as papers_frame
from papers_assets import previews
from papers_assets.arxiv.harvest import sets_for
from papers_assets.asking import EVERYTHING_TAG
from papers_assets.assets.common import FRESHNESS, GROUP, OWNERS, log_partitions
from papers_assets.counters import Counters, Counts
from papers_assets.harvesting import BroughtIn, NotBroughtIn, bring_in, days_to_bring_in
from papers_assets.keywords import KeywordsFile
from papers_assets.resources import ArxivResource, StoreResource

_NAMED = 5
"""Days that the story names."""


def days_of(since: date) -> dg.DailyPartitionsDefinition:
    """Give the partitions of `harvest`: the days from `since` to today, UTC."""
    return dg.DailyPartitionsDefinition(start_date=since.isoformat(), timezone="UTC", end_offset=1)


def harvest_asset(
    file: KeywordsFile, since: date, now: Callable[[], datetime]
) -> dg.AssetsDefinition:
    """Make `harvest`: what changed at arXiv, partitioned by day."""
    sets = sets_for(file.harvest_categories)

    @dg.asset(
        name="harvest",
        partitions_def=days_of(since),
        backfill_policy=dg.BackfillPolicy.single_run(),
        output_required=False,
        freshness_policy=FRESHNESS,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"python", "parquet"},
        description=(
            "Every paper that changed at arXiv, one partition per day (of the change, UTC), by "
            f"OAI-PMH; sets: {', '.join(sets) or 'all of arXiv'}.\n\n"
            "A few requests a day, whatever the number of keywords: `raw_papers` looks for them in "
            "it. The daily run asks for every day that is not settled, newest first; a day is four "
            "days after its end. A green day has come once; its file goes after `keep_papers` "
            "days, and what keywords hold of it stays.\n\n"
            "Materialize a day here and look for keywords in it with the job daily_papers; after "
            "the job harvest_days, that one follows by itself."
        ),
        metadata={"dagster/column_schema": previews.column_schema(papers_frame.HELD_COLUMNS)},
    )
    def harvest(
        context: dg.AssetExecutionContext, arxiv: ArxivResource, store: StoreResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        harvests = store.harvests()
        of_run = [date.fromisoformat(key) for key in context.partition_keys]
        days = sorted(of_run, reverse=True)
        if context.run.tags.get(EVERYTHING_TAG) == "true":
            first = file.harvested_from(now().date()) or since
            days = days_to_bring_in(first, now(), harvests, sets)
        came: dict[str, previews.Metadata] = {}
        failed: dict[date, NotBroughtIn] = {}
        client = arxiv.client()
        try:
            for outcome in bring_in(days, sets, client, harvests, now):
                match outcome:
                    case BroughtIn():
                        path = harvests.path(outcome.day)
                        came[outcome.day.isoformat()] = previews.brought_in(outcome, sets, path)
                    case NotBroughtIn():
                        failed[outcome.day] = outcome
        except BaseException:
            log_partitions(context, came)
            raise
        finally:
            client.close()
            held = store.open()
            counted = Counts(requests=client.requests, seconds_waited=client.seconds_waited)
            Counters(held.home, held.locks).add(counted)
            briefs = {day: of_day.brief for day, of_day in failed.items() if of_day.was_asked}
            harvests.note_problems(set(map(date.fromisoformat, came)), briefs)
        reasons = {day.isoformat(): of_day.reason for day, of_day in failed.items()}
        yield from _record(context, came, reasons, of_run)

    return harvest


def _record(
    context: dg.AssetExecutionContext,
    came: Mapping[str, previews.Metadata],
    failed: Mapping[str, str],
    of_run: Sequence[date],
) -> Iterator[dg.MaterializeResult[None]]:
    """Tell Dagster which days came, and of no other: a result would mark all of the run's."""
    if not failed and set(came) == {day.isoformat() for day in of_run}:
        for day, metadata in came.items():
            context.add_asset_metadata(metadata, context.asset_key, partition_key=day)
        yield dg.MaterializeResult()
        return
    log_partitions(context, came)
    if failed:
        reasons = " ".join(f"{day}: {reason} |" for day, reason in list(failed.items())[:_NAMED])
        raise dg.Failure(
            f"{len(failed)} of {len(came) + len(failed)} days could not be harvested. {reasons} "
            "What came is kept. The next daily run asks again; so does this partition's "
            '"Materialize".',
            metadata=dict(failed),
            allow_retries=False,
        )
