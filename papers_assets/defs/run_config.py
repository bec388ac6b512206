"""What a run of `raw_papers` is asked for: by its partitions, its configuration, its parent."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

import dagster as dg
from pydantic import Field

from papers_assets.defs.run_results import LOOKING_BACK
from papers_assets.keywords.model import KeywordsFile
from papers_assets.pipeline.refresh import Wishes
from papers_assets.transform.date_ranges import Dates
from papers_assets.transform.raw_papers import ARXIV_BEGAN

EVERYTHING_TAG = "papers_assets/every_keyword"
"""On runs over all keywords: over those of the file as it is when the run starts."""
OPEN_DAYS_TAG = "papers_assets/every_open_day"
"""On runs of `harvest` over every day that may still get more papers, as of when the run starts."""
_RESUMED_TAG = "dagster/is_resume_retry"


class RefreshConfig(dg.Config):
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
class Asked:
    """What a run of `raw_papers` is to fetch."""

    names: list[str]
    wishes: Wishes
    is_whole_range: bool
    """Whether `names` and `fetched` are exactly the run's partitions, so that Dagster may mark them
    all."""
    fetched: frozenset[str] = frozenset()
    """What the runs that this one resumes have fetched already."""


def asked_for(
    context: dg.AssetExecutionContext, config: RefreshConfig, file: KeywordsFile, today: date
) -> Asked:
    """Say what the run is to fetch.

    Raises:
        Failure: it names no keyword, or one that the file does not have, or dates that cannot be.
    """
    of_run = _partitions(context)
    everything = context.run.tags.get(EVERYTHING_TAG) == "true" and not context.has_partition_key
    names = file.names if everything else of_run
    if not names:
        raise dg.Failure(
            "This run names no keyword. Launch the job daily_papers for all of them, or choose "
            "partitions of raw_papers in the order in which the UI lists them.",
            allow_retries=False,
        )
    if config.keywords:
        _known(config.keywords, names, f"ops.raw_papers.config.keywords of this run ({file.path})")
        wanted = set(config.keywords)
        names = [name for name in names if name in wanted]
    _known(
        names,
        file.names,
        f"{file.path}. Was it edited? Then reload the definitions (Deployment > Code locations), "
        "and choose again",
    )
    wishes = _wishes(config, today)
    is_whole_range = names == of_run
    fetched: frozenset[str] = frozenset()
    if _is_resumed(context.run):
        # What an earlier run forgot in order to ask for it again, this one goes on with.
        wishes = replace(wishes, ignore_held=False)
        by_parents = _fetched_by_parents(context, looking_back=wishes.look_back is not None)
        fetched = by_parents.intersection(names)
        names = [name for name in names if name not in fetched]
    return Asked(names, wishes, is_whole_range, fetched)


def _known(names: Collection[str], known: Collection[str], where: str) -> None:
    there = set(known)
    unknown = [name for name in names if name not in there]
    if unknown:
        raise dg.Failure(
            f"No such keyword: {', '.join(map(repr, unknown))}. There are: {', '.join(known)}. "
            f"Source: {where}.",
            allow_retries=False,
        )


def _partitions(context: dg.AssetExecutionContext) -> list[str]:
    """Give the run's partitions; none where the file has not all of them any more."""
    if context.has_partition_key:
        return [context.partition_key]
    if not context.has_partition_key_range:
        return []
    try:
        return list(context.partition_keys)
    except dg.DagsterInvalidInvocationError:
        return []


def _is_resumed(run: dg.DagsterRun) -> bool:
    """Say whether the run is a "Re-execute from failure"."""
    return run.parent_run_id is not None and run.tags.get(_RESUMED_TAG) == "true"


def _fetched_by_parents(context: dg.AssetExecutionContext, *, looking_back: bool) -> frozenset[str]:
    """Return the names of the keywords that the runs which this one resumes have fetched."""
    fetched: set[str] = set()
    failed: set[str] = set()
    run: dg.DagsterRun | None = context.run
    while run is not None and run.parent_run_id is not None and _is_resumed(run):
        came, problems = _what_became_of(run.parent_run_id, context)
        if looking_back and not problems:
            came = set()  # it was interrupted, and nobody knows at which keyword
        # Who was refreshed and could not be looked back at to the end is asked for again.
        failed |= {problem.removeprefix(LOOKING_BACK) for problem in problems} - fetched
        fetched |= came - failed
        run = context.instance.get_run_by_id(run.parent_run_id)
    return frozenset(fetched)


def _what_became_of(run_id: str, context: dg.AssetExecutionContext) -> tuple[set[str], set[str]]:
    """Give what a run of `raw_papers` materialized, and its problems: see `Outcomes`."""
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


def _wishes(config: RefreshConfig, today: date) -> Wishes:
    since = _date("look_back_to", config.look_back_to)
    until = _date("look_back_until", config.look_back_until)
    if until and not since:
        raise _unusable("look_back_until", config.look_back_until, "look_back_to with it")
    last = min(until or today, today)
    if since and since > last:
        raise _unusable("look_back_to", config.look_back_to, f"a date up to {last}")
    return Wishes(ignore_held=config.ignore_held, look_back=Dates(since, until) if since else None)


def _date(name: str, value: str) -> date | None:
    if not value:
        return None
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise _unusable(name, value, "a date such as 2026-10-01") from None
    if found < ARXIV_BEGAN.date():
        raise _unusable(name, value, f"a date since arXiv began, {ARXIV_BEGAN.date()}")
    return found


def _unusable(name: str, value: str, expected: str) -> dg.Failure:
    return dg.Failure(
        f"Run configuration ops.raw_papers.config.{name} is {value!r}: expected {expected}.",
        allow_retries=False,
    )
