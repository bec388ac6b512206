"""The digest as an issue on GitHub: Markdown of whole rows, as many as fit. Pure.

The texts come from third parties, and an issue has side effects that a README has not: GitHub
sends a mail to every person mentioned (`@name`), and adds a link back to every issue referenced
(`#12`, `owner/name#12`). Such mentions are escaped.
"""

import re
from collections.abc import Mapping, Sequence

from papers_assets.render import markdown
from papers_assets.transform.changes import ChangeKind
from papers_assets.transform.code_links import CodeLink
from papers_assets.transform.digest import Digest, DigestEntry, DigestGroup
from papers_assets.transform.listed_papers import ListedPaper

GITHUB_LIMIT = 65_536
"""Maximum length of an issue's body on GitHub, in characters; bytes are counted, never fewer."""
_MAX_ROW = 12_000
"""Bytes. arXiv accepts no abstract of more than 1,920 characters; a larger one is hostile, and
must not displace all rows after it."""
_MAX_ABSTRACT, _MAX_BRIEF_ABSTRACT = 5_000, 200
"""Maximum lengths in characters."""
_RESERVED = 400
"""Bytes reserved for the last line, with the number of papers left out."""
KIND_TITLES = {
    ChangeKind.NEW: "New",
    ChangeKind.REVISED: "Revised",
    ChangeKind.WITHDRAWN: "Withdrawn",
    ChangeKind.MATCHED: "Newly matching",
}
_CHANGED = (ChangeKind.REVISED, ChangeKind.WITHDRAWN)
_MAX_AUTHORS, _BRIEF = 3, 120
_MAX_LINKS, _MAX_NAMED, _MORE = 5, 20, 30
_ISSUE_PATHS = "issues|pull|pulls|discussions|commit"
_ISSUE = re.compile(rf"/(?:{_ISSUE_PATHS})/", re.IGNORECASE)
_DELIMITER = "| --- | --- | --- | --- |"
# Text that GitHub would turn into a mention, an issue number or the address of one. An address
# that contains such a text is shortened; a mail address has a letter before its "@".
_MENTION = re.compile(
    r"(?<![A-Za-z0-9_])@(?=[A-Za-z0-9])"
    r"|\#(?=[0-9])"
    r"|\bGH(?=-[0-9])"
    rf"|/(?:{_ISSUE_PATHS})/(?=[0-9a-f])",
    re.IGNORECASE,
)


