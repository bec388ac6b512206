"""Locks of this host's processes, and of all hosts that share a PostgreSQL."""

import logging
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sql
from dagster import serialize_value
from dagster._core.remote_representation.external_data import RepositorySnap
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.settings import PostgresError, SettingsError, parse_url, read_settings
from papers_assets.storage.files import StoreError
from papers_assets.storage.locks import FileLocks, LockLostError, PostgresLocks, open_locks
from papers_assets.storage.postgres import Session, lock_key
from papers_assets.storage.raw_papers import RawPapersStore
from papers_assets_tests.helpers.contention import (
    another,
    count_up,
    hold,
    killed_while_it_holds,
    locks_at,
)
from papers_assets_tests.helpers.postgres_server import Postgres
from papers_assets_tests.helpers.project import Project
from papers_assets_tests.storage.test_rate_limit_postgres import cut
from papers_assets_tests.storage.test_raw_papers import held

NOBODY = "postgresql://papers:hush-hush@127.0.0.1:1/papers"


@pytest.fixture(params=["files", "PostgreSQL"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """The folder, or the URL."""
    return tmp_path if request.param == "files" else request.getfixturevalue("postgres_url")


@pytest.fixture
def session(postgres_url: str) -> Iterator[Session]:
    session = Session(postgres_url)
    yield session
    session.close()


def test_threads_and_processes_lose_nothing_of_what_they_count(
    place: Path | str, tmp_path: Path
) -> None:
    number = tmp_path / "number"
    number.write_text("0")
    threads = [threading.Thread(target=count_up, args=(place, number, 5)) for _ in range(3)]
    with another(count_up, place, number, 5):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert number.read_text() == "20"


def test_a_holder_that_is_killed_frees_its_lock(place: Path | str) -> None:
    killed_while_it_holds(hold, place)
    with locks_at(place).hold("a"):
        pass


def test_locks_of_other_names_and_other_homes_are_others(postgres_url: str) -> None:
    one, other = PostgresLocks(postgres_url, "one"), PostgresLocks(postgres_url, "other")
    with one.hold("a"), one.hold("b"), other.hold("a"):
        one.assert_held()


def test_a_lock_is_not_asked_for_again_by_who_holds_it(postgres_url: str) -> None:
    locks = PostgresLocks(postgres_url)
    with locks.hold("a"), pytest.raises(RuntimeError, match="this very thread"):
        locks.hold("a").__enter__()


def test_a_lock_is_free_when_the_block_has_ended_however_it_ended(postgres_url: str) -> None:
    locks = PostgresLocks(postgres_url, sleep=lambda _: pytest.fail("it is not free"))
    with pytest.raises(ValueError, match="so"), locks.hold("a"):
        raise ValueError("so")
    with locks.hold("a"):
        pass


def test_who_has_lost_a_lock_writes_nothing_any_more(
    postgres_url: str, session: Session, tmp_path: Path
) -> None:
    store = RawPapersStore(tmp_path, PostgresLocks(postgres_url))
    store.write_raw_papers(held(1))
    store.documents.write_readme(["old"])

    def write() -> None:
        with store.keyword_lock("compiler"), store.publish_lock():
            cut(session)
            for attempt in (
                lambda: store.write_raw_papers(held(2)),
                lambda: store.documents.write_readme(["new"]),
                lambda: store.write_failure_reason("compiler", "x"),
                lambda: store.quarantine(store.raw_papers_path("compiler")),
            ):
                with pytest.raises(LockLostError, match=r"PAPERS_LOCKS was lost .* Run again"):
                    attempt()

    write()
    assert store.read_raw_papers("compiler") == held(1)
    assert store.documents.readme_path.read_text() == "old"
    assert store.read_failure_reason("compiler") == ""
    store.write_raw_papers(held(2))  # nobody's lock is needed for what nobody has locked


def test_a_server_that_was_started_anew_has_lost_the_locks_and_gives_new_ones(
    postgres: Postgres, postgres_url: str
) -> None:
    locks = PostgresLocks(postgres_url)

    def check() -> None:
        with locks.hold("a"):
            postgres.stop("immediate")
            postgres.start()
            locks.assert_held()

    with pytest.raises(LockLostError):
        check()
    with locks.hold("a"):
        locks.assert_held()


def test_the_server_is_told_to_look_after_who_is_silent(postgres_url: str) -> None:
    # Over a socket of this host it does not, and says 0; so it is asked what it was told.
    session = Session(postgres_url)
    told = session.execute(
        sql.text("SELECT name, reset_val, source FROM pg_settings WHERE source = 'session'")
    )
    session.close()
    assert {name for name, *_ in told} >= {"tcp_keepalives_idle", "tcp_user_timeout"}


def test_without_the_server_nothing_is_written_and_no_password_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = RawPapersStore(tmp_path, PostgresLocks(NOBODY))
    with caplog.at_level(logging.DEBUG):
        refused = pytest.raises(StoreError, match=r"cannot be had .*PAPERS_LOCKS .*refused")
        with refused as caught, store.keyword_lock("compiler"):
            pytest.fail("held all the same")
    assert "hush-hush" not in f"{caught.value!r} {caught.value.__cause__!r} {caplog.text}"


@pytest.mark.parametrize(
    ("url", "drivername"),
    [
        ("postgresql://h/x", "postgresql+psycopg2"),
        ("postgres://h/x", "postgresql+psycopg2"),
        ("postgresql+psycopg2://h/x", "postgresql+psycopg2"),
        ("postgresql+psycopg://h/x", "postgresql+psycopg2"),  # of the two, the one that is here
    ],
)
def test_whatever_sqlalchemy_takes_for_the_default_the_driver_is_one_that_is_installed(
    url: str, drivername: str
) -> None:
    assert parse_url(url).drivername == drivername


def test_without_a_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papers_assets.settings.find_spec", lambda _: None)
    with pytest.raises(PostgresError, match=r"pip install -e '.\[postgres\]'"):
        parse_url(NOBODY)


@pytest.mark.parametrize("value", ["yes", "mysql://u:hush-hush@h/x", "postgresql:hush-hush@h"])
def test_a_value_that_is_no_url_is_refused_without_being_shown(value: str) -> None:
    with pytest.raises(SettingsError, match=r"PAPERS_LOCKS: expected .*postgresql://") as caught:
        read_settings({"PAPERS_LOCKS": value})
    assert "hush-hush" not in str(caught.value)


def test_settings_do_not_show_the_password() -> None:
    settings = read_settings({"PAPERS_LOCKS": NOBODY})
    assert settings.locks == NOBODY
    assert "hush-hush" not in repr(settings)


@given(names=st.lists(st.text(), min_size=2, max_size=2, unique=True))
def test_names_are_64_bits_apart(names: list[str]) -> None:
    one, other = map(lock_key, names)
    assert one != other
    assert -(2**63) <= min(one, other) <= max(one, other) < 2**63


def test_which_locks_a_home_has(tmp_path: Path) -> None:
    assert isinstance(open_locks("", tmp_path, None), FileLocks)
    assert isinstance(open_locks("local", tmp_path, None), FileLocks)
    assert isinstance(open_locks(NOBODY, tmp_path, None), PostgresLocks)


def test_the_graph_runs_under_shared_locks_and_shows_no_password(
    project: Project, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = postgres_url.replace("postgres@", "postgres:hush-hush@")
    monkeypatch.setenv("PAPERS_LOCKS", secret)
    project.locks = secret
    report = project.run()
    assert (report.failed, report.problem) == ({}, "")
    assert "| " in project.readme
    assert list(project.home.rglob("publishing.lock")) == []
    repository = project.definitions.get_repository_def()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what Dagster asks of itself
        shown = serialize_value(RepositorySnap.from_def(repository))
    assert "PAPERS_LOCKS" in shown
    assert "hush-hush" not in shown
    for run in project.instance.get_runs():
        assert "hush-hush" not in f"{run} {project.instance.all_logs(run.run_id)}"
