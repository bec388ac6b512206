"""What must hold of `papers` and what is made of it, each time: the asset checks. Pure.

ERROR means that somebody should look: what is published is wrong, or soon will be. WARN means that
it is right, and says itself what it lacks. A check that is blocking stops publication when it
fails as an ERROR: then the old README, of an older date and right, is better than the new one.
"""

from papers_assets.checks.base import CheckResult, CheckSpec, Severity, find_blocking_failures
from papers_assets.checks.changes import CHANGES_CHECKS, check_changes
from papers_assets.checks.papers import (
    PAPERS_CHECKS,
    PREVIOUS_COLUMNS,
    check_keywords_file,
    check_papers,
)
from papers_assets.checks.readme import GITHUB_LIMIT, README_CHECKS, check_readme

__all__ = [
    "CHANGES_CHECKS",
    "GITHUB_LIMIT",
    "PAPERS_CHECKS",
    "PREVIOUS_COLUMNS",
    "README_CHECKS",
    "CheckResult",
    "CheckSpec",
    "Severity",
    "check_changes",
    "check_keywords_file",
    "check_papers",
    "check_readme",
    "find_blocking_failures",
]
