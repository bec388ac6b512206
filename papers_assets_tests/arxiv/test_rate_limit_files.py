"""The gate of a host: where it is, what may be wrong with it, and that a database splits none."""

import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.rate_limit import RateLimiter, RateLimitTimeout, RateLimitUnreachable
from papers_assets.arxiv.retry import RetryPolicy
from papers_assets.arxiv.sample import Corpus, SampleArxiv
from papers_assets.defs.resources import ArxivResource
from papers_assets.storage.rate_limit import PostgresBackend, build_rate_limiter
from papers_assets_tests.helpers.contention import another, ask

API = "https://export.arxiv.org/api/query"
OAI = "https://oaipmh.arxiv.org/oai"
MIRROR = "http://cache.example/api/query"
NOBODY = "postgresql://papers:hush-hush@127.0.0.1:1/papers"
INTERVAL = 0.3
TIMES = 4

late = pytest.raises(RateLimitTimeout, match=r"was asking for 0 s")
in_1000_s = pytest.raises(RateLimitTimeout, match="in 1000 s only")
unreachable = pytest.raises(RateLimitUnreachable, match=r"PAPERS_LOCKS.*refused")


def test_processes_of_a_host_take_turns_even_if_only_one_is_told_of_the_database(
    corpus: Corpus, postgres_url: str, tmp_path: Path
) -> None:
    together = get_context("spawn").Barrier(2)
    with (
        SampleArxiv(corpus, min_interval=INTERVAL) as server,
        another(ask, server.url, (INTERVAL, postgres_url, tmp_path), TIMES, together),
        another(ask, server.url, (INTERVAL, "", tmp_path), TIMES, together),
    ):
        pass
    # The server answers 429 to who comes sooner.
    assert [request.status for request in server.requests] == [200] * 2 * TIMES
    assert server.peak_open == 1


def test_who_holds_the_gate_of_several_hosts_holds_that_of_its_own_and_the_databases(
    postgres_url: str, tmp_path: Path
) -> None:
    with build_rate_limiter(API, 0, postgres_url, host_folder=tmp_path).slot():
        with late, build_rate_limiter(API, 0, host_folder=tmp_path).slot(0):
            pytest.fail("asked all the same")
        with late, RateLimiter(PostgresBackend(postgres_url, "arxiv.org"), 0).slot(0):
            pytest.fail("asked all the same")


def test_whose_database_is_gone_asks_nothing_and_keeps_nobody_of_its_host_from_it(
    tmp_path: Path,
) -> None:
    with unreachable, build_rate_limiter(API, 1000, NOBODY, host_folder=tmp_path).slot():
        pytest.fail("asked all the same")
    with build_rate_limiter(API, 1000, host_folder=tmp_path).slot(timeout=0):
        pass


def test_a_pause_is_told_to_whom_it_can_be_told(postgres_url: str, tmp_path: Path) -> None:
    with unreachable:
        build_rate_limiter(API, 0, NOBODY, host_folder=tmp_path).block_for(1000)
    with in_1000_s, build_rate_limiter(API, 0, host_folder=tmp_path).slot(timeout=900):
        pytest.fail("asked all the same")
    (tmp_path / "file").touch()
    with pytest.raises(RateLimitUnreachable, match="of this host"):
        build_rate_limiter(API, 0, postgres_url, host_folder=tmp_path / "file").block_for(1000)
    with in_1000_s, RateLimiter(PostgresBackend(postgres_url, "arxiv.org"), 0).slot(timeout=900):
        pytest.fail("asked all the same")


@pytest.mark.parametrize(("api_url", "oai_url"), [(MIRROR, OAI), (API, MIRROR), (API, OAI)])
def test_whoever_asks_arxiv_by_either_address_takes_turns_with_all_who_do(
    tmp_path: Path, api_url: str, oai_url: str
) -> None:
    mine = build_rate_limiter(api_url, 0, oai_url=oai_url, host_folder=tmp_path)
    with (
        mine.slot(),
        late,
        build_rate_limiter("http://arxiv.org/q", 0, host_folder=tmp_path).slot(0),
    ):
        pytest.fail("asked all the same")
    client = ArxivResource(api_url=api_url, oai_url=oai_url, request_interval=3.0).client()
    assert "arxiv.org.lock" in str(vars(client._rate_limiter._backends[0]))
    client.close()


def test_other_servers_have_gates_of_their_own(tmp_path: Path) -> None:
    rate_limiter = build_rate_limiter(
        MIRROR, 0, oai_url="http://cache.example/oai", host_folder=tmp_path
    )
    with rate_limiter.slot(), build_rate_limiter(API, 0, host_folder=tmp_path).slot(0):
        pass


def test_where_the_gate_is_no_environment_can_change(tmp_path: Path) -> None:
    shown = subprocess.run(
        [
            sys.executable,
            "-c",
            "from papers_assets.arxiv.rate_limit import HOST_FOLDER as f; print(f)",
        ],
        env=os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(tmp_path)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "/tmp/papers-assets\n"  # noqa: S108 - that is what is tested


def no_folder(folder: Path) -> None:
    folder.touch()


def stamp_is_a_folder(folder: Path) -> None:
    (folder / "x.last").mkdir(parents=True)


def stamp_is_a_link(folder: Path) -> None:
    folder.mkdir()
    (folder.parent / "precious").write_text("1.0 1.0")
    (folder / "x.last").symlink_to(folder.parent / "precious")


def lock_is_a_folder(folder: Path) -> None:
    (folder / "x.lock").mkdir(parents=True)


@pytest.mark.parametrize("spoil", [no_folder, stamp_is_a_folder, stamp_is_a_link, lock_is_a_folder])
def test_trouble_at_the_gates_files_is_told_as_such_and_nobody_asks(
    server: SampleArxiv, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    folder = tmp_path / "gate"
    spoil(folder)
    client = ArxivClient(
        server.url,
        RateLimiter(folder / "x.lock", 0),
        RetryPolicy(max_attempts=2),
        sleep=lambda _: None,
    )
    with pytest.raises(RateLimitUnreachable) as caught:
        client.query({"search_query": "all:compiler"})
    client.close()
    assert f"take turns by files in {folder}, which cannot be used" in str(caught.value)
    assert f"chmod 1777 {folder}" in str(caught.value)
    assert (caught.value.attempts, server.requests) == (2, [])


def test_a_link_in_the_gates_folder_leads_nobody_to_write_elsewhere(tmp_path: Path) -> None:
    stamp_is_a_link(tmp_path / "gate")
    with pytest.raises(RateLimitUnreachable), RateLimiter(tmp_path / "gate" / "x.lock", 0).slot():
        pytest.fail("asked all the same")
    assert (tmp_path / "precious").read_text() == "1.0 1.0"
