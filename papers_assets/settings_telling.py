"""The part of the environment that says who is told: of failures, and of what is new.

What is wrong with it stops nothing else: whoever would tell says so instead.
"""

import re
from collections.abc import Mapping
from typing import Any

from papers_assets.addresses import is_loopback, web_parts
from papers_assets.messages import Alerts
from papers_assets.notifying.channels import GITHUB_API_URL, Channels
from papers_assets.notifying.mail import ADDRESS
from papers_assets.notifying.webhook import SHAPES, Shape
from papers_assets.settings_error import SettingsError

# What GitHub allows in the names of owners and repositories.
_REPOSITORY = re.compile(r"[A-Za-z0-9-][A-Za-z0-9_-]*/(?!\.{1,2}$)[A-Za-z0-9._-]+")
_UNSUBSCRIBE = re.compile(r"(?:https://|mailto:)[!-~]{1,850}")


def alerts_or_problem(environment: Mapping[str, str]) -> Alerts:
    """Read whom to tell of failures; what is wrong with that makes their sensor's ticks fail."""
    try:
        return _alerts(environment)
    except SettingsError as error:
        return Alerts(problem=str(error))


def channels_or_problems(environment: Mapping[str, str]) -> Channels:
    """Read the channels; what is wrong with one makes its asset fail, and stops nothing else."""
    settings: dict[str, Any] = {}
    problems = {}
    readers = {"github_issue": _github, "email": _email, "webhook": _digest_webhook}
    for channel, read in readers.items():
        try:
            settings |= read(environment)
        except SettingsError as error:
            problems[channel] = str(error)
    return Channels(**settings, problems=problems)


def repository_address(environment: Mapping[str, str]) -> str:
    """Return the web address of the repository on GitHub; empty: it is unknown."""
    own = environment.get("PAPERS_GITHUB_REPOSITORY") or environment.get("GITHUB_REPOSITORY") or ""
    server = environment.get("GITHUB_SERVER_URL") or "https://github.com"
    return f"{server}/{own}" if _REPOSITORY.fullmatch(own) else ""


def addresses(variable: str, value: str) -> tuple[str, ...]:
    """Read the e-mail addresses of a variable, separated by commas; each comes once.

    Raises:
        SettingsError: one of them is none.
    """
    parts = [part.strip() for part in value.split(",") if part.strip()]
    # Not shown: it is somebody's address, or a password in the wrong place.
    for number, part in enumerate(parts, start=1):
        if not ADDRESS.fullmatch(part):
            raise SettingsError(
                f"{variable}: number {number} of {len(parts)} is no e-mail address. Expected "
                "addresses such as you@example.org, separated by commas."
            )
    found: dict[str, str] = {}
    for part in parts:
        found.setdefault(part.casefold(), part)
    return tuple(found.values())


def _alerts(environment: Mapping[str, str]) -> Alerts:
    webhook = _webhook("PAPERS_ALERT_WEBHOOK", environment)
    smtp = _smtp(environment)
    recipients = _everybody("PAPERS_ALERT_EMAIL", environment, smtp)
    sender = environment.get("PAPERS_ALERT_FROM") or "".join(recipients[:1])
    return Alerts(webhook, recipients, smtp, _sender("PAPERS_ALERT_FROM", sender))


def _email(environment: Mapping[str, str]) -> dict[str, Any]:
    smtp = _smtp(environment)
    recipients = _everybody("PAPERS_DIGEST_EMAIL", environment, smtp)
    sender = (
        environment.get("PAPERS_DIGEST_FROM")
        or environment.get("PAPERS_ALERT_FROM")
        or "".join(recipients[:1])
    )
    return {
        "recipients": recipients,
        "sender": _sender("PAPERS_DIGEST_FROM", sender),
        "smtp": smtp,
        "unsubscribe": _unsubscribe(environment.get("PAPERS_UNSUBSCRIBE") or ""),
    }


