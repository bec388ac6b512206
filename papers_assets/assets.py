"""The three assets. Each calls the pure rooms and attaches what people want to see of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import dagster as dg
import pandas as pd

from papers_assets import checks, previews
from papers_assets import papers as papers_frame
from papers_assets.asking import Asked, RefreshConfig, asked_for
from papers_assets.automation import publish_when_new, publish_when_sound
from papers_assets.choosing import choose
from papers_assets.keywords import KeywordsFile
from papers_assets.logs import progress
from papers_assets.outcomes import Outcomes
from papers_assets.refresh import refresh
from papers_assets.rendering.readme import render_readme
from papers_assets.resources import ArxivResource, StoreResource
from papers_assets.sections import last_update, remark, sections

# What the document shows; the other columns need not be read for it.
README_COLUMNS = [
    *("keyword", "arxiv_id", "version", "title", "abstract", "comment", "updated", "first_seen"),
]

GROUP = "daily_papers"
OWNERS = ["team:papers-assets"]
# What no check can see, since none is evaluated then: that nothing runs at all any more.
_FRESHNESS = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(days=3), warn_window=timedelta(hours=36)
)


def raw_papers_asset(file: KeywordsFile, now: Callable[[], datetime]) -> dg.AssetsDefinition:
    """Make `raw_papers`: what arXiv answered, partitioned by keyword."""

    @dg.asset(
        name="raw_papers",
        partitions_def=dg.StaticPartitionsDefinition(file.names),
        # One run asks for all of its keywords, one after the other: arXiv wants them in a row
        # anyway, and a run of its own costs seconds where a partition costs milliseconds.
        backfill_policy=dg.BackfillPolicy.single_run(),
        output_required=False,
        freshness_policy=_FRESHNESS,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"python", "parquet"},
        description=(
            "Every version of every paper that arXiv answered, one partition per keyword.\n\n"
            "Asks for the newest papers first and reads on until they meet what is held, so that "
            "no paper is lost between two days. What was held stays held. A keyword that fails "
            "keeps its papers; its partition alone is shown as failed."
        ),
        metadata={"dagster/column_schema": previews.column_schema(papers_frame.HELD_COLUMNS)},
    )
    def raw_papers(
        context: dg.AssetExecutionContext,
        config: RefreshConfig,
        arxiv: ArxivResource,
        store: StoreResource,
    ) -> Iterator[dg.MaterializeResult[None]]:
        asked = asked_for(context, config, file, now().date())
        client = arxiv.client()
        outcomes = Outcomes()
        try:
            keywords = [file[name] for name in asked.names]
            for outcome in refresh(keywords, client, store.open(), now, asked.wishes):
                outcomes.add(outcome)
        except BaseException:
            # Interrupted: what came is on disk, so it is recorded all the same.
            _log(context, outcomes.metadata(arxiv.api_url))
            raise
        finally:
            client.close()
        yield from _record(context, outcomes, outcomes.metadata(arxiv.api_url), asked)

    return raw_papers


def _record(
    context: dg.AssetExecutionContext,
    outcomes: Outcomes,
    metadata: Mapping[str, previews.Metadata],
    asked: Asked,
) -> Iterator[dg.MaterializeResult[None]]:
    """Tell Dagster what happened to each keyword, and nothing that did not.

    A step that gives a result marks all partitions of its run as materialized, so one that fetched
    others, or failed at one, must not: it records each itself. Downstream is then not in this run;
    automation publishes what arrived, or the command line does at once.
    """
    problems = outcomes.problems
    if not problems and asked.is_whole_range:
        for name, of_keyword in metadata.items():
            context.add_asset_metadata(of_keyword, context.asset_key, partition_key=name)
        yield dg.MaterializeResult()
        return
    _log(context, metadata)
    if problems:
        raise dg.Failure(outcomes.story, metadata=dict(problems), allow_retries=False)
    context.log.info(
        "papers and readme follow in a run of their own, within a minute."
        if metadata
        else "There was nothing to do: the runs that this one resumes have fetched everything."
    )


def _log(context: dg.AssetExecutionContext, refreshed: Mapping[str, previews.Metadata]) -> None:
    for name, metadata in refreshed.items():
        event = dg.AssetMaterialization(context.asset_key, partition=name, metadata=metadata)
        context.log_event(event)


def papers_asset(
    file: KeywordsFile, raw_papers: dg.AssetsDefinition, now: Callable[[], datetime]
) -> dg.AssetsDefinition:
    """Make `papers`: each keyword's list, as one DataFrame."""

    @dg.asset(
        name="papers",
        deps=[raw_papers],
        check_specs=_check_specs("papers", checks.CHECKS_OF_PAPERS),
        automation_condition=publish_when_new(),
        io_manager_key="papers_io",
        group_name=GROUP,
        owners=OWNERS,
        kinds={"pandas", "parquet"},
        description=(
            "Each keyword's list: one row per keyword and paper, in the newest version that arXiv "
            "answered, re-checked against the keyword, newest first, up to the keyword's cap.\n\n"
            "Rows that arXiv answered but that do not match the keyword are refused and counted."
        ),
        metadata={"dagster/column_schema": previews.column_schema(papers_frame.COLUMNS)},
    )
    def papers(store: StoreResource) -> Iterator[dg.MaterializeResult[pd.DataFrame]]:
        progress.info("choosing each keyword's papers")
        opened = store.open()
        former = opened.papers_or_none(checks.FORMER_COLUMNS)
        chosen = choose(file, opened)
        time = now()
        findings = checks.check_papers(chosen.frame, former, file, chosen.keys, time)
        yield dg.MaterializeResult(
            value=chosen.frame,
            metadata=previews.papers(chosen, former, time.date()),
            check_results=_check_results(findings),
        )

    return papers


