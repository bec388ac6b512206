"""The assets that send notifications, if configured: `github_issue`, `email` and `webhook`.

Each stores the last edition delivered to each recipient, so that the next run delivers what failed.
A failure affects no other asset, since none depends on them.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import dagster as dg
import requests

from papers_assets.defs.asset_checks import DEFAULT_CODE_VERSION, NOTIFICATIONS
from papers_assets.defs.automation import checks_passed_condition
from papers_assets.defs.resources import StoreResource
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.notify.email import Mailer
from papers_assets.notify.github import IssuePublisher
from papers_assets.notify.message import DeliveryError, Message
from papers_assets.notify.recipients import find_recipients
from papers_assets.notify.webhook import post_message
from papers_assets.pipeline.deliver import DeliveryResult, build_message, deliver_all, deliver_mail
from papers_assets.settings import NotificationSettings, SettingsError
from papers_assets.storage.editions import EditionStore
from papers_assets.storage.files import StoreError
from papers_assets.transform.editions import Edition

Metadata = dict[str, dg.MetadataValue | int | str]
Deliver = Callable[[dg.AssetExecutionContext, EditionStore], Metadata]
"""A function that delivers all undelivered editions and returns metadata about them."""

_RETRY_NOTE = "The next run sends what was not delivered."


class _Channel(NamedTuple):
    """A channel for notifications."""

    name: str
    """The name of its asset."""
    is_configured: bool
    deliver: Deliver
    description: str
    kind: str


def build_notification_assets(
    keywords_config: KeywordsConfig,
    digest: dg.AssetsDefinition,
    channels: NotificationSettings,
    environment: Mapping[str, str],
) -> list[dg.AssetsDefinition]:
    """Build the assets of the configured channels.

    A channel with invalid settings is included, and fails with an explanation. `environment`
    contains the addresses that keywords.toml refers to by variable name.
    """

    def issue(context: dg.AssetExecutionContext, edition_store: EditionStore) -> Metadata:
        where = (channels.github_api, channels.github_repository, channels.github_token)
        words, posted = _CachedComposer(keywords_config, channels), list[str]()
        with requests.Session() as session:
            issues = IssuePublisher(*where, label=keywords_config.digest_label, session=session)
            told = deliver_all(
                edition_store, "github_issue", words, lambda n: posted.append(issues.publish(n))
            )
        found = _delivery_metadata(context, told)
        found |= {"posted": dg.MetadataValue.url(posted[-1])} if posted else {}
        return found | {f"warning {n}": text for n, text in enumerate(issues.warnings, start=1)}

    def email(context: dg.AssetExecutionContext, edition_store: EditionStore) -> Metadata:
        who = find_recipients(keywords_config, channels, environment)
        mailer = Mailer(
            channels.smtp,
            channels.sender,
            unsubscribe=channels.unsubscribe,
            name=keywords_config.digest_label,
        )
        told = deliver_mail(edition_store, mailer, who, _CachedComposer(keywords_config, channels))
        return _delivery_metadata(context, told) | {"recipients": len(who)}

    def webhook(context: dg.AssetExecutionContext, edition_store: EditionStore) -> Metadata:
        def deliver(message: Message) -> None:
            post_message(channels.webhook, message, channels.webhook_shape)

        told = deliver_all(
            edition_store, "webhook", _CachedComposer(keywords_config, channels), deliver
        )
        return _delivery_metadata(context, told)

    has_recipients = channels.recipients or any(
        keyword.recipients for keyword in keywords_config.keywords
    )
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
        _build_channel_asset(channel, digest, problems.get(channel.name, ""))
        for channel in known
        if channel.is_configured or channel.name in problems
    ]


class _CachedComposer:
    """Builder of messages from parts of editions, which builds each message once."""

    def __init__(self, keywords_config: KeywordsConfig, channels: NotificationSettings) -> None:
        self._file = keywords_config
        repository = channels.github_repository
        on_github = repository and channels.github_api == "https://api.github.com"
        self._list_url = keywords_config.site or (
            f"https://github.com/{repository}/blob/HEAD/output/README.md" if on_github else ""
        )
        self._messages: dict[object, Message | None] = {}

    def __call__(self, edition: Edition, part: int, only: tuple[str, ...] | None) -> Message | None:
        key = (edition.day, part, only)
        if key not in self._messages:  # hundreds of recipients may get the same message
            self._messages[key] = build_message(
                edition,
                part,
                self._file.names,
                list_url=self._list_url,
                only=only,
                when_nothing_changed=self._file.digest_when_nothing_changed,
                title=self._file.digest_name,
            )
        return self._messages[key]


def _delivery_metadata(context: dg.AssetExecutionContext, result: DeliveryResult) -> Metadata:
    found: Metadata = {"messages": result.messages}
    if result.expired_days:
        expired = result.expired_days
        days = f"{len(expired)}, from {expired[0]} to {expired[-1]}"
        context.log.warning("Editions too old to be sent: %s. See output/digests.", days)
        found["editions_not_sent"] = days
    return found


def _build_channel_asset(
    channel: _Channel, digest: dg.AssetsDefinition, problem: str
) -> dg.AssetsDefinition:
    """Build the asset of a channel, which fails if there is a `problem` with its settings."""

    @dg.asset(
        name=channel.name,
        deps=[digest],
        automation_condition=checks_passed_condition(),
        group_name=NOTIFICATIONS,
        kinds={channel.kind},
        code_version=DEFAULT_CODE_VERSION,
        description=channel.description,
    )
    def notification(
        context: dg.AssetExecutionContext, store: StoreResource
    ) -> dg.MaterializeResult[None]:
        if problem:
            raise dg.Failure(f"{problem} {_RETRY_NOTE}", allow_retries=False)
        try:
            return dg.MaterializeResult(metadata=channel.deliver(context, store.outputs()))
        except (DeliveryError, SettingsError, StoreError) as error:
            raise dg.Failure(f"{error} {_RETRY_NOTE}", allow_retries=False) from error

    return notification