def render_digest_markdown(
    digest: Digest, *, list_url: str = "", page: str = "", limit: int = GITHUB_LIMIT
) -> str:
    """Render a digest.

    If not everything fits, papers are shown with authors instead of abstracts. If that is still too
    large, the newest papers of each keyword are shown, one of each keyword in turn.

    Args:
        digest: the digest to render.
        list_url: the address of the whole list, absolute or relative; empty: unknown.
        page: the address of the day's page; empty: unknown.
        limit: the maximum size in bytes.
    """
    head = f"{digest.summary[:1].upper()}{digest.summary[1:]}."
    link = f" [All papers](<{list_url}>)." if list_url else ""
    link += f" [This day on the site](<{page.replace('&', '&amp;')}>)." if page else ""
    name = markdown.escape_heading(digest.name)
    lines = [f"# {name}, {digest.day}", "", f"{head}{link}", ""]
    tail = _render_tail(digest, limit // 4)
    room = limit - _RESERVED - sum(_byte_size(line) for line in [*lines, *tail])
    groups, left_out = _fit_groups(digest, room)
    lines += groups
    if left_out:
        whole = f"[the whole list](<{list_url}>)" if list_url else "the list"
        lines += ["", f"_And {left_out:,} more papers: see {whole}._"]
    return "\n".join([*lines, *([""] if groups else []), *tail]).rstrip("\n") + "\n"


def _fit_groups(digest: Digest, room: int) -> tuple[list[str], int]:
    """Return the lines of the groups, and the number of papers that did not fit."""
    total = sum(len(group.entries) for group in digest.groups)
    for is_brief in (False, True):
        rows = [
            [_render_row(g, entry, is_brief=is_brief) for entry in g.entries] for g in digest.groups
        ]
        heads = [
            sum(map(_byte_size, _group_header(group, 0, is_brief=is_brief)))
            for group in digest.groups
        ]
        shown = fit_round_robin(heads, [list(map(_byte_size, some)) for some in rows], room)
        if sum(shown) == total:
            break
    lines: list[str] = []
    kind = None
    for group, some, count in zip(digest.groups, rows, shown, strict=True):
        if count:
            head = _group_header(group, count, is_brief=is_brief)
            lines += head[2:] if group.kind is kind else head[not lines :]
            lines += some[:count]
            kind = group.kind
    return lines, total - sum(shown)


def _group_header(group: DigestGroup, shown: int, *, is_brief: bool) -> list[str]:
    """Return the lines above a group's rows; the first two are shared by all groups of its kind."""
    of = "" if shown == len(group.entries) else f": {shown:,} of {len(group.entries):,}"
    third = "Changed" if group.kind in _CHANGED else "Authors" if is_brief else "Abstract"
    return [
        "",
        f"## {KIND_TITLES[group.kind]}",
        "",
        f"### {markdown.escape_heading(group.keyword)}{of}",
        f"| **Title** | **Date** | **{third}** | **Comment** |",
        _DELIMITER,
    ]


def _render_row(group: DigestGroup, entry: DigestEntry, *, is_brief: bool) -> str:
    row = _render_row_cut(group, entry, _MAX_ABSTRACT, is_brief=is_brief)
    if _byte_size(row) <= _MAX_ROW:
        return row
    return _render_row_cut(group, entry, _MAX_BRIEF_ABSTRACT, is_brief=is_brief)


def _render_row_cut(
    group: DigestGroup, entry: DigestEntry, max_length: int, *, is_brief: bool
) -> str:
    paper = entry.paper
    title = _truncate(
        paper.title if markdown.has_visible_text(paper.title) else "(untitled)", max_length
    )
    title = markdown.escape_title(title)
    shown = [
        link
        for link in paper.code_links
        if len(link.url) <= max_length and not _ISSUE.search(link.url)
    ]
    extra = [_format_code_link(link) for link in shown[:_MAX_LINKS]]
    if entry.other_keywords:
        extra.insert(0, f"also in {_join_names(entry.other_keywords)}")
    if entry.change and group.kind not in _CHANGED:
        extra.insert(0, entry.change)
    about = f"<br>{' · '.join(extra)}" if extra else ""
    if group.kind in _CHANGED:
        third = entry.change
    elif is_brief:
        third = _prevent_mentions(markdown.escape_cell(_format_authors(paper)))
    else:
        text = _prevent_mentions(markdown.escape_abstract(_truncate(paper.abstract, max_length)))
        third = f"<details><summary>Show</summary><p>{text}</p></details>"
    comment = _prevent_mentions(
        markdown.escape_cell(_truncate(paper.comment or "", _BRIEF if is_brief else max_length))
    )
    return f"| **[{title}]({paper.url})**{about} | {_format_date(paper)} | {third} | {comment} |"


def _format_authors(paper: ListedPaper) -> str:
    more = " and others" if len(paper.authors) > _MAX_AUTHORS else ""
    return _truncate(", ".join(paper.authors[:_MAX_AUTHORS]) + more, _BRIEF)


def _format_date(paper: ListedPaper) -> str:
    return paper.updated.strftime("%Y-%m-%d")


def _format_code_link(link: CodeLink) -> str:
    return f"[{link.kind}](<{link.url.replace('&', '&amp;')}>)"


def _render_tail(digest: Digest, room: int) -> list[str]:
    """Return the part with counts and warnings about the lists."""
    lines = []
    for name, count in list(digest.newly_followed.items())[:_MAX_NAMED]:
        lines += [f"Now following {_escape_keyword(name)}: {count_papers(count)}.", ""]
    if (more := len(digest.newly_followed) - _MAX_NAMED) > 0:
        lines += [f"Now following {more:,} more keywords.", ""]
    if digest.removed:
        lines += [f"Left the lists: {_format_counts(digest.removed)}.", ""]
    if digest.restored:
        lines += [f"Back in the lists, as they were: {_format_counts(digest.restored)}.", ""]
    if digest.notes:
        lines += ["## Remarks", ""]
        for name, note in digest.notes.items():
            lines.append(
                f"* {_escape_keyword(name)}: {_prevent_mentions(markdown.escape_cell(note))}"
            )
    left_out = 0
    while lines and sum(map(_byte_size, lines)) > room - _MORE:
        left_out += 1
        lines.pop()
    if left_out:
        lines.append(f"* and {left_out:,} more")
    return lines


def _join_names(names: Sequence[str]) -> str:
    shown = [_escape_keyword(name) for name in names[:_MAX_NAMED]]
    more = len(names) - len(shown)
    return ", ".join([*shown, *([f"{more} more"] if more else [])])


def _format_counts(counts: Mapping[str, int]) -> str:
    some = list(counts.items())[:_MAX_NAMED]
    shown = [f"{count} of {_escape_keyword(name)}" for name, count in some]
    more = len(counts) - len(shown)
    return ", ".join([*shown, *([f"and of {more} more keywords"] if more else [])])


def count_papers(papers: int) -> str:
    """Return a number of papers, as text."""
    return f"{papers:,} paper" if papers == 1 else f"{papers:,} papers"


def _escape_keyword(keyword: str) -> str:
    return _prevent_mentions(markdown.escape_cell(keyword))


def _prevent_mentions(escaped: str) -> str:
    """Prevent notifications from GitHub: an invisible empty comment splits each mention."""
    return _MENTION.sub(r"\g<0><!---->", escaped)


def _truncate(text: str, max_length: int) -> str:
    return markdown.truncate(markdown.collapse_whitespace(text), max_length)


def _byte_size(line: str) -> int:
    return len(line.encode()) + 1


def fit_round_robin(heads: Sequence[int], sizes: Sequence[Sequence[int]], room: int) -> list[int]:
    """Return how many items of each group fit, taking one of each in turn.

    Args:
            heads: the size of each group's heading, counted if the group has any item.
            sizes: the size of each item of each group.
            room: the total size available. After an item that does not fit, its group gets no more.
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
