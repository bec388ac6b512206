"""A home in object storage: a real S3 server of this machine, with the guarantees of a disk."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from s3fs import S3FileSystem

from papers_assets import settings as settings_module
from papers_assets.arxiv.sample import SampleArxiv
from papers_assets.defs.headless import open_instance
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.pipeline.select_papers import select_all
from papers_assets.pipeline.status import StatusReader
from papers_assets.settings import SettingsError, read_settings
from papers_assets.storage import filesystem, remote
from papers_assets.storage.documents import FRONT_PAGE_MARK
from papers_assets.storage.editions import AnnouncedPapers, EditionStore
from papers_assets.storage.files import StoreDamagedError, StoreError, atomic_write, file_lock
from papers_assets.storage.harvest import HarvestStore
from papers_assets.storage.locks import FileLocks, LockLostError, PostgresLocks
from papers_assets.storage.postgres import Session
from papers_assets.storage.raw_papers import RawPapersStore, build_slug
from papers_assets.storage.run_counters import CounterStore, Counts
from papers_assets.transform.editions import Position
from papers_assets.transform.raw_papers import RawPapers, merge_answer
from papers_assets.transform.selection import SHORT_REASONS_ATTR
from papers_assets_tests.helpers import ui_driver
from papers_assets_tests.helpers.command_line import papers
from papers_assets_tests.helpers.contention import another
from papers_assets_tests.helpers.factories import LATER, keyword, paper
from papers_assets_tests.helpers.project import Pipeline
from papers_assets_tests.reliability.worlds import corpus_at, history
from papers_assets_tests.storage.test_editions import pieces
from papers_assets_tests.storage.test_rate_limit_postgres import cut
from papers_assets_tests.storage.test_raw_papers import held
from papers_assets_tests.transform.test_editions import DAY, Days

PAGE = f"{build_slug('compiler')}.md"


@pytest.fixture
def store(s3_home: Path, tmp_path: Path) -> RawPapersStore:
    return RawPapersStore(s3_home, FileLocks(tmp_path / "locks"), tmp_path)


@pytest.fixture
def edition_store(s3_home: Path, tmp_path: Path) -> EditionStore:
    return EditionStore(s3_home, FileLocks(tmp_path / "locks"))


def objects(home: Path) -> set[str]:
    """The names of all objects below `home`, as another client lists them."""
    other = S3FileSystem(skip_instance_cache=True)
    start = str(home).removeprefix("s3://")
    return {str(name).removeprefix(f"{start}/") for name in other.find(start)}


def test_what_is_held_is_read_as_it_was_written_and_signed_anew(store: RawPapersStore) -> None:
    assert (store.read_raw_papers("compiler"), store.etag("compiler")) == (None, "")
    etags = set()
    for value in (held(1), held(1, 2)):
        with store.keyword_lock("compiler"):
            store.write_raw_papers(value)
        assert store.read_raw_papers("compiler") == value
        etags.add(store.etag("compiler"))
    assert len(etags) == 2


def test_why_a_refresh_failed_is_kept_and_forgotten(store: RawPapersStore) -> None:
    for problem in ("arXiv answered 500", "", ""):
        store.write_failure_reason("compiler", problem)
        assert store.read_failure_reason("compiler") == problem


def test_what_another_host_writes_is_seen_at_once(store: RawPapersStore) -> None:
    store.documents.write_page(PAGE, ["x"])
    assert [name for name, _ in store.documents.read_pages()] == [PAGE]
    other = S3FileSystem(skip_instance_cache=True)
    folder = str(store.documents.pages_folder)
    other.pipe_file(f"{folder}/{build_slug('compiler')}-2.md", b"y")
    other.pipe_file(f"{folder}/notes.md", b"somebody else's")
    assert [content for _, content in store.documents.read_pages()] == [b"x", b"y"]
    other.rm_file(f"{folder}/{PAGE}")
    assert [content for _, content in store.documents.read_pages()] == [b"y"]


def test_pages_and_front_page_are_removed_and_somebody_elses_stay(store: RawPapersStore) -> None:
    store.documents.write_page(PAGE, ["x"])
    store.documents.write_page("notes.md", ["mine"])
    store.documents.write_front_page([FRONT_PAGE_MARK])
    with store.publish_lock():
        store.documents.remove_pages()
        store.documents.remove_front_page()
    assert objects(store.home) == {"output/keywords/notes.md"}
    filesystem.remove_file(store.documents.front_page_path)  # it is gone already
    remote.upload(Path(__file__), store.documents.front_page_path)
    with pytest.raises(StoreError, match="did not write this file"):
        store.documents.write_front_page([FRONT_PAGE_MARK])


def test_a_damaged_object_is_refused_by_name_and_set_aside(store: RawPapersStore) -> None:
    store.write_raw_papers(held(1))
    path = store.raw_papers_path("compiler")
    with atomic_write(path) as file:
        file.write(b"PAR1 or so")
    with pytest.raises(StoreDamagedError, match=rf"^{path}: it cannot be read"):
        store.read_raw_papers("compiler")
    assert [store.quarantine(path).name, store.read_raw_papers("compiler")] == [
        f"{path.name}.damaged-1",
        None,
    ]


def test_documents_that_cannot_all_be_written_leave_the_old_ones(store: RawPapersStore) -> None:
    store.documents.write_readme(["old"])

    def broken() -> Iterator[str]:
        yield "new, but "
        raise ValueError("the template broke")

    def write() -> None:
        with store.documents.atomic_batch():
            store.documents.write_readme(["new"])
            assert store.documents.read(store.documents.readme_path) == b"new"
            store.documents.write_page(PAGE, broken())

    with pytest.raises(ValueError, match="broke"):
        write()
    assert store.documents.read(store.documents.readme_path) == b"old"
    assert objects(store.home) == {"output/README.md"}


def on_asking(monkeypatch: pytest.MonkeyPatch, method: str, act: Callable[[], None]) -> list[str]:
    """Do something when S3 is about to be asked for `method`; gives all that it is asked for."""
    call, asked = S3FileSystem._call_s3, []

    async def asking(self: S3FileSystem, name: str, *args: object, **options: object) -> object:
        asked.append(name)
        if name == method:
            act()
        return await call(self, name, *args, **options)

    monkeypatch.setattr(S3FileSystem, "_call_s3", asking)
    return asked


def break_off() -> None:
    raise ConnectionResetError("the network is gone")


@pytest.mark.parametrize("method", ["upload_part", "complete_multipart_upload"])
def test_an_upload_in_parts_that_breaks_off_leaves_what_was_there_and_nothing_aside(
    store: RawPapersStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, method: str
) -> None:
    store.write_raw_papers(held(1))
    (tmp_path / "aside").mkdir()
    with monkeypatch.context() as patch:
        # As if it were larger than what is sent at once.
        patch.setattr("s3fs.core.calculate_chunksize", lambda *_, **__: 100)
        patch.setattr("tempfile.tempdir", str(tmp_path / "aside"))
        asked = on_asking(patch, method, break_off)
        with pytest.raises(StoreError, match=r"cannot be written \(.*gone.*\)\. What was there"):
            store.write_raw_papers(held(1, 2, 3))
    assert asked[-1] == "abort_multipart_upload"
    assert list((tmp_path / "aside").iterdir()) == []
    assert store.read_raw_papers("compiler") == held(1)


def test_an_upload_that_breaks_off_leaves_what_was_there(
    store: RawPapersStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write_raw_papers(held(1))
    with monkeypatch.context() as patch:
        on_asking(patch, "put_object", break_off)
        with pytest.raises(StoreError, match="is as it was"):
            store.write_raw_papers(held(1, 2))
    assert store.read_raw_papers("compiler") == held(1)


def test_a_large_object_is_fetched_at_once_and_not_in_pieces_of_two_writers(
    store: RawPapersStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.documents.write_readme(["a" * 1000])
    monkeypatch.setattr(S3FileSystem, "default_block_size", 100)  # as if it were 50 MB
    asked = on_asking(monkeypatch, "", break_off)
    assert store.documents.read(store.documents.readme_path) == b"a" * 1000
    assert asked == ["get_object"]


def test_trouble_on_the_way_is_no_damage_and_not_taken_for_nothing(
    store: RawPapersStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trouble() -> None:
        raise RuntimeError("as botocore's own errors, which are no OSError")

    store.write_raw_papers(held(1))
    on_asking(monkeypatch, "get_object", trouble)
    with pytest.raises(OSError, match="RuntimeError: as botocore"):
        store.read_raw_papers("compiler")
    with pytest.raises(OSError, match="RuntimeError: as botocore"):
        store.read_failure_reason("compiler")


@pytest.fixture
def requested(store: RawPapersStore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What S3 is asked for, request by request: methods, and what is asked of a `raw_papers`."""
    session, found = import_module("aiobotocore.httpsession").AIOHTTPSession, list[str]()
    send = session.send

    async def sending(self: object, request: Any) -> object:
        if "raw_papers" in request.url:
            what = "list" if "list-type" in request.url else Path(urlsplit(request.url).path).name
            found.append(f"{request.method} {what}")
        return await send(self, request)

    monkeypatch.setattr(session, "send", sending)
    for name in NAMES:
        store.write_raw_papers(held(1, name=name))
    store.write_failure_reason("one", "arXiv answered 503")
    found.clear()
    return found


