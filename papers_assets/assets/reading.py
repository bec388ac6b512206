"""The assets of the reading places: `site`, `feeds`, `citations` and `data`, below output/site/."""

from collections.abc import Callable, Mapping

import dagster as dg
import pandas as pd

from papers_assets import previews
from papers_assets.assets.common import CODE_VERSION, PUBLISHING
from papers_assets.automation import publish_when_sound
from papers_assets.changes import Kind, told_as
from papers_assets.keywords import KeywordsFile
from papers_assets.logs import progress
from papers_assets.reading import Files, Reading
from papers_assets.rendering.data import FORMAT as DATA_FORMAT
from papers_assets.resources import StoreResource
from papers_assets.storage.outputs import Outputs
from papers_assets.storage.store import slug

Make = Callable[[Reading, Outputs], Files]


def reading_assets(
    file: KeywordsFile, papers: dg.AssetsDefinition, changes: dg.AssetsDefinition
) -> list[dg.AssetsDefinition]:
    """Make the four."""
    return [
        _asset(
            "site",
            file,
            papers,
            lambda reading, outputs: reading.site(outputs.newest_edition()),
            "Pages to search and filter, which need no server: output/site/index.html, and one per "
            "keyword. What is new, revised or newly matching in the newest edition is marked.",
            part="",
            formats={"html"},
            deps=[changes],
        ),
        _asset(
            "feeds",
            file,
            papers,
            lambda reading, outputs: reading.feeds(_told(outputs)),
            "Atom and JSON feeds, per keyword and of all, in output/site/feeds/.",
            kinds={"json"},
            formats={"atom", "json-feed"},
            deps=[changes],
        ),
        _asset(
            "citations",
            file,
            papers,
            lambda reading, _: reading.citations(),
            "Entries for reference managers, BibTeX and RIS, in output/site/citations/.",
            formats={"bibtex", "ris"},
        ),
        _asset(
            "data",
            file,
            papers,
            lambda reading, outputs: reading.data(_told(outputs)),
            "The lists for other programs, in output/site/data/: papers.json, which "
            "papers.schema.json describes, and papers.csv.",
            kinds={"json"},
            formats={"json", "csv"},
            code_version=str(DATA_FORMAT),
            deps=[changes],
        ),
    ]


def _told(outputs: Outputs) -> Mapping[str, Kind]:
    return told_as(outputs.read_known().papers)


def _asset(  # noqa: PLR0913 - most are said by name
    name: str,
    file: KeywordsFile,
    papers: dg.AssetsDefinition,
    make: Make,
    description: str,
    *,
    formats: set[str],
    kinds: set[str] | None = None,
    part: str | None = None,
    deps: list[dg.AssetsDefinition] | None = None,
    code_version: str = CODE_VERSION,
) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        ins={"papers": dg.AssetIn(papers.key, input_manager_key="papers_io")},
        deps=deps,
        automation_condition=publish_when_sound(),
        group_name=PUBLISHING,
        kinds=kinds or {"python"},
        tags={f"format/{name}": "" for name in formats},
        code_version=code_version,
        description=description,
    )
    def place(papers: pd.DataFrame, store: StoreResource) -> dg.MaterializeResult:  # type: ignore[type-arg] # Dagster reads it, and takes none
        progress.info("writing %s", name)
        outputs = store.outputs()
        with store.open().publishing():
            # Another run may have published newer papers meanwhile; they are not to be undone.
            current = store.open().papers_or_none()
            reading = Reading(papers if current is None else current, file, slug)
            sizes = outputs.write_site(name if part is None else part, make(reading, outputs))
        folder = outputs.site_folder / (name if part is None else part)
        return dg.MaterializeResult(metadata=previews.files(len(reading.all), folder, sizes))

    return place
