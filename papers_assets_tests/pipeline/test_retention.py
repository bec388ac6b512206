import errno
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from papers_assets.defs.jobs import HOUSEKEEPING_JOB
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.pipeline.retention import prune_harvest, prune_raw_papers
from papers_assets.storage.harvest import HarvestStore
from papers_assets.storage.raw_papers import RawPapersStore
from papers_assets.transform import raw_papers as held_papers
from papers_assets.transform.harvest_coverage import DayStatus
from papers_assets.transform.raw_papers import RawPapers
from papers_assets.transform.schema import to_table
from papers_assets_tests.helpers.factories import LATER, keyword, paper
from papers_assets_tests.helpers.project import Project

pytestmark = pytest.mark.lists_only

OLD = LATER - timedelta(days=200)


def test_what_arxiv_answered_long_ago_goes_and_what_it_answers_still_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(held_papers, "_MIN_KEPT_VERSIONS", 1)
    before = held_papers.merge_answer(keyword(), None, [paper(1), paper(2), paper(999)], OLD)
    before = held_papers.merge_answer(keyword(), before, [paper(2)], LATER)
    after = held_papers.prune(before, LATER - timedelta(days=1))
    assert after.versions() == {("2613.00999", 1), ("2613.00002", 1)}
    assert replace(after, rows=before.rows) == before


def test_no_list_loses_a_paper_whatever_its_age() -> None:
    before = held_papers.merge_answer(keyword(), None, [paper(n) for n in range(1, 300)], OLD)
    assert held_papers.prune(before, LATER).rows.equals(before.rows)


def test_what_the_next_fetch_reads_back_to_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_papers, "_MIN_KEPT_VERSIONS", 0)
    papers = [paper(24 * day) for day in range(1, 31)]
    before = held_papers.merge_answer(keyword(), None, papers, OLD)
    after = held_papers.prune(before, LATER)
    assert len(after.rows) == held_papers.OVERLAP.days + 1


def test_the_housekeeping_job_prunes_and_the_readme_stays_as_it_was(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_papers, "_MIN_KEPT_VERSIONS", 100)
    project.keywords = [keyword("performance", cap=120)]
    project.run()
    project.keywords = [keyword("performance", cap=100)]
    project.run()
    before = project.readme
    project.today += timedelta(days=2000)
    assert project.execute(HOUSEKEEPING_JOB).success
    stored = project.store.read_raw_papers("performance")
    assert stored is not None
    assert len(stored.rows) == 100
    project.execute("publish")
    assert project.readme == before


def test_a_file_that_cannot_be_used_is_left_alone(project: Project) -> None:
    project.run("compiler")
    path = project.store.raw_papers_path("compiler")
    path.write_bytes(b"damaged")
    assert prune_raw_papers(project.file, project.store, LATER + timedelta(days=9999)) == 0
    assert path.read_bytes() == b"damaged"


def test_trouble_with_one_keyword_keeps_no_other_from_being_pruned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(held_papers, "_MIN_KEPT_VERSIONS", 0)

    class Troubled(RawPapersStore):
        def read_raw_papers_columns(
            self, keyword: str, columns: Sequence[str], rows: range | None = None
        ) -> RawPapers | None:
            if keyword == "one":
                raise OSError(errno.EIO, "object storage cannot be reached")
            return super().read_raw_papers_columns(keyword, columns, rows)

    names, store = ("one", "two"), Troubled(tmp_path)
    for name in names:
        papers = [paper(24 * day) for day in range(1, 31)]
        store.write_raw_papers(held_papers.merge_answer(keyword(name), None, papers, OLD))
    keywords_config = KeywordsConfig(
        tmp_path, tuple(map(keyword, names)), ZoneInfo("UTC"), "0 6 * * *"
    )
    kept = held_papers.OVERLAP.days + 1
    assert prune_raw_papers(keywords_config, store, LATER + timedelta(days=9999)) == 30 - kept
    assert "one: not pruned: [Errno 5] object storage cannot be reached" in caplog.text


def test_old_days_of_the_harvest_go(project: Project) -> None:
    harvest_store = HarvestStore(project.home)
    days = [LATER.date() - timedelta(days=n) for n in (0, 1094, 1095, 1096)]
    for day in days:
        harvest_store.write(DayStatus(day, (), sequence=1, harvested_at=LATER), to_table([]))
    assert prune_harvest(project.file, harvest_store, LATER) == 1
    assert harvest_store.days() == sorted(days)[1:]
