"""Any text, however hostile: GitHub's parser finds nothing in it but the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets_tests.helpers import github_markdown
from papers_assets_tests.helpers.thoroughness import examples
from papers_assets_tests.helpers.visible_text import (
    differ,
    faults,
    paper,
    pipes,
    readme,
    table_rows,
    visible,
)

MARKDOWN = [*r"\`*_~[](){}<>&;|!#$^:'/=?.,-+ aw1é“é", '"', "**", "__", "~~", "``", "***"]
PIECES = [
    *["](", "[x](y)", "![", "![x](y)", "[^1]", "[^", '(a "t")', r"\{", r"\|", r"\_", r"\[", "\\\\"],
    *["&amp;", "&lt;", "&#42;", "&#x2a;", "&copy", "&nbsp;", "<b>", "</p>", "</td>", "</details>"],
    *["<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "<!A ", '<a href="', "<script>"],
    *["http://", "https://", "www.", "http://a.b/", "www.a.b", "<http://a.b>", "a.b_c", "?x=1"],
    *["javascript:", "<javascript:x>", "[x](javascript:y)", "mailto:", "a@b.cd", "<a@b.cd>"],
    *["\0", "\1", "\x1c", "\x7f", "\xa0", "\u200b", "\u2028", "\u202e", "\ufeff", "\ud800", "😀"],
    *["\n", "\r\n", "\n\n", "\n| a | b |\n", "\n# ", "\n---\n", "\t", "---", "A*", "snake_case"],
]
# Pieces of a few kinds meet each other more often than pieces of all kinds.
few_kinds = st.lists(st.sampled_from(MARKDOWN + PIECES), min_size=2, max_size=6).flatmap(
    lambda kinds: st.lists(st.sampled_from([*kinds, " ", "a"]), max_size=24)
)
all_kinds = st.lists(st.one_of(st.sampled_from(MARKDOWN + PIECES), st.characters()), max_size=24)
hostile = st.one_of(few_kinds, all_kinds).map("".join)
thorough = examples(400)


def check(markdown: str, **fields: str) -> None:
    expected = paper(**fields)
    (line,) = table_rows(markdown)
    assert pipes(line) == 5
    for to_html in github_markdown.GITHUBS:
        (row,) = github_markdown.body(markdown, to_html)
        assert faults(expected, row) == [], markdown


@given(hostile)
@thorough
def test_titles(text: str) -> None:
    check(readme([paper(title=text)]), title=text)


@given(hostile)
@thorough
def test_abstracts(text: str) -> None:
    check(readme([paper(abstract=text)]), abstract=text)


@given(hostile.map(lambda text: visible(text)[:20]))
@thorough
def test_short_comments(text: str) -> None:
    check(readme([paper(comment=text)]), comment=text)


@given(hostile, hostile)
@thorough
def test_long_comments(start: str, end: str) -> None:
    text = f"{start} and twenty letters {end}"
    check(readme([paper(comment=text)]), comment=text)


@given(hostile.filter(visible))
@thorough
def test_headings(text: str) -> None:
    markdown = readme([paper()], keyword=text)
    check(markdown)
    for to_html in github_markdown.GITHUBS:
        *_, heading = github_markdown.outside(markdown, to_html)
        assert heading.kind == "h2"
        assert differ("heading", heading, text, []) == [], markdown


@given(hostile.filter(visible))
@thorough
def test_notes(text: str) -> None:
    markdown = readme([paper()], note=text)
    check(markdown)
    for to_html in github_markdown.GITHUBS:
        *_, heading, note = github_markdown.outside(markdown, to_html)
        assert (heading.kind, note.kind) == ("h2", "p")
        assert differ("note", note, text, ["em"]) == [], markdown


@given(hostile, hostile)
def test_a_row_does_not_depend_on_the_rows_around_it(one: str, other: str) -> None:
    papers = [paper(title=t, abstract=t, comment=t) for t in (one, other, one)]
    rows = list(github_markdown.body(readme(papers)))
    assert [faults(p, row) for p, row in zip(papers, rows, strict=True)] == [[]] * 3


@pytest.mark.parametrize(
    "piece",
    [
        *["*a", "_a_", "~", "` `` ", r"\[", "[", "[](", "[x](", "[^a\\{", "&amp", "(((("],
        *[
            "<",
            "<a b='",
            "<!--",
            "<a@",
            "<http://a ",
            "http://a.b ",
            "http://a;",
            "www.",
            "`http://a`",
            "<?",
            "[^*]",
            "[^](\\",
            "*http://a|b ",
            "<http://a|b>*",
        ],
    ],
)
def test_very_long_text_is_escaped_in_time_and_stays_text(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    papers = [paper(title=text, abstract=text, comment=text)]
    (row,) = github_markdown.body(readme(papers))
    assert faults(papers[0], row) == []
