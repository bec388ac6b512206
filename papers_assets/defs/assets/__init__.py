"""The assets. Each calls pure code and attaches the metadata shown in the Dagster UI."""

from papers_assets.defs.assets.changes import build_changes_asset, build_digest_asset
from papers_assets.defs.assets.harvest import build_harvest_asset
from papers_assets.defs.assets.notifications import build_notification_assets
from papers_assets.defs.assets.papers import build_papers_asset
from papers_assets.defs.assets.publications import build_publication_assets
from papers_assets.defs.assets.raw_papers import build_raw_papers_asset
from papers_assets.defs.assets.readme import build_readme_asset
from papers_assets.defs.catalogue import add_catalogue_entries

__all__ = [
    "add_catalogue_entries",
    "build_changes_asset",
    "build_digest_asset",
    "build_harvest_asset",
    "build_notification_assets",
    "build_papers_asset",
    "build_publication_assets",
    "build_raw_papers_asset",
    "build_readme_asset",
]
