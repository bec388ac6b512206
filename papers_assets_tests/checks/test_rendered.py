import re
from datetime import date
from urllib.parse import quote

import pytest
from hypothesis import given, settings

from papers_assets.checks.readme_pages import faults_of_readme, faults_of_rows
from papers_assets.checks.rendered import Block, Document, Section, parse
from papers_assets.render import markdown
from papers_assets.render.readme import Section as Rendered
from papers_assets.render.readme import render_readme
from papers_assets.render.readme_pages import ReadmeContent
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.helpers.visible_text import Paper, frame, paper, published, readme, visible
from papers_assets_tests.render.test_escape_properties import hostile

URL = "https://arxiv.org/abs/2613.00001v1"


def faults(section: Section) -> list[str]:
    """What is wrong with the rows of a section, wherever their titles lead."""
    return [*faults_of_rows(section, [row.url for row in section.rows])]


def test_it_says_what_a_document_holds() -> None:
    parts = [
        Rendered("compiler", frame([paper(), paper(arxiv_id="cs/0503050", version=2)])),
        Rendered(
            "C++ & <b>", frame([paper(comment="See https://a.b/c, or a@b.cd")]), "Old (a_b_)."
        ),
        Rendered("quiet", frame([])),
    ]
    document = "".join(render_readme(parts, last_update=date(2026, 2, 3), cap=7))
    seen = parse(document.encode())
    assert seen.faults == ()
    assert seen.above[0] == Block("<h1>…</h1>", "Daily Papers")
    assert seen.above[-1] == Block("<p>…</p>", "Last update: 2026-02-03")
    assert {block.tags for block in seen.above[1:]} == {"<p>…</p>"}
    assert [(part.heading, part.note) for part in seen.sections] == [
        ("compiler", ""),
        ("C++ & <b>", "Old (a_b_)."),
        ("quiet", ""),
    ]
    assert [[(row.url, row.cells) for row in part.rows] for part in seen.sections] == [
        [(URL, 4), ("https://arxiv.org/abs/cs/0503050v2", 4)],
        [(URL, 4)],
        [],
    ]
    assert [block.text for block in seen.sections[1].rows[0].blocks] == [
        *("", "A title", "2026-01-12", "ShowAn abstract."),
        "See h...See https://a.b/c, or a@b.cd",
    ]
    assert seen.sections[2].blocks == (
        Block("<h2>…</h2>", "quiet"),
        Block("<p>…</p>", "No papers yet."),
    )


def test_an_empty_file_holds_nothing() -> None:
    assert parse(b"") == Document((), (), ())


@given(hostile, hostile, hostile.filter(visible), hostile.filter(visible))
@settings(deadline=None)
def test_whatever_is_published_nothing_in_its_readme_is_strange(
    text: str, comment: str, keyword: str, note: str
) -> None:
    papers = [paper(title=text, abstract=text, comment=comment), paper(arxiv_id=text[:9])]
    text_id = quote(text[:9].encode("utf-8", "replace"))
    if re.search("[\ud800-\udfff]", text[:9]):
        papers.pop()  # halves of characters: no address has them
    seen = parse(readme(papers, keyword, note).encode("utf-8", "replace"))
    (section,) = seen.sections
    assert seen.faults == ()
    assert {(block.tags, block.links) for block in seen.above[1:]} == {("<p>…</p>", ())}
    assert section.blocks[:2] == (
        Block("<h2>…</h2>", visible(keyword)),
        Block("<p><em>…</em></p>", visible(note)),
    )
    assert "".join(block.tags for block in section.blocks[2:]) == (
        f"<table><thead><tr>{'<th><strong>…</strong></th>' * 4}</tr></thead></table>"
    )
    urls = [URL, f"https://arxiv.org/abs/{text_id}v1"][: len(papers)]
    assert list(faults_of_rows(section, urls)) == []


@pytest.mark.parametrize(
    "spoiled",
    [
        "\n<!-- \n",
        "\n```\n",
        "\n    \n<div>\n",
        "\nTitle\n---\n",
        "\n> quoted\n",
        "\n* item\n",
        "\n## \n",
        "\n| a |\n",
    ],
)
def test_whatever_stands_between_sections_is_strange(spoiled: str) -> None:
    parts = [Rendered(name, frame([paper()])) for name in ("a", "b")]
    document = "".join(render_readme(parts, last_update=None, cap=7))
    urls = {"a": [URL], "b": [URL]}
    assert (
        list(faults_of_readme(parse(document.encode()), [], ReadmeContent(parts, None, 7), urls))
        == []
    )
    seen = parse(document.replace("\n## b", f"{spoiled}\n## b").encode())
    assert [section.heading for section in seen.sections] != ["a", "b"] or list(
        faults_of_readme(seen, [], ReadmeContent(parts, None, 7), urls)
    )


def hazards() -> list[Paper]:
    return [published(record) for record in reference_data.records("arxiv/hazards.jsonl.gz")]


@pytest.mark.slow
def test_nothing_in_a_readme_of_real_hazards_is_strange() -> None:
    papers = hazards()
    (section,) = parse(readme(papers).encode()).sections
    assert len(section.rows) == len(papers)
    assert faults(section) == []


def test_were_they_not_escaped_it_would_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown.Place, "escape", lambda _, *texts: texts)
    papers = hazards()
    (section,) = parse(readme(papers).encode()).sections
    assert len(faults(section)) > 100
