"""Look for keywords in what was harvested, and keep what matches.

What has been looked for once is not looked for again: a ledger says, by keyword, up to which write
of the harvest. It is written last, so that who is interrupted looks again, which changes nothing. A
keyword that has no news is not written either; the ledger says how fresh it is.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import pyarrow as pa

from papers_assets import held
from papers_assets.choices import rules
from papers_assets.coverage import Coverage, coverage
from papers_assets.files import StoreDamagedError, StoreError
from papers_assets.harvests import Gleaned, Harvested, Harvests
from papers_assets.held import Held
from papers_assets.keywords import Keyword
from papers_assets.logs import progress
from papers_assets.matching import Matchers
from papers_assets.refresh import Failed
from papers_assets.store import Store, slug

logger = logging.getLogger(__name__)

_FLUSH = 50_000
"""Rows that wait in memory to be written."""
_NOT_STORED = "it could not be stored"


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


@dataclass
class _Hits:
    """What was found of a keyword and is not written yet."""

    tables: list[pa.Table] = field(default_factory=list)
    new: int = 0
    revised: int = 0
    held: Held | None = None
    is_dirty: bool = False
    has_lost: bool = False
    """Whether its file was found damaged since a look began."""
    days: int = 0
    until: int = 0
    """Up to which write of the harvest it has been looked for."""
    written: int = 0
    """`Held.gleaned` of what is on disk."""
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
        self._since, self._sets = since, sets
        self._problems = harvests.read_problems()
        self._known: dict[date, Harvested] = {}
        self._unread: dict[date, int] = {}
        """Days that cannot be read now, with the write that brought what is newest; 0: unknown."""
        for day in harvests.days():
            self._learn(day)
        self._coverage = self._covered()
        self._hits: dict[str, _Hits] = {keyword.name: _Hits() for keyword in keywords}
        self._failed: dict[str, str] = {}

    def _learn(self, day: date) -> None:
        try:
            found = self._harvests.labels(day)
        except StoreError as error:
            found = self._mended(day, error, 0)
        if found:
            self._known[day] = found

    def _mended(self, day: date, error: StoreError, serial: int) -> Harvested | None:
        """Make room for a day that is damaged, so that the next harvest asks for it again."""
        if not isinstance(error, StoreDamagedError):
            logger.error("%s", error)
            self._unread[day] = serial
            return None
        with self._harvests.bringing_in():
            found = self._harvests.read_or_set_aside(day)
        return found[0] if found else None

    def _covered(self) -> Coverage:
        return coverage(self._since, self._known, self._problems, self._sets, self._now())

    def run(self, *, look_again: bool) -> Iterator[Found | Failed]:
        self._store.sweep_held()
        ledger = self._harvests.read_gleaned()
        groups: dict[int, list[Keyword]] = {}
        for keyword in self._keywords:
            there = None if look_again else ledger.get(keyword.name)
            groups.setdefault(self._looked_until(keyword, there), []).append(keyword)
        for looked_until, group in groups.items():
            self._look(group, looked_until)
        self._flush()
        # Whose file was damaged has lost what it held; all of that is in the harvest.
        again = [k for k in self._keywords if self._hits[k.name].has_lost]
        if again:
            self._look(again, 0)
            self._flush()
        with self._harvests.noting():
            self._note(self._harvests.read_gleaned())
        self._tell()
        for keyword in self._keywords:
            yield self._outcome(keyword)

    def _looked_until(self, keyword: Keyword, there: Gleaned | None) -> int:
        """Say up to which write of the harvest the keyword, as it is now, has been looked for."""
        if there is None or there.definition != keyword.definition or there.rules != rules():
            return 0
        if there.looked_until > self._newest_write:
            return 0  # the harvest is from a backup that is older than what is known of it
        signature, hits = self._store.signature(keyword.name), self._hits[keyword.name]
        if there.signature == signature:
            hits.written = there.written
            return there.looked_until
        if there.signature and not signature:
            return 0  # somebody removed what was held
        # Looking back and pruning leave the label as it was; a backup has that of its day.
        hits.written = self._label(keyword, hits)
        return there.looked_until if hits.written >= there.written else hits.written

    def _label(self, keyword: Keyword, hits: _Hits) -> int:
        """Read up to which write the harvest had been looked through when the file was written."""
        try:
            found = self._store.read_held_columns(keyword.name, ("updated",), range(1))
        except StoreDamagedError:
            with self._store.updating(keyword.name):
                found = self._read(keyword, hits)
        except StoreError:
            return 0  # `_keep` says what is wrong with it
        return (found.gleaned or 0) if found else 0

    @property
    def _newest_write(self) -> int:
        return max((of_day.serial for of_day in self._known.values()), default=0)

    def _look(self, keywords: Sequence[Keyword], looked_until: int) -> None:
        """Collect what matches of the days that were written after `looked_until`."""
        until = self._newest_write
        days = [d for d, k in sorted(self._known.items()) if k.serial > looked_until]
        matchers = Matchers(keywords) if days else None
        for keyword in keywords:
            self._hits[keyword.name].has_lost = False
        waiting = 0
        for number, day in enumerate(days, 1):
            progress.info(
                "%s (day %d of %d): looking for %d keywords", day, number, len(days), len(keywords)
            )
            table = self._papers_of(day)
            if matchers is not None and table is not None:
                waiting += self._collect(matchers, table)
            if waiting >= _FLUSH:
                self._flush(is_last=False)
                waiting = 0
        unread = [serial for serial in self._unread.values() if not 0 < serial <= looked_until]
        for keyword in keywords:
            hits = self._hits[keyword.name]
            hits.days = len(days)
            hits.until = max(looked_until, min([until, *(serial - 1 for serial in unread)]))
            # Who is new gets a file, though there be nothing in it.
            hits.is_dirty |= not looked_until

    def _papers_of(self, day: date) -> pa.Table | None:
        """Read a day; None if it cannot be read, and then it counts as missing."""
        try:
            found = self._harvests.read(day)
        except StoreError as error:
            serial = self._known.pop(day).serial
            self._mended(day, error, serial)
            self._coverage = self._covered()
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

    def _flush(self, *, is_last: bool = True) -> None:
        """Write what was found; if it is not the last of it, nothing is fresh by it yet."""
        for keyword in self._keywords:
            hits = self._hits[keyword.name]
            if not (hits.tables or hits.is_dirty) or keyword.name in self._failed:
                continue
            try:
                self._keep(keyword, hits, is_last=is_last)
            except (StoreError, OSError) as error:
                logger.error("%s: not kept: %s", keyword.name, error)  # noqa: TRY400 - a story
                self._failed[keyword.name] = str(error)
            except Exception as error:  # a mistake of ours must not cost the other keywords theirs
                logger.exception("%s: unexpectedly", keyword.name)
                self._failed[keyword.name] = f"unexpectedly, {type(error).__name__}: {error}"
            hits.tables, hits.is_dirty = [], not is_last

    def _keep(self, keyword: Keyword, hits: _Hits, *, is_last: bool) -> None:
        with self._store.updating(keyword.name):
            before = self._read(keyword, hits)
            after = held.gleaned(
                keyword,
                before,
                pa.concat_tables(hits.tables) if hits.tables else held.of_papers([]),
                until=hits.until if is_last else None,
                seen_at=self._now(),
                refreshed_at=self._coverage.refreshed_at if is_last else None,
                complete_from=self._coverage.complete_from,
            )
            self._store.write_held(after)
        earlier = before.versions() if before else set()
        known = {arxiv_id for arxiv_id, _ in earlier}
        came = after.versions() - earlier
        hits.new += len({arxiv_id for arxiv_id, _ in came} - known)
        hits.revised += sum(arxiv_id in known for arxiv_id, _ in came)
        hits.held, hits.written = after, after.gleaned or 0

    def _read(self, keyword: Keyword, hits: _Hits) -> Held | None:
        try:
            return self._store.read_held(keyword.name)
        except StoreDamagedError as error:
            aside = self._store.set_aside(error.path)
            hits.has_lost = True
            hits.remarks.append(f"what was held is damaged and set aside as {aside}")
            logger.warning("%s: %s", keyword.name, hits.remarks[-1])
            return None

    def _note(self, ledger: Mapping[str, Gleaned]) -> None:
        """Write down up to which write of the harvest keywords have been looked for."""
        noted = dict(ledger)
        for keyword in self._keywords:
            name, hits = keyword.name, self._hits[keyword.name]
            if name in self._failed or not hits.until:
                continue
            before = ledger.get(name)
            known = before if before and before.definition == keyword.definition else None
            if known and known.rules == rules() and known.looked_until > hits.until:
                continue  # another run has looked further meanwhile
            noted[name] = Gleaned(
                keyword.definition,
                rules(),
                looked_until=hits.until,
                written=hits.written,
                refreshed_at=self._coverage.refreshed_at or (known.refreshed_at if known else None),
                complete_from=self._coverage.complete_from,
                signature=self._store.signature(name),
            )
        self._harvests.write_gleaned(noted)

    def _tell(self) -> None:
        """Note who could not be stored, and forget what was wrong with others' queries before."""
        noted = self._store.slugs_with_problem()
        for keyword in self._keywords:
            brief = _NOT_STORED if keyword.name in self._failed else ""
            if not brief and slug(keyword.name) not in noted:
                continue
            try:
                with self._store.updating(keyword.name):
                    self._store.write_problem(keyword.name, brief)
            except (StoreError, OSError) as error:
                logger.warning("%s: that is not noted on disk: %s", keyword.name, error)

    def _outcome(self, keyword: Keyword) -> Found | Failed:
        name, coverage_ = keyword.name, self._coverage
        if reason := self._failed.get(name):
            return Failed(keyword, reason, _NOT_STORED)
        if coverage_.problem or coverage_.refreshed_at is None:
            reason = f"what was harvested is not all there is: {coverage_.problem}"
            return Failed(keyword, reason, coverage_.problem)
        hits = self._hits[name]
        remarks = [*hits.remarks, *([coverage_.remark] if coverage_.remark else [])]
        return Found(
            keyword,
            coverage_.refreshed_at,
            hits.days,
            hits.held,
            hits.new,
            hits.revised,
            tuple(remarks),
        )
