"""Look for keywords in what was harvested, and keep what matches.

What has been looked for once is not looked for again: a ledger says, by keyword, up to which write
of the harvest. It is written last, so that who is interrupted looks again, which changes nothing. A
keyword that has no news is not written either; the ledger says how fresh it is.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime

import pyarrow as pa

from papers_assets.keywords.matching import MATCHED, Matchers
from papers_assets.keywords.model import Keyword
from papers_assets.pipeline.failures import Failed
from papers_assets.pipeline.keyword_scan import Finds, Found
from papers_assets.storage.files import StoreDamagedError, StoreError
from papers_assets.storage.harvest import Harvests
from papers_assets.storage.raw_papers import Store, slug
from papers_assets.storage.scan_state import Gleaned
from papers_assets.text import counted, progress
from papers_assets.transform.harvest_coverage import CLOCKS, Coverage, Harvested, coverage
from papers_assets.transform.selection_cache import rules

logger = logging.getLogger(__name__)

_FLUSH = 50_000
"""Rows that wait in memory to be written."""


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
        self._unread: dict[date, int] = {}
        """Days that cannot be read now, with the write that brought what is newest; 0: unknown."""
        # While we look, days are brought in. What is written from here on is for the next look.
        with harvests.bringing_in():
            self._last_write = harvests.last_serial()
        self._known, trouble = harvests.look()
        for day, error in trouble.items():
            if found := self._mended(day, error, 0):
                self._known[day] = found[0]
        self._coverage = self._covered()
        self._finds = {keyword.name: Finds(keyword, store) for keyword in keywords}
        self._signatures = store.signatures()
        self._waiting = 0
        """Rows that were found and not written."""

    def _mended(
        self, day: date, error: Exception, serial: int
    ) -> tuple[Harvested, pa.Table] | None:
        """Make room for a day that is damaged, so that the next harvest asks for it again.

        Gives the day, if it can be read after all: it may have been brought in anew meanwhile.
        """
        try:
            if isinstance(error, StoreDamagedError):
                with self._harvests.bringing_in():
                    return self._harvests.read_or_set_aside(day)
        except (StoreError, OSError) as another:
            error = another
        logger.error("%s", error)
        self._unread[day] = serial
        return None

    def _covered(self) -> Coverage:
        return coverage(self._since, self._known, self._problems, self._sets, self._now())

    def run(self, *, look_again: bool) -> Iterator[Found | Failed]:
        self._store.sweep_held()
        ledger = self._harvests.ledger.read()
        groups: dict[int, list[Keyword]] = {}
        for keyword in self._keywords:
            there = None if look_again else ledger.get(keyword.name)
            groups.setdefault(self._looked_until(keyword, there), []).append(keyword)
        for looked_until, group in groups.items():
            self._look(group, looked_until)
        self._flush()
        # Whose file was damaged has lost what it held; what was harvested of that is there still.
        if again := [k for k in self._keywords if self._finds[k.name].has_lost]:
            self._look(again, 0)
            self._flush()
        self._note()
        self._tell()
        for finds in self._finds.values():
            yield finds.outcome(self._coverage)

    def _looked_until(self, keyword: Keyword, there: Gleaned | None) -> int:
        """Say up to which write of the harvest the keyword, as it is now, has been looked for."""
        if there is None or not there.still_holds(keyword, rules(), self._last_write):
            return 0
        signature = self._signatures.get(slug(keyword.name), "")
        return self._finds[keyword.name].begin(there, signature, self._now())

    def _look(self, keywords: Sequence[Keyword], looked_until: int) -> None:
        """Collect what matches of the days that were written after `looked_until`."""
        days = [d for d, k in sorted(self._known.items()) if k.serial > looked_until]
        matchers = Matchers(keywords) if days else None
        for keyword in keywords:
            self._finds[keyword.name].has_lost = False
        for number, day in enumerate(days, 1):
            progress.info(
                "%s (day %d of %d): matching %s",
                day,
                number,
                len(days),
                counted(len(keywords), "keyword"),
            )
            table = self._papers_of(day)
            if matchers is not None and table is not None:
                self._collect(matchers, table)
            if self._waiting >= _FLUSH:
                self._flush(is_last=False)
        unread = [serial for serial in self._unread.values() if not 0 < serial <= looked_until]
        until = max(looked_until, min([self._last_write, *(serial - 1 for serial in unread)]))
        for keyword in keywords:
            finds = self._finds[keyword.name]
            finds.days, finds.until = len(days), until
            # Who is new gets a file, though there be nothing in it.
            finds.is_dirty |= not looked_until

    def _papers_of(self, day: date) -> pa.Table | None:
        """Read a day; None if it cannot be read, and then it counts as missing."""
        try:
            found = self._harvests.read(day)
        except (StoreError, OSError) as error:
            found = self._mended(day, error, self._known[day].serial)
        except Exception:  # a mistake of ours must not cost what is in the other days
            logger.exception("%s: unexpectedly", day)
            found, self._unread[day] = None, self._known[day].serial
        if found is None:
            del self._known[day]
            self._coverage = self._covered()
            return None
        return found[1]

    def _collect(self, matchers: Matchers, table: pa.Table) -> None:
        texts = zip(*(table[name].to_pylist() for name in MATCHED), strict=True)
        rows: dict[str, list[int]] = {}
        for row, text in enumerate(texts):
            for name in matchers(*text):
                rows.setdefault(name, []).append(row)
        # Of several chunks, `take` makes a copy of all, and malloc gives little of those back: for
        # thousands of keywords, gigabytes.
        table = table.combine_chunks()
        for name, wanted in rows.items():
            self._finds[name].add(table.take(wanted))
            self._waiting += len(wanted)

    def _flush(self, *, is_last: bool = True) -> None:
        self._waiting = 0
        for finds in self._finds.values():
            finds.keep(self._now(), self._coverage, is_last=is_last)

    def _note(self) -> None:
        """Write down up to which write of the harvest keywords have been looked for."""
        try:
            with self._harvests.ledger.noting():
                ledger = self._harvests.ledger.read()
                self._harvests.ledger.write(self._noted(ledger))
        except (StoreError, OSError) as error:
            # What was found is on disk. But it is the ledger that says how fresh it is.
            logger.error("who was looked for cannot be noted: %s", error)  # noqa: TRY400 - a story
            for finds in self._finds.values():
                finds.failure = finds.failure or str(error)

    def _noted(self, ledger: Mapping[str, Gleaned]) -> dict[str, Gleaned]:
        """Add to the ledger what has been looked for now."""
        noted = dict(ledger)
        for keyword in self._keywords:
            name, finds = keyword.name, self._finds[keyword.name]
            if finds.failure or finds.has_lost or not finds.until:
                continue
            before = ledger.get(name)
            known = before if before and before.definition == keyword.definition else None
            if known and known.rules == rules() and known.looked_until > finds.until:
                continue  # another run has looked further meanwhile
            noted[name] = Gleaned(
                keyword.definition,
                rules(),
                looked_until=finds.until,
                held_serial=finds.held_serial,
                refreshed_at=self._coverage.refreshed_at or self._earlier(known),
                complete_from=self._coverage.complete_from,
                signature=finds.signature,
            )
        return noted

    def _earlier(self, known: Gleaned | None) -> datetime | None:
        """Give when it was refreshed before, unless a clock that was ahead said so."""
        time = known.refreshed_at if known else None
        return time if time and time <= self._now() + CLOCKS else None

    def _tell(self) -> None:
        """Note who could not be stored, and forget what was wrong with others' queries before."""
        noted = self._store.slugs_with_problem()
        for name, finds in self._finds.items():
            if finds.failure or slug(name) in noted:
                finds.tell()