def readme_asset(file: KeywordsFile, papers: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """Make `readme`: the rendered document."""

    @dg.asset(
        name="readme",
        ins={
            "papers": dg.AssetIn(
                papers.key, input_manager_key="papers_io", metadata={"columns": README_COLUMNS}
            )
        },
        check_specs=_check_specs("readme", checks.CHECKS_OF_README),
        automation_condition=publish_when_sound(),
        freshness_policy=_FRESHNESS,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"markdown", "jinja"},
        description=(
            "The daily list, output/README.md: a section with a table per keyword.\n\n"
            'Its "Last update" is the day on which arXiv last answered; a section that is older '
            "than that says so, and why."
        ),
    )
    def readme(papers: pd.DataFrame, store: StoreResource) -> dg.MaterializeResult:  # type: ignore[type-arg] # Dagster reads it, and takes none
        progress.info("rendering the README")
        opened = store.open()
        with opened.publishing():
            # Another run may have published newer papers meanwhile; they are not to be undone.
            current = opened.papers_or_none(README_COLUMNS)
            papers = papers if current is None else current
            parts = sections(papers, file)
            updated = last_update(papers, file)
            cap = max(keyword.cap for keyword in file.keywords)
            pieces = render_readme(parts, last_update=updated, cap=cap, remark=remark(papers, file))
            size = opened.write_readme(pieces)
            document = opened.readme_path.read_bytes()
        findings = checks.check_readme(document, papers, parts, file)
        return dg.MaterializeResult(
            metadata=previews.readme(parts, updated, opened.readme_path, size),
            check_results=_check_results(findings),
        )

    return readme


def _check_specs(asset: str, table: Mapping[str, checks.Check]) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(name, asset=asset, description=check.says, blocking=check.blocking)
        for name, check in table.items()
    ]


def _check_results(findings: Sequence[checks.Finding]) -> list[dg.AssetCheckResult]:
    return [
        dg.AssetCheckResult(
            check_name=finding.name,
            passed=finding.passed,
            severity=dg.AssetCheckSeverity[finding.severity.name],
            description=finding.description,
            metadata=dict(finding.numbers),
        )
        for finding in findings
    ]
