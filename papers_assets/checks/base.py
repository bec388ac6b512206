"""What a check finds, and its description."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pandas as pd

from papers_assets.keywords.matching import MATCHED, Matcher
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.text import to_printable
from papers_assets.transform.selection import read_refresh_times

MAX_NAMED = 3
"""Examples that a description names."""
_MAX_TEXT = 150


class Severity(StrEnum):
    """How bad a failed check is."""

    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True)
class CheckResult:
    """What one check found."""

    name: str
    passed: bool
    severity: Severity
    """Means something only if it did not pass."""
    description: str
    """For people: what is wrong and what to do, or the figures that show that all is well."""
    numbers: Mapping[str, int | float | str]


class CheckSpec(NamedTuple):
    """What a check says of itself."""

    description: str
    blocking: bool
    """Whether its failure as an ERROR stops publication."""


def find_blocking_failures(
    results: Sequence[CheckResult], table: Mapping[str, CheckSpec]
) -> list[CheckResult]:
    """Return the findings that stop publication; `table` has the checks that they are of."""
    return [
        result
        for result in results
        if not result.passed and result.severity is Severity.ERROR and table[result.name].blocking
    ]


BUG_HINT = (
    "This is a mistake in papers-assets or a damaged file: nothing new is published until it is "
    "fixed. Please report it with this text."
)


def result(
    name: str,
    problems: Sequence[str],
    success_text: str,
    failure_text: str,
    *,
    severity: Severity = Severity.ERROR,
    **numbers: float | str,
) -> CheckResult:
    """Return a result: passed without `problems`, else `failure_text` with some of them."""
    text = success_text
    if problems:
        more = f" and {len(problems) - MAX_NAMED} more" if len(problems) > MAX_NAMED else ""
        text = failure_text.replace("{}", ", ".join(map(to_line, problems[:MAX_NAMED])) + more)
    return CheckResult(name, not problems, severity, text, numbers)


def to_line(text: str) -> str:
    """Return a text that came from outside as one short line without anything invisible."""
    return to_printable(text, max_length=_MAX_TEXT)


def refresh_times(papers: pd.DataFrame, keywords_config: KeywordsConfig) -> dict[str, datetime]:
    """Return when each keyword was refreshed that the file still has, in its order."""
    times = read_refresh_times(papers)
    return {name: times[name] for name in keywords_config.names if name in times}


_MATCHED_COLUMNS = ("keyword", *MATCHED)
_OPTIONAL_COLUMNS = ("comment", "journal_ref")
PAPER_KEY = ["keyword", "arxiv_id"]
"""What a row is called by."""


def name_rows(rows: pd.DataFrame) -> list[str]:
    """Return what each row is called in a finding."""
    pairs = zip(rows["arxiv_id"], rows["keyword"], strict=True)
    return [f"{arxiv_id} in {keyword}" for arxiv_id, keyword in pairs]


def find_matching(rows: pd.DataFrame, keywords_config: KeywordsConfig) -> np.ndarray:
    """Say of each row whether it matches its keyword; not, if the file has no such keyword."""
    matchers = {keyword.name: Matcher(keyword) for keyword in keywords_config.keywords}
    columns = (
        rows[name].fillna("") if name in _OPTIONAL_COLUMNS else rows[name]
        for name in _MATCHED_COLUMNS
    )
    matches = (
        name in matchers and matchers[name](*fields) for name, *fields in zip(*columns, strict=True)
    )
    return np.fromiter(matches, dtype=bool, count=len(rows))
