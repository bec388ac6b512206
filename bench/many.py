"""The whole job with `source = "harvest"`, a day after what was published, for many keywords."""

import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bench import corpora
from bench.apart import Measured, apart
from bench.fits import fit
from bench.harvest import bring_in_from, listed_on, today
from bench.product import papers_run, sample_arxiv, size_of
from bench.results import Result, Series, Table, series


class Sizes(NamedTuple):
    """What is measured."""

    papers: int
    """That changed on a day."""
    counts: tuple[int, ...]
    """Of keywords."""
    status: int = 0
    """With which `papers run` has to end."""
    remark: str = ""


FULL = Sizes(papers=3_000, counts=(300, 3_000))
QUICK = Sizes(papers=300, counts=(30,))
FURTHER = 10_000
"""Keywords for which the cost is extrapolated; `bench.most` measures it."""


def run(*, is_quick: bool) -> Result:
    """Measure."""
    return measured_at(QUICK if is_quick else FULL)


def measured_at(sizes: Sizes) -> Result:
    """Measure so many keywords."""
    with tempfile.TemporaryDirectory() as name:
        runs = _runs(Path(name), sizes)
    found = tuple(_series(runs))
    seconds = fit(found[0].points)
    said = (
        f"Extrapolated, {FURTHER:,} keywords take {seconds.at(FURTHER):,.0f} s." if seconds else ""
    )
    return Result((_table(runs),), (), found, tuple(filter(None, [said, sizes.remark])))


class Run(NamedTuple):
    """`papers run` with so many keywords, a day after what was published."""

    keywords: int
    job: Measured
    rows: int
    """Of `papers`."""
    history: float
    """MB of the run history."""


def _runs(folder: Path, sizes: Sizes) -> list[Run]:
    since = today() - timedelta(days=1)
    days = [listed_on(since), listed_on(since + timedelta(days=1))]
    first, second = folder / "first.jsonl", folder / "second.jsonl"
    apart(corpora.write_changed, str(first), days[:1], sizes.papers)
    apart(corpora.write_changed, str(second), days, sizes.papers)
    names, _ = apart(corpora.phrases, 6 * sizes.papers, max(sizes.counts))
    found = []
    head = f'source = "harvest"\nharvest_since = {since.isoformat()}\n'
    with sample_arxiv(first) as before, sample_arxiv(second) as after:
        for count in sizes.counts:
            home = folder / f"run{count}"
            home.mkdir()
            text = corpora.keywords_toml(names[:count], head)
            (home / "keywords.toml").write_text(text, "utf-8")
            apart(live_a_day, before, str(home), since.isoformat())
            took = papers_run(home, text, after, status=sizes.status)
            rows, _ = apart(rows_of_papers, str(home))
            history = size_of(home / ".papers" / "history")
            found.append(Run(count, took, rows, history))
            sys.stderr.write(f"[bench] many: {count} keywords: {took.wall:.0f} s\n")
    return found


def live_a_day(api_url: str, home: str, day: str) -> None:
    """Bring in a day and publish what is in it, as the job does but without Dagster."""
    from papers_assets.keywords.file import read_keywords_file  # noqa: PLC0415
    from papers_assets.pipeline.publish_edition import publish_edition  # noqa: PLC0415
    from papers_assets.pipeline.scan_harvest import scan_keywords  # noqa: PLC0415
    from papers_assets.pipeline.select_papers import select_all  # noqa: PLC0415
    from papers_assets.storage.editions import EditionStore  # noqa: PLC0415
    from papers_assets.storage.harvest import HarvestStore  # noqa: PLC0415
    from papers_assets.storage.raw_papers import RawPapersStore  # noqa: PLC0415

    place, since = Path(home), date.fromisoformat(day)
    store, keywords_config = RawPapersStore(place), read_keywords_file(place / "keywords.toml")

    def now() -> datetime:
        return datetime(since.year, since.month, since.day, 23, tzinfo=UTC)

    bring_in_from(api_url, place, since, now)
    for _ in scan_keywords(
        keywords_config.keywords, HarvestStore(place), store, now, since=since, sets=()
    ):
        pass
    store.write_papers(select_all(keywords_config, store, since).frame)
    publish_edition(keywords_config, store, EditionStore(place), now)


def rows_of_papers(home: str) -> int:
    """Count the rows of `papers`."""
    from papers_assets.storage.raw_papers import RawPapersStore  # noqa: PLC0415

    return len(RawPapersStore(Path(home)).read_papers(["keyword"]))


def _table(runs: list[Run]) -> Table:
    head = ("keywords", "rows of papers", "job, s", "peak, MB", "run history, MB")
    rows = tuple((r.keywords, r.rows, r.job.wall, r.job.peak, r.history) for r in runs)
    return Table(head, rows)


def _series(runs: list[Run]) -> list[Series]:
    over = "keywords"
    panel = 'the whole job, source = "harvest"'
    return [
        series(panel, "second day", over, "seconds", [(r.keywords, r.job.wall) for r in runs]),
        series("", "second day", over, "MB", [(r.keywords, r.job.peak) for r in runs]),
        series("", "run history", over, "MB", [(r.keywords, r.history) for r in runs]),
    ]
