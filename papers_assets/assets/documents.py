"""The asset `readme`: the rendered document, and its pages when one is not enough."""

import logging

import dagster as dg
import pandas as pd

from papers_assets import checks, previews
from papers_assets.assets.common import FRESHNESS, GROUP, OWNERS, check_results, check_specs
from papers_assets.automation import publish_when_sound
from papers_assets.files import StoreError
from papers_assets.keywords import KeywordsFile
from papers_assets.logs import progress
from papers_assets.rendering import pages
from papers_assets.rendering.layout import lay_out
from papers_assets.rendering.pages import Content, Layout
from papers_assets.resources import StoreResource
from papers_assets.sections import content
from papers_assets.store import Store, slug

# What the document shows; the other columns need not be read for it.
README_COLUMNS = [
    *("keyword", "arxiv_id", "version", "title", "abstract", "comment", "updated", "first_seen"),
]


logger = logging.getLogger(__name__)


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
            "than that says so, and why. Of what GitHub would not show in one file, every keyword "
            "has its newest papers there, and the others on pages of its own in output/keywords."
        ),
    )
    def readme(papers: pd.DataFrame, store: StoreResource) -> dg.MaterializeResult:  # type: ignore[type-arg] # Dagster reads it, and takes none
        progress.info("rendering the README")
        opened = store.open()
        with opened.publishing():
            # Another run may have published newer papers meanwhile; they are not to be undone.
            current = opened.papers_or_none(README_COLUMNS)
            papers = papers if current is None else current
            said = content(papers, file)
            layout, sizes, problem = _write(opened, said, front_page=file.front_page)
            findings = checks.check_readme(
                opened.readme_path.read_bytes(),
                papers,
                said.sections,
                file,
                pages=opened.pages(),
                front_page=opened.front_page_path.read_bytes()
                if file.front_page and not problem
                else None,
                front_page_problem=problem,
            )
        return dg.MaterializeResult(
            metadata=previews.readme(
                said.sections, said.last_update, opened.readme_path, *sizes, shown=layout.shown
            ),
            check_results=check_results(findings),
        )

    return readme


def _write(store: Store, said: Content, *, front_page: bool) -> tuple[Layout, list[int], str]:
    """Write every document.

    Gives what stands where, the bytes of the README and its pages, and why there is no front page
    although there should be.

    A document is written before what leads to it, and removed after it, so that no reader meets a
    link that leads nowhere.
    """
    layout = lay_out(said, slug, front_page=front_page)
    if layout.pages:
        progress.info("not all rows fit into the README: writing %d pages", len(layout.pages))
    sizes = {
        page.name: store.write_page(page.name, pages.page(said, page))
        for page in reversed(layout.pages)
    }
    size = store.write_readme(pages.front(said, layout))
    problem = ""
    try:
        if front_page:
            store.write_front_page(pages.front_page(said, layout))
        else:
            store.remove_front_page()
    except StoreError as error:
        # The list itself is good, and people wait for it.
        problem = str(error)
        logger.error("%s", problem)  # noqa: TRY400 - a story
    store.remove_pages(but=sizes)
    return layout, [size, *sizes.values()], problem
