"""The digest of an edition: each paper once, under its most important change. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from papers_assets.transform.changes import ChangeKind, most_important_kind
from papers_assets.transform.editions import Change, ChangedPaper, Edition
from papers_assets.transform.listed_papers import ListedPaper


@dataclass(frozen=True)
class DigestEntry:
    """A paper in a digest."""

    paper: ListedPaper
    other_keywords: tuple[str, ...]
    """The other keywords whose lists contain it."""
    change: str = ""
    """A description of the change, such as "v1 to v3, title" or "version 5 of a paper first
    submitted 2005-03-21"; empty for new papers."""


@dataclass(frozen=True)
class DigestGroup:
    """Papers with the same kind of change, under the first of their keywords."""

    kind: ChangeKind
    keyword: str
    entries: tuple[DigestEntry, ...]


@dataclass(frozen=True)
class Digest:
    """A summary of the changes of an edition, or of one of its parts."""

    day: date
    groups: tuple[DigestGroup, ...]
    """Sorted by kind, in the order of `SHOWN_KINDS`, then by keyword, in that of keywords.toml."""
    removed: Mapping[str, int] = field(default_factory=dict)
    """The number of papers that left each keyword's list."""
    restored: Mapping[str, int] = field(default_factory=dict)
    """The number of papers that returned unchanged, by keyword."""
    newly_followed: Mapping[str, int] = field(default_factory=dict)
    """The number of papers in the first list of each newly followed keyword."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """A note about a keyword's list, such as why it is stale, by keyword."""
    name: str = "Daily Papers"
    """The name in the title."""

    @property
    def title(self) -> str:
        """The name and day."""
        return f"{self.name}, {self.day}"

    def count(self, kind: ChangeKind) -> int:
        """Return the number of papers of a kind."""
        return sum(len(group.entries) for group in self.groups if group.kind is kind)

    @property
    def summary(self) -> str:
        """The counts in words."""
        found = [(self.count(kind), words) for kind, words in _COUNTED_KINDS]
        found.append((len(self.newly_followed), ("keyword", "keywords")))
        told = [f"{n:,} {words[n != 1]}" for n, words in found if n]
        if self.newly_followed:
            told[-1] = f"now following {told[-1]}"
        return ", ".join(told) or (
            "nothing new" if self.removed or self.restored else "nothing changed"
        )


SHOWN_KINDS = (ChangeKind.NEW, ChangeKind.REVISED, ChangeKind.WITHDRAWN, ChangeKind.MATCHED)
"""The kinds whose papers a digest shows, in the order of the groups. Papers of other kinds
(removed, returned unchanged, or in a first list) are only counted."""
_COUNTED_KINDS = (
    (ChangeKind.NEW, ("new paper", "new papers")),
    (ChangeKind.REVISED, ("revised", "revised")),
    (ChangeKind.WITHDRAWN, ("withdrawn", "withdrawn")),
    (ChangeKind.MATCHED, ("newly matching", "newly matching")),
)


def build_digest(
    edition: Edition,
    names: Sequence[str],
    *,
    part: int | None = None,
    only: Collection[str] | None = None,
    title: str = "Daily Papers",
) -> Digest:
    """Return the digest of an edition.

    Args:
        edition: The edition to summarize.
        names: All keywords, in the order of the groups.
        part: The only part to include; None for the whole day.
        only: The keywords to include, for readers of these keywords alone; None for all. For such
            readers, a paper can be new that was announced in other lists.
        title: The name of the digest.
    """
    followed = [name for name in names if only is None or name in only]
    # Keywords that have been renamed or removed since come last.
    spoken = {change.keyword for changed in edition.papers for change in changed.changes}
    if only is None:
        followed += sorted(spoken - set(followed))
    places: dict[tuple[ChangeKind, str], list[DigestEntry]] = {}
    newest_first = sorted(
        edition.papers, key=lambda c: (c.paper.updated, c.paper.arxiv_id), reverse=True
    )
    for changed in newest_first:
        changes = [
            c.for_readers_of(only)
            for c in changed.changes
            if c.keyword in followed and part in (None, c.part)
        ]
        kind = most_important_kind({c.kind for c in changes})
        if kind in SHOWN_KINDS:
            keyword, entry = _build_entry(changed, kind, changes, followed)
            places.setdefault((kind, keyword), []).append(entry)
    groups = [
        DigestGroup(kind, name, tuple(places[kind, name]))
        for kind in SHOWN_KINDS
        for name in followed
        if (kind, name) in places
    ]
    left = [item.keyword for item in edition.removed if part in (None, item.part)]
    returned = [
        change.keyword
        for changed in edition.papers
        for change in changed.changes
        if change.kind is ChangeKind.RESTORED and part in (None, change.part)
    ]
    return Digest(
        edition.day,
        tuple(groups),
        removed=_count_by_name(left, followed),
        restored=_count_by_name(returned, followed),
        newly_followed={
            first.keyword: first.papers
            for first in edition.baselines
            if first.keyword in followed and part in (None, first.part)
        },
        notes={name: edition.notes[name] for name in followed if name in edition.notes},
        name=title,
    )


def _build_entry(
    changed_paper: ChangedPaper,
    kind: ChangeKind,
    changes: Sequence[Change],
    followed_keywords: Sequence[str],
) -> tuple[str, DigestEntry]:
    """Return the keyword under which a digest shows a paper, and the entry."""
    here = sorted({c.keyword for c in changes if c.kind is kind}, key=followed_keywords.index)
    others = [name for name in changed_paper.paper.keywords if name != here[0]]
    of_kind = [c for c in changes if c.kind is kind]
    was = "" if kind is ChangeKind.NEW else _describe_change(changed_paper.paper, of_kind)
    return here[0], DigestEntry(changed_paper.paper, tuple(others), was)


def _describe_change(paper: ListedPaper, changes: Sequence[Change]) -> str:
    """Return how a paper differs from the announced one, or, if none was, its version."""
    before = min((c.version_before for c in changes if c.version_before), default=None)
    if before is None and paper.version == 1:
        return ""
    if before is None:
        return f"version {paper.version} of a paper first submitted {paper.published:%Y-%m-%d}"
    what = {field for c in changes for field in c.changed}
    words = [f"v{before} to v{paper.version}"] if before != paper.version else []
    return ", ".join([*words, *(name for name in ("title", "comment") if name in what)])


def _count_by_name(names: Sequence[str], order: Sequence[str]) -> dict[str, int]:
    return {name: names.count(name) for name in order if name in names}
