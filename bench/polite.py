"""How near the job comes to the least time that arXiv's terms allow: 3 s between requests."""

import tempfile
from pathlib import Path

from bench import corpora
from bench.apart import apart
from bench.product import papers_run, sample_arxiv
from bench.results import Aim, Result, Table

INTERVAL = 3.0
"""Seconds between requests that arXiv's terms of use ask for."""
KEYWORDS, QUICK_KEYWORDS = 5, 2
_PAPERS = 2_000


def run(*, is_quick: bool) -> Result:
    """Measure."""
    count = QUICK_KEYWORDS if is_quick else KEYWORDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = folder / "papers.jsonl"
        found, _ = apart(corpora.write_frequent, str(corpus), _PAPERS, count)
        text = corpora.keywords_toml((pair for pair, _ in found), within="abstract")
        with sample_arxiv(corpus) as url:
            pace = {"ARXIV_REQUEST_INTERVAL": f"{INTERVAL:g}"}
            took = papers_run(folder / "home", text, url, pace)
    floor = INTERVAL * (count - 1)
    head = ("keywords, one request each", "pauses, s", "job, s", "on top, s")
    return Result(
        (Table(head, ((count, floor, took.wall, took.wall - floor),)),),
        (Aim("job on top of the pauses", took.wall - floor, 6, "s"),),
        remarks=(f"At arXiv's rate limit, {INTERVAL:g} s from request to request.",),
    )
