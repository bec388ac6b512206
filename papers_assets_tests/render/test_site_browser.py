"""The site as people read it: from a disk, in a real browser."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Locator, Page, Request, expect

from papers_assets.render.citations import to_bibtex
from papers_assets.render.site import KeywordPage, SiteFrame, render_days
from papers_assets.transform.changes import ChangeKind
from papers_assets.transform.digest import Digest, DigestEntry, DigestGroup
from papers_assets.transform.listed_papers import ListedPaper
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.helpers.browser import CHROMIUM, browser
from papers_assets_tests.helpers.site_pages import (
    TODAY,
    listed_paper,
    recorded,
    section,
    site_of,
    write,
    write_pages,
)
from papers_assets_tests.render.test_site import HOSTILE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None,
        reason="there is no Chromium on this machine (Debian: apt install chromium)",
    ),
]

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}}
YESTERDAY = TODAY - timedelta(days=1)
DARK: dict[str, Any] = {"color_scheme": "dark"}
WIDE = "a_{1} + b_{2} + c_{3} + d_{4} + e_{5} + f_{6} + g_{7} = h_{8} + i_{9} + j_{10} + k + l + m"
Opening = Callable[..., AbstractContextManager[Page]]


def papers() -> list[ListedPaper]:
    odd: dict[int, dict[str, Any]] = {
        1: {"title": "Sorting in $O(n \\log n)$ steps", "abstract": f"We show ${WIDE}$ for $x_i$."},
        2: {"authors": ("Łukasz Šimon", "Ada Example"), "comment": "Accepted at InventedConf"},
        3: {"keywords": ("compiler", "graph theory"), "categories": ("math.CO",)},
        40: {"title": f"Long{'word' * 60}", "abstract": f"$x \\text{{{'one long word ' * 9}}}$"},
        41: {"comment": f"https://example.org/{'very' * 80}", "keywords": ("graph theory",)},
    }
    return [listed_paper(number, **odd.get(number, {})) for number in (*range(1, 9), 40, 41)]


def digest_of(day: date) -> Digest:
    """Two papers are new, and one is revised, or nothing is."""
    if day == YESTERDAY:
        return Digest(day, (), newly_followed={"compiler": 10})
    new = DigestGroup(
        ChangeKind.NEW, "compiler", tuple(DigestEntry(paper, ()) for paper in papers()[:2])
    )
    then = replace(papers()[2], comment="As it was then")
    revised = DigestGroup(ChangeKind.REVISED, "compiler", (DigestEntry(then, (), "v1 to v2"),))
    return Digest(day, (new, revised))


def hostile_papers() -> list[ListedPaper]:
    mixed = [
        listed_paper(
            number,
            title=text,
            abstract=text,
            comment=text,
            authors=(text,),
            categories=(text,),
            keywords=("compiler", text),
        )
        for number, text in enumerate(HOSTILE)
    ]
    if not (reference_data.SHARED / "arxiv" / "hazards.jsonl.gz").exists():
        return mixed
    records = list(reference_data.records("arxiv/hazards.jsonl.gz"))[::5]
    return mixed + [recorded(record, number) for number, record in enumerate(records)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    found = papers()
    late = "Not refreshed since 2026-11-20: arXiv answered 503."
    sections = [section("compiler", found, late), section("graph theory", found)]
    marks = {"2613.00001": "new", "2613.00002": "revised", "2613.00004": "new"}
    frame = SiteFrame([KeywordPage(s.keyword, s.slug) for s in sections], has_days=True)
    write(site_of(found, sections=sections, marks=marks, frame=frame), folder)
    write_pages(render_days([YESTERDAY, TODAY], digest_of, frame, ()), folder / "days")
    write(site_of(hostile_papers(), ["compiler"]), folder / "hostile")
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def opened(chromium: Browser, folder: Path) -> Opening:
    """Open a page, which must not complain, ask for anything, or show a dialog."""

    @contextmanager
    def opened(path: str = "index.html", script: str = "", **options: Any) -> Iterator[Page]:
        wrong: list[str] = []

        def console(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                wrong.append(message.text)

        def dialog(dialog: Dialog) -> None:
            wrong.append(dialog.message)
            dialog.dismiss()

        def request(request: Request) -> None:
            if urlsplit(request.url).scheme not in {"file", "data", "blob"}:
                wrong.append(request.url)

        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        page = context.new_page()
        page.add_init_script(script)
        page.on("console", console)
        page.on("request", request)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", dialog)
        page.goto(f"{folder.as_uri()}/{path}")
        yield page
        assert wrong == []
        context.close()

    return opened


def shown(page: Page) -> Locator:
    return page.locator("article:visible")


def article(page: Page, number: int) -> Locator:
    return page.locator(f"[id='arXiv:2613.{number:05}']")


def title(page: Page, number: int) -> Locator:
    return article(page, number).locator("h4 a")


def found(page: Page) -> str:
    return page.get_by_role("status").inner_text()


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("number 3", [3]),
        ("2613.00003", [3]),
        ("LUKASZ simon", [2]),
        ("accepted invented", [2]),
        ("n \\log n", [1]),
        ("nobody wrote 5", [5]),
        ("ada", [1, 2, 3, 4, 5, 6, 7, 8, 40, 41]),
    ],
)
def test_search_finds_all_words_anywhere_whatever_their_accents(
    opened: Opening, words: str, numbers: list[int]
) -> None:
    with opened() as page:
        page.get_by_label("Search").fill(words)
        expect(shown(page)).to_have_count(len(numbers))
        for number in numbers:
            expect(shown(page).get_by_text(f"arXiv:2613.{number:05}")).to_be_visible()
        assert found(page) == f"{len(numbers)} of 10 papers"


def test_when_nothing_is_found_it_says_so_and_can_be_cleared(opened: Opening) -> None:
    with opened() as page:
        page.get_by_label("Search").fill("nothing like it")
        expect(page.get_by_text("No paper matches.")).to_be_visible()
        expect(shown(page)).to_have_count(0)
        expect(page.locator("h3:visible")).to_have_count(0)
        assert found(page) == "None of 10 papers"
        page.get_by_role("button", name="Clear").click()
        expect(shown(page)).to_have_count(10)
        expect(page.get_by_text("No paper matches.")).to_be_hidden()
        assert found(page) == "10 papers"


@pytest.mark.parametrize(
    ("label", "value", "count"),
    [
        ("Keyword", "graph-theory", 2),
        ("Category", "math.CO", 1),
        ("New or revised", "new revised", 3),
        ("New or revised", "revised", 1),
    ],
)
def test_each_filter_narrows_the_list(opened: Opening, label: str, value: str, count: int) -> None:
    with opened() as page:
        page.get_by_label(label, exact=True).select_option(value)
        expect(shown(page)).to_have_count(count)


def test_dates_are_a_range_and_filters_add_up(opened: Opening) -> None:
    with opened() as page:
        page.get_by_label("To").fill("2026-11-22")
        expect(shown(page)).to_have_count(2)
        page.get_by_label("From").fill("2026-11-22")
        expect(shown(page)).to_have_count(0)
        page.get_by_label("From").fill("2026-11-21")
        page.get_by_label("Search").fill("longword")
        expect(shown(page)).to_have_count(1)
        expect(page.locator("h3:visible")).to_have_text("Saturday, 21 November 2026")


def test_a_link_keeps_what_is_looked_for(opened: Opening) -> None:
    with opened() as page:
        page.get_by_label("Search").fill("número & 3")
        page.get_by_label("Keyword", exact=True).select_option("graph-theory")
        expect(page).to_have_url(re.compile("keyword=graph-theory"))
        hash_ = urlsplit(page.url).fragment
    with opened(f"index.html#{hash_}", **PHONE) as page:
        expect(page.get_by_label("Search")).to_have_value("número & 3")
        expect(page.get_by_label("Keyword", exact=True)).to_have_value("graph-theory")
        assert found(page) == "None of 10 papers"
        page.evaluate("location.hash = 'mark=new&category=unheard&from=yesterday'")
        expect(shown(page)).to_have_count(2)
        expect(page.get_by_label("Category")).to_have_value("")


def test_the_keyboard_is_enough(opened: Opening) -> None:
    with opened() as page:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the papers")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("main")).to_be_focused()
        page.keyboard.press("Tab")
        expect(shown(page).first.get_by_role("link").first).to_be_focused()
        page.keyboard.press("/")
        expect(page.get_by_label("Search")).to_be_focused()
        page.keyboard.type("sorting/")
        expect(shown(page)).to_have_count(0)
        page.keyboard.press("Backspace")
        expect(shown(page)).to_have_count(1)
        page.keyboard.press("Escape")
        expect(shown(page)).to_have_count(10)
        expect(page.get_by_label("Search")).to_be_focused()
        abstract = shown(page).first.get_by_text("Abstract")
        abstract.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("We show")).to_be_visible()


def test_what_is_found_is_in_sight_wherever_one_was(opened: Opening) -> None:
    with opened(**PHONE) as page:
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.keyboard.press("/")
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.keyboard.type("number 7")
        expect(shown(page).get_by_text("arXiv:2613.00007")).to_be_in_viewport()


def test_without_javascript_everything_can_be_read(opened: Opening) -> None:
    with opened(java_script_enabled=False) as page:
        expect(shown(page)).to_have_count(10)
        expect(page.locator("noscript p")).to_be_visible()
        expect(page.get_by_role("search")).to_be_hidden()
        shown(page).first.get_by_text("Abstract").click()
        expect(page.get_by_text("We show")).to_be_visible()
        page.get_by_role("link", name="graph theory").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("graph theory")
        expect(page.get_by_role("img", name="2 in all")).to_be_visible()
        expect(page.get_by_role("button")).to_have_count(0)
        page.get_by_role("link", name="By day", exact=True).click()
        page.get_by_role("link", name="Monday, 23 November 2026").click()
        expect(shown(page)).to_have_count(3)


def test_a_formula_is_mathematics_and_is_copied_as_its_source(opened: Opening) -> None:
    with opened() as page:
        title = page.get_by_role("heading", name="Sorting")
        box = title.locator("math").bounding_box()
        assert box is not None
        assert 30 < box["width"] < 200
        copied = page.evaluate(
            """() => {
              getSelection().selectAllChildren(document.querySelector("h4"));
              const data = new DataTransfer();
              const event = new ClipboardEvent("copy", {clipboardData: data, bubbles: true});
              document.querySelector("h4").dispatchEvent(event);
              return data.getData("text/plain");
            }"""
        )
        assert copied == "Sorting in $O(n \\log n)$ steps"


@pytest.mark.parametrize("options", [{}, PHONE | DARK], ids=["desk", "dark phone"])
@pytest.mark.parametrize(
    "path", ["index", "keywords/graph-theory", "days/index", "days/2026-11-23"]
)
def test_nothing_keeps_people_out(opened: Opening, path: str, options: dict[str, Any]) -> None:
    with opened(f"{path}.html", **options) as page:
        if path == "index":
            article(page, 1).get_by_role("button", name="Star").click()
            article(page, 8).get_by_role("button", name="Done").click()
            page.get_by_label("Search").fill("nobody")
            expect(page.locator("mark").first).to_be_visible()
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        # Off-screen papers are not laid out, and would not be looked at.
        page.locator("article").evaluate_all(
            "all => all.forEach(a => { a.style.contentVisibility = 'visible'; })"
        )
        violations = Axe().run(page).response["violations"]
        if path == "index":
            page.keyboard.press("Escape")
            page.get_by_role("button", name="Keys").click()
            expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
            violations += Axe().run(page).response["violations"]
        assert [(v["id"], v["impact"], len(v["nodes"])) for v in violations] == []


def test_dark_is_dark_and_light_is_light(opened: Opening) -> None:
    def brightness(page: Page, name: str) -> float:
        color = page.evaluate(f"getComputedStyle(document.body).{name}.match(/\\d+/g).map(Number)")
        return float(sum(color[:3])) / 3

    with opened() as page:
        assert brightness(page, "backgroundColor") > 200
        assert brightness(page, "color") < 80
    with opened(**DARK) as page:
        assert brightness(page, "backgroundColor") < 80
        assert brightness(page, "color") > 200


@pytest.mark.parametrize(
    "path", ["index.html", "keywords/compiler.html", "hostile/index.html", "days/2026-11-23.html"]
)
def test_on_a_phone_nothing_is_wider_than_the_screen(opened: Opening, path: str) -> None:
    with opened(path, **PHONE) as page:
        page.evaluate(
            """() => document.querySelectorAll("details").forEach(d => { d.open = true; })"""
        )
        page.locator("article").evaluate_all(
            "all => all.forEach(a => { a.style.contentVisibility = 'visible'; })"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        # What is clipped could not be read: only what can be scrolled may be wider.
        cut = page.evaluate(
            """() => [...document.querySelectorAll("article *")]
              .filter((e) => !e.closest("math, select, svg") || e.matches("math"))
              .filter((e) => e.getBoundingClientRect().right > 360.5)
              .map((e) => e.outerHTML.slice(0, 200))"""
        )
        assert cut == []


def test_hostile_papers_are_text(opened: Opening) -> None:
    with opened("hostile/index.html") as page:
        page.get_by_label("Search").fill("alert")
        expect(shown(page).first).to_be_visible()
        strange = page.evaluate(
            """() => {
              const ours = "main h2 section h3 time article h4 a p span details summary math mrow"
                + " button mark mi mn mo mtext mspace mstyle mpadded mphantom mfrac msqrt mroot"
                + " msub msup msubsup munder mover munderover mtable mtr mtd";
              const strange = [...document.querySelectorAll("main, main *")]
                .filter((e) => !ours.split(" ").includes(e.localName) && !e.id);
              const links = [...document.querySelectorAll("a")]
                .filter((a) => !["https:", "http:", "file:"].includes(a.protocol));
              return [...strange, ...links].map((e) => e.outerHTML);
            }"""
        )
        assert strange == []
        assert page.locator("article").count() == len(hostile_papers())


def test_paper_shows_the_list_and_the_abstracts(opened: Opening) -> None:
    with opened() as page:
        page.emulate_media(media="print")
        expect(page.get_by_role("search")).to_be_hidden()
        expect(shown(page)).to_have_count(10)
        expect(page.get_by_text("We show")).to_be_visible()


def another_day(page: Page) -> None:
    """Open the page again, as long after the last visit."""
    page.evaluate(
        """() => {
          const visit = JSON.parse(localStorage.getItem("papers-assets.visit"));
          localStorage.setItem("papers-assets.visit", JSON.stringify({...visit, at: 0}));
        }"""
    )
    page.reload()


def test_stars_and_done_marks_are_of_the_whole_site_and_stay(opened: Opening) -> None:
    with opened() as page:
        expect(page.get_by_role("button", name="starred (BibTeX)")).to_be_hidden()
        for number, name in ((3, "Star"), (1, "Star"), (40, "Star"), (40, "Star"), (41, "Done")):
            article(page, number).get_by_role("button", name=name).click()
        page.get_by_label("Hide done").check()
        assert found(page) == "9 of 10 papers"
        page.goto(page.url.replace("index.html", "keywords/graph-theory.html"))
        expect(shown(page)).to_have_count(1)
        page.get_by_role("button", name="Clear").click()
        expect(shown(page)).to_have_count(2)
        page.get_by_label("Only starred").check()
        expect(shown(page).get_by_text("arXiv:2613.00003")).to_be_visible()
        expect(shown(page)).to_have_count(1)
        with page.expect_download() as download:
            page.get_by_role("button", name="Export 2 starred (BibTeX)").click()
        starred = [paper for paper in papers() if paper.arxiv_id in ("2613.00003", "2613.00001")]
        text = download.value.path().read_text(encoding="utf-8")
        assert text == to_bibtex(reversed(starred), abstracts=False)


def test_what_came_since_the_last_visit_is_unseen_until_the_next(opened: Opening) -> None:
    with opened() as page:
        page.get_by_label("Only unseen since my last visit").check()
        assert found(page) == "10 of 10 papers"
        page.evaluate(
            """() => localStorage.setItem("papers-assets.visit", JSON.stringify(
              {newest: document.getElementById("arXiv:2613.00005").dataset.seen, at: 0}
            ))"""
        )
        for _ in range(2):  # opened again, it is still the same visit
            page.reload()
            expect(page.get_by_label("Only unseen since my last visit")).to_be_checked()
            assert found(page) == "4 of 10 papers"
        page.evaluate(
            """() => {
              localStorage.setItem("papers-assets.star", "[1]");
              localStorage.setItem("papers-assets.done", "{");
            }"""
        )
        another_day(page)
        assert found(page) == "None of 10 papers"
        page.get_by_role("button", name="Clear").click()
        article(page, 1).get_by_role("button", name="Star").click()
        expect(page.get_by_role("button", name="Export 1 starred (BibTeX)")).to_be_visible()


def test_hits_are_marked_and_the_abstract_that_has_one_opens(opened: Opening) -> None:
    with opened() as page:
        search, first = page.get_by_label("Search"), article(page, 2)
        search.fill("lukasz compiler")
        expect(first.locator("h4 mark")).to_have_text("compiler")
        expect(first.locator(".authors mark")).to_have_text("Łukasz")
        expect(first.locator("details")).not_to_have_attribute("open", "")
        search.fill("nobody number")
        expect(first.locator(".abstract mark")).to_have_text("Nobody")
        expect(first.locator(".abstract")).to_be_visible()
        expect(page.locator("math mark")).to_have_count(0)
        search.fill("")
        expect(first.locator("details")).not_to_have_attribute("open", "")
        expect(page.locator("mark")).to_have_count(0)
        assert first.locator("h4 a").evaluate("e => e.childNodes.length") == 1
        page.get_by_label("Open all abstracts").check()
        page.reload()
        expect(first.locator(".abstract")).to_be_visible()


def test_an_author_is_searched_for_by_a_click_and_a_paper_linked_to(opened: Opening) -> None:
    with opened(**PHONE) as page:
        page.get_by_label("Hide done").check()
        article(page, 4).get_by_role("button", name="Done").click()
        page.get_by_role("link", name="Łukasz Šimon").click()
        expect(page.get_by_label("Search")).to_have_value('"Łukasz Šimon"')
        assert found(page) == "1 of 10 papers"
        page.get_by_label("Search").fill('"Ada Łukasz"')
        expect(shown(page)).to_have_count(0)
        page.goto(f"{page.url.partition('#')[0]}#arXiv:2613.00004")
        expect(article(page, 4)).to_be_in_viewport()


def test_keys_go_from_paper_to_paper_and_mark_them(opened: Opening) -> None:
    with opened() as page:
        page.keyboard.press("j")
        expect(title(page, 1)).to_be_focused()
        page.keyboard.press("o")
        expect(article(page, 1).locator(".abstract")).to_be_visible()
        page.keyboard.press("o")
        expect(article(page, 1).locator(".abstract")).to_be_hidden()
        page.keyboard.press("j")
        page.keyboard.press("s")
        page.get_by_label("Hide done").check()
        page.keyboard.press("x")
        expect(article(page, 2)).to_be_hidden()
        expect(title(page, 3)).to_be_focused()
        page.keyboard.press("k")
        expect(title(page, 1)).to_be_focused()
        page.keyboard.press("k")
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keys")
        expect(dialog.get_by_role("row", name="d or x")).to_be_visible()
        page.keyboard.press("s")
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        page.get_by_label("Search").fill("number 40j")
        page.keyboard.press("Escape")
        page.get_by_label("Hide done").uncheck()
        expect(page.locator("article.is-star")).to_have_count(1)
        expect(article(page, 2).get_by_role("button", name="Star")).to_have_attribute(
            "aria-pressed", "true"
        )


def test_an_entry_can_be_copied_and_is_that_of_the_citations(opened: Opening) -> None:
    script = "navigator.clipboard.writeText = async (text) => { globalThis.copied = text; };"
    with opened(script=script) as page:
        article(page, 1).get_by_role("button", name="Copy BibTeX").click()
        expect(article(page, 1).get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("copied") == to_bibtex(papers()[:1], abstracts=False)


def test_a_reference_manager_finds_every_paper(opened: Opening) -> None:
    """Zotero reads the title of each element of class Z3988 like this."""
    with opened() as page:
        found = page.locator("span.Z3988").evaluate_all(
            """all => all.map((span) => span.title.split("&").map((part) => part.split("="))
              .map(([key, value]) => [key, decodeURIComponent(value)]))"""
        )
        assert len(found) == 10
        assert found[1] == [
            ["ctx_ver", "Z39.88-2004"],
            ["rft_val_fmt", "info:ofi/fmt:kev:mtx:dc"],
            ["rft.type", "preprint"],
            ["rft.title", "An invented compiler, number 2"],
            ["rft.au", "Łukasz Šimon"],
            ["rft.au", "Ada Example"],
            ["rft.date", "2026-11-23"],
            ["rft.publisher", "arXiv"],
            ["rft_id", "https://arxiv.org/abs/2613.00002v1"],
        ]


def test_where_nothing_is_stored_the_page_says_so_and_works(opened: Opening) -> None:
    script = """Object.defineProperty(globalThis, "localStorage", {
      get() { throw new DOMException("not allowed", "SecurityError"); } });"""
    with opened(script=script) as page:
        expect(page.get_by_text("This browser stores nothing")).to_be_visible()
        article(page, 1).get_by_role("button", name="Star").click()
        page.get_by_label("Only starred").check()
        expect(shown(page)).to_have_count(1)


def test_the_archive_leads_from_day_to_day_and_to_the_lists(opened: Opening) -> None:
    with opened() as page:
        page.get_by_role("link", name="What was new, by day").first.click()
        expect(page.get_by_role("heading", name="November 2026")).to_be_visible()
        page.get_by_role("link", name="Monday, 23 November 2026").click()
        expect(page.get_by_text("2 new papers, 1 revised.")).to_be_visible()
        assert page.locator("h3").all_inner_texts() == ["New", "Revised"]
        expect(article(page, 3).get_by_text("v1 to v2")).to_be_visible()
        article(page, 3).get_by_role("button", name="Star").click()
        page.get_by_role("link", name="Earlier: ").click()
        expect(page.get_by_text("Now following compiler: 10 papers.")).to_be_visible()
        expect(page.get_by_role("link", name="Earlier: ")).to_have_count(0)
        page.get_by_role("link", name="graph theory").click()
        expect(page.locator("[aria-current=page]")).to_have_text("graph theory")
        page.get_by_label("Only starred").check()
        expect(shown(page)).to_have_count(1)
        page.goto(page.url.partition("keywords")[0] + "days/2026-11-23.html")
        with page.expect_download() as download:
            page.get_by_role("button", name="Export 1 starred (BibTeX)").click()
        # The entry of the list, not that of the day.
        assert download.value.path().read_text(encoding="utf-8") == to_bibtex(
            [papers()[2]], abstracts=False
        )
