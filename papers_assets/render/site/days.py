"""The archive: a page for each day with changes, and an index of these pages. Pure."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from itertools import groupby

from papers_assets.render.site.entries import MARK_LABELS, PaperEntry, truncate
from papers_assets.render.site.environment import build_environment, count_noun, spell_out_day
from papers_assets.render.site.pages import PaperGroup, SiteFrame, stream_page
from papers_assets.transform.digest import Digest

DAYS_FOLDER = "days"
"""The archive's folder, relative to the site."""
MAX_DAYS = 365
"""Maximum number of pages, newest days first; `output/digests` contains all days."""


def render_days(
    days: Sequence[date],
    digest_of: Callable[[date], Digest],
    frame: SiteFrame,
    unchanged: Collection[date],
) -> Iterator[tuple[str, Iterator[str]]]:
    """Render the archive.

    Args:
        days: the days of the archive, in order.
        digest_of: returns the digest of a day.
        frame: the common parts of the site's pages.
        unchanged: the days whose pages exist and are not rendered again.

    Yields:
        The path of a page, relative to the archive's folder, and its text in pieces.
    """
    summaries = {}
    for before, day, after in _iterate_with_neighbours(days):
        if day not in unchanged:
            digest = digest_of(day)
            summaries[day] = digest.summary
            yield build_page_name(day), _render_day(digest, frame, before, after)
    yield "index.html", iter([_render_index(days, summaries, frame)])


def build_page_name(day: date) -> str:
    """Return the file name of a day's page."""
    return f"{day.isoformat()}.html"


def _iterate_with_neighbours(
    days: Sequence[date],
) -> Iterator[tuple[date | None, date, date | None]]:
    padded = [None, *days, None]
    for day, (before, after) in zip(days, zip(padded, padded[2:], strict=False), strict=True):
        yield before, day, after


def _render_day(
    digest: Digest, frame: SiteFrame, before: date | None, after: date | None
) -> Iterator[str]:
    slugs = frame.slugs
    found: dict[str, list[PaperEntry]] = {}
    for group in digest.groups:
        found.setdefault(MARK_LABELS[group.kind.value], []).extend(
            PaperEntry(entry.paper, group.kind.value, slugs, entry.change)
            for entry in group.entries
        )
    groups = [
        PaperGroup(title, sorted(entries, key=lambda entry: entry.paper.updated, reverse=True))
        for title, entries in found.items()
    ]
    return stream_page(
        "day",
        groups,
        name=spell_out_day(digest.day),
        summary=digest.summary,
        lines=list(_summary_lines(digest)),
        before=before,
        after=after,
        total=sum(len(entries) for entries in found.values()),
        newest="",  # papers on old pages are not marked as new
        frame=frame,
        root="../",
        here="",
    )


def _summary_lines(digest: Digest) -> Iterator[str]:
    """Return the lines for changes that are counted but not listed."""
    for name, count in digest.newly_followed.items():
        yield f"Now following {truncate(name)}: {count_noun(count)}."
    for words, counts in (("Left", digest.removed), ("Back in", digest.restored)):
        if counts:
            named = ", ".join(f"{count} of {truncate(name)}" for name, count in counts.items())
            yield f"{words} the lists: {named}."
    for name, note in digest.notes.items():
        yield f"{truncate(name)}: {truncate(note)}"


def _render_index(days: Sequence[date], summaries: dict[date, str], frame: SiteFrame) -> str:
    newest_first = sorted(days, reverse=True)
    months = [
        (month, list(some))
        for month, some in groupby(newest_first, build_environment().filters["month"])
    ]
    return (
        build_environment()
        .get_template("days.html.j2")
        .render(
            name="What was new, by day",
            months=months,
            summaries=summaries,
            frame=frame,
            root="../",
        )
    )
