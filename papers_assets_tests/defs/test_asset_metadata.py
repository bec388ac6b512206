from datetime import date
from pathlib import Path

from papers_assets.defs import asset_metadata
from papers_assets.defs.asset_metadata.common import table_by_keyword
from papers_assets.render.readme import Section
from papers_assets_tests.helpers import github_markdown
from papers_assets_tests.helpers.factories import held_frame, paper


def test_what_a_section_is_called_and_says_is_text_in_the_ui() -> None:
    sections = [Section("<b>|*x*", held_frame([paper()]), "arXiv said: *no* | [x](javascript:y)")]
    metadata = asset_metadata.readme_metadata(sections, date(2026, 1, 1), Path("README.md"), 1)
    (row,) = github_markdown.body(metadata["contents"].value)
    assert [cell.text for cell in row] == ["<b>|*x*", "1", "arXiv said: *no* | [x](javascript:y)"]
    assert [cell.tags for cell in row] == [[], [], []]


def test_the_document_shows_texts_unfolded_since_dagster_does_not_fold() -> None:
    folded = paper(1, abstract="We <b>compile</b>.", comment="Accepted to a conference in 2026")
    metadata = asset_metadata.readme_metadata(
        [Section("compiler", held_frame([folded]))], date(2026, 1, 1), Path("README.md"), 1
    )
    document = metadata["document"].value
    (row,) = github_markdown.body(document[document.index("| **Title") :])
    assert [cell.text for cell in row[2:]] == [
        "We <b>compile</b>.",
        "Accepted to a conference in 2026",
    ]
    assert not {"details", "summary"} & {tag for cell in row for tag in cell.tags}


def test_what_is_told_of_a_readme_stays_small_however_many_keywords_there_are() -> None:
    papers = held_frame([paper(n, title="An invented " + "x" * 900) for n in range(1, 4)])
    sections = [Section(f"{n} " + "k" * 300, papers, "Old, " * 99) for n in range(300)]
    shown = [1] * 300
    metadata = asset_metadata.readme_metadata(
        sections, date(2026, 1, 1), Path("README.md"), 500_000, *[1_000] * 300, shown=shown
    )
    assert sum(len(str(value)) for value in metadata.values()) < 40_000
    assert (metadata["rows_in_readme"], metadata["pages"]) == (300, 300)
    assert (metadata["pages_bytes"], metadata["largest_file_bytes"]) == (300_000, 500_000)
    rows = list(github_markdown.body(metadata["contents"].value))
    assert len(rows) == 20
    assert {row[1].text for row in rows} == {"1 of 3"}
    assert metadata["contents"].value.endswith("\n\nAnd 280 more keywords.")
    assert str(metadata["stale_keywords"]).endswith("and 280 more")


def test_tables_of_thousands_of_keywords_list_those_with_the_most_news() -> None:
    rows: list[dict[str, str | int]] = [
        {"keyword": f"compiler {n}", "new": n % 7} for n in range(5_000)
    ]
    metadata = table_by_keyword(rows)
    records = metadata["keywords"].records
    assert len(records) == 100
    assert {record.data["new"] for record in records} == {6}
    assert metadata["keywords_listed"] == "100 of 5000, those with the most news"
    few = table_by_keyword(rows[:100])
    assert [record.data["keyword"] for record in few["keywords"].records] == [
        row["keyword"] for row in rows[:100]
    ]
    assert "keywords_listed" not in few
