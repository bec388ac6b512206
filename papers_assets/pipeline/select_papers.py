"""Build the asset `papers` from the raw papers: read them, and select with `selection`.

A published list is reused without reading its raw papers, if its inputs have not changed.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol

import pandas as pd
import pyarrow as pa

from papers_assets.keywords.model import Keyword, KeywordsConfig
from papers_assets.render.chart import CHART_DAYS, MAX_CHART_ROWS
from papers_assets.storage.raw_papers import RawPapersStore, StoreError, build_slug
from papers_assets.transform import selection as papers
from papers_assets.transform.raw_papers import RawPapers, for_definition
from papers_assets.transform.schema import RAW_PAPERS_SCHEMA
from papers_assets.transform.selection import KEY_COLUMNS, TEXT_COLUMNS, Selection, SelectionSource
from papers_assets.transform.selection_cache import CachedSelection, compute_fingerprint

logger = logging.getLogger(__name__)


class ScanStateLike(Protocol):
    """The scan state of a keyword, such as `scan_state.ScanState`.

    It is newer than the raw papers if the scan found nothing to write.
    """

    @property
    def definition(self) -> str:
        """`Keyword.fingerprint` of the keyword at the scan."""

    @property
    def stored_watermark(self) -> int:
        """`RawPapers.scanned_until` of the raw papers at the scan."""

    @property
    def refreshed_at(self) -> datetime | None:
        """When arXiv was asked for the newest papers scanned."""

    @property
    def complete_from(self) -> datetime | None:
        """All papers updated since then have been scanned."""


def latest_refresh(
    keyword: Keyword,
    scan_state: ScanStateLike | None,
    refreshed_at: datetime | None,
    scanned_until: int | None,
) -> datetime | None:
    """Return when the keyword was last refreshed, by its raw papers or by a later scan.

    Args:
        keyword: the keyword.
        scan_state: its scan state; None: there is none.
        refreshed_at: `RawPapers.refreshed_at` of its raw papers.
        scanned_until: `RawPapers.scanned_until` of its raw papers.
    """
    times = [refreshed_at]
    if scan_state and _is_current(scan_state, keyword, scanned_until):
        times.append(scan_state.refreshed_at)
    return max(filter(None, times), default=None)


def _is_current(scan_state: ScanStateLike, keyword: Keyword, scanned_until: int | None) -> bool:
    """Whether `scan_state` belongs to raw papers with this `RawPapers.scanned_until`."""
    return (
        scan_state.definition == keyword.fingerprint
        and (scanned_until or 0) >= scan_state.stored_watermark > 0
    )


@dataclass(frozen=True)
class SelectionResult:
    """The asset `papers`, and what it was selected from."""

    frame: pd.DataFrame
    selections: list[Selection]
    keys: dict[str, pd.DataFrame]
    """By keyword, the `KEY_COLUMNS` of all raw papers; only of keywords selected anew."""
    complete_from: dict[str, datetime]
    """By keyword, `RawPapers.complete_from`, where it is known."""
    missing_ranges: dict[str, tuple[str, ...]]
    """By keyword, `RawPapers.missing_ranges` as days for people, where there are any."""
    reused: frozenset[str]
    """Keywords with reused published rows: nothing changed, or the raw papers cannot be used."""


def select_all(  # noqa: PLR0913 - all but three have defaults
    keywords_config: KeywordsConfig,
    store: RawPapersStore,
    today: date,
    previous: pd.DataFrame | None = None,
    scan_state: Mapping[str, ScanStateLike] | None = None,
    *,
    short_reason: str = "",
) -> SelectionResult:
    """Select each keyword's papers from its raw papers.

    A keyword whose file cannot be used keeps its published rows, with a short reason; the other
    keywords are not affected.

    Args:
        keywords_config: the keywords.
        store: the store of the raw papers.
        today: the last day of the chart; matching papers are counted for the days that it shows.
        previous: the asset `papers` of the last publication; None: select everything anew.
        scan_state: the scan states by keyword.
        short_reason: why no keyword is fresh, in a few words; empty: some may be.
    """
    # Read before any papers: a file that another run replaces later gets its old etag here, so that
    # the next publication reads it again.
    problems, etags = _read_failure_reasons(keywords_config, store), store.etags()
    choosing = _Selector(
        store, problems, etags, _PreviousSelection(previous), scan_state or {}, short_reason
    )
    first_day = today - timedelta(days=CHART_DAYS - 1)
    for keyword in keywords_config.keywords:
        # The chart has at most `MAX_CHART_ROWS` rows.
        since = first_day if len(choosing.selections) < MAX_CHART_ROWS else None
        try:
            choosing.add(keyword, since)
        except StoreError as error:
            logger.error("%s: %s", keyword.name, error)  # noqa: TRY400 - expected
            choosing.add_unusable(keyword, "what is held of it is damaged")
    return choosing.result()


def _read_failure_reasons(keywords_config: KeywordsConfig, store: RawPapersStore) -> dict[str, str]:
    """Return why the last refresh failed, by keyword; only for failed keywords."""
    failed = store.failed_slugs()
    names = (name for name in keywords_config.names if build_slug(name) in failed)
    return {name: store.read_failure_reason(name) for name in names}


class _PreviousSelection:
    """The published rows by keyword, and their sources."""

    def __init__(self, previous: pd.DataFrame | None) -> None:
        self._rows = {} if previous is None else papers.rows_by_keyword(previous)
        self._none = papers.to_frame(papers.SELECTION_SCHEMA.empty_table())
        self.sources = {} if previous is None else papers.read_sources(previous)

    def rows(self, name: str) -> pd.DataFrame:
        return self._rows.get(name, self._none)

    def find_reusable(
        self, keyword: Keyword, etag: str, since: date | None
    ) -> CachedSelection | None:
        """Return the cached selection if its rows are still valid; daily counts from `since` on."""
        source = self.sources.get(keyword.name)
        cached = source.cached_selection if source else None
        # No etag means that there was no file, and one may have been written since.
        if cached is None or not etag or cached.fingerprint != compute_fingerprint(keyword, etag):
            return None
        if since is None:
            return replace(cached, days=None)
        if cached.days is None or cached.days.since > since:
            return None
        return replace(cached, days=cached.days.since_day(since))


@dataclass
class _Selector:
    store: RawPapersStore
    failure_reasons: Mapping[str, str]
    """By keyword, why its last refresh failed; only for failed keywords."""
    signatures: Mapping[str, str]
    """`RawPapersStore.etags` from before any papers were read."""
    previous: _PreviousSelection
    scan_states: Mapping[str, ScanStateLike]
    short_reason: str
    selections: list[Selection] = field(default_factory=list)
    lists: list[Selection] = field(default_factory=list)
    """The `selections`, and the published rows of keywords that cannot be used."""
    sources: dict[str, SelectionSource] = field(default_factory=dict)
    keys: dict[str, pd.DataFrame] = field(default_factory=dict)
    complete_from: dict[str, datetime] = field(default_factory=dict)
    missing_ranges: dict[str, tuple[str, ...]] = field(default_factory=dict)
    reused: set[str] = field(default_factory=set)

    def result(self) -> SelectionResult:
        frame = papers.concat(self.lists, self.sources)
        reused = frozenset(self.reused)
        return SelectionResult(
            frame, self.selections, self.keys, self.complete_from, self.missing_ranges, reused
        )

    def add(self, keyword: Keyword, since: date | None) -> None:
        """Add a keyword's list.

        Raises:
            StoreError: its raw papers cannot be used.
        """
        name = keyword.name
        problem = self.failure_reasons.get(name) or self.short_reason
        etag = self.signatures.get(build_slug(name), "")
        cached = self.previous.find_reusable(keyword, etag, since)
        if cached:
            rows = self.previous.rows(name)
            selection = Selection(name, rows, cached.filtered, cached.stored, cached.days)
            self.reused.add(name)
        else:
            stored = self.store.read_raw_papers_columns(name, KEY_COLUMNS)
            if stored is None:
                # The file was damaged or lost, and arXiv did not answer: reuse the published rows.
                if problem:
                    self.add_unusable(keyword, problem)
                return
            stored, selection = self._select(keyword, stored, since)
            cached = _build_cached_selection(keyword, selection, stored, etag)
            self.keys[name] = papers.to_frame(stored.rows.select(KEY_COLUMNS))
        self.selections.append(selection)
        self.lists.append(selection)
        self._record_source(keyword, cached, problem, etag)

    def add_unusable(self, keyword: Keyword, short_reason: str) -> None:
        """Add the published rows of a keyword, with the reason."""
        name, rows = keyword.name, self.previous.rows(keyword.name)
        self.lists.append(Selection(name, rows, filtered=0, stored=len(rows)))
        previous = self.previous.sources.get(name, SelectionSource(None))
        # Without a cached selection, the next publication reads the raw papers.
        self.sources[name] = replace(previous, short_reason=short_reason, cached_selection=None)
        self.reused.add(name)

    def _select(
        self, keyword: Keyword, stored: RawPapers, since: date | None
    ) -> tuple[RawPapers, Selection]:
        def read(rows: range) -> pa.Table:
            there = self.store.read_raw_papers_columns(keyword.name, TEXT_COLUMNS, rows)
            expected = stored.rows.slice(rows.start, len(rows))
            if there is None or not there.rows.select(KEY_COLUMNS).equals(expected):
                raise _FileReplacedError
            return there.rows

        try:
            return stored, papers.select_lazily(stored.rows, read, keyword, since)
        except _FileReplacedError:
            # Another run replaced the file between two reads; a single read is consistent.
            whole = self.store.read_raw_papers(keyword.name) or replace(
                stored, rows=RAW_PAPERS_SCHEMA.empty_table()
            )
            texts = whole.rows.select(TEXT_COLUMNS)
            selection = papers.select_lazily(
                texts.select(KEY_COLUMNS),
                lambda rows: texts.slice(rows.start, len(rows)),
                keyword,
                since,
            )
            return whole, selection

    def _record_source(
        self, keyword: Keyword, cached: CachedSelection, short_reason: str, etag: str
    ) -> None:
        """Record the source of the rows, and how fresh and complete they are."""
        scan_state = self.scan_states.get(keyword.name)
        refreshed_at = latest_refresh(
            keyword, scan_state, cached.refreshed_at, cached.scanned_until
        )
        complete_from = cached.complete_from
        if scan_state and _is_current(scan_state, keyword, cached.scanned_until):
            complete_from = _join_complete_from(cached, scan_state.complete_from)
        self.sources[keyword.name] = SelectionSource(refreshed_at, short_reason, etag, cached)
        if complete_from:
            self.complete_from[keyword.name] = complete_from
        if cached.missing_ranges:
            self.missing_ranges[keyword.name] = cached.missing_ranges


class _FileReplacedError(Exception):
    """A file that was replaced between two reads."""


def _build_cached_selection(
    keyword: Keyword, selection: Selection, stored: RawPapers, etag: str
) -> CachedSelection:
    # Nothing is known to be complete for an edited keyword that has not been fetched since.
    known = for_definition(keyword, stored) or stored
    return CachedSelection(
        compute_fingerprint(keyword, etag),
        selection.filtered,
        selection.stored,
        selection.daily_counts,
        known.refreshed_at,
        known.complete_from,
        known.complete_until,
        known.scanned_until,
        tuple(map(str, known.missing_ranges)),
        tuple(f"{arxiv_id}v{version}" for arxiv_id, version in known.oai_only),
    )


def _join_complete_from(cached: CachedSelection, scanned_from: datetime | None) -> datetime | None:
    """Return since when no paper is missing, by the raw papers and a scan from `scanned_from`."""
    if scanned_from is None:
        return cached.complete_from
    meets = cached.complete_until is not None and cached.complete_until >= scanned_from
    return min(cached.complete_from or scanned_from, scanned_from) if meets else scanned_from
