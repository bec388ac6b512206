"""How long people wait for the site, and its making for everything that is read elsewhere.

All of a page's papers at once, read from the disk by a real browser.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page

from bench import corpora
from bench.results import Aim, Result, Table, number
from papers_assets.render.citations import to_bibtex, to_ris
from papers_assets.render.data import KeywordData, render_papers_csv, render_papers_json
from papers_assets.render.feeds import Feed, render_atom, render_json_feed
from papers_assets.render.site import MAX_PAPERS
from papers_assets.render.site.formulas import split_formulas
from papers_assets.render.site.mathml import render_mathml
from papers_assets.transform.listed_papers import ListedPaper
from papers_assets_tests.helpers.browser import CHROMIUM, browser
from papers_assets_tests.helpers.site_pages import recorded, site_of, write

QUICK_PAPERS = 100
KEYWORDS = ("learning", "model", "graph", "quantum", "compiler")
_TYPED = "learning of graphs"
_NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
_OPENED = """() => {
  const [seen] = performance.getEntriesByName("first-contentful-paint");
  const {domContentLoadedEventEnd, loadEventEnd} = performance.getEntriesByType("navigation")[0];
  return [seen?.startTime ?? NaN, domContentLoadedEventEnd, loadEventEnd];
}"""
# From the keystroke until what it changed is laid out and painted.
_TYPE = """async (text) => {
  const search = document.querySelector("#q");
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const took = [];
  for (let end = 1; end <= text.length; end++) {
    await frame();
    const began = performance.now();
    search.value = text.slice(0, end);
    search.dispatchEvent(new Event("input", {bubbles: true}));
    document.body.getBoundingClientRect();
    const computed = performance.now() - began;
    await frame();
    took.push([computed, performance.now() - began]);
  }
  return took;
}"""
_Row = tuple[str, float, str, float | None]
"""What was measured, how much, of what, and the most (of %: the least) that was aimed at."""
_KEYSTROKE = 50.0
"""ms: the most that was aimed at."""


class Typed(NamedTuple):
    """How long keystrokes take, in ms."""

    when: str
    computed: list[float]
    """Script and layout."""
    painted: list[float]
    """Until painted."""


def run(*, is_quick: bool) -> Result:
    """Measure."""
    papers = _papers(QUICK_PAPERS if is_quick else MAX_PAPERS)
    rows = list(_mathematics(papers))
    typed: list[Typed] = []
    with tempfile.TemporaryDirectory() as name:
        rows += _building(papers, Path(name))
        rows += _others(papers)
        if CHROMIUM:
            with browser() as chromium:
                rows += _reading(chromium, Path(name) / "index.html")
                typed += _typing(chromium, Path(name) / "index.html")
    warnings = [f"{len(papers):,} {corpora.whose()}; pages are read from the disk; medians of 5."]
    if not CHROMIUM:
        warnings.append("There is no Chromium: how long people wait is not measured.")
    cells = tuple((what, f"{number(measured)} {unit}".strip()) for what, measured, unit, _ in rows)
    aims = [
        Aim(what, measured, bound, unit, is_least=unit == "%")
        for what, measured, unit, bound in rows
        if bound is not None
    ]
    tables = (Table(("what", "measured"), cells), *_keystrokes(typed))
    return Result(tables, (*aims, *_typed_aims(typed)), remarks=tuple(warnings))


def _papers(count: int) -> list[ListedPaper]:
    """Give papers, newest first, each once."""
    some = islice(corpora.records(2 * MAX_PAPERS), 2 * count)
    newest = sorted(some, key=lambda record: str(record["updated"]), reverse=True)[:count]
    return [replace(recorded(r), keywords=_keywords(r)) for r in newest]


def _keywords(record: corpora.Record) -> tuple[str, ...]:
    text = f"{record['title']} {record['abstract']}".lower()
    return tuple(word for word in KEYWORDS if word in text) or KEYWORDS[:1]


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _mathematics(papers: Sequence[ListedPaper]) -> Iterator[_Row]:
    formulas = [
        piece
        for paper in papers
        for text in (paper.title, paper.abstract)
        for piece in split_formulas(" ".join(text.split()))
        if piece.formula
    ]
    render_mathml.cache_clear()
    shown: list[object] = []
    took = _seconds(
        lambda: shown.extend(render_mathml(p.formula, is_display=p.is_display) for p in formulas)
    )
    if formulas:
        share = 100 * statistics.fmean(map(bool, shown))
        yield "formulas shown as mathematics", share, "%", 90
        yield f"{len(formulas):,} formulas", took, "s", None


def _building(papers: list[ListedPaper], folder: Path) -> Iterator[_Row]:
    render_mathml.cache_clear()
    yield "building all pages", _seconds(lambda: write(site_of(papers), folder)), "s", None
    yield "size of index.html", (folder / "index.html").stat().st_size / 1e6, "MB", None


def _others(papers: Sequence[ListedPaper]) -> Iterator[_Row]:
    """Render what is read elsewhere: of all papers, and the feeds of each keyword, too."""
    lists = {"": papers} | {name: [p for p in papers if name in p.keywords] for name in KEYWORDS}

    def feeds() -> None:
        for name, of_list in lists.items():
            feed = Feed(title=name or "all", name=name, papers=of_list, updated=_NOON)
            render_atom(feed)
            render_json_feed(feed)

    def data() -> None:
        keywords = [KeywordData(name, _NOON) for name in KEYWORDS]
        render_papers_json(papers, keywords=keywords, last_update=_NOON.date())
        render_papers_csv(papers)

    yield f"{len(lists)} Atom and JSON feeds", _seconds(feeds), "s", None
    yield "BibTeX and RIS", _seconds(lambda: (to_bibtex(papers), to_ris(papers))), "s", None
    yield "papers.json and papers.csv", _seconds(data), "s", None


def _reading(chromium: Browser, file: Path) -> Iterator[_Row]:
    opened = [_opened(chromium, file) for _ in range(5)]
    for index, name in enumerate(("first paint", "script has run", "loaded")):
        seconds = statistics.median(times[index] for times in opened) / 1000
        yield f"index.html: {name}", seconds, "s", 2 if name == "loaded" else None
    page = _page(chromium, file)
    first = page.evaluate(_TYPE, _TYPED)
    yield "first keystroke right after opening", first[0][1], "ms", None
    page.close()


def _typing(chromium: Browser, file: Path) -> Iterator[Typed]:
    page = _page(chromium, file)
    page.wait_for_timeout(2000)
    for when in ("first search", "second search"):
        page.evaluate("document.querySelector('#clear').click()")
        took = page.evaluate(_TYPE, _TYPED)
        yield Typed(when, [key[0] for key in took], [key[1] for key in took])
    page.close()


def _keystrokes(typed: Sequence[Typed]) -> Iterator[Table]:
    if typed:
        head = (
            "keystroke, ms",
            "script and layout, median",
            "slowest",
            "painted, median",
            "slowest",
        )
        yield Table(
            head,
            tuple(
                (t.when, *(of(times) for times in t[1:] for of in (statistics.median, max)))
                for t in typed
            ),
        )


def _typed_aims(typed: Sequence[Typed]) -> Iterator[Aim]:
    if typed:
        slower = max(statistics.median(of_one.painted) for of_one in typed)
        yield Aim("slower keystroke, painted, median", slower, _KEYSTROKE, "ms")


def _opened(chromium: Browser, file: Path) -> list[float]:
    page = _page(chromium, file)
    page.wait_for_timeout(100)
    times: list[float] = page.evaluate(_OPENED)
    page.close()
    return times


def _page(chromium: Browser, file: Path) -> Page:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(file.as_uri())
    return page
