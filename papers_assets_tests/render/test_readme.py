import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pandas as pd
import pytest

from papers_assets.render.readme import Section, render_heading, render_preview, render_readme
from papers_assets_tests.helpers import github_markdown, reference_data
from papers_assets_tests.helpers.visible_text import Paper, frame, paper, readme, table_rows

_ROW = re.compile(
    r"\| \*\*\[(?P<title>.*)\]\(https://arxiv\.org/abs/(?P<id>[^)]*)v(?P<version>\d+)\)\*\*"
    r" \| (?P<date>\d{4}-\d\d-\d\d)"
    r" \| <details><summary>Show</summary><p>(?P<abstract>.*?)</p></details>"
    r" \| (?:<details><summary>.{5}\.\.\.</summary><p>(?P<long>.*)</p></details>|(?P<short>.*)) \|"
)


def rows_of(section: str) -> Iterator[Paper]:
    for line in table_rows(section):
        row = _ROW.fullmatch(line)
        assert row, line
        yield paper(
            arxiv_id=row["id"],
            version=int(row["version"]),
            title=row["title"],
            abstract=row["abstract"],
            comment=row["long"] or row["short"] or None,
            updated=datetime.fromisoformat(row["date"]).replace(hour=23, tzinfo=UTC),
        )


def test_the_seed_is_rendered_again_byte_for_byte() -> None:
    seed = reference_data.path("seed/daily-papers.md").read_bytes()
    _, *parts = seed.decode().split("\n## ")
    sections = [Section(part.split("\n", 1)[0], frame(rows_of(part))) for part in parts]
    assert sum(len(section.papers) for section in sections) == 60
    rendered = render_readme(sections, last_update=date(2026, 1, 14), cap=100)
    assert "".join(rendered).encode() == seed


def test_sections_come_in_the_order_given() -> None:
    sections = [Section(name, frame([paper(title=f"About {name}")])) for name in ("b", "c", "a")]
    markdown = "".join(render_readme(sections, last_update=None, cap=7))
    assert re.findall(r"^## (\w)|About (\w)", markdown, re.MULTILINE) == [
        pair for name in "bca" for pair in ((name, ""), ("", name))
    ]


def test_papers_come_in_the_order_given_whatever_their_index() -> None:
    papers = frame([paper(title="First"), paper(title="Second")]).set_axis([9, 9])
    markdown = "".join(render_readme([Section("k", papers)], last_update=None, cap=7))
    assert markdown.index("First") < markdown.index("Second")


def test_the_cap_and_the_day_of_the_last_update_are_said() -> None:
    markdown = "".join(render_readme([], last_update=date(2026, 2, 3), cap=12))
    assert "up to a maximum of 12 papers.\n" in markdown
    assert markdown.endswith("\nLast update: 2026-02-03\n\n")


def test_without_an_update_it_says_never() -> None:
    assert "\nLast update: never\n" in "".join(render_readme([], last_update=None, cap=1))


def test_a_section_without_papers_says_so_instead_of_showing_an_empty_table() -> None:
    markdown = readme([], keyword="quiet")
    assert markdown.endswith("\n## quiet\nNo papers yet.\n\n")
    assert not github_markdown.rows(markdown)


def test_a_note_stands_between_the_heading_and_a_table_that_is_still_one() -> None:
    markdown = readme([paper()], note="Not refreshed since 2026-11-20.")
    assert "## compiler\n_Not refreshed since 2026-11-20._\n\n| **Title** |" in markdown
    *_, title, note = github_markdown.outside(markdown)
    assert (title.kind, title.text) == ("h2", "compiler")
    assert (note.kind, note.text, note.tags) == ("p", "Not refreshed since 2026-11-20.", ["em"])
    assert len(list(github_markdown.body(markdown))) == 1


def test_a_section_without_papers_keeps_its_note() -> None:
    markdown = readme([], note="Not fetched yet.")
    assert markdown.endswith("## compiler\n_Not fetched yet._\n\nNo papers yet.\n\n")


@pytest.mark.parametrize(
    ("comment", "cell"),
    [
        (None, ""),
        (float("nan"), ""),
        ("", ""),
        (" \n ", ""),
        ("20 characters, exact", "20 characters, exact"),
        ("  20 characters,\n  exact ", "20 characters, exact"),
        (
            "21 characters, really",
            "<details><summary>21 ch...</summary><p>21 characters, really</p></details>",
        ),
        (
            "Four letters, then a space",
            "<details><summary>Four ...</summary><p>Four letters, then a space</p></details>",
        ),
    ],
)
def test_comments_of_more_than_twenty_characters_are_folded(comment: object, cell: str) -> None:
    (row,) = table_rows(readme([paper(comment=comment)]))
    assert row.endswith(f"</p></details> | {cell} |")


