"""The files of deploy/celery, and what a worker gets to do; two real hosts are `make hosts`."""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from celery.bin.base import CLIContext  # type: ignore[import-untyped]
from celery.bin.worker import worker as worker_program  # type: ignore[import-untyped]
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.launcher import LaunchRunContext, WorkerStatus
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.test_utils import create_run_for_test
from dagster_celery.app import app
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG
from redis import Redis
from ruamel.yaml import YAML

from papers_assets.arxiv.sample import SampleArxiv
from papers_assets.defs.jobs import REFRESH_JOB
from papers_assets.settings import PROJECT_ROOT
from papers_assets.storage.raw_papers import RawPapersStore
from papers_assets_tests.deploy.host import DEPLOY, UNITS, example
from papers_assets_tests.helpers.ui_driver import environment
from papers_assets_tests.reliability.cluster import needed, replaced
from papers_assets_tests.reliability.namespaces import NoNamespacesError
from papers_assets_tests.reliability.showing import Run, counted, run_of
from papers_assets_tests.reliability.workers import CELERY, UNIT, Queue, tasks_in, worker_command

pytestmark = pytest.mark.slow

SECRET = "invented-and-secret"  # noqa: S105


def read_yaml(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text())


def words_of_unit() -> list[str]:
    return worker_command(example(CELERY / "environment.example"))


