"""The digest as GitHub shows it, and as mail."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.render.digest import GITHUB_LIMIT, render_digest_markdown
from papers_assets.render.digest_mail import (
    MAIL_LIMIT,
    mail_title,
    render_mail_html,
    render_mail_text,
)
from papers_assets.storage.edition_files import to_json
from papers_assets.transform.changes import ChangeKind, ListUpdate
from papers_assets.transform.digest import Digest, DigestEntry, DigestGroup
from papers_assets.transform.listed_papers import ListedPaper
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.helpers.factories import EPOCH, LATER, listed_paper, paper
from papers_assets_tests.helpers.github_markdown import GITHUBS, ToHtml, body, github
from papers_assets_tests.helpers.thoroughness import examples
from papers_assets_tests.transform.test_editions import Days

DAY = date(2026, 11, 23)
MORE = "https://example.org/papers"
OLD = "version 2 of a paper first submitted 2026-01-01"
HOSTILE = "| @everyone closes #1, GH-2 and ada/tool#3 <b>x</b> [y](javascript:z) `@w`"


def digest(
    papers: Sequence[ListedPaper], kind: ChangeKind = ChangeKind.NEW, **fields: object
) -> Digest:
    entries = tuple(
        DigestEntry(p, (), "" if kind is ChangeKind.NEW else "v1 to v2") for p in papers
    )
    values = {"groups": (DigestGroup(kind, "a", entries),), **fields}
    return Digest(DAY, **values)  # type: ignore[arg-type]


def invented() -> Digest:
    """Something of everything."""
    new = listed_paper(1, abstract="Code: github.com/ada/tool", comment="12 pages")
    return Digest(
        DAY,
        (
            DigestGroup(
                ChangeKind.NEW,
                "compiler",
                (DigestEntry(new, ("c | d",)), DigestEntry(listed_paper(3), ())),
            ),
            DigestGroup(
                ChangeKind.REVISED,
                "compiler",
                (DigestEntry(listed_paper(2, version=3), (), "v1 to v3"),),
            ),
            DigestGroup(
                ChangeKind.WITHDRAWN,
                "c | d",
                (DigestEntry(listed_paper(4, version=2), (), "v1 to v2"),),
            ),
            DigestGroup(
                ChangeKind.MATCHED,
                "c | d",
                (DigestEntry(listed_paper(5, version=2), ("compiler",), OLD),),
            ),
        ),
        newly_followed={"x | @y": 50, "performance": 1},
        removed={"compiler": 2},
        restored={"compiler": 1},
        notes={"performance": "Not refreshed since 2026-11-20: arXiv answered 503."},
    )


GOLDEN: dict[str, Callable[[], str]] = {
    "digest.md": lambda: render_digest_markdown(invented(), list_url=MORE),
    "mail.html": lambda: render_mail_html(invented(), list_url=MORE),
    "mail.txt": lambda: render_mail_text(invented(), list_url=MORE),
    "edition.json": lambda: to_json(
        Days({"a": ListUpdate(EPOCH)}).part({"a": [paper(1)], "b": [paper(1), paper(2)]})
    ),
}
"""Remade by `python -m papers_assets_tests.render.test_digest`, to be looked at."""
GOLDEN_FOLDER = Path(__file__).with_name("golden")


@pytest.mark.parametrize("name", GOLDEN)
def test_the_documents_are_the_golden_ones(name: str) -> None:
    assert GOLDEN[name]().encode() == (GOLDEN_FOLDER / name).read_bytes()


def test_a_digest_leads_to_the_page_of_its_day() -> None:
    page = "https://x.org/a&copy/days/2026-11-23.html"
    html = github(render_digest_markdown(invented(), list_url="../README.md", page=page))
    assert re.findall(r'<a href="(\S+?)"[^>]*>(?:All papers|This day on the site)<', html) == [
        "../README.md",
        "https://x.org/a&amp;copy/days/2026-11-23.html",
    ]


@pytest.mark.parametrize("to_html", GITHUBS)
def test_github_shows_a_row_of_four_cells_per_paper_and_its_text_as_published(
    to_html: ToHtml,
) -> None:
    papers = [listed_paper(n, title=f"{HOSTILE} {n}", comment=HOSTILE) for n in (1, 2)]
    rows = list(body(render_digest_markdown(digest(papers), list_url=MORE), to_html))
    assert [len(row) for row in rows] == [4, 4]
    assert [row[0].text for row in rows] == [f"{HOSTILE} {n}" for n in (1, 2)]
    assert rows[0][3].text == HOSTILE
    assert rows[0][3].links == []


# GitHub's own: a name that is not within a word, outside of links and code; and numbers of issues.
MENTION = re.compile(r"(?:^|[^A-Za-z0-9_])@[A-Za-z0-9]|#[0-9]|\bGH-[0-9]", re.ASCII | re.IGNORECASE)


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "by Bob/@alice",
        "`@alice and ``@alice",
        "https:/@alice https://@alice http://a_b/@alice",
        "https://x.org/<@alice https://x.org/@alice#12",
        "owner/#12 &#12 https://#12 &amp;#12; x#12",
        "\u00e9@alice (@alice) -@alice- @a",
        "gh-12 GH-12",
        # What takes references: they are no numbers of issues, and are left whole.
        r"\[0, 1) http://a.example/x ~a~ #12 @name *x*",
    ],
)
def test_nobody_is_mentioned_and_no_issue_is_linked_and_the_text_is_as_published(text: str) -> None:
    told = digest([listed_paper(title=text, abstract=text, comment=text)])
    html = github(render_digest_markdown(told))
    for piece in re.split(r"<a .*?</a>|<[^>]*>", html):
        assert not MENTION.search(unescape(piece))
    (row,) = body(render_digest_markdown(told))
    assert [cell.text.removeprefix("Show") for cell in (row[0], *row[2:])] == [text] * 3


@pytest.mark.parametrize("kind", ["issues", "pull", "commit", "discussions"])
def test_somebody_elses_issue_gets_no_reference(kind: str) -> None:
    address = f"https://github.com/ada/tool/{kind}/12"
    html = github(render_digest_markdown(digest([listed_paper(abstract=f"See {address}.")])))
    assert f'{kind}/12"' not in html


def test_what_does_not_fit_comes_with_authors_instead_of_abstracts() -> None:
    papers = [listed_paper(n, abstract="An invented sentence. " * 90) for n in range(1, 60)]
    text = render_digest_markdown(digest(papers), list_url=MORE)
    assert len(list(body(text))) == 59
    assert "| **Title** | **Date** | **Authors** | **Comment** |" in text
    assert "Ada Example, Ben Sample" in text
    assert "more papers" not in text


def test_what_does_not_fit_even_so_is_counted_and_no_group_hides_another() -> None:
    many = tuple(
        DigestEntry(listed_paper(n, title="An invented title " * 12), ()) for n in range(1, 300)
    )
    few = tuple(DigestEntry(listed_paper(n), (), "v1 to v2") for n in range(300, 303))
    told = Digest(
        DAY,
        (
            DigestGroup(ChangeKind.NEW, "a", many),
            DigestGroup(ChangeKind.NEW, "b", many),
            DigestGroup(ChangeKind.REVISED, "b", few),
        ),
    )
    text = render_digest_markdown(told, list_url=MORE)
    assert GITHUB_LIMIT - 3000 < len(text) <= GITHUB_LIMIT
    heads = re.findall(r"### (\w)(?:: (\d+) of (\d+))?\n", text)
    shown = [int(count or 3) for _, count, _ in heads]
    assert [name for name, _, _ in heads] == ["a", "b", "b"]
    assert shown[2] == 3
    assert abs(shown[0] - shown[1]) <= 1
    assert len(list(body(text))) == sum(shown)
    assert f"_And {601 - sum(shown)} more papers: see [the whole list](<{MORE}>)._" in text


@examples(60)
@given(
    st.lists(st.text(alphabet="ab|`<&\\[]*_~@#1 \U0001f600\n$", max_size=400), max_size=8),
    st.integers(2_000, 9_000),
)
def test_no_digest_is_over_the_limit_whatever_it_is_made_of(texts: list[str], limit: int) -> None:
    papers = [
        listed_paper(n, title=text, abstract=text * 40, comment=text)
        for n, text in enumerate(texts, start=1)
    ]
    notes = dict.fromkeys(texts, "Not refreshed since 2026-11-20.")
    text = render_digest_markdown(digest(papers, notes=notes), limit=limit)
    assert len(text.encode()) <= limit
    left_out = re.search(r"_And ([\d,]+) more papers", text)
    shown = text.count("](https://arxiv.org/abs/")
    assert shown + (int(left_out[1]) if left_out else 0) == len(papers)


def test_a_paper_of_enormous_texts_does_not_take_the_place_of_the_others() -> None:
    enormous = listed_paper(1, title="[" * 50_000, abstract="|" * 100_000, comment="<" * 90_000)
    text = render_digest_markdown(digest([enormous, *(listed_paper(n) for n in range(2, 20))]))
    assert text.count("](https://arxiv.org/abs/") == 19
    assert "(100,000 characters)" in text


def test_every_dangerous_paper_stays_in_its_row() -> None:
    hazards = list(reference_data.records("arxiv/hazards.jsonl.gz"))[::20]
    fields = ("title", "abstract", "comment")
    papers = [listed_paper(n, **{f: p[f] for f in fields}) for n, p in enumerate(hazards, start=1)]
    for start in range(0, len(papers), 20):
        some = papers[start : start + 20]
        rows = list(body(render_digest_markdown(digest(some))))
        assert [len(row) for row in rows] == [4] * len(some)
        assert [row[0].links[0][0] for row in rows] == [p.url for p in some]


class Seen(HTMLParser):
    """Elements and text of a mail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_mail_has_title_authors_date_and_abstract_in_both_its_forms() -> None:
    told = digest([listed_paper(1, comment="12 pages", abstract="See github.com/ada/tool.")])
    seen = Seen(render_mail_html(told, list_url=MORE))
    for text in (seen.text, render_mail_text(told, list_url=MORE)):
        for part in ("An invented compiler, number 1", "Ada Example, Ben Sample", "2026-01-01"):
            assert part in text
        assert "See github.com/ada/tool." in text
        assert "12 pages" in text
    arxiv = "https://arxiv.org/abs/2613.00001v1"
    assert seen.links == [MORE, arxiv, "https://github.com/ada/tool"]
    assert mail_title(told) == "Daily Papers, 2026-11-23: 1 new paper"


