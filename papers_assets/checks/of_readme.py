"""What must hold of the asset `readme`: of the file, as it was read back from disk."""

from collections.abc import Sequence

import pandas as pd

from papers_assets.checks.finding import (
    A_MISTAKE,
    Check,
    Finding,
    Severity,
    finding,
    times_of,
)
from papers_assets.keywords import KeywordsFile
from papers_assets.rendering.escape import collapse
from papers_assets.rendering.inspect import Part, Readme, Row, inspect_readme
from papers_assets.rendering.readme import Section, paper_url
from papers_assets.sections import is_old

GITHUB_LIMIT = 512_000
"""Bytes of a README that GitHub shows."""
_NEAR = 0.9
_CELLS = 4
# What GitHub makes links of in plain text; ours are https.
_SCHEMES = ("http://", "https://", "ftp://", "mailto:", "xmpp:")

CHECKS_OF_README: dict[str, Check] = {
    "well_formed": Check(
        "GitHub's parser sees every section and paper, four cells a row, and no foreign HTML.",
        blocking=True,
    ),
    "under_github_limit": Check("GitHub shows the whole file (512,000 bytes).", blocking=False),
    "says_what_is_stale": Check(
        'Old sections say so, and "Last update" is the day of the last answer.', blocking=True
    ),
}


def check_readme(
    document: bytes, papers: pd.DataFrame, sections: Sequence[Section], file: KeywordsFile
) -> list[Finding]:
    """Check the asset `readme`, in the order of `CHECKS_OF_README`.

    Args:
        document: the file, read back from disk.
        papers: what it was rendered from; used are keyword, arxiv_id and version.
        sections: what it was rendered from, for their notes.
        file: the keywords that it was rendered for.
    """
    seen = inspect_readme(document)
    return [
        _well_formed(seen, papers, file),
        _under_github_limit(len(document), len(papers), file),
        _says_what_is_stale(seen, papers, sections, file),
    ]


def _well_formed(seen: Readme, papers: pd.DataFrame, file: KeywordsFile) -> Finding:
    faults = [] if seen.is_utf8 else ["bytes that are no UTF-8"]
    faults += [f"before the sections: {fault}" for fault in _faults(seen.preamble)]
    names = [collapse(name) for name in file.names]
    found = [section.heading for section in seen.sections]
    if found != names:
        at = next((i for i, (a, b) in enumerate(zip(names, found, strict=False)) if a != b), None)
        at = min(len(names), len(found)) if at is None else at
        faults.append(
            f"section {at + 1} is {_named(found, at)}, not {_named(names, at)} "
            f"({len(found)} sections, {len(names)} keywords)"
        )
    else:
        urls = _urls(papers)
        for name, section in zip(file.names, seen.sections, strict=True):
            faults += _section_faults(section, urls.get(name, []))
    rows = sum(len(section.rows) for section in seen.sections)
    return finding(
        "well_formed",
        faults,
        f"{len(found)} sections, {rows} rows of four cells, nothing in them but text and links.",
        f"GitHub would not show the README as it is meant: {{}}. {A_MISTAKE}",
        sections=len(found),
        rows=rows,
        faults=len(faults),
    )


def _section_faults(section: Part, urls: list[str]) -> list[str]:
    faults = [f"{section.heading}: {fault}" for fault in _faults(section)]
    if len(section.rows) != len(urls):
        faults.append(f"{section.heading}: {len(section.rows)} rows for {len(urls)} papers")
        return faults
    for number, (row, url) in enumerate(zip(section.rows, urls, strict=True), start=1):
        problems = _faults(row)
        if row.cells != _CELLS:
            problems.append(f"{row.cells} cells")
        if row.url != url and not problems:
            problems.append(f"leads to {row.url or 'nowhere'} instead of {url}")
        faults += [f"{section.heading}, row {number}: {problem}" for problem in problems]
    return faults


def _faults(part: Part | Row) -> list[str]:
    links = [link for link in part.links if not link.lower().startswith(_SCHEMES)]
    return [*([part.strange] if part.strange else []), *(f"a link to {link}" for link in links)]


def _under_github_limit(size: int, rows: int, file: KeywordsFile) -> Finding:
    fit = int(GITHUB_LIMIT * rows / size) if size else 0
    each = max(1, fit // len(file.names))
    over = size > GITHUB_LIMIT
    shows = f"GitHub shows only the first {GITHUB_LIMIT:,}" if over else f"of {GITHUB_LIMIT:,}"
    return finding(
        "under_github_limit",
        [f"{size:,} bytes"] if size >= _NEAR * GITHUB_LIMIT else [],
        f"{size:,} of {GITHUB_LIMIT:,} bytes.",
        f"{{}}: {shows}. About {fit} average rows fit, {each} for each of {len(file.names)} "
        "keywords: lower cap in keywords.toml, or spread the keywords over several files "
        "(PAPERS_KEYWORDS and PAPERS_HOME).",
        severity=Severity.ERROR if over else Severity.WARN,
        bytes=size,
        limit=GITHUB_LIMIT,
        percent_of_limit=round(100 * size / GITHUB_LIMIT, 1),
        rows=rows,
        rows_that_fit=fit,
    )


def _says_what_is_stale(
    seen: Readme, papers: pd.DataFrame, sections: Sequence[Section], file: KeywordsFile
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
    return finding(
        "says_what_is_stale",
        silent,
        f"{stale} of {len(file.names)} sections are old and say so. Last update: {last}.",
        f"The README does not tell how old it is: {{}}. {A_MISTAKE}",
        stale=stale,
        silent=len(silent),
        last_update=last,
    )


def _named(names: Sequence[str], at: int) -> str:
    return repr(names[at]) if at < len(names) else "missing"


def _urls(papers: pd.DataFrame) -> dict[str, list[str]]:
    urls: dict[str, list[str]] = {}
    rows = zip(papers["keyword"], papers["arxiv_id"], papers["version"], strict=True)
    for keyword, arxiv_id, version in rows:
        urls.setdefault(keyword, []).append(paper_url(arxiv_id, version))
    return urls
