"""What became of a run's keywords, and how it is told: to Dagster, and to who is on call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from papers_assets.defs import asset_metadata
from papers_assets.pipeline.backfill import LookedBack
from papers_assets.pipeline.compare_with_oai import Witnessed
from papers_assets.pipeline.failures import Failed
from papers_assets.pipeline.keyword_scan import Found
from papers_assets.pipeline.refresh_keyword import Refreshed

LOOKING_BACK = "looking back at "
"""Before a keyword's name, where it was refreshed and looking back did not come to its end."""
_NAMED = 20
"""Keywords of one reason that the story names."""
_ASK_AGAIN = (
    'The next daily run fetches them again; "Re-execute from failure" does so now, and the other '
    "assets of this run follow in it."
)
_HARVEST_AGAIN = (
    "The next daily run asks for the days that are missing; so does materializing them of "
    "harvest, and then daily_papers."
)


@dataclass
class Outcomes:
    """Of the keywords of one run of `raw_papers`, each by name."""

    api_url: str
    is_harvested: bool = False
    """Whether they were looked for in what `harvest` brought in."""
    refreshed: dict[str, asset_metadata.Metadata] = field(default_factory=dict)
    """What Dagster shows of each. Their papers are not kept: they would fill the memory."""
    failed: dict[str, Failed] = field(default_factory=dict)
    open: dict[str, list[str]] = field(default_factory=dict)
    """What has not come of keywords that were looked back at."""

    def add(self, outcome: Refreshed | Found | Failed | Witnessed | LookedBack) -> None:
        """Take note of what became of a keyword, or of the comparison of all with OAI-PMH."""
        if isinstance(outcome, Witnessed):
            for name, metadata in self.refreshed.items():
                self.refreshed[name] = asset_metadata.with_witness(metadata, outcome, name)
            return
        name = outcome.keyword.name
        match outcome:
            case Refreshed():
                self.refreshed[name] = asset_metadata.refreshed(outcome, self.api_url)
            case Found():
                self.refreshed[name] = asset_metadata.found(outcome)
            case Failed():
                self.failed[name] = outcome
            case LookedBack():
                self._add_looked_back(name, outcome)

    def _add_looked_back(self, name: str, looked: LookedBack) -> None:
        if looked.open:
            self.open[name] = looked.open
        if name in self.refreshed:
            self.refreshed[name] = asset_metadata.with_looked_back(self.refreshed[name], looked)

    @property
    def problems(self) -> Mapping[str, str]:
        """Give the reason by name of keywords that failed, or by `LOOKING_BACK` and name."""
        reasons = {name: failed.reason for name, failed in self.failed.items()}
        return reasons | {
            f"{LOOKING_BACK}{name}": " | ".join(problems) for name, problems in self.open.items()
        }

    def _reasons(self) -> list[str]:
        """Give each reason once, with some of the keywords that it holds for."""
        by_reason: dict[str, list[str]] = {}
        for name, failed in self.failed.items():
            by_reason.setdefault(failed.reason, []).append(name)
        return [f"{_some(names)}: {reason} |" for reason, names in by_reason.items()]

    @property
    def story(self) -> str:
        """Tell what failed, why, and what happens next."""
        parts = []
        if self.failed:
            count = len(self.failed) + len(self.refreshed)
            parts.append(f"{len(self.failed)} of {count} keywords could not be refreshed.")
            parts += self._reasons()
            parts.append(
                "What is held of them is kept; what the others brought is published within a "
                f"minute. {_HARVEST_AGAIN if self.is_harvested else _ASK_AGAIN}"
            )
        if self.open:
            parts.append("Looking back did not come to its end.")
            parts += [f"{name}: {' | '.join(problems)} |" for name, problems in self.open.items()]
            parts.append(
                "What came is kept. Start again with the same dates, or re-execute from failure: "
                "it goes on where it ended."
            )
        return " ".join(parts)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
