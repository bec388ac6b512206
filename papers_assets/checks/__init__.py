"""What must hold of `papers` and what is made of it, each time: the asset checks. Pure.

ERROR means that somebody should look: what is published is wrong, or soon will be. WARN means that
it is right, and says itself what it lacks. A check that is blocking stops publication when it
fails as an ERROR: then the old README, of an older date and right, is better than the new one.
"""

from papers_assets.checks.base import Check, Finding, Severity, blocking_failures
from papers_assets.checks.changes import CHECKS_OF_CHANGES, check_changes
from papers_assets.checks.papers import (
    CHECKS_OF_PAPERS,
    FORMER_COLUMNS,
    check_papers,
    keywords_file_valid,
)
from papers_assets.checks.readme import CHECKS_OF_README, GITHUB_LIMIT, check_readme

__all__ = [
    "CHECKS_OF_CHANGES",
    "CHECKS_OF_PAPERS",
    "CHECKS_OF_README",
    "FORMER_COLUMNS",
    "GITHUB_LIMIT",
    "Check",
    "Finding",
    "Severity",
    "blocking_failures",
    "check_changes",
    "check_papers",
    "check_readme",
    "keywords_file_valid",
]
