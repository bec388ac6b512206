"""The environment, read once into frozen, validated values. Nothing else looks at `os.environ`."""

import math
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urljoin, urlsplit

from papers_assets.arxiv.patience import BACKOFF, MAX_ATTEMPTS
from papers_assets.messages import Alerts
from papers_assets.notifying.channels import GITHUB_API_URL, Channels
from papers_assets.notifying.mail import ADDRESS
from papers_assets.notifying.webhook import SHAPES, Shape
from papers_assets.postgres import PostgresError, checked_url
from papers_assets.remote import RemoteError, home_at, is_remote

ARXIV_API_URL = "https://export.arxiv.org/api/query"
ARXIV_OAI_URL = "https://oaipmh.arxiv.org/oai"
ARXIV_INTERVAL = 3.0
"""Seconds between requests that arXiv's terms of use ask for."""

LogFormat = Literal["text", "json"]
LOCKS = "PAPERS_LOCKS"
_MOST_ATTEMPTS = 20
# What GitHub allows in the names of owners and repositories.
_REPOSITORY = re.compile(r"[A-Za-z0-9-][A-Za-z0-9_-]*/(?!\.{1,2}$)[A-Za-z0-9._-]+")
_UNSUBSCRIBE = re.compile(r"(?:https://|mailto:)[!-~]{1,850}")

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """A variable of the environment has a value that cannot be used; the message says which."""


@dataclass(frozen=True)
class Settings:
    """Where things are and whom to ask."""

    keywords_path: Path
    home: Path
    """Run history, held papers and output live below this folder."""
    api_url: str
    request_interval: float
    """Seconds between the starts of two requests."""
    max_attempts: int = MAX_ATTEMPTS
    """How often a request is asked in all."""
    backoff: float = BACKOFF
    """Seconds before the second attempt."""
    oai_url: str = ""
    """arXiv's OAI-PMH."""
    alerts: Alerts = field(default_factory=Alerts)
    """Who is told when a run fails."""
    channels: Channels = field(default_factory=Channels)
    """Who is told what is new."""
    log_format: LogFormat = "text"
    """Of what the command line logs: lines for people, or JSON for programs."""
    locks: str = field(default="", repr=False)
    """What is locked by: a URL postgresql://... that all hosts share, which may hold a password;
    else files of this host, and `local` says that no other host writes to a remote home."""
    host_folder: Path | None = None
    """Where locks of this host are; None: below `home`."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read `environment`; a variable that is unset or empty has its default.

    Raises:
        SettingsError: a value cannot be used; the message names the variable and the remedy.
    """
    api_url = _api_url(environment.get("ARXIV_API_URL") or ARXIV_API_URL)
    home = _home(environment.get("PAPERS_HOME") or str(PROJECT_ROOT))
    keywords = environment.get("PAPERS_KEYWORDS") or PROJECT_ROOT / "keywords.toml"
    return Settings(
        keywords_path=Path(keywords).expanduser().absolute(),
        home=home,
        api_url=api_url,
        request_interval=_interval(environment.get("ARXIV_REQUEST_INTERVAL") or "", api_url),
        max_attempts=_attempts(environment.get("ARXIV_MAX_ATTEMPTS") or str(MAX_ATTEMPTS)),
        backoff=_seconds(
            "ARXIV_BACKOFF", environment.get("ARXIV_BACKOFF") or str(BACKOFF), BACKOFF
        ),
        oai_url=_oai_url(environment.get("ARXIV_OAI_URL") or "", api_url),
        alerts=_alerts(environment),
        channels=_channels_or_problem(environment),
        log_format=read_log_format(environment),
        locks=_locks(environment.get(LOCKS) or "", home),
        host_folder=host_folder(environment) if is_remote(home) else None,
    )


def _home(value: str) -> Path:
    if "://" not in value:
        return Path(value).expanduser().absolute()
    try:
        return home_at(value)
    except RemoteError as error:
        shown = re.sub(r"//[^/]*@", "//***@", value)
        raise SettingsError(f"PAPERS_HOME is {shown!r}: {error}.") from error


def _locks(value: str, home: Path) -> str:
    if value in ("", "local"):
        if not value and is_remote(home):
            raise SettingsError(
                f"PAPERS_HOME is {str(home)!r}, and {LOCKS} is not set: expected the PostgreSQL "
                "by which all hosts that write there take turns, "
                "postgresql://user:password@host:5432/database; or the word local, if no other "
                "host ever does."
            )
        return value
    try:
        checked_url(value)
    except PostgresError as error:  # the value is not shown: it may hold a password
        raise SettingsError(f"{LOCKS}: {error}. Unset it for files of this host.") from error
    return value


def host_folder(environment: Mapping[str, str]) -> Path:
    """Give where this host keeps what no other sees, such as its own locks.

    Beside what its runs print, else with its run history if one may write there (production's
    $DAGSTER_HOME is settings, and read-only), else with temporary files.
    """
    own = environment.get("PAPERS_RUN_FILES")
    if not own and os.access(environment.get("DAGSTER_HOME") or "", os.W_OK):
        own = environment["DAGSTER_HOME"]
    place = Path(own).expanduser().absolute() if own else Path(tempfile.gettempdir())
    return place / "papers-assets"


def read_log_format(environment: Mapping[str, str]) -> LogFormat:
    """Read how to log, which is of interest before all else.

    Raises:
        SettingsError: there is no such format.
    """
    match environment.get("PAPERS_LOG_FORMAT") or "text":
        case "text":
            return "text"
        case "json":
            return "json"
        case other:
            raise SettingsError(f"PAPERS_LOG_FORMAT is {other!r}: expected text or json.")


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


