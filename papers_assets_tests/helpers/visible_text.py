"""What a reader must see of papers, and what is wrong with what they do see."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from papers_assets.render.readme import Section, render_readme
from papers_assets_tests.helpers.github_markdown import Cell

Paper = Mapping[str, Any]

_INVENTED: Paper = {
    "arxiv_id": "2613.00001",
    "version": 1,
    "title": "A title",
    "abstract": "An abstract.",
    "comment": None,
    "updated": datetime(2026, 1, 12, 23, 30, tzinfo=UTC),
    "primary_category": "cs.PL",
}
_LONGEST_SHORT_COMMENT = 20
DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""The characters that turn the direction of text."""
_PIPE = re.compile(r"(?<!\\)\|")


def paper(**fields: Any) -> Paper:
    return {**_INVENTED, **fields}


def published(record: Paper) -> Paper:
    """A record of the reference data as a paper."""
    fields = {name: record[name] for name in ("version", "title", "abstract", "comment")}
    return paper(arxiv_id=record["id"], **fields)


def frame(papers: Iterable[Paper]) -> pd.DataFrame:
    # As objects: the strings of pandas could not hold what is tested here.
    table = pd.DataFrame(list(papers), columns=list(_INVENTED), dtype=object)
    table["updated"] = pd.to_datetime(table["updated"], utc=True).dt.as_unit("us")
    return table


def readme(papers: Iterable[Paper], keyword: str = "compiler", note: str = "") -> str:
    section = Section(keyword, frame(papers), note)
    return "".join(render_readme([section], last_update=date(2026, 1, 14), cap=100))


def visible(text: str) -> str:
    """The text as a reader must see it."""
    text = " ".join("".join(c for c in text if c not in DIRECTIONS).split())
    controls = {c for c in text if unicodedata.category(c) in ("Cc", "Cs")}
    return "".join("\ufffd" if c in controls else c for c in text)


def called(title: str) -> str:
    """What the link to a paper is called: its title, or what stands for one that cannot be seen."""
    title = visible(title)
    seen = (c for c in title if unicodedata.category(c)[0] in "LNPS")
    blank = ("FILLER", "PATTERN BLANK")
    return title if any(not unicodedata.name(c, "").endswith(blank) for c in seen) else "(untitled)"


def table_rows(markdown: str) -> list[str]:
    return [line for line in markdown.split("\n") if line.startswith("| **[")]


def pipes(line: str) -> int:
    """How many pipes of a table row end a cell."""
    return len(_PIPE.findall(line))


def faults(paper: Paper, row: list[Cell]) -> list[str]:
    """Say what of a paper is not as published, or more than text, in its row of the table."""
    if len(row) != 4:
        return [f"{len(row)} cells"]
    title, day, abstract, comment = row
    return [
        *_of_title(title, paper),
        *differ("date", day, paper["updated"].date().isoformat(), []),
        *differ("abstract", abstract, paper["abstract"], ["details", "summary", "p"]),
        *_of_comment(comment, visible(paper["comment"] or "")),
    ]


def differ(name: str, cell: Cell, text: str, tags: list[str]) -> list[str]:
    """Say how a cell differs from a text in these elements, links to plain addresses apart."""
    found = [tag for tag in cell.tags if tag != "a"]
    shown = cell.inside.get("p", "") if "p" in tags else cell.text
    complaints = [f"{name}: elements {found}"] if found != tags else []
    if shown != visible(text):
        complaints.append(f"{name}: shows {shown!r}, not {visible(text)!r}")
    for target, label in cell.links:
        if not re.match(r"https?://|ftp://|mailto:|xmpp:|[\w.+-]+@", target, re.IGNORECASE):
            complaints.append(f"{name}: links to {target!r}")
        if label not in cell.text:
            complaints.append(f"{name}: a link called {label!r}")
    return complaints


def _of_title(cell: Cell, paper: Paper) -> list[str]:
    url = f"https://arxiv.org/abs/{paper['arxiv_id']}v{paper['version']}"
    complaints = [] if cell.tags == ["strong", "a"] else [f"title: elements {cell.tags}"]
    if cell.links != [(url, called(paper["title"]))]:
        complaints.append(f"title: {cell.links}, not {called(paper['title'])!r}")
    return complaints


def _of_comment(cell: Cell, comment: str) -> list[str]:
    if len(comment) <= _LONGEST_SHORT_COMMENT:
        return differ("comment", cell, comment, [])
    complaints = differ("comment", cell, comment, ["details", "summary", "p"])
    if cell.inside.get("summary") != f"{comment[:5]}...":
        complaints.append(f"comment: summary {cell.inside.get('summary')!r}")
    return complaints
