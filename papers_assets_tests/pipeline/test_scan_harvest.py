"""Keywords looked for in what was harvested: no network, a folder of files."""

import errno
import threading
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from papers_assets.arxiv.models import Paper
from papers_assets.keywords.model import Keyword
from papers_assets.pipeline import scan_harvest
from papers_assets.pipeline.failures import RefreshFailure
from papers_assets.pipeline.keyword_scan import ScanResult
from papers_assets.pipeline.scan_harvest import scan_keywords
from papers_assets.storage import harvest, parquet
from papers_assets.storage.files import StoreDamagedError, StoreError
from papers_assets.storage.filesystem import read_bytes
from papers_assets.storage.harvest import HarvestStore, StoredDays
from papers_assets.storage.locks import FileLocks, Locks
from papers_assets.storage.parquet import read_table
from papers_assets.storage.raw_papers import RawPapersStore
from papers_assets.transform import raw_papers
from papers_assets.transform import schema as paper_rows
from papers_assets.transform.harvest_coverage import DayStatus
from papers_assets_tests.helpers.factories import keyword, paper

SINCE = date(2026, 11, 1)
NOON = datetime(2026, 11, 4, 12, tzinfo=UTC)


class Field:
    """A harvest and what is held, in one folder."""

    def __init__(self, home: Path, locks: Locks | None = None) -> None:
        self.harvests, self.store = HarvestStore(home, locks), RawPapersStore(home, locks)
        self.now = NOON

    def bring_in(self, day: int, *papers: Paper, at: datetime | None = None) -> None:
        at = at or self.now
        self.harvests.write(
            DayStatus(date(2026, 11, day), (), self.harvests.next_sequence(), harvested_at=at),
            paper_rows.to_table(papers),
        )

    def bring_in_all(self, *papers: Paper) -> None:
        """The days up to today, the last with these papers."""
        for day in range(1, self.now.day):
            self.bring_in(day)
        self.bring_in(self.now.day, *papers)

    def glean(self, *keywords: Keyword, again: bool = False) -> list[ScanResult | RefreshFailure]:
        return list(
            scan_keywords(
                keywords,
                self.harvests,
                self.store,
                lambda: self.now,
                since=SINCE,
                sets=(),
                rescan=again,
            )
        )

    def found(self, *keywords: Keyword, again: bool = False) -> list[ScanResult]:
        outcomes = self.glean(*keywords, again=again)
        assert not [outcome for outcome in outcomes if isinstance(outcome, RefreshFailure)]
        return [outcome for outcome in outcomes if isinstance(outcome, ScanResult)]

    def held(self, name: str = "compiler") -> set[tuple[str, int]]:
        of_keyword = self.store.read_raw_papers(name)
        assert of_keyword is not None
        return of_keyword.versions()


@pytest.fixture
def field(tmp_path: Path) -> Field:
    return Field(tmp_path)


def test_papers_that_match_are_held_and_others_are_not(field: Field) -> None:
    field.bring_in_all(paper(1), paper(2, title="Another thing", abstract="Nothing of it."))
    (outcome,) = field.found(keyword())
    assert (outcome.new, outcome.revised) == (1, 0)
    assert field.held() == {("2613.00001", 1)}


