"""From the lists to what is published of them, as Dagster runs it."""

import json
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from papers_assets import cli
from papers_assets.editions import Edition
from papers_assets.keywords import KeywordsFile
from papers_assets.reading import Reading
from papers_assets.rendering import readme
from papers_assets.sample_arxiv import Corpus, Fault
from papers_assets.storage.store import slug
from papers_assets_tests.conftest import House
from papers_assets_tests.making import keyword
from papers_assets_tests.reliability.worlds import corpus_at, history
from papers_assets_tests.test_graph import metadata

DAY = date(2026, 11, 23)
LINEAGE = {
    "raw_papers": set(),
    "papers": {"raw_papers"},
    "readme": {"papers"},
    "changes": {"papers"},
    "digest": {"changes"},
    "github_issue": {"digest"},
    "email": {"digest"},
    "webhook": {"digest"},
    "site": {"papers", "changes"},
    "feeds": {"papers"},
    "citations": {"papers"},
    "data": {"papers"},
}


@pytest.fixture
def growing(new_house: Callable[[Corpus], House]) -> House:
    """A house whose arXiv can grow."""
    house = new_house(corpus_at(len(history()) - 12))
    house.keywords = (keyword("compiler"), keyword("performance"))
    return house


def newest(house: House) -> Edition:
    edition = house.outputs.newest_edition()
    assert edition is not None
    return edition


