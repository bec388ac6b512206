"""Metadata of materializations in the Dagster UI: counts, dates, links and some rows."""

from papers_assets.defs.asset_metadata.changes import changes_metadata, digest_metadata
from papers_assets.defs.asset_metadata.common import Metadata, build_column_schema
from papers_assets.defs.asset_metadata.harvest import harvest_metadata
from papers_assets.defs.asset_metadata.papers import papers_metadata
from papers_assets.defs.asset_metadata.publications import files_metadata
from papers_assets.defs.asset_metadata.raw_papers import (
    refresh_metadata,
    scan_metadata,
    with_backfill,
    with_comparison,
)
from papers_assets.defs.asset_metadata.readme import readme_metadata

__all__ = [
    "Metadata",
    "build_column_schema",
    "changes_metadata",
    "digest_metadata",
    "files_metadata",
    "harvest_metadata",
    "papers_metadata",
    "readme_metadata",
    "refresh_metadata",
    "scan_metadata",
    "with_backfill",
    "with_comparison",
]
