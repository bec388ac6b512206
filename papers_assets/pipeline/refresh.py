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
from papers_assets.arxiv.retry import CircuitBreaker
from papers_assets.keywords.model import Keyword
from papers_assets.pipeline.backfill import BackfillResult, backfill
from papers_assets.pipeline.compare_with_oai import ComparisonResult, OaiComparison
from papers_assets.pipeline.failures import (
    BUG_REASON,
    NOT_STORED,
    RefreshFailure,
    describe_not_asked,
    describe_unexpected,
    short_reason_for,
)
from papers_assets.pipeline.refresh_keyword import (
    Answers,
    KeywordRefresh,
    RefreshResult,
    SuspectAnswerError,
)
from papers_assets.storage.raw_papers import RawPapersStore, StoreError
from papers_assets.text import progress
from papers_assets.transform.date_ranges import DateSpan

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RefreshOptions:
    """What a refresh is to do beyond bringing the newest papers."""

    full_refresh: bool = False
    """Read up to the cap, and months that have come, as if nothing were held. It stays held."""
    backfill: DateSpan | None = None
    """Fetch the papers submitted on these days, too."""
    oai_comparison_sets: Sequence[str] | None = None
    """Sets of OAI-PMH (none: all of arXiv) of which a day is compared with what queries brought;
    None: nothing is compared."""


def refresh(
    keywords: Sequence[Keyword],
    client: ArxivClient,
    store: RawPapersStore,
    now: Callable[[], datetime],
    options: RefreshOptions = RefreshOptions(),
) -> Iterator[RefreshResult | RefreshFailure | ComparisonResult | BackfillResult]:
    """Refresh each of `keywords` in turn and say what became of it.

    When all are refreshed, they are compared with a day of OAI-PMH, if wished for. Looking back
    comes last: it can take hours.
    """
    store.remove_partial_files()
    breaker = CircuitBreaker()
    answers: Answers = {}
    refreshed: list[Keyword] = []
    witness = (
        None
        if options.oai_comparison_sets is None
        else OaiComparison(options.oai_comparison_sets, client, store, now)
    )
    for number, keyword in enumerate(keywords, 1):
        if error := breaker.open_reason:
            yield _record_failure(
                keyword, describe_not_asked(error), short_reason_for(error), store
            )
            continue
        progress.info("%s (keyword %d of %d): fetching", keyword.name, number, len(keywords))
        one = KeywordRefresh(keyword, client, store, now, breaker.max_attempts)
        try:
            outcome = one.run(answers, full_refresh=options.full_refresh)
            breaker.record_success()
        except ArxivError as error:
            breaker.record_failure(error)
            yield _record_failure(keyword, _describe_error(error), error.short_reason, store)
        except SuspectAnswerError as error:
            breaker.record_success()
            yield _record_failure(keyword, str(error), str(error), store)
        except (StoreError, OSError) as error:  # its own files: others may well be stored
            yield _record_failure(keyword, str(error), NOT_STORED, store)
        except Exception as error:  # a mistake of ours must not cost the other keywords their day
            logger.exception("%s: unexpectedly", keyword.name)
            yield _record_failure(keyword, describe_unexpected(error), BUG_REASON, store)
        else:
            refreshed.append(keyword)
            if witness:
                witness.add(outcome)
            yield outcome
    if witness and refreshed and not breaker.open_reason:
        yield _compare_with_oai(witness, breaker)
    yield from _backfill(refreshed, client, store, now, options, breaker)


def _compare_with_oai(witness: OaiComparison, breaker: CircuitBreaker) -> ComparisonResult:
    comparison = witness.compare()
    if comparison.error:
        breaker.record_failure(comparison.error)
    else:
        breaker.record_success()
    return comparison


def backfill_only(
    keywords: Sequence[Keyword],
    client: ArxivClient,
    store: RawPapersStore,
    now: Callable[[], datetime],
    options: RefreshOptions,
) -> Iterator[BackfillResult]:
    """Look back, as `options` say, at keywords whose newest papers came in another way."""
    yield from _backfill(keywords, client, store, now, options, CircuitBreaker())


def _backfill(  # noqa: PLR0913, PLR0917 - what there is
    keywords: Sequence[Keyword],
    client: ArxivClient,
    store: RawPapersStore,
    now: Callable[[], datetime],
    options: RefreshOptions,
    breaker: CircuitBreaker,
) -> Iterator[BackfillResult]:
    if options.backfill is None:
        return
    for keyword in keywords:
        if error := breaker.open_reason:
            yield BackfillResult(keyword, incomplete=[describe_not_asked(error)])
            continue
        result = backfill(
            keyword,
            options.backfill,
            client,
            store,
            now,
            redo=options.full_refresh,
            max_attempts=breaker.max_attempts,
        )
        if result.error:
            breaker.record_failure(result.error)
        else:
            breaker.record_success()
        yield result


def _describe_error(error: ArxivError) -> str:
    return f"{error} (asked {error.attempts} times)" if error.attempts > 1 else str(error)


def _record_failure(
    keyword: Keyword, reason: str, short_reason: str, store: RawPapersStore
) -> RefreshFailure:
    logger.error("%s: not refreshed: %s", keyword.name, reason)
    try:
        with store.keyword_lock(keyword.name):
            store.write_failure_reason(keyword.name, short_reason)
    except (StoreError, OSError) as error:
        logger.warning("%s: the reason is not on disk either: %s", keyword.name, error)
    return RefreshFailure(keyword, reason, short_reason)