def test_hostile_text_stays_text_in_a_mail() -> None:
    told = digest([listed_paper(1, title="<img src=x onerror=y>", comment="<script>z</script>")])
    seen = Seen(render_mail_html(told))
    assert not seen.tags & {"img", "script"}
    assert "<script>z</script>" in seen.text
    assert "<img src=x onerror=y>" in render_mail_text(told)


def test_a_mail_is_no_larger_than_gmail_shows_and_says_what_is_left_out() -> None:
    papers = [listed_paper(n, abstract="An invented sentence. " * 90) for n in range(1, 80)]
    assert render_mail_html(digest(papers)).count("<b>") == 79  # without their abstracts
    assert "An invented sentence" not in render_mail_text(digest(papers))
    papers = [listed_paper(n, title="An invented title " * 12) for n in range(1, 400)]
    html, text = (
        render_mail_html(digest(papers), list_url=MORE),
        render_mail_text(digest(papers), list_url=MORE),
    )
    assert MAIL_LIMIT - 5000 < len(html.encode()) <= MAIL_LIMIT
    shown = html.count("<b>")
    assert f"And {399 - shown} more papers" in html
    assert f"And {399 - shown} more papers: {MORE}" in text


def test_what_was_revised_says_how_and_spares_the_abstract() -> None:
    told = digest([listed_paper(1, version=2)], ChangeKind.REVISED)
    assert "v1 to v2" in render_mail_text(told)
    assert "Nobody wrote this compiler." not in render_mail_text(told)
    assert EPOCH < LATER


if __name__ == "__main__":
    for file_name, give in GOLDEN.items():
        (GOLDEN_FOLDER / file_name).write_bytes(give().encode())