def test_the_lineage_is_what_the_readme_draws(house: House) -> None:
    graph = house.definitions.resolve_asset_graph()
    assert {
        key.to_user_string(): {parent.to_user_string() for parent in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    } == LINEAGE


def test_a_run_publishes_everything_and_a_second_one_of_the_day_repeats_nothing(
    growing: House,
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
    assert metadata(growing, dg.AssetKey("changes"))["new"] == 0


def test_the_next_day_tells_of_what_came_and_of_what_it_pushed_out(growing: House) -> None:
    growing.run()
    before = set(growing.store.read_papers()["arxiv_id"])
    growing.next_day()
    growing.server.corpus = corpus_at(len(history()))
    growing.run()
    after = set(growing.store.read_papers()["arxiv_id"])
    found = metadata(growing, dg.AssetKey("changes"))
    edition = newest(growing)
    assert found["new"] == sum(len(changed.changes) for changed in edition.papers)
    assert found["left"] == found["new"]  # the lists are full
    assert {c.paper.arxiv_id for c in edition.papers} == after - before
    assert (
        "Left the lists: 5 of compiler, 3 of performance."
        in growing.outputs.digest_path(date(2026, 11, 24)).read_text()
    )


def test_a_day_without_news_has_no_edition_unless_it_is_asked_for(
    growing: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing.run()
    growing.next_day()
    growing.run()
    assert growing.outputs.days() == [DAY]
    asked = KeywordsFile(
        growing.file.path,
        growing.file.keywords,
        growing.file.timezone,
        growing.file.schedule,
        digest_when_nothing_changed=True,
    )
    monkeypatch.setattr(House, "file", asked)
    growing.run()
    assert growing.outputs.days() == [DAY, date(2026, 11, 24)]
    assert "Nothing changed." in growing.outputs.digest_path(date(2026, 11, 24)).read_text()
    growing.run()
    assert newest(growing).mark.part == 1


def test_a_damaged_edition_stops_what_is_told_and_not_the_list(growing: House) -> None:
    growing.run()
    growing.outputs.edition_path(DAY).write_text("<<<<<<< HEAD\n")
    growing.next_day()
    report = growing.run()
    assert list(report.unpublished) == ["changes"]
    assert "2026-11-23.json: no edition can be read" in report.unpublished["changes"]
    assert report.problem == ""
    assert "Last update: 2026-11-24" in growing.readme


def test_a_keyword_that_failed_is_told_of_when_it_is_back(growing: House) -> None:
    growing.failing = {"performance": Fault(503, b"busy")}
    growing.run()
    first = newest(growing)
    assert set(first.notes) == {"performance"}
    growing.failing = {}
    growing.run()
    again = newest(growing)
    assert (again.mark.part, again.notes) == (2, {})
    assert {c.keyword for x in again.papers for c in x.changes if c.part == 2} == {"performance"}


class Links(HTMLParser):
    """Where the links of a page lead."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {v for n, v in attrs if tag in ("a", "link") and n == "href" and v}


def test_every_link_within_the_site_leads_to_a_file(growing: House) -> None:
    growing.run()
    site = growing.outputs.site_folder
    pages = [site / "index.html", *(site / "keywords").glob("*.html")]
    assert len(pages) == 3
    for page in pages:
        inner = {link.partition("#")[0] for link in Links(page).found if "://" not in link}
        inner = {link for link in inner if link and not link.startswith("data:")}
        assert {link for link in inner if not (page.parent / link).is_file()} == set()
        assert any(link.endswith(".xml") for link in inner)
        assert any(link.endswith((".bib", ".json", ".csv")) for link in inner)


def test_what_is_new_is_marked_on_the_site(growing: House) -> None:
    growing.run()
    growing.next_day()
    growing.server.corpus = corpus_at(len(history()))
    growing.run()
    edition = newest(growing)
    page = (growing.outputs.site_folder / "index.html").read_text()
    withdrawn = page.count('data-mark="withdrawn"')
    papers = growing.store.read_papers()
    taken_back = papers[
        (papers["version"] > 1) & papers["comment"].str.contains("withdr", na=False)
    ]
    assert withdrawn == taken_back["arxiv_id"].nunique()
    assert page.count('data-mark="new"') + page.count('data-mark="revised"') == len(edition.papers)


def test_files_of_a_keyword_that_is_not_followed_any_more_go(growing: House) -> None:
    growing.run()
    growing.keywords = growing.keywords[:1]
    growing.run()
    left = {p.name for p in growing.outputs.site_folder.rglob("*") if p.is_file()}
    assert not {name for name in left if name.startswith(slug("performance"))}
    assert {name for name in left if name.startswith(slug("compiler"))}


def test_the_data_says_what_the_lists_do(growing: House) -> None:
    growing.run()
    papers = growing.store.read_papers()
    data = json.loads((growing.outputs.site_folder / "data" / "papers.json").read_text())
    assert [k["papers"] for k in data["keywords"]] == [100, 100]
    rows = {(name, p["arxiv_id"], p["version"]) for p in data["papers"] for name in p["keywords"]}
    columns = (papers[name] for name in ("keyword", "arxiv_id", "version"))
    assert rows == set(zip(*columns, strict=True))


def test_the_same_papers_give_the_same_files_whenever_they_are_rendered(growing: House) -> None:
    growing.run()
    reading = Reading(growing.store.read_papers(), growing.file, slug)
    site = growing.outputs.site_folder
    for part, files in (("feeds", reading.feeds()), ("citations", reading.citations())):
        for name, pieces in files:
            assert (site / part / name).read_bytes() == "".join(pieces).encode()


def test_any_past_day_can_be_asked_for(growing: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (growing.home / "keywords.toml").write_text("[keywords.compiler]\n[keywords.performance]\n")
    monkeypatch.setenv("PAPERS_HOME", str(growing.home))
    monkeypatch.setenv("PAPERS_KEYWORDS", str(growing.home / "keywords.toml"))
    none = CliRunner().invoke(cli.main, ["digest"])
    assert (none.exit_code, "no edition yet" in none.output) == (2, True)
    growing.run()
    shown = CliRunner().invoke(cli.main, ["digest", "--date", "2026-11-23"])
    assert shown.exit_code == 0
    assert shown.output.startswith("Daily Papers, 2026-11-23\n187 new papers.\n")
    other = CliRunner().invoke(cli.main, ["digest", "--date", "2026-11-22"])
    assert other.exit_code == 2
    assert "no edition of 2026-11-22: nothing changed on that day" in other.output


def test_a_list_that_would_be_wrong_does_not_replace_the_one_that_is_there(
    growing: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing.run()
    before = {p: p.read_bytes() for p in growing.home.glob("output/*.md")}
    growing.next_day()
    with monkeypatch.context() as patched:
        patched.setattr(readme, "_UNTITLED", "<script>x</script>")  # as a mistake of ours would
        patched.setattr("papers_assets.rendering.escape.is_visible", lambda _: False)
        patched.setattr("papers_assets.rendering.escape.escape_title", str)
        readme.environment.cache_clear()
        report = growing.run()
    readme.environment.cache_clear()
    assert "GitHub would not show the README as it is meant" in report.problem
    assert "well_formed" in report.failed_checks
    assert {p: p.read_bytes() for p in growing.home.glob("output/*.md")} == before
    assert list(growing.home.rglob("output/.*.tmp")) == []
    assert growing.run().problem == ""
    assert "Last update: 2026-11-24" in growing.readme


def test_what_people_put_beside_our_files_stays(growing: House) -> None:
    growing.run()
    theirs = [
        growing.outputs.site_folder / name
        for name in ("CNAME", "data/mine.csv", "feeds/mine.xml", "keywords/mine.html", "about.html")
    ]
    for path in theirs:
        path.write_text("mine")
    growing.run()
    assert [path.read_text() for path in theirs] == ["mine"] * len(theirs)


def test_a_feed_says_since_when_its_list_is_not_fresh(growing: House) -> None:
    growing.run()
    growing.failing = {"compiler": Fault(503, b"busy")}
    growing.next_day()
    growing.run()
    feeds = growing.outputs.site_folder / "feeds"
    said = "Not refreshed since 2026-11-23: arXiv answered 503."
    of_compiler = json.loads((feeds / f"{slug('compiler')}.json").read_text())
    assert of_compiler["description"] == said
    assert f">compiler: {said}</subtitle>" in (feeds / "all.xml").read_text()
    assert "description" not in json.loads((feeds / f"{slug('performance')}.json").read_text())
