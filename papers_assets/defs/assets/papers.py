"""The asset `papers`: the lists of all keywords."""

from collections.abc import Callable, Iterator
from datetime import datetime

import dagster as dg
import pandas as pd

from papers_assets import checks
from papers_assets.defs import asset_metadata
from papers_assets.defs.asset_checks import (
    LISTS,
    asset_with_checks,
    check_results,
    is_only_checked,
    stored_check_results,
)
from papers_assets.defs.automation import new_data_condition
from papers_assets.defs.resources import StoreResource
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.pipeline.check_stored import check_stored_papers
from papers_assets.pipeline.select_papers import select_all
from papers_assets.text import progress
from papers_assets.transform import selection, selection_cache


def build_papers_asset(
    keywords_config: KeywordsConfig, raw_papers: dg.AssetsDefinition, now: Callable[[], datetime]
) -> dg.AssetsDefinition:
    """Build `papers`, the lists of all keywords as one DataFrame."""
    spec = dg.AssetSpec(
        "papers",
        deps=[raw_papers],
        automation_condition=new_data_condition(),
        group_name=LISTS,
        kinds={"pandas", "parquet"},
        code_version=str(selection_cache.MATCHER_RULES),
        description=(
            "Each keyword's list: one row per keyword and paper, in the newest stored version, "
            "matched against the keyword again, newest first, up to the keyword's cap.\n\n"
            "Papers that arXiv returned but that do not match the keyword are filtered out and "
            "counted: those newer than the last one shown, or all if there is room left.\n\n"
            "The list of a keyword for which nothing changed stays as it was published."
        ),
        metadata={
            "dagster/column_schema": asset_metadata.build_column_schema(selection.COLUMNS),
            "dagster/column_lineage": dg.TableColumnLineage(
                {name: [dg.TableColumnDep(raw_papers.key, name)] for name in selection.TEXT_COLUMNS}
            ),
        },
    ).with_io_manager_key("papers_io")

    @asset_with_checks(spec, checks.CHECKS_OF_PAPERS)
    def papers(
        context: dg.AssetExecutionContext, store: StoreResource
    ) -> Iterator[dg.MaterializeResult[pd.DataFrame] | dg.AssetCheckResult]:
        opened, harvest_store, time = store.open(), store.harvests(), now()
        if is_only_checked(context):
            yield from stored_check_results(
                context,
                lambda: check_stored_papers(keywords_config, opened, harvest_store, time),
                checks.CHECKS_OF_PAPERS,
            )
            return
        progress.info("choosing each keyword's papers")
        previous = opened.read_papers_or_none()
        scan_state = (
            None if keywords_config.harvest_since is None else harvest_store.scan_states.read()
        )
        covered = harvest_store.coverage(keywords_config, time)
        problem = covered.short_reason if covered else ""
        result = select_all(
            keywords_config, opened, time.date(), previous, scan_state, short_reason=problem
        )
        findings = checks.check_papers(
            result.frame,
            previous,
            keywords_config,
            result.keys,
            time,
            result.reused,
            result.missing_ranges,
            covered.missing_days if covered else (),
        )
        results = list(check_results(context, findings, checks.CHECKS_OF_PAPERS))
        frame = result.frame
        if checks.find_blocking_failures(findings, checks.CHECKS_OF_PAPERS):
            frame = selection.without_cache(frame)
        yield dg.MaterializeResult(
            value=frame,
            metadata=asset_metadata.papers_metadata(result, previous, time.date()),
            check_results=results,
        )

    return papers
