import base64
import hashlib
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cached_property
from html.parser import HTMLParser
from itertools import chain, pairwise
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.render.chart import BarRow
from papers_assets.render.citations import to_bibtex
from papers_assets.render.markdown import collapse_whitespace
from papers_assets.render.site import SiteFrame, pages
from papers_assets.render.site.environment import SCALE
from papers_assets.render.site.mathml import _PARTS
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.helpers.site_pages import (
    TODAY,
    listed_paper,
    pages_of,
    recorded,
    section,
    site_of,
)

GOLDEN = Path(__file__).with_name("golden") / "site-paper.html"
HOSTILE = (
    "</p></details></article><script>alert(1)</script><img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)> ' style=color:red <a href='javascript:alert(1)'>x</a>",
    "{{ 7 * 7 }} {% raw %} <!-- --> ]]> <style>*{display:none}</style> </title>",
    "$\\href{javascript:alert(1)}{x}$ $\\style{color:red}{x}$ $\\text{<b>}$",
    "&lt;b&gt; &#x3c;script&#x3e; \x00\x1b[2J\u202egnihton \ud800 \N{REPLACEMENT CHARACTER}",
)
VOID = {"meta", "link", "input"}
texts = st.sampled_from(HOSTILE) | st.text()


class Parsed(HTMLParser):
    """A page's elements and what is in them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"script", "style"}:
            self.text.append(data)

    def count(self, tag: str) -> int:
        return Counter(name for name, _ in self.elements)[tag]

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @cached_property
    def words(self) -> str:
        return " ".join("".join(self.text).split())


def front(*numbers: int, **fields: object) -> Parsed:
    papers = [listed_paper(number) for number in numbers]
    return Parsed(pages_of(site_of(papers, ["compiler"], **fields))["index.html"])


def test_there_is_a_page_for_all_papers_and_one_for_each_keyword() -> None:
    papers = [listed_paper(1), listed_paper(2, keywords=("compiler", "graph theory"))]
    found = pages_of(site_of(papers))
    assert list(found) == ["index.html", "keywords/compiler.html", "keywords/graph-theory.html"]
    assert [Parsed(html).count("article") for html in found.values()] == [2, 2, 1]


def test_papers_stand_below_the_day_of_their_version_newest_first() -> None:
    html = pages_of(site_of([listed_paper(n) for n in (30, 1, 60, 2)]))["index.html"]
    assert re.findall(r"2026-11-\d\d\">[MSTWF]\w+, [\w ]+|number \d+(?=</a>)", html) == [
        '2026-11-23">Monday, 23 November 2026',
        *("number 1", "number 2"),
        '2026-11-22">Sunday, 22 November 2026',
        "number 30",
        '2026-11-21">Saturday, 21 November 2026',
        "number 60",
    ]


def test_a_paper_is_marked_up_like_this() -> None:
    paper = listed_paper(
        7,
        version=2,
        title="Sorting <em>n</em> numbers in $O(n \\log n)$ steps",
        authors=("Ada Example", "Béla Sample", *(f"Author {n}" for n in range(12))),
        abstract="It costs $5 and\n  $10 at $x<y$. Code: https://github.com/ada/tool.",
        comment="12 pages & 3 figures",
        doi="10.9999/example.7",
        journal_ref="Journal of Invented Samples 3 (2026)",
        keywords=("compiler", "sorting"),
    )
    site = site_of([paper], ["compiler"], marks={"2613.00007": "revised"})
    html = pages_of(site)["index.html"]
    article = html[html.index("<article") : html.index("</article>")] + "</article>\n"
    assert article == GOLDEN.read_text(encoding="utf-8")


def test_what_must_be_said_is_said() -> None:
    papers = [listed_paper(1)]
    late = section("compiler", papers, note="Not refreshed since 2026-11-20: arXiv answered 503.")
    found = pages_of(site_of(papers, sections=[late], remark="Two <keywords> are late."))
    assert "Two <keywords> are late." in Parsed(found["index.html"]).words
    assert f"compiler: {late.note}" in Parsed(found["index.html"]).words
    assert late.note in Parsed(found["keywords/compiler.html"]).words


def test_the_day_of_the_last_update_is_shown_or_never() -> None:
    assert "Last update: 2026-11-23. 1 paper." in front(1).words
    assert "Last update: never. 2 papers." in front(1, 2, last_update=None).words


def test_without_papers_it_says_so() -> None:
    page = front()
    assert "No papers yet." in page.words
    assert page.count("article") == 0


def test_of_too_many_papers_the_newest_are_shown_and_it_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pages, "MAX_PAPERS", 2)
    found = pages_of(site_of([listed_paper(n) for n in range(1, 6)]))
    said = "These are the newest 2 papers of 5."
    for path, html in found.items():
        assert Parsed(html).count("article") == 2
        assert said in Parsed(html).words
        assert ("The pages of the keywords have the others." in html) == (path == "index.html")
    assert said not in front(1, 2).words


def test_marks_are_shown_and_can_be_asked_for_where_there_are_any() -> None:
    def marks(**given: str) -> tuple[list[str], list[str]]:
        page = front(1, 2, marks={f"2613.{key[1:]}": value for key, value in given.items()})
        options = [attributes["value"] for attributes in page.all("option")]
        return (
            [attributes["data-mark"] for attributes in page.all("article")],
            [option for option in options if "new" in option or "revised" in option],
        )

    assert marks() == (["", ""], [])
    assert marks(_00001="new") == (["new", ""], ["new"])
    both = marks(_00001="new", _00002="revised")
    assert both == (["new", "revised"], ["new revised", "new", "revised"])
    assert marks(_00001="new", _00002="matched") == (["new", "matched"], ["new"])
    assert marks(_00001='"><script>') == (["", ""], [])


def test_a_later_version_says_when_the_paper_was_first_submitted() -> None:
    late = listed_paper(1, version=5, published=datetime(2005, 3, 21, tzinfo=UTC))
    words = Parsed(pages_of(site_of([late]))["index.html"]).words
    assert "v5 first submitted 2005-03-21" in words
    same_day = listed_paper(1, version=2, published=late.updated)
    assert "first submitted" not in Parsed(pages_of(site_of([same_day]))["index.html"]).words


def test_what_the_filters_need_is_in_the_paper() -> None:
    paper = listed_paper(1, categories=("cs.SE", "cs.PL", "odd one"), keywords=("compiler", "x y"))
    html = pages_of(site_of([paper]))["index.html"]
    (article,) = Parsed(html).all("article")
    assert article == {
        "id": "arXiv:2613.00001",
        "data-date": "2026-11-23",
        "data-seen": "2026-11-23T11:00:00Z",
        "data-mark": "",
        "data-categories": "cs.PL cs.SE odd_one",
        "data-keywords": "compiler x-y",
    }
    values = {option["value"] for option in Parsed(html).all("option")}
    assert values == {"", "compiler", "x-y", "cs.PL", "cs.SE", "odd_one"}


def test_a_keyword_is_not_named_on_its_own_page_and_of_many_the_nearest_are() -> None:
    names = [f"keyword {number}" for number in range(100)]
    paper = listed_paper(1, keywords=(names[50], names[99]))
    page = Parsed(pages_of(site_of([paper], names))["keywords/keyword-50.html"])
    tags = [a["href"] for a in page.all("a") if a.get("class") == "keyword"]
    assert tags == ["../keywords/keyword-99.html"]
    near = [a["href"][20:-5] for a in page.all("a") if a["href"].startswith("../keywords/keyword-")]
    assert near[:60] == [str(number) for number in range(20, 80)]
    (current,) = [a["href"] for a in page.all("a") if "aria-current" in a]
    assert current == "../keywords/keyword-50.html"


def test_a_keyword_without_a_page_is_named_and_no_link() -> None:
    paper = listed_paper(1, keywords=("compiler", "gone"))
    page = Parsed(pages_of(site_of([paper], ["compiler"]))["index.html"])
    assert "gone" in page.words
    assert not [a for a in page.all("a") if "gone" in a["href"]]


def test_links_lead_to_pages_to_files_that_are_there_and_outside_without_a_trace() -> None:
    paper = listed_paper(1, doi="10.9999/a<b", abstract="At https://gitlab.com/ada/tool.")
    found = pages_of(site_of([paper]))
    beside = {"data/papers.json", "data/papers.csv"}
    for name in ("all", "compiler"):
        beside |= {f"feeds/{name}.xml", f"feeds/{name}.json"}
        beside |= {f"citations/{name}.bib", f"citations/{name}.ris"}
    inside = set()
    for path, html in found.items():
        for link in Parsed(html).all("a"):
            if link["href"].startswith("https://"):
                assert link["rel"] == "noopener noreferrer"
            elif not link["href"].startswith("#"):
                root = "/keywords/" if path.startswith("keywords") else "/"
                inside.add(str(Path(root, link["href"]).resolve())[1:])
    assert inside == beside | set(found)
    assert 'href="https://doi.org/10.9999/a%3Cb"' in found["index.html"]
    assert 'href="https://arxiv.org/pdf/2613.00001v1"' in found["index.html"]
    assert ">GitLab: gitlab.com/ada/tool</a>" in found["index.html"]


def test_without_the_files_beside_it_there_are_no_links_to_them() -> None:
    for html in pages_of(site_of([listed_paper(1)], frame=SiteFrame([], feeds=False))).values():
        assert not re.search(r'href="(\.\./)?(feeds|data|citations|days)/', html)


def test_the_policy_admits_our_script_and_style_and_nothing_else() -> None:
    for html in pages_of(site_of([listed_paper(1)])).values():
        page = Parsed(html)
        policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m)
        hashes = []
        for tag in ("script", "style"):
            (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            hashes.append(f"{tag}-src 'sha256-{digest}'")
        assert policy.split("; ") == [
            "default-src 'none'",
            *hashes,
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]


def test_a_page_asks_nobody_for_anything() -> None:
    for html in pages_of(site_of([listed_paper(1)])).values():
        page = Parsed(html)
        assert not re.search(r"url\(|@import|fetch\(|XMLHttp|innerHTML|insertAdjacent|eval\(", html)
        for _, attributes in page.elements:
            assert not {"src", "srcset", "style", "action", "ping"} & set(attributes)
            assert not [name for name in attributes if name.startswith("on")]
        (icon,) = [link for link in page.all("link") if link["rel"] == "icon"]
        assert icon["href"].startswith("data:image/svg+xml,")


def test_headings_come_in_order_and_ids_are_unique() -> None:
    site = site_of([listed_paper(n) for n in (1, 2, 30)])
    for html in pages_of(site).values():
        page = Parsed(html)
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        for label in page.all("label"):
            assert label["for"] in ids


@given(texts, texts, texts)
def test_whatever_is_published_is_text(title: str, abstract: str, other: str) -> None:
    hostile = listed_paper(
        1,
        title=title,
        abstract=abstract,
        comment=other,
        authors=(other, title),
        categories=(other, "cs.PL"),
        doi=other,
        journal_ref=abstract,
        keywords=("compiler", other),
    )
    page = Parsed(pages_of(site_of([hostile], ["compiler"]))["index.html"])
    plain = Parsed(pages_of(site_of([listed_paper(1)], ["compiler"]))["index.html"])
    ours = {tag for tag, _ in plain.elements} | {"math", *_PARTS}
    assert {tag for tag, _ in page.elements} <= ours
    names = {name for _, attributes in page.elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name == "style"]
    assert all(re.match(r"https?://|#|\w|\.\./", a["href"]) for a in page.all("a"))
    assert not [a for a in page.all("a") if a["href"].startswith(("javascript:", "data:"))]
    assert collapse_whitespace(other) in page.words
    (entry,) = [b["value"] for b in page.all("button") if b.get("class") == "cite"]
    assert entry == to_bibtex([hostile], abstracts=False)
    (coins,) = [span["title"] for span in page.all("span") if span.get("class") == "Z3988"]
    assert dict(parse_qsl(coins)).get("rft.title", "") == collapse_whitespace(title)


@pytest.mark.corpus
def test_every_real_hazard_is_on_the_page_as_text() -> None:
    papers = [recorded(r, n) for n, r in enumerate(reference_data.sample("arxiv/hazards.jsonl.gz"))]
    site = site_of(papers[: pages.MAX_PAPERS], ["compiler"])
    page = Parsed(pages_of(site)["index.html"])
    assert page.count("article") == min(len(papers), pages.MAX_PAPERS) > 500
    assert (page.count("script"), page.count("style"), page.count("img")) == (1, 1, 0)
    hrefs = {re.match(r"[a-z]*:|", link["href"])[0] for link in page.all("a")}  # type: ignore[index]
    assert hrefs <= {"https:", "http:", ""}
    for paper in papers[: pages.MAX_PAPERS]:
        if "$" not in (paper.title + paper.abstract) and "\\" not in (paper.title + paper.abstract):
            assert collapse_whitespace(paper.title) in page.words


def test_bars_say_what_is_known() -> None:
    drawn = BarRow("x", [9, 0, 4, 1, 7], unknown=1, unknown_at_end=2)
    assert drawn.days(TODAY) == [
        (TODAY - timedelta(days=4), 9, False),
        (TODAY - timedelta(days=3), 0, True),
        (TODAY - timedelta(days=2), 4, True),
        (TODAY - timedelta(days=1), 1, False),
        (TODAY, 7, False),
    ]
    assert SCALE.path(drawn).count("M") == 4
    widths = [
        tuple(map(int, found)) for found in re.findall(r"M(\d+) .*?h(\d+)", SCALE.unknown(drawn))
    ]
    assert widths == [(0, SCALE.step), (3 * SCALE.step, 2 * SCALE.step)]
    assert drawn.summary(TODAY) == (
        "Papers a day from 2026-11-19 to 2026-11-23: 21 in all, 9 on the day with most."
        " Not all papers are known of 3 of the days."
    )


def test_a_keyword_without_new_papers_has_a_sentence_and_no_empty_box() -> None:
    old = listed_paper(1, updated=datetime(2026, 8, 17, tzinfo=UTC))
    written = pages_of(site_of([old], ["compiler"]))
    for path in ("index.html", "keywords/compiler.html"):
        assert "papers in the last 30 days; newest: 2026-08-17." in written[path]
        assert "<svg class=" not in written[path]
        assert "As numbers" not in written[path]


@given(st.lists(st.integers(0, 10**6), max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_bars_stay_in_their_drawing(counts: list[int], unknown: int, at_end: int) -> None:
    drawn = BarRow("x", counts, min(unknown, len(counts)), at_end)
    drawings = (SCALE.path(drawn), SCALE.unknown(drawn))
    boxes = [re.findall(r"M(\d+) \d+v-([\d.]+)h(\d+)", path) for path in drawings]
    for x, height, width in chain(*boxes):
        assert 0 <= int(x) <= int(x) + int(width) <= len(counts) * SCALE.step
        assert 0 < float(height) <= SCALE.height
    assert [int(x) for x, _, _ in boxes[0]] == [n * SCALE.step for n, c in enumerate(counts) if c]
    assert drawn.total == sum(counts)
