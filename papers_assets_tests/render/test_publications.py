"""What the site's files are called, and which of them are written again."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from papers_assets.defs.assets.publications import _find_old_slugs, _write_days
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.render.publications import Publications, list_repository_links
from papers_assets.storage.editions import EditionStore
from papers_assets.storage.raw_papers import build_public_slug, build_slug
from papers_assets_tests.helpers.factories import keyword, paper
from papers_assets_tests.transform.test_changes import Lists, lists_of
from papers_assets_tests.transform.test_editions import DAY, Days

LISTS: Lists = {"a": [paper(1)], "b": [paper(1), paper(2)]}


@pytest.fixture
def edition_store(tmp_path: Path) -> EditionStore:
    return EditionStore(tmp_path)


def file_of(*names: str) -> KeywordsConfig:
    return KeywordsConfig(
        Path("k.toml"),
        tuple(map(keyword, names)),
        ZoneInfo("UTC"),
        "0 6 * * *",
        site="https://papers.example.org",
    )


def reading(*names: str, previous: Mapping[str, str] | None = None) -> Publications:
    return Publications(
        lists_of(LISTS), file_of(*names), build_public_slug, old_slugs=previous or {}
    )


def test_of_the_archive_the_pages_of_recent_days_are_written_again(
    edition_store: EditionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    days, archive = Days(), edition_store.site_folder / "days"
    for number in range(3):
        day = DAY + timedelta(days=number)
        edition_store.write_edition(days.part({"a": [paper(n) for n in range(1, number + 2)]}, day))
    names = [f"2026-11-{number}.html" for number in (23, 24, 25)]
    monkeypatch.setattr("papers_assets.defs.assets.publications.RECENT_DAYS", 1)

    def written(*keywords: str) -> set[str]:
        """Write the archive, and return the names of the pages that were."""
        for path in archive.glob("*"):
            path.write_text("before")
        _write_days(reading(*keywords), edition_store)
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
    monkeypatch.setattr("papers_assets.defs.assets.publications.MAX_DAYS", 2)
    assert written("a") == {names[2], "index.html"}
    assert {path.name for path in archive.iterdir()} == {*names[1:], "index.html", "mine.html"}


def test_files_of_an_earlier_version_stay_up_to_date_and_pages_lead_on(
    edition_store: EditionStore,
) -> None:
    feeds, old = edition_store.site_folder / "feeds", build_slug("a")
    feeds.mkdir(parents=True)
    for name in (f"{old}.xml", f"{build_slug('C++')}.xml", f"{build_slug('b')}-2.xml"):
        (feeds / name).write_text("of an earlier version")
    previous = _find_old_slugs(file_of("a", "b", "C++"), edition_store, "feeds")
    assert previous == {"a": old}
    found = reading("a", "b", previous=previous)
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
    links = list_repository_links(address, has_output=True)
    found = replace(reading("a"), links=links)
    for _, pieces in found.site(None):
        text = "".join(pieces)
        assert all(
            f'<a href="{to}" rel="noopener noreferrer">{label}<' in text for label, to in links
        )
    assert [label for label, _ in links] == ["Repository", "List", "Digests", "keywords.toml"]
    assert list_repository_links(address, has_output=False) == [("Repository", address)]
    assert list_repository_links("", has_output=True) == []
