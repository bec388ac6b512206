"""The assets that tell people: `github_issue`, `email` and `webhook`, off until configured.

Each remembers how far it has told whom, so that what could not be delivered is delivered by the
next run. One that fails is red by itself; nothing depends on it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256

import dagster as dg
import requests

from papers_assets.assets.common import GROUP, OWNERS
from papers_assets.automation import publish_when_sound
from papers_assets.editions import Edition, Mark
from papers_assets.keywords import KeywordsFile
from papers_assets.notifying.channels import Channels
from papers_assets.notifying.github_issues import Issues
from papers_assets.notifying.mail import Mailer
from papers_assets.notifying.notice import NotDelivered, Notice
from papers_assets.notifying.recipients import recipients
from papers_assets.notifying.webhook import post
from papers_assets.outputs import Outputs
from papers_assets.resources import StoreResource
from papers_assets.settings import SettingsError
from papers_assets.telling import beginning, notice, untold

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
    words = _Words(file, channels)

    def issue(context: dg.AssetExecutionContext, outputs: Outputs) -> Told | None:
        if not channels.github_token:
            context.log.info("Off: PAPERS_GITHUB_TOKEN is not set.")
            return None
        where = (channels.github_api, channels.github_repository, channels.github_token)
        addresses: list[str] = []
        with requests.Session() as session:
            issues = Issues(*where, session=session)
            _tell(outputs, "github_issue", words.of, lambda n: addresses.append(issues.publish(n)))
        found: Told = {"messages": len(addresses)}
        found |= {"posted": dg.MetadataValue.url(addresses[-1])} if addresses else {}
        return found | {f"remark {n}": text for n, text in enumerate(issues.remarks, start=1)}

    def email(context: dg.AssetExecutionContext, outputs: Outputs) -> Told | None:
        who = recipients(file, channels, environment)
        if not who:
            context.log.info("Off: neither PAPERS_DIGEST_EMAIL nor a keyword's recipients are set.")
            return None
        mailer = Mailer(channels.smtp, channels.sender, unsubscribe=channels.unsubscribe)
        return _mail(outputs, mailer, who, words)

    def webhook(context: dg.AssetExecutionContext, outputs: Outputs) -> Told | None:
        if not channels.webhook:
            context.log.info("Off: PAPERS_DIGEST_WEBHOOK is not set.")
            return None

        def deliver(told: Notice) -> None:
            post(channels.webhook, told, channels.webhook_shape)

        return {"messages": _tell(outputs, "webhook", words.of, deliver)}

    return [
        _asset(
            "github_issue",
            digest,
            issue,
            "An issue a day with what is new, so that whoever watches the repository gets a mail "
            "from GitHub. A later part of the day is a comment on it.\n\nOff until "
            "PAPERS_GITHUB_TOKEN is set.",
        ),
        _asset(
            "email",
            digest,
            email,
            "What is new by e-mail, in plain text and HTML; a keyword may have recipients of its "
            "own.\n\nOff until PAPERS_DIGEST_EMAIL and PAPERS_SMTP_URL are set.",
        ),
        _asset(
            "webhook",
            digest,
            webhook,
            "What is new to a chat (Slack and its likes) or a program.\n\nOff until "
            "PAPERS_DIGEST_WEBHOOK is set.",
        ),
    ]


class _Words:
    """Puts parts of editions into words for this installation."""

    def __init__(self, file: KeywordsFile, channels: Channels) -> None:
        self._file = file
        repository = channels.github_repository
        on_github = repository and channels.github_api == "https://api.github.com"
        self._more = file.site or (
            f"https://github.com/{repository}/blob/HEAD/output/README.md" if on_github else ""
        )

    def of(self, edition: Edition, part: int, only: tuple[str, ...] | None = None) -> Notice | None:
        return notice(
            edition,
            part,
            self._file.names,
            more=self._more,
            only=only,
            when_nothing_changed=self._file.digest_when_nothing_changed,
        )


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
        except (NotDelivered, SettingsError) as error:
            reason = f"{error} What was not delivered is told of by the next run that can."
            raise dg.Failure(reason, allow_retries=False) from error
        if told is not None:  # or else it is off, and nothing was made
            yield dg.MaterializeResult(metadata=told)

    return notification


def _tell(
    outputs: Outputs,
    to: str,
    words: Callable[[Edition, int], Notice | None],
    deliver: Callable[[Notice], object],
) -> int:
    """Deliver what `to` has not been told of, in order, and give how many messages it took.

    Raises:
        NotDelivered: by `deliver`; what came before it is noted.
    """
    count = 0
    with outputs.telling():
        deliveries = _with_beginners(outputs, [to])
        for edition, part in untold(outputs.days(), outputs.read_edition, deliveries[to]):
            if told := words(edition, part):
                deliver(told)
                count += 1
            deliveries[to] = Mark(edition.day, part)
            outputs.write_deliveries(deliveries)
    return count


def _with_beginners(outputs: Outputs, names: Iterable[str]) -> dict[str, Mark]:
    """Read how far everybody has been told, and note where those begin who are new."""
    deliveries, start = outputs.read_deliveries(), beginning(outputs.days())
    deliveries = dict.fromkeys(names, start) | deliveries
    outputs.write_deliveries(deliveries)
    return deliveries


def _mail(
    outputs: Outputs,
    mailer: Mailer,
    who: Mapping[str, tuple[str, ...] | None],
    words: _Words,
) -> Told:
    """Send each recipient what they have not been told of; one who refuses stops nobody else."""
    sent, errors = 0, dict[str, NotDelivered]()
    with outputs.telling():
        deliveries = _with_beginners(outputs, map(_alias, who))
        read, days = cache(outputs.read_edition), outputs.days()
        waiting = {to: deque(untold(days, read, deliveries[_alias(to)])) for to in who}
        # All who wait for something get their next part together, over one connection.
        while turn := {to: w.popleft() for to, w in waiting.items() if w and to not in errors}:
            notices = {to: words.of(*part, who[to]) for to, part in turn.items()}
            told = {to: found for to, found in notices.items() if found}
            failed = mailer.send_all(told)
            errors |= failed
            sent += len(told) - len(failed)
            deliveries |= {
                _alias(to): Mark(edition.day, part)
                for to, (edition, part) in turn.items()
                if to not in failed
            }
            outputs.write_deliveries(deliveries)
    if errors:
        first = next(iter(errors.values()))
        reason = f"{first.reason}; {len(errors)} of {len(who)} recipients could not be reached"
        raise NotDelivered("e-mail", reason, first.remedy)
    return {"messages": sent, "recipients": len(who)}


def _alias(address: str) -> str:
    """Name a recipient without saying who it is: the note is where the run history is."""
    return f"email {sha256(address.casefold().encode()).hexdigest()[:16]}"
