from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.errors import (
    ArxivBlocked,
    ArxivDeadlineExceeded,
    ArxivError,
    ArxivInvalidQuery,
    ArxivUnreachable,
)
from papers_assets.arxiv.retry import MAX_FAILURES_IN_A_ROW, CircuitBreaker

REFUSED = ArxivInvalidQuery("the query", 400)
TROUBLE = [ArxivUnreachable("nobody there"), OSError("no space left")]
MILD = st.one_of(st.none(), st.just(REFUSED))


def after(*errors: Exception | None) -> CircuitBreaker:
    breaker = CircuitBreaker()
    for error in errors:
        if error is None:
            breaker.record_success()
        else:
            breaker.record_failure(error)
    return breaker


@given(
    st.lists(
        st.sampled_from(TROUBLE), min_size=MAX_FAILURES_IN_A_ROW, max_size=MAX_FAILURES_IN_A_ROW
    ),
    st.lists(MILD),
)
def test_arxiv_is_left_alone_after_trouble_in_a_row(
    troubles: list[Exception], before: list[ArxivError | None]
) -> None:
    assert after(*before, *troubles).open_reason is troubles[-1]


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from(TROUBLE), max_size=MAX_FAILURES_IN_A_ROW - 1), MILD)
    )
)
def test_an_answer_in_between_begins_the_count_anew(
    stretches: list[tuple[list[Exception], ArxivError | None]],
) -> None:
    breaker = after(*(error for troubles, mild in stretches for error in (*troubles, mild)))
    assert breaker.open_reason is None
    assert breaker.max_attempts is None


def test_who_is_blocked_or_has_no_time_left_stops_at_once() -> None:
    for error in (ArxivBlocked("go away", 403), ArxivDeadlineExceeded("the deadline is over")):
        assert after(error).open_reason is error


def test_after_trouble_arxiv_is_asked_once() -> None:
    assert after(TROUBLE[0]).max_attempts == 1
