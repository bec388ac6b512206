"""The gate over a PostgreSQL: its clock, its table, and when it cannot be reached."""

import logging
import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest
import sqlalchemy as sql

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.errors import ArxivError
from papers_assets.arxiv.rate_limit import RateLimiter, RateLimitTimeout, RateLimitUnreachable
from papers_assets.arxiv.retry import RetryPolicy
from papers_assets.arxiv.sample import SampleArxiv
from papers_assets.storage.postgres import Session
from papers_assets.storage.rate_limit import PostgresBackend

SHORT = 0.2
NOBODY = "postgresql://papers:hush-hush@127.0.0.1:1/papers"
SERVER = "127.0.0.1_1"


@pytest.fixture
def session(postgres_url: str) -> Iterator[Session]:
    """Somebody else at the same database."""
    session = Session(postgres_url)
    yield session
    session.close()


def cut(session: Session) -> None:
    """End every other connection to the database, as when its server is started anew."""
    session.execute(
        sql.text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    )


def gate(url: str, interval: float = SHORT) -> RateLimiter:
    """A gate that only the database knows of, as on hosts of their own."""
    return RateLimiter(PostgresBackend(url, SERVER), interval)


def test_requests_of_many_are_apart_by_the_servers_clock(
    postgres_url: str, session: Session
) -> None:
    starts = []

    def ask() -> None:
        own = gate(postgres_url)
        for _ in range(2):
            with own.slot():
                now = session.execute(sql.text("SELECT extract(epoch FROM clock_timestamp())"))
                starts.append(float(now[0][0]))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(starts) == 6
    assert min(b - a for a, b in pairwise(starts)) >= SHORT


def test_servers_have_gates_of_their_own(postgres_url: str) -> None:
    one, other = (RateLimiter(PostgresBackend(postgres_url, name), 1000.0) for name in ("x", "y"))
    with one.slot(), other.slot(timeout=0):
        pass


@pytest.mark.parametrize(
    "stamp", ["'NaN', 'NaN'", "NULL, NULL", "'Infinity', 0", "9e9, 9e9", "0, 'Infinity'"]
)
def test_a_row_that_makes_no_sense_means_that_a_request_may_just_have_begun(
    postgres_url: str, session: Session, stamp: str
) -> None:
    with gate(postgres_url).slot():
        pass
    session.execute(sql.text("DELETE FROM papers_assets_gate"))
    insert = f"INSERT INTO papers_assets_gate VALUES ('{SERVER}', {stamp})"  # noqa: S608 - ours
    session.execute(sql.text(insert))
    with (
        pytest.raises(RateLimitTimeout, match="in 1000 s only"),
        gate(postgres_url, 1000).slot(900),
    ):
        pass


def test_when_the_server_is_not_there_nobody_asks_and_why_is_said_without_its_password() -> None:
    refused = pytest.raises(RateLimitUnreachable, match=r"PAPERS_LOCKS.*refused")
    with refused as caught, gate(NOBODY).slot():
        pytest.fail("asked all the same")
    assert "hush-hush" not in str(caught.value)
    assert caught.value.__cause__ is not None
    assert "hush-hush" not in str(caught.value.__cause__)


def test_each_keyword_fails_by_name_and_arxiv_hears_nothing(server: SampleArxiv) -> None:
    retry_policy = RetryPolicy(max_attempts=2, backoff=0.0)
    client = ArxivClient(server.url, gate(NOBODY), retry_policy, sleep=lambda _: None)
    with pytest.raises(ArxivError, match="arXiv was not asked") as caught:
        client.query({"search_query": "all:compiler"})
    client.close()
    assert caught.value.attempts == 2
    assert server.requests == []


def test_who_has_lost_the_lock_stops_asking(postgres_url: str, session: Session) -> None:
    asking = gate(postgres_url)

    def ask() -> None:
        with asking.slot():
            cut(session)
            asking.mark_sent()

    with pytest.raises(RateLimitUnreachable):
        ask()
    with asking.slot() as waited:
        assert waited >= SHORT


def test_what_went_wrong_is_said_and_not_that_the_lock_was_lost_then(
    postgres_url: str, session: Session
) -> None:
    def reset() -> None:
        cut(session)
        raise OSError("reset")

    with pytest.raises(OSError, match="reset"), gate(postgres_url).slot():
        reset()


def test_a_pause_that_others_could_not_be_told_of_is_kept_all_the_same(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = PostgresBackend(postgres_url, "x")
    asking = RateLimiter(backend, 0)
    with monkeypatch.context() as patch:
        patch.setattr(backend, "_url", NOBODY)
        with pytest.raises(RateLimitUnreachable):
            asking.block_for(1000)
    with pytest.raises(RateLimitTimeout, match="in 1000 s only"), asking.slot(timeout=900):
        pass


def test_a_turn_that_another_process_holds_for_too_long_is_given_up(postgres_url: str) -> None:
    late = pytest.raises(RateLimitTimeout, match="was asking for 0 s")
    with gate(postgres_url).slot(), late, gate(postgres_url).slot(0):
        pytest.fail("asked all the same")


def test_the_table_is_made_once_whoever_comes_first(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    failed = []

    def ask() -> None:
        try:
            with gate(postgres_url, 0).slot():
                pass
        except RateLimitUnreachable as error:
            failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    with caplog.at_level(logging.WARNING):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    assert caplog.records == []


def test_a_user_who_may_not_make_the_table_hears_of_it(postgres_url: str, session: Session) -> None:
    session.execute(sql.text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
    session.execute(sql.text("CREATE ROLE guest LOGIN"))
    try:
        as_guest = gate(postgres_url.replace("postgres@", "guest@"))
        with pytest.raises(RateLimitUnreachable, match="permission denied"), as_guest.slot():
            pytest.fail("asked all the same")
    finally:
        session.execute(sql.text("DROP ROLE guest"))
