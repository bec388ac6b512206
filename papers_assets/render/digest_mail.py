"""The digest as mail: plain text, and HTML. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from papers_assets.render import escape
from papers_assets.render.digest import TITLES, counted, in_turn
from papers_assets.transform.changes import Kind
from papers_assets.transform.code_links import CodeLink
from papers_assets.transform.digest import Digest, Entry, Group

LIMIT = 100_000
"""Bytes of the HTML. Gmail cuts a mail off at 102 kB."""
_RESERVED = 2_000
"""Bytes for what says how many more there are."""
_MOST_SHOWN, _MOST_LINKS, _MOST_AUTHORS, _MOST_NOTES = 2_500, 5, 10, 20
_LONGEST_LINK, _HEADINGS = 300, 200


@dataclass(frozen=True)
class _Block:
    """A paper."""

    title: str
    """Of its kind."""
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
    return f"{escape.collapse(digest.title)}: {digest.summary}"


def _render(template: str, digest: Digest, more: str) -> str:
    page = _environment().get_template("mail.html.j2")

    def size(blocks: list[_Block]) -> int:
        bare = [replace(block, title="", keyword="") for block in blocks]
        return len(page.render(_around(digest, bare)).encode())

    # The text has the same papers as the HTML, which decides how many there is room for.
    empty, total = size([]), sum(len(group.entries) for group in digest.groups)
    for is_brief in (False, True):
        blocks = [
            [_block(g, entry, is_brief=is_brief) for entry in g.entries] for g in digest.groups
        ]
        sizes = [[size([block]) - empty for block in some] for some in blocks]
        heads = [_HEADINGS + len(group.keyword.encode()) for group in digest.groups]
        shown = in_turn(heads, sizes, LIMIT - _RESERVED - empty)
        if sum(shown) == total:
            break
    kept = [block for some, count in zip(blocks, shown, strict=True) for block in some[:count]]
    kept = list(_with_headings(kept))
    return _environment().get_template(template).render(_around(digest, kept) | {"more": more})


def _with_headings(blocks: Iterable[_Block]) -> Iterator[_Block]:
    """Leave a kind's title and a group's keyword to the first of each."""
    kind, group = "", ("", "")
    for block in blocks:
        this = (block.title, block.keyword)
        yield replace(
            block,
            title=block.title if block.title != kind else "",
            keyword=block.keyword if this != group else "",
        )
        kind, group = block.title, this


def _around(digest: Digest, blocks: list[_Block]) -> dict[str, object]:
    total = sum(len(group.entries) for group in digest.groups)
    return {
        "title": escape.collapse(digest.title),
        "summary": digest.summary[:1].upper() + digest.summary[1:],
        "blocks": blocks,
        "left_out": total - len(blocks),
        "tail": _tail(digest),
        "more": "",
    }


def _block(group: Group, entry: Entry, *, is_brief: bool) -> _Block:
    paper = entry.paper
    authors = [
        *paper.authors[:_MOST_AUTHORS],
        *["and others"][: len(paper.authors) > _MOST_AUTHORS],
    ]
    about = [", ".join(authors), paper.updated.strftime("%Y-%m-%d"), paper.primary_category]
    about += [entry.was] if entry.was else []
    about += [f"also in {', '.join(entry.also)}"] if entry.also else []
    is_told = group.kind in (Kind.NEW, Kind.MATCHED) and not is_brief
    return _Block(
        title=TITLES[group.kind],
        keyword=group.keyword,
        name=_shown(paper.title) if escape.is_visible(paper.title) else "(untitled)",
        url=paper.url,
        about=_shown(" · ".join(about)),
        code=tuple(link for link in paper.code if len(link.url) <= _LONGEST_LINK)[:_MOST_LINKS],
        abstract=_shown(paper.abstract) if is_told else "",
        comment="" if is_brief else _shown(paper.comment or ""),
    )


def _tail(digest: Digest) -> list[str]:
    left = ", ".join(f"{count} of {name}" for name, count in digest.left.items())
    first = list(digest.following.items())
    lines = [f"Now following {name}: {counted(n)}." for name, n in first[:_MOST_NOTES]]
    if first[_MOST_NOTES:]:
        lines.append(f"Now following {len(first) - _MOST_NOTES:,} more keywords.")
    lines += [f"Left the lists: {left}."] if left else []
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
        loader=PackageLoader("papers_assets", "render/templates"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
