"""The asset `papers`: each keyword's list."""

from collections.abc import Callable, Iterator
from datetime import datetime

import dagster as dg
import pandas as pd

from papers_assets import checks, choices, previews
from papers_assets import papers as papers_frame
from papers_assets.assets.common import (
    LISTS,
    check_results,
    checked_asset,
    is_only_checked,
    stored_check_results,
)
from papers_assets.automation import publish_when_new
from papers_assets.choosing import choose
from papers_assets.keywords import KeywordsFile
from papers_assets.logs import progress
from papers_assets.resources import StoreResource
from papers_assets.stored_checks import check_stored_papers


def papers_asset(
    file: KeywordsFile, raw_papers: dg.AssetsDefinition, now: Callable[[], datetime]
) -> dg.AssetsDefinition:
    """Make `papers`: each keyword's list, as one DataFrame."""
    spec = dg.AssetSpec(
        "papers",
        deps=[raw_papers],
        automation_condition=publish_when_new(),
        group_name=LISTS,
        kinds={"pandas", "parquet"},
        code_version=str(choices.RULES),
        description=(
            "Each keyword's list: one row per keyword and paper, in the newest stored version, "
            "matched against the keyword again, newest first, up to the keyword's cap.\n\n"
            "Papers that arXiv returned but that do not match the keyword are filtered out and "
            "counted: those newer than the last one shown, or all if there is room left.\n\n"
            "The list of a keyword for which nothing changed stays as it was published."
        ),
        metadata={
            "dagster/column_schema": previews.column_schema(papers_frame.COLUMNS),
            "dagster/column_lineage": dg.TableColumnLineage(
                {name: [dg.TableColumnDep(raw_papers.key, name)] for name in papers_frame.TEXTS}
            ),
        },
    ).with_io_manager_key("papers_io")

    @checked_asset(spec, checks.CHECKS_OF_PAPERS)
    def papers(
        context: dg.AssetExecutionContext, store: StoreResource
    ) -> Iterator[dg.MaterializeResult[pd.DataFrame] | dg.AssetCheckResult]:
        opened, harvests, time = store.open(), store.harvests(), now()
        if is_only_checked(context):
            yield from stored_check_results(
                context,
                lambda: check_stored_papers(file, opened, harvests, time),
                checks.CHECKS_OF_PAPERS,
            )
            return
        progress.info("choosing each keyword's papers")
        former = opened.papers_or_none()
        looked = None if file.harvest_since is None else harvests.ledger.read()
        covered = harvests.coverage(file, time)
        problem = covered.problem if covered else ""
        chosen = choose(file, opened, time.date(), former, looked, problem=problem)
        findings = checks.check_papers(
            chosen.frame,
            former,
            file,
            chosen.keys,
            time,
            chosen.as_published,
            chosen.gaps,
            covered.missing if covered else (),
        )
        results = list(check_results(context, findings, checks.CHECKS_OF_PAPERS))
        frame = chosen.frame
        if checks.blocking_failures(findings, checks.CHECKS_OF_PAPERS):
            frame = papers_frame.not_to_be_built_upon(frame)
        yield dg.MaterializeResult(
            value=frame,
            metadata=previews.papers(chosen, former, time.date()),
            check_results=results,
        )

    return papers
