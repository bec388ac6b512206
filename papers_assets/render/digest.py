"""The digest as GitHub shows it: Markdown of whole rows, as many as fit. Pure.

What it is made of comes from outside, and an issue does more than a README: whoever is mentioned
(`@name`) gets a mail, and what is numbered (`#12`, `owner/name#12`) a link back. Neither happens.
"""

import re
from collections.abc import Mapping, Sequence

from papers_assets.render import escape
from papers_assets.transform.changes import Kind
from papers_assets.transform.code_links import CodeLink
from papers_assets.transform.digest import Digest, Entry, Group
from papers_assets.transform.listed_papers import Listed

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
    Kind.MATCHED: "Newly matching",
}
_CHANGED = (Kind.REVISED, Kind.WITHDRAWN)
_MOST_AUTHORS, _BRIEF = 3, 120
_MOST_LINKS, _MOST_NAMED, _MORE = 5, 20, 30
_OF_ISSUES = "issues|pull|pulls|discussions|commit"
_ISSUE = re.compile(rf"/(?:{_OF_ISSUES})/", re.IGNORECASE)
_DELIMITER = "| --- | --- | --- | --- |"
# Where GitHub would see a person, the number of an issue, or the address of one. An address with
# such a thing in it becomes a shorter link; a mail address has a letter before its "@".
_NOTIFYING = re.compile(
    r"(?<![A-Za-z0-9_])@(?=[A-Za-z0-9])"
    r"|\#(?=[0-9])"
    r"|\bGH(?=-[0-9])"
    rf"|/(?:{_OF_ISSUES})/(?=[0-9a-f])",
    re.IGNORECASE,
)


