"""The asset `readme`: the rendered document, and its pages if one document is not enough."""

import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import dagster as dg
import pandas as pd

from papers_assets import checks
from papers_assets.defs import asset_metadata
from papers_assets.defs.asset_checks import (
    DEFAULT_CODE_VERSION,
    FRESHNESS,
    PUBLISHING,
    asset_with_checks,
    check_results,
    is_only_checked,
    stored_check_results,
)
from papers_assets.defs.automation import checks_passed_condition
from papers_assets.defs.resources import StoreResource
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.pipeline.check_stored import check_stored_readme
from papers_assets.render import readme_pages
from papers_assets.render.readme_layout import paginate
from papers_assets.render.readme_pages import ReadmeContent, ReadmeLayout
from papers_assets.render.sections import build_content
from papers_assets.storage.documents import DocumentStore
from papers_assets.storage.files import StoreError
from papers_assets.storage.raw_papers import build_slug
from papers_assets.text import count_noun, progress

# The columns that the document shows; others need not be read.
README_COLUMNS = [
    *("keyword", "arxiv_id", "version", "title", "abstract", "comment", "updated", "first_seen"),
]


logger = logging.getLogger(__name__)


def build_readme_asset(
    keywords_config: KeywordsConfig, papers: dg.AssetsDefinition, *, notifies: bool = False
) -> dg.AssetsDefinition:
    """Build `readme`, the rendered document; `notifies` is as in `ReadmeContent`."""
    spec = dg.AssetSpec(
        "readme",
        deps=[papers],
        automation_condition=checks_passed_condition(),
        freshness_policy=FRESHNESS,
        group_name=PUBLISHING,
        kinds={"python"},
        tags={"format/markdown": ""},
        code_version=DEFAULT_CODE_VERSION,
        description=(
            "The daily list, output/README.md: a section with a table per keyword.\n\n"
            '"Last update" is the day on which arXiv last returned results; a section that is '
            "older says so, and why. If the list is too long for GitHub to show in one file, the "
            "README has the newest papers of every keyword, and pages in output/keywords have the "
            "others."
        ),
    )

    @asset_with_checks(spec, checks.CHECKS_OF_README)
    def readme(
        context: dg.AssetExecutionContext, store: StoreResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        opened = store.open()
        if is_only_checked(context):
            yield from stored_check_results(
                context,
                lambda: check_stored_readme(keywords_config, opened),
                checks.CHECKS_OF_README,
            )
            return
        progress.info("rendering the README")
        documents = opened.documents
        with opened.publish_lock():
            rows = opened.read_papers(README_COLUMNS)
            said = build_content(rows, keywords_config, notifies=notifies)
            try:
                written, results = _publish(documents, rows, said, keywords_config)
            except _InvalidDocumentsError as error:
                # The existing documents are kept: they are older, but valid.
                yield from check_results(context, error.results, checks.CHECKS_OF_README)
                raise dg.Failure(str(error), allow_retries=False) from error
            _remove_unlinked(documents, written, front_page=keywords_config.front_page)
        yield dg.MaterializeResult(
            metadata=asset_metadata.readme_metadata(
                said.sections,
                said.last_update,
                documents.readme_path,
                *written.sizes,
                shown=written.layout.shown,
            ),
            check_results=list(check_results(context, results, checks.CHECKS_OF_README)),
        )

    return readme


class _InvalidDocumentsError(Exception):
    """The documents failed their checks; the message explains the failures."""

    def __init__(self, problem: str, results: Sequence[checks.CheckResult]) -> None:
        super().__init__(problem)
        self.results = results


class _WrittenDocuments(NamedTuple):
    """The result of writing all documents."""

    layout: ReadmeLayout
    sizes: list[int]
    """The sizes of the README and its pages in bytes."""
    problem: str
    """Why the front page could not be written; empty if it was, or is not wanted."""


def _publish(
    documents: DocumentStore,
    papers: pd.DataFrame,
    content: ReadmeContent,
    keywords_config: KeywordsConfig,
) -> tuple[_WrittenDocuments, list[checks.CheckResult]]:
    """Write and check all documents, and replace the published ones only if no check failed.

    Raises:
        _InvalidDocumentsError: a blocking check failed; no document has been replaced.
    """
    with documents.atomic_batch():
        written = _write_all(documents, content, front_page=keywords_config.front_page)
        results = _check_documents(documents, papers, content, keywords_config, written)
        if wrong := checks.find_blocking_failures(results, checks.CHECKS_OF_README):
            raise _InvalidDocumentsError(
                " ".join(finding.description for finding in wrong), results
            )
    return written, results


def _write_all(
    documents: DocumentStore, content: ReadmeContent, *, front_page: bool
) -> _WrittenDocuments:
    """Write every document, each before the documents that link to it, so no link is broken."""
    layout = paginate(content, build_slug, front_page=front_page)
    if layout.pages:
        progress.info(
            "not all rows fit into the README: writing %s", count_noun(len(layout.pages), "page")
        )
    sizes = [
        documents.write_page(page.name, readme_pages.render_page(content, page))
        for page in reversed(layout.pages)
    ]
    size, problem = documents.write_readme(readme_pages.render_front(content, layout)), ""
    try:
        if front_page:
            documents.write_front_page(readme_pages.render_front_page(content, layout))
    except StoreError as error:
        # The README itself is valid and should not be delayed.
        problem = str(error)
        logger.error("%s", problem)  # noqa: TRY400 - no traceback is needed
    return _WrittenDocuments(layout, [size, *sizes], problem)


def _remove_unlinked(
    documents: DocumentStore, written: _WrittenDocuments, *, front_page: bool
) -> None:
    """Remove the documents that are no longer linked."""
    if not front_page:
        try:
            documents.remove_front_page()
        except StoreError as error:
            logger.error("%s", error)  # noqa: TRY400 - no traceback is needed
    documents.remove_pages(kept_names=[page.name for page in written.layout.pages])


def _check_documents(
    documents: DocumentStore,
    papers: pd.DataFrame,
    content: ReadmeContent,
    keywords_config: KeywordsConfig,
    written: _WrittenDocuments,
) -> list[checks.CheckResult]:
    """Check the documents as written, read back from disk one by one."""
    names = [page.name for page in written.layout.pages]
    has_front_page = keywords_config.front_page and not written.problem
    return checks.check_readme(
        documents.read(documents.readme_path),
        papers,
        content.sections,
        keywords_config,
        pages=((name, documents.read(documents.pages_folder / name)) for name in names),
        front_page=documents.read(documents.front_page_path) if has_front_page else None,
        front_page_problem=written.problem,
    )
