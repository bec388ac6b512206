"""What the harnesses share: an arXiv in a process of its own, and what is to be found on disk."""

import argparse
import math
import multiprocessing
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path

from papers_assets.arxiv.sample import (
    FAULTS,
    Corpus,
    Fault,
    FaultFactory,
    Paper,
    RequestRecord,
    SampleArxiv,
)
from papers_assets.keywords import query
from papers_assets.keywords.matching import Matcher
from papers_assets.keywords.model import Keyword, KeywordsConfig
from papers_assets.render.sections import build_content, build_sections
from papers_assets.storage.raw_papers import (
    RawPapersStore,
    StoreDamagedError,
    StoreError,
    build_slug,
)
from papers_assets_tests.helpers.hostile_papers import hostile_corpus

Version = tuple[str, int]
_ENTRY = re.compile(r"<id>https?://arxiv\.org/abs/(\S+)v(\d+)</id>")


@cache
def history() -> tuple[Paper, ...]:
    """Give every version of every invented paper, in the order in which they appeared."""
    versions = (p for known in hostile_corpus()._versions.values() for p in known.values())
    return tuple(sorted(versions, key=lambda paper: (paper.updated, paper.id)))


def corpus_at(moment: int) -> Corpus:
    """Give the sample corpus as it was when it had `moment` versions."""
    return Corpus(history()[:moment])


@cache
def _matching(keyword: Keyword) -> frozenset[Version]:
    matches = Matcher(keyword)
    return frozenset(
        (p.id, p.version) for p in history() if matches(p.title, p.abstract, p.categories)
    )


def newest_of(keyword: Keyword, corpus: Corpus) -> list[Version]:
    """Give what the keyword's list has to be, computed without asking anybody."""
    newest = sorted(corpus.newest, key=lambda p: (p.updated, p.id), reverse=True)
    versions = [(p.id, p.version) for p in newest]
    return [version for version in versions if version in _matching(keyword)][: keyword.cap]


@dataclass
class Figures:
    """What the server saw."""

    requests: int = 0
    peak_open: int = 0
    smallest_gap: float = 0.0
    throttled: int = 0
    served: dict[str, set[Version]] = field(default_factory=dict)
    """By search query, every version that was in an answer."""


