"""The harnesses in a small size: what they are good for is to be run with hundreds of points."""

import subprocess
import sys

import pytest

from papers_assets_tests.reliability.gate import NOT_HERE

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("harness", "options"),
    [("kill", ("--points", "12", "--seed", "1")), ("concurrency", ("--commands", "4"))],
)
def test_nothing_is_lost_and_nothing_is_violated(harness: str, options: tuple[str, ...]) -> None:
    # In a process of its own: it forks, which one with threads must not.
    done = subprocess.run(
        [sys.executable, "-m", f"papers_assets_tests.reliability.{harness}", *options],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_two_hosts_take_turns_at_arxiv() -> None:
    options = ["--requests", "4", "--interval", "0.5"]
    done = subprocess.run(
        [sys.executable, "-m", "papers_assets_tests.reliability.gate", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == NOT_HERE:
        pytest.skip(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
