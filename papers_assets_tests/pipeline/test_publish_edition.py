"""From the lists to what is published of them, as Dagster runs it."""

import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from papers_assets import cli
from papers_assets.arxiv.sample import Corpus, Fault
from papers_assets.arxiv.sample import Paper as ArxivPaper
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.render import readme
from papers_assets.render.publications import Publications
from papers_assets.storage.raw_papers import build_public_slug
from papers_assets.transform.changes import announced_kinds
from papers_assets.transform.editions import Baseline, Edition
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.project import Pipeline
from papers_assets_tests.reliability.worlds import corpus_at, history

DAY = date(2026, 11, 23)
LINEAGE = {
    "raw_papers": set(),
    "papers": {"raw_papers"},
    "readme": {"papers"},
    "changes": {"papers"},
    "digest": {"changes"},
    "site": {"papers", "changes"},
    "feeds": {"papers", "changes"},
    "citations": {"papers"},
    "data": {"papers", "changes"},
}


@pytest.fixture
def growing(pipeline: Pipeline) -> Pipeline:
    """One whose arXiv can grow."""
    pipeline.server.corpus = corpus_at(len(history()) - 12)
    pipeline.keywords = (keyword("compiler"), keyword("performance"))
    return pipeline


def newest(pipeline: Pipeline) -> Edition:
    edition = pipeline.outputs.newest_edition()
    assert edition is not None
    return edition


