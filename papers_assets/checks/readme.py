"""The checks of the asset `readme`, on its documents as read back from disk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

import pandas as pd

from papers_assets.arxiv.models import build_abs_url
from papers_assets.checks.base import (
    BUG_HINT,
    CheckResult,
    CheckSpec,
    Severity,
    refresh_times,
    result,
)
from papers_assets.checks.readme_pages import (
    PageSummary,
    Urls,
    faults_of_readme,
    parse_page,
    problems_in_front_page,
    shown,
)
from papers_assets.checks.rendered import Document, parse
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.render.markdown import collapse_whitespace
from papers_assets.render.readme import Section, parts
from papers_assets.render.readme_pages import GITHUB_LIMIT, KEYWORDS_FOLDER, ReadmeContent
from papers_assets.render.sections import is_stale

__all__ = ["CHECKS_OF_README", "GITHUB_LIMIT", "check_readme"]

CHECKS_OF_README: dict[str, CheckSpec] = {
    "well_formed": CheckSpec(
        "GitHub's parser sees every section and paper once, on the README or a page of it, four "
        "cells a row, no foreign HTML, and links that lead where they should.",
        blocking=True,
    ),
    "under_github_limit": CheckSpec(
        "GitHub shows the whole of every document (512,000 bytes).", blocking=False
    ),
    "says_what_is_stale": CheckSpec(
        'Old sections say so, and "Last update" is the day of the last refresh.', blocking=True
    ),
    "front_page_written": CheckSpec(
        "If keywords.toml wants a front page, .github/README.md is the list.", blocking=False
    ),
}


def check_readme(  # noqa: PLR0913 - the documents and their inputs
    document: bytes,
    papers: pd.DataFrame,
    sections: Sequence[Section],
    keywords_config: KeywordsConfig,
    *,
    pages: Iterable[tuple[str, bytes]] = (),
    front_page: bytes | None = None,
    front_page_problem: str = "",
) -> list[CheckResult]:
    """Check the asset `readme`, in the order of `CHECKS_OF_README`.

    Args:
        document: the README, read back from disk.
        papers: the asset `papers` that it was rendered from; used are keyword, arxiv_id and
            version.
        sections: the sections that it was rendered from, for their notes.
        keywords_config: the keywords that it was rendered for.
        pages: the name and content of every page, read back from disk one by one.
        front_page: the front page, read back from disk; None: there is none.
        front_page_problem: why a wanted front page is missing; empty: it is not.
    """
    seen, urls = parse(document), _expected_urls(papers, keywords_config)
    seen_pages = [parse_page(name, page, urls) for name, page in pages]
    sizes = {"README.md": len(document)}
    if front_page is not None:
        sizes[".github/README.md"] = len(front_page)
    sizes |= {f"{KEYWORDS_FOLDER}{page.name}": page.size for page in seen_pages}
    content = ReadmeContent(sections, None, 0, site=keywords_config.site)
    wrong = [*seen.faults, *_faults(seen, seen_pages, content, urls)]
    if front_page is not None:
        wrong += problems_in_front_page(front_page, document)
    return [
        _check_well_formed(seen, seen_pages, wrong),
        _check_github_limit(sizes, keywords_config),
        _check_stale_notes(seen, seen_pages, papers, sections, keywords_config),
        _check_front_page(front_page_problem, wanted=keywords_config.front_page),
    ]


def _faults(
    seen: Document, pages: Sequence[PageSummary], content: ReadmeContent, urls: Urls
) -> Iterator[str]:
    names, found = list(urls), [section.heading for section in seen.sections]
    if found == names:
        yield from faults_of_readme(seen, pages, content, urls)
        return
    pairs = enumerate(zip_longest(found, names), start=1)
    number, (other, name) = next(pair for pair in pairs if pair[1][0] != pair[1][1])
    yield (
        f"section {number} is {_list_names(other)}, not {_list_names(name)} "
        f"({len(found)} sections, {len(names)} keywords)"
    )


def _check_well_formed(
    readme: Document, pages: Sequence[PageSummary], wrong: Sequence[str]
) -> CheckResult:
    rows = sum(len(section.rows) for section in readme.sections)
    on_pages = sum(page.stop - page.start for page in pages)
    return result(
        "well_formed",
        wrong,
        f"{len(readme.sections)} sections, {rows} rows of four "
        f"cells{_describe_pages(pages, on_pages)}, "
        "nothing in them but text and links.",
        f"GitHub would not show the README as it is meant: {{}}. {BUG_HINT}",
        sections=len(readme.sections),
        rows=rows,
        pages=len(pages),
        rows_on_pages=on_pages,
        faults=len(wrong),
    )


def _describe_pages(pages: Sequence[PageSummary], rows: int) -> str:
    return f", and {rows} more on {len(pages)} pages" if pages else ""


def _check_github_limit(sizes: Mapping[str, int], keywords_config: KeywordsConfig) -> CheckResult:
    over = [f"{name} ({size:,} bytes)" for name, size in sizes.items() if size > GITHUB_LIMIT]
    front, largest = next(iter(sizes.values())), max(sizes.values())
    if front > GITHUB_LIMIT:
        remedy = (
            f"Not even a heading and a link for each of {len(keywords_config.names)} keywords "
            "find room in "
            "one README: spread the keywords over several files (PAPERS_KEYWORDS and PAPERS_HOME)."
        )
    else:
        remedy = "It should not have come to that: please report it with this text."
    return result(
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


def _check_stale_notes(
    readme: Document,
    pages: Sequence[PageSummary],
    papers: pd.DataFrame,
    sections: Sequence[Section],
    keywords_config: KeywordsConfig,
) -> CheckResult:
    times = refresh_times(papers, keywords_config)
    newest = max(times.values(), default=None)
    found = {section.heading: section.note for section in readme.sections}
    notes = {
        collapse_whitespace(section.keyword): collapse_whitespace(section.note)
        for section in sections
    }
    stale, silent = 0, []
    for name in keywords_config.names:
        time, note = times.get(name), found.get(collapse_whitespace(name), "")
        old = time is None or newest is None or is_stale(time, newest, keywords_config.timezone)
        day = str(time.astimezone(keywords_config.timezone).date()) if time else ""
        stale += old
        if note != notes.get(collapse_whitespace(name), "") or (old and not (note and day in note)):
            silent.append(f"{name} ({f'of {day}' if day else 'never fetched'}) says {note!r}")
    last = newest.astimezone(keywords_config.timezone).date() if newest else None
    (said,) = shown(parts().last_update(last))
    if said not in readme.above:
        silent.append(f"README.md does not say {said.text!r}")
    for page in pages:
        if said not in page.navigation:
            silent.append(f"{KEYWORDS_FOLDER}{page.name} does not say {said.text!r}")
        if page.section.note != notes.get(page.section.heading):
            silent.append(f"{KEYWORDS_FOLDER}{page.name} says {page.section.note!r}")
    return result(
        "says_what_is_stale",
        silent,
        f"{stale} of {len(keywords_config.names)} sections are old and say so. {said.text}.",
        f"The README does not show how old it is: {{}}. {BUG_HINT}",
        stale=stale,
        silent=len(silent),
        last_update=str(last or "never"),
    )


def _list_names(name: str | None) -> str:
    return "missing" if name is None else repr(name)


def _expected_urls(papers: pd.DataFrame, keywords_config: KeywordsConfig) -> Urls:
    """Return the link targets of the rows of each section, by heading, in the file's order."""
    urls: dict[str, list[str]] = {name: [] for name in keywords_config.names}
    rows = zip(papers["keyword"], papers["arxiv_id"], papers["version"], strict=True)
    for keyword, arxiv_id, version in rows:
        if keyword in urls:
            urls[keyword].append(build_abs_url(arxiv_id, version))
    return {collapse_whitespace(name): found for name, found in urls.items()}


def _check_front_page(problem: str, *, wanted: bool) -> CheckResult:
    fine = "The list is the front page." if wanted else "keywords.toml wants no front page."
    return CheckResult("front_page_written", not problem, Severity.ERROR, problem or fine, {})
