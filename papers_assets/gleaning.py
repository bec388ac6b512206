"""Look for keywords in what was harvested, and keep what matches.

What has been looked for once is not looked for again: a ledger says, by keyword, up to which
harvest. It is written last, so that who is interrupted looks again, which changes nothing. A
keyword that has no news is not written either; the ledger says how fresh it is.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import pyarrow as pa

from papers_assets import held
from papers_assets.files import StoreDamagedError, StoreError
from papers_assets.harvests import Gleaned, Harvested, Harvests
from papers_assets.held import Held
from papers_assets.keywords import Keyword
from papers_assets.logs import progress
from papers_assets.matching import Matchers
from papers_assets.refresh import Failed
from papers_assets.store import Store

logger = logging.getLogger(__name__)

_FLUSH = 50_000
"""Rows that wait in memory to be written."""
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Found:
    """A keyword that was looked for in all that there was."""

    keyword: Keyword
    refreshed_at: datetime
    """When arXiv was asked for the newest of it."""
    days: int
    """How many days were looked through this time."""
    held: Held | None = None
    """After the merge; it is on disk. None: there was nothing to add."""
    new: int = 0
    """Papers of which no version was held before."""
    revised: int = 0
    """Versions of papers that were held in another version."""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Coverage:
    """What of the wanted days there is."""

    refreshed_at: datetime | None
    """When arXiv was asked for the newest day; None: it never gave a whole answer."""
    complete_from: datetime | None
    """Where the days without a gap begin that end with the newest."""
    missing: tuple[date, ...] = ()
    """Days between the first and the newest one that are not whole."""


def coverage(
    since: date, known: Mapping[date, Harvested], sets: Sequence[str], now: datetime
) -> Coverage:
    """Say what of the days from `since` to now has been harvested."""
    days = [since + timedelta(days=n) for n in range((now.date() - since).days + 1)]
    whole = [d for d in days if (k := known.get(d)) and k.harvested_at and k.has(sets)]
    if not whole:
        return Coverage(None, None, tuple(days))
    newest = whole[-1]
    # The newest may grow; what is older has to have been asked for when it was over.
    done = {newest} | {d for d in whole if known[d].harvested_at >= _midnight(d, 1)}  # type: ignore[operator]
    first = newest
    while first - timedelta(days=1) in done:
        first -= timedelta(days=1)
    missing = tuple(day for day in days if day < newest and day not in done)
    return Coverage(known[newest].harvested_at, _midnight(first), missing)


def _midnight(day: date, days: int = 0) -> datetime:
    return datetime.combine(day + timedelta(days=days), time.min, UTC)


@dataclass
class _Hits:
    """What was found of a keyword and is not written yet."""

    tables: list[pa.Table] = field(default_factory=list)
    new: int = 0
    revised: int = 0
    held: Held | None = None
    is_dirty: bool = False
    remarks: list[str] = field(default_factory=list)


def glean(  # noqa: PLR0913 - all but four are said by name
    keywords: Sequence[Keyword],
    harvests: Harvests,
    store: Store,
    now: Callable[[], datetime],
    *,
    since: date,
    sets: Sequence[str],
    look_again: bool = False,
) -> Iterator[Found | Failed]:
    """Look for each of `keywords` in what was harvested since it was last looked for.

    Args:
        keywords: what to look for.
        harvests: where days are kept; nothing is asked of arXiv.
        store: where what is held of keywords is kept.
        now: gives the time.
        since: the first day that is wanted.
        sets: that are wanted of a day; none: the whole archive.
        look_again: in everything, as if nothing had been looked for.
    """
    yield from _Gleaning(keywords, harvests, store, now, since, sets).run(look_again=look_again)


class _Gleaning:
    def __init__(  # noqa: PLR0913, PLR0917 - what there is
        self,
        keywords: Sequence[Keyword],
        harvests: Harvests,
        store: Store,
        now: Callable[[], datetime],
        since: date,
        sets: Sequence[str],
    ) -> None:
        self._keywords, self._harvests, self._store, self._now = keywords, harvests, store, now
        read = [harvests.read_labels(day) for day in harvests.days()]
        self._known = {of_day.day: of_day for of_day in read if of_day is not None}
        self._coverage = coverage(since, self._known, sets, now())
        self._problem = harvests.read_problem()
        self._hits: dict[str, _Hits] = {keyword.name: _Hits() for keyword in keywords}
        self._failed: dict[str, str] = {}
        self._days: dict[str, int] = dict.fromkeys(self._hits, 0)

    @property
    def _refreshed_at(self) -> datetime | None:
        return None if self._problem else self._coverage.refreshed_at

    def run(self, *, look_again: bool) -> Iterator[Found | Failed]:
        self._store.sweep_held()
        ledger = self._harvests.read_gleaned()
        groups: dict[datetime, list[Keyword]] = {}
        for keyword in self._keywords:
            there = None if look_again else ledger.get(keyword.name)
            groups.setdefault(self._looked_at(keyword, there), []).append(keyword)
        for looked_at, group in groups.items():
            self._look(group, looked_at, is_new=looked_at == _BEGINNING)
        self._flush()
        # Whose file was damaged has lost what it held; all of that is in the harvest.
        again = [k for k in self._keywords if self._hits[k.name].remarks]
        if again:
            self._look(again, _BEGINNING, is_new=True)
            self._flush()
        with self._harvests.noting():
            self._note(self._harvests.read_gleaned())
        for keyword in self._keywords:
            yield self._outcome(keyword)

    def _looked_at(self, keyword: Keyword, there: Gleaned | None) -> datetime:
        """Say up to when the keyword, as it is now, has been looked for."""
        if there is None or there.definition != keyword.definition:
            return _BEGINNING
        if there.signature and not self._store.signature(keyword.name):
            return _BEGINNING  # somebody removed what was held
        return there.looked_at

    def _look(self, keywords: Sequence[Keyword], looked_at: datetime, *, is_new: bool) -> None:
        """Collect what matches of the days that changed since `looked_at`."""
        days = [d for d, k in sorted(self._known.items()) if k.changed_at > looked_at]
        matchers = Matchers(keywords) if days else None
        waiting = 0
        for number, day in enumerate(days, 1):
            progress.info(
                "%s (day %d of %d): looking for %d keywords", day, number, len(days), len(keywords)
            )
            table = self._papers_of(day)
            if matchers is not None and table is not None:
                waiting += self._collect(matchers, table)
            if waiting >= _FLUSH:
                self._flush()
                waiting = 0
        for keyword in keywords:
            self._days[keyword.name] = len(days)
            # Who is new gets a file, though there be nothing in it.
            self._hits[keyword.name].is_dirty |= is_new

    def _papers_of(self, day: date) -> pa.Table | None:
        try:
            found = self._harvests.read(day)
        except StoreError as error:
            # It is harvested anew, and looked through then.
            logger.error("%s", error)  # noqa: TRY400 - a story
            self._problem = self._problem or f"what was harvested of {day} is damaged"
            return None
        return found[1] if found else None

    def _collect(self, matchers: Matchers, table: pa.Table) -> int:
        texts = zip(
            *(table[name].to_pylist() for name in ("title", "abstract", "categories")), strict=True
        )
        rows: dict[str, list[int]] = {}
        for row, text in enumerate(texts):
            for name in matchers(*text):
                rows.setdefault(name, []).append(row)
        for name, wanted in rows.items():
            self._hits[name].tables.append(table.take(wanted))
        return sum(map(len, rows.values()))

    def _flush(self) -> None:
        """Write what was found."""
        for keyword in self._keywords:
            hits = self._hits[keyword.name]
            if not (hits.tables or hits.is_dirty) or keyword.name in self._failed:
                continue
            try:
                self._keep(keyword, hits)
            except (StoreError, OSError) as error:
                logger.error("%s: not kept: %s", keyword.name, error)  # noqa: TRY400 - a story
                self._failed[keyword.name] = str(error)
            except Exception as error:  # a mistake of ours must not cost the other keywords theirs
                logger.exception("%s: unexpectedly", keyword.name)
                self._failed[keyword.name] = f"unexpectedly, {type(error).__name__}: {error}"
            hits.tables, hits.is_dirty = [], False

    def _keep(self, keyword: Keyword, hits: _Hits) -> None:
        with self._store.updating(keyword.name):
            before = self._read(keyword, hits)
            after = held.gleaned(
                keyword,
                before,
                pa.concat_tables(hits.tables) if hits.tables else held.of_papers([]),
                seen_at=self._now(),
                refreshed_at=self._refreshed_at,
                complete_from=self._coverage.complete_from,
            )
            self._store.write_held(after)
            self._store.write_problem(keyword.name, "")
        earlier = before.versions() if before else set()
        known = {arxiv_id for arxiv_id, _ in earlier}
        came = after.versions() - earlier
        hits.new += len({arxiv_id for arxiv_id, _ in came} - known)
        hits.revised += sum(arxiv_id in known for arxiv_id, _ in came)
        hits.held = after

    def _read(self, keyword: Keyword, hits: _Hits) -> Held | None:
        try:
            return self._store.read_held(keyword.name)
        except StoreDamagedError as error:
            aside = self._store.set_aside(error.path)
            hits.remarks.append(f"what was held is damaged and set aside as {aside}")
            logger.warning("%s: %s", keyword.name, hits.remarks[-1])
            return None

    def _note(self, ledger: Mapping[str, Gleaned]) -> None:
        """Write down up to when keywords have been looked for."""
        # Nothing that was written while we looked is skipped the next time.
        changed = max((k.changed_at for k in self._known.values()), default=_BEGINNING)
        noted = dict(ledger)
        for keyword in self._keywords:
            name = keyword.name
            before = ledger.get(name)
            if name in self._failed or changed == _BEGINNING:
                continue
            known = before if before and before.definition == keyword.definition else None
            if known and known.looked_at > changed:
                continue  # another run has looked further meanwhile
            noted[name] = Gleaned(
                keyword.definition,
                looked_at=changed,
                refreshed_at=self._refreshed_at or (known.refreshed_at if known else None),
                complete_from=self._coverage.complete_from,
                signature=self._store.signature(name),
            )
        self._harvests.write_gleaned(noted)

    def _outcome(self, keyword: Keyword) -> Found | Failed:
        name, refreshed_at = keyword.name, self._refreshed_at
        if reason := self._failed.get(name):
            return Failed(keyword, reason, "it could not be stored")
        if refreshed_at is None:
            brief = self._problem or "nothing has been harvested yet"
            return Failed(keyword, f"what was harvested is not all there is: {brief}", brief)
        hits = self._hits[name]
        return Found(
            keyword,
            refreshed_at,
            self._days[name],
            hits.held,
            hits.new,
            hits.revised,
            tuple(hits.remarks),
        )
