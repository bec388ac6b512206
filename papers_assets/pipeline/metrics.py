"""Metrics for Prometheus.

A keyword that was never fetched has an infinite age: if its metric were absent, no alert would
fire. The counters of the runs are absent while they cannot be read: zero would be wrong.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from papers_assets.arxiv.errors import BLOCKED_REASON
from papers_assets.pipeline.status import KeywordStatus, Status
from papers_assets.storage.run_counters import Counts


def build_metric_families(state: Status) -> Iterator[Metric]:
    """Yield all metrics of a status."""
    if state.counts:
        yield from _run_metrics(state.counts)
    yield from _keyword_metrics(state)
    yield from _output_metrics(state)


def _run_metrics(counts: Counts) -> Iterator[Metric]:
    yield CounterMetricFamily(
        "papers_runs", "Runs of raw_papers that have ended, well or not.", counts.runs
    )
    yield CounterMetricFamily(
        "papers_arxiv_requests", "Requests sent to arXiv, each attempt counted.", counts.requests
    )
    yield CounterMetricFamily(
        "papers_arxiv_wait_seconds",
        "Seconds waited for arXiv's sake: at the politeness gate and between attempts.",
        counts.seconds_waited,
    )
    yield GaugeMetricFamily(
        "papers_last_run_timestamp_seconds",
        "When the last run of raw_papers ended; 0: none has.",
        _to_seconds(counts.last_run),
    )


def _keyword_metrics(state: Status) -> Iterator[Metric]:
    def counter(name: str, documentation: str, value: Callable[[str], float]) -> Metric:
        family = CounterMetricFamily(name, documentation, labels=["keyword"])
        for keyword in state.keywords:
            family.add_metric([keyword.name], value(keyword.name))
        return family

    def gauge(name: str, documentation: str, value: Callable[[KeywordStatus], float]) -> Metric:
        family = GaugeMetricFamily(name, documentation, labels=["keyword"])
        for keyword in state.keywords:
            family.add_metric([keyword.name], value(keyword))
        return family

    if counts := state.counts:
        yield counter(
            "papers_refreshes",
            "How often arXiv gave a believable answer for the keyword.",
            lambda name: counts.refreshes.get(name, 0),
        )
        yield counter(
            "papers_refresh_failures",
            "How often the keyword could not be refreshed.",
            lambda name: counts.failures.get(name, 0),
        )
    yield gauge(
        "papers_keyword_last_refresh_timestamp_seconds",
        "When arXiv last gave a believable answer for the keyword; 0: never.",
        lambda keyword: _to_seconds(keyword.file.refreshed_at),
    )
    yield gauge(
        "papers_keyword_age_seconds",
        "Seconds since arXiv last gave a believable answer for the keyword; +Inf: it never did.",
        lambda keyword: _age_seconds(keyword.file.refreshed_at, state.now),
    )
    yield gauge(
        "papers_keyword_failed",
        "1 if the last refresh of the keyword failed, else 0.",
        lambda keyword: bool(keyword.short_reason),
    )
    yield gauge(
        "papers_keyword_held_versions",
        "Versions of papers that are held of the keyword.",
        lambda keyword: keyword.file.versions,
    )
    yield gauge(
        "papers_keyword_held_readable",
        "0 if the file with the keyword's papers cannot be read, else 1.",
        lambda keyword: keyword.file.is_readable,
    )
    yield gauge(
        "papers_keyword_gap",
        "1 if an answer did not reach back to what is held of the keyword, so that papers of some "
        "days may be missing until somebody looks back at them; else 0.",
        lambda keyword: keyword.file.has_gap,
    )


def _output_metrics(state: Status) -> Iterator[Metric]:
    yield GaugeMetricFamily("papers_keywords", "Keywords that are followed.", len(state.keywords))
    yield GaugeMetricFamily(
        "papers_keywords_file_ok",
        "0 if keywords.toml cannot be used (then the keywords are those of before), else 1.",
        state.has_keywords_file,
    )
    yield GaugeMetricFamily(
        "papers_arxiv_blocked",
        "1 if arXiv's last word to some keyword was 403, which asks us to stop; else 0.",
        any(keyword.short_reason == BLOCKED_REASON for keyword in state.keywords),
    )
    yield GaugeMetricFamily(
        "papers_readme_timestamp_seconds",
        "When the README was last written; 0: there is none.",
        _to_seconds(state.readme_at),
    )
    yield GaugeMetricFamily(
        "papers_readme_age_seconds",
        "Seconds since the README was last written; +Inf: there is none.",
        _age_seconds(state.readme_at, state.now),
    )
    yield GaugeMetricFamily(
        "papers_harvest_days_missing",
        "Days of the harvest that are wanted and have not come as a whole.",
        state.days_missing,
    )
    yield GaugeMetricFamily(
        "papers_last_edition_timestamp_seconds",
        "The day of the newest edition, at 0:00 UTC; 0: there is none.",
        _to_seconds(state.edition_at),
    )


def _to_seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


def _age_seconds(moment: datetime | None, now: datetime) -> float:
    return (now - moment).total_seconds() if moment else math.inf


class _StatusCollector(Collector):
    def __init__(self, read_status: Callable[[], Status]) -> None:
        self._read_status = read_status

    def collect(self) -> Iterable[Metric]:
        return build_metric_families(self._read_status())

    def describe(self) -> Iterable[Metric]:
        return []  # without it, registering would call collect()


def render_metrics(read_status: Callable[[], Status]) -> str:
    """Return all metrics in Prometheus' text format."""
    return generate_latest(_build_registry(read_status)).decode()


def serve_metrics(read_status: Callable[[], Status], host: str, port: int) -> Callable[[], None]:
    """Serve all metrics at http://host:port/metrics from a thread of their own.

    Returns:
        A function that blocks until the program is interrupted.

    Raises:
        OSError: the address cannot be listened on.
    """
    _, thread = start_http_server(port, host, _build_registry(read_status))
    return thread.join


def _build_registry(read_status: Callable[[], Status]) -> CollectorRegistry:
    # The library's default registry would add metrics of this process.
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_StatusCollector(read_status))
    return registry
