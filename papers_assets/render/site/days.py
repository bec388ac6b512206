"""The archive: a page for each day on which something changed, and an index of them. Pure."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from itertools import groupby

from papers_assets.render.site.entries import MARKS, Entry, shown
from papers_assets.render.site.environment import counted, environment, spelled_out
from papers_assets.render.site.pages import Frame, Group, streamed
from papers_assets.transform.digest import Digest

DAYS = "days"
"""The archive's folder in that of the site."""
MOST_DAYS = 365
"""Days that have a page, newest first; `output/digests` has all."""


def render_days(
    days: Sequence[date],
    digest_of: Callable[[date], Digest],
    frame: Frame,
    unchanged: Collection[date],
) -> Iterator[tuple[str, Iterator[str]]]:
    """Render the archive.

    Args:
        days: those of the archive, in order.
        digest_of: returns the digest of a day.
        frame: see `Frame`.
        unchanged: days whose pages are there already and stay as they are.

    Yields:
        A page's path, relative to the archive's folder, and its pieces.
    """
    summaries = {}
    for before, day, after in _with_neighbours(days):
        if day not in unchanged:
            digest = digest_of(day)
            summaries[day] = digest.summary
            yield page_name(day), _day(digest, frame, before, after)
    yield "index.html", iter([_index(days, summaries, frame)])


def page_name(day: date) -> str:
    """Return the file name of a day's page."""
    return f"{day.isoformat()}.html"


def _with_neighbours(days: Sequence[date]) -> Iterator[tuple[date | None, date, date | None]]:
    padded = [None, *days, None]
    for day, (before, after) in zip(days, zip(padded, padded[2:], strict=False), strict=True):
        yield before, day, after


def _day(digest: Digest, frame: Frame, before: date | None, after: date | None) -> Iterator[str]:
    slugs = frame.slugs
    found: dict[str, list[Entry]] = {}
    for group in digest.groups:
        found.setdefault(MARKS[group.kind.value], []).extend(
            Entry(entry.paper, group.kind.value, slugs, entry.was) for entry in group.entries
        )
    groups = [
        Group(title, sorted(entries, key=lambda entry: entry.paper.updated, reverse=True))
        for title, entries in found.items()
    ]
    return streamed(
        "day",
        groups,
        name=spelled_out(digest.day),
        summary=digest.summary,
        lines=list(_lines(digest)),
        before=before,
        after=after,
        total=sum(len(entries) for entries in found.values()),
        newest="",  # an old page says nothing about what is new
        frame=frame,
        root="../",
        here="",
    )


def _lines(digest: Digest) -> Iterator[str]:
    """Describe what is counted only."""
    for name, count in digest.following.items():
        yield f"Now following {shown(name)}: {counted(count)}."
    for words, counts in (("Left", digest.left), ("Back in", digest.returned)):
        if counts:
            named = ", ".join(f"{count} of {shown(name)}" for name, count in counts.items())
            yield f"{words} the lists: {named}."
    for name, note in digest.notes.items():
        yield f"{shown(name)}: {shown(note)}"


def _index(days: Sequence[date], summaries: dict[date, str], frame: Frame) -> str:
    newest_first = sorted(days, reverse=True)
    months = [
        (month, list(some)) for month, some in groupby(newest_first, environment().filters["month"])
    ]
    return (
        environment()
        .get_template("days.html.j2")
        .render(
            name="What was new, by day",
            months=months,
            summaries=summaries,
            frame=frame,
            root="../",
        )
    )
