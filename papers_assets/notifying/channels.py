"""Where digests go, as `papers_assets.settings` reads it from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from papers_assets.notifying.webhook import Shape

GITHUB_API_URL = "https://api.github.com"


@dataclass(frozen=True)
class Channels:
    """Where digests go; each way is off until configured. What is secret is never shown."""

    github_token: str = field(default="", repr=False)
    github_repository: str = ""
    """owner/name."""
    github_api: str = GITHUB_API_URL
    recipients: tuple[str, ...] = ()
    """E-mail addresses that get everything;
    `papers_assets.notifying.recipients` knows the others."""
    sender: str = ""
    smtp: str = field(default="", repr=False)
    """As that of the alerts."""
    unsubscribe: str = ""
    """https or mailto; empty: mail to the sender."""
    webhook: str = field(default="", repr=False)
    webhook_shape: Shape = "slack"
    problems: Mapping[str, str] = field(default_factory=dict)
    """By name of the asset, what is wrong with a channel's settings; it has the defaults then."""
