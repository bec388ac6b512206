"""The assets of the reading places: `site`, `feeds`, `citations` and `data`, below output/site/."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import PurePosixPath

import dagster as dg
import pandas as pd

from papers_assets.defs import asset_metadata
from papers_assets.defs.asset_checks import CODE_VERSION, PUBLISHING
from papers_assets.defs.automation import publish_when_sound
from papers_assets.defs.resources import StoreResource
from papers_assets.keywords.model import KeywordsFile
from papers_assets.pipeline.deliver import MOST_DAYS as RECENT_DAYS
from papers_assets.render.data import FORMAT as DATA_FORMAT
from papers_assets.render.publications import Files, Reading
from papers_assets.render.site import DAYS, MOST_DAYS, page_name
from papers_assets.storage.editions import Outputs
from papers_assets.storage.raw_papers import public_slug, slug
from papers_assets.text import progress
from papers_assets.transform.changes import Kind, told_as
from papers_assets.transform.editions import Edition

Make = Callable[[Reading, Outputs], Files]


def reading_assets(
    file: KeywordsFile,
    papers: dg.AssetsDefinition,
    changes: dg.AssetsDefinition,
    links: Sequence[tuple[str, str]] = (),
) -> list[dg.AssetsDefinition]:
    """Make the four; `links` to places outside of the site are shown on every page."""
    return [
        _asset(
            "site",
            file,
            papers,
            lambda reading, outputs: reading.site(outputs.newest_edition()),
            "Pages to search and filter, which need no server: output/site/index.html, one per "
            "keyword, and one for each of the newest 365 days on which something changed. What is "
            "new, revised or newly matching in the newest edition is marked.",
            part="",
            formats={"html"},
            deps=[changes],
            links=links,
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
    links: Sequence[tuple[str, str]] = (),
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
            reading = Reading(
                papers if current is None else current,
                file,
                public_slug,
                former=_former(file, outputs, "keywords" if part == "" else name),
                links=links,
            )
            sizes = outputs.write_site(name if part is None else part, make(reading, outputs))
            if part == "":
                sizes |= _write_days(reading, outputs)
        folder = outputs.site_folder / (name if part is None else part)
        return dg.MaterializeResult(metadata=asset_metadata.files(len(reading.all), folder, sizes))

    return place


def _former(file: KeywordsFile, outputs: Outputs, folder: str) -> dict[str, str]:
    """Return, by keyword, the slug that earlier versions used, where files of theirs are there."""
    there = {PurePosixPath(name).stem for name in outputs.site_files(folder)}
    former = {name: slug(name) for name in file.names if slug(name) != public_slug(name)}
    return {name: old for name, old in former.items() if old in there}


def _write_days(reading: Reading, outputs: Outputs) -> dict[str, int]:
    """Write the archive; of pages that are there already, those of recent days alone."""
    days = outputs.days()[-MOST_DAYS:]
    made_with, written = reading.made_with, outputs.read_written(DAYS)
    there = outputs.site_files(DAYS) & written.names if written.made_with == made_with else ()
    unchanged = [day for day in days[:-RECENT_DAYS] if page_name(day) in there]

    def read(day: date) -> Edition:
        edition = outputs.read_edition(day)
        if edition is None:
            raise FileNotFoundError(outputs.edition_path(day))
        return edition

    sizes = outputs.write_site(
        DAYS,
        reading.days(days, read, unchanged),
        unchanged=[page_name(day) for day in unchanged],
        made_with=made_with,
    )
    return {f"{DAYS}/{name}": size for name, size in sizes.items()}
