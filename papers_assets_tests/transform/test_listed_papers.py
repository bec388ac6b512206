"""The papers of all lists, each once."""

import pandas as pd
from hypothesis import given

from papers_assets.arxiv.models import Paper
from papers_assets.transform.listed_papers import unique_papers
from papers_assets.transform.selection import SelectionSource, concat, select_papers
from papers_assets_tests.helpers.factories import LATER, held_frame, keyword, paper, some_papers


def papers_of(*lists: tuple[str, list[Paper]]) -> pd.DataFrame:
    selections = [
        select_papers(held_frame(papers), keyword(name, any=("compiler",)))
        for name, papers in lists
    ]
    return concat(selections, {name: SelectionSource(LATER) for name, _ in lists})


def test_a_paper_of_several_lists_comes_once_in_its_newest_version_with_all_of_them() -> None:
    frame = papers_of(("b", [paper(1), paper(2)]), ("a", [paper(1, 2), paper(3)]))
    found = unique_papers(frame, ["a", "b"])
    assert [(p.arxiv_id, p.version, p.keywords) for p in found] == [
        ("2613.00003", 1, ("a",)),
        ("2613.00002", 1, ("b",)),
        ("2613.00001", 2, ("a", "b")),
    ]


def test_keywords_that_are_not_asked_for_are_left_out() -> None:
    frame = papers_of(("a", [paper(1)]), ("b", [paper(1), paper(2)]))
    assert [(p.arxiv_id, p.keywords) for p in unique_papers(frame, ["a"])] == [
        ("2613.00001", ("a",))
    ]


def test_absent_fields_are_none_and_links_come_from_the_paper_itself() -> None:
    (found,) = unique_papers(papers_of(("a", [paper(1, comment="github.com/ada/tool")])), ["a"])
    assert (found.doi, found.journal_ref) == (None, None)
    assert found.url == "https://arxiv.org/abs/2613.00001v1"
    assert [link.url for link in found.code_links] == ["https://github.com/ada/tool"]


@given(some_papers, some_papers)
def test_no_paper_is_lost_or_repeated_and_the_newest_is_first(
    some: list[Paper], more: list[Paper]
) -> None:
    frame = papers_of(("a", some), ("b", more))
    found = unique_papers(frame, ["a", "b"])
    assert sorted(p.arxiv_id for p in found) == sorted(set(frame["arxiv_id"]))
    assert sum(len(p.keywords) for p in found) == len(frame)
    assert [p.updated for p in found] == sorted((p.updated for p in found), reverse=True)
