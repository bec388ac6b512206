"""Real papers through the whole document, judged by GitHub's parser and by a second opinion."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice

import pytest

from papers_assets.render import markdown
from papers_assets_tests.helpers import github_markdown, reference_data
from papers_assets_tests.helpers.github_markdown import Cell, ToHtml
from papers_assets_tests.helpers.visible_text import (
    Paper,
    differ,
    faults,
    pipes,
    published,
    readme,
    table_rows,
    visible,
)

pytestmark = pytest.mark.corpus

Corpus = Callable[[], list[Paper]]

# A plain URL is a link to GitHub, and what is in it means nothing. To others it is Markdown.
_URL_WITH_BACKSLASH = re.compile(r"(?:://|www\.)[^\s<]*\\")


@cache
def hazards() -> list[Paper]:
    return [published(record) for record in reference_data.sample("arxiv/hazards.jsonl.gz")]


@cache
def usual() -> list[Paper]:
    records = reference_data.sample("arxiv/papers.jsonl.gz")
    return [published(record) for record in islice(records, 0, None, 8)]


corpora = pytest.mark.parametrize("corpus", [hazards, usual])


@dataclass(frozen=True)
class Context:
    """A field of a paper in its cell of the table, apart from the document around it."""

    field: str
    cell: str
    tags: list[str]
    escape: Callable[[str], Sequence[str]]
    leave: Callable[[str], Sequence[str]] = lambda text: (text,)

    def texts(self) -> list[str]:
        papers = [*hazards(), *usual()]
        return [visible(p[self.field]) for p in papers if p[self.field]]

    def unescaped(self, text: str) -> str:
        return self.cell.format(*self.leave(text))

    def escaped(self, text: str) -> str:
        return self.cell.format(*self.escape(text))

    def right(self, cell: Cell, text: str) -> bool:
        if self is TITLE:
            return (cell.tags, cell.links) == (self.tags, [("u", text)])
        summary = f"{text[:5]}..." if self is FOLDED else cell.inside.get("summary")
        return cell.inside.get("summary") == summary and not differ("", cell, text, self.tags)


DETAILS = ["details", "summary", "p"]
TITLE = Context("title", "**[{}](u)**", ["strong", "a"], lambda t: [markdown.escape_title(t)])
ABSTRACT = Context(
    "abstract",
    "<details><summary>Show</summary><p>{}</p></details>",
    DETAILS,
    lambda text: [markdown.escape_abstract(text)],
)
CELL = Context("comment", "{}", [], lambda text: [markdown.escape_cell(text)])
FOLDED = Context(
    "comment",
    "<details><summary>{}...</summary><p>{}</p></details>",
    DETAILS,
    lambda text: markdown.escape_details(text, 5),
    lambda text: (text[:5], text),
)


def in_cells(contents: Iterable[str]) -> list[Cell]:
    """What is shown of Markdown in cells of a table."""
    lines = ["| a | b |", "| --- | --- |", *(f"| {content} | b |" for content in contents)]
    return [row[0] for row in github_markdown.body("\n".join(lines))]


def targets(cell: Cell) -> list[str]:
    return [target for target, _ in cell.links]


def all_faults(papers: list[Paper], to_html: ToHtml) -> dict[str, list[str]]:
    pairs = zip(papers, github_markdown.body(readme(papers), to_html), strict=True)
    return {p["arxiv_id"]: found for p, row in pairs if (found := faults(p, row))}


@pytest.mark.parametrize("to_html", github_markdown.GITHUBS)
def test_every_hazard_is_shown_as_published(to_html: ToHtml) -> None:
    assert len(hazards()) == reference_data.share(5226)
    assert all_faults(hazards(), to_html) == {}


def test_usual_papers_are_shown_as_published() -> None:
    assert len(usual()) > reference_data.share(3000)
    assert all_faults(usual(), github_markdown.github) == {}


@corpora
def test_every_row_has_four_cells_in_the_source(corpus: Corpus) -> None:
    counts = [pipes(line) for line in table_rows(readme(corpus()))]
    assert counts == [5] * len(corpus())


def test_a_second_parser_agrees() -> None:
    papers = [
        p for p in hazards() if not _URL_WITH_BACKSLASH.search(f"{p['abstract']} {p['comment']}")
    ]
    assert len(papers) > reference_data.share(5200)
    assert all_faults(papers, github_markdown.second_opinion) == {}


@pytest.mark.parametrize("context", [TITLE, ABSTRACT, CELL, FOLDED])
def test_only_what_would_be_shown_wrongly_is_changed(context: Context) -> None:
    changed = [text for text in context.texts() if context.escaped(text) != context.unescaped(text)]
    cells = in_cells(map(context.unescaped, changed))
    needless = [
        text for text, cell in zip(changed, cells, strict=True) if context.right(cell, text)
    ]
    assert changed
    assert needless == []


@pytest.mark.parametrize("context", [ABSTRACT, CELL, FOLDED])
def test_plain_addresses_link_to_where_they_would_have_unescaped(context: Context) -> None:
    texts = [text for text in context.texts() if re.search("://|www[.]|@", text)]
    unescaped = in_cells(context.unescaped(text).replace("|", r"\|") for text in texts)
    escaped = in_cells(map(context.escaped, texts))
    found = 0
    for before, after in zip(unescaped, escaped, strict=True):
        # Within code there are no links; now that it is no code, there are.
        if "code" not in before.tags:
            assert targets(after) == targets(before)
            found += len(after.links)
    assert found > reference_data.share(500)
