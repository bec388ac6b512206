"""Day after day of real papers through the whole graph, against a plain computation of each day.

Run it with `python -m papers_assets_tests.reliability.replay --days 60`. The sample arXiv shows of
the reference papers what there was by each day, and on every tenth day it plays faults. Exit status
1: a paper was lost, a README was wrong or something was not reported, and is shown.
"""

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg

from papers_assets.arxiv.sample import Corpus, FaultScript, FaultStep, Paper, SampleArxiv
from papers_assets.defs.headless import RunReport, open_instance
from papers_assets.render.digest import GITHUB_LIMIT
from papers_assets.storage.raw_papers import build_slug
from papers_assets.transform.changes import ChangeKind, is_withdrawn
from papers_assets.transform.digest import Digest, build_digest
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.project import Project
from papers_assets_tests.transform.test_real_papers import KEYWORDS, stems

CAP = 100
_HOUR = timedelta(hours=6)
_MOST_SHOWN = 20
_ROW = re.compile(r"\]\(https://arxiv\.org/abs/([^)\s]+)v([0-9]+)\)\*\* \|")
_DELIMITER = "| --- | --- | --- | --- |\n"
_FURTHER = re.compile(
    r"(?m)^(?:The newest [\d,]+ of|No room here: \[)[^\n]*\]\(keywords/[^)]*\)\.?\n\n?"
)
_DIGEST_ROW = re.compile(
    r"^\| \*\*\[.*?\]\(https://arxiv\.org/abs/([^)\s]+)v([0-9]+)\)\*\*", re.MULTILINE
)
_MATERIALIZED = dg.DagsterEventType.ASSET_MATERIALIZATION
_EVALUATED = dg.DagsterEventType.ASSET_CHECK_EVALUATION

FAULTY_DAYS: Sequence[Mapping[str, str]] = (
    {KEYWORDS[0]: "busy", KEYWORDS[2]: "short-page", KEYWORDS[4]: "throttled"},
    {KEYWORDS[1]: "no-results", KEYWORDS[3]: "by-relevance"},
    {KEYWORDS[0]: "unrelated", KEYWORDS[2]: "cut-xml", KEYWORDS[4]: "short-page"},
    {KEYWORDS[1]: "shrunk", KEYWORDS[3]: "ascending"},
    {KEYWORDS[0]: "by-relevance", KEYWORDS[2]: "loose-phrases", KEYWORDS[4]: "web-page"},
    {KEYWORDS[1]: "short-page", KEYWORDS[3]: "reset"},
)
"""What is played to which keyword on the faulty days, which go round."""
PASSING = {"throttled"}
"""Faults that are played once, and over when the product asks again."""

Version = tuple[str, int]
ENTERING = (
    ChangeKind.NEW,
    ChangeKind.REVISED,
    ChangeKind.WITHDRAWN,
    ChangeKind.MATCHED,
    ChangeKind.BASELINE,
)
"""As what a paper that enters a list can be told of."""
_ALLOWANCE = timedelta(days=14)


@dataclass
class Replay:
    """What was done, and what was wrong with it."""

    days: int = 0
    runs: int = 0
    held: int = 0
    requests: int = 0
    peak_open: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """READMEs that are not what they should be."""
    stayed: int = 0
    """Rows of papers whose newer version does not match any more, over all days."""
    unreported: list[str] = field(default_factory=list)
    """Versions that came to be held and were not counted as new or revised once."""
    recorded: list[str] = field(default_factory=list)
    """What Dagster was told and is not so: partitions and asset checks."""
    kinds: Counter[ChangeKind] = field(default_factory=Counter)
    """As what rows of the lists were told of when they entered."""
    told: list[str] = field(default_factory=list)
    """Rows of the lists that were not told of exactly once, and as what they are."""

    @property
    def violations(self) -> list[str]:
        """Everything that was wrong."""
        return [*self.lost, *self.wrong, *self.unreported, *self.recorded, *self.told]

    def table(self) -> str:
        """Give the numbers, a line each."""
        rows = {
            "days": self.days,
            "runs": self.runs,
            "papers held": self.held,
            "papers lost": len(self.lost),
            "wrong READMEs": len(self.wrong),
            "rows that stayed": self.stayed,
            "unreported": len(self.unreported),
            "wrong records": len(self.recorded),
            **{f"told as {kind}": self.kinds[kind] for kind in ENTERING},
            "wrongly told of": len(self.told),
            "requests": self.requests,
            "gate peak_open": self.peak_open,
        }
        return "\n".join(f"{name:<16}{number:>8}" for name, number in rows.items())


