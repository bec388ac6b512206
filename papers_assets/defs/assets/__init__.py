"""The assets. Each calls pure code and attaches what the Dagster UI shows."""

from papers_assets.defs.assets.changes import changes_asset, digest_asset
from papers_assets.defs.assets.harvest import harvest_asset
from papers_assets.defs.assets.notifications import notification_assets
from papers_assets.defs.assets.papers import papers_asset
from papers_assets.defs.assets.publications import reading_assets
from papers_assets.defs.assets.raw_papers import raw_papers_asset
from papers_assets.defs.assets.readme import readme_asset
from papers_assets.defs.catalogue import catalogued

__all__ = [
    "catalogued",
    "changes_asset",
    "digest_asset",
    "harvest_asset",
    "notification_assets",
    "papers_asset",
    "raw_papers_asset",
    "reading_assets",
    "readme_asset",
]
