"""How the product stands at one moment, read from disk: ages, failures, what runs counted.

Everything is read anew each time, so that nobody is told more, or better, than the files say.
"""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from itertools import repeat
from typing import NamedTuple

from papers_assets.keywords.file import KeywordsFileError
from papers_assets.keywords.model import Keyword, KeywordsFile
from papers_assets.pipeline.select_papers import Looked, freshest
from papers_assets.settings import is_remote
from papers_assets.storage.editions import Outputs
from papers_assets.storage.harvest import Harvests
from papers_assets.storage.labels import Head
from papers_assets.storage.raw_papers import Store, StoreError, slug
from papers_assets.storage.run_counters import Counters, Counts
from papers_assets.transform.harvest_coverage import Coverage

_AT_ONCE = 16
"""Keywords that are looked at together where each look is a question to a server."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class HeldFile:
    """What the head of the file says that holds a keyword's papers."""

    versions: int
    refreshed_at: datetime | None
    """None: never, or only answers came that are not to be believed."""
    is_readable: bool = True
    gleaned: int | None = None
    """`Held.gleaned`."""
    has_gap: bool = False
    """Whether papers of some days may be missing: `Held.gaps`."""


_NOTHING = HeldFile(0, None)
_UNREADABLE = HeldFile(0, None, is_readable=False)


@dataclass(frozen=True)
class KeywordState:
    """How a keyword stands."""

    name: str
    held: HeldFile
    problem: str
    """Why its last refresh failed, in a few words; empty: it did not."""


@dataclass(frozen=True)
class State:
    """How everything stands at one moment."""

    now: datetime
    counts: Counts | None
    """None: they cannot be read, which is not the same as zero."""
    keywords: tuple[KeywordState, ...]
    has_keywords_file: bool
    """False: keywords.toml cannot be used, and `keywords` are those of when it could be."""
    readme_at: datetime | None
    """When the README was last written; None: there is none."""
    edition_at: datetime | None
    """The day of the newest edition; None: there is none."""
    days_missing: int = 0
    """Of the harvest: `Coverage.missing`."""


class _There(NamedTuple):
    """What is there of all keywords, by `slug`."""

    failed: set[str]
    """As `Store.slugs_with_problem` gives them."""
    signatures: dict[str, str]


class Looking:
    """Looks at what is on disk below one home folder.

    Args:
        read_file: reads keywords.toml, or raises KeywordsFileError.
        store: of that home.
        outputs: of that home.
        counters: of that home.
        now: gives the time, aware.
        harvests: of that home.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what there is to look at
        self,
        read_file: Callable[[], KeywordsFile],
        store: Store,
        outputs: Outputs,
        counters: Counters,
        now: Callable[[], datetime],
        harvests: Harvests,
    ) -> None:
        self._read_file, self._store, self._outputs = read_file, store, outputs
        self._counters, self._now, self._harvests = counters, now, harvests
        self._file: KeywordsFile | None = None
        self._heads: dict[str, tuple[str, HeldFile]] = {}

    def look(self) -> State:
        """Say how everything stands."""
        has_file = self._read_keywords()
        keywords = self._file.keywords if self._file else ()
        looked, covered = self._look_at_harvest()
        there = self._look_at_store()
        days = self._outputs.days()
        with ThreadPoolExecutor(_AT_ONCE if is_remote(self._store.home) else 1) as threads:
            found = [looked.get(keyword.name) for keyword in keywords]
            states = threads.map(
                self._keyword, keywords, repeat(there), found, repeat(covered.problem)
            )
        return State(
            now=self._now(),
            counts=self._counts(),
            keywords=tuple(states),
            has_keywords_file=has_file,
            readme_at=self._readme_at(),
            edition_at=datetime.combine(days[-1], time(), UTC) if days else None,
            days_missing=len(covered.missing),
        )

    def _read_keywords(self) -> bool:
        try:
            self._file = self._read_file()
        except KeywordsFileError as error:
            logger.warning("the metrics are of the keywords of before: %s", error)
            return False
        return not self._file.error

    def _look_at_harvest(self) -> tuple[Mapping[str, Looked], Coverage]:
        """Give, by keyword, what is known besides what is held; and what of the days has come."""
        nothing = Coverage(None, None)
        if self._file is None or self._file.harvest_since is None:
            return {}, nothing
        try:
            covered = self._harvests.coverage(self._file, self._now())
            return self._harvests.ledger.read(), covered or nothing
        except OSError as error:
            logger.warning("the harvest is not in the metrics: %s", error)
            return {}, replace(nothing, problem="the harvest cannot be read")

    def _look_at_store(self) -> _There | None:
        """Give what is there of all keywords; None: that cannot be said."""
        try:
            return _There(self._store.slugs_with_problem(), self._store.signatures())
        except OSError as error:
            logger.warning("what is held is not in the metrics: %s", error)
            return None

    def _keyword(
        self, keyword: Keyword, there: _There | None, looked: Looked | None, problem: str
    ) -> KeywordState:
        name, key = keyword.name, slug(keyword.name)
        if there is None:
            return KeywordState(name, _UNREADABLE, "the reason cannot be read")
        try:
            if key in there.failed:
                problem = self._store.read_problem(name) or problem
        except OSError:
            problem = "the reason cannot be read"
        head = self._head(name, there.signatures.get(key, ""))
        refreshed_at = freshest(keyword, looked, head.refreshed_at, head.gleaned)
        return KeywordState(name, replace(head, refreshed_at=refreshed_at), problem)

    def _head(self, name: str, signature: str) -> HeldFile:
        """Read the head of what is held of a keyword, if it was written since the last time."""
        if not signature:
            return _NOTHING
        known, head = self._heads.get(name, ("", _NOTHING))
        if known != signature:
            try:
                head = _held_file(self._store.read_head(name))
            except (OSError, StoreError) as error:
                logger.warning("%s: %s", name, error)
                return _UNREADABLE
            self._heads[name] = signature, head
        return head

    def _counts(self) -> Counts | None:
        try:
            return self._counters.read()
        except OSError as error:
            logger.warning("what runs counted is not in the metrics: %s", error)
            return None

    def _readme_at(self) -> datetime | None:
        try:
            return datetime.fromtimestamp(self._store.documents.readme_path.stat().st_mtime, UTC)
        except OSError:
            return None


def _held_file(head: Head | None) -> HeldFile:
    if head is None:
        return _NOTHING
    return HeldFile(head.versions, head.refreshed_at, gleaned=head.gleaned, has_gap=head.has_gap)
