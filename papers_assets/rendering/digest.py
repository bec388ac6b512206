"""The digest as GitHub shows it: Markdown that ends at a whole row. Pure.

What it is made of comes from outside, and an issue does more than a README: whoever is mentioned
(`@name`) gets a mail, and what is numbered (`#12`, `owner/name#12`) a link back. Neither happens.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from papers_assets.changes import Kind
from papers_assets.code_links import CodeLink
from papers_assets.digest import Digest, Entry, Group
from papers_assets.listing import Listed
from papers_assets.rendering import escape

GITHUB_LIMIT = 65_536
"""Characters of an issue's body that GitHub takes. Bytes are counted, which are never fewer."""
_LARGEST_ROW = 12_000
"""Bytes. arXiv takes no abstract of more than 1,920 characters; what is larger is hostile, and must
not take the place of all that follows."""
_MOST_SHOWN, _MOST_OF_LARGE = 5_000, 200
"""Characters of a field."""
_RESERVED = 400
"""Bytes for the end, which says how many more there are."""

TITLES = {
    Kind.NEW: "New",
    Kind.REVISED: "Revised",
    Kind.WITHDRAWN: "Withdrawn",
    Kind.JOINED: "New in a list, known from another",
}
_HEADS = {
    Kind.NEW: "| **Title** | **Date** | **Abstract** | **Comment** |",
    Kind.REVISED: "| **Title** | **Date** | **Changed** | **Comment** |",
}
_MOST_LINKS = 5
_DELIMITER = "| --- | --- | --- | --- |"
# Where GitHub would see a person, or a number of an issue; not inside of an address, which it
# makes a link of first. A character reference has its number sign behind an ampersand.
_NOTIFYING = re.compile(
    r"(?P<address>(?:https?://|www\.)\S+)"
    r"|(?P<mention>(?<![A-Za-z0-9_/`])@(?=[A-Za-z0-9]))"
    r"|(?P<number>(?<![&/])#(?=[0-9]))"
    r"|(?P<named>\bGH(?=-[0-9]))",
    re.IGNORECASE,
)


def digest_markdown(digest: Digest, *, more: str = "", limit: int = GITHUB_LIMIT) -> str:
    """Render a digest.

    Args:
        digest: what is told.
        more: the address of the whole list, absolute or relative; empty: unknown.
        limit: bytes that are not exceeded.
    """
    head = f"{digest.summary[:1].upper()}{digest.summary[1:]}."
    link = f" [All papers](<{more}>)." if more else ""
    lines = [f"# Daily Papers, {digest.day}", "", f"{head}{link}", ""]
    tail = _tail(digest, limit // 4)
    room = limit - _RESERVED - sum(_size(line) for line in [*lines, *tail])
    shown = 0
    for block in _blocks(digest):
        room -= sum(_size(line) for line in block.lines)
        if room < 0:
            break
        lines += block.lines
        shown += block.is_paper
    total = sum(len(group.entries) for group in digest.groups)
    if shown < total:
        whole = f"[the whole list](<{more}>)" if more else "the list"
        lines += ["", f"_And {total - shown:,} more papers: see {whole}._"]
    return "\n".join([*lines, "", *tail]).rstrip("\n") + "\n"


@dataclass(frozen=True)
class _Block:
    """Lines that are of no use without each other."""

    lines: tuple[str, ...]
    is_paper: bool = True


def _blocks(digest: Digest) -> Iterator[_Block]:
    """Give a block per paper; the first of a group brings the headings along."""
    kind = None
    for group in digest.groups:
        head = [] if group.kind is kind else [*([""] if kind else []), f"## {TITLES[group.kind]}"]
        kind = group.kind
        head += ["", f"### {escape.escape_heading(group.keyword)}", _head(group), _DELIMITER]
        for entry in group.entries:
            yield _Block((*head, _row(group, entry)))
            head = []


def _head(group: Group) -> str:
    return _HEADS.get(group.kind, _HEADS[Kind.REVISED])


def _row(group: Group, entry: Entry) -> str:
    row = _row_of(group, entry, _MOST_SHOWN)
    return row if _size(row) <= _LARGEST_ROW else _row_of(group, entry, _MOST_OF_LARGE)


def _row_of(group: Group, entry: Entry, most: int) -> str:
    paper = entry.paper
    title = _cut(paper.title if escape.is_visible(paper.title) else "(untitled)", most)
    title = escape.escape_title(title)
    extra = [_code(link) for link in paper.code[:_MOST_LINKS] if len(link.url) <= most]
    if entry.also:
        extra.insert(0, f"also in {', '.join(_quiet(escape.escape_cell(n)) for n in entry.also)}")
    about = f"<br>{' · '.join(extra)}" if extra else ""
    if group.kind is Kind.NEW:
        text = _quiet(escape.escape_abstract(_cut(paper.abstract, most)))
        third = f"<details><summary>Show</summary><p>{text}</p></details>"
    else:
        third = entry.was
    comment = _quiet(escape.escape_cell(_cut(paper.comment or "", most)))
    return f"| **[{title}]({paper.url})**{about} | {_date(paper)} | {third} | {comment} |"


def _date(paper: Listed) -> str:
    return paper.updated.strftime("%Y-%m-%d")


def _code(link: CodeLink) -> str:
    return f"[{link.kind}](<{link.url.replace('&', '&amp;')}>)"


def _tail(digest: Digest, room: int) -> list[str]:
    """Say what is counted only, and what is not fresh."""
    lines = []
    if digest.left:
        lines += [f"Left the lists: {_numbers(digest.left)}.", ""]
    if digest.returned:
        lines += [f"Back in the lists, as they were: {_numbers(digest.returned)}.", ""]
    if digest.notes:
        lines += ["## Not fresh", ""]
        for name, note in digest.notes.items():
            text = f"{escape.escape_cell(name)}: {escape.escape_cell(note)}"
            lines.append(f"* {_quiet(text)}")
    while sum(map(_size, lines)) > room:
        lines = [*lines[:-2], "* and more"]
    return lines


def _numbers(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{count} of {_quiet(escape.escape_cell(name))}" for name, count in counts.items()
    )


def _quiet(escaped: str) -> str:
    """Keep GitHub from telling anybody: an empty comment takes a name or number apart, unseen."""

    def apart(match: re.Match[str]) -> str:
        return match[0] if match["address"] else f"{match[0]}<!---->"

    return _NOTIFYING.sub(apart, escaped)


def _cut(text: str, most: int) -> str:
    return escape.shortened(escape.collapse(text), most)


def _size(line: str) -> int:
    return len(line.encode()) + 1
