"""The results of a run by keyword, and how they are reported to Dagster and to operators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from papers_assets.defs import asset_metadata
from papers_assets.pipeline.backfill import BackfillResult
from papers_assets.pipeline.compare_with_oai import ComparisonResult
from papers_assets.pipeline.failures import RefreshFailure
from papers_assets.pipeline.keyword_scan import ScanResult
from papers_assets.pipeline.refresh_keyword import RefreshResult

BACKFILL_PREFIX = "looking back at "
"""The prefix of a keyword's name in failures, if it was refreshed but its backfill failed."""
_MAX_NAMED = 20
"""Maximum number of keywords named with one reason in the summary."""
_RETRY_HINT = (
    'The next daily run fetches them again; "Re-execute from failure" does so now, and the other '
    "assets of this run follow in it."
)
_HARVEST_RETRY_HINT = (
    "The next daily run asks for the days that are missing; so does materializing them of "
    "harvest, and then daily_papers."
)


@dataclass
class RunResults:
    """The results of one run of `raw_papers`, by name of the keyword."""

    api_url: str
    is_harvested: bool = False
    """Whether the keywords were found by a scan of the harvest."""
    refreshed: dict[str, asset_metadata.Metadata] = field(default_factory=dict)
    """Metadata of each refreshed keyword, without papers, which would fill the memory."""
    failed: dict[str, RefreshFailure] = field(default_factory=dict)
    incomplete_backfills: dict[str, list[str]] = field(default_factory=dict)
    """The problems of each keyword with an incomplete backfill."""

    def add(
        self,
        result: RefreshResult | ScanResult | RefreshFailure | ComparisonResult | BackfillResult,
    ) -> None:
        """Add the result of a keyword, or of the comparison of all keywords with OAI-PMH."""
        if isinstance(result, ComparisonResult):
            for name, metadata in self.refreshed.items():
                self.refreshed[name] = asset_metadata.with_comparison(metadata, result, name)
            return
        name = result.keyword.name
        match result:
            case RefreshResult():
                self.refreshed[name] = asset_metadata.refresh_metadata(result, self.api_url)
            case ScanResult():
                self.refreshed[name] = asset_metadata.scan_metadata(result)
            case RefreshFailure():
                self.failed[name] = result
            case BackfillResult():
                self._add_backfill(name, result)

    def _add_backfill(self, name: str, result: BackfillResult) -> None:
        if result.incomplete:
            self.incomplete_backfills[name] = result.incomplete
        if name in self.refreshed:
            self.refreshed[name] = asset_metadata.with_backfill(self.refreshed[name], result)

    @property
    def failure_reasons(self) -> Mapping[str, str]:
        """Reasons of failures, by name of the keyword or by `BACKFILL_PREFIX` and name."""
        reasons = {name: failed.reason for name, failed in self.failed.items()}
        return reasons | {
            f"{BACKFILL_PREFIX}{name}": " | ".join(problems)
            for name, problems in self.incomplete_backfills.items()
        }

    def _group_reasons(self) -> list[str]:
        """Return each distinct reason once, with some of the keywords that failed for it."""
        by_reason: dict[str, list[str]] = {}
        for name, failed in self.failed.items():
            by_reason.setdefault(failed.reason, []).append(name)
        return [f"{_join_names(names)}: {reason} |" for reason, names in by_reason.items()]

    @property
    def failure_summary(self) -> str:
        """The failures, their reasons, and what happens next."""
        parts = []
        if self.failed:
            count = len(self.failed) + len(self.refreshed)
            parts.append(f"{len(self.failed)} of {count} keywords could not be refreshed.")
            parts += self._group_reasons()
            parts.append(
                "What is held of them is kept; what the others brought is published within a "
                f"minute. {_HARVEST_RETRY_HINT if self.is_harvested else _RETRY_HINT}"
            )
        if self.incomplete_backfills:
            parts.append("Looking back did not come to its end.")
            parts += [
                f"{name}: {' | '.join(problems)} |"
                for name, problems in self.incomplete_backfills.items()
            ]
            parts.append(
                "What came is kept. Start again with the same dates, or re-execute from failure: "
                "it goes on where it ended."
            )
        return " ".join(parts)


def _join_names(names: Sequence[str]) -> str:
    more = len(names) - _MAX_NAMED
    return ", ".join(names[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
