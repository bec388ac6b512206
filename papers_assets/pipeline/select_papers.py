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

from papers_assets.keywords.model import Keyword, KeywordsFile
from papers_assets.render.chart import DAYS, MOST_ROWS
from papers_assets.storage.raw_papers import Store, StoreError, slug
from papers_assets.transform import selection as papers
from papers_assets.transform.raw_papers import Held, of_definition
from papers_assets.transform.schema import SCHEMA
from papers_assets.transform.selection import KEYS, TEXTS, Selection, Source
from papers_assets.transform.selection_cache import Choice, fingerprint

logger = logging.getLogger(__name__)


class Looked(Protocol):
    """What is known of a keyword that was looked for and had no news, so that nothing was written.

    `ledger.Gleaned` is one.
    """

    @property
    def definition(self) -> str:
        """`Keyword.definition` of the keyword when it was looked for."""

    @property
    def held_serial(self) -> int:
        """`Held.gleaned` of what was held then; of an older file, nothing is known besides."""

    @property
    def refreshed_at(self) -> datetime | None:
        """When arXiv was asked for the newest papers that were looked through."""

    @property
    def complete_from(self) -> datetime | None:
        """Of papers updated since then, all have been looked through."""


def freshest(
    keyword: Keyword, looked: Looked | None, refreshed_at: datetime | None, gleaned: int | None
) -> datetime | None:
    """Give when arXiv last answered, for what is held or for what was looked through since.

    Args:
        keyword: whose.
        looked: what is known besides what is held.
        refreshed_at: of what is held.
        gleaned: `Held.gleaned` of it.
    """
    times = [refreshed_at]
    if looked and _is_of(looked, keyword, gleaned):
        times.append(looked.refreshed_at)
    return max(filter(None, times), default=None)


def _is_of(looked: Looked, keyword: Keyword, gleaned: int | None) -> bool:
    """Say whether `looked` is known of what is held, which has this `Held.gleaned`."""
    return looked.definition == keyword.definition and (gleaned or 0) >= looked.held_serial > 0


@dataclass(frozen=True)
class Chosen:
    """The asset `papers`, and what it was chosen from."""

    frame: pd.DataFrame
    selections: list[Selection]
    keys: dict[str, pd.DataFrame]
    """By keyword, the columns `papers.KEYS` of all that is held; only of those chosen anew."""
    complete_from: dict[str, datetime]
    """By keyword, `Held.complete_from`, where it is known."""
    gaps: dict[str, tuple[str, ...]]
    """By keyword, `Held.gaps` as days for people, where there are any."""
    as_published: frozenset[str]
    """Keywords whose rows are those that were published before: nothing changed, or what is held
    cannot be used."""


def choose(  # noqa: PLR0913 - all but two have defaults
    file: KeywordsFile,
    store: Store,
    today: date,
    former: pd.DataFrame | None = None,
    looked: Mapping[str, Looked] | None = None,
    *,
    problem: str = "",
) -> Chosen:
    """Choose each keyword's papers from what is held of it.

    A keyword whose file cannot be used keeps the rows that were published before, with the reason;
    the others do not suffer for it.

    Args:
        file: the keywords.
        store: where papers are held.
        today: the last day of the picture; matching papers are counted by day as far as it shows.
        former: what was published before; None: nothing, and everything is chosen anew.
        looked: by keyword, what is known besides what is held.
        problem: why no keyword is fresh, in a few words; empty: some may be.
    """
    # Looked at before any papers are read: what another run replaces after that is taken for what
    # it was before, so that the next time looks again.
    problems, signatures = _problems(file, store), store.signatures()
    choosing = _Choosing(store, problems, signatures, _Published(former), looked or {}, problem)
    first_day = today - timedelta(days=DAYS - 1)
    for keyword in file.keywords:
        # More rows than that no picture has.
        since = first_day if len(choosing.selections) < MOST_ROWS else None
        try:
            choosing.add(keyword, since)
        except StoreError as error:
            logger.error("%s: %s", keyword.name, error)  # noqa: TRY400 - a story
            choosing.add_unusable(keyword, "what is held of it is damaged")
    return choosing.chosen()


def _problems(file: KeywordsFile, store: Store) -> dict[str, str]:
    """Give why the last refresh failed of those keywords whose did, by name."""
    failed = store.slugs_with_problem()
    names = (name for name in file.names if slug(name) in failed)
    return {name: store.read_problem(name) for name in names}


class _Published:
    """The rows that were published before, by keyword, and where they came from."""

    def __init__(self, former: pd.DataFrame | None) -> None:
        self._rows = {} if former is None else papers.rows_by_keyword(former)
        self._none = papers.to_frame(papers.SCHEMA.empty_table())
        self.sources = {} if former is None else papers.sources(former)

    def rows(self, name: str) -> pd.DataFrame:
        return self._rows.get(name, self._none)

    def choice(self, keyword: Keyword, signature: str, since: date | None) -> Choice | None:
        """Give how the rows were chosen if they would be chosen again; days from `since` on."""
        source = self.sources.get(keyword.name)
        choice = source.choice if source else None
        # Without a signature nothing was there yet, which many a file comes after.
        if choice is None or not signature or choice.fingerprint != fingerprint(keyword, signature):
            return None
        if since is None:
            return replace(choice, days=None)
        if choice.days is None or choice.days.since > since:
            return None
        return replace(choice, days=choice.days.from_day(since))


