from pathlib import Path

import pytest

from papers_assets_tests.reliability.replay import replayed

pytestmark = pytest.mark.slow


def test_six_days_of_real_papers_lose_nothing_through_faults_and_report_each_paper_once(
    tmp_path: Path,
) -> None:
    found = replayed(tmp_path, days=6, faulty_every=2)
    assert found.violations == []
    assert (found.days, found.peak_open) == (6, 1)
    assert found.runs > 6  # on the faulty days, what arrived was published all the same
    assert found.held > 500
