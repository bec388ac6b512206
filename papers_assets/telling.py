"""Which parts of which editions somebody has yet to be told of, and in which words. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date

from papers_assets.digest import Digest, digest_of
from papers_assets.editions import Edition, Mark
from papers_assets.notifying.github_issues import MOST_MARKDOWN
from papers_assets.notifying.notice import Notice
from papers_assets.notifying.webhook import Item, slack_text
from papers_assets.rendering import mail
from papers_assets.rendering.digest import TITLES, counted, digest_markdown

MOST_DAYS = 14
"""Editions, newest first, that are told of after an outage. Older ones are in output/digests."""


def untold(
    days: Sequence[date], read: Callable[[date], Edition | None], last: Mark
) -> Iterator[tuple[Edition, int]]:
    """Give the parts that come after `last`, in order, each with its edition.

    Args:
        days: of all editions, in order.
        read: gives a day's edition.
        last: what was told of last; see `beginning`.
    """
    for day in _after(days, last)[-MOST_DAYS:]:
        if (edition := read(day)) is not None:
            for part in edition.parts:
                if Mark(day, part.number) > last:
                    yield edition, part.number


def forgotten(days: Sequence[date], last: Mark) -> list[date]:
    """Give the days after `last` that are not told of any more, since there are too many."""
    return [day for day in _after(days, last)[:-MOST_DAYS] if day > last.day]


def beginning(days: Sequence[date]) -> Mark:
    """Give what counts as told to who comes anew: all but the newest day.

    It is to be noted before the first delivery, which may fail.
    """
    return Mark(days[-1], 0) if days else Mark(date.min, 0)


def _after(days: Sequence[date], last: Mark) -> list[date]:
    return [day for day in days if day >= last.day]


def notice(  # noqa: PLR0913 - most are said by name
    edition: Edition,
    part: int,
    names: Sequence[str],
    *,
    more: str = "",
    only: Collection[str] | None = None,
    when_nothing_changed: bool = False,
    title: str = "Daily Papers",
) -> Notice | None:
    """Put a part of an edition into words; None: there is nothing worth a message.

    Args:
        edition: what changed.
        part: of it.
        names: of all keywords.
        more: the address of the whole list; empty: unknown.
        only: tell of these keywords alone; None: of all.
        title: what digests are called.
        when_nothing_changed: whether that is worth a message on its day's first part.
    """
    told = digest_of(edition, names, part=part, only=only, title=title)
    if not told.groups and not told.following and not (when_nothing_changed and part == 1):
        return None
    return Notice(
        day=edition.day,
        part=part,
        subject=mail.title(told),
        markdown=digest_markdown(told, more=more, limit=MOST_MARKDOWN),
        text=mail.mail_text(told, more=more),
        html=mail.mail_html(told, more=more),
        data=_data(told),
        short=slack_text(_lines(told, more)),
    )


def _lines(told: Digest, more: str) -> Iterable[Item]:
    yield Item(mail.title(told), more, "all papers") if more else Item(mail.title(told))
    for group in told.groups:
        yield Item(f"{TITLES[group.kind]}: {group.keyword}")
        for entry in group.entries:
            was = f" ({entry.was})" if entry.was else ""
            yield Item(f"{entry.paper.title}{was}", entry.paper.url, entry.paper.arxiv_id)
    for name, count in told.following.items():
        yield Item(f"Now following {name}: {counted(count)}")


def _data(told: Digest) -> dict[str, object]:
    papers = [
        {
            "kind": group.kind.value,
            "arxiv_id": entry.paper.arxiv_id,
            "version": entry.paper.version,
            "title": entry.paper.title,
            "authors": list(entry.paper.authors),
            "url": entry.paper.url,
            "keywords": list(entry.paper.keywords),
            "changed": entry.was,
            "code": [link._asdict() for link in entry.paper.code],
        }
        for group in told.groups
        for entry in group.entries
    ]
    return {
        "summary": told.summary,
        "papers": papers,
        "following": dict(told.following),
        "not_fresh": dict(told.notes),
    }
