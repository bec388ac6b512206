"""The publications below output/site/: the assets `site`, `feeds`, `citations` and `data`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import PurePosixPath

import dagster as dg
import pandas as pd

from papers_assets.defs import asset_metadata
from papers_assets.defs.asset_checks import DEFAULT_CODE_VERSION, PUBLISHING
from papers_assets.defs.automation import checks_passed_condition
from papers_assets.defs.resources import StoreResource
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.pipeline.deliver import MAX_DAYS as RECENT_DAYS
from papers_assets.render.data import FORMAT as DATA_FORMAT
from papers_assets.render.publications import Files, Publications
from papers_assets.render.site import DAYS_FOLDER, MAX_DAYS, build_page_name
from papers_assets.storage.editions import EditionStore
from papers_assets.storage.raw_papers import build_public_slug, build_slug
from papers_assets.text import progress
from papers_assets.transform.changes import ChangeKind, announced_kinds
from papers_assets.transform.editions import Edition

RenderFiles = Callable[[Publications, EditionStore], Files]


def build_publication_assets(
    keywords_config: KeywordsConfig,
    papers: dg.AssetsDefinition,
    changes: dg.AssetsDefinition,
    links: Sequence[tuple[str, str]] = (),
) -> list[dg.AssetsDefinition]:
    """Build the four assets; every page of the site shows `links` to other sites."""
    return [
        _build_publication_asset(
            "site",
            keywords_config,
            papers,
            lambda reading, edition_store: reading.site(edition_store.newest_edition()),
            "Pages to search and filter, which need no server: output/site/index.html, one per "
            "keyword, and one for each of the newest 365 days on which something changed. What is "
            "new, revised or newly matching in the newest edition is marked.",
            part="",
            formats={"html"},
            deps=[changes],
            links=links,
        ),
        _build_publication_asset(
            "feeds",
            keywords_config,
            papers,
            lambda reading, edition_store: reading.feeds(_read_announced_kinds(edition_store)),
            "Atom and JSON feeds, per keyword and of all, in output/site/feeds/.",
            kinds={"json"},
            formats={"atom", "json-feed"},
            deps=[changes],
        ),
        _build_publication_asset(
            "citations",
            keywords_config,
            papers,
            lambda reading, _: reading.citations(),
            "Entries for reference managers, BibTeX and RIS, in output/site/citations/.",
            formats={"bibtex", "ris"},
        ),
        _build_publication_asset(
            "data",
            keywords_config,
            papers,
            lambda reading, edition_store: reading.data(_read_announced_kinds(edition_store)),
            "The lists for other programs, in output/site/data/: papers.json, which "
            "papers.schema.json describes, and papers.csv.",
            kinds={"json"},
            formats={"json", "csv"},
            code_version=str(DATA_FORMAT),
            deps=[changes],
        ),
    ]


def _read_announced_kinds(edition_store: EditionStore) -> Mapping[str, ChangeKind]:
    return announced_kinds(edition_store.read_announced().papers)


def _build_publication_asset(  # noqa: PLR0913 - most are keyword-only
    name: str,
    keywords_config: KeywordsConfig,
    papers: dg.AssetsDefinition,
    render: RenderFiles,
    description: str,
    *,
    formats: set[str],
    kinds: set[str] | None = None,
    part: str | None = None,
    deps: list[dg.AssetsDefinition] | None = None,
    code_version: str = DEFAULT_CODE_VERSION,
    links: Sequence[tuple[str, str]] = (),
) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        ins={"papers": dg.AssetIn(papers.key, input_manager_key="papers_io")},
        deps=deps,
        automation_condition=checks_passed_condition(),
        group_name=PUBLISHING,
        kinds=kinds or {"python"},
        tags={f"format/{name}": "" for name in formats},
        code_version=code_version,
        description=description,
    )
    def publication(papers: pd.DataFrame, store: StoreResource) -> dg.MaterializeResult:  # type: ignore[type-arg] # Dagster evaluates it, without arguments
        progress.info("writing %s", name)
        edition_store = store.outputs()
        with store.open().publish_lock():
            # Another run may have published newer papers meanwhile, which must not be reverted.
            current = store.open().read_papers_or_none()
            reading = Publications(
                papers if current is None else current,
                keywords_config,
                build_public_slug,
                old_slugs=_find_old_slugs(
                    keywords_config, edition_store, "keywords" if part == "" else name
                ),
                links=links,
            )
            sizes = edition_store.write_site(
                name if part is None else part, render(reading, edition_store)
            )
            if part == "":
                sizes |= _write_days(reading, edition_store)
        folder = edition_store.site_folder / (name if part is None else part)
        return dg.MaterializeResult(
            metadata=asset_metadata.files_metadata(len(reading.all_papers), folder, sizes)
        )

    return publication


def _find_old_slugs(
    keywords_config: KeywordsConfig, edition_store: EditionStore, folder: str
) -> dict[str, str]:
    """Return, by keyword, the slug of earlier versions, if files with this slug exist."""
    there = {PurePosixPath(name).stem for name in edition_store.list_site_files(folder)}
    previous = {
        name: build_slug(name)
        for name in keywords_config.names
        if build_slug(name) != build_public_slug(name)
    }
    return {name: old for name, old in previous.items() if old in there}


def _write_days(reading: Publications, edition_store: EditionStore) -> dict[str, int]:
    """Write the archive; of existing pages, only those of recent days are written again."""
    days = edition_store.list_days()[-MAX_DAYS:]
    made_with, written = reading.rendering_version, edition_store.read_written_files(DAYS_FOLDER)
    there = (
        edition_store.list_site_files(DAYS_FOLDER) & written.names
        if written.rendering_version == made_with
        else ()
    )
    unchanged = [day for day in days[:-RECENT_DAYS] if build_page_name(day) in there]

    def read(day: date) -> Edition:
        edition = edition_store.read_edition(day)
        if edition is None:
            raise FileNotFoundError(edition_store.edition_path(day))
        return edition

    sizes = edition_store.write_site(
        DAYS_FOLDER,
        reading.archive(days, read, unchanged),
        unchanged=[build_page_name(day) for day in unchanged],
        made_with=made_with,
    )
    return {f"{DAYS_FOLDER}/{name}": size for name, size in sizes.items()}
