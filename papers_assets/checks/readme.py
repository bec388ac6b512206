"""What must hold of the asset `readme`: of its documents, as they were read back from disk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

import pandas as pd

from papers_assets.arxiv.models import paper_url
from papers_assets.checks.base import A_MISTAKE, Check, Finding, Severity, finding, times_of
from papers_assets.checks.readme_pages import (
    SeenPage,
    Urls,
    faults_of_front_page,
    faults_of_readme,
    see_page,
    shown,
)
from papers_assets.checks.rendered import Document, parse
from papers_assets.keywords.model import KeywordsFile
from papers_assets.render.markdown import collapse
from papers_assets.render.readme import Section, parts
from papers_assets.render.readme_pages import GITHUB_LIMIT, KEYWORDS, Content
from papers_assets.render.sections import is_old

__all__ = ["CHECKS_OF_README", "GITHUB_LIMIT", "check_readme"]

CHECKS_OF_README: dict[str, Check] = {
    "well_formed": Check(
        "GitHub's parser sees every section and paper once, on the README or a page of it, four "
        "cells a row, no foreign HTML, and links that lead where they should.",
        blocking=True,
    ),
    "under_github_limit": Check(
        "GitHub shows the whole of every document (512,000 bytes).", blocking=False
    ),
    "says_what_is_stale": Check(
        'Old sections say so, and "Last update" is the day of the last refresh.', blocking=True
    ),
    "front_page_written": Check(
        "If keywords.toml wants a front page, .github/README.md is the list.", blocking=False
    ),
}


def check_readme(  # noqa: PLR0913 - what was made, and what of
    document: bytes,
    papers: pd.DataFrame,
    sections: Sequence[Section],
    file: KeywordsFile,
    *,
    pages: Iterable[tuple[str, bytes]] = (),
    front_page: bytes | None = None,
    front_page_problem: str = "",
) -> list[Finding]:
    """Check the asset `readme`, in the order of `CHECKS_OF_README`.

    Args:
        document: the file, read back from disk.
        papers: what it was rendered from; used are keyword, arxiv_id and version.
        sections: what it was rendered from, for their notes.
        file: the keywords that it was rendered for.
        pages: name and content of every page, read back from disk one by one.
        front_page: the same, if there is one.
        front_page_problem: why there is none although there should be.
    """
    seen, urls = parse(document), _urls(papers, file)
    seen_pages = [see_page(name, page, urls) for name, page in pages]
    sizes = {"README.md": len(document)}
    if front_page is not None:
        sizes[".github/README.md"] = len(front_page)
    sizes |= {f"{KEYWORDS}{page.name}": page.size for page in seen_pages}
    content = Content(sections, None, 0, site=file.site)
    wrong = [*seen.faults, *_faults(seen, seen_pages, content, urls)]
    if front_page is not None:
        wrong += faults_of_front_page(front_page, document)
    return [
        _well_formed(seen, seen_pages, wrong),
        _under_github_limit(sizes, file),
        _says_what_is_stale(seen, seen_pages, papers, sections, file),
        _front_page_written(front_page_problem, wanted=file.front_page),
    ]


def _faults(
    seen: Document, pages: Sequence[SeenPage], content: Content, urls: Urls
) -> Iterator[str]:
    names, found = list(urls), [section.heading for section in seen.sections]
    if found == names:
        yield from faults_of_readme(seen, pages, content, urls)
        return
    pairs = enumerate(zip_longest(found, names), start=1)
    number, (other, name) = next(pair for pair in pairs if pair[1][0] != pair[1][1])
    yield (
        f"section {number} is {_named(other)}, not {_named(name)} "
        f"({len(found)} sections, {len(names)} keywords)"
    )


def _well_formed(seen: Document, pages: Sequence[SeenPage], wrong: Sequence[str]) -> Finding:
    rows = sum(len(section.rows) for section in seen.sections)
    on_pages = sum(page.stop - page.start for page in pages)
    return finding(
        "well_formed",
        wrong,
        f"{len(seen.sections)} sections, {rows} rows of four cells{_and_pages(pages, on_pages)}, "
        "nothing in them but text and links.",
        f"GitHub would not show the README as it is meant: {{}}. {A_MISTAKE}",
        sections=len(seen.sections),
        rows=rows,
        pages=len(pages),
        rows_on_pages=on_pages,
        faults=len(wrong),
    )


def _and_pages(pages: Sequence[SeenPage], rows: int) -> str:
    return f", and {rows} more on {len(pages)} pages" if pages else ""


def _under_github_limit(sizes: Mapping[str, int], file: KeywordsFile) -> Finding:
    over = [f"{name} ({size:,} bytes)" for name, size in sizes.items() if size > GITHUB_LIMIT]
    front, largest = next(iter(sizes.values())), max(sizes.values())
    if front > GITHUB_LIMIT:
        remedy = (
            f"Not even a heading and a link for each of {len(file.names)} keywords find room in "
            "one README: spread the keywords over several files (PAPERS_KEYWORDS and PAPERS_HOME)."
        )
    else:
        remedy = "It should not have come to that: please report it with this text."
    return finding(
        "under_github_limit",
        over,
        f"{len(sizes)} documents, the largest of {largest:,} of {GITHUB_LIMIT:,} bytes.",
        f"GitHub shows only the first {GITHUB_LIMIT:,} bytes of {{}}. {remedy}",
        bytes=front,
        limit=GITHUB_LIMIT,
        percent_of_limit=round(100 * front / GITHUB_LIMIT, 1),
        documents=len(sizes),
        largest=largest,
        all_bytes=sum(sizes.values()),
    )


def _says_what_is_stale(
    seen: Document,
    pages: Sequence[SeenPage],
    papers: pd.DataFrame,
    sections: Sequence[Section],
    file: KeywordsFile,
) -> Finding:
    times = times_of(papers, file)
    newest = max(times.values(), default=None)
    found = {section.heading: section.note for section in seen.sections}
    notes = {collapse(section.keyword): collapse(section.note) for section in sections}
    stale, silent = 0, []
    for name in file.names:
        time, note = times.get(name), found.get(collapse(name), "")
        old = time is None or newest is None or is_old(time, newest, file.timezone)
        day = str(time.astimezone(file.timezone).date()) if time else ""
        stale += old
        if note != notes.get(collapse(name), "") or (old and not (note and day in note)):
            silent.append(f"{name} ({f'of {day}' if day else 'never fetched'}) says {note!r}")
    last = newest.astimezone(file.timezone).date() if newest else None
    (said,) = shown(parts().last_update(last))
    if said not in seen.above:
        silent.append(f"README.md does not say {said.text!r}")
    for page in pages:
        if said not in page.above:
            silent.append(f"{KEYWORDS}{page.name} does not say {said.text!r}")
        if page.section.note != notes.get(page.section.heading):
            silent.append(f"{KEYWORDS}{page.name} says {page.section.note!r}")
    return finding(
        "says_what_is_stale",
        silent,
        f"{stale} of {len(file.names)} sections are old and say so. {said.text}.",
        f"The README does not show how old it is: {{}}. {A_MISTAKE}",
        stale=stale,
        silent=len(silent),
        last_update=str(last or "never"),
    )


def _named(name: str | None) -> str:
    return "missing" if name is None else repr(name)


def _urls(papers: pd.DataFrame, file: KeywordsFile) -> Urls:
    """Give where the rows of each section have to lead, by heading, in the file's order."""
    urls: dict[str, list[str]] = {name: [] for name in file.names}
    rows = zip(papers["keyword"], papers["arxiv_id"], papers["version"], strict=True)
    for keyword, arxiv_id, version in rows:
        if keyword in urls:
            urls[keyword].append(paper_url(arxiv_id, version))
    return {collapse(name): found for name, found in urls.items()}


def _front_page_written(problem: str, *, wanted: bool) -> Finding:
    fine = "The list is the front page." if wanted else "keywords.toml wants no front page."
    return Finding("front_page_written", not problem, Severity.ERROR, problem or fine, {})
