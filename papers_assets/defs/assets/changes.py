"""The assets `changes` and `digest`: what is different since the last edition, and how it reads."""

from collections.abc import Callable, Iterator
from datetime import date, datetime

import dagster as dg

from papers_assets import checks
from papers_assets.defs import asset_metadata
from papers_assets.defs.asset_checks import (
    CODE_VERSION,
    LISTS,
    PUBLISHING,
    check_results,
    checked_asset,
    is_only_checked,
    stored_check_results,
)
from papers_assets.defs.automation import publish_when_sound
from papers_assets.defs.resources import StoreResource
from papers_assets.keywords.model import KeywordsFile
from papers_assets.pipeline.check_stored import check_stored_changes
from papers_assets.pipeline.deliver import MOST_DAYS
from papers_assets.pipeline.publish_edition import publish_edition
from papers_assets.render.digest import digest_markdown
from papers_assets.render.site import DAYS, page_name
from papers_assets.storage.edition_files import FORMAT
from papers_assets.storage.editions import Outputs
from papers_assets.text import progress
from papers_assets.transform.digest import Digest, digest_of


def changes_asset(
    file: KeywordsFile, papers: dg.AssetsDefinition, now: Callable[[], datetime]
) -> dg.AssetsDefinition:
    """Make `changes`: what is different since the last edition."""
    spec = dg.AssetSpec(
        "changes",
        deps=[papers],
        automation_condition=publish_when_sound(),
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

    @checked_asset(spec, checks.CHECKS_OF_CHANGES)
    def changes(
        context: dg.AssetExecutionContext, store: StoreResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        opened, outputs = store.open(), store.outputs()
        if is_only_checked(context):
            yield from stored_check_results(
                context,
                lambda: check_stored_changes(file, opened, outputs),
                checks.CHECKS_OF_CHANGES,
            )
            return
        progress.info("comparing with the last edition")
        published = publish_edition(file, opened, outputs, now)
        findings = checks.check_changes(published.known, published.papers, file.names)
        yield dg.MaterializeResult(
            metadata=asset_metadata.changes(published, file, outputs),
            check_results=list(check_results(context, findings, checks.CHECKS_OF_CHANGES)),
        )

    return changes


def digest_asset(file: KeywordsFile, changes: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """Make `digest`: the newest edition, for people."""

    @dg.asset(
        name="digest",
        deps=[changes],
        output_required=False,
        automation_condition=publish_when_sound(),
        group_name=PUBLISHING,
        kinds={"python"},
        tags={"format/markdown": ""},
        code_version=CODE_VERSION,
        description=(
            "The newest edition for readers, output/digests/DATE.md: new papers first, each once, "
            "with all its keywords, and which keywords are followed from now on. A day on which "
            "nothing changed has none."
        ),
    )
    def digest(
        context: dg.AssetExecutionContext, store: StoreResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        outputs = store.outputs()
        with store.open().publishing():  # or an older part could be written over a newer one
            days = outputs.days()
            if not days:
                context.log.info("There has been no edition yet: no digest.")
                return
            # A day whose digest was not written, since something failed, gets it now.
            for day in days[-MOST_DAYS:]:
                if day == days[-1] or not outputs.digest_path(day).exists():
                    told, text = _digest(outputs, day, file)
                    path = outputs.write_digest(day, text)
        yield dg.MaterializeResult(metadata=asset_metadata.digest(told, path, text))

    return digest


def _digest(outputs: Outputs, day: date, file: KeywordsFile) -> tuple[Digest, str]:
    edition = outputs.read_edition(day)
    if edition is None:
        raise FileNotFoundError(outputs.edition_path(day))
    told = digest_of(edition, file.names, title=file.digest_name)
    page = f"{file.site}/{DAYS}/{page_name(day)}" if file.site else ""
    return told, digest_markdown(told, more="../README.md", page=page)
