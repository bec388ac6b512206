"""Run the asset checks on the stored files, without materializing or writing anything."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pandas as pd

from papers_assets import checks
from papers_assets.checks import CheckResult, Severity
from papers_assets.checks.rendered import parse
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.render.markdown import collapse_whitespace
from papers_assets.render.sections import build_sections
from papers_assets.storage.documents import DocumentStore
from papers_assets.storage.editions import EditionStore
from papers_assets.storage.files import StoreError
from papers_assets.storage.harvest import HarvestStore
from papers_assets.storage.raw_papers import RawPapersStore
from papers_assets.transform.selection import KEY_COLUMNS, SelectionSource, read_sources, to_frame
from papers_assets.transform.selection_cache import compute_fingerprint

_COLUMNS = ["keyword", "arxiv_id", "version"]
_EDITED_NOTE = (
    "keywords.toml was edited since the last publication, which may be the reason: launch the job "
    "publish."
)


def check_stored_papers(
    keywords_config: KeywordsConfig,
    store: RawPapersStore,
    harvest_store: HarvestStore,
    now: datetime,
) -> list[CheckResult]:
    """Evaluate the checks of `papers`.

    Raises:
        StoreError: nothing has been published, or a file cannot be read.
    """
    papers = store.read_papers()
    published = read_sources(papers)
    keys = {
        name: keys
        for name in keywords_config.names
        if name in published and (keys := _read_keys(name, published[name], store)) is not None
    }
    covered = harvest_store.coverage(keywords_config, now)
    results = checks.check_papers(
        papers,
        papers,  # the previous publication is not stored
        keywords_config,
        keys,
        now,
        [name for name in keywords_config.names if name not in keys],
        {
            name: s.cached_selection.missing_ranges
            for name, s in published.items()
            if s.cached_selection and s.cached_selection.missing_ranges
        },
        covered.missing_days if covered else (),
    )
    return (
        _as_warnings(results) if is_edited_since_publication(papers, keywords_config) else results
    )


def check_stored_changes(
    keywords_config: KeywordsConfig, store: RawPapersStore, edition_store: EditionStore
) -> list[CheckResult]:
    """Evaluate the checks of `changes`.

    Raises:
        StoreError: nothing has been published, or a file cannot be read.
    """
    with store.publish_lock():
        papers, announced = store.read_papers(_COLUMNS), edition_store.read_announced().papers
    return checks.check_changes(announced, papers, keywords_config.names)


def check_stored_readme(
    keywords_config: KeywordsConfig, store: RawPapersStore
) -> list[CheckResult]:
    """Evaluate the checks of `readme`.

    Raises:
        StoreError: nothing has been published, or a file cannot be read.
    """
    documents = store.documents
    with store.publish_lock():
        papers = store.read_papers(_COLUMNS)
        try:
            document = documents.read(documents.readme_path)
        except FileNotFoundError as error:
            path = documents.readme_path
            raise StoreError(f"{path}: not there. Materialize readme.") from error
        front_page, problem = (
            _read_front_page(documents) if keywords_config.front_page else (None, "")
        )
        results = checks.check_readme(
            document,
            papers,
            build_sections(papers, keywords_config),
            keywords_config,
            pages=documents.read_pages(),
            front_page=front_page,
            front_page_problem=problem,
        )
    headings = [section.heading for section in parse(document).sections]
    is_edited = headings != [
        collapse_whitespace(name) for name in keywords_config.names
    ] or is_edited_since_publication(papers, keywords_config)
    return _as_warnings(results) if is_edited else results


def _read_keys(name: str, source: SelectionSource, store: RawPapersStore) -> pd.DataFrame | None:
    """Return the keys of a keyword's raw papers; None if its list was made from other ones."""
    if not source.etag or source.etag != store.etag(name):
        return None
    stored = store.read_raw_papers_columns(name, KEY_COLUMNS)
    return None if stored is None else to_frame(stored.rows)


def _read_front_page(documents: DocumentStore) -> tuple[bytes | None, str]:
    """Return the front page, or the reason why there is none."""
    try:
        documents.check_front_page()
        return documents.read(documents.front_page_path), ""
    except (StoreError, OSError) as error:
        return None, str(error)


def is_edited_since_publication(papers: pd.DataFrame, keywords_config: KeywordsConfig) -> bool:
    """Whether a keyword was edited or removed since `papers` was published."""
    names = set(keywords_config.names)

    def is_edited(name: str, source: SelectionSource) -> bool:
        if name not in names:
            return True
        cached = source.cached_selection
        return bool(
            cached and cached.fingerprint != compute_fingerprint(keywords_config[name], source.etag)
        )

    return any(is_edited(name, source) for name, source in read_sources(papers).items())


def _as_warnings(results: Sequence[CheckResult]) -> list[CheckResult]:
    """Return `results` with failures as warnings: the next publication follows the file."""

    def warning(result: CheckResult) -> CheckResult:
        description = f"{result.description} {_EDITED_NOTE}"
        return replace(result, severity=Severity.WARN, description=description)

    return [result if result.passed else warning(result) for result in results]