def test_the_lineage_is_what_the_readme_draws(pipeline: Pipeline) -> None:
    graph = pipeline.definitions.resolve_asset_graph()
    assert {
        key.to_user_string(): {parent.to_user_string() for parent in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    } == LINEAGE


def test_a_run_publishes_everything_and_a_second_one_of_the_day_repeats_nothing(
    growing: Pipeline,
) -> None:
    assert growing.run().unpublished == {}
    edition = newest(growing)
    assert edition.day == DAY
    shown = growing.store.read_papers()
    assert {c.paper.arxiv_id for c in edition.papers} == set(shown["arxiv_id"])
    digest = growing.outputs.digest_path(DAY).read_bytes()
    growing.run()
    assert newest(growing) == edition
    assert growing.outputs.digest_path(DAY).read_bytes() == digest
    assert growing.metadata["changes", None]["baseline"] == 0


@pytest.mark.editions_only
def test_the_next_day_tells_of_what_came_and_of_what_it_pushed_out(growing: Pipeline) -> None:
    growing.first_day()
    before = set(growing.store.read_papers()["arxiv_id"])
    growing.next_day()
    growing.server.corpus = corpus_at(len(history()))
    growing.run()
    after = set(growing.store.read_papers()["arxiv_id"])
    found = growing.metadata["changes", None]
    edition = newest(growing)
    came = sum(int(str(found[kind])) for kind in ("new", "revised", "matched", "withdrawn"))
    assert came == sum(len(changed.changes) for changed in edition.papers)
    assert found["left"] == came  # the lists are full
    assert {c.paper.arxiv_id for c in edition.papers} == after - before
    assert (
        "Left the lists: 5 of compiler, 3 of performance."
        in growing.outputs.digest_path(date(2026, 11, 24)).read_text()
    )


@pytest.mark.editions_only
def test_a_day_without_news_has_no_edition_unless_it_is_asked_for(
    growing: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing.first_day()
    growing.next_day()
    growing.run()
    assert growing.outputs.list_days() == [DAY]
    asked = KeywordsConfig(
        growing.file.path,
        growing.file.keywords,
        growing.file.timezone,
        growing.file.schedule,
        digest_when_nothing_changed=True,
    )
    monkeypatch.setattr(Pipeline, "file", asked)
    growing.run()
    assert growing.outputs.list_days() == [DAY, date(2026, 11, 24)]
    assert "Nothing changed." in growing.outputs.digest_path(date(2026, 11, 24)).read_text()
    growing.run()
    assert newest(growing).position.part == 1


@pytest.mark.editions_only
def test_a_damaged_edition_stops_what_is_told_and_not_the_list(growing: Pipeline) -> None:
    growing.first_day()
    growing.outputs.edition_path(DAY).write_text("<<<<<<< HEAD\n")
    growing.next_day()
    report = growing.run()
    assert list(report.unpublished) == ["changes"]
    assert "2026-11-23.json: no edition can be read" in report.unpublished["changes"]
    assert report.problem == ""
    assert "Last update: 2026-11-24" in growing.readme


@pytest.mark.editions_only
def test_a_keyword_that_failed_is_told_of_when_it_is_back(growing: Pipeline) -> None:
    growing.failing = {"performance": Fault(503, b"busy")}
    growing.run()
    first = newest(growing)
    assert set(first.notes) == {"performance"}
    growing.failing = {}
    growing.run()
    again = newest(growing)
    assert (again.position.part, again.notes) == (2, {})
    assert {c.keyword for x in again.papers for c in x.changes if c.part == 2} == {"performance"}


class Links(HTMLParser):
    """Where the links of a page lead."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {v for n, v in attrs if tag in ("a", "link") and n == "href" and v}


def test_every_link_within_the_site_leads_to_a_file(growing: Pipeline) -> None:
    growing.first_day()
    site = growing.outputs.site_folder
    pages = list(site.rglob("*.html"))
    assert len(pages) == 5
    for page in pages:
        inner = {link.partition("#")[0] for link in Links(page).found if "://" not in link}
        inner = {link for link in inner if link and not link.startswith("data:")}
        assert {link for link in inner if not (page.parent / link).is_file()} == set()
        assert any(link.endswith(".xml") for link in inner)
        is_of_a_list = page.parent.name != "days"
        assert any(link.endswith((".bib", ".json", ".csv")) for link in inner) == is_of_a_list


def marks(pipeline: Pipeline) -> dict[str, str]:
    """What the site marks papers as, by arXiv id, but for those withdrawn."""
    page = (pipeline.outputs.site_folder / "index.html").read_text()
    found = re.findall(
        r'data-mark="(\w+)".*?href="https://arxiv.org/abs/(\S+?)v\d+"', page, re.DOTALL
    )
    return {arxiv_id: mark for mark, arxiv_id in found if mark != "withdrawn"}


def feed_says(pipeline: Pipeline) -> dict[str, str]:
    """The first word of each entry of the feed of all, by arXiv id."""
    feed = json.loads((pipeline.outputs.site_folder / "feeds" / "all.json").read_text())
    return {
        item["id"].removeprefix("https://arxiv.org/abs/"): item["content_text"].split()[0]
        for item in feed["items"]
    }


def data_says(pipeline: Pipeline) -> dict[str, str | None]:
    data = json.loads((pipeline.outputs.site_folder / "data" / "papers.json").read_text())
    return {p["arxiv_id"]: p["kind"] for p in data["papers"]}


@pytest.fixture
def small(pipeline: Pipeline) -> Pipeline:
    """One whose arXiv has three papers, one of them in a late version, and no news."""
    late = arxiv_paper(2, 4, published="2025-03-21T10:00:00Z")
    pipeline.server.corpus = Corpus([arxiv_paper(1), late, arxiv_paper(3)])
    pipeline.keywords = (keyword("compiler"),)
    return pipeline


def arxiv_paper(number: int, version: int = 1, word: str = "compiler", **fields: Any) -> ArxivPaper:
    """A paper as the sample arXiv has it, of the day before the first run."""
    when = "2026-11-22T10:00:00Z"
    values: dict[str, Any] = {
        "id": f"2611.{number:05}",
        "version": version,
        "title": f"An invented {word}, number {number}",
        "authors": ("Ada Example",),
        "abstract": f"Nobody wrote this {word}.",
        "comment": None,
        "categories": ("cs.PL",),
        "primary_category": "cs.PL",
        "published": when,
        "updated": when,
        "doi": None,
        "journal_ref": None,
    }
    return ArxivPaper(**(values | fields))


def grown(pipeline: Pipeline, *papers: ArxivPaper) -> Edition:
    """Let a day pass, on which these papers came, and run."""
    pipeline.next_day()
    there = [p for versions in pipeline.server.corpus._versions.values() for p in versions.values()]
    pipeline.server.corpus = Corpus([*there, *papers])
    assert pipeline.run().unpublished == {}
    return newest(pipeline)


def digest_of_today(pipeline: Pipeline) -> str:
    return pipeline.outputs.digest_path(pipeline.today.date()).read_text()


@pytest.mark.slow
def test_a_first_run_says_what_is_followed_and_announces_nothing(small: Pipeline) -> None:
    assert small.run().unpublished == {}
    assert newest(small).baselines == (Baseline("compiler", 3, 1),)
    assert "Now following compiler: 3 papers." in digest_of_today(small)
    assert "## New" not in digest_of_today(small)
    assert marks(small) == {}
    assert set(data_says(small).values()) == {"baseline"}
    assert not {"Revised:", "Withdrawn:"} & set(feed_says(small).values())


@pytest.mark.slow
def test_a_keyword_that_is_added_later_brings_no_flood_and_hides_nothing_new(
    small: Pipeline,
) -> None:
    small.first_day()
    small.keywords = (keyword("compiler"), keyword("parser"))
    today = "2026-11-23T10:00:00Z"
    both = arxiv_paper(4, word="parser for a compiler", published=today, updated=today)
    edition = grown(small, arxiv_paper(5, word="parser"), both)
    assert edition.baselines == (Baseline("parser", 2, 1),)
    assert "1 new paper, now following 1 keyword" in digest_of_today(small)
    assert marks(small) == {"2611.00004": "new"}
    edition = grown(small, arxiv_paper(6, word="parser", published=today, updated=today))
    assert {c.paper.arxiv_id: c.changes[0].kind for c in edition.papers} == {"2611.00006": "new"}


@pytest.mark.slow
def test_digest_site_feed_and_data_call_a_paper_the_same(small: Pipeline) -> None:
    small.first_day()
    today = "2026-11-23T10:00:00Z"
    old = "2005-03-21T10:00:00Z"
    grown(
        small,
        arxiv_paper(4, published=today, updated=today),
        arxiv_paper(5, 2, published=today, updated="2026-11-23T11:00:00Z"),
        arxiv_paper(6, 5, published=old, updated=today),
        arxiv_paper(7, published=old, updated=old),
        arxiv_paper(3, 2, updated=today),
        arxiv_paper(1, 2, updated=today, comment="Withdrawn for an error"),
    )
    kinds = {4: "new", 5: "new", 6: "revised", 7: "matched", 3: "revised", 1: "withdrawn"}
    expected = {f"2611.0000{number}": kind for number, kind in kinds.items()}
    assert data_says(small) == expected | {"2611.00002": "baseline"}
    assert marks(small) == {i: kind for i, kind in expected.items() if kind != "withdrawn"}
    said = feed_says(small)
    assert {i for i, word in said.items() if word == "Revised:"} == {"2611.00006", "2611.00003"}
    assert {i for i, word in said.items() if word == "Withdrawn:"} == {"2611.00001"}
    text = digest_of_today(small)
    assert "2 new papers, 2 revised, 1 withdrawn, 1 newly matching." in text
    assert "version 5 of a paper first submitted 2005-03-21" in text
    assert "v1 to v2" in text
    page = (small.outputs.site_folder / "index.html").read_text()
    assert page.count("first submitted") == 4


@pytest.mark.editions_only
def test_a_keyword_that_is_edited_brings_what_matches_newly(small: Pipeline) -> None:
    small.server.corpus = Corpus([arxiv_paper(1), arxiv_paper(2, word="parser")])
    small.first_day()
    small.keywords = (keyword("compiler", any=("compiler", "parser")),)
    today = "2026-11-23T10:00:00Z"
    edition = grown(small, arxiv_paper(3, published=today, updated=today))
    assert {c.paper.arxiv_id: c.changes[0].kind for c in edition.papers} == {
        "2611.00002": "matched",
        "2611.00003": "new",
    }


@pytest.mark.editions_only
def test_a_quiet_day_moves_on_from_when_papers_are_new(small: Pipeline) -> None:
    """Nothing is published then, and the next update is compared with the newest one."""
    small.first_day()
    for _ in range(3):
        grown(small)
    assert small.outputs.list_days() == [DAY]
    assert small.outputs.read_announced().updates["compiler"].refreshed_at == small.today
    late = "2026-11-10T10:00:00Z"  # within two weeks of the first run, and not of the last
    edition = grown(small, arxiv_paper(4, published=late, updated=late))
    assert [c.changes[0].kind for c in edition.papers] == ["matched"]


@pytest.mark.parametrize("lost", ["known.parquet", "editions", ""])
@pytest.mark.slow
def test_what_an_older_program_told_is_not_told_again_and_nothing_new_is_lost(
    small: Pipeline, lost: str
) -> None:
    small.first_day()
    _as_of_format_1(small)
    if lost == "known.parquet":
        (small.home / ".papers" / lost).unlink()
    elif lost:
        small.outputs.edition_path(DAY).unlink()
    today = "2026-11-23T10:00:00Z"
    edition = grown(small, arxiv_paper(4, published=today, updated=today))
    assert edition.baselines == ()
    assert {c.paper.arxiv_id: c.changes[0].kind for c in edition.papers} == {"2611.00004": "new"}
    assert marks(small) == {"2611.00004": "new"}


def _as_of_format_1(pipeline: Pipeline) -> None:
    """Rewrite what a run noted as papers-assets did before there were baselines."""
    path = pipeline.outputs.edition_path(DAY)
    edition = json.loads(path.read_text())
    del edition["baselines"]
    for paper in edition["papers"]:
        for change in paper["changes"]:
            change["kind"] = "new"
    path.write_text(json.dumps(edition | {"format": 1}))
    known = pipeline.home / ".papers" / "known.parquet"
    table = pq.read_table(known)
    labels = {k: v for k, v in table.schema.metadata.items() if k != b"previous"}
    pq.write_table(table.drop_columns(["kind"]).replace_schema_metadata(labels), known)


@pytest.mark.editions_only
@pytest.mark.slow
def test_a_keyword_without_papers_is_followed_from_its_first_answer_on(small: Pipeline) -> None:
    small.server.corpus = Corpus([])
    small.first_day()
    assert newest(small).baselines == (Baseline("compiler", 0, 1),)
    edition = grown(small, arxiv_paper(1))
    assert [c.changes[0].kind for c in edition.papers] == ["new"]


@pytest.mark.editions_only
@pytest.mark.slow
def test_a_first_list_that_could_not_be_fetched_is_no_baseline_yet(small: Pipeline) -> None:
    small.keywords = (keyword("compiler"), keyword("parser"))
    small.failing = {"compiler": Fault(503, b"busy")}
    small.run()
    assert newest(small).baselines == (Baseline("parser", 0, 1),)
    small.failing = {}
    assert grown(small).baselines == (Baseline("compiler", 3, 1),)


def test_files_of_a_keyword_that_is_not_followed_any_more_go(growing: Pipeline) -> None:
    growing.first_day()
    growing.keywords = growing.keywords[:1]
    growing.run()
    left = {p.name for p in growing.outputs.site_folder.rglob("*") if p.is_file()}
    assert not {name for name in left if name.startswith("performance")}
    assert {name for name in left if name.startswith("compiler")}


def test_the_data_says_what_the_lists_do(growing: Pipeline) -> None:
    growing.first_day()
    papers = growing.store.read_papers()
    data = json.loads((growing.outputs.site_folder / "data" / "papers.json").read_text())
    assert [k["papers"] for k in data["keywords"]] == [100, 100]
    rows = {(name, p["arxiv_id"], p["version"]) for p in data["papers"] for name in p["keywords"]}
    columns = (papers[name] for name in ("keyword", "arxiv_id", "version"))
    assert rows == set(zip(*columns, strict=True))


def test_the_same_papers_give_the_same_files_whenever_they_are_rendered(growing: Pipeline) -> None:
    growing.first_day()
    reading = Publications(growing.store.read_papers(), growing.file, build_public_slug)
    site = growing.outputs.site_folder
    kinds = announced_kinds(growing.outputs.read_announced().papers)
    for part, files in (
        ("feeds", reading.feeds(kinds)),
        ("citations", reading.citations()),
        ("data", reading.data(kinds)),
    ):
        for name, pieces in files:
            assert (site / part / name).read_bytes() == "".join(pieces).encode()


@pytest.mark.editions_only
def test_any_past_day_can_be_asked_for(growing: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    (growing.home / "keywords.toml").write_text("[keywords.compiler]\n[keywords.performance]\n")
    monkeypatch.setenv("PAPERS_HOME", str(growing.home))
    monkeypatch.setenv("PAPERS_KEYWORDS", str(growing.home / "keywords.toml"))
    none = CliRunner().invoke(cli.main, ["digest"])
    assert (none.exit_code, "no edition yet" in none.output) == (2, True)
    growing.first_day()
    shown = CliRunner().invoke(cli.main, ["digest", "--date", "2026-11-23"])
    assert shown.exit_code == 0
    assert shown.output.startswith("Daily Papers, 2026-11-23\nNow following 2 keywords.\n")
    assert "\nNow following compiler: 100 papers.\n" in shown.output
    other = CliRunner().invoke(cli.main, ["digest", "--date", "2026-11-22"])
    assert other.exit_code == 2
    assert "no edition of 2026-11-22: nothing changed on that day" in other.output


@pytest.mark.editions_only
def test_a_list_that_would_be_wrong_does_not_replace_the_one_that_is_there(
    growing: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing.first_day()
    before = {p: p.read_bytes() for p in growing.home.glob("output/*.md")}
    growing.next_day()
    with monkeypatch.context() as patched:
        patched.setattr(readme, "_UNTITLED", "<script>x</script>")  # as a mistake of ours would
        patched.setattr("papers_assets.render.markdown.has_visible_text", lambda _: False)
        patched.setattr("papers_assets.render.markdown.escape_title", str)
        readme.build_environment.cache_clear()
        report = growing.run()
    readme.build_environment.cache_clear()
    assert "GitHub would not show the README as it is meant" in report.problem
    assert "well_formed" in report.failed_checks
    assert {p: p.read_bytes() for p in growing.home.glob("output/*.md")} == before
    assert list(growing.home.rglob("output/.*.tmp")) == []
    assert growing.run().problem == ""
    assert "Last update: 2026-11-24" in growing.readme


@pytest.mark.slow
def test_what_people_put_beside_our_files_stays(growing: Pipeline) -> None:
    growing.first_day()
    theirs = [
        growing.outputs.site_folder / name
        for name in ("CNAME", "data/mine.csv", "feeds/mine.xml", "keywords/mine.html", "about.html")
    ]
    for path in theirs:
        path.write_text("mine")
    growing.run()
    assert [path.read_text() for path in theirs] == ["mine"] * len(theirs)


def test_a_feed_says_since_when_its_list_is_not_fresh(growing: Pipeline) -> None:
    growing.first_day()
    growing.failing = {"compiler": Fault(503, b"busy")}
    growing.next_day()
    growing.run()
    feeds = growing.outputs.site_folder / "feeds"
    said = "Not refreshed since 2026-11-23: arXiv answered 503."
    of_compiler = json.loads((feeds / "compiler.json").read_text())
    assert of_compiler["description"] == said
    assert f">compiler: {said}</subtitle>" in (feeds / "all.xml").read_text()
    assert "description" not in json.loads((feeds / "performance.json").read_text())
