"""The asset `readme`: the rendered document, and its pages when one is not enough."""

import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import dagster as dg
import pandas as pd

from papers_assets import checks
from papers_assets.defs import asset_metadata
from papers_assets.defs.asset_checks import (
    CODE_VERSION,
    FRESHNESS,
    PUBLISHING,
    check_results,
    checked_asset,
    is_only_checked,
    stored_check_results,
)
from papers_assets.defs.automation import publish_when_sound
from papers_assets.defs.resources import StoreResource
from papers_assets.keywords.model import KeywordsFile
from papers_assets.pipeline.check_stored import check_stored_readme
from papers_assets.render import readme_pages
from papers_assets.render.readme_layout import lay_out
from papers_assets.render.readme_pages import Content, Layout
from papers_assets.render.sections import content
from papers_assets.storage.documents import Documents
from papers_assets.storage.files import StoreError
from papers_assets.storage.raw_papers import slug
from papers_assets.text import counted, progress

# What the document shows; the other columns need not be read for it.
README_COLUMNS = [
    *("keyword", "arxiv_id", "version", "title", "abstract", "comment", "updated", "first_seen"),
]


logger = logging.getLogger(__name__)


def readme_asset(
    file: KeywordsFile, papers: dg.AssetsDefinition, *, notifies: bool = False
) -> dg.AssetsDefinition:
    """Make `readme`: the rendered document; for `notifies`, see `render.readme_pages.Content`."""
    spec = dg.AssetSpec(
        "readme",
        deps=[papers],
        automation_condition=publish_when_sound(),
        freshness_policy=FRESHNESS,
        group_name=PUBLISHING,
        kinds={"python"},
        tags={"format/markdown": ""},
        code_version=CODE_VERSION,
        description=(
            "The daily list, output/README.md: a section with a table per keyword.\n\n"
            '"Last update" is the day on which arXiv last returned results; a section that is '
            "older says so, and why. If the list is too long for GitHub to show in one file, the "
            "README has the newest papers of every keyword, and pages in output/keywords have the "
            "others."
        ),
    )

    @checked_asset(spec, checks.CHECKS_OF_README)
    def readme(
        context: dg.AssetExecutionContext, store: StoreResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        opened = store.open()
        if is_only_checked(context):
            yield from stored_check_results(
                context, lambda: check_stored_readme(file, opened), checks.CHECKS_OF_README
            )
            return
        progress.info("rendering the README")
        documents = opened.documents
        with opened.publishing():
            rows = opened.read_papers(README_COLUMNS)
            said = content(rows, file, notifies=notifies)
            try:
                written, findings = _publish(documents, rows, said, file)
            except _Wrong as error:
                # What is there stays: of an older date, and right.
                yield from check_results(context, error.findings, checks.CHECKS_OF_README)
                raise dg.Failure(str(error), allow_retries=False) from error
            _clear(documents, written, front_page=file.front_page)
        yield dg.MaterializeResult(
            metadata=asset_metadata.readme(
                said.sections,
                said.last_update,
                documents.readme_path,
                *written.sizes,
                shown=written.layout.shown,
            ),
            check_results=list(check_results(context, findings, checks.CHECKS_OF_README)),
        )

    return readme


class _Wrong(Exception):
    """The documents are not what they should be; the message says in which way."""

    def __init__(self, wrong: str, findings: Sequence[checks.Finding]) -> None:
        super().__init__(wrong)
        self.findings = findings


class _Written(NamedTuple):
    """What has been written."""

    layout: Layout
    sizes: list[int]
    """Of the README, and of its pages; bytes."""
    problem: str
    """Why there is no front page although there should be."""


def _publish(
    documents: Documents, papers: pd.DataFrame, said: Content, file: KeywordsFile
) -> tuple[_Written, list[checks.Finding]]:
    """Write all documents, judge them, and only then let them take their places.

    Raises:
        _Wrong: they are not what they should be; nothing has been replaced.
    """
    with documents.staging():
        written = _write(documents, said, front_page=file.front_page)
        findings = _findings(documents, papers, said, file, written)
        if wrong := checks.blocking_failures(findings, checks.CHECKS_OF_README):
            raise _Wrong(" ".join(finding.description for finding in wrong), findings)
    return written, findings


def _write(documents: Documents, said: Content, *, front_page: bool) -> _Written:
    """Write every document, each before what leads to it, so that no link leads nowhere."""
    layout = lay_out(said, slug, front_page=front_page)
    if layout.pages:
        progress.info(
            "not all rows fit into the README: writing %s", counted(len(layout.pages), "page")
        )
    sizes = [
        documents.write_page(page.name, readme_pages.page(said, page))
        for page in reversed(layout.pages)
    ]
    size, problem = documents.write_readme(readme_pages.front(said, layout)), ""
    try:
        if front_page:
            documents.write_front_page(readme_pages.front_page(said, layout))
    except StoreError as error:
        # The list itself is good, and people wait for it.
        problem = str(error)
        logger.error("%s", problem)  # noqa: TRY400 - a story
    return _Written(layout, [size, *sizes], problem)


def _clear(documents: Documents, written: _Written, *, front_page: bool) -> None:
    """Remove the documents to which nothing leads any more."""
    if not front_page:
        try:
            documents.remove_front_page()
        except StoreError as error:
            logger.error("%s", error)  # noqa: TRY400 - a story
    documents.remove_pages(but=[page.name for page in written.layout.pages])


def _findings(
    documents: Documents,
    papers: pd.DataFrame,
    said: Content,
    file: KeywordsFile,
    written: _Written,
) -> list[checks.Finding]:
    """Judge the documents as they were written, read back from disk one by one."""
    names = [page.name for page in written.layout.pages]
    has_front_page = file.front_page and not written.problem
    return checks.check_readme(
        documents.read(documents.readme_path),
        papers,
        said.sections,
        file,
        pages=((name, documents.read(documents.pages_folder / name)) for name in names),
        front_page=documents.read(documents.front_page_path) if has_front_page else None,
        front_page_problem=written.problem,
    )
