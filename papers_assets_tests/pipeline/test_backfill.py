"""Fetching past months of a keyword, and what a run can be asked for, over real HTTP."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import dagster as dg
import pytest
from dagster._core.errors import DagsterExecutionInterruptedError

from papers_assets.arxiv.sample import Corpus, Fault, FaultScript, FaultStep, Paper, RequestRecord
from papers_assets.arxiv.sample.api import Archive
from papers_assets.arxiv.sample.interfaces import answer_request
from papers_assets.arxiv.sample.replies import FaultFactory
from papers_assets.defs.jobs import DAILY_JOB
from papers_assets.defs.run_config import EVERYTHING_TAG
from papers_assets.keywords.matching import Matcher
from papers_assets.keywords.model import Keyword, MatchField
from papers_assets.pipeline import backfill, paging, refresh_keyword
from papers_assets.storage.raw_papers import StoreError
from papers_assets.transform import raw_papers
from papers_assets_tests.arxiv.test_xml import with_form_feeds
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.hostile_papers import hostile_corpus
from papers_assets_tests.helpers.project import Pipeline, Project
from papers_assets_tests.helpers.sample_papers import paper

pytestmark = pytest.mark.lists_only

SINCE = date(2026, 1, 10)
MONTHS = [f"2026{month:02}" for month in range(11, 0, -1)]


def run(project: Project, **config: Any) -> dg.ExecuteInProcessResult:
    return project.execute(
        DAILY_JOB,
        tags={**project.everything, EVERYTHING_TAG: "true"},
        run_config={"ops": {"raw_papers": {"config": config}}},
        raise_on_error=False,
    )


def look_back(pipeline: Pipeline, **config: Any) -> None:
    """Refresh and look back, below Dagster, and come to the end."""
    assert pipeline.refresh(**config).failed == {}


def open_months(pipeline: Pipeline, **config: Any) -> str:
    """The same, and do not come to the end: return what is said of it."""
    assert pipeline.refresh(**config).failed
    return pipeline.story


def backfilled(pipeline: Pipeline) -> str:
    return str(pipeline.metadata["raw_papers", "compiler"]["backfill"])


def problem(result: dg.ExecuteInProcessResult) -> str:
    assert not result.success
    failure = result.failure_data_for_node("raw_papers")
    assert failure is not None
    assert failure.user_failure_data is not None
    return failure.user_failure_data.description or ""


def submitted_since(corpus: Corpus, keyword: Keyword, since: date) -> set[str]:
    """What arXiv has, computed without asking it."""
    matches = Matcher(keyword)
    return {
        p.id
        for p in corpus.newest
        if p.published >= str(since) and matches(p.title, p.abstract, p.categories)
    }


def held(pipeline: Pipeline, name: str) -> set[str]:
    found = pipeline.store.read_raw_papers(name)
    assert found is not None
    return {arxiv_id for arxiv_id, _ in found.versions()}


def asked_for_months(pipeline: Pipeline) -> list[str]:
    asked = [r.parameters.get("search_query", "") for r in pipeline.server.requests]
    return [words.partition("submittedDate:[")[2][:6] for words in asked if "submitted" in words]


@pytest.fixture
def compiler(pipeline: Pipeline) -> Pipeline:
    pipeline.keywords = [keyword("compiler", cap=10)]
    return pipeline


def test_looking_back_brings_what_was_submitted_since(
    compiler: Pipeline, corpus: Corpus, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = submitted_since(corpus, compiler.keywords[0], SINCE)
    look_back(compiler)
    assert wanted - held(compiler, "compiler"), "the corpus has no more than a page of them"
    caplog.set_level("INFO")
    report = compiler.run(look_back_to=str(SINCE))
    assert (report.failed, report.problem) == ({}, "")
    assert wanted <= held(compiler, "compiler")
    assert asked_for_months(compiler) == MONTHS
    count = len(held(compiler, "compiler"))
    says = f"{count} versions are stored, and the list shows at most 10 papers (cap)"
    assert any(line.endswith(says) for line in caplog.messages)
    # The list is as long as ever, and the next day has no news because of what was looked up.
    assert len(compiler.store.read_papers()) == 10
    compiler.next_day()
    look_back(compiler)
    assert compiler.metadata["raw_papers", "compiler"]["new"] == 0


def test_an_interrupted_look_back_says_so_and_goes_on_where_it_ended(compiler: Pipeline) -> None:
    compiler.failing = {"submittedDate:[202603": Fault(503)}
    report = compiler.refresh(look_back_to=str(SINCE))
    text = compiler.story
    assert "Looking back did not come to its end. compiler: ended before 2026-03-31: " in text
    assert "arXiv answered 503" in text
    # It was refreshed, so that is what Dagster and the README say.
    assert (report.refreshed, list(report.failed)) == (["compiler"], ["looking back at compiler"])
    assert compiler.publish().problem == ""
    assert "Not refreshed" not in compiler.readme
    compiler.failing = {}
    before = len(asked_for_months(compiler))
    look_back(compiler, look_back_to=str(SINCE))
    # This month is not done: what arXiv's moderators hold back is still to come.
    assert asked_for_months(compiler)[before:] == ["202611", "202603", "202602", "202601"]


def test_a_month_that_cannot_be_believed_stays_open_and_older_ones_are_asked_for(
    compiler: Pipeline,
) -> None:
    look_back(compiler)
    compiler.server.fault = FaultScript([FaultStep("no-results", "submittedDate:[202610")])
    text = open_months(compiler, look_back_to="2026-09-01")
    assert "2026-10-01 to 2026-10-31 is not whole: " in text
    assert "papers are missing that came before" in text
    assert asked_for_months(compiler) == ["202611", "202610", "202610", "202609"]
    compiler.server.fault = None
    look_back(compiler, look_back_to="2026-09-01")
    assert asked_for_months(compiler)[4:] == ["202611", "202610"]


def test_months_without_papers_are_asked_for_twice_and_are_done_when_others_have_some(
    compiler: Pipeline,
) -> None:
    compiler.server.fault = FaultScript([FaultStep("no-results", "submittedDate:[202609")])
    look_back(compiler, look_back_to="2026-08-01", look_back_until="2026-09-02")
    assert asked_for_months(compiler) == ["202609", "202609", "202608"]
    look_back(compiler, look_back_to="2026-08-01", look_back_until="2026-09-02")
    assert len(asked_for_months(compiler)) == 3


def test_months_that_came_empty_to_the_end_are_asked_for_again(compiler: Pipeline) -> None:
    # As when arXiv has nothing to say to anybody, for an hour.
    compiler.server.fault = FaultScript([FaultStep("no-results", "submittedDate")])
    first = compiler.file["compiler"]
    compiler.keywords = [keyword("compiler", cap=10)]
    assert first == compiler.file["compiler"]
    look_back(compiler, look_back_to="2026-01-10", look_back_until="2026-02-28")
    compiler.server.fault = None
    look_back(compiler, look_back_to="2026-01-10", look_back_until="2026-02-28")
    assert asked_for_months(compiler)[4:] == ["202602", "202601"]
    wanted = submitted_since(hostile_corpus(), first, date(2026, 1, 10))
    later = submitted_since(hostile_corpus(), first, date(2026, 3, 1))
    assert wanted - later <= held(compiler, "compiler")


def test_an_entry_that_cannot_be_read_is_told_and_its_month_is_asked_for_again(
    compiler: Pipeline,
) -> None:
    compiler.server.fault = FaultScript([FaultStep("unreadable-entry", "submittedDate:[202608")])
    look_back(compiler, look_back_to="2026-08-01", look_back_until="2026-08-31")
    assert "2026-08-01 to 2026-08-31: 1 entry could not be read" in backfilled(compiler)
    compiler.server.fault = None
    look_back(compiler, look_back_to="2026-08-01", look_back_until="2026-08-31")
    assert asked_for_months(compiler) == ["202608", "202608"]


def test_a_character_that_xml_does_not_allow_costs_no_month_and_is_told(
    compiler: Pipeline,
) -> None:
    compiler.server.fault = lambda _: with_form_feeds
    look_back(compiler, look_back_to="2026-08-01", look_back_until="2026-08-31")
    assert "2026-08-01 to 2026-08-31: not well-formed" in backfilled(compiler)
    look_back(compiler, look_back_to="2026-08-01", look_back_until="2026-08-31")
    assert asked_for_months(compiler) == ["202608"]


def later_pages(fault: Fault) -> Callable[[RequestRecord], Fault | None]:
    """Let pages of a window fail, but its first."""
    return lambda r: (
        fault
        if r.parameters["start"] != "0" and "submittedDate" in r.parameters["search_query"]
        else None
    )


FEBRUARY = {"look_back_to": "2026-02-01", "look_back_until": "2026-02-28"}


def submitted_in_february(corpus: Corpus, keyword: Keyword) -> set[str]:
    since = submitted_since(corpus, keyword, date(2026, 2, 1))
    return since - submitted_since(corpus, keyword, date(2026, 3, 1))


def test_a_window_whose_later_page_does_not_come_is_asked_for_in_halves(
    compiler: Pipeline, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = submitted_in_february(corpus, compiler.keywords[0])
    monkeypatch.setattr(paging, "MAX_PAGE_SIZE", len(wanted) - 1)
    compiler.server.fault = later_pages(Fault(500))
    look_back(compiler, **FEBRUARY)
    assert wanted <= held(compiler, "compiler")
    asked = len(asked_for_months(compiler))
    look_back(compiler, **FEBRUARY)
    assert len(asked_for_months(compiler)) == asked


def test_what_the_first_pages_of_a_window_brought_is_kept_when_arxiv_wants_no_more(
    compiler: Pipeline, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = submitted_in_february(corpus, compiler.keywords[0])
    look_back(compiler)
    before = held(compiler, "compiler")
    monkeypatch.setattr(paging, "MAX_PAGE_SIZE", len(wanted) - 1)
    compiler.server.fault = later_pages(Fault(404))
    assert "ended before 2026-02-28: arXiv answered 404" in open_months(compiler, **FEBRUARY)
    assert len(wanted - held(compiler, "compiler")) <= 1 < len(wanted - before)
    compiler.server.fault = None
    look_back(compiler, **FEBRUARY)
    assert wanted <= held(compiler, "compiler")


def test_papers_of_a_first_doubted_answer_are_kept_though_the_second_is_believed(
    compiler: Pipeline, corpus: Corpus
) -> None:
    wanted = submitted_in_february(corpus, compiler.keywords[0])
    look_back(compiler)
    new = wanted - held(compiler, "compiler")

    def fault(request: RequestRecord) -> FaultFactory | None:
        if "submittedDate" not in request.parameters["search_query"]:
            return None
        if len(asked_for_months(compiler)) == 1:
            return with_one_too_many
        compiler.server.corpus = Corpus(p for p in corpus.newest if p.id != min(new))
        return None

    compiler.server.fault = fault
    look_back(compiler, **FEBRUARY)
    assert wanted <= held(compiler, "compiler")
    assert backfilled(compiler).startswith(f"1 date ranges fetched, {len(new)} new papers")


def with_one_too_many(request: RequestRecord, archive: Archive, now: datetime) -> Fault:
    """Promise a result more than there are."""
    real = answer_request(request, archive, now)
    assert real is not None
    total = re.compile(rb"(?<=<opensearch:totalResults>)[0-9]+")
    body = total.sub(lambda match: b"%d" % (int(match[0]) + 1), real.body)
    return Fault(real.status, body, content_type=real.content_type)


@pytest.mark.parametrize("most", [30_000, 4])
def test_no_paper_of_the_last_minute_of_a_window_is_lost(
    compiler: Pipeline, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    def submitted(number: int, time: str) -> Paper:
        return paper(f"2613.{number:05}", "A compiler", "A compiler.", published=time)

    times = [f"2026-02-28T23:{minute}:{s}Z" for minute in (58, 59) for s in ("00", "01", "59")]
    after = ["2026-03-01T00:00:00Z", "2026-03-01T00:00:30Z", "2026-03-01T00:01:00Z"]
    newer = [submitted(100 + n, "2026-11-01T00:00:00Z") for n in range(100)]
    compiler.server.corpus = Corpus([*newer, *map(submitted, range(9), [*times, *after])])
    monkeypatch.setattr(paging, "MAX_RESULTS", most)
    look_back(compiler, look_back_to="2026-02-28", look_back_until="2026-02-28")
    found = held(compiler, "compiler") - {p.id for p in newer}
    assert found == {f"2613.{number:05}" for number in range(len(times))}
    assert (len(asked_for_months(compiler)) > 1) == (most < len(times))


def test_after_a_keyword_that_failed_the_next_is_asked_once_and_after_three_none(
    pipeline: Pipeline,
) -> None:
    pipeline.keywords = [keyword(f"compiler {n}", any=("compiler", f"x{n}")) for n in range(5)]
    pipeline.failing = {"submittedDate": Fault(503)}
    report = pipeline.refresh(look_back_to="2026-11-01")
    assert len(asked_for_months(pipeline)) == 2 + 1 + 1
    assert pipeline.story.count("not asked, after this: ") == 2
    assert report.refreshed == pipeline.file.names


def test_months_can_be_asked_for_again(compiler: Pipeline) -> None:
    dates = {"look_back_to": "2026-08-01", "look_back_until": "2026-09-30"}
    look_back(compiler, **dates)
    look_back(compiler, **dates, ignore_held=True)
    assert asked_for_months(compiler) == ["202609", "202608"] * 2
    look_back(compiler, **dates)
    assert len(asked_for_months(compiler)) == 4


def test_more_papers_in_a_minute_than_arxiv_gives_out_are_told(
    compiler: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MAX_RESULTS", 0)
    text = open_months(compiler, look_back_to="2026-11-20", look_back_until="2026-11-20")
    assert "has more papers than arXiv gives out" in text


@pytest.mark.parametrize("ignore_held", [True, False])
def test_whole_lists_are_read_when_what_is_held_is_ignored(
    compiler: Pipeline,
    monkeypatch: pytest.MonkeyPatch,
    ignore_held: bool,  # noqa: FBT001
) -> None:
    look_back(compiler)
    filled = []
    fetch = paging.fetch_until_known

    def watched(*arguments: Any, **options: Any) -> Any:
        filled.append(options["until_cap"])
        return fetch(*arguments, **options)

    monkeypatch.setattr(refresh_keyword, "fetch_until_known", watched)
    look_back(compiler, ignore_held=ignore_held)
    assert filled == [ignore_held]


def test_every_keyword_is_refreshed_before_any_is_looked_back_at(pipeline: Pipeline) -> None:
    look_back(pipeline, look_back_to="2026-11-01")
    months = ["submittedDate" in r.parameters["search_query"] for r in pipeline.server.requests]
    assert months == [False] * 3 + [True] * 3


def test_who_is_interrupted_looking_back_has_recorded_what_was_refreshed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.keywords = [keyword("compiler", cap=10)]

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backfill, "fetch_range", interrupted)
    with suppress(KeyboardInterrupt, DagsterExecutionInterruptedError):
        run(project, look_back_to="2026-11-01")
    assert project.materialized == {"compiler"}


def test_what_is_shown_after_looking_back_is_what_is_held(compiler: Pipeline) -> None:
    look_back(compiler, look_back_to=str(SINCE))
    shown = compiler.metadata["raw_papers", "compiler"]
    assert shown["stored_papers"] == len(held(compiler, "compiler")) > 100
    assert shown["requests"] == len(compiler.server.requests)


def test_a_disk_that_is_full_ends_looking_back_and_keeps_the_refresh(
    compiler: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("it is full")

    monkeypatch.setattr(raw_papers, "merge_backfill", full)
    text = open_months(compiler, look_back_to="2026-11-01")
    assert "compiler: it is full" in text
    assert ("raw_papers", "compiler") in compiler.metadata
    assert compiler.store.read_failure_reason("compiler") == ""


def test_a_changed_keyword_is_looked_back_at_anew(compiler: Pipeline) -> None:
    look_back(compiler, look_back_to="2026-11-01")
    compiler.keywords = [keyword("compiler", cap=10, any=("compiler", "LLVM"))]
    look_back(compiler, look_back_to="2026-11-01")
    assert asked_for_months(compiler) == ["202611", "202611"]


def test_a_window_that_is_cut_short_is_asked_for_twice_and_not_believed(compiler: Pipeline) -> None:
    compiler.server.fault = FaultScript([FaultStep("no-entries", "submittedDate")])
    text = open_months(compiler, look_back_to="2026-11-01")
    assert "is not whole: 0 results came where the answer promises" in text
    assert asked_for_months(compiler) == ["202611", "202611"]


def test_some_keywords_of_a_run_can_be_fetched_alone(project: Project) -> None:
    assert run(project, keywords=["compiler", "performance"]).success
    assert project.materialized == {"compiler", "performance"}
    assert len(project.server.requests) == 2
    assert not project.store.papers_path.exists()  # automation publishes: see test_schedules


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"keywords": ["compilers"]}, "No such keyword: 'compilers'. There are: reinforcement"),
        ({"look_back_to": "last month"}, "look_back_to is 'last month': expected a date such as"),
        ({"look_back_to": "2027-01-01"}, "expected a date up to 2026-11-23"),
        ({"look_back_to": "1990-01-01"}, "expected a date since arXiv began"),
        (
            {"look_back_to": "2027-01-01", "look_back_until": "2027-02-01"},
            "expected a date up to 2026-11-23",
        ),
        ({"look_back_until": "2026-01-01"}, "expected look_back_to with it"),
        (
            {"look_back_to": "2026-02-01", "look_back_until": "2026-01-01"},
            "expected a date up to 2026-01-01",
        ),
    ],
)
def test_a_wish_that_cannot_be_is_said_before_anything_is_asked(
    project: Project, config: dict[str, Any], words: str
) -> None:
    assert words in problem(run(project, **config))
    assert project.server.requests == []


def test_a_whole_run_takes_the_keywords_of_the_file_as_it_is_now(project: Project) -> None:
    # As when keywords.toml was edited, and the definitions were not reloaded.
    old = project.everything
    project.keywords = [*project.keywords, keyword("graph neural network")]
    result = project.execute(DAILY_JOB, tags={**old, EVERYTHING_TAG: "true"})
    assert result.success
    assert project.materialized == set(project.file.names)


def test_a_chosen_partition_is_fetched_alone_by_the_job_for_all_too(project: Project) -> None:
    tags = {EVERYTHING_TAG: "true", "dagster/partition": "compiler"}
    # The job's own range would be in the way: the UI takes it off.
    definition = project.definitions.resolve_job_def("refresh_keyword")
    result = definition.execute_in_process(instance=project.instance, tags=tags)
    assert result.success
    assert project.materialized == {"compiler"}


def test_ignoring_what_is_held_leaves_no_gap_behind(pipeline: Pipeline, corpus: Corpus) -> None:
    """Days in which more papers came than a page has are read back to what was complete."""
    versions = sorted(corpus.newest, key=lambda p: (p.updated, p.id))
    pipeline.server.corpus = Corpus(versions[:300])
    pipeline.keywords = [keyword("everything", any=("the",), within=MatchField.EITHER, cap=10)]
    look_back(pipeline)
    pipeline.server.corpus = Corpus(versions)
    look_back(pipeline, ignore_held=True)
    matches = Matcher(pipeline.keywords[0])
    first = versions[300].updated
    came = {
        p.id for p in versions if p.updated >= first and matches(p.title, p.abstract, p.categories)
    }
    assert len(came) > 100  # and so more than a page
    assert came <= held(pipeline, "everything")


def test_a_partition_that_is_gone_is_said_with_what_to_do(project: Project) -> None:
    result = project.execute(
        "refresh_keyword", tags={"dagster/partition": "gone"}, raise_on_error=False
    )
    text = problem(result)
    assert "No such keyword: 'gone'." in text
    assert "reload the definitions" in text
