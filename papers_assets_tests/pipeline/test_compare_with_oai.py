"""An index that stands still, in the whole product: what people read, and what OAI-PMH adds."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from papers_assets.arxiv.models import Paper
from papers_assets.arxiv.oai_pmh import METADATA_PREFIX
from papers_assets.arxiv.sample import (
    Corpus,
    Fault,
    FaultScript,
    FaultStep,
    RequestRecord,
    SampleArxiv,
)
from papers_assets.arxiv.sample.interfaces import OAI
from papers_assets.transform import raw_papers
from papers_assets_tests.helpers.factories import LATER, keyword, paper
from papers_assets_tests.helpers.project import Pipeline

pytestmark = pytest.mark.lists_only

STOPPED = "frozen@202611190000"
"""A Thursday. The sample's OAI-PMH lists its papers with the datestamp of Friday, the 20th."""
SATURDAY = datetime(2026, 11, 21, 6, tzinfo=UTC)


@pytest.fixture
def watched(pipeline: Pipeline) -> Pipeline:
    """A pipeline with a witness; it runs the day after the index stopped for the first time."""
    pipeline.witness = True
    pipeline.today = SATURDAY
    pipeline.server.fault = FaultScript([FaultStep(STOPPED)])
    return pipeline


def submitted_on(corpus: Corpus, day: str, words: str) -> set[tuple[str, int]]:
    """Return the papers of a day that have a word in title and abstract."""
    return {
        (p.id, p.version)
        for p in corpus.newest
        if p.updated.startswith(day) and words in p.title.lower() and words in p.abstract.lower()
    }


def index_current(pipeline: Pipeline) -> dg.AssetCheckResult:
    """The check over what was published last."""
    return pipeline.checks["index_current"]


def asked_of_oai(server: SampleArxiv) -> list[RequestRecord]:
    return [request for request in server.requests if request.path == OAI]


def held_of(pipeline: Pipeline, name: str = "compiler") -> set[tuple[str, int]]:
    found = pipeline.store.read_raw_papers(name)
    assert found is not None
    return found.versions()


@pytest.mark.slow
def test_a_frozen_index_is_told_from_a_quiet_day_until_it_moves_again(pipeline: Pipeline) -> None:
    pipeline.server.fault = FaultScript([FaultStep("frozen@202611120000")])
    pipeline.today = datetime(2026, 11, 13, 6, tzinfo=UTC)
    pipeline.run()
    pipeline.today += timedelta(days=3)
    assert pipeline.run().failed == {}
    assert "_Nothing new that day." in pipeline.readme  # a Monday
    assert index_current(pipeline).passed
    pipeline.today += timedelta(days=1)
    assert pipeline.run().failed == {}
    assert "_arXiv's index seems to be behind: the newest paper" in pipeline.readme
    assert "submitted on 2026-11-11, and arXiv has published papers on 2 days" in pipeline.readme
    check = index_current(pipeline)
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.WARN
    assert "2026-11-11" in str(check.description)
    pipeline.server.fault = None
    pipeline.next_day()
    pipeline.run()
    assert "behind" not in pipeline.readme
    assert index_current(pipeline).passed


def test_what_the_search_lacks_is_stored_listed_and_named(
    watched: Pipeline, corpus: Corpus
) -> None:
    lacking = submitted_on(corpus, "2026-11-19", "compiler")
    assert lacking
    assert watched.run().failed == {}
    named = ", ".join(sorted(f"{arxiv_id}v{version}" for arxiv_id, version in lacking))
    assert lacking <= held_of(watched)
    listed = watched.store.read_papers()
    rows = listed[listed["keyword"] == "compiler"]
    assert lacking <= {*zip(rows["arxiv_id"], rows["version"], strict=True)}
    assert "arXiv's search lacks" in watched.readme
    assert named.split(", ")[0] in watched.readme
    said = str(watched.metadata["raw_papers", "compiler"]["witness"])
    assert said.startswith("2026-11-20: arXiv's search lacks ")
    assert sorted(said.partition(" lacks ")[2].split(", ")) == named.split(", ")
    check = index_current(watched)
    assert not check.passed
    assert "compiler lacks " in str(check.description)


def test_a_sound_search_lacks_nothing(watched: Pipeline) -> None:
    watched.server.fault = None
    watched.run()
    assert "lacks" not in watched.readme
    assert watched.metadata["raw_papers", "compiler"]["witness"] == "2026-11-20: nothing is missing"
    assert index_current(watched).passed
    [request] = asked_of_oai(watched.server)
    assert request.parameters["from"] == request.parameters["until"] == "2026-11-20"
    assert request.parameters["metadataPrefix"] == METADATA_PREFIX


def test_without_the_option_oai_pmh_is_not_asked(watched: Pipeline) -> None:
    watched.witness = False
    watched.run()
    assert asked_of_oai(watched.server) == []
    assert "witness" not in watched.metadata["raw_papers", "compiler"]