class Past:
    """The reference papers, and which keywords each of their versions matches."""

    def __init__(self) -> None:
        corpus = Corpus.load(reference_data.path("arxiv/papers.jsonl.gz"))
        papers = [p for versions in corpus._versions.values() for p in versions.values()]
        self._papers = sorted(papers, key=lambda paper: paper.updated)
        self._stems: dict[str, str] = {}
        self._phrases = {name: self._spaced(name) for name in KEYWORDS}
        self.matching = {(p.id, p.version): self._names(p) for p in self._papers}

    def densest(self, days: int) -> datetime:
        """Give the first of so many days in a row that bring most, with full lists before them."""
        each = {name: Counter[str]() for name in KEYWORDS}
        for paper in self._papers:
            for name in self.matching[paper.id, paper.version]:
                each[name][paper.updated[:10]] += 1
        first = datetime.fromisoformat(self._papers[0].updated)
        last = datetime.fromisoformat(self._papers[-1].updated)
        every = [
            (first + timedelta(days=n)).date().isoformat() for n in range((last - first).days + 1)
        ]
        before, best, start = Counter[str](), 0, 0
        for n in range(len(every) - days):
            brought = sum(each[name][day] for name in KEYWORDS for day in every[n : n + days])
            if brought > best and all(before[name] >= 2 * CAP for name in KEYWORDS):
                best, start = brought, n
            before.update({name: each[name][every[n]] for name in KEYWORDS})
        return datetime.fromisoformat(every[start]).replace(tzinfo=UTC)

    def until(self, now: datetime) -> list[Paper]:
        """Give the versions that there are by then."""
        text = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        return [paper for paper in self._papers if paper.updated <= text]

    def newest(self, papers: Sequence[Paper]) -> dict[str, list[Paper]]:
        """Give each keyword's results, newest first; only a paper's newest version is found."""
        versions: dict[str, Paper] = {}
        for paper in papers:
            if paper.id not in versions or paper.version > versions[paper.id].version:
                versions[paper.id] = paper
        found: dict[str, list[Paper]] = {name: [] for name in KEYWORDS}
        for paper in versions.values():
            for name in self.matching[paper.id, paper.version]:
                found[name].append(paper)
        for results in found.values():
            # The sample arXiv has this order among papers of the same time, so that the newest
            # hundred are the same hundred.
            results.sort(key=lambda paper: (paper.updated, paper.id), reverse=True)
        return found

    def _spaced(self, text: str) -> str:
        return " ".join(["", *stems(text, self._stems), ""])

    def _names(self, paper: Paper) -> list[str]:
        if not any(category.split(".")[0] in ("cs", "stat") for category in paper.categories):
            return []
        title, abstract = self._spaced(paper.title), self._spaced(paper.abstract)
        return [n for n, phrase in self._phrases.items() if phrase in title or phrase in abstract]


