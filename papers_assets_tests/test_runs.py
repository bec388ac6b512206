"""Running from this process: opening the run history, alone and with others."""

import subprocess
import sys
from pathlib import Path

from papers_assets.runs import open_instance

OPENING = """
import sys
from pathlib import Path
from papers_assets.runs import open_instance

print("ready", flush=True)
sys.stdin.readline()
with open_instance(Path(sys.argv[1]), {}) as instance:
    sys.exit(instance.get_runs_count())
"""
PROCESSES = 4


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
