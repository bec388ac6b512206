"""From what is held to the frame `papers`: reads the store, and leaves the choice to `papers`.

A list that was published stays, unread, so long as nothing changed that it was made of.
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
    """What is known of a keyword that was looked for and had no news, so that nothing was written.

    `scan_state.ScanState` is one.
    """

    @property
    def definition(self) -> str:
        """`Keyword.fingerprint` of the keyword when it was looked for."""

    @property
    def stored_watermark(self) -> int:
        """`RawPapers.scanned_until` of the raw papers at that time."""

    @property
    def refreshed_at(self) -> datetime | None:
        """When arXiv was asked for the newest papers that were looked through."""

    @property
    def complete_from(self) -> datetime | None:
        """Of papers updated since then, all have been looked through."""


def latest_refresh(
    keyword: Keyword,
    scan_state: ScanStateLike | None,
    refreshed_at: datetime | None,
    scanned_until: int | None,
) -> datetime | None:
    """Return when arXiv last answered, for what is held or for what was looked through since.

    Args:
        keyword: whose.
        scan_state: what is known besides what is held.
        refreshed_at: of what is held.
        scanned_until: `RawPapers.scanned_until` of it.
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
    """The asset `papers`, and what it was chosen from."""

    frame: pd.DataFrame
    selections: list[Selection]
    keys: dict[str, pd.DataFrame]
    """By keyword, the columns `papers.KEYS` of all that is held; only of those chosen anew."""
    complete_from: dict[str, datetime]
    """By keyword, `RawPapers.complete_from`, where it is known."""
    missing_ranges: dict[str, tuple[str, ...]]
    """By keyword, `RawPapers.missing_ranges` as days for people, where there are any."""
    reused: frozenset[str]
    """Keywords whose rows are those that were published before: nothing changed, or what is held
    cannot be used."""


def select_all(  # noqa: PLR0913 - all but two have defaults
    keywords_config: KeywordsConfig,
    store: RawPapersStore,
    today: date,
    previous: pd.DataFrame | None = None,
    scan_state: Mapping[str, ScanStateLike] | None = None,
    *,
    short_reason: str = "",
) -> SelectionResult:
    """Choose each keyword's papers from what is held of it.

    A keyword whose file cannot be used keeps the rows that were published before, with the reason;
    the others do not suffer for it.

    Args:
        keywords_config: the keywords.
        store: where papers are held.
        today: the last day of the picture; matching papers are counted by day as far as it shows.
        previous: what was published before; None: nothing, and everything is chosen anew.
        scan_state: by keyword, what is known besides what is held.
        short_reason: why no keyword is fresh, in a few words; empty: some may be.
    """
    # Looked at before any papers are read: what another run replaces after that is taken for what
    # it was before, so that the next time looks again.
    problems, etags = _read_failure_reasons(keywords_config, store), store.etags()
    choosing = _Selector(
        store, problems, etags, _PreviousSelection(previous), scan_state or {}, short_reason
    )
    first_day = today - timedelta(days=CHART_DAYS - 1)
    for keyword in keywords_config.keywords:
        # More rows than that no picture has.
        since = first_day if len(choosing.selections) < MAX_CHART_ROWS else None
        try:
            choosing.add(keyword, since)
        except StoreError as error:
            logger.error("%s: %s", keyword.name, error)  # noqa: TRY400 - a story
            choosing.add_unusable(keyword, "what is held of it is damaged")
    return choosing.result()


def _read_failure_reasons(keywords_config: KeywordsConfig, store: RawPapersStore) -> dict[str, str]:
    """Return why the last refresh failed of those keywords whose did, by name."""
    failed = store.failed_slugs()
    names = (name for name in keywords_config.names if build_slug(name) in failed)
    return {name: store.read_failure_reason(name) for name in names}


class _PreviousSelection:
    """The rows that were published before, by keyword, and where they came from."""

    def __init__(self, previous: pd.DataFrame | None) -> None:
        self._rows = {} if previous is None else papers.rows_by_keyword(previous)
        self._none = papers.to_frame(papers.SELECTION_SCHEMA.empty_table())
        self.sources = {} if previous is None else papers.read_sources(previous)

    def rows(self, name: str) -> pd.DataFrame:
        return self._rows.get(name, self._none)

    def find_reusable(
        self, keyword: Keyword, etag: str, since: date | None
    ) -> CachedSelection | None:
        """Return how the rows were chosen if they would be chosen again; days from `since` on."""
        source = self.sources.get(keyword.name)
        cached = source.cached_selection if source else None
        # Without a signature nothing was there yet, which many a file comes after.
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
    """By keyword, why its last refresh failed; of those whose did."""
    signatures: Mapping[str, str]
    """As `RawPapersStore.etags` gave them before any papers were read."""
    previous: _PreviousSelection
    scan_states: Mapping[str, ScanStateLike]
    short_reason: str
    selections: list[Selection] = field(default_factory=list)
    lists: list[Selection] = field(default_factory=list)
    """The `selections`, and the rows of what cannot be used."""
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
            StoreError: what is held of it cannot be used.
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
                # Its file was damaged or lost, and arXiv did not answer: what was published stays.
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
        """Add the rows that were published, as old as they are."""
        name, rows = keyword.name, self.previous.rows(keyword.name)
        self.lists.append(Selection(name, rows, filtered=0, stored=len(rows)))
        previous = self.previous.sources.get(name, SelectionSource(None))
        # Nothing is built upon them: whatever comes is read.
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
            # Another run wrote it between two looks. What is read at once is of one piece.
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
        """Note where the rows come from, and how fresh and complete they are."""
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
    """A file is not the one that was read before."""


def _build_cached_selection(
    keyword: Keyword, selection: Selection, stored: RawPapers, etag: str
) -> CachedSelection:
    # Of an edited keyword that has not been fetched since, nothing is known to be complete.
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
    """Say since when nothing is missing, if it is since `scanned_from` besides what is held."""
    if scanned_from is None:
        return cached.complete_from
    meets = cached.complete_until is not None and cached.complete_until >= scanned_from
    return min(cached.complete_from or scanned_from, scanned_from) if meets else scanned_from
