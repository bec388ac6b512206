"""The checks over what is stored, without materializing anything: reads files, writes none."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pandas as pd

from papers_assets import checks
from papers_assets.checks import Finding, Severity
from papers_assets.keywords.model import KeywordsFile
from papers_assets.render.escape import collapse
from papers_assets.render.inspect import inspect_readme
from papers_assets.render.sections import sections
from papers_assets.storage.documents import Documents
from papers_assets.storage.editions import Outputs
from papers_assets.storage.files import StoreError
from papers_assets.storage.harvest import Harvests
from papers_assets.storage.raw_papers import Store
from papers_assets.transform.selection import KEYS, Source, sources, to_frame
from papers_assets.transform.selection_cache import fingerprint

_COLUMNS = ["keyword", "arxiv_id", "version"]
_EDITED = (
    "keywords.toml was edited since the last publication, which may be the reason: launch the job "
    "publish."
)


def check_stored_papers(
    file: KeywordsFile, store: Store, harvests: Harvests, now: datetime
) -> list[Finding]:
    """Evaluate the checks of `papers`.

    Raises:
        StoreError: nothing has been published, or a file cannot be read.
    """
    papers = store.read_papers()
    published = sources(papers)
    keys = {
        name: keys
        for name in file.names
        if name in published and (keys := _keys(name, published[name], store)) is not None
    }
    covered = harvests.coverage(file, now)
    findings = checks.check_papers(
        papers,
        papers,  # what was published before is not stored
        file,
        keys,
        now,
        [name for name in file.names if name not in keys],
        {name: s.choice.gaps for name, s in published.items() if s.choice and s.choice.gaps},
        covered.missing if covered else (),
    )
    return _as_edited(findings) if _is_edited(papers, file) else findings


def check_stored_changes(file: KeywordsFile, store: Store, outputs: Outputs) -> list[Finding]:
    """Evaluate the checks of `changes`.

    Raises:
        StoreError: nothing has been published, or a file cannot be read.
    """
    with store.publishing():
        papers, known = store.read_papers(_COLUMNS), outputs.read_known().papers
    return checks.check_changes(known, papers, file.names)


def check_stored_readme(file: KeywordsFile, store: Store) -> list[Finding]:
    """Evaluate the checks of `readme`.

    Raises:
        StoreError: nothing has been published, or a file cannot be read.
    """
    documents = store.documents
    with store.publishing():
        papers = store.read_papers(_COLUMNS)
        try:
            document = documents.read(documents.readme_path)
        except FileNotFoundError as error:
            path = documents.readme_path
            raise StoreError(f"{path}: not there. Materialize readme.") from error
        front_page, problem = _front_page(documents) if file.front_page else (None, "")
        findings = checks.check_readme(
            document,
            papers,
            sections(papers, file),
            file,
            pages=documents.pages(),
            front_page=front_page,
            front_page_problem=problem,
        )
    headings = [section.heading for section in inspect_readme(document).sections]
    is_edited = headings != [collapse(name) for name in file.names] or _is_edited(papers, file)
    return _as_edited(findings) if is_edited else findings


def _keys(name: str, source: Source, store: Store) -> pd.DataFrame | None:
    """Return the `KEYS` of a keyword's stored papers; None if its list was made from others."""
    if not source.signature or source.signature != store.signature(name):
        return None
    stored = store.read_held_columns(name, KEYS)
    return None if stored is None else to_frame(stored.papers)


def _front_page(documents: Documents) -> tuple[bytes | None, str]:
    """Return the front page, or why there is none."""
    try:
        documents.check_front_page()
        return documents.read(documents.front_page_path), ""
    except (StoreError, OSError) as error:
        return None, str(error)


def _is_edited(papers: pd.DataFrame, file: KeywordsFile) -> bool:
    """Return whether `papers` was published for keywords that the file has otherwise, or not."""
    names = set(file.names)

    def is_edited(name: str, source: Source) -> bool:
        if name not in names:
            return True
        choice = source.choice
        return bool(choice and choice.fingerprint != fingerprint(file[name], source.signature))

    return any(is_edited(name, source) for name, source in sources(papers).items())


def _as_edited(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings, failed ones as warnings: the next publication follows the file."""

    def warning(found: Finding) -> Finding:
        description = f"{found.description} {_EDITED}"
        return replace(found, severity=Severity.WARN, description=description)

    return [found if found.passed else warning(found) for found in findings]
