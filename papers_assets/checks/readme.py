"""What must hold of the asset `readme`: of its documents, as they were read back from disk."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from papers_assets.arxiv.models import paper_url
from papers_assets.checks.base import A_MISTAKE, Check, Finding, Severity, finding, times_of
from papers_assets.checks.readme_pages import (
    SeenPage,
    faults_between,
    faults_of,
    faults_of_front_page,
    faults_of_section,
    see_page,
)
from papers_assets.keywords.model import KeywordsFile
from papers_assets.render.escape import collapse
from papers_assets.render.inspect import Readme, inspect_readme
from papers_assets.render.readme import Section
from papers_assets.render.readme_pages import GITHUB_LIMIT, KEYWORDS
from papers_assets.render.sections import is_old
from papers_assets.storage.documents import FRONT_PAGE_MARK

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
    seen, urls = inspect_readme(document), _urls(papers, file)
    seen_pages = [see_page(name, page, urls) for name, page in pages]
    sizes = {"README.md": len(document)}
    if front_page is not None:
        sizes[".github/README.md"] = len(front_page)
    sizes |= {f"{KEYWORDS}{page.name}": page.size for page in seen_pages}
    copied: Iterable[str] = ()
    if front_page is not None:
        copied = faults_of_front_page(front_page, document, FRONT_PAGE_MARK)
    return [
        _well_formed(seen, seen_pages, urls, copied, file.site),
        _under_github_limit(sizes, file),
        _says_what_is_stale(seen, seen_pages, papers, sections, file),
        _front_page_written(front_page_problem, wanted=file.front_page),
    ]


def _well_formed(
    seen: Readme,
    pages: Sequence[SeenPage],
    urls: Mapping[str, list[str]],
    copied: Iterable[str],
    site: str,
) -> Finding:
    wrong = [] if seen.is_utf8 else ["bytes that are no UTF-8"]
    wrong += [f"before the sections: {fault}" for fault in faults_of(seen.preamble)]
    wrong += [fault for page in pages for fault in page.faults]
    names, found = list(urls), [section.heading for section in seen.sections]
    if found != names:
        at = next((i for i, (a, b) in enumerate(zip(names, found, strict=False)) if a != b), None)
        at = min(len(names), len(found)) if at is None else at
        wrong.append(
            f"section {at + 1} is {_named(found, at)}, not {_named(names, at)} "
            f"({len(found)} sections, {len(names)} keywords)"
        )
    else:
        for section in seen.sections:
            rows = len(section.rows) if section.more else None
            wrong += faults_of_section(section, urls[section.heading][:rows])
        wrong += faults_between(seen, pages, urls, site)
    wrong += copied
    rows = sum(len(section.rows) for section in seen.sections)
    on_pages = sum(stop - start + 1 for start, stop, *_ in (page.position for page in pages))
    return finding(
        "well_formed",
        wrong,
        f"{len(found)} sections, {rows} rows of four cells{_and_pages(pages, on_pages)}, nothing "
        "in them but text and links.",
        f"GitHub would not show the README as it is meant: {{}}. {A_MISTAKE}",
        sections=len(found),
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
    seen: Readme,
    pages: Sequence[SeenPage],
    papers: pd.DataFrame,
    sections: Sequence[Section],
    file: KeywordsFile,
) -> Finding:
    times = times_of(papers, file)
    newest = max(times.values(), default=None)
    shown = {section.heading: section.note for section in seen.sections}
    notes = {section.keyword: collapse(section.note) for section in sections}
    stale, silent = 0, []
    for name in file.names:
        time, note = times.get(name), shown.get(collapse(name), "")
        old = time is None or newest is None or is_old(time, newest, file.timezone)
        day = str(time.astimezone(file.timezone).date()) if time else ""
        stale += old
        if note != notes.get(name, "") or (old and not (note and day in note)):
            silent.append(f"{name} ({f'of {day}' if day else 'never fetched'}) says {note!r}")
    last = str(newest.astimezone(file.timezone).date()) if newest else "never"
    if not seen.last_update.startswith(last):
        silent.append(f'"Last update: {seen.last_update}" should be {last}')
    noted = {collapse(name): note for name, note in notes.items()}
    silent += [
        f"{KEYWORDS}{page.name} says {page.part.note!r}, last update {page.last_update}"
        for page in pages
        if page.part.note != noted.get(page.part.heading) or page.last_update != last
    ]
    return finding(
        "says_what_is_stale",
        silent,
        f"{stale} of {len(file.names)} sections are old and say so. Last update: {last}.",
        f"The README does not show how old it is: {{}}. {A_MISTAKE}",
        stale=stale,
        silent=len(silent),
        last_update=last,
    )


def _named(names: Sequence[str], at: int) -> str:
    return repr(names[at]) if at < len(names) else "missing"


def _urls(papers: pd.DataFrame, file: KeywordsFile) -> dict[str, list[str]]:
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
