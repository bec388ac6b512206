from datetime import date
from pathlib import Path

from papers_assets import previews
from papers_assets.rendering.readme import Section
from papers_assets_tests import github
from papers_assets_tests.making import held_frame, paper


def test_what_a_section_is_called_and_says_is_text_in_the_ui() -> None:
    sections = [Section("<b>|*x*", held_frame([paper()]), "arXiv said: *no* | [x](javascript:y)")]
    metadata = previews.readme(sections, date(2026, 1, 1), Path("README.md"), 1)
    (row,) = github.body(metadata["contents"].value)
    assert [cell.text for cell in row] == ["<b>|*x*", "1", "arXiv said: *no* | [x](javascript:y)"]
    assert [cell.tags for cell in row] == [[], [], []]