NAMES = ("one", "two", "three", "four")
OF_ALL = ["GET list", f"GET {build_slug('one')}.problem.json", "GET list"]


def file_of(home: Path) -> KeywordsConfig:
    return KeywordsConfig(home, tuple(map(keyword, NAMES)), ZoneInfo("UTC"), "0 6 * * *")


def test_keywords_that_did_not_change_are_published_without_a_request_for_each(
    store: RawPapersStore, requested: list[str], tmp_path: Path
) -> None:
    keywords_config = file_of(tmp_path)
    previous = select_all(keywords_config, store, LATER.date()).frame
    assert len(requested) > len(NAMES)
    requested.clear()
    result = select_all(keywords_config, store, LATER.date(), previous)
    assert result.reused == set(NAMES)
    assert result.frame.attrs[SHORT_REASONS_ATTR] == {"one": "arXiv answered 503"}
    assert requested == OF_ALL
    assert store.etags() == {build_slug(name): store.etag(name) for name in NAMES}


def test_metrics_of_keywords_that_did_not_change_ask_nothing_for_each(
    store: RawPapersStore, requested: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, locks = store.home, store.locks
    looking = StatusReader(
        lambda: file_of(tmp_path),
        store,
        EditionStore(home, locks),
        CounterStore(home, locks),
        lambda: LATER,
        HarvestStore(home, locks),
    )
    first = looking.read_status()
    requested.clear()
    assert looking.read_status() == first
    assert sorted(requested) == sorted(OF_ALL)
    assert [(k.file.versions, k.short_reason) for k in first.keywords] == [
        (1, "arXiv answered 503"),
        *[(1, "")] * 3,
    ]
    monkeypatch.setattr(store, "etags", break_off)
    for of_keyword in looking.read_status().keywords:
        assert not of_keyword.file.is_readable
        assert of_keyword.short_reason == "the reason cannot be read"


def test_counts_are_kept_through_trouble_on_the_way(
    s3_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def trouble() -> None:
        raise RuntimeError("as botocore's own errors, which are no OSError")

    counters = CounterStore(s3_home, FileLocks(tmp_path))
    counters.add(Counts(3))
    with monkeypatch.context() as patch:
        on_asking(patch, "get_object", trouble)
        counters.add(Counts(1))
    assert "RuntimeError: as botocore" in caplog.text
    assert counters.read() == Counts(3)


def test_a_bucket_that_is_not_there_is_trouble_and_no_empty_home(
    s3_environment: dict[str, str], tmp_path: Path
) -> None:
    assert s3_environment
    store = RawPapersStore(
        settings_module.open_home("s3://invented-missing/papers"), FileLocks(tmp_path), tmp_path
    )
    for ask in (
        lambda: store.read_raw_papers("compiler"),
        lambda: store.read_failure_reason("compiler"),
        lambda: list(store.documents.read_pages()),
        lambda: store.write_raw_papers(held(1)),
    ):
        with pytest.raises((OSError, StoreError), match="no such bucket") as caught:
            ask()
        assert not isinstance(caught.value, FileNotFoundError)


def test_who_may_not_ask_for_the_bucket_may_use_it_all_the_same(
    store: RawPapersStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise PermissionError("only what is below papers/")

    asked = on_asking(monkeypatch, "head_bucket", refuse)
    assert store.read_raw_papers("compiler") is None
    assert "head_bucket" in asked


def test_a_long_wait_for_a_lock_is_told_once(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = "papers_assets_tests:compiler"
    holder = Session(postgres_url)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if sum(pauses) > 150:
            holder.unlock(name)

    assert holder.try_lock(name)
    with PostgresLocks(postgres_url, "papers_assets_tests", sleep=sleep).hold("compiler"):
        told = [record for record in caplog.records if record.levelno == logging.WARNING]
    holder.close()
    assert [record.getMessage()[:38] for record in told] == [
        "still waiting for the lock compiler of"
    ]


def add(url: str, home: str, first: int) -> None:
    """Add four papers, one by one, as four refreshes of the same keyword do."""
    for number in range(first, first + 4):
        store = RawPapersStore(remote.parse_path(home), PostgresLocks(url, home))
        with store.keyword_lock("compiler"):
            before = store.read_raw_papers("compiler")
            store.write_raw_papers(merge_answer(keyword(), before, [paper(number)], LATER))


def numbers(value: RawPapers | None) -> list[int]:
    assert value is not None
    return sorted(int(name.split(".")[1]) for name, _ in value.versions())


@pytest.mark.slow
def test_writers_on_threads_and_processes_undo_nothing_of_each_others(
    s3_home: Path, postgres_url: str
) -> None:
    threads = [Thread(target=add, args=(postgres_url, str(s3_home), n)) for n in (1, 5)]
    with another(add, postgres_url, str(s3_home), 9):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert numbers(RawPapersStore(s3_home).read_raw_papers("compiler")) == list(range(1, 13))


def test_who_has_lost_the_lock_replaces_no_object(s3_home: Path, postgres_url: str) -> None:
    session = Session(postgres_url)
    store = RawPapersStore(s3_home, PostgresLocks(postgres_url, str(s3_home)))
    store.write_raw_papers(held(1))

    def write() -> None:
        with store.keyword_lock("compiler"):
            cut(session)
            store.write_raw_papers(held(2))

    with pytest.raises(LockLostError):
        write()
    session.close()
    assert store.read_raw_papers("compiler") == held(1)


def test_a_lock_that_is_lost_while_an_object_is_put_does_not_go_unnoticed(
    s3_home: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(postgres_url)
    store = RawPapersStore(s3_home, PostgresLocks(postgres_url, str(s3_home)))
    on_asking(monkeypatch, "put_object", lambda: cut(session))

    def write() -> None:
        with store.keyword_lock("compiler"):
            store.write_raw_papers(held(2))

    with pytest.raises(LockLostError):
        write()
    session.close()


def test_without_shared_locks_nothing_is_written_there(s3_home: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(StoreError, match="PAPERS_LOCKS"),
        RawPapersStore(s3_home).keyword_lock("compiler"),
    ):
        pytest.fail("held all the same")
    with pytest.raises(StoreError, match="PAPERS_LOCKS"), file_lock(s3_home / "x.lock"):
        pytest.fail("held all the same")
    refused = pytest.raises(StoreError, match="set DAGSTER_HOME")
    with refused, open_instance(s3_home, {"HOME": str(tmp_path)}):
        pytest.fail("opened all the same")


def test_publications_are_read_back_and_what_is_no_longer_followed_goes(
    edition_store: EditionStore,
) -> None:
    assert (edition_store.list_days(), edition_store.read_deliveries()) == ([], {})
    days = Days()
    edition = days.part({"a": [paper(1)]}, DAY)
    edition_store.write_edition(edition)
    edition_store.write_announced(AnnouncedPapers(days.known, edition.position))
    edition_store.write_digest(DAY, "new")
    assert (edition_store.list_days(), edition_store.newest_edition()) == ([DAY], edition)
    assert edition_store.read_edition(date(2026, 1, 1)) is None
    assert edition_store.read_announced().position == edition.position
    with edition_store.delivery_lock():
        edition_store.write_deliveries({"webhook": Position(DAY, 1)})
    assert edition_store.read_deliveries() == {"webhook": Position(DAY, 1)}
    a, b = build_slug("a"), build_slug("b")
    edition_store.write_site("feeds", pieces(**{f"{a}_xml": "1", f"{b}_xml": "2"}))
    remote.upload(Path(__file__), edition_store.site_folder / "feeds" / "mine.xml")
    edition_store.write_site("feeds", pieces(**{f"{a}_xml": "3"}))
    left = {name for name in objects(edition_store.folder) if name.startswith("site")}
    assert left == {f"site/feeds/{a}.xml", "site/feeds/mine.xml"}


def test_browsers_are_told_what_a_file_is(edition_store: EditionStore) -> None:
    edition_store.write_site("", iter([("index.html", iter(["<p>"]))]))
    info = S3FileSystem().info(str(edition_store.site_folder / "index.html"))
    assert info["ContentType"] == "text/html"


@pytest.mark.slow
def test_the_whole_graph_over_two_days_loses_nothing(
    s3_home: Path, server: SampleArxiv, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline = Pipeline(s3_home, server, locks="local", host_folder=tmp_path)
    versions: set[tuple[str, int]] = set()
    for moment in (len(history()) - 12, len(history())):
        server.corpus = corpus_at(moment)
        with caplog.at_level(logging.ERROR):
            report = pipeline.run()
        assert (report.failed, report.unpublished, report.problem) == ({}, {}, "")
        assert caplog.records == []
        for name in pipeline.file.names:
            found = pipeline.store.read_raw_papers(name)
            assert found is not None
            versions |= found.versions()
        pipeline.next_day()
    read = pipeline.outputs.read_announced().papers
    assert set(pipeline.store.read_papers()["arxiv_id"]) <= set(read["arxiv_id"])
    assert len(versions) >= 3
    assert len(pipeline.outputs.list_days()) == 2
    there = objects(s3_home)
    assert {"output/README.md", "output/site/index.html", ".papers/papers.parquet"} <= there
    assert [name for name in there if "tmp" in name or "lock" in name or "dagster" in name] == []


@pytest.mark.slow
def test_the_command_line_runs_over_s3_and_wants_a_place_for_its_history(
    s3_home: Path, s3_environment: dict[str, str], server: SampleArxiv, tmp_path: Path
) -> None:
    keywords = tmp_path / "keywords.toml"
    keywords.write_text("[keywords.compiler]\n")
    variables = ui_driver.environment(
        tmp_path, keywords, server.url, PAPERS_HOME=str(s3_home), **s3_environment
    )
    variables["PAPERS_LOCKS"] = "local"
    asked = papers(variables, "ui")
    assert (asked.returncode, "set DAGSTER_HOME" in asked.stderr) == (2, True)
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    variables["DAGSTER_HOME"] = str(tmp_path / "dagster")
    done = papers(variables, "run")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Wrote {s3_home}/output/README.md" in done.stdout
    assert "output/README.md" in objects(s3_home)
    assert list((tmp_path / "dagster" / "papers-assets").rglob("publishing.lock")) != []


def test_locks_of_this_host_are_where_it_may_write(
    s3_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, printed = tmp_path / "dagster", tmp_path / "printed"
    ours.mkdir()
    (ours / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    variables = {"PAPERS_HOME": str(s3_home), "PAPERS_LOCKS": "local", "DAGSTER_HOME": str(ours)}
    assert read_settings(variables).host_folder == ours / "papers-assets"
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *_: False)  # root may write everywhere
        folder = read_settings(variables).host_folder
        assert folder is not None
        assert ours not in folder.parents
    variables["PAPERS_RUN_FILES"] = str(printed)
    assert read_settings(variables).host_folder == printed / "papers-assets"
    monkeypatch.setenv("DAGSTER_HOME", str(ours))
    with open_instance(s3_home, variables):
        pass
    assert [path.name for path in tmp_path.rglob("*.lock")] == ["history.lock"]
    assert next(tmp_path.rglob("*.lock")).is_relative_to(printed)


def test_a_home_that_all_hosts_reach_wants_locks_that_they_share(s3_home: Path) -> None:
    with pytest.raises(SettingsError, match=r"PAPERS_LOCKS is not set: expected .*local"):
        read_settings({"PAPERS_HOME": str(s3_home)})
    settings = read_settings({"PAPERS_HOME": f"{s3_home}/", "PAPERS_LOCKS": "local"})
    assert str(settings.home) == str(s3_home)
    assert settings.host_folder is not None


@pytest.mark.parametrize(
    "value",
    ["s3://", "s3:///x", "file:///tmp/x", "memory://x", "https://example.org/x", "s3://b/x?y=1"],
)
def test_an_address_that_is_no_object_storage_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match=r"PAPERS_HOME is .*s3://bucket"):
        read_settings({"PAPERS_HOME": value, "PAPERS_LOCKS": "local"})


def test_keys_in_the_address_are_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError, match=r"s3://\*\*\*@bucket/x") as caught:
        read_settings({"PAPERS_HOME": "s3://key:hush-hush@bucket/x", "PAPERS_LOCKS": "local"})
    assert "hush-hush" not in str(caught.value)


def test_what_is_not_installed_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(SettingsError, match=r"pip install -e '.\[s3\]'"):
        read_settings({"PAPERS_HOME": "s3://bucket/x", "PAPERS_LOCKS": "local"})
