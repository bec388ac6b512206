"""What people are told of an edition: each paper once, where it matters most. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from papers_assets.transform.changes import Kind, first_of
from papers_assets.transform.editions import Change, Changed, Edition
from papers_assets.transform.listed_papers import Listed


@dataclass(frozen=True)
class Entry:
    """A paper in a digest."""

    paper: Listed
    also: tuple[str, ...]
    """The other keywords whose lists have it."""
    was: str = ""
    """What is different, in words: "v1 to v3, title", or "version 5 of a paper first submitted
    2005-03-21"; empty for what is new."""


@dataclass(frozen=True)
class Group:
    """Papers to which the same happened, under the first of their keywords."""

    kind: Kind
    keyword: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Digest:
    """What is told of a day, or of a part of it."""

    day: date
    groups: tuple[Group, ...]
    """By kind in the order of `SHOWN`, then by keyword in that of keywords.toml."""
    left: Mapping[str, int] = field(default_factory=dict)
    """How many papers left a keyword's list."""
    returned: Mapping[str, int] = field(default_factory=dict)
    """How many are back as they were."""
    following: Mapping[str, int] = field(default_factory=dict)
    """By keyword that is followed from now on, how many papers its first list has."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """By keyword, what is to be said of its list, such as why it is not fresh."""
    name: str = "Daily Papers"
    """What it is called."""

    @property
    def title(self) -> str:
        """Its name and day."""
        return f"{self.name}, {self.day}"

    def count(self, kind: Kind) -> int:
        """Give how many papers there are of a kind."""
        return sum(len(group.entries) for group in self.groups if group.kind is kind)

    @property
    def summary(self) -> str:
        """Give the counts, in words."""
        found = [(self.count(kind), words) for kind, words in _COUNTED]
        found.append((len(self.following), ("keyword", "keywords")))
        told = [f"{n:,} {words[n != 1]}" for n, words in found if n]
        if self.following:
            told[-1] = f"now following {told[-1]}"
        return ", ".join(told) or (
            "nothing new" if self.left or self.returned else "nothing changed"
        )


SHOWN = (Kind.NEW, Kind.REVISED, Kind.WITHDRAWN, Kind.MATCHED)
"""What a digest has papers of, in the order of the groups. What left a list, returned to it as it
was, or is in a first list, is counted."""
_COUNTED = (
    (Kind.NEW, ("new paper", "new papers")),
    (Kind.REVISED, ("revised", "revised")),
    (Kind.WITHDRAWN, ("withdrawn", "withdrawn")),
    (Kind.MATCHED, ("newly matching", "newly matching")),
)


def digest_of(
    edition: Edition,
    names: Sequence[str],
    *,
    part: int | None = None,
    only: Collection[str] | None = None,
    title: str = "Daily Papers",
) -> Digest:
    """Make the digest of an edition.

    Args:
        edition: what changed.
        names: of all keywords, in the order of the groups.
        part: tell of that part alone; None: of the whole day.
        only: tell of these keywords alone, to people who read no others: to them, a paper that
            was announced in other lists only can be new.
        title: what it is called.
    """
    followed = [name for name in names if only is None or name in only]
    # One that has been renamed or removed since comes last.
    spoken = {change.keyword for changed in edition.papers for change in changed.changes}
    if only is None:
        followed += sorted(spoken - set(followed))
    places: dict[tuple[Kind, str], list[Entry]] = {}
    newest_first = sorted(
        edition.papers, key=lambda c: (c.paper.updated, c.paper.arxiv_id), reverse=True
    )
    for changed in newest_first:
        changes = [
            c.read_by(only)
            for c in changed.changes
            if c.keyword in followed and part in (None, c.part)
        ]
        kind = first_of({c.kind for c in changes})
        if kind in SHOWN:
            keyword, entry = _entry(changed, kind, changes, followed)
            places.setdefault((kind, keyword), []).append(entry)
    groups = [
        Group(kind, name, tuple(places[kind, name]))
        for kind in SHOWN
        for name in followed
        if (kind, name) in places
    ]
    left = [item.keyword for item in edition.left if part in (None, item.part)]
    returned = [
        change.keyword
        for changed in edition.papers
        for change in changed.changes
        if change.kind is Kind.RETURNED and part in (None, change.part)
    ]
    return Digest(
        edition.day,
        tuple(groups),
        left=_counts(left, followed),
        returned=_counts(returned, followed),
        following={
            first.keyword: first.papers
            for first in edition.baselines
            if first.keyword in followed and part in (None, first.part)
        },
        notes={name: edition.notes[name] for name in followed if name in edition.notes},
        name=title,
    )


def _entry(
    changed: Changed, kind: Kind, changes: Sequence[Change], followed: Sequence[str]
) -> tuple[str, Entry]:
    """Give the keyword under which a paper is told of, and how."""
    here = sorted({c.keyword for c in changes if c.kind is kind}, key=followed.index)
    others = [name for name in changed.paper.keywords if name != here[0]]
    of_kind = [c for c in changes if c.kind is kind]
    was = "" if kind is Kind.NEW else _difference(changed.paper, of_kind)
    return here[0], Entry(changed.paper, tuple(others), was)


def _difference(paper: Listed, changes: Sequence[Change]) -> str:
    """Describe how a paper differs from what was told, or what it is if nothing was."""
    before = min((c.version_before for c in changes if c.version_before), default=None)
    if before is None and paper.version == 1:
        return ""
    if before is None:
        return f"version {paper.version} of a paper first submitted {paper.published:%Y-%m-%d}"
    what = {field for c in changes for field in c.changed}
    words = [f"v{before} to v{paper.version}"] if before != paper.version else []
    return ", ".join([*words, *(name for name in ("title", "comment") if name in what)])


def _counts(names: Sequence[str], order: Sequence[str]) -> dict[str, int]:
    return {name: names.count(name) for name in order if name in names}
