import re
from datetime import date
from urllib.parse import quote

import pytest
from hypothesis import given

from papers_assets.render import escape, inspect
from papers_assets.render.inspect import Part, Row, inspect_readme
from papers_assets.render.readme import Section, render_readme
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.helpers.visible_text import Paper, frame, paper, published, readme, visible
from papers_assets_tests.render.test_escape_properties import hostile

URL = "https://arxiv.org/abs/2613.00001v1"


def test_it_says_what_a_document_holds() -> None:
    parts = [
        Section("compiler", frame([paper(), paper(arxiv_id="cs/0503050", version=2)])),
        Section("C++ & <b>", frame([paper(comment="See https://a.b/c, or a@b.cd")]), "Old (a_b_)."),
        Section("quiet", frame([])),
    ]
    document = "".join(render_readme(parts, last_update=date(2026, 2, 3), cap=7))
    seen = inspect_readme(document.encode())
    assert seen.is_utf8
    assert seen.last_update == "2026-02-03"
    assert seen.preamble == Part("")
    assert seen.sections == (
        Part("compiler", rows=(Row(URL, 4), Row("https://arxiv.org/abs/cs/0503050v2", 4))),
        Part("C++ & <b>", "Old (a_b_).", (Row(URL, 4, ("https://a.b/c", "mailto:a@b.cd")),)),
        Part("quiet"),
    )


def test_an_empty_file_holds_nothing() -> None:
    seen = inspect_readme(b"")
    assert (seen.last_update, seen.sections) == ("", ())


@given(hostile, hostile, hostile.filter(visible), hostile.filter(visible))
def test_whatever_is_published_nothing_in_its_readme_is_strange(
    text: str, comment: str, keyword: str, note: str
) -> None:
    papers = [paper(title=text, abstract=text, comment=comment), paper(arxiv_id=text[:9])]
    text_id = quote(text[:9].encode("utf-8", "replace"))
    if re.search("[\ud800-\udfff]", text[:9]):
        papers.pop()  # halves of characters: no address has them
    seen = inspect_readme(readme(papers, keyword, note).encode("utf-8", "replace"))
    (section,) = seen.sections
    assert seen.preamble.strange == section.strange == ""
    assert (section.heading, section.note) == (visible(keyword), visible(note))
    assert [row.strange for row in section.rows] == [""] * len(papers)
    assert [row.cells for row in section.rows] == [4] * len(papers)
    assert [row.url for row in section.rows] == [URL, f"https://arxiv.org/abs/{text_id}v1"][
        : len(papers)
    ]


@pytest.mark.parametrize("size", [1, 1_000, 5_000])
def test_reading_in_pieces_makes_no_difference(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    papers = frame([paper(title=f"## No {n}", abstract="\n## é <b>") for n in range(9)])
    parts = [Section(f"k{n}", papers, "x" * (n % 2)) for n in range(9)]
    document = "".join(render_readme(parts, last_update=None, cap=7)).encode()
    whole = inspect_readme(document)
    assert len(whole.sections) == 9
    monkeypatch.setattr(inspect, "_PIECE", size)
    assert inspect_readme(document) == whole


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
    parts = [Section(name, frame([paper()])) for name in ("a", "b")]
    document = "".join(render_readme(parts, last_update=None, cap=7))
    seen = inspect_readme(document.replace("\n## b", f"{spoiled}\n## b").encode())
    headings = [section.heading for section in seen.sections]
    assert headings != ["a", "b"] or any(
        part.strange or [row for row in part.rows if row.strange] for part in seen.sections
    )


def hazards() -> list[Paper]:
    return [published(record) for record in reference_data.sample("arxiv/hazards.jsonl.gz")]


@pytest.mark.corpus
def test_nothing_in_a_readme_of_real_hazards_is_strange() -> None:
    papers = hazards()
    (section,) = inspect_readme(readme(papers).encode()).sections
    assert len(section.rows) == len(papers)
    assert [row for row in section.rows if row.strange or row.cells != 4] == []


@pytest.mark.corpus
def test_were_they_not_escaped_it_would_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escape, "Inlines", _Unescaped)
    papers = hazards()
    (section,) = inspect_readme(readme(papers).encode()).sections
    assert sum(bool(row.strange) or row.cells != 4 for row in section.rows) > reference_data.share(
        100
    )


class _Unescaped:
    def __init__(self, parts: list[str], **_: object) -> None:
        self._texts = parts[1::2]

    def escaped(self) -> list[str]:
        return self._texts
