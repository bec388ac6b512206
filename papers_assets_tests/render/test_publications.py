"""What the site's files are called, and which of them are written again."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from papers_assets.defs.assets.publications import _former, _write_days
from papers_assets.keywords.model import KeywordsFile
from papers_assets.render.publications import Reading, repository_links
from papers_assets.storage.editions import Outputs
from papers_assets.storage.raw_papers import public_slug, slug
from papers_assets_tests.helpers.factories import keyword, paper
from papers_assets_tests.transform.test_changes import Lists, lists_of
from papers_assets_tests.transform.test_editions import DAY, Days

LISTS: Lists = {"a": [paper(1)], "b": [paper(1), paper(2)]}


@pytest.fixture
def outputs(tmp_path: Path) -> Outputs:
    return Outputs(tmp_path)


def file_of(*names: str) -> KeywordsFile:
    return KeywordsFile(
        Path("k.toml"),
        tuple(map(keyword, names)),
        ZoneInfo("UTC"),
        "0 6 * * *",
        site="https://papers.example.org",
    )


def reading(*names: str, former: Mapping[str, str] | None = None) -> Reading:
    return Reading(lists_of(LISTS), file_of(*names), public_slug, former=former or {})


def test_of_the_archive_the_pages_of_recent_days_are_written_again(
    outputs: Outputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    days, archive = Days(), outputs.site_folder / "days"
    for number in range(3):
        day = DAY + timedelta(days=number)
        outputs.write_edition(days.part({"a": [paper(n) for n in range(1, number + 2)]}, day))
    names = [f"2026-11-{number}.html" for number in (23, 24, 25)]
    monkeypatch.setattr("papers_assets.defs.assets.publications.RECENT_DAYS", 1)

    def written(*keywords: str) -> set[str]:
        """Write the archive, and return the names of the pages that were."""
        for path in archive.glob("*"):
            path.write_text("before")
        _write_days(reading(*keywords), outputs)
        return {path.name for path in archive.iterdir() if path.read_text() != "before"}

    assert written("a", "b") == {*names, "index.html"}
    page = (archive / names[2]).read_text()
    assert re.findall(r'id="arXiv:(\S+)"', page) == ["2613.00003"]
    assert re.findall(r'href="(\S+?).html" rel="(\w+)"', page) == [("2026-11-24", "prev")]
    assert written("a", "b") == {names[2], "index.html"}
    (archive / names[0]).unlink()
    assert written("a", "b") == {names[0], names[2], "index.html"}
    assert written("a") == {*names, "index.html"}, "every page names the keywords"
    (archive / "mine.html").write_text("before")
    monkeypatch.setattr("papers_assets.defs.assets.publications.MOST_DAYS", 2)
    assert written("a") == {names[2], "index.html"}
    assert {path.name for path in archive.iterdir()} == {*names[1:], "index.html", "mine.html"}


def test_files_of_an_earlier_version_stay_up_to_date_and_pages_lead_on(outputs: Outputs) -> None:
    feeds, old = outputs.site_folder / "feeds", slug("a")
    feeds.mkdir(parents=True)
    for name in (f"{old}.xml", f"{slug('C++')}.xml", f"{slug('b')}-2.xml"):
        (feeds / name).write_text("of an earlier version")
    former = _former(file_of("a", "b", "C++"), outputs, "feeds")
    assert former == {"a": old}
    found = reading("a", "b", former=former)
    texts = {name: "".join(pieces) for name, pieces in found.feeds({})}
    assert {name for name in texts if name.endswith(".xml")} == {
        *("all.xml", "a.xml", "b.xml"),
        f"{old}.xml",
    }
    assert (
        f'rel="self" type="application/atom+xml" href="https://papers.example.org/feeds/{old}'
        in (texts[f"{old}.xml"])
    )
    citations = {name: "".join(pieces) for name, pieces in found.citations()}
    assert citations[f"{old}.bib"] == citations["a.bib"]
    pages = {name: "".join(pieces) for name, pieces in found.site(None)}
    assert 'content="0; url=a.html"' in pages[f"keywords/{old}.html"]


def test_every_page_leads_to_the_repository_if_it_is_known() -> None:
    address = "https://github.com/you/papers"
    links = repository_links(address, has_output=True)
    found = replace(reading("a"), links=links)
    for _, pieces in found.site(None):
        text = "".join(pieces)
        assert all(
            f'<a href="{to}" rel="noopener noreferrer">{label}<' in text for label, to in links
        )
    assert [label for label, _ in links] == ["Repository", "List", "Digests", "keywords.toml"]
    assert repository_links(address, has_output=False) == [("Repository", address)]
    assert repository_links("", has_output=True) == []