def _channels_or_problem(environment: Mapping[str, str]) -> Channels:
    """Read the channels; what is wrong with them turns their assets red, and stops nothing else."""
    try:
        return _channels(environment)
    except SettingsError as error:
        return Channels(problem=str(error))


def _channels(environment: Mapping[str, str]) -> Channels:
    smtp = _smtp(environment)
    recipients = _everybody("PAPERS_DIGEST_EMAIL", environment, smtp)
    sender = (
        environment.get("PAPERS_DIGEST_FROM")
        or environment.get("PAPERS_ALERT_FROM")
        or "".join(recipients[:1])
    )
    token, repository, api = _github(environment)
    return Channels(
        github_token=token,
        github_repository=repository,
        github_api=api,
        recipients=recipients,
        sender=_sender("PAPERS_DIGEST_FROM", sender),
        smtp=smtp,
        unsubscribe=_unsubscribe(environment.get("PAPERS_UNSUBSCRIBE") or ""),
        webhook=_webhook("PAPERS_DIGEST_WEBHOOK", environment),
        webhook_shape=_shape(environment.get("PAPERS_DIGEST_WEBHOOK_SHAPE") or SHAPES[0]),
    )


def _github(environment: Mapping[str, str]) -> tuple[str, str, str]:
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
        return "", "", GITHUB_API_URL
    if not re.fullmatch(r"[!-~]+", token):
        raise SettingsError("PAPERS_GITHUB_TOKEN: expected a token, with no space in it.")
    if not _REPOSITORY.fullmatch(repository):
        name = "PAPERS_GITHUB_REPOSITORY" if own or not repository else "GITHUB_REPOSITORY"
        raise SettingsError(
            f"{name} is {repository!r}: expected owner/name, such as you/papers, of the repository "
            "whose issues are the digests, since PAPERS_GITHUB_TOKEN is set."
        )
    parts = _parts(api, "https", "http")
    if parts is None or re.search(r"[?#@\s]", api):
        raise SettingsError(f"GITHUB_API_URL: expected an address such as {GITHUB_API_URL}.")
    if parts.scheme == "http" and not is_loopback(api):
        raise SettingsError("GITHUB_API_URL: expected https, since the token is sent there.")
    return token, repository, api


# None of the values below is shown: they hold secrets.
def _webhook(name: str, environment: Mapping[str, str]) -> str:
    value = environment.get(name) or ""
    if value and _parts(value, "http", "https") is None:
        raise SettingsError(f"{name}: expected an address that begins with https://.")
    return value


def _smtp(environment: Mapping[str, str]) -> str:
    smtp = environment.get("PAPERS_SMTP_URL") or ""
    server = _parts(smtp, "smtp", "smtps") if smtp else None
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


def _parts(address: str, *schemes: str) -> SplitResult | None:
    """Give the parts of an address of one of `schemes`; None if it is none."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in schemes and parts.hostname and parts.port != 0
    except ValueError:  # brackets that do not match, a port that is no number
        return None
    return parts if usable else None


def _api_url(value: str, name: str = "ARXIV_API_URL", example: str = ARXIV_API_URL) -> str:
    if _parts(value, "http", "https") is None or re.search(r"[?#\s]", value):
        raise SettingsError(
            f"{name} is {value!r}: expected an address such as {example}, without a query. Unset "
            "it to ask arXiv itself."
        )
    return value


def _oai_url(value: str, api_url: str) -> str:
    if value:
        url = _api_url(value, "ARXIV_OAI_URL", ARXIV_OAI_URL)
        # One gate is for one server, and the interval below arXiv's is for this machine alone.
        if is_loopback(url) != is_loopback(api_url):
            raise SettingsError(
                f"ARXIV_OAI_URL is {url!r} and ARXIV_API_URL {api_url!r}: expected both at arXiv, "
                "or both at its stand-in. Unset one of them."
            )
        return url
    # Who asks a stand-in does not want to ask arXiv with the other half.
    return urljoin(api_url, "/oai") if api_url != ARXIV_API_URL else ARXIV_OAI_URL


def _interval(value: str, api_url: str) -> float:
    if not value:
        return ARXIV_INTERVAL
    seconds = _seconds("ARXIV_REQUEST_INTERVAL", value, ARXIV_INTERVAL)
    if seconds < ARXIV_INTERVAL and not is_loopback(api_url):
        raise SettingsError(
            f"ARXIV_REQUEST_INTERVAL is {value!r}: arXiv's terms ask for at least "
            f"{ARXIV_INTERVAL:g} seconds between requests, and only an ARXIV_API_URL on this very "
            f"machine may be asked faster ({api_url} is not). Set it to 3 or more, or unset it."
        )
    return seconds


def _attempts(value: str) -> int:
    text = value.strip()
    attempts = int(text) if text.isascii() and text.isdigit() and len(text) <= len("20") else 0
    if not 1 <= attempts <= _MOST_ATTEMPTS:
        raise SettingsError(
            f"ARXIV_MAX_ATTEMPTS is {value!r}: expected a whole number from 1 to {_MOST_ATTEMPTS}. "
            f"Unset it for the default, {MAX_ATTEMPTS}."
        )
    return attempts


def _seconds(name: str, value: str, default: float) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise SettingsError(
            f"{name} is {value!r}: expected seconds, such as {default:g}. Unset it for the "
            f"default, {default:g}."
        )
    return seconds


def is_loopback(url: str) -> bool:
    """Say whether the host of `url` is this machine itself (localhost, 127.0.0.0/8, ::1)."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
