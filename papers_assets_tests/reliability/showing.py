"""What the program `hosts` shows: runs as the web server tells of them, and what is found wrong."""

import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from papers_assets.keywords.model import KeywordsConfig
from papers_assets.storage.raw_papers import RawPapersStore
from papers_assets_tests.helpers.hostile_papers import hostile_corpus
from papers_assets_tests.helpers.ui_driver import ENDED, until
from papers_assets_tests.reliability.cluster import Cluster
from papers_assets_tests.reliability.workers import Worker
from papers_assets_tests.reliability.worlds import Version, look, missing, table

NAMES = ("reinforcement learning", "compiler", "performance", "graph")
# Nothing is launched by schedule, unless it is New Year's morning.
KEYWORDS = """cap = 10
categories = ["cs", "stat"]
schedule = "0 6 1 1 *"
""" + "".join(f'[keywords."{name}"]\n' for name in NAMES)
_RUNS = """{ runsOrError { ... on Runs { results {
    id status tags { key value } } } } }"""
_JOB = "refresh_keyword"


class Run(NamedTuple):
    """A run as the web server tells of it."""

    id: str
    status: str
    keyword: str
    task: str
    """The id of its Celery task; empty: it has none."""
    parent: str
    """The run that it repeats; empty: none."""


def run_of(answer: Mapping[str, object]) -> Run:
    """Read a run in an answer to `_RUNS`."""
    pairs = answer["tags"]
    assert isinstance(pairs, list)
    tags = {pair["key"]: str(pair["value"]) for pair in pairs}
    names = ("dagster/partition", "dagster-celery/task_id", "dagster/parent_run_id")
    return Run(str(answer["id"]), str(answer["status"]), *(tags.get(name, "") for name in names))


@dataclass
class Show:
    """What is shown, and what is found wrong."""

    cluster: Cluster
    file: KeywordsConfig
    away: float
    """Seconds without Redis."""
    rows: list[tuple[str, object]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def says(self, what: str, value: object) -> None:
        print(table([(what, value)]), file=sys.stderr)  # noqa: T201 - it takes minutes
        self.rows.append((what, value))

    def expects(self, what: str, *, so: bool) -> None:
        if not so:
            self.wrong.append(what)

    def launch(self, keywords: Sequence[str], assets: list[str] | None = None) -> list[str]:
        """Launch a run for each keyword, and give their ids."""
        tags = [{"dagster/partition": keyword} for keyword in keywords]
        return [self.cluster.ui.launch(_JOB, assets, **tag) for tag in tags]

    def runs(self) -> list[Run]:
        answer = self.cluster.ui.ask(_RUNS)
        return [run_of(result) for result in answer["runsOrError"]["results"]]

    def run(self, run_id: str) -> Run:
        return next(run for run in self.runs() if run.id == run_id)

    def retry_of(self, run_id: str) -> Run | None:
        return next((run for run in self.runs() if run.parent == run_id), None)

    def are(self, run_ids: Sequence[str], *statuses: str) -> bool:
        found = {run.id: run.status for run in self.runs()}
        return all(found[run_id] in statuses for run_id in run_ids)

    def ended(self, run_ids: Sequence[str]) -> list[str]:
        """Wait for the ends of runs, and give their statuses."""
        until(lambda: self.are(run_ids, *ENDED))
        return [self.run(run_id).status for run_id in run_ids]

    def host_of(self, run_id: str) -> Worker | None:
        task = self.run(run_id).task
        return next((w for w in self.cluster.workers if task and task in w.tasks()), None)

    def asking(self, since: int) -> str:
        """Wait for request number `since` at arXiv, and give the keyword that it is about."""
        until(lambda: len(self.cluster.arxiv.requests) > since)
        asked = self.cluster.arxiv.requests[since].parameters["search_query"]
        return next(name for name in NAMES if f'"{name}"' in asked)

    def held(self) -> dict[str, set[Version]]:
        store = RawPapersStore(self.cluster.home)
        stored = {name: store.read_raw_papers(name) for name in NAMES}
        return {name: value.versions() if value else set() for name, value in stored.items()}

    def nothing_is_lost(self, before: Mapping[str, set[Version]]) -> None:
        after = self.held()
        lost = sum(len(versions - after[name]) for name, versions in before.items())
        self.says("  held versions before, after; lost", f"{_size(before)}, {_size(after)}; {lost}")
        self.expects("held versions were lost", so=lost == 0)

    def documents_are_right(self) -> None:
        """Compare what is in S3 with what the archive's papers ask for."""
        found = look(self.cluster.home, self.file)
        self.wrong += missing(self.file, found, hostile_corpus()) + found.broken + found.faults
        self.expects("the README is of other papers", so=found.readme == found.rendered is not None)
        right = "right" if not self.wrong else "wrong"
        self.says("  lists of 4 keywords and README in S3", right)


def _size(stored: Mapping[str, set[Version]]) -> int:
    return sum(map(len, stored.values()))


def passed(began: float) -> str:
    return f"{time.monotonic() - began:.0f} s"


def counted(values: Sequence[str]) -> str:
    return ", ".join(f"{number} {value}" for value, number in sorted(Counter(values).items()))