def digest_markdown(
    digest: Digest, *, more: str = "", page: str = "", limit: int = GITHUB_LIMIT
) -> str:
    """Render a digest.

    If not all of it fits, papers come with their authors instead of their abstracts; if that is
    still too much, every keyword has its newest, one of each in turn.

    Args:
        digest: what is told.
        more: the address of the whole list, absolute or relative; empty: unknown.
        page: the address of the day's page; empty: unknown.
        limit: bytes that are not exceeded.
    """
    head = f"{digest.summary[:1].upper()}{digest.summary[1:]}."
    link = f" [All papers](<{more}>)." if more else ""
    link += f" [This day on the site](<{page.replace('&', '&amp;')}>)." if page else ""
    name = escape.escape_heading(digest.name)
    lines = [f"# {name}, {digest.day}", "", f"{head}{link}", ""]
    tail = _tail(digest, limit // 4)
    room = limit - _RESERVED - sum(_size(line) for line in [*lines, *tail])
    groups, left_out = _fitting(digest, room)
    lines += groups
    if left_out:
        whole = f"[the whole list](<{more}>)" if more else "the list"
        lines += ["", f"_And {left_out:,} more papers: see {whole}._"]
    return "\n".join([*lines, *([""] if groups else []), *tail]).rstrip("\n") + "\n"


def _fitting(digest: Digest, room: int) -> tuple[list[str], int]:
    """Give the lines of the groups, and how many papers there was no room for."""
    total = sum(len(group.entries) for group in digest.groups)
    for is_brief in (False, True):
        rows = [[_row(g, entry, is_brief=is_brief) for entry in g.entries] for g in digest.groups]
        heads = [sum(map(_size, _head(group, 0, is_brief=is_brief))) for group in digest.groups]
        shown = in_turn(heads, [list(map(_size, some)) for some in rows], room)
        if sum(shown) == total:
            break
    lines: list[str] = []
    kind = None
    for group, some, count in zip(digest.groups, rows, shown, strict=True):
        if count:
            head = _head(group, count, is_brief=is_brief)
            lines += head[2:] if group.kind is kind else head[not lines :]
            lines += some[:count]
            kind = group.kind
    return lines, total - sum(shown)


def _head(group: Group, shown: int, *, is_brief: bool) -> list[str]:
    """Give the lines above a group's rows; the first two are those of its kind."""
    of = "" if shown == len(group.entries) else f": {shown:,} of {len(group.entries):,}"
    third = "Changed" if group.kind in _CHANGED else "Authors" if is_brief else "Abstract"
    return [
        "",
        f"## {TITLES[group.kind]}",
        "",
        f"### {escape.escape_heading(group.keyword)}{of}",
        f"| **Title** | **Date** | **{third}** | **Comment** |",
        _DELIMITER,
    ]


def _row(group: Group, entry: Entry, *, is_brief: bool) -> str:
    row = _row_of(group, entry, _MOST_SHOWN, is_brief=is_brief)
    if _size(row) <= _LARGEST_ROW:
        return row
    return _row_of(group, entry, _MOST_OF_LARGE, is_brief=is_brief)


def _row_of(group: Group, entry: Entry, most: int, *, is_brief: bool) -> str:
    paper = entry.paper
    title = _cut(paper.title if escape.is_visible(paper.title) else "(untitled)", most)
    title = escape.escape_title(title)
    shown = [link for link in paper.code if len(link.url) <= most and not _ISSUE.search(link.url)]
    extra = [_code(link) for link in shown[:_MOST_LINKS]]
    if entry.also:
        extra.insert(0, f"also in {_named(entry.also)}")
    if entry.was and group.kind not in _CHANGED:
        extra.insert(0, entry.was)
    about = f"<br>{' · '.join(extra)}" if extra else ""
    if group.kind in _CHANGED:
        third = entry.was
    elif is_brief:
        third = _quiet(escape.escape_cell(_authors(paper)))
    else:
        text = _quiet(escape.escape_abstract(_cut(paper.abstract, most)))
        third = f"<details><summary>Show</summary><p>{text}</p></details>"
    comment = _quiet(escape.escape_cell(_cut(paper.comment or "", _BRIEF if is_brief else most)))
    return f"| **[{title}]({paper.url})**{about} | {_date(paper)} | {third} | {comment} |"


def _authors(paper: Listed) -> str:
    more = " and others" if len(paper.authors) > _MOST_AUTHORS else ""
    return _cut(", ".join(paper.authors[:_MOST_AUTHORS]) + more, _BRIEF)


def _date(paper: Listed) -> str:
    return paper.updated.strftime("%Y-%m-%d")


def _code(link: CodeLink) -> str:
    return f"[{link.kind}](<{link.url.replace('&', '&amp;')}>)"


def _tail(digest: Digest, room: int) -> list[str]:
    """Say what is counted only, and what is to be said of the lists."""
    lines = []
    for name, count in list(digest.following.items())[:_MOST_NAMED]:
        lines += [f"Now following {_name(name)}: {counted(count)}.", ""]
    if (more := len(digest.following) - _MOST_NAMED) > 0:
        lines += [f"Now following {more:,} more keywords.", ""]
    if digest.left:
        lines += [f"Left the lists: {_numbers(digest.left)}.", ""]
    if digest.returned:
        lines += [f"Back in the lists, as they were: {_numbers(digest.returned)}.", ""]
    if digest.notes:
        lines += ["## Remarks", ""]
        for name, note in digest.notes.items():
            lines.append(f"* {_name(name)}: {_quiet(escape.escape_cell(note))}")
    left_out = 0
    while lines and sum(map(_size, lines)) > room - _MORE:
        left_out += 1
        lines.pop()
    if left_out:
        lines.append(f"* and {left_out:,} more")
    return lines


def _named(names: Sequence[str]) -> str:
    shown = [_name(name) for name in names[:_MOST_NAMED]]
    more = len(names) - len(shown)
    return ", ".join([*shown, *([f"{more} more"] if more else [])])


def _numbers(counts: Mapping[str, int]) -> str:
    some = list(counts.items())[:_MOST_NAMED]
    shown = [f"{count} of {_name(name)}" for name, count in some]
    more = len(counts) - len(shown)
    return ", ".join([*shown, *([f"and of {more} more keywords"] if more else [])])


def counted(papers: int) -> str:
    """Return a number of papers, in words."""
    return f"{papers:,} paper" if papers == 1 else f"{papers:,} papers"


def _name(keyword: str) -> str:
    return _quiet(escape.escape_cell(keyword))


def _quiet(escaped: str) -> str:
    """Keep GitHub from telling anybody: an empty comment takes a name or number apart, unseen."""
    return _NOTIFYING.sub(r"\g<0><!---->", escaped)


def _cut(text: str, most: int) -> str:
    return escape.shortened(escape.collapse(text), most)


def _size(line: str) -> int:
    return len(line.encode()) + 1


def in_turn(heads: Sequence[int], sizes: Sequence[Sequence[int]], room: int) -> list[int]:
    """Give how many items of each group fit, taking one of each in turn.

    Args:
        heads: what a group takes that has any item.
        sizes: what each item of each group takes.
        room: for all together. A group whose next item does not fit gets no more.
    """
    shown = [0] * len(sizes)
    open_groups = [number for number, items in enumerate(sizes) if items]
    while open_groups:
        still_open = []
        for number in open_groups:
            size = sizes[number][shown[number]] + (0 if shown[number] else heads[number])
            if size > room:
                continue
            room -= size
            shown[number] += 1
            if shown[number] < len(sizes[number]):
                still_open.append(number)
        open_groups = still_open
    return shown