class Arxiv:
    """The sample arXiv in another process, as a harness sees it."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.url: str = pipe.recv()

    def show(self, moment: int, *, each_request: int = 0, failing: str = "") -> None:
        """Serve the corpus of that moment, and so many versions more after each request.

        Queries with the words `failing` in them are answered 500. Figures begin anew.
        """
        self._pipe.send((moment, each_request, failing))
        self._pipe.recv()

    def figures(self) -> Figures:
        self._pipe.send(None)
        figures: Figures = self._pipe.recv()
        return figures


@contextmanager
def arxiv(min_interval: float = 0.0) -> Iterator[Arxiv]:
    """Start it; the moment is that of an empty archive."""
    # Started anew, not forked: it has threads, and nothing of the product in it.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, min_interval), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Arxiv(ours)
    finally:
        ours.close()
        process.join()


def _serve(pipe: Connection, min_interval: float) -> None:
    papers = history()
    moment, each_request, failing, first = 0, 0, "", 0
    served: dict[str, set[Version]] = {}

    def answer(request: RequestRecord) -> Fault | FaultFactory | None:
        nonlocal moment
        asked = request.parameters.get("search_query", "")
        if each_request:
            moment += each_request
            server.corpus = Corpus(papers[:moment])
        if failing and failing in asked:
            return FAULTS["error-500"]
        body = server._archive.answer(request.parameters, server._now()).body
        found = {(arxiv_id, int(version)) for arxiv_id, version in _ENTRY.findall(body)}
        served.setdefault(asked, set()).update(found)
        return None

    with SampleArxiv(Corpus([]), min_interval=min_interval) as server, suppress(EOFError):
        server.fault = answer
        pipe.send(server.url)
        while True:
            if (order := pipe.recv()) is None:
                records = server.requests[first:]
                gap = min((b.started - a.started for a, b in pairwise(records)), default=math.inf)
                throttled = sum(record.status == 429 for record in records)
                pipe.send(Figures(len(records), server.peak_open, gap, throttled, dict(served)))
            else:
                moment, each_request, failing = order
                server.corpus = Corpus(papers[:moment])
                first = len(server.requests)
                served.clear()
                pipe.send(None)


@dataclass
class Found:
    """What is on disk below a home."""

    broken: list[str] = field(default_factory=list)
    held: dict[str, set[Version]] = field(default_factory=dict)
    papers: list[tuple[str, str, int]] | None = None
    """Keyword, arXiv id and version of each row of the asset `papers`; None: there is none."""
    readme: bytes | None = None
    rendered: bytes | None = None
    """The README that `papers` asks for."""
    faults: list[str] = field(default_factory=list)
    """What the asset checks say against the README."""
    leftovers: list[str] = field(default_factory=list)
    """Files that a writer left behind half-written."""

    def listed(self, keyword: str) -> list[Version]:
        return [(row[1], row[2]) for row in self.papers or [] if row[0] == keyword]


def look(home: Path, keywords_config: KeywordsConfig) -> Found:
    """Read everything that is kept below `home`, as the product does."""
    from papers_assets.checks import check_readme  # noqa: PLC0415 - pandas: in a child only
    from papers_assets.render.readme_layout import paginate  # noqa: PLC0415
    from papers_assets.render.readme_pages import render_front  # noqa: PLC0415

    store, found = RawPapersStore(home), Found()
    found.leftovers = [str(p.relative_to(home)) for p in home.rglob("*.tmp") if p.is_file()]
    for keyword in keywords_config.keywords:
        try:
            stored = store.read_raw_papers(keyword.name)
        except StoreError as error:
            found.broken.append(str(error))
        else:
            found.held[keyword.name] = stored.versions() if stored else set()
        if store.read_failure_reason(keyword.name) == "the reason was lost":
            found.broken.append(f"{keyword.name}: problem")
    readme = store.documents.readme_path
    if store.papers_path.exists():
        try:
            frame = store.read_papers()
        except StoreDamagedError as error:
            found.broken.append(str(error))
        else:
            columns = (frame[name].tolist() for name in ("keyword", "arxiv_id", "version"))
            found.papers = list(zip(*columns, strict=True))
            parts = build_sections(frame, keywords_config)
            said = build_content(frame, keywords_config)
            found.rendered = "".join(render_front(said, paginate(said, build_slug))).encode()
            if readme.exists() and readme.read_bytes() == found.rendered:
                results = check_readme(found.rendered, frame, parts, keywords_config)
                found.faults = [f.description for f in results if not f.passed]
    if readme.exists():
        found.readme = readme.read_bytes()
    return found


def violations(before: Found, after: Found) -> list[str]:
    """Give what is broken or lost since `before`, whatever was killed meanwhile."""
    wrong = list(after.broken)
    for name, versions in before.held.items():
        if lost := versions - after.held.get(name, set()):
            wrong.append(f"{name} lost {sorted(lost)[:3]}")
    if after.readme not in (before.readme, after.rendered):
        wrong.append("the README is neither the old one nor the new one")
    return wrong


def missing(keywords_config: KeywordsConfig, found: Found, corpus: Corpus) -> list[str]:
    """Say which keywords' lists, or what is held of them, lack papers that `corpus` has."""
    wrong = []
    for keyword in keywords_config.keywords:
        newest = newest_of(keyword, corpus)
        lost = set(newest) - found.held.get(keyword.name, set())
        if lost or found.listed(keyword.name) != newest:
            wrong.append(f"{keyword.name}: {len(lost)} not held, or another list")
    return wrong


def unserved(keywords_config: KeywordsConfig, found: Found, figures: Figures) -> list[str]:
    """Name the papers that were in an answer and are not held."""
    return [
        f"{keyword.name}: {arxiv_id}v{version}"
        for keyword in keywords_config.keywords
        for arxiv_id, version in sorted(
            figures.served.get(query.build_search_query(keyword), set())
            - found.held.get(keyword.name, set())
        )
    ]


def table(rows: Sequence[tuple[str, object]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def points_and_seed(description: str | None, points: int) -> tuple[int, int]:
    """Read the arguments of a program that does something at random points."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--points", type=int, default=points)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    return options.points, options.seed
