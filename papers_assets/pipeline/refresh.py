"""Refresh keywords one after the other: query arXiv, merge the answer and store it.

A keyword that fails keeps its raw papers and does not stop the others. But if arXiv itself fails,
the circuit breaker allows the next keyword only one attempt, and after repeated failures none.
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
    """The options of a refresh besides fetching the newest papers."""

    full_refresh: bool = False
    """Fetch up to the cap, and backfilled months again, as if nothing were stored. The raw papers
    stay."""
    backfill: DateSpan | None = None
    """Also fetch the papers submitted on these days."""
    oai_comparison_sets: Sequence[str] | None = None
    """OAI-PMH sets (none: all of arXiv) to compare with the query results for one day; None:
    compare nothing."""


def refresh(
    keywords: Sequence[Keyword],
    client: ArxivClient,
    store: RawPapersStore,
    now: Callable[[], datetime],
    options: RefreshOptions = RefreshOptions(),
) -> Iterator[RefreshResult | RefreshFailure | ComparisonResult | BackfillResult]:
    """Refresh each of `keywords` in turn, and yield its result.

    Then compare them with a day of OAI-PMH, if `options` ask for it. The backfill comes last,
    because it can take hours.
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
        except (StoreError, OSError) as error:  # its own files: the others may be stored
            yield _record_failure(keyword, str(error), NOT_STORED, store)
        except Exception as error:  # a bug here must not stop the other keywords
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
    """Backfill keywords whose newest papers come from another source, as `options` ask."""
    yield from _backfill(keywords, client, store, now, options, CircuitBreaker())


def _backfill(  # noqa: PLR0913, PLR0917 - the state of a refresh
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
