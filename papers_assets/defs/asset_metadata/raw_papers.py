"""Metadata of `raw_papers`: papers fetched for a keyword, or found in the harvest."""

import dagster as dg

from papers_assets.arxiv import search
from papers_assets.defs.asset_metadata.common import Metadata, newest_date
from papers_assets.keywords import query
from papers_assets.keywords.query import choose_page_size
from papers_assets.pipeline.backfill import BackfillResult
from papers_assets.pipeline.compare_with_oai import ComparisonResult
from papers_assets.pipeline.keyword_scan import ScanResult
from papers_assets.pipeline.refresh_keyword import RefreshResult
from papers_assets.render.readme import render_preview
from papers_assets.transform import selection
from papers_assets.transform.raw_papers import RawPapersSummary, summarize


def refresh_metadata(result: RefreshResult, api_url: str) -> Metadata:
    """Describe the materialization of a keyword in `raw_papers`."""
    answer, keyword = result.answer, result.keyword
    asked = query.newest_first_parameters(keyword, 0, choose_page_size(keyword))
    return _summary_metadata(summarize(result.raw_papers)) | {
        "new": result.new,
        "revised": result.revised,
        "filtered": result.filtered,
        "fetched": len(answer.papers),
        "results_at_arxiv": answer.total_results,
        "requests": result.requests,
        "seconds_waited": round(result.seconds_waited, 2),
        "gap": answer.has_gap,
        "warnings": "; ".join(result.warnings) or "none",
        "backfill": "none",
        "query": asked["search_query"],
        "query_url": dg.MetadataValue.url(search.build_url(api_url, asked)),
    }


def scan_metadata(result: ScanResult) -> Metadata:
    """Describe the materialization of a keyword in `raw_papers` by a scan of the harvest."""
    metadata: Metadata = {
        "new": result.new,
        "revised": result.revised,
        "days_searched": result.days,
        "harvested_at": dg.MetadataValue.timestamp(result.refreshed_at),
    }
    if result.warnings:
        metadata["warnings"] = "; ".join(result.warnings)
    # Most of thousands of keywords have no new papers to show.
    return metadata | (_summary_metadata(result.summary) if result.summary else {})


def with_backfill(metadata: Metadata, result: BackfillResult) -> Metadata:
    """Return the metadata with the results of the keyword's backfill added."""
    came = f"{result.ranges} date ranges fetched, {result.new} new papers"
    before = f", {result.skipped_months} months fetched before" if result.skipped_months else ""
    return metadata | {
        **(_summary_metadata(summarize(result.raw_papers)) if result.raw_papers else {}),
        "requests": metadata.get("requests", 0) + result.requests,
        "seconds_waited": round(metadata.get("seconds_waited", 0.0) + result.seconds_waited, 2),
        "backfill": f"{came}{before}{'; '.join(['', *result.incomplete, *result.warnings])}",
    }


def with_comparison(metadata: Metadata, comparison: ComparisonResult, name: str) -> Metadata:
    """Return the metadata with the results of the comparison with a day of OAI-PMH added."""
    glance_, missing = comparison.summaries.get(name), comparison.missing_papers.get(name)
    found = [f"arXiv's search lacks {', '.join(missing)}"] if missing else []
    found += [comparison.short_reason] if comparison.short_reason else []
    return metadata | {
        **(_summary_metadata(glance_) if glance_ else {}),
        "witness": f"{comparison.day}: {'; '.join(found) or 'nothing is missing'}",
    }


def _summary_metadata(summary: RawPapersSummary) -> Metadata:
    look = selection.to_frame(summary.newest)
    return {
        "dagster/partition_row_count": summary.versions,
        "stored_papers": summary.papers,
        "newest_paper": newest_date(look),
        "preview": dg.MetadataValue.md(render_preview(look)),
    }