class _Days:
    """The days gone by of one project, each looked at when its run is over."""

    def __init__(self, project: Project, past: Past) -> None:
        self.project, self.past, self.replay = project, past, Replay()
        self._shown: dict[str, set[str]] = {name: set() for name in KEYWORDS}
        """Ids of papers that were among the newest on any day so far."""
        self._reported = Counter[str]()
        self._entered: dict[tuple[str, str], tuple[date, ChangeKind]] = {}
        """By keyword and id, when a paper was first in a list of the product, and as what."""
        self._good_on: dict[str, datetime] = {}
        self._held_then: dict[str, set[Version]] = {}
        """What was held of a keyword after its last good answer."""

    def live(self, today: datetime, faults: Mapping[str, str]) -> None:
        """Run one day and look at everything that came of it."""
        project, replay = self.project, self.replay
        project.today = today
        papers = self.past.until(today)
        project.server.corpus = Corpus(papers)
        project.server.fault = FaultScript(
            FaultStep(fault, words=name, times=1 if fault in PASSING else None)
            for name, fault in faults.items()
        )
        report = project.run()
        replay.days += 1
        replay.runs += len(report.run_ids)
        expected = self.past.newest(papers)
        for name, results in expected.items():
            self._shown[name] |= {paper.id for paper in results[:CAP]}
        self._look_at_lists()
        failing = {name for name, fault in faults.items() if fault not in PASSING}
        self._look_at_records(report, failing)
        sections = dict(_sections(project))
        if list(sections) != KEYWORDS:
            replay.wrong.append(f"{self._day}: sections {list(sections)}")
            return
        for name, section in sections.items():
            if name in failing:
                flaws = self._flaws_of_failed(name, section, expected[name])
            else:
                self._good_on[name], self._held_then[name] = today, self._held(name)
                stayed = self._stayed(name, section)
                replay.stayed += len(stayed)
                flaws = _flaws_of_good(section, expected[name], stayed)
                self._look_at_held(name, expected[name])
            replay.wrong += [f"{self._day} {name}: {flaw}" for flaw in flaws]

    def end(self) -> Replay:
        """Look at what is there in the end."""
        replay, server = self.replay, self.project.server
        for name in KEYWORDS:
            self._look_at_held(name, [])
            replay.held += len(self._held(name))
        self._look_at_digests()
        replay.requests, replay.peak_open = len(server.requests), server.peak_open
        return replay

    def _look_at_digests(self) -> None:
        """Every row that was ever in a list is told of once as entering it, and no other row is.

        To readers of all lists, no paper is new twice.
        """
        new, edition_store = Counter[str](), self.project.outputs
        announced_kinds: dict[tuple[str, str], list[tuple[date, ChangeKind]]] = {}
        for day in edition_store.list_days():
            edition = edition_store.read_edition(day)
            assert edition is not None
            for changed in edition.papers:
                for change in changed.changes:
                    row = (change.keyword, changed.paper.arxiv_id)
                    announced_kinds.setdefault(row, []).append((day, change.kind))
            digest = build_digest(edition, KEYWORDS)
            of_day = [e.paper for g in digest.groups if g.kind is ChangeKind.NEW for e in g.entries]
            new.update(paper.arxiv_id for paper in of_day)
            self._look_at_digest(
                day.isoformat(), edition_store.digest_path(day).read_text(), digest
            )
        wrong = self.replay.told
        for row in sorted(self._entered.keys() | announced_kinds):
            expected, rows = self._entered.get(row), announced_kinds.get(row, [])
            if rows[:1] != [expected]:
                wrong.append(f"{row} was told of as {rows[:1]}, not {expected}")
            # A row that is there already can be revised or withdrawn, and nothing else of these.
            if again := {kind for _, kind in rows[1:]} & {
                ChangeKind.NEW,
                ChangeKind.MATCHED,
                ChangeKind.BASELINE,
            }:
                wrong.append(f"{row} was told of again, as {sorted(again)}")
        self.replay.kinds = Counter(kind for _, kind in self._entered.values())
        wrong += [f"{i} was new {n} times" for i, n in new.items() if n > 1]

    def _look_at_lists(self) -> None:
        """Note what is in a list for the first time, and as what it should be told of."""
        papers = {(p.id, p.version): p for p in self.past.until(self.project.today)}
        rows = self.project.store.read_papers(["keyword", "arxiv_id", "version"])
        newest = rows.groupby("arxiv_id")["version"].max()
        for name, arxiv_id, version in rows.itertuples(index=False):
            if (name, arxiv_id) not in self._entered:
                is_held = (arxiv_id, version) in self._held_then.get(name, set())
                kind = self._kind(name, papers[arxiv_id, newest[arxiv_id]], is_held=is_held)
                self._entered[name, arxiv_id] = (self.project.today.date(), kind)

    def _kind(self, name: str, paper: Paper, *, is_held: bool) -> ChangeKind:
        if name not in self._good_on:
            return ChangeKind.BASELINE
        since = (self._good_on[name] - _ALLOWANCE).strftime("%Y-%m-%dT%H:%M:%SZ")
        is_late = paper.version > 1 and paper.updated >= since
        if is_held or not (paper.published >= since or is_late):
            return ChangeKind.MATCHED
        if is_withdrawn(paper.version, paper.comment):
            return ChangeKind.WITHDRAWN
        return ChangeKind.NEW if paper.published >= since else ChangeKind.REVISED

    def _look_at_digest(self, day: str, text: str, digest: Digest) -> None:
        """People read the newest of every keyword, in order, and how many are left out."""
        groups = [[e.paper.arxiv_id for e in group.entries] for group in digest.groups]
        every = [arxiv_id for group in groups for arxiv_id in group]
        shown = [arxiv_id for arxiv_id, _ in _DIGEST_ROW.findall(text)]
        left_out = re.search(r"\n_And ([\d,]+) more papers", text)
        total = len(shown) + (int(left_out[1].replace(",", "")) if left_out else 0)
        counts = [len(set(group).intersection(shown)) for group in groups]
        expected = [i for group, n in zip(groups, counts, strict=True) for i in group[:n]]
        if shown != expected or total != len(every) or len(text) > GITHUB_LIMIT:
            self.replay.told.append(f"{day}: the digest shows {len(shown)} of {len(every)} papers")

    @property
    def _day(self) -> str:
        return self.project.today.date().isoformat()

    def _held(self, name: str) -> set[Version]:
        stored = self.project.store.read_raw_papers(name)
        return stored.versions() if stored else set()

    def _look_at_held(self, name: str, results: Sequence[Paper]) -> None:
        """After a good answer, all that was ever among the newest is held, and reported."""
        stored = self._held(name)
        gone = self._shown[name] - {arxiv_id for arxiv_id, _ in stored}
        gone |= {f"{p.id}v{p.version}" for p in results[:CAP] if (p.id, p.version) not in stored}
        self.replay.lost += [f"{self._day} {name}: {paper} is not held" for paper in sorted(gone)]
        if self._reported[name] != len(stored):
            self.replay.unreported.append(
                f"{self._day} {name}: {self._reported[name]} new and revised were reported so far, "
                f"and {len(stored)} versions are held"
            )
            self._reported[name] = len(stored)  # so that it is said once

    def _look_at_records(self, report: RunReport, failing: set[str]) -> None:
        wrong = self.replay.recorded
        if report.failed.keys() != failing or report.problem:
            wrong.append(f"{self._day}: failed {report.failed} {report.problem}, not {failing}")
        materialized = Counter[str]()
        for run_id in report.run_ids:
            for record in self.project.instance.all_logs(
                run_id, of_type={_MATERIALIZED, _EVALUATED}
            ):
                event = record.get_dagster_event()
                if event.event_type is _EVALUATED:
                    check = event.asset_check_evaluation_data
                    is_error = check.severity is dg.AssetCheckSeverity.ERROR
                    if not check.passed and is_error:
                        wrong.append(f"{self._day} {check.check_name}: {check.description}")
                elif event.partition is not None:
                    numbers = event.step_materialization_data.materialization.metadata
                    came = sum(int(str(numbers[key].value)) for key in ("new", "revised"))
                    self._reported[event.partition] += came
                    materialized[event.partition] += 1
        if materialized != Counter(set(KEYWORDS) - failing):
            wrong.append(f"{self._day}: materialized {dict(materialized)}; failed {failing}")

    def _stayed(self, name: str, section: str) -> set[Version]:
        """Give the rows whose paper has a newer version by now that does not match any more.

        arXiv does not answer that one, so the list shows the last that it did: README says so.
        """
        newest: dict[str, int] = {}
        for paper in self.past.until(self.project.today):
            newest[paper.id] = max(paper.version, newest.get(paper.id, 0))
        return {
            row
            for row in _rows(section)
            if row[1] < newest[row[0]] and name not in self.past.matching[row[0], newest[row[0]]]
        }

    def _flaws_of_failed(self, name: str, section: str, results: list[Paper]) -> Iterator[str]:
        since = self._good_on[name].date()
        if not re.search(rf"\n_Not refreshed since {since}: \S.*_\n", section):
            yield f"does not say since when ({since}) and why: {section[:200]!r}"
        rows = _rows(section)
        there = ((paper.id, paper.version) for paper in self.past.until(self.project.today))
        matching = {version for version in there if name in self.past.matching[version]}
        if len(rows) != min(CAP, len(results)) or not matching.issuperset(rows):
            yield f"{len(rows)} rows, and these are none of the keyword's: {set(rows) - matching}"


