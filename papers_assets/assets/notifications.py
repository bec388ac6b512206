"""The assets that tell people: `github_issue`, `email` and `webhook`, off until configured.

Each remembers how far it has told whom, so that what could not be delivered is delivered by the
next run. One that fails is red by itself; nothing depends on it.
"""

from collections.abc import Callable, Iterator, Mapping

import dagster as dg
import requests

from papers_assets.assets.common import GROUP, OWNERS
from papers_assets.automation import publish_when_sound
from papers_assets.delivering import Delivered, mail_all, tell
from papers_assets.editions import Edition
from papers_assets.keywords import KeywordsFile
from papers_assets.notifying.channels import Channels
from papers_assets.notifying.github_issues import Issues
from papers_assets.notifying.mail import Mailer
from papers_assets.notifying.notice import NotDelivered, Notice
from papers_assets.notifying.recipients import recipients
from papers_assets.notifying.webhook import post
from papers_assets.resources import StoreResource
from papers_assets.settings import SettingsError
from papers_assets.storage.files import StoreError
from papers_assets.storage.outputs import Outputs
from papers_assets.telling import notice

Told = dict[str, dg.MetadataValue | int | str]
"""What a channel did, as metadata. It is up to date with the digest, by so many messages."""
Deliver = Callable[[dg.AssetExecutionContext, Outputs], Told | None]


def notification_assets(
    file: KeywordsFile,
    digest: dg.AssetsDefinition,
    channels: Channels,
    environment: Mapping[str, str],
) -> list[dg.AssetsDefinition]:
    """Make the three; `environment` holds the addresses that keywords.toml gives by name."""

    def issue(context: dg.AssetExecutionContext, outputs: Outputs) -> Told | None:
        if not channels.github_token:
            context.log.info("Off: PAPERS_GITHUB_TOKEN is not set.")
            return None
        where = (channels.github_api, channels.github_repository, channels.github_token)
        words, posted = _Words(file, channels), list[str]()
        with requests.Session() as session:
            issues = Issues(*where, label=file.digest_label, session=session)
            told = tell(outputs, "github_issue", words, lambda n: posted.append(issues.publish(n)))
        found = _metadata(context, told)
        found |= {"posted": dg.MetadataValue.url(posted[-1])} if posted else {}
        return found | {f"remark {n}": text for n, text in enumerate(issues.remarks, start=1)}

    def email(context: dg.AssetExecutionContext, outputs: Outputs) -> Told | None:
        who = recipients(file, channels, environment) if channels.smtp else {}
        if not who:
            context.log.info(
                "Off: it takes PAPERS_SMTP_URL, and PAPERS_DIGEST_EMAIL or a keyword's recipients."
            )
            return None
        mailer = Mailer(
            channels.smtp,
            channels.sender,
            unsubscribe=channels.unsubscribe,
            name=file.digest_label,
        )
        told = mail_all(outputs, mailer, who, _Words(file, channels))
        return _metadata(context, told) | {"recipients": len(who)}

    def webhook(context: dg.AssetExecutionContext, outputs: Outputs) -> Told | None:
        if not channels.webhook:
            context.log.info("Off: PAPERS_DIGEST_WEBHOOK is not set.")
            return None

        def deliver(told: Notice) -> None:
            post(channels.webhook, told, channels.webhook_shape)

        told = tell(outputs, "webhook", _Words(file, channels), deliver)
        return _metadata(context, told)

    return [
        _asset(
            "github_issue",
            digest,
            _usable(channels, issue),
            "An issue a day with what is new, so that whoever watches the repository gets a mail "
            "from GitHub. A later part of the day is a comment on it.\n\nOff until "
            "PAPERS_GITHUB_TOKEN is set.",
        ),
        _asset(
            "email",
            digest,
            _usable(channels, email),
            "What is new by e-mail, in plain text and HTML; a keyword may have recipients of its "
            "own.\n\nOff until PAPERS_SMTP_URL and PAPERS_DIGEST_EMAIL are set.",
        ),
        _asset(
            "webhook",
            digest,
            _usable(channels, webhook),
            "What is new to a chat (Slack and its likes) or a program.\n\nOff until "
            "PAPERS_DIGEST_WEBHOOK is set.",
        ),
    ]


def _usable(channels: Channels, deliver: Deliver) -> Deliver:
    """Give a `deliver` that says first what is wrong with the settings, if anything is."""

    def delivering(context: dg.AssetExecutionContext, outputs: Outputs) -> Told | None:
        if channels.problem:
            raise SettingsError(channels.problem)
        return deliver(context, outputs)

    return delivering


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


def _metadata(context: dg.AssetExecutionContext, told: Delivered) -> Told:
    found: Told = {"messages": told.messages}
    if told.forgotten:
        days = f"{len(told.forgotten)}, from {told.forgotten[0]} to {told.forgotten[-1]}"
        context.log.warning("Editions that are not told of any more: %s. See output/digests.", days)
        found["not_told_of"] = days
    return found


def _asset(
    name: str, digest: dg.AssetsDefinition, deliver: Deliver, description: str
) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        deps=[digest],
        output_required=False,
        automation_condition=publish_when_sound(),
        group_name=GROUP,
        owners=OWNERS,
        kinds={"notification"},
        description=description,
    )
    def notification(
        context: dg.AssetExecutionContext, store: StoreResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        try:
            told = deliver(context, store.outputs())
        except (NotDelivered, SettingsError, StoreError) as error:
            reason = f"{error} What was not delivered is told of by the next run that can."
            raise dg.Failure(reason, allow_retries=False) from error
        if told is not None:  # or else it is off, and nothing was made
            yield dg.MaterializeResult(metadata=told)

    return notification
