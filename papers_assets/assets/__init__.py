"""The assets. Each calls pure code and attaches what the Dagster UI shows."""

from papers_assets.assets.catalogue import catalogued
from papers_assets.assets.documents import readme_asset
from papers_assets.assets.editions import changes_asset, digest_asset
from papers_assets.assets.fetching import raw_papers_asset
from papers_assets.assets.harvesting import harvest_asset
from papers_assets.assets.lists import papers_asset
from papers_assets.assets.notifications import notification_assets
from papers_assets.assets.reading import reading_assets

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
