"""Results and specifications of checks, and what several checks use."""

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
"""How many examples a description names."""
_MAX_TEXT = 150


class Severity(StrEnum):
    """The severity of a failed check."""

    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True)
class CheckResult:
    """The result of one check."""

    name: str
    passed: bool
    severity: Severity
    """Only relevant if the check failed."""
    description: str
    """For people: what is wrong and what to do, or the figures of a passed check."""
    numbers: Mapping[str, int | float | str]


class CheckSpec(NamedTuple):
    """The specification of a check."""

    description: str
    blocking: bool
    """Whether a failure as an ERROR stops publication."""


def find_blocking_failures(
    results: Sequence[CheckResult], table: Mapping[str, CheckSpec]
) -> list[CheckResult]:
    """Return the results that stop publication; `table` has the specifications of their checks."""
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
    """Return an external text as one short line without invisible characters."""
    return to_printable(text, max_length=_MAX_TEXT)


def refresh_times(papers: pd.DataFrame, keywords_config: KeywordsConfig) -> dict[str, datetime]:
    """Return when the keywords of the file were refreshed, in its order."""
    times = read_refresh_times(papers)
    return {name: times[name] for name in keywords_config.names if name in times}


_MATCHED_COLUMNS = ("keyword", *MATCHED)
_OPTIONAL_COLUMNS = ("comment", "journal_ref")
PAPER_KEY = ["keyword", "arxiv_id"]
"""The columns that identify a row."""


def name_rows(rows: pd.DataFrame) -> list[str]:
    """Return the name of each row in a description."""
    pairs = zip(rows["arxiv_id"], rows["keyword"], strict=True)
    return [f"{arxiv_id} in {keyword}" for arxiv_id, keyword in pairs]


def find_matching(rows: pd.DataFrame, keywords_config: KeywordsConfig) -> np.ndarray:
    """Return which rows match their keywords; False for keywords that the file does not have."""
    matchers = {keyword.name: Matcher(keyword) for keyword in keywords_config.keywords}
    columns = (
        rows[name].fillna("") if name in _OPTIONAL_COLUMNS else rows[name]
        for name in _MATCHED_COLUMNS
    )
    matches = (
        name in matchers and matchers[name](*fields) for name, *fields in zip(*columns, strict=True)
    )
    return np.fromiter(matches, dtype=bool, count=len(rows))
