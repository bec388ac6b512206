"""What a check finds, and its description."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pandas as pd

from papers_assets.keywords.matching import MATCHED, Matcher
from papers_assets.keywords.model import KeywordsFile
from papers_assets.text import printable
from papers_assets.transform.selection import refreshed_at

NAMED = 3
"""Examples that a description names."""
_LONGEST = 150


class Severity(StrEnum):
    """How bad a failed check is."""

    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    name: str
    passed: bool
    severity: Severity
    """Means something only if it did not pass."""
    description: str
    """For people: what is wrong and what to do, or the figures that show that all is well."""
    numbers: Mapping[str, int | float | str]


class Check(NamedTuple):
    """What a check says of itself."""

    says: str
    blocking: bool
    """Whether its failure as an ERROR stops publication."""


def blocking_failures(findings: Sequence[Finding], table: Mapping[str, Check]) -> list[Finding]:
    """Return the findings that stop publication; `table` has the checks that they are of."""
    return [
        found
        for found in findings
        if not found.passed and found.severity is Severity.ERROR and table[found.name].blocking
    ]


A_MISTAKE = (
    "This is a mistake in papers-assets or a damaged file: nothing new is published until it is "
    "fixed. Please report it with this text."
)


def finding(
    name: str,
    wrong: Sequence[str],
    fine: str,
    problem: str,
    *,
    severity: Severity = Severity.ERROR,
    **numbers: float | str,
) -> Finding:
    """Make a finding: passed if nothing is `wrong`, else `problem` with some of it put in."""
    text = fine
    if wrong:
        more = f" and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        text = problem.replace("{}", ", ".join(map(as_line, wrong[:NAMED])) + more)
    return Finding(name, not wrong, severity, text, numbers)


def as_line(text: str) -> str:
    """Give a text that came from outside as one short line without anything invisible."""
    return printable(text, most=_LONGEST)


def times_of(papers: pd.DataFrame, file: KeywordsFile) -> dict[str, datetime]:
    """Give when each keyword was refreshed that the file still has, in its order."""
    times = refreshed_at(papers)
    return {name: times[name] for name in file.names if name in times}


_MATCHED = ("keyword", *MATCHED)
_OPTIONAL = ("comment", "journal_ref")
PAPER = ["keyword", "arxiv_id"]
"""What a row is called by."""


def named(rows: pd.DataFrame) -> list[str]:
    """Give what each row is called in a finding."""
    pairs = zip(rows["arxiv_id"], rows["keyword"], strict=True)
    return [f"{arxiv_id} in {keyword}" for arxiv_id, keyword in pairs]


def matching(rows: pd.DataFrame, file: KeywordsFile) -> np.ndarray:
    """Say of each row whether it matches its keyword; not, if the file has no such keyword."""
    matchers = {keyword.name: Matcher(keyword) for keyword in file.keywords}
    columns = (rows[name].fillna("") if name in _OPTIONAL else rows[name] for name in _MATCHED)
    matches = (
        name in matchers and matchers[name](*fields) for name, *fields in zip(*columns, strict=True)
    )
    return np.fromiter(matches, dtype=bool, count=len(rows))