def test_the_date_is_the_day_in_utc() -> None:
    late = datetime(2026, 1, 12, 23, 30, tzinfo=timezone(timedelta(hours=-8)))
    (row,) = table_rows(readme([paper(updated=late)]))
    assert " | 2026-01-13 | " in row


def test_old_ids_keep_their_slash_and_nothing_in_an_id_ends_the_link() -> None:
    markdown = readme([paper(arxiv_id="cs/0503050"), paper(arxiv_id="x) | <b>")])
    links = [row[0].links for row in github_markdown.body(markdown)]
    assert links[0][0][0] == "https://arxiv.org/abs/cs/0503050v1"
    assert links[1][0][0] == "https://arxiv.org/abs/x%29%20%7C%20%3Cb%3Ev1"


def test_a_long_document_comes_in_pieces() -> None:
    pieces = list(
        render_readme(
            [Section("k", frame([paper(abstract="word " * 300)] * 500))], last_update=None, cap=500
        )
    )
    assert len(pieces) > 5
    assert max(map(len, pieces)) < sum(map(len, pieces)) / 5


@pytest.mark.parametrize(
    ("keyword", "line"),
    [("compiler", "## compiler"), ("C++", "## C++"), ("F #", "## F \\#"), ("a | b", "## a | b")],
)
def test_a_heading_is_the_line_of_the_readme(keyword: str, line: str) -> None:
    assert render_heading(keyword) == line
    assert f"\n\n{line}\n" in readme([], keyword=keyword)


def test_the_preview_shows_the_first_papers_in_a_table() -> None:
    papers = [paper(arxiv_id=f"2613.0000{n}", title=f"{n} | <b>*x*</b>") for n in range(4)]
    rows = list(github_markdown.body(render_preview(frame(papers), rows=3)))
    assert [[cell.text for cell in row] for row in rows] == [
        [f"{n} | <b>*x*</b>", "2026-01-12", "cs.PL"] for n in range(3)
    ]
    assert rows[2][0].links == [("https://arxiv.org/abs/2613.00002v1", "2 | <b>*x*</b>")]
    assert {tag for row in rows for cell in row for tag in cell.tags} == {"a"}


INVISIBLE = [
    "",
    " \n ",
    "\u200b\ufeff",
    "\u3164",
    "\u2800\u115f",
    "\u202e\u200f",
    "\u200d\ufe0f\u0301",
]


@pytest.mark.parametrize("title", INVISIBLE)
def test_a_title_that_cannot_be_seen_has_a_link_that_can_be_clicked(title: str) -> None:
    papers = [paper(title=title)]
    (row,), (previewed,) = (
        github_markdown.body(markdown)
        for markdown in (readme(papers), render_preview(frame(papers)))
    )
    link = [("https://arxiv.org/abs/2613.00001v1", "(untitled)")]
    assert row[0].links == previewed[0].links == link


@pytest.mark.parametrize("title", ["0", ".", "\x9b", "\u05e9", "\u56fe", "\u2764\ufe0f", "\u200b0"])
def test_a_title_of_one_sign_is_a_title(title: str) -> None:
    (row,) = github_markdown.body(readme([paper(title=title)]))
    assert row[0].text != "(untitled)"


@pytest.mark.parametrize("letter", ["x", "<", "*", "\\", "|", "&amp;"])
def test_fields_of_absurd_length_are_shown_in_part_and_say_so(letter: str) -> None:
    text = (letter * 1_000_000)[:1_000_000]
    (row,) = github_markdown.body(readme([paper(title=text, abstract=text, comment=text)]))
    shown = f"{text[:20_000]}… (1,000,000 characters)"
    assert (row[0].text, row[2].inside["p"], row[3].inside["p"]) == (shown,) * 3


def test_a_field_of_as_much_as_is_shown_is_shown_whole() -> None:
    (row,) = github_markdown.body(readme([paper(abstract="x" * 20_000)]))
    assert row[2].inside["p"] == "x" * 20_000


def test_a_preview_stays_small() -> None:
    preview = render_preview(frame([paper(title="x" * 9999, primary_category="y" * 9999)]))
    (row,) = github_markdown.body(preview)
    assert row[0].text == f"{'x' * 200}… (9,999 characters)"
    assert row[2].text == f"{'y' * 200}… (9,999 characters)"


def test_the_preview_of_nothing_says_so() -> None:
    assert render_preview(frame([])) == "No papers yet."


def test_rendering_leaves_its_papers_as_they_were() -> None:
    papers = frame([paper(comment="x" * 30), paper()])
    before = papers.copy(deep=True)
    "".join(render_readme([Section("k", papers)], last_update=None, cap=1))
    pd.testing.assert_frame_equal(papers, before)