def test_what_the_search_lacks_is_named_until_it_answers_it(watched: Pipeline) -> None:
    watched.run()
    watched.next_day()
    # The next run compares the same Friday; nothing comes twice, and nothing is in doubt.
    assert watched.run().failed == {}
    before = held_of(watched)
    assert "arXiv's search lacks" in watched.readme
    assert watched.metadata["raw_papers", "compiler"]["new"] == 0
    watched.server.fault = None
    watched.next_day()
    assert watched.run().failed == {}
    assert "lacks" not in watched.readme
    assert index_current(watched).passed
    assert before <= held_of(watched)


def test_a_newer_version_that_only_oai_pmh_has_does_not_make_answers_doubtful(
    watched: Pipeline, corpus: Corpus
) -> None:
    about = (p for p in corpus.newest if "compiler" in p.title.lower() and p.updated < "2026-11-18")
    old = max(about, key=lambda p: p.updated)
    new = replace(old, version=old.version + 1, updated="2026-11-19T12:00:00Z")
    watched.server.corpus = Corpus([*corpus.versions, new])
    assert watched.run().failed == {}
    assert (new.id, new.version) in held_of(watched)
    watched.next_day()
    # The search goes on answering the version before.
    assert watched.run().failed == {}
    assert f"{new.id}v{new.version}" in str(index_current(watched).description)


@pytest.mark.parametrize("fault", ["busy", "blocked", "cut-xml"])
def test_a_witness_that_fails_costs_no_keyword_anything(watched: Pipeline, fault: str) -> None:
    watched.server.fault = FaultScript([FaultStep(fault, words="verb=ListRecords")])
    assert watched.run().failed == {}
    assert {name for _, name in watched.metadata if name} == set(watched.file.names)
    assert "not all of the day was compared" in str(
        watched.metadata["raw_papers", "compiler"]["witness"]
    )
    assert "lacks" not in watched.readme
    assert len(asked_of_oai(watched.server)) == 1


def test_a_mistake_in_comparing_costs_no_keyword_anything(
    watched: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("papers_assets.pipeline.compare_with_oai.Matchers", None)
    assert watched.run().failed == {}
    assert "unexpectedly, TypeError" in str(watched.metadata["raw_papers", "compiler"]["witness"])


@pytest.mark.slow
def test_a_day_of_more_pages_than_three_is_compared_as_far_as_it_comes(
    pipeline: Pipeline, corpus: Corpus
) -> None:
    with SampleArxiv(corpus, oai_page=1) as server:
        watched = Pipeline(pipeline.home, server, today=SATURDAY, witness=True)
        server.fault = FaultScript([FaultStep(STOPPED)])
        assert watched.run().failed == {}
        assert len(asked_of_oai(server)) == 3
    said = str(watched.metadata["raw_papers", "compiler"]["witness"])
    assert "the list goes on after 3 requests" in said


def test_after_a_block_the_witness_is_not_asked(watched: Pipeline) -> None:
    watched.server.fault = None
    watched.failing = {"performance": Fault(403, b"Forbidden.")}
    watched.server.fault = watched._fault
    assert set(watched.run().failed) == {"performance"}
    assert asked_of_oai(watched.server) == []


def test_records_that_changed_long_after_their_paper_are_not_missing(
    watched: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    # arXiv touches many records at once; a query's answer ends before most of these papers.
    day = date(2026, 11, 20)
    monkeypatch.setattr("papers_assets.arxiv.sample.oai_xml.find_datestamp", lambda _: day)
    watched.server.fault = None
    watched.run()
    found = watched.metadata["raw_papers", "compiler"]
    assert found["results_at_arxiv"] > found["fetched"]
    assert found["witness"] == "2026-11-20: nothing is missing"


# What is held, without a server.


def test_what_only_oai_pmh_has_is_forgotten_when_the_search_has_it_or_reaches_it_no_more() -> None:
    old, new, newest = (paper(n) for n in (1, 5, 9))
    first = raw_papers.merge_answer(keyword(), None, [old], LATER, total_results=50)
    known = raw_papers.merge_oai_papers(keyword(), first, [new, newest], LATER)
    assert known.oai_only == (("2613.00005", 1), ("2613.00009", 1))
    assert known.search_versions() == {("2613.00001", 1)}
    assert known.reported_versions() == known.versions()

    def after(*papers: Paper) -> set[str]:
        found = raw_papers.merge_answer(keyword(), known, papers, LATER, total_results=50)
        assert known.versions() <= found.versions()
        return {arxiv_id for arxiv_id, _ in found.oai_only}

    assert after(old) == {"2613.00005", "2613.00009"}
    assert after(old, new) == {"2613.00009"}
    assert after(old, paper(5, 2)) == {"2613.00009"}  # a later version is as good
    assert after(paper(7)) == {"2613.00009"}  # it does not reach back to the other
    assert after() == set()


def test_an_edited_keyword_lacks_nothing_that_it_was_not_asked_for() -> None:
    known = raw_papers.merge_oai_papers(keyword(), None, [paper()], LATER)
    edited = keyword(any=("LLVM",))
    found = raw_papers.merge_answer(edited, known, [paper(2)], LATER, total_results=50)
    assert found.oai_only == ()
