"""What the whole job costs on top of asking and parsing: `papers run` next to a bare loop.

Both are processes of their own, start to end, over real HTTP, asked of the same sample arXiv.
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench import corpora
from bench.apart import Measured, apart, measured
from bench.product import (
    listed_rows,
    on_postgres,
    papers_run,
    postgres_or_none,
    sample_arxiv,
    seconds_by_asset,
)
from bench.results import Aim, Result, Series, Table, series
from papers_assets.arxiv import search
from papers_assets.keywords import query
from papers_assets.keywords.model import Keyword, MatchField
from papers_assets.keywords.query import choose_page_size

BATCH = "50"
"""Events that Dagster writes at once: DAGSTER_EVENT_BATCH_SIZE."""
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


class Sizes(NamedTuple):
    """What is measured."""

    papers: int
    cap: int
    """Papers that a keyword shows; arXiv is asked for at least 100."""
    counts: tuple[int, ...]
    """Of keywords."""


FULL = Sizes(papers=10_000, cap=100, counts=(3, 30, 300))
QUICK = Sizes(papers=200, cap=10, counts=(3, 6))
_SHORT = 0.1
"""Seconds: an asset that takes less is left out."""
_LONG = 100
"""Keywords that take so long that what the server does once does not count."""
REMARKS = (
    f"Over {corpora.whose()}, at interval 0.",
    "Keywords are the most frequent pairs of words in abstracts.",
)


class Row(NamedTuple):
    """What was measured at one number of keywords."""

    keywords: int
    loop: Measured
    job: Measured

    @property
    def over(self) -> float:
        """What the job takes more than the loop, in s."""
        return self.job.wall - self.loop.wall


def run(*, is_quick: bool) -> Result:
    """Measure."""
    sizes = QUICK if is_quick else FULL
    with measuring(sizes) as measurement:
        rows = [measurement.row(count) for count in sizes.counts]
        steps = measurement.steps(sizes.counts[-1])
    return Result(
        (table(rows, sizes), steps), tuple(_aims(rows)), tuple(growths(rows, "")), REMARKS
    )


@contextmanager
def measuring(sizes: Sizes) -> Iterator["Measurement"]:
    """Serve so many papers, to be asked about."""
    with tempfile.TemporaryDirectory() as name:
        corpus, most = Path(name) / "papers.jsonl", max(sizes.counts)
        keywords, _ = apart(corpora.write_frequent, str(corpus), sizes.papers, most)
        with sample_arxiv(corpus) as url:
            yield Measurement(Path(name), sizes, url, keywords)


class Measurement:
    """Compares jobs over one sample arXiv."""

    def __init__(
        self, folder: Path, sizes: Sizes, url: str, keywords: Sequence[tuple[str, int]]
    ) -> None:
        self._folder, self._sizes, self._url = folder, sizes, url
        self._keywords = keywords

    def row(self, count: int) -> Row:
        """Measure both; a short loop twice, the first time for the server's sake."""
        some = self._keywords[:count]
        loops = [self._loop(some) for _ in range(2 if count < _LONG else 1)]
        return Row(count, min(loops), self._job(self._home(count).name, count, {}))

    def steps(self, count: int) -> Table:
        """Say what of the measured job took how long."""
        found, _ = apart(seconds_by_asset, str(self._home(count)))
        title = f"Assets of the job with {count} keywords"
        rows = tuple((asset, took) for asset, took in found if took >= _SHORT)
        return Table(("asset", "s"), rows, title)

    def histories(self, counts: Sequence[int]) -> Table:
        """Measure the job with its history in a PostgreSQL, and with fewer, larger writes."""
        rows = [(n, *row) for n in counts for row in self._with_histories(n)]
        head = ("keywords", "run history", "job, s", "peak, MB")
        return Table(head, tuple(rows), "The same with other run histories")

    def _with_histories(self, count: int) -> Iterator[tuple[str, float, float]]:
        batch = {"DAGSTER_EVENT_BATCH_SIZE": BATCH}
        for title, more in (("PostgreSQL", {}), (f"PostgreSQL, {BATCH} events at once", batch)):
            with postgres_or_none() as postgres:
                if postgres is not None:
                    name = f"postgres{len(more)}-{count}"
                    variables = on_postgres(self._folder / name, postgres)
                    took = self._job(name, count, {**variables, **more})
                    yield title, took.wall, took.peak

    def _home(self, count: int) -> Path:
        return self._folder / f"home{count}"

    def _loop(self, keywords: Sequence[tuple[str, int]]) -> Measured:
        cap = self._sizes.cap
        asked = [Keyword.from_phrase(n, MatchField.ABSTRACT, cap) for n, _ in keywords]
        pages = [
            search.build_url(self._url, query.newest_first_parameters(k, 0, choose_page_size(k)))
            for k in asked
        ]
        file = self._folder / "urls.txt"
        file.write_text("\n".join(pages))
        return measured([sys.executable, "-c", BARE_LOOP, str(file)])

    def _job(self, name: str, count: int, more: Mapping[str, str]) -> Measured:
        home, cap = self._folder / name, self._sizes.cap
        some = self._keywords[:count]
        head = f"cap = {cap}\n"
        text = corpora.keywords_toml((n for n, _ in some), head, MatchField.ABSTRACT.value)
        took = papers_run(home, text, self._url, more)
        wanted = sum(min(papers, cap) for _, papers in some)
        if (rows := listed_rows(home)) < 0.9 * wanted:
            raise RuntimeError(f"{count} keywords were to list {wanted} papers and list {rows}")
        return took


def table(rows: Sequence[Row], sizes: Sizes) -> Table:
    """Say what was measured."""
    head = ("keywords", "loop, s", "job, s", "ms per keyword on top", "job's peak, MB")
    cells = ((r.keywords, r.loop.wall, r.job.wall, _each(rows[0], r), r.job.peak) for r in rows)
    title = f"{sizes.cap} papers per keyword, of {sizes.papers:,}"
    return Table(head, tuple(cells), title)


def _each(first: Row, row: Row) -> float | None:
    """Give what each further keyword costs on top, in ms."""
    return (
        (row.over - first.over) / (row.keywords - first.keywords) * 1e3
        if row is not first
        else None
    )


def _aims(rows: Sequence[Row]) -> Iterator[Aim]:
    first, last = rows[0], rows[-1]
    yield Aim(f"job on top of the loop, {first.keywords} keywords", first.over, 6, "s")
    if each := _each(first, last):
        yield Aim(f"each further keyword, {last.keywords} keywords", each, 25, "ms")
    yield Aim(f"job's peak memory, {last.keywords} keywords", last.job.peak, 300, "MB")


def growths(rows: Sequence[Row], panel: str) -> list[Series]:
    """Give how both grow, to be drawn in `panel`."""

    def over(name: str, unit: str, costs: Sequence[float], where: str = "") -> Series:
        points = [(row.keywords, cost) for row, cost in zip(rows, costs, strict=True)]
        return series(where, name, "keywords", unit, points)

    return [
        over("papers run", "seconds", [row.job.wall for row in rows], panel),
        over("bare loop", "seconds", [row.loop.wall for row in rows], panel),
        over("papers run", "MB", [row.job.peak for row in rows]),
    ]
