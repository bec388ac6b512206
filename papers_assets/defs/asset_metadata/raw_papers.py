"""Metadata of `raw_papers`: what was fetched for a keyword, or found in the harvest."""

import dagster as dg

from papers_assets.arxiv import search
from papers_assets.defs.asset_metadata.common import Metadata, newest
from papers_assets.keywords import query
from papers_assets.keywords.query import page_size
from papers_assets.pipeline.backfill import LookedBack
from papers_assets.pipeline.compare_with_oai import Witnessed
from papers_assets.pipeline.keyword_scan import Found
from papers_assets.pipeline.refresh_keyword import Refreshed
from papers_assets.render.readme import markdown_preview
from papers_assets.transform import selection
from papers_assets.transform.raw_papers import Glance, glance


def refreshed(outcome: Refreshed, api_url: str) -> Metadata:
    """Describe a keyword's materialization of `raw_papers`."""
    answer, keyword = outcome.answer, outcome.keyword
    asked = query.newest_first(keyword, 0, page_size(keyword))
    return _held(glance(outcome.held)) | {
        "new": outcome.new,
        "revised": outcome.revised,
        "filtered": outcome.filtered,
        "fetched": len(answer.papers),
        "results_at_arxiv": answer.total_results,
        "requests": outcome.requests,
        "seconds_waited": round(outcome.seconds_waited, 2),
        "gap": answer.gap,
        "warnings": "; ".join(outcome.remarks) or "none",
        "backfill": "none",
        "query": asked["search_query"],
        "query_url": dg.MetadataValue.url(search.url(api_url, asked)),
    }


def found(outcome: Found) -> Metadata:
    """Describe a keyword's materialization of `raw_papers` from the harvest."""
    metadata: Metadata = {
        "new": outcome.new,
        "revised": outcome.revised,
        "days_searched": outcome.days,
        "harvested_at": dg.MetadataValue.timestamp(outcome.refreshed_at),
    }
    if outcome.remarks:
        metadata["warnings"] = "; ".join(outcome.remarks)
    # Of thousands of keywords, most have nothing new to show.
    return metadata | (_held(outcome.held) if outcome.held else {})


def with_looked_back(metadata: Metadata, looked: LookedBack) -> Metadata:
    """Describe the same, of a keyword that was looked back at besides."""
    came = f"{looked.windows} date ranges fetched, {looked.new} new papers"
    before = f", {looked.skipped} months fetched before" if looked.skipped else ""
    return metadata | {
        **(_held(glance(looked.held)) if looked.held else {}),
        "requests": metadata.get("requests", 0) + looked.requests,
        "seconds_waited": round(metadata.get("seconds_waited", 0.0) + looked.seconds_waited, 2),
        "backfill": f"{came}{before}{'; '.join(['', *looked.open, *looked.remarks])}",
    }


def with_witness(metadata: Metadata, witnessed: Witnessed, name: str) -> Metadata:
    """Describe a keyword's materialization, compared with a day of OAI-PMH besides."""
    glance_, missing = witnessed.held.get(name), witnessed.missing.get(name)
    found = [f"arXiv's search lacks {', '.join(missing)}"] if missing else []
    found += [witnessed.problem] if witnessed.problem else []
    return metadata | {
        **(_held(glance_) if glance_ else {}),
        "witness": f"{witnessed.day}: {'; '.join(found) or 'nothing is missing'}",
    }


def _held(held: Glance) -> Metadata:
    look = selection.to_frame(held.newest)
    return {
        "dagster/partition_row_count": held.versions,
        "stored_papers": held.papers,
        "newest_paper": newest(look),
        "preview": dg.MetadataValue.md(markdown_preview(look)),
    }
