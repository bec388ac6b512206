"""The asset `readme`: the rendered document."""

import dagster as dg
import pandas as pd

from papers_assets import checks, previews
from papers_assets.assets.common import FRESHNESS, GROUP, OWNERS, check_results, check_specs
from papers_assets.automation import publish_when_sound
from papers_assets.keywords import KeywordsFile
from papers_assets.logs import progress
from papers_assets.rendering.readme import render_readme
from papers_assets.resources import StoreResource
from papers_assets.sections import last_update, remark, sections

# What the document shows; the other columns need not be read for it.
README_COLUMNS = [
    *("keyword", "arxiv_id", "version", "title", "abstract", "comment", "updated", "first_seen"),
]


def readme_asset(file: KeywordsFile, papers: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """Make `readme`: the rendered document."""

    @dg.asset(
        name="readme",
        ins={
            "papers": dg.AssetIn(
                papers.key, input_manager_key="papers_io", metadata={"columns": README_COLUMNS}
            )
        },
        check_specs=check_specs("readme", checks.CHECKS_OF_README),
        automation_condition=publish_when_sound(),
        freshness_policy=FRESHNESS,
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
            check_results=check_results(findings),
        )

    return readme
