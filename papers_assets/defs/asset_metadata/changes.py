"""Metadata of `changes` and `digest`: what changed, and the document for readers."""

from dataclasses import replace
from pathlib import Path

import dagster as dg

from papers_assets.defs.asset_metadata.common import (
    ROWS_OF_SECTION,
    SECTIONS,
    Metadata,
    beginning,
    by_keyword,
)
from papers_assets.keywords.model import KeywordsFile
from papers_assets.pipeline.publish_edition import Published
from papers_assets.render.digest import GITHUB_LIMIT as GITHUB_ISSUE_LIMIT
from papers_assets.render.digest import digest_markdown
from papers_assets.storage.editions import Outputs
from papers_assets.transform.changes import Kind
from papers_assets.transform.digest import Digest, Entry

_MOST_OF_DIGEST = 6_000
"""Bytes."""


def changes(published: Published, file: KeywordsFile, outputs: Outputs) -> Metadata:
    """Describe a materialization of `changes`: what it found this time, and the day's edition."""
    found = published.found.groupby(["keyword", "kind"]).size()
    counts = {kind: int((published.found["kind"] == kind).sum()) for kind in Kind}
    rows: list[dict[str, str | int]] = [
        {"keyword": name, **{k.value: int(found.get((name, k.value), 0)) for k in Kind}}
        for name in file.names
    ]
    edition = published.edition
    return {
        "dagster/row_count": len(published.found),
        **{kind.value: counts[kind] for kind in Kind},
        "papers_announced": int(published.known["arxiv_id"].nunique()),
        "edition": edition.day.isoformat() if edition else "none yet",
        "part": len(edition.parts) if edition else 0,
        "path": dg.MetadataValue.path(str(outputs.edition_path(edition.day)))
        if edition
        else "none",
        **by_keyword(rows),
    }


def digest(told: Digest, path: Path, text: str) -> Metadata:
    """Describe a materialization of `digest`."""
    rows = sum(len(group.entries) for group in told.groups)
    return {
        "dagster/row_count": rows,
        "edition": told.day.isoformat(),
        "summary": told.summary,
        "path": dg.MetadataValue.path(str(path)),
        "bytes": len(text.encode()),
        "github_limit_bytes": GITHUB_ISSUE_LIMIT,
        "document": dg.MetadataValue.md(digest_markdown(_shortened(told), limit=_MOST_OF_DIGEST)),
    }


def _shortened(told: Digest) -> Digest:
    """Give the digest with the beginnings of its texts; the run history keeps it for ever."""
    groups = [replace(group, entries=tuple(map(_short, group.entries))) for group in told.groups]
    return replace(told, groups=tuple(groups), notes=dict(list(told.notes.items())[:SECTIONS]))


def _short(entry: Entry) -> Entry:
    paper = replace(
        entry.paper,
        title=beginning(entry.paper.title),
        abstract=beginning(entry.paper.abstract),
        comment=beginning(entry.paper.comment or ""),
    )
    return replace(entry, paper=paper, also=entry.also[:ROWS_OF_SECTION])
