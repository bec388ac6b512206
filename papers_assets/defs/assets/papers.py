"""The asset `papers`: each keyword's list."""

from collections.abc import Callable, Iterator
from datetime import datetime

import dagster as dg
import pandas as pd

from papers_assets import checks
from papers_assets.defs import asset_metadata
from papers_assets.defs.asset_checks import (
    LISTS,
    check_results,
    checked_asset,
    is_only_checked,
    stored_check_results,
)
from papers_assets.defs.automation import publish_when_new
from papers_assets.defs.resources import StoreResource
from papers_assets.keywords.model import KeywordsFile
from papers_assets.pipeline.check_stored import check_stored_papers
from papers_assets.pipeline.select_papers import choose
from papers_assets.text import progress
from papers_assets.transform import selection, selection_cache


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
        code_version=str(selection_cache.RULES),
        description=(
            "Each keyword's list: one row per keyword and paper, in the newest stored version, "
            "matched against the keyword again, newest first, up to the keyword's cap.\n\n"
            "Papers that arXiv returned but that do not match the keyword are filtered out and "
            "counted: those newer than the last one shown, or all if there is room left.\n\n"
            "The list of a keyword for which nothing changed stays as it was published."
        ),
        metadata={
            "dagster/column_schema": asset_metadata.column_schema(selection.COLUMNS),
            "dagster/column_lineage": dg.TableColumnLineage(
                {name: [dg.TableColumnDep(raw_papers.key, name)] for name in selection.TEXTS}
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
            frame = selection.not_to_be_built_upon(frame)
        yield dg.MaterializeResult(
            value=frame,
            metadata=asset_metadata.papers(chosen, former, time.date()),
            check_results=results,
        )

    return papers
