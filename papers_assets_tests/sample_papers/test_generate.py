import json
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from papers_assets.arxiv import taxonomy
from papers_assets.arxiv.sample import Corpus
from papers_assets.arxiv.sample.corpus import SAMPLE_PATH
from papers_assets.arxiv.sample.grammar import parse_query
from papers_assets_tests.helpers.hostile_papers import hostile_corpus
from papers_assets_tests.sample_papers import generate

SAMPLE = Corpus.sample()
REINFORCEMENT = '(ti:"reinforcement learning" OR abs:"reinforcement learning")'
COMPILER = "(ti:compiler AND abs:compiler)"
PERFORMANCE = "(ti:performance AND abs:performance)"
SHIPPED = (REINFORCEMENT, COMPILER, PERFORMANCE)
COMPUTING = "(cat:cs.* OR cat:stat.*)"
POPULAR = (
    'ti:"graph neural" OR ti:"large language model" OR ti:"diffusion model" OR ti:"time series"'
    " OR ti:robot OR ti:quantum"
)


def count(query: str) -> int:
    return sum(map(parse_query(query).matches, SAMPLE.newest))


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["generate", *arguments])
    generate._main()


def test_the_committed_corpus_is_what_the_script_writes(tmp_path: Path) -> None:
    generate.write(tmp_path / "papers.jsonl")

    assert (tmp_path / "papers.jsonl").read_bytes() == SAMPLE_PATH.read_bytes()


def test_a_larger_corpus_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, "--papers", "1500", "--out", str(tmp_path / "more.jsonl"))

    assert len(Corpus.load(tmp_path / "more.jsonl")) == 1500


@pytest.mark.parametrize(
    "arguments", [["--papers", "0"], ["--papers", "90001"], ["--papers", "many"], ["--papers", "9"]]
)
def test_a_wrong_number_writes_nothing(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = SAMPLE_PATH.stat().st_mtime_ns

    with pytest.raises(SystemExit):
        run(monkeypatch, *arguments)

    assert "--papers" in capsys.readouterr().err
    assert SAMPLE_PATH.stat().st_mtime_ns == before


@pytest.mark.parametrize("papers", [1, 5, 71])
def test_a_small_corpus_can_be_written_too(tmp_path: Path, papers: int) -> None:
    generate.write(tmp_path / "few.jsonl", papers)

    assert len(Corpus.load(tmp_path / "few.jsonl")) == papers


def test_every_abstract_and_comment_says_that_it_is_invented() -> None:
    for line in lines(SAMPLE_PATH):
        assert str(line["abstract"]).lstrip().startswith("Invented sample paper. ")
        assert line["comment"] is None or str(line["comment"]).startswith("Invented")


def test_no_id_can_be_that_of_a_real_paper() -> None:
    for line in lines(SAMPLE_PATH):
        assert re.fullmatch(r"2[56]13\.\d{5}", str(line["id"]))
        assert line["doi"] is None


@pytest.mark.parametrize("query", SHIPPED)
def test_each_shipped_keyword_has_more_papers_than_it_shows(query: str) -> None:
    assert count(f"{query} AND {COMPUTING}") >= 120


@pytest.mark.parametrize("query", SHIPPED)
def test_the_category_filter_matters_for_each_shipped_keyword(query: str) -> None:
    assert count(f"{query} ANDNOT {COMPUTING}") >= 3


def test_some_papers_match_two_keywords() -> None:
    assert count(f"{REINFORCEMENT} AND {COMPILER}") >= 10
    assert count(f"{COMPILER} AND {PERFORMANCE}") >= 10
    assert count(f"{REINFORCEMENT} AND {PERFORMANCE}") >= 10


def test_other_popular_topics_have_papers_in_several_archives() -> None:
    assert count(POPULAR) >= 60
    assert count(f"({POPULAR}) AND (cat:physics.* OR cat:q-bio.*)") >= 5


def test_every_category_exists_and_the_primary_one_is_listed_first() -> None:
    for paper in SAMPLE.newest:
        assert taxonomy.CATEGORIES.issuperset(paper.categories)
        assert paper.categories[0] == paper.primary_category


def test_papers_are_spread_over_a_year_that_ends_on_20_november_2026() -> None:
    days = Counter(paper.published[:10] for paper in SAMPLE.newest)

    assert min(days) < "2025-12-31"
    assert max(days) == "2026-11-20"
    assert len({day[:7] for day in days}) == 13
    assert sum(number for day, number in days.items() if day > "2026-11-10") >= 20
    assert max(paper.updated for paper in SAMPLE.newest) < "2026-11-21"
    assert len({paper.published[11:13] for paper in SAMPLE.newest}) > 20


def test_some_papers_are_revised_and_some_of_these_have_their_earlier_versions() -> None:
    versions = Counter(paper.version for paper in SAMPLE.newest)
    revised = [paper for paper in SAMPLE.newest if paper.version > 1]

    assert min(versions[2], versions[3]) >= 10
    assert all(paper.updated > paper.published for paper in revised)
    assert 10 <= sum(SAMPLE.find(paper.id, 1) is not None for paper in revised) < len(revised)


def test_titles_differ() -> None:
    assert len({paper.title for paper in SAMPLE.newest}) == len(SAMPLE)


@pytest.mark.parametrize(
    "hazard",
    ["|", "$O(|V|^2)$", "<think>", "a < b", "*", "_", "`", "https://", "\\", "&amp;", "</details>"],
)
def test_the_hazards_of_tables_are_in_there(hazard: str) -> None:
    assert any(hazard in paper.title + paper.abstract for paper in hostile_corpus().newest)
    assert not any(hazard in paper.title for paper in SAMPLE.newest)


def test_the_hazards_of_careless_code_are_in_there() -> None:
    titles = {paper.title for paper in hostile_corpus().newest}
    comments = [paper.comment for paper in hostile_corpus().newest]

    assert "0" in titles
    assert max(len(title) for title in titles) > 250
    assert max(len(paper.authors) for paper in hostile_corpus().newest) == 30
    assert any(not name.isascii() for paper in hostile_corpus().newest for name in paper.authors)
    assert None in comments
    assert {20} < {len(comment) for comment in comments if comment}
    assert min(len(comment) for comment in comments if comment) < 20
