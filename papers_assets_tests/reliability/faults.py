"""The fault matrix: every fault of the sample arXiv, at every keyword, once and for ever.

    python -m papers_assets_tests.reliability.faults [--quick]

A good day, a day with the fault, and a good day again, each a real Dagster run over real HTTP. For
each case it looks at what Dagster shows, what the README says and what is held, and compares with
the same days without a fault. Exit status 1 if anything was lost or any lie was told.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from unittest import mock

import click
import dagster as dg

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.rate_limit import RateLimiter
from papers_assets.arxiv.retry import RetryPolicy
from papers_assets.arxiv.sample import FAULTS, Corpus, FaultScript, FaultStep, SampleArxiv
from papers_assets.checks.rendered import Section, parse
from papers_assets.defs.headless import open_instance
from papers_assets.defs.resources import ArxivResource
from papers_assets_tests.helpers.hostile_papers import hostile_corpus
from papers_assets_tests.helpers.project import Project

_INTERVAL = 0.02
_NAMES = ("reinforcement learning", "compiler", "performance")
_PATIENCE = RetryPolicy(
    max_attempts=2, backoff=0.0, max_delay=0.1, read_timeout=0.3, answer_timeout=0.5
)
_FOR_ALL = {"blocked"}
"""Faults after which nobody else is asked, as it should be."""
_REMARKED = {"unreadable-entry"}
"""Faults that cost a paper without a trace in the rest of the answer: the metadata tells."""
_LIKE_A_QUIET_DAY = {"frozen"}
"""Faults that no single keyword can notice: its list is as old as the index, and the next good day
must bring all that is missing."""


@dataclass(frozen=True)
class Case:
    """A fault, the keyword that it strikes, and how often (None: for ever)."""

    fault: str
    position: int
    times: int | None


@dataclass
class Seen:
    """What a case came to."""

    status: str
    failed: list[str]
    marked: list[str]
    lost: int
    """Papers that were held, or would be without the fault, and are not after the next good day."""
    gate_violations: int
    lies: list[str]


class Matrix:
    """The days without a fault, and every case compared with them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        corpus = hostile_corpus()
        steps = sorted(p.updated for p in corpus.newest)
        self._first = Corpus(p for p in corpus.newest if p.updated <= steps[-120])
        self._second = Corpus(p for p in corpus.newest if p.updated <= steps[-60])
        self._third = corpus
        with self._house("reference", self._first) as project:
            project.run()
            shutil.copytree(project.home, folder / "first")
            self._follow(project, self._second)
            project.run()
            self._on_second = _parts(project)
            self._follow(project, self._third)
            project.run()
            self._on_third = project.readme
            self._held = _held(project)

    def play(self, case: Case) -> Seen:
        """Play one case."""
        name = _NAMES[case.position]
        with self._house("case", self._second, "first") as project:
            before = _held(project)
            project.server.corpus = self._second
            project.today += timedelta(days=1)
            project.server.fault = FaultScript(
                [FaultStep(case.fault, words=name, times=case.times)]
            )
            report = project.run()
            first_run = project.instance.get_run_by_id(report.run_ids[0])
            assert first_run is not None
            parts = _parts(project)
            lies = self._lies(case, project, set(report.failed), parts)
            lost = _missing(before, _held(project))
            project.server.fault = None
            self._follow(project, self._third)
            recovery = project.run()
            if recovery.failed or recovery.problem:
                lies.append(f"the next day did not recover: {recovery.failed} {recovery.problem}")
            if project.readme != self._on_third:
                lies.append("the next day's README is not what it would have been")
            lost += _missing(self._held, _held(project))
            gap = project.server.smallest_gap
            violations = int(project.server.peak_open > 1) + int(
                gap is not None and gap < _INTERVAL
            )
            return Seen(
                first_run.status.value,
                sorted(report.failed),
                [part.heading for part in parts.values() if part.note],
                lost,
                violations,
                lies,
            )

    def _lies(
        self, case: Case, project: Project, failed: set[str], parts: dict[str, Section]
    ) -> list[str]:
        struck = set(_NAMES) if case.fault in _FOR_ALL else {_NAMES[case.position]}
        lies = []
        if failed - struck:
            lies.append(f"{failed - struck} failed without a fault")
        for name in _NAMES:
            part, expected = parts[name], self._on_second[name]
            if name in failed:
                if not part.note.startswith("Not refreshed since 2026-11-23: "):
                    lies.append(f"{name} failed, and the README says {part.note!r}")
            elif (part.note or part.rows != expected.rows) and not (
                (case.fault in _REMARKED and _is_remarked(project, name))
                or (case.fault in _LIKE_A_QUIET_DAY and name in struck and not part.note)
            ):
                lies.append(f"{name} counts as refreshed but is not what arXiv had")
        return lies

    @contextmanager
    def _house(self, name: str, corpus: Corpus, start: str = "") -> Iterator[Project]:
        home = self._folder / name
        if start:
            shutil.copytree(self._folder / start, home)
        with (
            SampleArxiv(corpus) as server,
            open_instance(home, {}) as instance,
            mock.patch.object(ArxivResource, "client", _client(self._folder / f"{name}.lock")),
        ):
            yield Project(home, server, instance=instance)
        shutil.rmtree(home)

    @staticmethod
    def _follow(project: Project, corpus: Corpus) -> None:
        project.server.corpus = corpus
        project.today += timedelta(days=1)


