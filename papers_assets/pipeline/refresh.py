"""Bring keywords up to date, one after the other: ask arXiv, merge with what is held, keep.

A keyword that fails keeps what it had, and does not keep the others from being asked. But when
arXiv itself is in trouble, they are asked with less and less patience.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.errors import ArxivError
from papers_assets.arxiv.retry import Endurance
from papers_assets.keywords.model import Keyword
from papers_assets.pipeline.backfill import LookedBack, look_back
from papers_assets.pipeline.compare_with_oai import Witness, Witnessed
from papers_assets.pipeline.failures import (
    MISTAKE,
    NOT_STORED,
    Failed,
    brief_of,
    not_asked,
    unexpected,
)
from papers_assets.pipeline.refresh_keyword import Answers, DoubtfulError, KeywordRefresh, Refreshed
from papers_assets.storage.raw_papers import Store, StoreError
from papers_assets.text import progress
from papers_assets.transform.date_ranges import Dates

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wishes:
    """What a refresh is to do beyond bringing the newest papers."""

    ignore_held: bool = False
    """Read up to the cap, and months that have come, as if nothing were held. It stays held."""
    look_back: Dates | None = None
    """Fetch the papers submitted on these days, too."""
    witness: Sequence[str] | None = None
    """Sets of OAI-PMH (none: all of arXiv) of which a day is compared with what queries brought;
    None: nothing is compared."""


def refresh(
    keywords: Sequence[Keyword],
    client: ArxivClient,
    store: Store,
    now: Callable[[], datetime],
    wishes: Wishes = Wishes(),
) -> Iterator[Refreshed | Failed | Witnessed | LookedBack]:
    """Refresh each of `keywords` in turn and say what became of it.

    When all are refreshed, they are compared with a day of OAI-PMH, if wished for. Looking back
    comes last: it can take hours.
    """
    store.sweep_held()
    endurance = Endurance()
    answers: Answers = {}
    refreshed: list[Keyword] = []
    witness = None if wishes.witness is None else Witness(wishes.witness, client, store, now)
    for number, keyword in enumerate(keywords, 1):
        if error := endurance.ended:
            yield _failed(keyword, not_asked(error), brief_of(error), store)
            continue
        progress.info("%s (keyword %d of %d): fetching", keyword.name, number, len(keywords))
        one = KeywordRefresh(keyword, client, store, now, endurance.attempts)
        try:
            outcome = one.run(answers, ignore_held=wishes.ignore_held)
            endurance.answered()
        except ArxivError as error:
            endurance.failed(error)
            yield _failed(keyword, _reason(error), error.brief, store)
        except DoubtfulError as error:
            endurance.answered()
            yield _failed(keyword, str(error), str(error), store)
        except (StoreError, OSError) as error:  # its own files: others may well be stored
            yield _failed(keyword, str(error), NOT_STORED, store)
        except Exception as error:  # a mistake of ours must not cost the other keywords their day
            logger.exception("%s: unexpectedly", keyword.name)
            yield _failed(keyword, unexpected(error), MISTAKE, store)
        else:
            refreshed.append(keyword)
            if witness:
                witness.add(outcome)
            yield outcome
    if witness and refreshed and not endurance.ended:
        yield _compare(witness, endurance)
    yield from _look_back(refreshed, client, store, now, wishes, endurance)


def _compare(witness: Witness, endurance: Endurance) -> Witnessed:
    witnessed = witness.compare()
    if witnessed.error:
        endurance.failed(witnessed.error)
    else:
        endurance.answered()
    return witnessed


def look_back_only(
    keywords: Sequence[Keyword],
    client: ArxivClient,
    store: Store,
    now: Callable[[], datetime],
    wishes: Wishes,
) -> Iterator[LookedBack]:
    """Look back, as `wishes` say, at keywords whose newest papers came in another way."""
    yield from _look_back(keywords, client, store, now, wishes, Endurance())


def _look_back(  # noqa: PLR0913, PLR0917 - what there is
    keywords: Sequence[Keyword],
    client: ArxivClient,
    store: Store,
    now: Callable[[], datetime],
    wishes: Wishes,
    endurance: Endurance,
) -> Iterator[LookedBack]:
    if wishes.look_back is None:
        return
    for keyword in keywords:
        if error := endurance.ended:
            yield LookedBack(keyword, open=[not_asked(error)])
            continue
        looked = look_back(
            keyword,
            wishes.look_back,
            client,
            store,
            now,
            again=wishes.ignore_held,
            max_attempts=endurance.attempts,
        )
        if looked.error:
            endurance.failed(looked.error)
        else:
            endurance.answered()
        yield looked


def _reason(error: ArxivError) -> str:
    return f"{error} (asked {error.attempts} times)" if error.attempts > 1 else str(error)


def _failed(keyword: Keyword, reason: str, brief: str, store: Store) -> Failed:
    logger.error("%s: not refreshed: %s", keyword.name, reason)
    try:
        with store.updating(keyword.name):
            store.write_problem(keyword.name, brief)
    except (StoreError, OSError) as error:
        logger.warning("%s: the reason is not on disk either: %s", keyword.name, error)
    return Failed(keyword, reason, brief)
