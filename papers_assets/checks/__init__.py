"""What must hold of `papers` and what is made of it, each time: the asset checks. Pure.

ERROR means that somebody should look: what is published is wrong, or soon will be. WARN means that
it is right, and says itself what it lacks. A check that is blocking stops publication when it
fails as an ERROR: then the old README, of an older date and right, is better than the new one.
"""

from papers_assets.checks.base import CheckResult, CheckSpec, Severity, find_blocking_failures
from papers_assets.checks.changes import CHECKS_OF_CHANGES, check_changes
from papers_assets.checks.papers import (
    CHECKS_OF_PAPERS,
    PREVIOUS_COLUMNS,
    check_keywords_file,
    check_papers,
)
from papers_assets.checks.readme import CHECKS_OF_README, GITHUB_LIMIT, check_readme

__all__ = [
    "CHECKS_OF_CHANGES",
    "CHECKS_OF_PAPERS",
    "CHECKS_OF_README",
    "GITHUB_LIMIT",
    "PREVIOUS_COLUMNS",
    "CheckResult",
    "CheckSpec",
    "Severity",
    "check_changes",
    "check_keywords_file",
    "check_papers",
    "check_readme",
    "find_blocking_failures",
]
