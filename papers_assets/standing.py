"""How the product stands at one moment, read from disk: ages, failures, what runs counted.

Everything is read anew each time, so that nobody is told more, or better, than the files say.
"""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from itertools import repeat

import pyarrow as pa
import pyarrow.parquet as pq

from papers_assets.choosing import Looked, is_of
from papers_assets.counters import Counters, Counts
from papers_assets.coverage import problem_of
from papers_assets.harvests import Harvests
from papers_assets.keywords import Keyword, KeywordsFile
from papers_assets.keywords_file import KeywordsFileError
from papers_assets.outputs import Outputs
from papers_assets.remote import is_remote
from papers_assets.store import Store

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


_NOTHING = HeldFile(0, None)


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
        looked, problem = self._look_at_harvest()
        days = self._outputs.days()
        with ThreadPoolExecutor(_AT_ONCE if is_remote(self._store.home) else 1) as threads:
            found = [looked.get(keyword.name) for keyword in keywords]
            states = threads.map(self._keyword, keywords, found, repeat(problem))
        return State(
            now=self._now(),
            counts=self._counts(),
            keywords=tuple(states),
            has_keywords_file=has_file,
            readme_at=self._readme_at(),
            edition_at=datetime.combine(days[-1], time(), UTC) if days else None,
        )

    def _read_keywords(self) -> bool:
        try:
            self._file = self._read_file()
        except KeywordsFileError as error:
            logger.warning("the metrics are of the keywords of before: %s", error)
            return False
        return True

    def _look_at_harvest(self) -> tuple[Mapping[str, Looked], str]:
        """Give, by keyword, what is known besides what is held; and why none of them is fresh."""
        if self._file is None or self._file.harvest_since is None:
            return {}, ""
        try:
            problem = problem_of(self._file, self._harvests, self._now())
            return self._harvests.ledger.read(), problem
        except OSError as error:
            logger.warning("the harvest is not in the metrics: %s", error)
            return {}, "the harvest cannot be read"

    def _keyword(self, keyword: Keyword, looked: Looked | None, problem: str) -> KeywordState:
        name = keyword.name
        try:
            problem = self._store.read_problem(name) or problem
        except OSError:
            problem = "the reason cannot be read"
        head = self._head(name)
        if looked and is_of(looked, keyword, head.gleaned):
            moments = [m for m in (head.refreshed_at, looked.refreshed_at) if m]
            head = replace(head, refreshed_at=max(moments, default=None))
        return KeywordState(name, head, problem)

    def _head(self, name: str) -> HeldFile:
        """Read the head of what is held of a keyword, if it was written since the last time."""
        try:
            signature = self._store.signature(name)
            if not signature:
                return _NOTHING
            known, head = self._heads.get(name, ("", _NOTHING))
            if known != signature:
                head = _read_head(self._store, name)
                self._heads[name] = signature, head
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            logger.warning("%s: %s", self._store.held_path(name), error)
            return HeldFile(0, None, is_readable=False)
        return head

    def _counts(self) -> Counts | None:
        try:
            return self._counters.read()
        except OSError as error:
            logger.warning("what runs counted is not in the metrics: %s", error)
            return None

    def _readme_at(self) -> datetime | None:
        try:
            return datetime.fromtimestamp(self._store.readme_path.stat().st_mtime, UTC)
        except OSError:
            return None


def _read_head(store: Store, name: str) -> HeldFile:
    with store.held_path(name).open("rb") as file:
        head = pq.read_metadata(file)
    labels = {name.decode(): value.decode() for name, value in (head.metadata or {}).items()}
    refreshed_at, gleaned = labels["refreshed_at"], labels.get("gleaned", "")
    return HeldFile(
        head.num_rows,
        datetime.fromisoformat(refreshed_at) if refreshed_at else None,
        gleaned=int(gleaned) if gleaned else None,
    )
