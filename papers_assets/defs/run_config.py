"""The request of a run of `raw_papers`, from its partitions, configuration and parent runs."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

import dagster as dg
from pydantic import Field

from papers_assets.defs.run_results import BACKFILL_PREFIX
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.pipeline.refresh import RefreshOptions
from papers_assets.transform.date_ranges import DateSpan
from papers_assets.transform.raw_papers import ARXIV_START

EVERYTHING_TAG = "papers_assets/every_keyword"
"""Tag of runs over all keywords: those in the file when the run starts."""
OPEN_DAYS_TAG = "papers_assets/every_open_day"
"""Tag of runs of `harvest` over all open days, determined when the run starts."""
_RESUMED_TAG = "dagster/is_resume_retry"


class RawPapersConfig(dg.Config):
    """Run configuration of raw_papers. All of it can be left out."""

    keywords: list[str] = Field(
        default=[],
        description="Fetch only these of the run's keywords, by name. Empty: all of them. The "
        "README follows in a run of its own within a minute.",
    )
    ignore_held: bool = Field(
        default=False,
        description="Read whole lists, up to their caps, and months that have come before, as if "
        "nothing had been fetched. What is held stays held.",
    )
    look_back_to: str = Field(
        default="",
        description="A date, such as 2026-10-01: fetch the papers submitted since then, too, month "
        "by month. A run that was interrupted goes on where it ended. Empty: do not look back.",
    )
    look_back_until: str = Field(
        default="",
        description="A date: where looking back begins. Empty: today.",
    )


@dataclass(frozen=True)
class RunSelection:
    """The keywords that a run of `raw_papers` has to fetch, and how."""

    names: list[str]
    options: RefreshOptions
    is_whole_range: bool
    """Whether `names` and `already_fetched` are exactly the run's partitions, so that Dagster may
    mark all of them as materialized."""
    already_fetched: frozenset[str] = frozenset()
    """The keywords fetched by the runs that this run resumes."""


def resolve_run_config(
    context: dg.AssetExecutionContext,
    config: RawPapersConfig,
    keywords_config: KeywordsConfig,
    today: date,
) -> RunSelection:
    """Return the keywords that the run has to fetch, and the options.

    Raises:
        Failure: the run names no keyword, names one that is not in the file, or has invalid dates.
    """
    of_run = _read_partitions(context)
    everything = context.run.tags.get(EVERYTHING_TAG) == "true" and not context.has_partition_key
    names = keywords_config.names if everything else of_run
    if not names:
        raise dg.Failure(
            "This run names no keyword. Launch the job daily_papers for all of them, or choose "
            "partitions of raw_papers in the order in which the UI lists them.",
            allow_retries=False,
        )
    if config.keywords:
        _check_known(
            config.keywords,
            names,
            f"ops.raw_papers.config.keywords of this run ({keywords_config.path})",
        )
        wanted = set(config.keywords)
        names = [name for name in names if name in wanted]
    _check_known(
        names,
        keywords_config.names,
        f"{keywords_config.path}. Was it edited? Then reload the definitions (Deployment > Code "
        "locations), "
        "and choose again",
    )
    options = _build_options(config, today)
    is_whole_range = names == of_run
    fetched: frozenset[str] = frozenset()
    if _is_resumed(context.run):
        # A full refresh that an earlier run began is continued instead of started again.
        options = replace(options, full_refresh=False)
        by_parents = _find_fetched_by_parents(context, backfilling=options.backfill is not None)
        fetched = by_parents.intersection(names)
        names = [name for name in names if name not in fetched]
    return RunSelection(names, options, is_whole_range, fetched)


def _check_known(names: Collection[str], known_names: Collection[str], where: str) -> None:
    there = set(known_names)
    unknown = [name for name in names if name not in there]
    if unknown:
        raise dg.Failure(
            f"No such keyword: {', '.join(map(repr, unknown))}. There are: "
            f"{', '.join(known_names)}. "
            f"Source: {where}.",
            allow_retries=False,
        )


def _read_partitions(context: dg.AssetExecutionContext) -> list[str]:
    """Return the run's partitions; empty if some of them are no longer in the file."""
    if context.has_partition_key:
        return [context.partition_key]
    if not context.has_partition_key_range:
        return []
    try:
        return list(context.partition_keys)
    except dg.DagsterInvalidInvocationError:
        return []


def _is_resumed(run: dg.DagsterRun) -> bool:
    """Whether the run is a "Re-execute from failure" of another run."""
    return run.parent_run_id is not None and run.tags.get(_RESUMED_TAG) == "true"


def _find_fetched_by_parents(
    context: dg.AssetExecutionContext, *, backfilling: bool
) -> frozenset[str]:
    """Return the names of the keywords fetched by the runs that this run resumes."""
    fetched: set[str] = set()
    failed: set[str] = set()
    run: dg.DagsterRun | None = context.run
    while run is not None and run.parent_run_id is not None and _is_resumed(run):
        came, problems = _read_outcome(run.parent_run_id, context)
        if backfilling and not problems:
            came = set()  # it was interrupted, and the keyword is unknown
        # A keyword that was refreshed, but whose backfill is incomplete, is fetched again.
        failed |= {problem.removeprefix(BACKFILL_PREFIX) for problem in problems} - fetched
        fetched |= came - failed
        run = context.instance.get_run_by_id(run.parent_run_id)
    return frozenset(fetched)


def _read_outcome(run_id: str, context: dg.AssetExecutionContext) -> tuple[set[str], set[str]]:
    """Return the keywords that a run of `raw_papers` materialized, and those in its failure."""
    came: set[str] = set()
    problems: set[str] = set()
    wanted = {dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.STEP_FAILURE}
    for record in context.instance.all_logs(run_id, of_type=wanted):
        event = record.get_dagster_event()
        if event.event_type is dg.DagsterEventType.STEP_FAILURE:
            failure = event.step_failure_data.user_failure_data
            problems |= set(failure.metadata) if failure else set()
        elif event.asset_key == context.asset_key and event.partition is not None:
            came.add(event.partition)
    return came, problems


def _build_options(config: RawPapersConfig, today: date) -> RefreshOptions:
    since = _parse_date("look_back_to", config.look_back_to)
    until = _parse_date("look_back_until", config.look_back_until)
    if until and not since:
        raise _unusable_value("look_back_until", config.look_back_until, "look_back_to with it")
    last = min(until or today, today)
    if since and since > last:
        raise _unusable_value("look_back_to", config.look_back_to, f"a date up to {last}")
    return RefreshOptions(
        full_refresh=config.ignore_held, backfill=DateSpan(since, until) if since else None
    )


def _parse_date(name: str, value: str) -> date | None:
    if not value:
        return None
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise _unusable_value(name, value, "a date such as 2026-10-01") from None
    if found < ARXIV_START.date():
        raise _unusable_value(name, value, f"a date since arXiv began, {ARXIV_START.date()}")
    return found


def _unusable_value(name: str, value: str, expected: str) -> dg.Failure:
    return dg.Failure(
        f"Run configuration ops.raw_papers.config.{name} is {value!r}: expected {expected}.",
        allow_retries=False,
    )
