"""The asset checks of `papers` and of the assets made from it. Pure.

ERROR calls for action: the publication is wrong, or soon will be. WARN means that it is correct
and shows what it lacks. A blocking check that fails as an ERROR stops publication, because an
older, correct README is better than a wrong new one.
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