def _digest_webhook(environment: Mapping[str, str]) -> dict[str, Any]:
    return {
        "webhook": _webhook("PAPERS_DIGEST_WEBHOOK", environment),
        "webhook_shape": _shape(environment.get("PAPERS_DIGEST_WEBHOOK_SHAPE") or SHAPES[0]),
    }


def _github(environment: Mapping[str, str]) -> dict[str, Any]:
    token = (environment.get("PAPERS_GITHUB_TOKEN") or "").strip()
    own = environment.get("PAPERS_GITHUB_REPOSITORY") or ""
    repository = own or environment.get("GITHUB_REPOSITORY") or ""
    api = (environment.get("GITHUB_API_URL") or GITHUB_API_URL).rstrip("/")
    if own and not token:
        raise SettingsError(
            "PAPERS_GITHUB_REPOSITORY is set, and PAPERS_GITHUB_TOKEN is not: expected a token "
            "that may write issues there."
        )
    if not token:
        return {}
    if not re.fullmatch(r"[!-~]+", token):
        raise SettingsError("PAPERS_GITHUB_TOKEN: expected a token, with no space in it.")
    if not _REPOSITORY.fullmatch(repository):
        name = "PAPERS_GITHUB_REPOSITORY" if own or not repository else "GITHUB_REPOSITORY"
        raise SettingsError(
            f"{name} is {repository!r}: expected owner/name, such as you/papers, of the repository "
            "whose issues are the digests, since PAPERS_GITHUB_TOKEN is set."
        )
    parts = web_parts(api, "https", "http")
    if parts is None or re.search(r"[?#@\s]", api):
        raise SettingsError(f"GITHUB_API_URL: expected an address such as {GITHUB_API_URL}.")
    if parts.scheme == "http" and not is_loopback(api):
        raise SettingsError("GITHUB_API_URL: expected https, since the token is sent there.")
    return {"github_token": token, "github_repository": repository, "github_api": api}


# None of the values below is shown: they hold secrets.
def _webhook(name: str, environment: Mapping[str, str]) -> str:
    value = environment.get(name) or ""
    if value and web_parts(value, "http", "https") is None:
        raise SettingsError(f"{name}: expected an address that begins with https://.")
    return value


def _smtp(environment: Mapping[str, str]) -> str:
    smtp = environment.get("PAPERS_SMTP_URL") or ""
    server = web_parts(smtp, "smtp", "smtps") if smtp else None
    if smtp and (server is None or server.path not in ("", "/") or re.search(r"[?#]", smtp)):
        raise SettingsError(
            "PAPERS_SMTP_URL: expected smtps://user:password@host:465, or smtp://... for a server "
            "that turns TLS on first. In the password, write # / ? @ [ ] and : as %23 %2F %3F %40 "
            "%5B %5D and %3A."
        )
    return smtp


def _everybody(name: str, environment: Mapping[str, str], smtp: str) -> tuple[str, ...]:
    recipients = addresses(name, environment.get(name) or "")
    if recipients and not smtp:
        raise SettingsError(
            f"{name} is set, and PAPERS_SMTP_URL is not: expected the mail server, "
            "smtps://user:password@host:465."
        )
    return recipients


def _sender(name: str, value: str) -> str:
    if value and not ADDRESS.fullmatch(value):
        raise SettingsError(f"{name}: expected one e-mail address, such as you@example.org.")
    return value


def _unsubscribe(value: str) -> str:
    if value and (not _UNSUBSCRIBE.fullmatch(value) or re.search(r"[<>\"]", value)):
        raise SettingsError(
            f"PAPERS_UNSUBSCRIBE is {value!r}: expected an address that begins with https:// or "
            "mailto:. Unset it for mail to the sender."
        )
    return value


def _shape(value: str) -> Shape:
    for shape in SHAPES:
        if value == shape:
            return shape
    raise SettingsError(
        f"PAPERS_DIGEST_WEBHOOK_SHAPE is {value!r}: expected slack, which Mattermost and "
        "Rocket.Chat take, too, or json."
    )
