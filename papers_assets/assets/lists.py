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
            "Rows that arXiv answered but that do not match the keyword are filtered and counted: "
            "those newer than the last one shown, or all if there is room left.\n\n"
            "The list of a keyword of which nothing changed stays as it was published."
        ),
        metadata={"dagster/column_schema": previews.column_schema(papers_frame.COLUMNS)},
    )
    def papers(store: StoreResource) -> Iterator[dg.MaterializeResult[pd.DataFrame]]:
        progress.info("choosing each keyword's papers")
        opened = store.open()
        former, time = opened.papers_or_none(), now()
        harvests = store.harvests()
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
        frame = chosen.frame
        if any(checks.stops(finding) for finding in findings):
            frame = papers_frame.not_to_be_built_upon(frame)
        yield dg.MaterializeResult(
            value=frame,
            metadata=previews.papers(chosen, former, time.date()),
            check_results=check_results(findings),
        )

    return papers
