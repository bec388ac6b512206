"""What the Dagster UI shows of a materialization: counts, dates, links and some of the rows."""

from papers_assets.defs.asset_metadata.changes import changes, digest
from papers_assets.defs.asset_metadata.common import Metadata, column_schema
from papers_assets.defs.asset_metadata.harvest import brought_in
from papers_assets.defs.asset_metadata.papers import papers
from papers_assets.defs.asset_metadata.publications import files
from papers_assets.defs.asset_metadata.raw_papers import (
    found,
    refreshed,
    with_looked_back,
    with_witness,
)
from papers_assets.defs.asset_metadata.readme import readme

__all__ = [
    "Metadata",
    "brought_in",
    "changes",
    "column_schema",
    "digest",
    "files",
    "found",
    "papers",
    "readme",
    "refreshed",
    "with_looked_back",
    "with_witness",
]
