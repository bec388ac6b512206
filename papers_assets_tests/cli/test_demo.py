from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from papers_assets.cli.demo_command import run_demo
from papers_assets.defs.headless import open_instance
from papers_assets.settings import PROJECT_ROOT, NotificationSettings, Settings

pytestmark = pytest.mark.slow

NOW = datetime(2027, 3, 3, 15, 20, tzinfo=UTC)


def test_the_demo_has_two_days_of_history_and_a_third_when_it_is_run_again(tmp_path: Path) -> None:
    settings = Settings(
        PROJECT_ROOT / "no keywords.toml is read",
        PROJECT_ROOT,
        "http://127.0.0.1:1/nobody-is-there",
        3.0,
        channels=NotificationSettings(webhook="http://127.0.0.1:1/nobody-is-notified"),
    )

    assert run_demo(tmp_path, settings, NOW) == 0

    readme = (tmp_path / "output" / "README.md").read_text()
    assert readme.count("\n## ") == 4
    assert "Last update: 2027-03-03" in readme
    digests = sorted((tmp_path / "output" / "digests").iterdir())
    assert [path.name for path in digests] == ["2027-03-02.md", "2027-03-03.md"]
    assert "Now following" in digests[0].read_text()
    for words in ("## New", "## Revised", "Left the lists"):
        assert words in digests[1].read_text()

    assert run_demo(tmp_path, settings, NOW + timedelta(days=1)) == 0
    with open_instance(tmp_path, {}) as instance:
        runs = instance.get_runs()
    assert [run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS] * 3
