"""The assets `changes` and `digest`: the changes since the last edition, as data and as text."""

from collections.abc import Callable, Iterator
from datetime import date, datetime

import dagster as dg

from papers_assets import checks
from papers_assets.defs import asset_metadata
from papers_assets.defs.asset_checks import (
    DEFAULT_CODE_VERSION,
    LISTS,
    PUBLISHING,
    asset_with_checks,
    check_results,
    is_only_checked,
    stored_check_results,
)
from papers_assets.defs.automation import checks_passed_condition
from papers_assets.defs.resources import StoreResource
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.pipeline.check_stored import check_stored_changes
from papers_assets.pipeline.deliver import MAX_DAYS
from papers_assets.pipeline.publish_edition import publish_edition
from papers_assets.render.digest import render_digest_markdown
from papers_assets.render.site import DAYS_FOLDER, build_page_name
from papers_assets.storage.edition_files import FORMAT
from papers_assets.storage.editions import EditionStore
from papers_assets.text import progress
from papers_assets.transform.digest import Digest, build_digest


def build_changes_asset(
    keywords_config: KeywordsConfig, papers: dg.AssetsDefinition, now: Callable[[], datetime]
) -> dg.AssetsDefinition:
    """Build `changes`, the differences from the last edition."""
    spec = dg.AssetSpec(
        "changes",
        deps=[papers],
        automation_condition=checks_passed_condition(),
        group_name=LISTS,
        kinds={"pandas", "json"},
        code_version=str(FORMAT),
        description=(
            "What changed in the lists since the last edition: new papers, revised, withdrawn and "
            "newly matching ones, and those that left, by keyword. The first list of a keyword is "
            "a baseline, which is counted and not announced.\n\n"
            "A day has one edition, output/editions/DATE.json; another run of the day adds to it "
            "what it finds. A paper is new once, however often it leaves and returns."
        ),
    )

    @asset_with_checks(spec, checks.CHECKS_OF_CHANGES)
    def changes(
        context: dg.AssetExecutionContext, store: StoreResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        opened, edition_store = store.open(), store.outputs()
        if is_only_checked(context):
            yield from stored_check_results(
                context,
                lambda: check_stored_changes(keywords_config, opened, edition_store),
                checks.CHECKS_OF_CHANGES,
            )
            return
        progress.info("comparing with the last edition")
        published = publish_edition(keywords_config, opened, edition_store, now)
        results = checks.check_changes(published.announced, published.papers, keywords_config.names)
        yield dg.MaterializeResult(
            metadata=asset_metadata.changes_metadata(published, keywords_config, edition_store),
            check_results=list(check_results(context, results, checks.CHECKS_OF_CHANGES)),
        )

    return changes


def build_digest_asset(
    keywords_config: KeywordsConfig, changes: dg.AssetsDefinition
) -> dg.AssetsDefinition:
    """Build `digest`, the newest edition for readers."""

    @dg.asset(
        name="digest",
        deps=[changes],
        output_required=False,
        automation_condition=checks_passed_condition(),
        group_name=PUBLISHING,
        kinds={"python"},
        tags={"format/markdown": ""},
        code_version=DEFAULT_CODE_VERSION,
        description=(
            "The newest edition for readers, output/digests/DATE.md: new papers first, each once, "
            "with all its keywords, and which keywords are followed from now on. A day on which "
            "nothing changed has none."
        ),
    )
    def digest(
        context: dg.AssetExecutionContext, store: StoreResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        edition_store = store.outputs()
        with store.open().publish_lock():  # otherwise, an older part could replace a newer one
            days = edition_store.list_days()
            if not days:
                context.log.info("There has been no edition yet: no digest.")
                return
            # If a digest could not be written on an earlier day, it is written now.
            for day in days[-MAX_DAYS:]:
                if day == days[-1] or not edition_store.digest_path(day).exists():
                    told, text = _render_digest(edition_store, day, keywords_config)
                    path = edition_store.write_digest(day, text)
        yield dg.MaterializeResult(metadata=asset_metadata.digest_metadata(told, path, text))

    return digest


def _render_digest(
    edition_store: EditionStore, day: date, keywords_config: KeywordsConfig
) -> tuple[Digest, str]:
    edition = edition_store.read_edition(day)
    if edition is None:
        raise FileNotFoundError(edition_store.edition_path(day))
    digest = build_digest(edition, keywords_config.names, title=keywords_config.digest_name)
    page = (
        f"{keywords_config.site}/{DAYS_FOLDER}/{build_page_name(day)}"
        if keywords_config.site
        else ""
    )
    return digest, render_digest_markdown(digest, list_url="../README.md", page=page)