@dataclass
class _Choosing:
    store: Store
    problems: Mapping[str, str]
    """By keyword, why its last refresh failed; of those whose did."""
    signatures: Mapping[str, str]
    """As `Store.signatures` gave them before any papers were read."""
    published: _Published
    looked: Mapping[str, Looked]
    problem: str
    selections: list[Selection] = field(default_factory=list)
    lists: list[Selection] = field(default_factory=list)
    """The `selections`, and the rows of what cannot be used."""
    sources: dict[str, Source] = field(default_factory=dict)
    keys: dict[str, pd.DataFrame] = field(default_factory=dict)
    complete_from: dict[str, datetime] = field(default_factory=dict)
    gaps: dict[str, tuple[str, ...]] = field(default_factory=dict)
    as_published: set[str] = field(default_factory=set)

    def chosen(self) -> Chosen:
        frame = papers.join(self.lists, self.sources)
        as_published = frozenset(self.as_published)
        return Chosen(
            frame, self.selections, self.keys, self.complete_from, self.gaps, as_published
        )

    def add(self, keyword: Keyword, since: date | None) -> None:
        """Add a keyword's list.

        Raises:
            StoreError: what is held of it cannot be used.
        """
        name = keyword.name
        problem = self.problems.get(name) or self.problem
        signature = self.signatures.get(slug(name), "")
        choice = self.published.choice(keyword, signature, since)
        if choice:
            rows = self.published.rows(name)
            selection = Selection(name, rows, choice.refused, choice.held, choice.days)
            self.as_published.add(name)
        else:
            held = self.store.read_held_columns(name, KEYS)
            if held is None:
                # Its file was damaged or lost, and arXiv did not answer: what was published stays.
                if problem:
                    self.add_unusable(keyword, problem)
                return
            held, selection = self._select(keyword, held, since)
            choice = _choice(keyword, selection, held, signature)
            self.keys[name] = papers.to_frame(held.papers.select(KEYS))
        self.selections.append(selection)
        self.lists.append(selection)
        self._note(keyword, choice, problem, signature)

    def add_unusable(self, keyword: Keyword, problem: str) -> None:
        """Add the rows that were published, as old as they are."""
        name, rows = keyword.name, self.published.rows(keyword.name)
        self.lists.append(Selection(name, rows, refused=0, held=len(rows)))
        former = self.published.sources.get(name, Source(None))
        # Nothing is built upon them: whatever comes is read.
        self.sources[name] = replace(former, problem=problem, choice=None)
        self.as_published.add(name)

    def _select(self, keyword: Keyword, held: Held, since: date | None) -> tuple[Held, Selection]:
        def read(rows: range) -> pa.Table:
            there = self.store.read_held_columns(keyword.name, TEXTS, rows)
            expected = held.papers.slice(rows.start, len(rows))
            if there is None or not there.papers.select(KEYS).equals(expected):
                raise _ReplacedError
            return there.papers

        try:
            return held, papers.select(held.papers, read, keyword, since)
        except _ReplacedError:
            # Another run wrote it between two looks. What is read at once is of one piece.
            whole = self.store.read_held(keyword.name) or replace(held, papers=SCHEMA.empty_table())
            texts = whole.papers.select(TEXTS)
            selection = papers.select(
                texts.select(KEYS),
                lambda rows: texts.slice(rows.start, len(rows)),
                keyword,
                since,
            )
            return whole, selection

    def _note(self, keyword: Keyword, choice: Choice, problem: str, signature: str) -> None:
        """Note where the rows come from, and how fresh and complete they are."""
        looked = self.looked.get(keyword.name)
        refreshed_at = freshest(keyword, looked, choice.refreshed_at, choice.gleaned)
        complete_from = choice.complete_from
        if looked and _is_of(looked, keyword, choice.gleaned):
            complete_from = _joined(choice, looked.complete_from)
        self.sources[keyword.name] = Source(refreshed_at, problem, signature, choice)
        if complete_from:
            self.complete_from[keyword.name] = complete_from
        if choice.gaps:
            self.gaps[keyword.name] = choice.gaps


class _ReplacedError(Exception):
    """A file is not the one that was read before."""


def _choice(keyword: Keyword, selection: Selection, held: Held, signature: str) -> Choice:
    # Of an edited keyword that has not been fetched since, nothing is known to be complete.
    known = of_definition(keyword, held) or held
    return Choice(
        fingerprint(keyword, signature),
        selection.refused,
        selection.held,
        selection.days,
        known.refreshed_at,
        known.complete_from,
        known.complete_until,
        known.gleaned,
        tuple(map(str, known.gaps)),
        tuple(f"{arxiv_id}v{version}" for arxiv_id, version in known.oai_only),
    )


def _joined(choice: Choice, looked_from: datetime | None) -> datetime | None:
    """Say since when nothing is missing, if it is since `looked_from` besides what is held."""
    if looked_from is None:
        return choice.complete_from
    meets = choice.complete_until is not None and choice.complete_until >= looked_from
    return min(choice.complete_from or looked_from, looked_from) if meets else looked_from
