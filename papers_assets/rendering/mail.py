"""The digest as mail: plain text, and HTML. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from papers_assets.changes import Kind
from papers_assets.code_links import CodeLink
from papers_assets.digest import Digest, Entry, Group
from papers_assets.rendering import escape
from papers_assets.rendering.digest import TITLES

LIMIT = 100_000
"""Bytes of the HTML. Gmail cuts a mail off at 102 kB."""
_RESERVED = 2_000
"""Bytes for what says how many more there are."""
_MOST_SHOWN, _MOST_LINKS, _MOST_AUTHORS, _MOST_NOTES = 2_500, 5, 10, 20
_LONGEST_LINK = 300


@dataclass(frozen=True)
class _Block:
    """A paper; the first of a group has the headings above it."""

    title: str
    keyword: str
    name: str
    url: str
    about: str
    code: tuple[CodeLink, ...]
    abstract: str
    comment: str


def mail_text(digest: Digest, *, more: str = "") -> str:
    """Give the digest as plain text; `more` is the address of the whole list, if it is known."""
    return _render("mail.txt.j2", digest, more)


def mail_html(digest: Digest, *, more: str = "") -> str:
    """Give the digest as a whole HTML document; `more` as above."""
    return _render("mail.html.j2", digest, more)


def title(digest: Digest) -> str:
    """Give the mail's subject."""
    return f"Daily Papers, {digest.day}: {digest.summary}"


def _render(template: str, digest: Digest, more: str) -> str:
    page = _environment().get_template("mail.html.j2")

    def size(blocks: list[_Block]) -> int:
        return len(page.render(_around(digest, blocks)).encode())

    # The text has the same papers as the HTML, which decides how many there is room for.
    empty = size([])
    shown, room = [], LIMIT - _RESERVED - empty
    for block in _blocks(digest):
        room -= size([block]) - empty
        if room < 0:
            break
        shown.append(block)
    return _environment().get_template(template).render(_around(digest, shown) | {"more": more})


def _around(digest: Digest, blocks: list[_Block]) -> dict[str, object]:
    total = sum(len(group.entries) for group in digest.groups)
    return {
        "title": f"Daily Papers, {digest.day}",
        "summary": digest.summary[:1].upper() + digest.summary[1:],
        "blocks": blocks,
        "left_out": total - len(blocks),
        "tail": _tail(digest),
        "more": "",
    }


def _blocks(digest: Digest) -> Iterator[_Block]:
    kind = None
    for group in digest.groups:
        for number, entry in enumerate(group.entries):
            begins = group.kind is not kind
            kind = group.kind
            yield _block(group, entry, TITLES[kind] if begins else "", is_first=number == 0)


def _block(group: Group, entry: Entry, heading: str, *, is_first: bool) -> _Block:
    paper = entry.paper
    authors = [
        *paper.authors[:_MOST_AUTHORS],
        *["and others"][: len(paper.authors) > _MOST_AUTHORS],
    ]
    about = [", ".join(authors), paper.updated.strftime("%Y-%m-%d"), paper.primary_category]
    about += [entry.was] if entry.was else []
    about += [f"also in {', '.join(entry.also)}"] if entry.also else []
    return _Block(
        title=heading,
        keyword=group.keyword if is_first else "",
        name=_shown(paper.title) if escape.is_visible(paper.title) else "(untitled)",
        url=paper.url,
        about=_shown(" · ".join(about)),
        code=tuple(link for link in paper.code if len(link.url) <= _LONGEST_LINK)[:_MOST_LINKS],
        abstract=_shown(paper.abstract) if group.kind is Kind.NEW else "",
        comment=_shown(paper.comment or ""),
    )


def _tail(digest: Digest) -> list[str]:
    left = ", ".join(f"{count} of {name}" for name, count in digest.left.items())
    lines = [f"Left the lists: {left}."] if left else []
    notes = [f"{name}: {note}" for name, note in digest.notes.items()]
    lines += notes[:_MOST_NOTES]
    lines += (
        [f"And {len(notes) - _MOST_NOTES} more that are not fresh."] if notes[_MOST_NOTES:] else []
    )
    return [_shown(line) for line in lines]


def _shown(text: str) -> str:
    return escape.shortened(escape.collapse(text), _MOST_SHOWN)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("papers_assets", "rendering/templates"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
