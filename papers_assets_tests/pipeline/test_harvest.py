"""Days brought in over real HTTP, and kept."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.oai_day import fetch_day
from papers_assets.arxiv.rate_limit import RateLimiter
from papers_assets.arxiv.retry import RetryPolicy
from papers_assets.arxiv.sample import ALL_FAULTS, Corpus, FaultScript, FaultStep, SampleArxiv
from papers_assets.defs.asset_metadata.harvest import harvest_metadata
from papers_assets.pipeline import harvest
from papers_assets.pipeline.harvest import HarvestedDay, HarvestFailure, harvest_days, list_days_due
from papers_assets.storage.files import StoreError
from papers_assets.storage.harvest import HarvestStore
from papers_assets.storage.parquet import read_table
from papers_assets.transform.harvest_coverage import FINAL_AFTER, DayStatus
from papers_assets_tests.arxiv.test_xml import with_form_feeds
from papers_assets_tests.helpers.sample_papers import paper

IMPATIENT = RetryPolicy(max_attempts=2, backoff=0)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = date(2026, 11, 18)

BringIn = Callable[..., list[HarvestedDay | HarvestFailure]]


@pytest.fixture
def server(corpus: Corpus, request: pytest.FixtureRequest) -> Iterator[SampleArxiv]:
    """Lists of several pages, each but the last with the size of the whole list."""
    with SampleArxiv(corpus, oai_page=getattr(request, "param", 1)) as server:
        yield server


@pytest.fixture
def harvest_store(tmp_path: Path) -> HarvestStore:
    return HarvestStore(tmp_path)


@pytest.fixture
def bring(server: SampleArxiv, harvest_store: HarvestStore, tmp_path: Path) -> Iterator[BringIn]:
    rate_limiter = RateLimiter(tmp_path / "x.lock", 0)
    client = ArxivClient(server.url, rate_limiter, IMPATIENT, oai_url=server.oai_url)

    def bring(*days: date, sets: tuple[str, ...] = (), at: datetime = NOW) -> list[object]:
        return list(harvest_days(days, sets, client, harvest_store, lambda: at))

    yield bring  # type: ignore[misc] # the caller knows what it asks for
    client.close()


def versions(harvest_store: HarvestStore, day: date = DAY) -> set[tuple[str, int]]:
    found = harvest_store.read(day)
    assert found is not None
    rows = found[1].select(["arxiv_id", "version"]).to_pylist()
    return {(row["arxiv_id"], row["version"]) for row in rows}


def test_a_day_is_kept_whole(
    server: SampleArxiv, harvest_store: HarvestStore, bring: BringIn
) -> None:
    (outcome,) = bring(DAY)
    assert isinstance(outcome, HarvestedDay)
    assert outcome.listed == outcome.new == outcome.stored == len(versions(harvest_store)) > 0
    assert outcome.requests == len(server.requests) >= 1
    of_day = harvest_store.readable_days().get(DAY)
    assert of_day is not None
    assert of_day.harvested_at == NOW


def test_a_day_that_came_again_has_changed_only_if_something_did(
    harvest_store: HarvestStore, bring: BringIn
) -> None:
    bring(DAY)
    later = NOW + timedelta(hours=1)
    (outcome,) = bring(DAY, at=later)
    assert isinstance(outcome, HarvestedDay)
    assert outcome.new == 0
    of_day = harvest_store.readable_days().get(DAY)
    assert of_day is not None
    assert (of_day.sequence, of_day.harvested_at) == (1, later)


def test_a_paper_that_left_the_list_of_a_day_stays(
    server: SampleArxiv, harvest_store: HarvestStore, bring: BringIn
) -> None:
    bring(DAY)
    before = versions(harvest_store)
    server.fault = FaultScript([FaultStep("deleted-record", times=1)])
    (outcome,) = bring(DAY)
    assert isinstance(outcome, HarvestedDay)
    assert outcome.deleted == 1
    assert outcome.listed == len(before) - 1
    assert versions(harvest_store) == before


@pytest.mark.parametrize("fault", ["busy", "blocked", "cut-short", "web-page"])
def test_a_day_that_cannot_be_had_is_not_whole_and_costs_no_other(
    server: SampleArxiv, harvest_store: HarvestStore, bring: BringIn, fault: str
) -> None:
    server.fault = FaultScript([FaultStep(fault, times=2)])
    other = DAY - timedelta(days=1)
    first, second = bring(DAY, other)
    assert isinstance(first, HarvestFailure)
    of_day = harvest_store.readable_days().get(DAY)
    assert of_day is None or of_day.harvested_at is None
    # Who is blocked does not knock at the next door.
    assert isinstance(second, HarvestFailure if fault == "blocked" else HarvestedDay)


def test_what_came_of_a_list_that_was_not_whole_is_kept(
    server: SampleArxiv, harvest_store: HarvestStore, bring: BringIn
) -> None:
    server.fault = FaultScript([FaultStep("wrong-list-size")])
    (outcome,) = bring(DAY)
    assert isinstance(outcome, HarvestFailure)
    assert versions(harvest_store)
    assert DAY in list_days_due(DAY, NOW, harvest_store, ())


def test_what_came_before_a_list_broke_off_is_kept(
    server: SampleArxiv, harvest_store: HarvestStore, bring: BringIn
) -> None:
    server.fault = FaultScript([FaultStep("error-500", words="resumptionToken")])
    (outcome,) = bring(DAY)
    assert isinstance(outcome, HarvestFailure)
    assert outcome.short_reason == "arXiv answered 500"
    assert len(versions(harvest_store)) == 1
    assert harvest_store.readable_days()[DAY].harvested_at is None
    server.fault = None
    (outcome,) = bring(DAY)
    assert isinstance(outcome, HarvestedDay)
    assert outcome.new == outcome.listed - 1 > 0


def test_a_mistake_of_ours_costs_no_other_day(
    harvest_store: HarvestStore, bring: BringIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, bad = harvest_store.write, DAY

    def write(harvested: DayStatus, papers: pa.Table) -> None:
        if harvested.day == bad:
            raise KeyError("a column")
        real(harvested, papers)

    monkeypatch.setattr(harvest_store, "write", write)
    first, second = bring(bad, bad - timedelta(days=1))
    assert isinstance(first, HarvestFailure)
    assert "KeyError" in first.reason
    assert isinstance(second, HarvestedDay)


def test_a_list_that_is_whole_at_the_second_look_costs_nothing(
    server: SampleArxiv, bring: BringIn
) -> None:
    server.fault = FaultScript([FaultStep("wrong-list-size", times=1)])
    (outcome,) = bring(DAY)
    assert isinstance(outcome, HarvestedDay)


def test_an_empty_list_of_a_weekday_that_is_over_is_asked_for_once_more(
    server: SampleArxiv, bring: BringIn
) -> None:
    server.corpus = Corpus([])
    saturday, today = date(2026, 11, 14), NOW.date()
    for day, requests in ((DAY, 2), (saturday, 1), (today, 1)):
        before = len(server.requests)
        (outcome,) = bring(day)
        assert isinstance(outcome, HarvestedDay)
        assert (len(server.requests) - before, outcome.stored) == (requests, 0)


def test_a_list_that_has_no_end_is_not_begun_again(
    server: SampleArxiv, bring: BringIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvest, "MAX_REQUESTS", 1)
    monkeypatch.setattr(harvest, "fetch_day", partial(fetch_day, max_requests=1))
    (outcome,) = bring(DAY)
    assert isinstance(outcome, HarvestFailure)
    assert "goes on" in outcome.reason
    assert len(server.requests) == 1


def test_what_was_settled_by_a_clock_that_was_ahead_is_asked_for(
    harvest_store: HarvestStore, bring: BringIn
) -> None:
    bring(DAY, at=NOW + 2 * FINAL_AFTER)
    assert DAY in list_days_due(DAY, NOW, harvest_store, ())
    assert DAY not in list_days_due(DAY, NOW + 2 * FINAL_AFTER, harvest_store, ())


def test_why_a_day_could_not_be_had_is_noted_until_it_comes(harvest_store: HarvestStore) -> None:
    other = DAY - timedelta(days=1)
    harvest_store.write_problems((), {DAY: "arXiv answered 503", other: "arXiv answered 500"})
    harvest_store.write_problems({DAY}, {})
    assert harvest_store.read_problems() == {other: "arXiv answered 500"}
    harvest_store.write_problems({other}, {})
    assert harvest_store.read_problems() == {}


def test_arxiv_is_left_alone_after_three_days_in_a_row(server: SampleArxiv, bring: BringIn) -> None:
    server.fault = FaultScript([FaultStep("error-500")])
    outcomes = bring(*(DAY - timedelta(days=n) for n in range(6)))
    assert all(isinstance(outcome, HarvestFailure) for outcome in outcomes)
    assert len(server.requests) == 3 * IMPATIENT.max_attempts


def test_arxiv_that_answers_in_between_is_not_left_alone(
    server: SampleArxiv, bring: BringIn
) -> None:
    days = [DAY - timedelta(days=n) for n in range(6)]
    busy = {day.isoformat() for day in days[::2]}
    server.fault = lambda request: ALL_FAULTS[
        "error-500" if request.parameters["from"] in busy else "not-found"
    ]
    outcomes = bring(*days)
    assert all(isinstance(outcome, HarvestFailure) and outcome.was_asked for outcome in outcomes)


def test_the_day_for_which_no_time_was_left_is_as_the_days_after_it(
    server: SampleArxiv, harvest_store: HarvestStore, tmp_path: Path
) -> None:
    retry_policy = replace(IMPATIENT, deadline=-1)
    with closing(
        ArxivClient(
            server.url, RateLimiter(tmp_path / "x.lock", 0), retry_policy, oai_url=server.oai_url
        )
    ) as client:
        days = [DAY, DAY - timedelta(days=1)]
        outcomes = list(harvest_days(days, (), client, harvest_store, lambda: NOW))
    assert [o.was_asked for o in outcomes if isinstance(o, HarvestFailure)] == [False, False]


def test_days_are_brought_in_until_they_are_settled(
    harvest_store: HarvestStore, bring: BringIn
) -> None:
    today, yesterday = NOW.date(), NOW.date() - timedelta(days=1)
    assert list_days_due(DAY, NOW, harvest_store, ()) == [today, yesterday, DAY]
    bring(today, yesterday, DAY)
    assert list_days_due(DAY, NOW, harvest_store, ()) == [today, yesterday, DAY]
    midnight = datetime(2026, 11, 19, tzinfo=UTC)
    early = midnight + FINAL_AFTER - timedelta(minutes=1)
    bring(DAY, yesterday, at=early)
    assert DAY in list_days_due(DAY, early, harvest_store, ())
    bring(DAY, yesterday, at=early + timedelta(minutes=2))
    days = list_days_due(DAY, early, harvest_store, ())
    assert DAY not in days
    assert yesterday in days


def test_a_damaged_day_is_set_aside_and_brought_in_anew(
    harvest_store: HarvestStore, bring: BringIn
) -> None:
    bring(DAY)
    before = versions(harvest_store)
    harvest_store.path(DAY).write_bytes(b"not Parquet")
    assert list_days_due(DAY, NOW, harvest_store, ())[-1] == DAY
    bring(DAY)
    assert versions(harvest_store) == before
    assert len(list(harvest_store.folder.glob("*.damaged*"))) == 1


def test_days_of_fewer_sets_are_brought_in_again(
    harvest_store: HarvestStore, bring: BringIn
) -> None:
    later = NOW + 2 * FINAL_AFTER
    bring(DAY, sets=("stat",), at=later)
    some = versions(harvest_store)
    assert DAY in list_days_due(DAY, later, harvest_store, ("cs", "stat"))
    bring(DAY, sets=("cs", "stat"), at=later)
    assert some < versions(harvest_store)
    for wanted in ((), ("cs", "math")):
        assert DAY in list_days_due(DAY, later, harvest_store, wanted)
    assert DAY not in list_days_due(DAY, later, harvest_store, ("cs",))


@pytest.mark.parametrize("server", [100], indirect=True)
def test_days_that_cannot_be_had_do_not_keep_older_ones_from_being_asked_for(
    server: SampleArxiv, harvest_store: HarvestStore, bring: BringIn
) -> None:
    since = NOW.date() - timedelta(days=15)
    bad = {NOW.date() - timedelta(days=n) for n in (8, 9, 10)}

    server.fault = lambda request: (
        ALL_FAULTS["busy"] if date.fromisoformat(request.parameters["from"]) in bad else None
    )
    for _ in range(2):
        outcomes = bring(*list_days_due(since, NOW, harvest_store, ()))
        failed = [outcome for outcome in outcomes if isinstance(outcome, HarvestFailure)]
        harvest_store.write_problems((), {o.day: o.short_reason for o in failed if o.was_asked})
    assert set(harvest_store.read_problems()) == bad == {outcome.day for outcome in failed}


def test_days_of_long_ago_that_could_not_be_had_come_last(harvest_store: HarvestStore) -> None:
    since = NOW.date() - timedelta(days=20)
    old = {NOW.date() - timedelta(days=n) for n in (9, 10, 12, 15, 17)}
    failed = dict.fromkeys([NOW.date(), *old], "arXiv answered 503")
    harvest_store.write_problems((), failed)
    first = set()
    for days_later in range(5):
        now = NOW + timedelta(days=days_later)
        days = list_days_due(since, now, harvest_store, ())
        assert set(days[-5:]) == old
        assert days[:-5] == sorted(set(days[:-5]), reverse=True)
        assert len(days) == 21 + days_later
        first.add(days[-5])
    # Each of them is the first one day, so that those that fail for ever starve none.
    assert first == old


def test_a_list_that_has_lost_everything_is_not_believed_until_much_later(
    server: SampleArxiv, harvest_store: HarvestStore, bring: BringIn
) -> None:
    many = [paper(f"2613.{n:05d}", published="2026-11-17T12:00:00Z") for n in range(1, 25)]
    server.corpus = Corpus(many)
    (first,) = bring(DAY)
    assert isinstance(first, HarvestedDay)
    server.corpus = Corpus([])
    (second,) = bring(DAY, at=NOW + timedelta(hours=1))
    assert isinstance(second, HarvestFailure)
    assert second.reason == "nothing is listed where 24 records were before"
    (third,) = bring(DAY, at=NOW + 2 * FINAL_AFTER)
    assert isinstance(third, HarvestedDay)
    assert len(versions(harvest_store)) == 24


@pytest.mark.parametrize("before", [(), ("cs", "stat")])
def test_a_small_set_may_have_nothing_where_large_ones_had_much(
    server: SampleArxiv, harvest_store: HarvestStore, bring: BringIn, before: tuple[str, ...]
) -> None:
    many = [paper(f"2613.{n:05d}", published="2026-11-17T12:00:00Z") for n in range(1, 25)]
    server.corpus = Corpus(many)
    bring(DAY, sets=before)
    assert len(versions(harvest_store)) == 24
    (outcome,) = bring(DAY, sets=("econ",) if not before else ("stat",))
    assert isinstance(outcome, HarvestedDay)
    assert outcome.listed == 0


@pytest.mark.parametrize("server", [100], indirect=True)
def test_a_day_with_papers_that_could_not_be_read_settles_for_this_reader_only(
    server: SampleArxiv,
    harvest_store: HarvestStore,
    bring: BringIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    later = NOW + timedelta(days=31)
    server.corpus = Corpus(
        [paper(f"2613.{n:05d}", published="2026-11-17T12:00:00Z") for n in range(1, 25)]
    )
    server.fault = FaultScript([FaultStep("unreadable-entry")])
    (outcome,) = bring(DAY, at=later)
    assert isinstance(outcome, HarvestedDay)
    of_day = harvest_store.readable_days()[DAY]
    assert of_day.unreadable_records == len(outcome.unreadable_records) > 0
    assert of_day.is_final((), later)
    assert not replace(of_day, harvested_at=NOW + 2 * FINAL_AFTER).is_final((), later)
    monkeypatch.setattr(
        "papers_assets.transform.harvest_coverage.READER_VERSION", of_day.reader_version + 1
    )
    assert not of_day.is_final((), later)


def test_few_files_are_opened_to_know_what_there_is(
    harvest_store: HarvestStore, bring: BringIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(DAY, DAY - timedelta(days=1))
    before = harvest_store.readable_days()
    opened = []
    real = read_table

    def reading(path: Path, *rest: Any) -> Any:
        opened.append(path)
        return real(path, *rest)

    monkeypatch.setattr("papers_assets.storage.harvest.read_table", reading)
    assert harvest_store.readable_days() == before
    assert opened == []
    # One that was put there by somebody else is opened.
    path = harvest_store.path(DAY)
    path.with_suffix(".copy").write_bytes(path.read_bytes())
    path.with_suffix(".copy").rename(path)
    assert harvest_store.readable_days() == before
    assert opened == [path]
    (harvest_store.folder / "index.json").write_bytes(b"{")
    assert harvest_store.readable_days() == before
    assert len(opened) == 3


def test_arxiv_is_left_alone_when_nothing_can_be_stored(
    server: SampleArxiv,
    harvest_store: HarvestStore,
    bring: BringIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise StoreError("no space left on device")

    monkeypatch.setattr(harvest_store, "write", full)
    outcomes = bring(*(DAY - timedelta(days=n) for n in range(6)))
    assert [outcome.was_asked for outcome in outcomes if isinstance(outcome, HarvestFailure)] == (
        [True] * 3 + [False] * 3
    )
    assert len({request.parameters.get("from") for request in server.requests} - {None}) == 3


def test_one_record_that_cannot_be_read_costs_no_day(server: SampleArxiv, bring: BringIn) -> None:
    """Not even on a page of its own."""
    server.fault = FaultScript([FaultStep("unreadable-entry", times=1)])
    (outcome,) = bring(DAY)
    assert isinstance(outcome, HarvestedDay)
    assert len(outcome.unreadable_records) == 1


def test_a_character_that_xml_does_not_allow_costs_no_record_and_is_told(
    server: SampleArxiv,
    harvest_store: HarvestStore,
    bring: BringIn,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bring(DAY)
    before = versions(harvest_store)
    server.fault = lambda _: with_form_feeds
    (outcome,) = bring(DAY)
    assert isinstance(outcome, HarvestedDay)
    assert (outcome.listed, outcome.unreadable_records) == (len(before), ())
    assert "characters replaced by U+FFFD: 1" in outcome.repairs[0]
    assert outcome.repairs[0] in caplog.text
    metadata = harvest_metadata(outcome, (), harvest_store.path(DAY))
    assert outcome.repairs[0] in str(metadata["warnings"])
