"""Metadata of the site, feeds, citations and data: the number of files, and their size."""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from papers_assets.defs.asset_metadata.common import Metadata


def files_metadata(papers: int, folder: Path, sizes: Mapping[str, int]) -> Metadata:
    """Describe the files that were written; `sizes` are in bytes, by name."""
    return {
        "dagster/row_count": papers,
        "path": dg.MetadataValue.path(str(folder)),
        "files": len(sizes),
        "bytes": sum(sizes.values()),
        "largest": max(sizes, key=sizes.__getitem__, default="none"),
    }
