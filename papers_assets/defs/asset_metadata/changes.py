"""Metadata of `changes` and `digest`: the changes, and the document for readers."""

from dataclasses import replace
from pathlib import Path

import dagster as dg

from papers_assets.defs.asset_metadata.common import (
    PREVIEW_ROWS,
    PREVIEW_SECTIONS,
    Metadata,
    shorten,
    table_by_keyword,
)
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.pipeline.publish_edition import PublishResult
from papers_assets.render.digest import GITHUB_LIMIT as GITHUB_ISSUE_LIMIT
from papers_assets.render.digest import render_digest_markdown
from papers_assets.storage.editions import EditionStore
from papers_assets.transform.changes import ChangeKind
from papers_assets.transform.digest import Digest, DigestEntry

_MAX_DIGEST = 6_000
"""Maximum size of the digest in the metadata, in bytes."""


def changes_metadata(
    published: PublishResult, keywords_config: KeywordsConfig, edition_store: EditionStore
) -> Metadata:
    """Describe a materialization of `changes`: the changes it found, and the edition of the day."""
    found = published.differences.groupby(["keyword", "kind"]).size()
    counts = {kind: int((published.differences["kind"] == kind).sum()) for kind in ChangeKind}
    rows: list[dict[str, str | int]] = [
        {"keyword": name, **{k.value: int(found.get((name, k.value), 0)) for k in ChangeKind}}
        for name in keywords_config.names
    ]
    edition = published.edition
    return {
        "dagster/row_count": len(published.differences),
        **{kind.value: counts[kind] for kind in ChangeKind},
        "papers_announced": int(published.announced["arxiv_id"].nunique()),
        "edition": edition.day.isoformat() if edition else "none yet",
        "part": len(edition.parts) if edition else 0,
        "path": dg.MetadataValue.path(str(edition_store.edition_path(edition.day)))
        if edition
        else "none",
        **table_by_keyword(rows),
    }


def digest_metadata(digest: Digest, path: Path, text: str) -> Metadata:
    """Describe a materialization of `digest`."""
    rows = sum(len(group.entries) for group in digest.groups)
    return {
        "dagster/row_count": rows,
        "edition": digest.day.isoformat(),
        "summary": digest.summary,
        "path": dg.MetadataValue.path(str(path)),
        "bytes": len(text.encode()),
        "github_limit_bytes": GITHUB_ISSUE_LIMIT,
        "document": dg.MetadataValue.md(
            render_digest_markdown(_shorten_digest(digest), limit=_MAX_DIGEST)
        ),
    }


def _shorten_digest(digest: Digest) -> Digest:
    """Return the digest with its texts shortened, since the run history keeps it permanently."""
    groups = [
        replace(group, entries=tuple(map(_shorten_entry, group.entries))) for group in digest.groups
    ]
    return replace(
        digest, groups=tuple(groups), notes=dict(list(digest.notes.items())[:PREVIEW_SECTIONS])
    )


def _shorten_entry(entry: DigestEntry) -> DigestEntry:
    paper = replace(
        entry.paper,
        title=shorten(entry.paper.title),
        abstract=shorten(entry.paper.abstract),
        comment=shorten(entry.paper.comment or ""),
    )
    return replace(entry, paper=paper, other_keywords=entry.other_keywords[:PREVIEW_ROWS])
