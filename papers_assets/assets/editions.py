"""The assets `changes` and `digest`: what is different since the last edition, and how it reads."""

from collections.abc import Callable, Iterator
from datetime import date, datetime

import dagster as dg

from papers_assets import checks, previews
from papers_assets.assets.common import GROUP, OWNERS, check_results, check_specs
from papers_assets.automation import publish_when_sound
from papers_assets.digest import Digest, digest_of
from papers_assets.keywords import KeywordsFile
from papers_assets.logs import progress
from papers_assets.publishing import publish_edition
from papers_assets.rendering.digest import digest_markdown
from papers_assets.rendering.site import DAYS, page_name
from papers_assets.resources import StoreResource
from papers_assets.storage.outputs import Outputs
from papers_assets.telling import MOST_DAYS


def changes_asset(
    file: KeywordsFile, papers: dg.AssetsDefinition, now: Callable[[], datetime]
) -> dg.AssetsDefinition:
    """Make `changes`: what is different since the last edition."""

    @dg.asset(
        name="changes",
        deps=[papers],
        check_specs=check_specs("changes", checks.CHECKS_OF_CHANGES),
        automation_condition=publish_when_sound(),
        group_name=GROUP,
        owners=OWNERS,
        kinds={"pandas", "json"},
        description=(
            "What changed in the lists since the last edition: new papers, revised, withdrawn and "
            "newly matching ones, and those that left, by keyword. The first list of a keyword is "
            "a baseline, which is counted and not announced.\n\n"
            "A day has one edition, output/editions/DATE.json; another run of the day adds to it "
            "what it finds. A paper is new once, however often it leaves and returns."
        ),
    )
    def changes(store: StoreResource) -> dg.MaterializeResult:  # type: ignore[type-arg] # Dagster reads it, and takes none
        progress.info("comparing with the last edition")
        outputs = store.outputs()
        published = publish_edition(file, store.open(), outputs, now)
        findings = checks.check_changes(published.known, published.papers, file.names)
        return dg.MaterializeResult(
            metadata=previews.changes(published, file, outputs),
            check_results=check_results(findings),
        )

    return changes


def digest_asset(file: KeywordsFile, changes: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """Make `digest`: the newest edition, for people."""

    @dg.asset(
        name="digest",
        deps=[changes],
        output_required=False,
        automation_condition=publish_when_sound(),
        group_name=GROUP,
        owners=OWNERS,
        kinds={"markdown"},
        description=(
            "The newest edition as people read it, output/digests/DATE.md: new papers first, each "
            "once, with all its keywords, and which keywords are followed from now on. A day on "
            "which nothing changed has none."
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
        yield dg.MaterializeResult(metadata=previews.digest(told, path, text))

    return digest


def _digest(outputs: Outputs, day: date, file: KeywordsFile) -> tuple[Digest, str]:
    edition = outputs.read_edition(day)
    if edition is None:
        raise FileNotFoundError(outputs.edition_path(day))
    told = digest_of(edition, file.names, title=file.digest_name)
    page = f"{file.site}/{DAYS}/{page_name(day)}" if file.site else ""
    return told, digest_markdown(told, more="../README.md", page=page)