def _sections(project: Project) -> Iterator[tuple[str, str]]:
    """Give each section by its keyword, with the rows on further pages and without their links."""
    pages = list(project.store.documents.read_pages())
    for section in project.readme.split("\n## ")[1:]:
        name = section.partition("\n")[0]
        mine = (page.decode() for file, page in pages if file.startswith(build_slug(name)))
        further = "".join(page.partition(_DELIMITER)[2].partition("\n\n")[0] for page in mine)
        yield name, _FURTHER.sub("", section).rstrip() + "\n" + further


def _rows(section: str) -> list[Version]:
    return [(arxiv_id, int(version)) for arxiv_id, version in _ROW.findall(section)]


def _flaws_of_good(section: str, results: list[Paper], stayed: set[Version]) -> Iterator[str]:
    if "\n_" in section.partition("\n|")[0]:
        yield f"has a note: {section[:200]!r}"
    rows, start = _rows(section), 0
    if len(rows) < min(CAP, len(results)):
        yield f"{len(rows)} rows instead of {min(CAP, len(results))}"
    rows = [row for row in rows if row not in stayed]
    # Papers of the same time come in any order, and the cap may cut through them.
    for moment, group in groupby(results, key=lambda paper: paper.updated):
        versions = {(paper.id, paper.version) for paper in group}
        end = min(start + len(versions), CAP, len(rows))
        shown = set(rows[start:end])
        if len(shown) != end - start or not shown <= versions:
            yield f"of {moment}: {shown - versions} in place of {versions - shown}"
            return
        start = end
        if end == CAP:
            return


