"""The papers for other programs: papers.csv and papers.json, described by `papers.schema.json`.

Pure. Texts are as published, escaped only for the format itself; lone surrogates, which UTF-8
cannot encode, become U+FFFD. The same papers result in the same bytes. Each paper is one line of
papers.json, so a line diff between two days shows the papers that differ.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from importlib import resources
from typing import Any, NamedTuple

from papers_assets.transform.changes import ChangeKind
from papers_assets.transform.listed_papers import ListedPaper

FORMAT = 1
"""The version of papers.json, raised when programs that read it have to be changed."""
CSV_COLUMNS = {
    "arxiv_id": "arXiv id without the version",
    "version": "The newest version that any list has, from 1",
    "title": "As published, white space collapsed, as in all texts",
    "authors": "List: names in the paper's order",
    "abstract": "As published",
    "comment": "The authors' comment, such as pages or venue; may be empty",
    "categories": "List: the primary category and the cross-lists",
    "primary_category": "One of categories",
    "published": "When version 1 was submitted; UTC, such as 2026-11-23T06:00:00Z, as all times",
    "updated": "When this version was submitted",
    "doi": "Of the published article; may be empty",
    "journal_ref": "Where the article appeared; may be empty",
    "first_seen": "When arXiv first answered this version to us",
    "url": "The address of this version",
    "code": "List: addresses of code, models and project pages in its own text; may be empty",
    "keywords": "List: the keywords whose lists have it, in the order of keywords.toml",
    "kind": "What the digests last called it: new, revised, withdrawn, matched (newly matching) or "
    "baseline (in a keyword's first list, not announced); empty: unknown",
}
"""The content of each column of papers.csv. For lists, see `render_papers_csv`."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class KeywordData(NamedTuple):
    """The properties of a keyword in papers.json, besides the number of papers in its list."""

    name: str
    refreshed_at: datetime | None
    """When arXiv last returned a valid answer; None: never."""
    note: str = ""
    """A warning as one line of plain text; empty: none."""


def render_papers_json(
    papers: Sequence[ListedPaper],
    *,
    keywords: Sequence[KeywordData],
    last_update: date | None,
    announced_kinds: Mapping[str, ChangeKind] | None = None,
) -> str:
    """Return papers.json, to be written as UTF-8.

    Args:
            papers: the papers, in the order in which they are listed.
            keywords: all keywords of `papers`, in the order of keywords.toml.
            last_update: the day of the last update; None: there was none.
            announced_kinds: the kind of change last announced for each paper, by arXiv id.
    """
    kinds = announced_kinds or {}
    counts = Counter(name for paper in papers for name in paper.keywords)
    parts = [
        f'"format": {FORMAT}',
        f'"last_update": {_to_json(last_update and last_update.isoformat())}',
        f'"keywords": {_json_array(_keyword_to_dict(k, counts[k.name]) for k in keywords)}',
        f'"papers": {_json_array(_paper_to_dict(p, kinds.get(p.arxiv_id)) for p in papers)}',
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def render_papers_csv(
    papers: Iterable[ListedPaper], announced_kinds: Mapping[str, ChangeKind] | None = None
) -> str:
    """Return papers.csv, to be written as UTF-8: RFC 4180, with `CSV_COLUMNS`, one row per paper.

    Items of a list are joined with "; ". A semicolon in an item is doubled, as CSV doubles quotes:
    a class such as "I.2.6; I.5.1" is one category. Absent and empty values look the same.

    Lines end with CR and LF; write them without newline translation. To read the file with pandas,
    use `read_csv(path, dtype=str, keep_default_na=False)`; otherwise ids become numbers, and a
    title "NA" becomes a missing value. Spreadsheets may read a text that begins with "=" as a
    formula: import the columns as text.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(CSV_COLUMNS)
    for paper in papers:
        values = _paper_to_dict(paper, (announced_kinds or {}).get(paper.arxiv_id)) | {
            "code": [link.url for link in paper.code_links]
        }
        writer.writerow(_csv_cell(values[column]) for column in CSV_COLUMNS)
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", file.getvalue())


def read_papers_schema() -> str:
    """Return the JSON Schema of papers.json, which is published beside it."""
    return resources.files(__package__).joinpath("papers.schema.json").read_text("utf-8")


def _keyword_to_dict(keyword: KeywordData, papers: int) -> dict[str, Any]:
    return {
        "name": keyword.name,
        "papers": papers,
        "refreshed_at": keyword.refreshed_at and _format_time(keyword.refreshed_at),
        "note": keyword.note,
    }


def _paper_to_dict(paper: ListedPaper, kind: ChangeKind | None) -> dict[str, Any]:
    return {
        "arxiv_id": paper.arxiv_id,
        "version": paper.version,
        "title": paper.title,
        "authors": paper.authors,
        "abstract": paper.abstract,
        "comment": paper.comment,
        "categories": paper.categories,
        "primary_category": paper.primary_category,
        "published": _format_time(paper.published),
        "updated": _format_time(paper.updated),
        "doi": paper.doi,
        "journal_ref": paper.journal_ref,
        "first_seen": _format_time(paper.first_seen),
        "url": paper.url,
        "code": [{"kind": link.kind, "url": link.url} for link in paper.code_links],
        "keywords": paper.keywords,
        "kind": kind and kind.value,
    }


def _format_time(time: datetime) -> str:
    """Return a time to the second, which is the precision of arXiv's times."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _to_json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _json_array(values: Iterable[object]) -> str:
    """Return a JSON array with one item per line."""
    lines = ",\n".join(_to_json(value) for value in values)
    return f"[\n{lines}\n]" if lines else "[]"


def _csv_cell(value: object) -> object:
    if isinstance(value, list | tuple):
        return "; ".join(str(item).replace(";", ";;") for item in value)
    return value
