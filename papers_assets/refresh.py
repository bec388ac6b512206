"""Bring keywords up to date, one after the other: ask arXiv, merge with what is held, keep.

A keyword that fails keeps what it had, and does not keep the others from being asked.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from papers_assets import held
from papers_assets.arxiv import query
from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.errors import ArxivBlocked, ArxivError
from papers_assets.arxiv.feed import Page
from papers_assets.arxiv.newest import Newest, fetch_newest
from papers_assets.held import Held
from papers_assets.keywords import Keyword
from papers_assets.logs import progress
from papers_assets.store import Store, StoreError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refreshed:
    """A keyword that arXiv answered for."""

    keyword: Keyword
    held: Held
    """After the merge; it is on disk."""
    answer: Newest
    new: int
    """Versions that were not held before."""
    seconds_waited: float
    """At the politeness gate."""


@dataclass(frozen=True)
class Failed:
    """A keyword that could not be refreshed; what was held of it is untouched."""

    keyword: Keyword
    reason: str


def refresh(
    keywords: Sequence[Keyword], client: ArxivClient, store: Store, now: Callable[[], datetime]
) -> Iterator[Refreshed | Failed]:
    """Refresh each of `keywords` in turn and say what became of it."""
    blocked: ArxivBlocked | None = None
    for number, keyword in enumerate(keywords, 1):
        count = (number, len(keywords))
        progress.info("%s (keyword %d of %d): asking", keyword.name, *count)
        try:
            if blocked is not None:
                raise blocked  # noqa: TRY301 - as if it had been asked and answered
            outcome = _refresh_one(keyword, client, store, now)
        except (ArxivError, StoreError, OSError) as error:
            blocked = error if isinstance(error, ArxivBlocked) else blocked
            logger.error("%s: not refreshed: %s", keyword.name, error)  # noqa: TRY400 - a story
            yield Failed(keyword, str(error))
        except Exception as error:  # a mistake of ours must not cost the other keywords their day
            logger.exception("%s: not refreshed, unexpectedly", keyword.name)
            yield Failed(keyword, f"unexpectedly, {type(error).__name__}: {error}")
        else:
            answer = outcome.answer
            logger.info(
                "%s: %d of %d results came (requests: %d), %d new; %d versions held",
                keyword.name,
                len(answer.papers),
                answer.total_results,
                answer.pages,
                outcome.new,
                len(outcome.held.papers),
            )
            yield outcome


def _refresh_one(
    keyword: Keyword, client: ArxivClient, store: Store, now: Callable[[], datetime]
) -> Refreshed:
    before = store.read_held(keyword.name)
    if before is not None and before.definition != keyword.definition:
        logger.info("%s: its definition changed, so it begins afresh", keyword.name)
        before = None
    waited = client.seconds_waited

    def ask(start: int, size: int) -> Page:
        return client.ask(query.newest_first(keyword, start, size))

    answer = fetch_newest(
        keyword,
        ask,
        before.until if before else None,
        fill=before is None or before.cap < keyword.cap,
    )
    if answer.gap:
        logger.warning(
            "%s: %d pages did not reach the newest paper held; papers in between may be missing",
            keyword.name,
            answer.pages,
        )
    after = held.refreshed(keyword, before, answer.papers, now())
    store.write_held(after)
    return Refreshed(
        keyword=keyword,
        held=after,
        answer=answer,
        new=len(after.papers) - (len(before.papers) if before else 0),
        seconds_waited=client.seconds_waited - waited,
    )