def test_a_keyword_is_complete_since_the_first_day_of_an_unbroken_harvest(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    of_keyword = field.store.read_raw_papers("compiler")
    assert of_keyword is not None
    assert of_keyword.refreshed_at == of_keyword.complete_until == NOON
    assert of_keyword.complete_from == datetime(2026, 11, 1, tzinfo=UTC)


def test_what_was_looked_through_is_not_looked_through_again(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    before = field.store.etag("compiler")
    (outcome,) = field.found(keyword())
    assert (outcome.days, outcome.summary) == (0, None)
    assert field.store.etag("compiler") == before


def test_a_keyword_without_news_is_fresh_all_the_same(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    field.now += timedelta(hours=1)
    field.bring_in(4, paper(2, title="Another thing", abstract="Nothing of it."))
    (outcome,) = field.found(keyword())
    assert (outcome.days, outcome.summary, outcome.refreshed_at) == (1, None, field.now)
    assert field.harvests.scan_states.read()["compiler"].refreshed_at == field.now


def test_a_day_that_grew_is_looked_through_again(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    field.now += timedelta(hours=1)
    field.bring_in(4, paper(1), paper(2), paper(1, 2))
    (outcome,) = field.found(keyword())
    assert (outcome.days, outcome.new, outcome.revised) == (1, 1, 1)
    assert field.held() == {("2613.00001", 1), ("2613.00001", 2), ("2613.00002", 1)}


def test_an_older_day_that_came_later_is_looked_through(field: Field) -> None:
    field.bring_in_all(paper(4))
    field.found(keyword())
    field.now += timedelta(hours=1)
    field.bring_in(3, paper(3))
    field.bring_in(4, paper(4))
    field.found(keyword())
    assert field.held() == {("2613.00003", 1), ("2613.00004", 1)}


@pytest.mark.parametrize("again", [False, True])
def test_who_is_new_or_edited_is_looked_for_everywhere(field: Field, *, again: bool) -> None:
    field.bring_in_all(paper(1), paper(2, title="A linker", abstract="A linker."))
    field.found(keyword())
    edited = keyword() if again else keyword(any=("compiler", "linker"))
    edited_outcome, new_outcome = field.found(edited, keyword("linker"), again=again)
    assert (edited_outcome.days, new_outcome.days) == (4, 4)
    assert field.held("linker") == {("2613.00002", 1)}
    assert len(field.held()) == (1 if again else 2)


def test_a_keyword_of_which_there_is_nothing_is_held_as_empty(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword("zyzzyva"))
    assert field.held("zyzzyva") == set()


def test_a_version_that_is_listed_on_two_days_is_held_once_in_its_newer_text(field: Field) -> None:
    field.bring_in_all(paper(1, doi="10.1/invented"))
    field.bring_in(3, paper(1))
    field.found(keyword())
    of_keyword = field.store.read_raw_papers("compiler")
    assert of_keyword is not None
    assert of_keyword.rows["doi"].to_pylist() == ["10.1/invented"]
    field.now += timedelta(hours=1)
    field.bring_in(4, paper(1), paper(2))
    field.found(keyword())
    assert field.held() == {("2613.00001", 1), ("2613.00002", 1)}


def test_what_somebody_removed_is_found_again(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    field.store.raw_papers_path("compiler").unlink()
    field.found(keyword())
    assert field.held() == {("2613.00001", 1)}


def test_a_damaged_file_is_set_aside_and_made_again_from_the_whole_harvest(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    field.store.raw_papers_path("compiler").write_bytes(b"not Parquet")
    field.now += timedelta(hours=1)
    field.bring_in(4, paper(1), paper(2))
    field.bring_in(3, paper(3))
    (outcome,) = field.found(keyword())
    assert field.held() == {("2613.00001", 1), ("2613.00002", 1), ("2613.00003", 1)}
    assert "damaged" in outcome.warnings[0]


def test_damage_that_is_found_while_papers_are_written_costs_none_of_the_others(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_harvest, "_FLUSH_SIZE", 1)
    field.bring_in_all(*(paper(number) for number in range(1, 40)))
    field.found(keyword())
    spoil(field.store.raw_papers_path("compiler"))
    field.now += timedelta(hours=1)
    field.bring_in(2, paper(40))
    field.bring_in(3, paper(41))
    (outcome,) = field.found(keyword())
    assert len(field.held()) == 41
    assert "damaged" in outcome.warnings[0]


def test_a_lost_ledger_costs_a_look_and_nothing_else(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    (field.harvests.folder / "gleaned.parquet").write_bytes(b"not Parquet")
    (outcome,) = field.found(keyword())
    assert (outcome.days, outcome.new) == (4, 0)
    assert field.held() == {("2613.00001", 1)}


def test_after_a_harvest_that_was_not_whole_papers_are_kept_and_nothing_is_fresh(
    field: Field,
) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    field.now += timedelta(hours=1)
    field.bring_in(4, paper(1), paper(2))
    field.harvests.write_problems((), {date(2026, 11, 3): "arXiv answered 503"})
    (outcome,) = field.glean(keyword())
    assert isinstance(outcome, RefreshFailure)
    assert outcome.short_reason == "arXiv answered 503"
    assert field.held() == {("2613.00001", 1), ("2613.00002", 1)}
    of_keyword = field.store.read_raw_papers("compiler")
    assert of_keyword is not None
    assert of_keyword.refreshed_at == NOON
    assert field.harvests.scan_states.read()["compiler"].refreshed_at == NOON


def test_without_any_harvest_every_keyword_says_so(field: Field) -> None:
    (outcome,) = field.glean(keyword())
    assert isinstance(outcome, RefreshFailure)
    assert "nothing has been harvested yet" in outcome.reason
    field.bring_in_all(paper(1))
    assert field.found(keyword())[0].new == 1


def spoil(path: Path) -> None:
    """Damage a file's first column, and not its labels."""
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + bytes([whole[100] ^ 0xFF]) + whole[101:])


@pytest.mark.parametrize("what", ["papers", "labels"])
def test_a_damaged_day_is_set_aside_and_said_until_it_has_come_anew(
    field: Field, what: str
) -> None:
    field.bring_in_all(paper(1))
    path = field.harvests.path(date(2026, 11, 3))
    field.bring_in(3, *(paper(number) for number in range(2, 40)))
    if what == "papers":
        spoil(path)
    else:
        path.write_bytes(b"not Parquet")
    (outcome,) = field.glean(keyword())
    assert isinstance(outcome, RefreshFailure)
    assert outcome.short_reason == "2026-11-03 has not been harvested"
    assert not path.exists()
    assert len(list(field.harvests.folder.glob("*.damaged-1"))) == 1
    field.now += timedelta(hours=1)
    field.bring_in(4, paper(1))
    assert isinstance(field.glean(keyword())[0], RefreshFailure)
    field.bring_in(3, paper(3))
    field.found(keyword())
    assert field.held() == {("2613.00001", 1), ("2613.00003", 1)}


@pytest.mark.parametrize("what", ["papers", "labels"])
def test_a_day_that_cannot_be_read_for_a_moment_is_looked_through_later(
    field: Field, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    field.bring_in_all()
    field.found(keyword())
    field.now += timedelta(hours=1)
    field.bring_in(3, paper(3))
    field.bring_in(4, paper(4))
    of_day = field.harvests.path(date(2026, 11, 3))
    real = read_table

    def failing(path: Path, schema: pa.Schema, *rest: range) -> tuple[pa.Table, dict[str, str]]:
        if path == of_day and (what == "labels" or len(schema)):
            raise StoreError(f"{path}: cannot be read (Input/output error).")
        return real(path, schema, *rest)

    monkeypatch.setattr(harvest, "read_table", failing)
    (outcome,) = field.glean(keyword())
    assert isinstance(outcome, RefreshFailure)
    assert field.held() == {("2613.00004", 1)}
    monkeypatch.undo()
    field.now += timedelta(hours=1)
    field.bring_in(4, paper(4), paper(5))
    field.found(keyword())
    assert field.held() == {("2613.00003", 1), ("2613.00004", 1), ("2613.00005", 1)}


def test_nothing_is_fresh_by_days_that_were_written_before_one_was_found_damaged(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_harvest, "_FLUSH_SIZE", 1)
    field.bring_in_all(paper(1))
    field.bring_in(2, paper(2))
    field.bring_in(3, *(paper(number) for number in range(3, 40)))
    spoil(field.harvests.path(date(2026, 11, 3)))
    assert isinstance(field.glean(keyword())[0], RefreshFailure)
    of_keyword = field.store.read_raw_papers("compiler")
    assert of_keyword is not None
    assert (of_keyword.refreshed_at, of_keyword.complete_from) == (None, None)


def test_a_clock_that_went_back_hides_no_paper(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.now += timedelta(days=1)
    field.bring_in(4, paper(1), paper(2))
    field.glean(keyword())
    field.now = NOON + timedelta(minutes=5)
    field.bring_in(3, paper(3))
    field.bring_in(4, paper(1), paper(2), paper(4))
    field.found(keyword())
    assert field.held() == {(f"2613.0000{n}", 1) for n in (1, 2, 3, 4)}


def test_an_old_day_that_cannot_be_had_is_a_gap_and_keeps_no_keyword_from_being_fresh(
    field: Field,
) -> None:
    field.now += timedelta(days=8)
    for day in range(2, 13):
        field.bring_in(day, paper(day))
    field.harvests.write_problems((), {SINCE: "arXiv answered 503"})
    (outcome,) = field.found(keyword())
    assert outcome.refreshed_at == field.now
    of_keyword = field.harvests.scan_states.read()["compiler"]
    assert of_keyword.complete_from == datetime(2026, 11, 2, tzinfo=UTC)


def test_what_a_gap_may_have_cost_is_said(field: Field) -> None:
    field.now += timedelta(days=8)
    for day in (1, *range(4, 13)):
        field.bring_in(day)
    (outcome,) = field.found(keyword())
    (remark,) = outcome.warnings
    assert remark.startswith("2 days are missing, the last 2026-11-03")


@pytest.mark.parametrize("quiet", [False, True])
def test_what_came_after_a_backup_of_held_papers_is_found_again(
    field: Field, *, quiet: bool
) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    backup = field.store.raw_papers_path("compiler").read_bytes()
    field.now += timedelta(hours=1)
    field.bring_in(3, paper(2))
    field.found(keyword())
    field.store.raw_papers_path("compiler").write_bytes(backup)
    field.now += timedelta(hours=1)
    field.bring_in(4, *([] if quiet else [paper(3)]))
    field.found(keyword())
    assert field.held() >= {("2613.00001", 1), ("2613.00002", 1)}


def test_what_was_pruned_or_fetched_since_is_no_backup(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    before = field.store.read_raw_papers("compiler")
    assert before is not None
    field.store.write_raw_papers(raw_papers.merge_answer(keyword(), before, [paper(9)], NOON))
    (outcome,) = field.found(keyword())
    assert outcome.days == 0


def test_a_harvest_from_a_backup_is_looked_through_anew(field: Field) -> None:
    field.bring_in_all(paper(1))
    sequence = field.harvests.folder / "serial.json"
    old = sequence.read_bytes()
    field.bring_in(3, paper(2))
    field.bring_in(4, paper(3))
    field.found(keyword())
    sequence.write_bytes(old)
    field.bring_in(2, paper(4))
    field.found(keyword())
    assert ("2613.00004", 1) in field.held()


def test_a_lost_count_of_writes_hides_nothing(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    (field.harvests.folder / "serial.json").write_bytes(b"{")
    field.bring_in(3, paper(2))
    field.found(keyword())
    assert field.held() == {("2613.00001", 1), ("2613.00002", 1)}


def test_who_was_looked_for_by_other_rules_is_looked_for_everywhere(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    monkeypatch.setattr(scan_harvest, "matcher_version", lambda: "others")
    assert field.found(keyword())[0].days == 4
    assert field.found(keyword())[0].days == 0


def test_a_damaged_file_without_news_is_set_aside_and_made_again(field: Field) -> None:
    field.bring_in_all(paper(1))
    field.found(keyword())
    path = field.store.raw_papers_path("compiler")
    path.write_bytes(path.read_bytes()[:-100])
    (outcome,) = field.found(keyword())
    assert field.held() == {("2613.00001", 1)}
    assert "damaged" in outcome.warnings[0]


def test_a_problem_of_queries_ends_with_the_first_look(field: Field) -> None:
    field.store.write_failure_reason("compiler", "arXiv answered 503")
    field.bring_in_all()
    field.found(keyword())
    assert field.store.read_failure_reason("compiler") == ""


def test_who_cannot_be_stored_says_so_until_it_can(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise StoreError("no space left on device")

    field.bring_in_all(paper(1))
    monkeypatch.setattr(field.store, "write_raw_papers", full)
    (outcome,) = field.glean(keyword())
    assert isinstance(outcome, RefreshFailure)
    assert (
        field.store.read_failure_reason("compiler")
        == outcome.short_reason
        == "it could not be stored"
    )
    monkeypatch.undo()
    field.found(keyword())
    assert field.store.read_failure_reason("compiler") == ""
    assert field.held() == {("2613.00001", 1)}


def test_nobody_is_fresh_while_it_cannot_be_noted_who_was_looked_for(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise StoreError("no space left on device")

    field.bring_in_all(paper(1))
    monkeypatch.setattr(field.harvests.scan_states, "write", full)
    outcomes = field.glean(keyword(), keyword("kernel"))
    assert all(isinstance(outcome, RefreshFailure) for outcome in outcomes)
    assert field.store.read_failure_reason("kernel") == "it could not be stored"
    assert field.held() == {("2613.00001", 1)}
    monkeypatch.undo()
    field.found(keyword(), keyword("kernel"))
    assert field.store.read_failure_reason("kernel") == ""


def test_a_mistake_of_ours_in_one_day_costs_no_paper_of_others(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    field.bring_in_all(paper(1))
    field.bring_in(2, paper(2, title="Another compiler"))
    real, bad = field.harvests.read, date(2026, 11, 2)

    def read(day: date) -> object:
        if day == bad:
            raise KeyError("a column")
        return real(day)

    monkeypatch.setattr(field.harvests, "read", read)
    (outcome,) = field.glean(keyword())
    assert isinstance(outcome, RefreshFailure)
    assert "2026-11-02 has not been harvested" in outcome.reason
    assert field.held() == {("2613.00001", 1)}
    monkeypatch.undo()
    field.found(keyword())
    assert field.held() == {("2613.00001", 1), ("2613.00002", 1)}


def test_what_was_held_from_queries_stays(field: Field) -> None:
    queried = raw_papers.merge_answer(keyword(), None, [paper(7)], NOON - timedelta(days=90))
    field.store.write_raw_papers(queried)
    field.bring_in_all(paper(1))
    field.found(keyword())
    assert field.held() == {("2613.00001", 1), ("2613.00007", 1)}
    of_keyword = field.store.read_raw_papers("compiler")
    assert of_keyword is not None
    # Between the last query and the first harvested day something may be missing.
    assert of_keyword.complete_from == datetime(2026, 11, 1, tzinfo=UTC)


# What may come between.


def test_what_is_brought_in_while_we_look_is_for_the_next_look(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    field.bring_in_all()
    field.found(keyword())
    real = HarvestStore.read_status

    def look(harvest_store: HarvestStore) -> StoredDays:
        found = real(harvest_store)
        monkeypatch.undo()
        field.bring_in(3, paper(3))
        field.bring_in(2, paper(2))
        labels = real(harvest_store).days[date(2026, 11, 2)]
        return StoredDays(found.days | {date(2026, 11, 2): labels}, {})

    monkeypatch.setattr(HarvestStore, "read_status", look)
    field.glean(keyword())
    field.found(keyword())
    assert field.held() == {("2613.00002", 1), ("2613.00003", 1)}


def test_a_write_that_is_under_way_when_we_begin_to_look_counts_as_not_looked_through(
    field: Field,
) -> None:
    field.bring_in_all()
    field.found(keyword())
    begun, looked = threading.Event(), threading.Event()

    def bring_in() -> None:
        with field.harvests.write_lock():
            sequence = field.harvests.next_sequence()
            begun.set()
            looked.wait(0.3)  # who waits for us to end, as everybody has to, does not see to this
            of_day = DayStatus(date(2026, 11, 3), (), sequence, NOON)
            field.harvests.write(of_day, paper_rows.to_table([paper(3)]))

    writer = threading.Thread(target=bring_in)
    writer.start()
    begun.wait()
    field.glean(keyword())
    looked.set()
    writer.join()
    field.found(keyword())
    assert field.held() == {("2613.00003", 1)}


def test_who_is_damaged_again_while_it_is_made_again_fails_and_then_gets_everything(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_harvest, "_FLUSH_SIZE", 1)
    field.bring_in_all()
    field.bring_in(2, *(paper(number) for number in range(1, 40)))
    field.bring_in(3, *(paper(number) for number in range(40, 80)))
    field.found(keyword())
    path = field.store.raw_papers_path("compiler")
    spoil(path)
    field.now += timedelta(hours=1)
    field.bring_in(4, paper(80))
    real, writes = field.store.write_raw_papers, []

    def spoiling(value: raw_papers.RawPapers) -> None:
        real(value)
        writes.append(value)
        if len(writes) <= 3:
            spoil(path)

    monkeypatch.setattr(field.store, "write_raw_papers", spoiling)
    (outcome,) = field.glean(keyword())
    assert isinstance(outcome, RefreshFailure)
    monkeypatch.undo()
    field.found(keyword())
    field.found(keyword())
    assert len(field.held()) == 80
    assert field.harvests.scan_states.read()["compiler"].refreshed_at == field.now


def test_a_damaged_day_that_cannot_be_set_aside_costs_the_others_nothing(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    field.bring_in_all(paper(1))
    field.harvests.path(date(2026, 11, 3)).write_bytes(b"not Parquet")

    def refuse(path: Path, _: object) -> Path:
        raise PermissionError(errno.EACCES, "permission denied", str(path))

    monkeypatch.setattr(harvest, "quarantine", refuse)
    (outcome,) = field.glean(keyword())
    assert isinstance(outcome, RefreshFailure)
    assert field.held() == {("2613.00001", 1)}


@pytest.mark.parametrize("end", ["disk full", "killed"])
def test_who_has_lost_papers_and_does_not_get_them_back_at_once_gets_them_later(
    field: Field, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    field.bring_in_all()
    field.bring_in(2, *(paper(number) for number in range(1, 40)))
    field.found(keyword())
    spoil(field.store.raw_papers_path("compiler"))
    field.now += timedelta(hours=1)
    field.bring_in(3, paper(40))
    real, writes = field.store.write_raw_papers, []

    def failing(value: raw_papers.RawPapers) -> None:
        writes.append(value)
        if len(writes) == 1:
            real(value)
        elif end == "killed":
            raise SystemExit
        else:
            raise StoreError("no space left on device")

    monkeypatch.setattr(field.store, "write_raw_papers", failing)
    with pytest.raises(SystemExit) if end == "killed" else nullcontext():
        field.glean(keyword())
    monkeypatch.undo()
    assert len(writes) == 2
    # Whoever reads it now is not told that this is all.
    assert (writes[0].refreshed_at, writes[0].complete_from) == (None, None)
    field.found(keyword())
    assert len(field.held()) == 40


def test_a_day_that_is_damaged_for_a_moment_is_looked_through(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    field.bring_in_all()
    field.bring_in(3, paper(3))
    real = read_table
    failures: list[Path] = []

    def failing(path: Path, schema: pa.Schema, *rest: range) -> tuple[pa.Table, dict[str, str]]:
        if path == field.harvests.path(date(2026, 11, 3)) and not failures:
            failures.append(path)
            raise StoreDamagedError(path, "it cannot be read (a hiccup)")
        return real(path, schema, *rest)

    monkeypatch.setattr(harvest, "read_table", failing)
    field.found(keyword())
    assert failures
    assert field.held() == {("2613.00003", 1)}


def test_a_day_that_another_run_set_aside_meanwhile_counts_as_missing(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    field.bring_in_all(paper(1))
    gone = field.harvests.path(date(2026, 11, 3))
    real = HarvestStore.read_status

    def look(harvest_store: HarvestStore) -> StoredDays:
        found = real(harvest_store)
        gone.unlink()
        return found

    monkeypatch.setattr(HarvestStore, "read_status", look)
    (outcome,) = field.glean(keyword())
    assert isinstance(outcome, RefreshFailure)
    assert outcome.short_reason == "2026-11-03 has not been harvested"


def test_a_date_of_a_clock_that_was_ahead_is_corrected(field: Field) -> None:
    field.now += timedelta(days=10)
    for day in range(1, 15):
        field.bring_in(day, paper(day))
    field.found(keyword())
    field.now = NOON + timedelta(days=1)
    for day in range(1, 6):
        field.bring_in(day)
    field.found(keyword())
    of_keyword = field.store.read_raw_papers("compiler")
    assert of_keyword is not None
    assert of_keyword.refreshed_at == of_keyword.complete_until == field.now
    before = field.store.etag("compiler")
    field.found(keyword())
    assert field.store.etag("compiler") == before


def test_a_gap_that_was_filled_is_none(field: Field) -> None:
    field.now += timedelta(days=8)
    for day in (1, *range(3, 13)):
        field.bring_in(day, paper(day))
    field.found(keyword())
    field.bring_in(2, paper(2))
    field.found(keyword())
    of_keyword = field.store.read_raw_papers("compiler")
    assert of_keyword is not None
    assert of_keyword.complete_from == datetime(2026, 11, 1, tzinfo=UTC)


def test_a_later_query_is_not_forgotten(field: Field) -> None:
    field.bring_in_all()
    later = NOON + timedelta(hours=20)
    field.store.write_raw_papers(raw_papers.merge_answer(keyword(), None, [paper(7)], later))
    field.now = NOON + timedelta(hours=21)
    field.found(keyword())
    of_keyword = field.store.read_raw_papers("compiler")
    assert of_keyword is not None
    assert of_keyword.refreshed_at == later


# In object storage.


@pytest.fixture
def remote_field(s3_home: Path, tmp_path: Path) -> Field:
    return Field(s3_home, FileLocks(tmp_path))


def test_a_harvest_in_object_storage_is_looked_through_without_fetching_what_is_known(
    remote_field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = remote_field
    field.bring_in_all(paper(1))
    field.found(keyword())
    field.now += timedelta(hours=1)
    field.bring_in(4, paper(1), paper(2))
    fetched = []
    real = read_bytes

    def reading(path: Path) -> bytes:
        fetched.append(path.name)
        return real(path)

    monkeypatch.setattr(parquet, "read_bytes", reading)
    field.found(keyword())
    assert field.held() == {("2613.00001", 1), ("2613.00002", 1)}
    assert [name for name in fetched if name.startswith("2026")] == ["2026-11-04.parquet"]


def test_an_object_that_cannot_be_had_for_a_moment_costs_no_paper(
    remote_field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = remote_field
    field.bring_in_all(paper(1))
    field.bring_in(3, paper(3))
    real = read_bytes

    def failing(path: Path) -> bytes:
        if path.name == "2026-11-03.parquet":
            raise OSError(errno.EIO, "no answer", str(path))
        return real(path)

    monkeypatch.setattr(parquet, "read_bytes", failing)
    (outcome,) = field.glean(keyword())
    assert isinstance(outcome, RefreshFailure)
    assert field.held() == {("2613.00001", 1)}
    monkeypatch.undo()
    field.found(keyword())
    assert field.held() == {("2613.00001", 1), ("2613.00003", 1)}


def test_a_backup_in_object_storage_is_noticed_too(remote_field: Field) -> None:
    field = remote_field
    field.bring_in_all(paper(1))
    field.found(keyword())
    path = field.store.raw_papers_path("compiler")
    backup = path.read_bytes()
    field.bring_in(3, paper(3))
    field.found(keyword())
    path.write_bytes(backup)
    field.found(keyword())
    assert field.held() == {("2613.00001", 1), ("2613.00003", 1)}
