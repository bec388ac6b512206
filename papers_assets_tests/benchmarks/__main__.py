"""`make bench`: what the whole job costs on top of fetching and parsing, in one run on one machine.

The job (`papers run`, from the start of the process to its end) stands next to a bare loop that
only fetches and parses the same pages with the same libraries. Both are processes of their own
over real HTTP, asked of one sample arXiv that has answered every query once before.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from papers_assets.arxiv import query
from papers_assets.keywords import Keyword
from papers_assets.sample_arxiv import generate
from papers_assets_tests.benchmarks.frequent import frequent_keywords
from papers_assets_tests.reference import SHARED

PAPERS = Path(sys.executable).with_name("papers")
COUNTS = (3, 30, 300)
INVENTED = 8_000
REAL = SHARED / "arxiv" / "papers.jsonl.gz"
INTERVAL = 3.0

# Only what nobody can do without: ask for each page, and parse it.
BARE_LOOP = """
import io, sys, feedparser, requests
session = requests.Session()
for url in open(sys.argv[1]).read().split():
    body = session.get(url, timeout=60).content
    feed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False,
                            response_headers={"content-type": "application/atom+xml"})
    assert feed.entries and not feed.bozo
"""


@dataclass(frozen=True)
class Measured:
    """A process: seconds on the wall, and the most memory it had, in MB."""

    wall: float
    peak: float


def main() -> None:
    """Measure and print a table."""
    arguments = argparse.ArgumentParser(prog="make bench", description=__doc__)
    arguments.add_argument("--corpus", type=Path, help="default: real papers if they are here")
    arguments.add_argument("--no-polite", action="store_true", help="leave out the run at 3 s")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        corpus = options.corpus or (REAL if REAL.exists() else _invented(home))
        say(f"Papers: {corpus.name}. Python {sys.version.split()[0]}, {os.cpu_count()} cores.\n")
        # In a process of its own: a child's peak memory counts from what its parent had.
        with ProcessPoolExecutor(1, get_context("spawn")) as apart:
            keywords = apart.submit(frequent_keywords, corpus, max(COUNTS)).result()
        with _sample_arxiv(corpus) as url:
            _compare(home, url, keywords)
            if not options.no_polite:
                _polite(home, url, keywords[:5])


def _compare(home: Path, url: str, keywords: Sequence[Keyword]) -> None:
    say(
        "Interval 0. Wall time in s, peak memory in MB; over: the job's wall time less the loop's\n"
    )
    say("| keywords | loop | job | over | over, ms a keyword | job's peak |")
    say("| --- | --- | --- | --- | --- | --- |")
    first_over = 0.0
    for count in COUNTS:
        some = keywords[:count]
        _bare_loop(home, url, some)  # the sample arXiv remembers its answers: let it
        loop = min((_bare_loop(home, url, some) for _ in range(2)), key=lambda m: m.wall)
        job = _job(home / f"home{count}", url, some, 0)
        over = job.wall - loop.wall
        first_over = first_over or over
        each = (
            "" if count == COUNTS[0] else f"{(over - first_over) / (count - COUNTS[0]) * 1e3:.1f}"
        )
        say(
            f"| {count} | {loop.wall:.2f} | {job.wall:.2f} | {over:.2f} | {each} | {job.peak:.0f} |"
        )


def _polite(home: Path, url: str, keywords: Sequence[Keyword]) -> None:
    job = _job(home / "polite", url, keywords, INTERVAL)
    floor = INTERVAL * (len(keywords) - 1)
    say(f"\nAt {INTERVAL:g} s: {len(keywords)} keywords, one request each, took {job.wall:.1f} s; ")
    say(f"the floor is {floor:g} s, so the rest is {job.wall - floor:.1f} s.")


def _bare_loop(home: Path, url: str, keywords: Sequence[Keyword]) -> Measured:
    urls = home / "urls.txt"
    pages = [query.url(url, query.newest_first(keyword, 0, keyword.cap)) for keyword in keywords]
    urls.write_text("\n".join(pages))
    return _measure([sys.executable, "-c", BARE_LOOP, str(urls)], dict(os.environ))


def _job(home: Path, url: str, keywords: Sequence[Keyword], interval: float) -> Measured:
    home.mkdir()
    file = home / "keywords.toml"
    file.write_text("".join(f'[keywords."{k.name}"]\nin = "abstract"\n' for k in keywords))
    environment = os.environ | {
        "PAPERS_HOME": str(home),
        "PAPERS_KEYWORDS": str(file),
        "ARXIV_API_URL": url,
        "ARXIV_REQUEST_INTERVAL": f"{interval:g}",
    }
    environment.pop("DAGSTER_HOME", None)
    measured = _measure([str(PAPERS), "run"], environment)
    rows = (home / "output" / "README.md").read_text().count("\n| **[")
    if rows < sum(keyword.cap for keyword in keywords) * 0.9:
        raise RuntimeError(f"the job was to list {len(keywords)} x 100 papers and lists {rows}")
    return measured


def _measure(command: list[str], environment: dict[str, str]) -> Measured:
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} failed with status {process.returncode}")
    unit = 1e6 if sys.platform == "darwin" else 1e3  # ru_maxrss is bytes there, kB elsewhere
    return Measured(wall, usage.ru_maxrss / unit)


@contextmanager
def _sample_arxiv(corpus: Path) -> Iterator[str]:
    command = [
        str(PAPERS),
        "sample-arxiv",
        "--corpus",
        str(corpus),
        "--port",
        "0",
        "--min-interval",
        "0",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip().partition("ARXIV_API_URL=")[2]
        try:
            yield url
        finally:
            server.terminate()


def _invented(home: Path) -> Path:
    path = home / "invented.jsonl"
    generate.write(path, INVENTED)
    return path


def say(line: str) -> None:
    """Print a line at once, whatever the output is."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
