"""What the Dagster UI shows of a materialization: counts, dates, links and some of the rows."""

from papers_assets.previews.common import Metadata, column_schema
from papers_assets.previews.documents import readme
from papers_assets.previews.editions import changes, digest
from papers_assets.previews.fetching import found, refreshed, with_looked_back, with_witness
from papers_assets.previews.harvesting import brought_in
from papers_assets.previews.lists import papers
from papers_assets.previews.reading import files

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
