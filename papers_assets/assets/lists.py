"""The asset `papers`: each keyword's list."""

from collections.abc import Callable, Iterator
from datetime import datetime

import dagster as dg
import pandas as pd

from papers_assets import checks, previews
from papers_assets import papers as papers_frame
from papers_assets.assets.common import GROUP, OWNERS, check_results, check_specs
from papers_assets.automation import publish_when_new
from papers_assets.choosing import choose
from papers_assets.keywords import KeywordsFile
from papers_assets.logs import progress
from papers_assets.resources import StoreResource


def papers_asset(
    file: KeywordsFile, raw_papers: dg.AssetsDefinition, now: Callable[[], datetime]
) -> dg.AssetsDefinition:
    """Make `papers`: each keyword's list, as one DataFrame."""

    @dg.asset(
        name="papers",
        deps=[raw_papers],
        check_specs=check_specs("papers", checks.CHECKS_OF_PAPERS),
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
            check_results=check_results(findings),
        )

    return papers