def replayed(home: Path, days: int, *, faulty_every: int = 10, past: Past | None = None) -> Replay:
    """Live so many days in the folder `home`."""
    past = past or Past()
    first = past.densest(days) + _HOUR
    with open_instance(home, {}) as instance, SampleArxiv(Corpus([])) as server:
        project = Project(home, server, instance=instance)
        project.keywords = [keyword(name, categories=("cs", "stat"), cap=CAP) for name in KEYWORDS]
        lived = _Days(project, past)
        faulty = 0
        for day in range(days):
            # The day after a fault is a good one, and so is the last: it has to make all well.
            is_faulty = day % faulty_every == faulty_every - 1 and day < days - 1
            faults = FAULTY_DAYS[faulty % len(FAULTY_DAYS)] if is_faulty else {}
            faulty += is_faulty
            lived.live(first + timedelta(days=day), faults)
        return lived.end()


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay; print what was done and found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=60)
    options = parser.parse_args(arguments)
    begin = time.monotonic()
    with TemporaryDirectory() as home:
        found = replayed(Path(home), options.days)
    for violation in found.violations[:_MOST_SHOWN]:
        print(f"FOUND {violation}")  # noqa: T201 - a program of its own
    print(found.table())  # noqa: T201
    print(f"{(time.monotonic() - begin) / options.days:.1f} s a day")  # noqa: T201
    return 1 if found.violations else 0


if __name__ == "__main__":
    sys.exit(main())