def _is_remarked(project: Project, keyword: str) -> bool:
    """Say whether the newest materialization of a keyword remarks on its answer."""
    wanted = dg.AssetRecordsFilter(dg.AssetKey("raw_papers"), asset_partitions=[keyword])
    records = project.instance.fetch_materializations(wanted, limit=1).records
    event = records[0].asset_materialization
    return event is not None and event.metadata["warnings"].value != "none"


def cases(*, quick: bool) -> list[Case]:
    """Give the whole matrix; quick: each fault once, for ever, at changing positions."""
    if quick:
        positions = cycle(range(len(_NAMES)))
        return [Case(fault, next(positions), None) for fault in FAULTS]
    return [
        Case(fault, position, times)
        for fault in FAULTS
        for position in range(len(_NAMES))
        for times in (1, None)
    ]


def _client(lock: Path) -> Callable[[ArxivResource], ArxivClient]:
    def client(resource: ArxivResource) -> ArxivClient:
        return ArxivClient(resource.api_url, RateLimiter(lock, _INTERVAL), _PATIENCE)

    return client


def _held(project: Project) -> set[tuple[str, str, int]]:
    stored = ((name, project.store.read_raw_papers(name)) for name in _NAMES)
    return {(name, *version) for name, h in stored if h for version in h.versions()}


def _missing(wanted: set[tuple[str, str, int]], stored: set[tuple[str, str, int]]) -> int:
    return len(wanted - stored)


def _parts(project: Project) -> dict[str, Section]:
    document = parse(project.store.documents.readme_path.read_bytes())
    return {part.heading: part for part in document.sections}


@click.command()
@click.option("--quick", is_flag=True, help="Each fault once instead of at every keyword.")
@click.option("--fault", multiple=True, help="Only these.")
def main(*, quick: bool, fault: tuple[str, ...]) -> None:
    """Play the matrix and print it."""
    chosen = [c for c in cases(quick=quick) if not fault or c.fault in fault]
    lost = violations = lies = 0
    row = "{:<20} {:<8} {:<8} {:<9} {:<10} {:<10} {:>6} {:>6}"
    titles = ("fault", "keyword", "times", "run", "partitions", "README", "lost", "gate")
    click.echo(row.format(*titles))
    with tempfile.TemporaryDirectory() as folder:
        matrix = Matrix(Path(folder))
        for case in chosen:
            seen = matrix.play(case)
            click.echo(
                row.format(
                    case.fault,
                    ("first", "middle", "last")[case.position],
                    "for ever" if case.times is None else "once",
                    seen.status,
                    f"{len(seen.failed)} failed",
                    f"{len(seen.marked)} marked",
                    seen.lost,
                    seen.gate_violations,
                )
            )
            for lie in seen.lies:
                click.echo(f"    NOT TRUE: {lie}")
            lost += seen.lost
            violations += seen.gate_violations
            lies += len(seen.lies)
    click.echo(
        f"\n{len(chosen)} cases: {lost} papers lost, {violations} gate violations, {lies} untruths."
    )
    sys.exit(bool(lost or violations or lies))


if __name__ == "__main__":
    main()
