"""The assets that notify people: `github_issue`, `email` and `webhook`, where configured.

Each stores up to which edition it has notified whom, so that the next run delivers what could not
be. One that fails is red by itself; nothing depends on it.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import dagster as dg
import requests

from papers_assets.defs.asset_checks import CODE_VERSION, NOTIFICATIONS
from papers_assets.defs.automation import publish_when_sound
from papers_assets.defs.resources import StoreResource
from papers_assets.keywords.model import KeywordsFile
from papers_assets.notify.email import Mailer
from papers_assets.notify.github import Issues
from papers_assets.notify.message import NotDelivered, Notice
from papers_assets.notify.recipients import recipients
from papers_assets.notify.webhook import post
from papers_assets.pipeline.deliver import Delivered, mail_all, notice, tell
from papers_assets.settings import Channels, SettingsError
from papers_assets.storage.editions import Outputs
from papers_assets.storage.files import StoreError
from papers_assets.transform.editions import Edition

Metadata = dict[str, dg.MetadataValue | int | str]
Deliver = Callable[[dg.AssetExecutionContext, Outputs], Metadata]
"""Delivers what has not been delivered yet, and returns metadata about it."""

_LATER = "The next run sends what was not delivered."


class _Channel(NamedTuple):
    """A way to notify people."""

    name: str
    """Of its asset."""
    is_configured: bool
    deliver: Deliver
    description: str
    kind: str


def notification_assets(
    file: KeywordsFile,
    digest: dg.AssetsDefinition,
    channels: Channels,
    environment: Mapping[str, str],
) -> list[dg.AssetsDefinition]:
    """Make the assets of the channels that are configured.

    One whose settings are wrong is among them, and fails with what is wrong. `environment` has the
    addresses that keywords.toml gives by name.
    """

    def issue(context: dg.AssetExecutionContext, outputs: Outputs) -> Metadata:
        where = (channels.github_api, channels.github_repository, channels.github_token)
        words, posted = _Words(file, channels), list[str]()
        with requests.Session() as session:
            issues = Issues(*where, label=file.digest_label, session=session)
            told = tell(outputs, "github_issue", words, lambda n: posted.append(issues.publish(n)))
        found = _metadata(context, told)
        found |= {"posted": dg.MetadataValue.url(posted[-1])} if posted else {}
        return found | {f"warning {n}": text for n, text in enumerate(issues.remarks, start=1)}

    def email(context: dg.AssetExecutionContext, outputs: Outputs) -> Metadata:
        who = recipients(file, channels, environment)
        mailer = Mailer(
            channels.smtp,
            channels.sender,
            unsubscribe=channels.unsubscribe,
            name=file.digest_label,
        )
        told = mail_all(outputs, mailer, who, _Words(file, channels))
        return _metadata(context, told) | {"recipients": len(who)}

    def webhook(context: dg.AssetExecutionContext, outputs: Outputs) -> Metadata:
        def deliver(told: Notice) -> None:
            post(channels.webhook, told, channels.webhook_shape)

        told = tell(outputs, "webhook", _Words(file, channels), deliver)
        return _metadata(context, told)

    has_recipients = channels.recipients or any(keyword.recipients for keyword in file.keywords)
    known = [
        _Channel(
            "github_issue",
            bool(channels.github_token),
            issue,
            "An issue a day with what is new, so that GitHub notifies everyone who watches the "
            "repository by e-mail. A later part of the day is a comment on it.",
            "github",
        ),
        _Channel(
            "email",
            bool(channels.smtp and has_recipients),
            email,
            "What is new by e-mail, in plain text and HTML; a keyword may have recipients of its "
            "own.",
            "python",
        ),
        _Channel(
            "webhook",
            bool(channels.webhook),
            webhook,
            "What is new, posted to a chat (Slack, Mattermost, Rocket.Chat) or a program.",
            "slack" if channels.webhook_shape == "slack" else "json",
        ),
    ]
    problems = channels.problems
    return [
        _asset(channel, digest, problems.get(channel.name, ""))
        for channel in known
        if channel.is_configured or channel.name in problems
    ]


class _Words:
    """Puts parts of editions into words for this installation; each once."""

    def __init__(self, file: KeywordsFile, channels: Channels) -> None:
        self._file = file
        repository = channels.github_repository
        on_github = repository and channels.github_api == "https://api.github.com"
        self._more = file.site or (
            f"https://github.com/{repository}/blob/HEAD/output/README.md" if on_github else ""
        )
        self._made: dict[object, Notice | None] = {}

    def __call__(self, edition: Edition, part: int, only: tuple[str, ...] | None) -> Notice | None:
        key = (edition.day, part, only)
        if key not in self._made:  # hundreds of recipients may get the same
            self._made[key] = notice(
                edition,
                part,
                self._file.names,
                more=self._more,
                only=only,
                when_nothing_changed=self._file.digest_when_nothing_changed,
                title=self._file.digest_name,
            )
        return self._made[key]


def _metadata(context: dg.AssetExecutionContext, told: Delivered) -> Metadata:
    found: Metadata = {"messages": told.messages}
    if told.forgotten:
        days = f"{len(told.forgotten)}, from {told.forgotten[0]} to {told.forgotten[-1]}"
        context.log.warning("Editions too old to be sent: %s. See output/digests.", days)
        found["editions_not_sent"] = days
    return found


def _asset(channel: _Channel, digest: dg.AssetsDefinition, problem: str) -> dg.AssetsDefinition:
    """Make the asset of a channel, which fails if there is a `problem` with its settings."""

    @dg.asset(
        name=channel.name,
        deps=[digest],
        automation_condition=publish_when_sound(),
        group_name=NOTIFICATIONS,
        kinds={channel.kind},
        code_version=CODE_VERSION,
        description=channel.description,
    )
    def notification(
        context: dg.AssetExecutionContext, store: StoreResource
    ) -> dg.MaterializeResult[None]:
        if problem:
            raise dg.Failure(f"{problem} {_LATER}", allow_retries=False)
        try:
            return dg.MaterializeResult(metadata=channel.deliver(context, store.outputs()))
        except (NotDelivered, SettingsError, StoreError) as error:
            raise dg.Failure(f"{error} {_LATER}", allow_retries=False) from error

    return notification
