"""The digest as mail: plain text, and HTML. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from papers_assets.render import markdown
from papers_assets.render.digest import KIND_TITLES, count_papers, fit_round_robin
from papers_assets.transform.changes import ChangeKind
from papers_assets.transform.code_links import CodeLink
from papers_assets.transform.digest import Digest, DigestEntry, DigestGroup

MAIL_LIMIT = 100_000
"""Maximum size of the HTML in bytes. Gmail clips mails at 102 kB."""
_RESERVED = 2_000
"""Bytes reserved for the line with the number of papers left out."""
_MAX_ABSTRACT, _MAX_LINKS, _MAX_AUTHORS, _MAX_NOTES = 2_500, 5, 10, 20
_MAX_LINK_LENGTH, _HEADINGS = 300, 200


@dataclass(frozen=True)
class _PaperBlock:
    """A paper of the digest."""

    title: str
    """The title of the kind of change."""
    keyword: str
    name: str
    url: str
    about: str
    code: tuple[CodeLink, ...]
    abstract: str
    comment: str


def render_mail_text(digest: Digest, *, list_url: str = "") -> str:
    """Return the digest as plain text; `list_url` is the address of the list, empty if unknown."""
    return _render("mail.txt.j2", digest, list_url)


def render_mail_html(digest: Digest, *, list_url: str = "") -> str:
    """Return the digest as an HTML document; `list_url` is as in `render_mail_text`."""
    return _render("mail.html.j2", digest, list_url)


def mail_title(digest: Digest) -> str:
    """Return the mail's subject."""
    return f"{markdown.collapse_whitespace(digest.title)}: {digest.summary}"


def _render(template: str, digest: Digest, more: str) -> str:
    page = _build_environment().get_template("mail.html.j2")

    def size(blocks: list[_PaperBlock]) -> int:
        bare = [replace(block, title="", keyword="") for block in blocks]
        return len(page.render(_page_values(digest, bare)).encode())

    # The text lists the same papers as the HTML, whose size decides how many fit.
    empty, total = size([]), sum(len(group.entries) for group in digest.groups)
    for is_brief in (False, True):
        blocks = [
            [_build_block(g, entry, is_brief=is_brief) for entry in g.entries]
            for g in digest.groups
        ]
        sizes = [[size([block]) - empty for block in some] for some in blocks]
        heads = [_HEADINGS + len(group.keyword.encode()) for group in digest.groups]
        shown = fit_round_robin(heads, sizes, MAIL_LIMIT - _RESERVED - empty)
        if sum(shown) == total:
            break
    kept = [block for some, count in zip(blocks, shown, strict=True) for block in some[:count]]
    kept = list(_with_headings(kept))
    return (
        _build_environment()
        .get_template(template)
        .render(_page_values(digest, kept) | {"more": more})
    )


def _with_headings(blocks: Iterable[_PaperBlock]) -> Iterator[_PaperBlock]:
    """Keep a kind's title and a group's keyword only on the first block of each."""
    kind, group = "", ("", "")
    for block in blocks:
        this = (block.title, block.keyword)
        yield replace(
            block,
            title=block.title if block.title != kind else "",
            keyword=block.keyword if this != group else "",
        )
        kind, group = block.title, this


def _page_values(digest: Digest, blocks: list[_PaperBlock]) -> dict[str, object]:
    total = sum(len(group.entries) for group in digest.groups)
    return {
        "title": markdown.collapse_whitespace(digest.title),
        "summary": digest.summary[:1].upper() + digest.summary[1:],
        "blocks": blocks,
        "left_out": total - len(blocks),
        "tail": _tail_lines(digest),
        "more": "",
    }


def _build_block(group: DigestGroup, entry: DigestEntry, *, is_brief: bool) -> _PaperBlock:
    paper = entry.paper
    authors = [
        *paper.authors[:_MAX_AUTHORS],
        *["and others"][: len(paper.authors) > _MAX_AUTHORS],
    ]
    about = [", ".join(authors), paper.updated.strftime("%Y-%m-%d"), paper.primary_category]
    about += [entry.change] if entry.change else []
    about += [f"also in {', '.join(entry.other_keywords)}"] if entry.other_keywords else []
    is_told = group.kind in (ChangeKind.NEW, ChangeKind.MATCHED) and not is_brief
    return _PaperBlock(
        title=KIND_TITLES[group.kind],
        keyword=group.keyword,
        name=_truncate(paper.title) if markdown.has_visible_text(paper.title) else "(untitled)",
        url=paper.url,
        about=_truncate(" · ".join(about)),
        code=tuple(link for link in paper.code_links if len(link.url) <= _MAX_LINK_LENGTH)[
            :_MAX_LINKS
        ],
        abstract=_truncate(paper.abstract) if is_told else "",
        comment="" if is_brief else _truncate(paper.comment or ""),
    )


def _tail_lines(digest: Digest) -> list[str]:
    left = ", ".join(f"{count} of {name}" for name, count in digest.removed.items())
    first = list(digest.newly_followed.items())
    lines = [f"Now following {name}: {count_papers(n)}." for name, n in first[:_MAX_NOTES]]
    if first[_MAX_NOTES:]:
        lines.append(f"Now following {len(first) - _MAX_NOTES:,} more keywords.")
    lines += [f"Left the lists: {left}."] if left else []
    notes = [f"{name}: {note}" for name, note in digest.notes.items()]
    lines += notes[:_MAX_NOTES]
    lines += (
        [f"And {len(notes) - _MAX_NOTES} more that are not fresh."] if notes[_MAX_NOTES:] else []
    )
    return [_truncate(line) for line in lines]


def _truncate(text: str) -> str:
    return markdown.truncate(markdown.collapse_whitespace(text), _MAX_ABSTRACT)


@cache
def _build_environment() -> Environment:
    return Environment(
        loader=PackageLoader("papers_assets", "render/templates"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
