"""A day by OAI-PMH instead of a query per keyword, and keywords looked for in what came."""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench import corpora
from bench.apart import Measured, apart
from bench.product import sample_arxiv
from bench.results import Aim, Result, Series, Table, series

_PHRASES = "phrases.txt"


class Sizes(NamedTuple):
    """What is measured."""

    papers: int
    """That changed on a day."""
    matching: tuple[int, ...]
    """Keywords to look for."""
    times: int
    """That the day is brought in; the median counts."""


FULL = Sizes(papers=3_000, matching=(1_000, 10_000, 100_000), times=3)
QUICK = Sizes(papers=300, matching=(100, 1_000), times=1)


def run(*, is_quick: bool) -> Result:
    """Measure."""
    sizes = QUICK if is_quick else FULL
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        most = max(sizes.matching)
        apart(corpora.write_phrases, str(folder / _PHRASES), 6 * sizes.papers, most)
        brought = _brought_in(folder, sizes)
        matched = _matched(folder, sizes)
    aims = (
        Aim(f"requests for a day of {sizes.papers:,} papers", brought["requests"], 20, ""),
        *_matching_aims(matched),
    )
    tables = (
        _day_table(brought, sizes),
        _matching_table(matched, sizes),
    )
    return Result(tables, aims, tuple(_matching_series(matched)), remarks(sizes.papers))


def remarks(papers: int) -> tuple[str, ...]:
    """Say what is measured with."""
    return (
        f"Over {corpora.whose()}, {papers:,} of them changed a day, at interval 0.",
        "Keywords are phrases of two to four words from titles.",
    )


# The day, over real HTTP.


def _brought_in(folder: Path, sizes: Sizes) -> dict[str, float]:
    day = today() - timedelta(days=1)
    corpus = folder / "day.jsonl"
    apart(corpora.write_changed, str(corpus), [listed_on(day)], sizes.papers)
    found = []
    with sample_arxiv(corpus) as url:
        for number in range(sizes.times):
            home = folder / f"day{number}"
            given, took = apart(bring_in_day, url, str(home), day.isoformat())
            found.append({**given, "peak": took.peak})
    if any(of_one["listed"] != sizes.papers for of_one in found):
        raise RuntimeError(f"{sizes.papers} papers were to come, and {found} did")
    return {name: median(of_one[name] for of_one in found) for name in found[0]}


def bring_in_day(api_url: str, home: str, day: str) -> dict[str, float]:
    """Ask for a day and keep it."""
    from papers_assets.storage.harvest import HarvestStore  # noqa: PLC0415

    of_day, began = date.fromisoformat(day), time.perf_counter()
    outcome = bring_in_from(api_url, Path(home), of_day, lambda: datetime.now(UTC))
    took = time.perf_counter() - began
    size = HarvestStore(Path(home)).path(of_day).stat().st_size / 1e6
    found = {"requests": outcome.requests, "seconds": took, "listed": outcome.listed}
    return {**found, "megabytes": size}


def bring_in_from(api_url: str, home: Path, day: date, now: Callable[[], datetime]) -> Any:
    from papers_assets.arxiv.client import ArxivClient  # noqa: PLC0415
    from papers_assets.arxiv.rate_limit import RateLimiter  # noqa: PLC0415
    from papers_assets.pipeline.harvest import HarvestedDay, harvest_days  # noqa: PLC0415
    from papers_assets.storage.harvest import HarvestStore  # noqa: PLC0415

    rate_limiter = RateLimiter(home / "gate.lock", 0)
    client = ArxivClient(api_url, rate_limiter, oai_url=api_url.replace("/api/query", "/oai"))
    (outcome,) = harvest_days([day], (), client, HarvestStore(home), now)
    client.close()
    if not isinstance(outcome, HarvestedDay):
        raise TypeError(f"the day did not come: {outcome.reason}")
    return outcome


def _day_table(brought: dict[str, float], sizes: Sizes) -> Table:
    head = (
        "papers of the day",
        "requests",
        "fetched and stored, s",
        "on disk, MB",
        "peak, MB",
    )
    figures = (brought[name] for name in ("seconds", "megabytes", "peak"))
    row = (sizes.papers, int(brought["requests"]), *figures)
    return Table(head, (row,), f"A harvested day (median of {sizes.times})")


# Keywords matched in its papers.

_Matched = list[tuple[int, dict[str, float], Measured]]


def _matched(folder: Path, sizes: Sizes) -> _Matched:
    corpus, phrases = str(folder / "day.jsonl"), str(folder / _PHRASES)
    return [(n, *apart(match, corpus, phrases, n)) for n in sizes.matching]


def match(corpus: str, phrases: str, count: int) -> dict[str, float]:
    """Look for the first so many phrases of a file in a corpus."""
    from papers_assets.arxiv.sample import Corpus  # noqa: PLC0415
    from papers_assets.keywords.matching import Matchers  # noqa: PLC0415
    from papers_assets.keywords.model import Keyword  # noqa: PLC0415

    names = Path(phrases).read_text("utf-8").splitlines()[:count]
    keywords = [*map(Keyword.from_phrase, names)]
    of_day = Corpus.load(Path(corpus)).newest
    began = time.perf_counter()
    matchers = Matchers(keywords)
    made = time.perf_counter()
    hits = sum(len(matchers(p.title, p.abstract, p.categories)) for p in of_day)
    return {"making": made - began, "asking": time.perf_counter() - made, "hits": hits}


def _matching_table(matched: _Matched, sizes: Sizes) -> Table:
    head = ("keywords", "s", "matches", "peak, MB")
    rows = tuple((n, _seconds(m), int(m["hits"]), took.peak) for n, m, took in matched)
    return Table(head, rows, f"Keywords matched in {sizes.papers:,} papers")


def _seconds(of_one: dict[str, float]) -> float:
    return of_one["making"] + of_one["asking"]


def _matching_aims(matched: _Matched) -> list[Aim]:
    wanted = 10_000
    count, found, took = min(matched, key=lambda m: abs(m[0] - wanted))
    return [
        Aim(f"{count:,} keywords matched", _seconds(found), 5, "s"),
        Aim("its peak memory", took.peak / 1e3, 1, "GB"),
    ]


def _matching_series(matched: _Matched) -> list[Series]:
    points = [(n, _seconds(found)) for n, found, _ in matched]
    peaks = [(n, took.peak) for n, _, took in matched]
    return [
        series("matching keywords", "matching", "keywords", "seconds", points),
        series("", "matching", "keywords", "MB", peaks),
    ]


def today() -> date:
    return datetime.now(UTC).date()


def listed_on(day: date) -> str:
    """Give when a paper has to be submitted for the sample arXiv to list it on `day`."""
    return (day - timedelta(days=1)).isoformat()
