"""Make the pictures in docs/ from the real UI over invented papers: `python -m ....screenshots`."""

import argparse
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options
from playwright.sync_api import Browser, Page, expect

from papers_assets.arxiv.sample import Corpus, FaultScript, FaultStep, SampleArxiv
from papers_assets.settings import PROJECT_ROOT
from papers_assets_tests.helpers.browser import LARGE, Watched, browser
from papers_assets_tests.helpers.ui_driver import LINEAGE, UI, environment, running_ui, until

_KEYWORDS = """
[keywords.compiler]
[keywords.performance]
[keywords."reinforcement learning"]
cap = 60
[keywords."graph neural network"]
cap = 40
"""
_DAYS = 6
_LONG = 60_000
"""Milliseconds until something has to be seen."""
_GITHUB = """<style>
body { font: 16px/1.5 sans-serif; max-width: 1000px; margin: 24px auto; color: #1f2328 }
h2 { border-bottom: 1px solid #d1d9e0 } a { color: #0969da; text-decoration: none }
table { border-collapse: collapse } td, th { border: 1px solid #d1d9e0; padding: 6px 13px }
</style>"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=PROJECT_ROOT / "docs")
    folder = parser.parse_args().into
    folder.mkdir(exist_ok=True)
    expect.set_options(timeout=_LONG)
    with tempfile.TemporaryDirectory() as name, SampleArxiv(Corpus.sample()) as server:
        home = Path(name)
        (home / "keywords.toml").write_text(_KEYWORDS)
        variables = environment(home, home / "keywords.toml", server.url)
        with running_ui(variables, home / "ui.log") as ui, browser() as chromium:
            good = _let_days_pass(ui, server, home / "output" / "README.md")
            watched = Watched(chromium, ui.url, height=720)
            watched.page.set_default_timeout(_LONG)
            _shoot(watched, folder, good)
            _shoot_document(watched.page, folder / "readme.png", home / "output" / "README.md")
            newest = max((home / "output" / "digests").glob("*.md"))
            _shoot_document(watched.page, folder / "digest.png", newest)
            _shoot_site(chromium, folder, (home / "output" / "site" / "index.html").as_uri())


def _let_days_pass(ui: UI, server: SampleArxiv, readme: Path) -> str:
    """Let papers appear from run to run, and a keyword fail in the last one.

    Gives the id of the last good run.
    """
    papers = server.corpus
    newest = max(datetime.fromisoformat(paper.updated) for paper in papers.newest)
    good = ""
    for left in range(_DAYS, 0, -1):
        server.corpus = papers.as_of(newest - timedelta(days=2 * left))
        good = ui.launch("daily_papers")
        ui.ended(good)
    server.fault = FaultScript([FaultStep("busy", "reinforcement")])
    server.corpus = papers
    ui.ended(ui.launch("daily_papers"))
    until(lambda: "_Not refreshed since" in readme.read_text())
    ui.settled()
    return good


def _shoot(watched: Watched, folder: Path, good: str) -> None:
    page = watched.page
    page.set_viewport_size(LARGE)
    watched.go(LINEAGE)
    expect(page.get_by_text("75% filled").first).to_be_visible()
    expect(page.get_by_text("4 / 4 Passed").first).to_be_visible()
    _save(page, folder, "lineage")
    page.set_viewport_size({"width": 1440, "height": 720})

    watched.go("/assets/raw_papers?view=partitions&partition=compiler")
    expect(page.get_by_text("Failed (1)")).to_be_visible()
    expect(page.get_by_text("newest_paper")).to_be_visible()
    _save(page, folder, "partitions")

    watched.go(f"/runs/{good}")
    expect(page.get_by_text("RUN_SUCCESS").first).to_be_visible()
    _save(page, folder, "run")

    watched.go("/assets/papers")
    row = page.get_by_role("row").filter(has_text="papers_a_day")
    row.scroll_into_view_if_needed()
    row.get_by_text("Show Markdown").click()
    expect(page.get_by_role("img", name="Papers a day, by keyword")).to_be_visible()
    _save(page, folder, "papers-a-day")
    page.keyboard.press("Escape")
    page.get_by_text("Plots", exact=True).click()
    plot = page.get_by_text("new", exact=True).last
    plot.scroll_into_view_if_needed()
    _save(page, folder, "plots")


def _shoot_document(page: Page, picture: Path, document: Path) -> None:
    """Show a document by GitHub's own Markdown parser."""
    # GitHub lets the document's own tags through, which its abstracts are folded with.
    html = cmarkgfm.github_flavored_markdown_to_html(
        document.read_text(), options=Options.CMARK_OPT_UNSAFE
    )
    page.set_content(f"<meta charset='utf-8'>{_GITHUB}{html}")
    page.screenshot(path=picture)


def _shoot_site(chromium: Browser, folder: Path, address: str) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    page.goto(address)
    _save(page, folder, "site")
    page.emulate_media(color_scheme="dark")
    page.get_by_role("searchbox").fill("learning")
    _save(page, folder, "site-dark")
    phone = chromium.new_page(viewport={"width": 390, "height": 800})
    phone.goto(address)
    _save(phone, folder, "site-phone")


def _save(page: Page, folder: Path, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(2000)  # what moves has come to rest
    page.screenshot(path=folder / f"{name}.png")


if __name__ == "__main__":
    main()
