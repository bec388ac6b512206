"""Make the pictures in docs/ from the real UI over invented papers: `python -m ....screenshots`."""

import argparse
import tempfile
from pathlib import Path

from papers_assets.sample_arxiv import SampleArxiv, Script, Step
from papers_assets.settings import PROJECT_ROOT
from papers_assets_tests.browsing import Watched, browser
from papers_assets_tests.driving import UI, environment, running_ui
from papers_assets_tests.reliability.worlds import corpus_at, history

_KEYWORDS = """
[keywords.compiler]
[keywords.performance]
[keywords."reinforcement learning"]
cap = 60
[keywords."graph neural network"]
cap = 40
"""
_DAYS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=PROJECT_ROOT / "docs")
    folder = parser.parse_args().into
    with tempfile.TemporaryDirectory() as name, SampleArxiv(corpus_at(len(history()))) as server:
        home = Path(name)
        (home / "keywords.toml").write_text(_KEYWORDS)
        variables = environment(home, home / "keywords.toml", server.url)
        with running_ui(variables, home / "ui.log") as ui, browser() as chromium:
            _make_history(ui, server)
            _shoot(Watched(chromium, ui.url), folder)


def _make_history(ui: UI, server: SampleArxiv) -> None:
    """Let some days pass: each brings papers; on the last one, a keyword fails."""
    total = len(history())
    for left in range(_DAYS, 0, -1):
        server.corpus = corpus_at(total - 15 * left)
        if left == 1:
            server.fault = Script([Step("busy", "reinforcement")])
        ui.ended(ui.launch("daily_papers"))
    ui.settled()


def _shoot(watched: Watched, folder: Path) -> None:
    page = watched.page
    for name, path in (
        ("lineage", "/asset-groups/daily_papers"),
        ("partitions", "/assets/raw_papers?view=partitions"),
        ("papers", "/assets/papers"),
        ("plots", "/assets/papers?view=plots"),
        ("runs", "/runs"),
        ("readme", "/assets/readme"),
        ("checks", "/assets/papers?view=checks"),
        ("jobs", "/jobs"),
        ("automation", "/automation"),
    ):
        watched.go(path)
        page.wait_for_timeout(6000)
        page.screenshot(path=folder / f"{name}.png")


if __name__ == "__main__":
    main()
