"""Running from this process: opening the run history, and how its runs are recorded."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.instance.config import PoolGranularity
from dagster._core.storage.tags import TagType, get_tag_type
from dagster._core.workspace.load import location_origins_from_yaml_paths

from papers_assets.arxiv.sample import Fault
from papers_assets.defs.headless import open_instance
from papers_assets.defs.jobs import DAILY_JOB, PUBLISH_JOB, REFRESH_JOB
from papers_assets.defs.run_history import is_command_line_run
from papers_assets.settings import PROJECT_ROOT
from papers_assets_tests.defs.test_reexecution import reexecute
from papers_assets_tests.helpers.project import Project

pytestmark = pytest.mark.lists_only

OPENING = """
import sys
from pathlib import Path
from papers_assets.defs.headless import open_instance

print("ready", flush=True)
sys.stdin.readline()
with open_instance(Path(sys.argv[1]), {}) as instance:
    sys.exit(instance.get_runs_count())
"""
PROCESSES = 4


@pytest.mark.slow
def test_processes_that_open_a_fresh_run_history_at_once_all_can(tmp_path: Path) -> None:
    home = tmp_path / "home"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPENING, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    results = [(*process.communicate(), process.returncode) for process in processes]
    assert [(error, status) for _, error, status in results] == [("", 0)] * PROCESSES
    with open_instance(home, {}) as instance:
        assert instance.get_runs_count() == 0


def recorded(project: Project, *names: str) -> list[dg.DagsterRun]:
    """The runs of `papers run`, the first one first."""
    runs = [project.instance.get_run_by_id(run_id) for run_id in project.run(*names).run_ids]
    return [run for run in runs if run is not None]


def shown_tags(run: dg.DagsterRun) -> dict[str, str]:
    """The tags that the UI shows with a run in lists: neither hidden ones nor Dagster's own."""
    is_shown = {k: get_tag_type(k) is TagType.USER_PROVIDED for k in run.tags}  # type: ignore[no-untyped-call]
    return {k: v for k, v in run.tags.items() if is_shown[k]}


def test_runs_belong_to_the_code_location_that_the_ui_loads(project: Project) -> None:
    (location,) = location_origins_from_yaml_paths([str(PROJECT_ROOT / "workspace.yaml")])
    project.failing = {"compiler": Fault(503)}
    first, second = recorded(project)
    for run, job in ((first, DAILY_JOB), (second, PUBLISH_JOB)):
        assert run.job_name == job
        assert run.remote_job_origin is not None
        selector = run.remote_job_origin.repository_origin.get_selector()
        assert selector.location_name == location.location_name
        assert selector.repository_name == "__repository__"
        tags = run.tags_for_storage()
        assert tags[".dagster/repository"] == f"__repository__@{location.location_name}"
        assert tags["dagster/code_location"] == location.location_name


@pytest.mark.parametrize(
    ("names", "job", "tags"),
    [
        ((), DAILY_JOB, {"papers_assets/every_keyword": "true"}),
        (("compiler",), REFRESH_JOB, {}),
        (("reinforcement learning", "performance"), REFRESH_JOB, {}),
    ],
)
def test_a_runs_tags_say_nothing_untrue(
    project: Project, names: tuple[str, ...], job: str, tags: dict[str, str]
) -> None:
    fetching = recorded(project, *names)[0]
    assert fetching.job_name == job
    assert shown_tags(fetching) == tags


def test_what_the_ui_re_executes_is_no_run_of_the_command_line(project: Project) -> None:
    project.failing = {"compiler": Fault(503)}
    parent = recorded(project)[0]
    project.failing = {}
    child = reexecute(project, parent.run_id)
    assert [is_command_line_run(run) for run in (parent, child)] == [True, False]


def test_runs_that_fetch_wait_in_the_queue_and_their_steps_wait_for_no_pool(
    project: Project,
) -> None:
    pools = project.instance.get_concurrency_config().pool_config
    assert (pools.default_pool_limit, pools.pool_granularity) == (1, PoolGranularity.RUN)
    fetching, *_ = recorded(project)
    assert fetching.run_op_concurrency is not None
    assert fetching.run_op_concurrency.all_pools == {"arxiv"}
    assert project.instance.event_log_storage.get_concurrency_run_ids() == set()
