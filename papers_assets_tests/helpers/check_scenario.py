"""What is held, made of it and published, in small; and what is changed of that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from papers_assets.arxiv.models import Paper
from papers_assets.checks import (
    CHECKS_OF_PAPERS,
    CHECKS_OF_README,
    PREVIOUS_COLUMNS,
    CheckResult,
    check_papers,
    check_readme,
)
from papers_assets.keywords.model import Keyword, KeywordsConfig, MatchField
from papers_assets.render.readme import render_readme
from papers_assets.render.sections import build_sections, find_last_update
from papers_assets.transform.selection import (
    KEY_COLUMNS,
    REFRESHED_AT_ATTR,
    SelectionSource,
    concat,
    select_papers,
)
from papers_assets_tests.helpers.factories import LATER, held_frame, keyword, paper

NOW = LATER + timedelta(hours=1)
COMPILER, LLVM, QUIET = (
    keyword(cap=3),
    keyword("LLVM", any=("invented",), within=MatchField.TITLE, cap=9),
    keyword("quiet"),
)


@dataclass(frozen=True)
class World:
    """What is held, the keywords, and what was made and published of it."""

    papers: pd.DataFrame
    former: pd.DataFrame | None
    keywords: tuple[Keyword, ...]
    held: Mapping[str, pd.DataFrame]
    now: datetime = NOW
    as_published: frozenset[str] = frozenset()
    zone: str = "UTC"
    site: str = ""
    gaps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    days_missing: tuple[date, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> KeywordsConfig:
        zone = ZoneInfo(self.zone)
        return KeywordsConfig(Path("k.toml"), self.keywords, zone, "0 6 * * *", site=self.site)

    def findings(self) -> dict[str, CheckResult]:
        result = check_papers(
            self.papers,
            self.former,
            self.file,
            self.held,
            self.now,
            self.as_published,
            self.gaps,
            self.days_missing,
        )
        assert [finding.name for finding in result] == list(CHECKS_OF_PAPERS)
        return {finding.name: finding for finding in result}

    def document(self) -> bytes:
        parts = build_sections(self.papers, self.file)
        updated = find_last_update(self.papers, self.file)
        return "".join(render_readme(parts, last_update=updated, cap=9)).encode()

    def readme_findings(self, document: bytes) -> dict[str, CheckResult]:
        parts = build_sections(self.papers, self.file)
        result = check_readme(document, self.papers, parts, self.file)
        assert [finding.name for finding in result] == list(CHECKS_OF_README)
        return {finding.name: finding for finding in result}


def world(
    stored: Mapping[Keyword, list[Paper]],
    previous: Mapping[Keyword, list[Paper]] | None = None,
    refreshed_at: Mapping[str, datetime] | None = None,
) -> World:
    if refreshed_at is None:
        refreshed_at = {keyword.name: LATER for keyword in stored}
    sources = {name: SelectionSource(time) for name, time in refreshed_at.items()}
    frames = {keyword.name: held_frame(papers) for keyword, papers in stored.items()}
    published = None
    if previous is not None:
        published = concat([select_papers(held_frame(p), k) for k, p in previous.items()], {})
        published = published[PREVIOUS_COLUMNS]
    return World(
        papers=concat([select_papers(frames[k.name], k) for k in stored], sources),
        former=published,
        keywords=tuple(stored),
        held={name: frame[KEY_COLUMNS] for name, frame in frames.items()},
    )


def sound() -> World:
    """Two keywords with papers, one without; a paper newly pushed out, one newly revised."""
    papers = [paper(n) for n in range(1, 6)]
    before = {COMPILER: papers[:4], LLVM: papers[:4]}
    return world({COMPILER: papers, LLVM: [*papers, paper(2, 2)], QUIET: []}, before)


def failed(results: dict[str, CheckResult]) -> list[str]:
    return [name for name, finding in results.items() if not finding.passed]


def with_papers(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[World], World]:
    def changed(world: World) -> World:
        frame = change(world.papers.copy())
        frame.attrs = dict(world.papers.attrs)
        return replace(world, papers=frame)

    return changed


def with_attribute(name: str, values: dict[str, Any]) -> Callable[[World], World]:
    def changed(world: World) -> World:
        frame = world.papers.copy()
        frame.attrs[name] = {**frame.attrs.get(name, {}), **values}
        return replace(world, papers=frame)

    return changed


def put(row: int, **values: Any) -> Callable[[World], World]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        for name, value in values.items():
            frame.loc[row, name] = value
        return frame

    return with_papers(change)


def never_fetched(world: World) -> World:
    frame = world.papers.copy()
    frame.attrs = {REFRESHED_AT_ATTR: {"compiler": LATER.isoformat(), "LLVM": LATER.isoformat()}}
    return replace(world, papers=frame)


def iso(*, days: float = 0, hours: float = 0) -> str:
    return (LATER - timedelta(days=days, hours=hours)).isoformat()


def assert_noticed(world: World, check: str, severity: str | None, words: str) -> None:
    """Make sure that `check` says `words`: as a failure, or without one if there is no severity."""
    finding = world.findings()[check]
    assert words in finding.description
    assert finding.passed == (severity is None)
    if severity:
        assert finding.severity == severity