@pytest.fixture
def instance(
    tmp_path: Path, server: SampleArxiv, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    """That of deploy/celery, over a queue in this process, a home and a sample arXiv."""
    etc = tmp_path / "etc"
    etc.mkdir()
    shutil.copy(CELERY / "dagster.celery.yaml", etc / "dagster.yaml")
    (etc / "keywords.toml").write_text("cap = 5\n[keywords.compiler]\n")
    variables = environment(tmp_path / "home", etc / "keywords.toml", server.url) | {
        "DAGSTER_HOME": str(etc),
        "PAPERS_DATABASE_URL": postgres_url.replace("postgres@", f"postgres:{SECRET}@"),
        "PAPERS_RUN_FILES": str(tmp_path / "files"),
        "CELERY_BROKER_URL": f"memory://:{SECRET}@localhost/",
        "CELERY_RESULT_BACKEND": "cache+memory://",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.get() as found:
        yield found


@pytest.fixture
def task(instance: dg.DagsterInstance) -> dict[str, Any]:
    """What is in the queue after a run of `compiler` was launched, as the daemon does it."""
    launcher = instance.run_launcher
    assert isinstance(launcher, CeleryRunLauncher)
    code = ModuleCodePointer("papers_assets.definitions", "defs", None)
    origin = RepositoryPythonOrigin(sys.executable, code, entry_point=["dagster"])
    run = create_run_for_test(
        instance,
        REFRESH_JOB,
        tags={"dagster/partition": "compiler"},
        asset_selection={dg.AssetKey("raw_papers")},
        job_code_origin=JobPythonOrigin(REFRESH_JOB, origin),
    )
    launcher.launch_run(LaunchRunContext(run, workspace=None))
    with launcher.celery.connection_for_read() as connection:
        message = connection.default_channel.basic_get("dagster", no_ack=True)
    _, arguments, _ = message.payload
    return dict(arguments)


def only_run(instance: dg.DagsterInstance) -> dg.DagsterRun:
    (run,) = instance.get_runs()
    return run


def test_a_run_becomes_one_task_without_a_secret(
    instance: dg.DagsterInstance, task: dict[str, Any]
) -> None:
    run = only_run(instance)
    assert run.tags[DAGSTER_CELERY_TASK_ID_TAG]
    text = json.dumps(task)
    assert run.run_id in text
    assert "PAPERS_DATABASE_URL" in text
    assert SECRET not in text


def test_who_has_the_package_and_the_settings_can_execute_the_task(
    instance: dg.DagsterInstance, task: dict[str, Any], tmp_path: Path
) -> None:
    program = (
        "import json, sys; from dagster_celery.app import execute_job; "
        "sys.exit(execute_job(**json.load(sys.stdin)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert only_run(instance).status == dg.DagsterRunStatus.SUCCESS
    stored = RawPapersStore(tmp_path / "home").read_raw_papers("compiler")
    assert stored is not None
    assert len(stored.rows) > 0


def test_a_run_of_which_redis_knows_nothing_counts_as_lost(
    instance: dg.DagsterInstance, task: dict[str, Any]
) -> None:
    assert task
    health = instance.run_launcher.check_run_worker_health(only_run(instance))
    assert health.status not in (WorkerStatus.RUNNING, WorkerStatus.SUCCESS)


def test_the_instance_is_that_of_one_host_but_for_the_launcher() -> None:
    ours = read_yaml(CELERY / "dagster.celery.yaml")
    of_one_host = read_yaml(DEPLOY / "dagster.postgres.yaml")
    launcher = ours.pop("run_launcher")["config"]
    assert ours["run_monitoring"].pop("max_resume_run_attempts") == 0
    assert ours == of_one_host
    assert launcher["broker"] == {"env": "CELERY_BROKER_URL"}
    assert launcher["backend"] == {"env": "CELERY_RESULT_BACKEND"}


def test_one_worker_that_is_left_has_places_for_all_runs() -> None:
    runs = read_yaml(CELERY / "dagster.celery.yaml")["concurrency"]["runs"]
    slots = int(example(CELERY / "environment.example")["PAPERS_SLOTS"])
    assert slots >= runs["max_concurrent_runs"]


def test_a_result_is_kept_for_longer_than_a_run_takes() -> None:
    longest = read_yaml(CELERY / "dagster.celery.yaml")["run_monitoring"]["max_runtime_seconds"]
    assert app.conf.result_expires > timedelta(seconds=longest)


def test_celery_understands_what_the_unit_starts() -> None:
    program, *general, name = words_of_unit()[:4]
    assert (Path(program).name, general, name) == (
        "celery",
        ["--app", "dagster_celery.app"],
        "worker",
    )
    context = CLIContext(app, no_color=True, workdir=None, quiet=True)
    parsed = worker_program.make_context("worker", words_of_unit()[4:], obj=context).params
    assert parsed["queues"] == [app.conf.task_default_queue]
    assert parsed["hostname"] == f"worker@{socket.gethostname()}"
    assert parsed["concurrency"] == 4
    assert parsed["disable_prefetch"]
    assert parsed["max_tasks_per_child"] == 1


def test_the_unit_is_one_and_as_shut_in_as_that_of_the_code_server(tmp_path: Path) -> None:
    text, of_code = UNIT.read_text(), (UNITS / "papers-assets-code.service").read_text()
    begins = "# What the process may not do"
    shut_in = text[text.index(begins) : text.index("[Install]")].strip()
    assert shut_in == of_code[of_code.index(begins) :].strip()
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / UNIT.name
    copy.write_text(text.replace("/opt/papers/bin", str(Path(sys.executable).parent)))
    done = subprocess.run(
        ["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_every_variable_of_the_example_is_read_by_something() -> None:
    text = UNIT.read_text() + (CELERY / "dagster.celery.yaml").read_text()
    text += (PROJECT_ROOT / "papers_assets" / "settings.py").read_text()
    named = example(CELERY / "environment.example")
    assert [name for name in named if name not in text] == []


def test_redis_remembers_after_it_was_killed(tmp_path: Path) -> None:
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    queue = Queue(tmp_path, "127.0.0.1")
    queue.start()
    try:
        with Redis.from_url(queue.url) as client:
            client.set("invented", "value")
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        queue.kill()
        queue.start()
        with Redis.from_url(queue.url) as client:
            assert client.get("invented") == b"value"
    finally:
        queue.kill()


# The program that shows two hosts: the parts of it that need none.


def test_without_programs_it_says_which_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoNamespacesError, match=r"redis-server, ip, unshare, mount.* is missing"):
        needed()


def test_a_workers_log_says_which_tasks_it_took() -> None:
    log = """[INFO/MainProcess] Task execute_job[0a1b-2c] received
[INFO/ForkPoolWorker-1] Task execute_job[0a1b-2c] succeeded in 3.1s: 0
[INFO/MainProcess] Task execute_job[3d-4e] received
"""
    assert tasks_in(log) == {"0a1b-2c", "3d-4e"}


def test_a_run_is_read_with_and_without_tags() -> None:
    tags = [
        {"key": "dagster/partition", "value": "compiler"},
        {"key": DAGSTER_CELERY_TASK_ID_TAG, "value": "0a"},
        {"key": "dagster/parent_run_id", "value": "before"},
    ]
    assert run_of({"id": "1", "status": "QUEUED", "tags": []}) == Run("1", "QUEUED", "", "", "")
    answer = {"id": "1", "status": "STARTED", "tags": tags}
    assert run_of(answer) == Run("1", "STARTED", "compiler", "0a", "before")


def test_a_text_that_is_not_there_is_not_replaced() -> None:
    assert replaced("a: 1", [("a: 1", "a: 2")]) == "a: 2"
    with pytest.raises(ValueError, match="no 'b: 1' any more"):
        replaced("a: 1", [("b: 1", "b: 2")])


def test_values_are_counted() -> None:
    assert counted(["b", "a", "b"]) == "1 a, 2 b"
