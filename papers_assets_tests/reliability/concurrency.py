"""Ten command lines at once on one home: `python -m papers_assets_tests.reliability.concurrency`.

In three rounds: on a fresh home; on the same one, with news; and with an arXiv that has more papers
at each request, so that a run that overwrites what another one wrote would lose some.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from papers_assets.keywords.file import read_keywords_file
from papers_assets.settings import PROJECT_ROOT
from papers_assets_tests.helpers.ui_driver import PAPERS, environment
from papers_assets_tests.reliability.worlds import (
    Arxiv,
    Figures,
    arxiv,
    corpus_at,
    history,
    look,
    missing,
    table,
    unserved,
)

_INTERVAL = 0.2
_LIMIT = 300
_COMPLAINTS = re.compile(r"database is locked|Traceback|answered 429|Error\b")


@dataclass(frozen=True)
class Round:
    name: str
    commands: int
    seconds: float
    figures: Figures
    wrong: list[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=10)
    options = parser.parse_args()
    total = len(history())
    with tempfile.TemporaryDirectory() as name, arxiv(_INTERVAL) as server:
        home = Path(name) / "home"
        names = [*read_keywords_file(PROJECT_ROOT / "keywords.toml").names]
        mixed = [
            ([], [names[0]], [], [names[1]], [names[2]])[n % 5] for n in range(options.commands)
        ]
        server.show(total - 200)
        rounds = [_round("a fresh home", server, home, mixed, total - 200)]
        server.show(total - 150)
        rounds.append(_round("the same, with news", server, home, mixed, total - 150))
        server.show(total - 150, each_request=5)
        singles = [[], [names[0]], [names[1]]]
        rounds.append(_round("news at each request", server, home, singles, None))
    for each in rounds:
        figures = each.figures
        print(f"\n{each.name}")  # noqa: T201
        rows: list[tuple[str, object]] = [
            ("  command lines", each.commands),
            ("  seconds", f"{each.seconds:.1f}"),
            ("  requests", figures.requests),
            ("  smallest gap, s", f"{figures.smallest_gap:.3f}"),
            ("  open at once, at most", figures.peak_open),
            ("  answered 429", figures.throttled),
            ("  violations", len(each.wrong)),
        ]
        print(table(rows))  # noqa: T201
        print("\n".join(each.wrong[:10]))  # noqa: T201
    sys.exit(1 if any(each.wrong for each in rounds) else 0)


def _round(
    name: str, server: Arxiv, home: Path, commands: list[list[str]], moment: int | None
) -> Round:
    """Run all of `commands` at once; the corpus is at `moment`, or moves (None)."""
    variables = environment(
        home,
        PROJECT_ROOT / "keywords.toml",
        server.url,
        ARXIV_REQUEST_INTERVAL=str(_INTERVAL),
        ARXIV_MAX_ATTEMPTS="1",
    )
    began = time.monotonic()
    processes = [
        subprocess.Popen(
            [PAPERS, "run", *names],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for names in commands
    ]
    wrong = []
    for names, process in zip(commands, processes, strict=True):
        try:
            output, _ = process.communicate(timeout=_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
        if process.returncode or _COMPLAINTS.search(output):
            found_at = _COMPLAINTS.search(output)
            around = max(0, found_at.start() - 1500) if found_at else -3000
            shown = output[around:][:3000]
            wrong.append(f"papers run {names}: {process.returncode}\n{shown}")
    seconds = time.monotonic() - began
    figures = server.figures()
    if figures.smallest_gap < _INTERVAL or figures.peak_open != 1 or figures.throttled:
        wrong.append("the gate was passed too soon, or by two at once")
    keywords_config = read_keywords_file(PROJECT_ROOT / "keywords.toml")
    found = look(home, keywords_config)
    wrong += found.broken + found.leftovers + found.faults
    wrong += [f"served, not held: {each}" for each in unserved(keywords_config, found, figures)]
    if found.readme != found.rendered:
        wrong.append("the README is not the one of the final papers")
    if moment is not None:
        wrong += missing(keywords_config, found, corpus_at(moment))
    return Round(name, len(commands), seconds, figures, wrong)


if __name__ == "__main__":
    main()
