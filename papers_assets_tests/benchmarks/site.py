"""How long people wait for the site: `python -m papers_assets_tests.benchmarks.site`.

All of a page's papers at once, read from the disk by a real browser. Real papers if they are here,
else invented ones.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from papers_assets.listing import Listed
from papers_assets.rendering.site import MOST_PAPERS
from papers_assets.rendering.site.formulas import pieces
from papers_assets.rendering.site.mathml import mathml
from papers_assets.sample_arxiv import generate
from papers_assets_tests import reference
from papers_assets_tests.browsing import CHROMIUM, browser
from papers_assets_tests.rendering.sites import recorded, site_of, write

REAL = "arxiv/papers.jsonl.gz"
TYPED = "learning of graphs"
KEYWORDS = ("learning", "model", "graph", "quantum", "compiler")
_OPENED = """() => {
  const [seen] = performance.getEntriesByName("first-contentful-paint");
  const {domContentLoadedEventEnd, loadEventEnd} = performance.getEntriesByType("navigation")[0];
  return [seen?.startTime ?? NaN, domContentLoadedEventEnd, loadEventEnd];
}"""
_Row = tuple[str, float, float | None]
"""What was measured, and what was aimed at; None: nothing."""
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


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=MOST_PAPERS, metavar="N")
    parser.add_argument("--invented", action="store_true", help="even if there are real papers")
    options = parser.parse_args()
    is_real = (reference.SHARED / REAL).exists() and not options.invented
    papers = list(islice(_papers(is_real=is_real), options.papers))
    rows: list[_Row] = [
        ("abstracts, mean characters", _mean(len(p.abstract) for p in papers), None)
    ]
    rows += _mathematics(papers)
    with tempfile.TemporaryDirectory() as name:
        rows += _building(papers, Path(name))
        if CHROMIUM:
            with browser() as chromium:
                rows += _reading(chromium, Path(name) / "index.html")
    _say(f"{len(papers):,} {'real' if is_real else 'invented'} papers, from the disk.\n\n")
    _say("| what | measured | aim |\n| --- | --- | --- |\n")
    for what, measured, aim in rows:
        _say(f"| {what} | {measured:,.4g} | {'' if aim is None else f'{aim:g}'} |\n")


def _papers(*, is_real: bool) -> Iterator[Listed]:
    """Give papers, newest first, each once."""
    records: list[dict[str, Any]] = list(
        reference.records(REAL) if is_real else generate.lines(2 * MOST_PAPERS)
    )
    seen = set()
    for record in sorted(records, key=lambda record: str(record["updated"]), reverse=True):
        if record["id"] not in seen:
            seen.add(record["id"])
            text = f"{record['title']} {record['abstract']}".lower()
            keywords = tuple(word for word in KEYWORDS if word in text) or KEYWORDS[:1]
            yield replace(recorded(record), keywords=keywords)


def _mathematics(papers: list[Listed]) -> Iterator[_Row]:
    formulas = [
        piece
        for paper in papers
        for text in (paper.title, paper.abstract)
        for piece in pieces(" ".join(text.split()))
        if piece.formula
    ]
    mathml.cache_clear()
    began = time.perf_counter()
    shown = [mathml(piece.formula, is_display=piece.is_display) for piece in formulas]
    took = time.perf_counter() - began
    yield "formulas", len(formulas), None
    yield "formulas shown as mathematics, %", 100 * _mean(map(bool, shown)), 90
    yield "time for all formulas, s", took, None


def _building(papers: list[Listed], folder: Path) -> Iterator[_Row]:
    mathml.cache_clear()
    began = time.perf_counter()
    write(site_of(papers), folder)
    yield "building all pages, s", time.perf_counter() - began, None
    yield "size of index.html, MB", (folder / "index.html").stat().st_size / 1e6, None


def _reading(chromium: Browser, file: Path) -> Iterator[_Row]:
    opened = [_opened(chromium, file) for _ in range(5)]
    for index, name in enumerate(("first paint", "script has run", "loaded")):
        seconds = statistics.median(times[index] for times in opened) / 1000
        yield f"index.html: {name}, s (median of 5)", seconds, 2
    page = _page(chromium, file)
    page.wait_for_timeout(2000)
    for what in ("once read ahead", "again"):
        page.evaluate("document.querySelector('#clear').click()")
        took = page.evaluate(_TYPE, TYPED)
        for index, name in enumerate(("script and layout", "until painted")):
            times = [key[index] for key in took]
            yield f"keystroke, {what}: {name}, ms (median)", statistics.median(times), 50
            yield f"keystroke, {what}: {name}, ms (slowest)", max(times), None
    page = _page(chromium, file)
    first = page.evaluate(_TYPE, TYPED)
    yield "first keystroke right after opening, ms", first[0][1], None
    page.close()


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


def _mean(values: Iterator[float]) -> float:
    return statistics.fmean(values)


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
