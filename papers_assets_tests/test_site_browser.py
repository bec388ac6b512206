"""The site as people read it: from a disk, in a real browser."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Locator, Page, Request, expect

from papers_assets.listing import Listed
from papers_assets_tests import reference
from papers_assets_tests.browsing import CHROMIUM, browser
from papers_assets_tests.rendering.sites import listed_paper, recorded, section, site_of, write
from papers_assets_tests.rendering.test_site import HOSTILE

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium on this machine (Debian: apt install chromium)"
)

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}}
DARK: dict[str, Any] = {"color_scheme": "dark"}
WIDE = "a_{1} + b_{2} + c_{3} + d_{4} + e_{5} + f_{6} + g_{7} = h_{8} + i_{9} + j_{10} + k + l + m"
Opening = Callable[..., AbstractContextManager[Page]]


def papers() -> list[Listed]:
    odd: dict[int, dict[str, Any]] = {
        1: {"title": "Sorting in $O(n \\log n)$ steps", "abstract": f"We show ${WIDE}$ for $x_i$."},
        2: {"authors": ("Łukasz Šimon", "Ada Example"), "comment": "Accepted at InventedConf"},
        3: {"keywords": ("compiler", "graph theory"), "categories": ("math.CO",)},
        40: {"title": f"Long{'word' * 60}", "abstract": f"$x \\text{{{'one long word ' * 9}}}$"},
        41: {"comment": f"https://example.org/{'very' * 80}", "keywords": ("graph theory",)},
    }
    return [listed_paper(number, **odd.get(number, {})) for number in (*range(1, 9), 40, 41)]


def hostile_papers() -> list[Listed]:
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
    if not (reference.SHARED / "arxiv" / "hazards.jsonl.gz").exists():
        return mixed
    records = list(reference.records("arxiv/hazards.jsonl.gz"))[::5]
    return mixed + [recorded(record, number) for number, record in enumerate(records)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    found = papers()
    late = "Not refreshed since 2026-11-20: arXiv answered 503."
    sections = [section("compiler", found, late), section("graph theory", found)]
    marks = {"2613.00001": "new", "2613.00002": "revised", "2613.00004": "new"}
    write(site_of(found, sections=sections, marks=marks), folder)
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
    def opened(path: str = "index.html", **options: Any) -> Iterator[Page]:
        wrong: list[str] = []

        def console(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                wrong.append(message.text)

        def dialog(dialog: Dialog) -> None:
            wrong.append(dialog.message)
            dialog.dismiss()

        def request(request: Request) -> None:
            if urlsplit(request.url).scheme not in {"file", "data"}:
                wrong.append(request.url)

        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        page = context.new_page()
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


@pytest.mark.parametrize("options", [{}, DARK, PHONE, PHONE | DARK])
@pytest.mark.parametrize("path", ["index.html", "keywords/graph-theory.html"])
def test_nothing_keeps_people_out(opened: Opening, path: str, options: dict[str, Any]) -> None:
    with opened(path, **options) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        # Off-screen papers are not laid out, and would not be looked at.
        page.locator("article").evaluate_all(
            "all => all.forEach(a => { a.style.contentVisibility = 'visible'; })"
        )
        violations = Axe().run(page).response["violations"]
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


@pytest.mark.parametrize("path", ["index.html", "keywords/compiler.html", "hostile/index.html"])
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
                + " mi mn mo mtext mspace mstyle mpadded mphantom mfrac msqrt mroot msub msup"
                + " msubsup munder mover munderover mtable mtr mtd";
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
