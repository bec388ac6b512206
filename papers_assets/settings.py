"""The environment, read once into frozen, validated values. Nothing else looks at `os.environ`."""

import math
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urljoin, urlsplit

import sqlalchemy as sql
from sqlalchemy.exc import ArgumentError

from papers_assets.arxiv.retry import BACKOFF, MAX_ATTEMPTS
from papers_assets.arxiv.urls import is_arxiv_url, is_loopback, split_web_url


class SettingsError(Exception):
    """A variable of the environment has a value that cannot be used; the message says which."""


WebhookFormat = Literal["slack", "json"]
SHAPES: tuple[WebhookFormat, ...] = ("slack", "json")
GITHUB_API_URL = "https://api.github.com"


@dataclass(frozen=True)
class NotificationSettings:
    """Where digests go; each way is off until configured. What is secret is never shown."""

    github_token: str = field(default="", repr=False)
    github_repository: str = ""
    """owner/name."""
    github_api: str = GITHUB_API_URL
    recipients: tuple[str, ...] = ()
    """E-mail addresses that get everything;
    `papers_assets.notify.recipients` knows the others."""
    sender: str = ""
    smtp: str = field(default="", repr=False)
    """As that of the alerts."""
    unsubscribe: str = ""
    """https or mailto; empty: mail to the sender."""
    webhook: str = field(default="", repr=False)
    webhook_shape: WebhookFormat = "slack"
    problems: Mapping[str, str] = field(default_factory=dict)
    """By name of the asset, what is wrong with a channel's settings; it has the defaults then."""


class AlertError(Exception):
    """A message could not be sent; it says by what and why, and holds no secret."""

    def __init__(self, channel: str, reason: str) -> None:
        super().__init__(f"The alert by {channel} could not be sent: {reason}.")


@dataclass(frozen=True)
class AlertSettings:
    """Where alerts go. Addresses can hold secrets, and so are never shown."""

    webhook: str = field(default="", repr=False)
    """An http(s) address that takes `{"text": ...}`, as Slack's and its likes do."""
    recipients: tuple[str, ...] = ()
    """E-mail addresses."""
    smtp: str = field(default="", repr=False)
    """`smtps://user:password@host:465`, or `smtp://...:587`, which turns TLS on first."""
    sender: str = ""
    problem: str = ""
    """What is wrong with the settings; then all of the above is as if nothing had been set."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Name the ways in which a message goes out; none: nobody is told."""
        return ("webhook",) * bool(self.webhook) + ("e-mail",) * bool(self.recipients)


MAIL_ADDRESS = re.compile(
    r"[^@\s,;:/<>()\[\]\\\"\0-\x1f\x7f-\x9f]+@[^@\s,;:/<>()\[\]\\\"\0-\x1f\x7f-\x9f]+"
)
"""What counts as an e-mail address: nothing in it ends a line, a header or an address."""
_DRIVERS = ("psycopg2", "psycopg")


class PostgresError(Exception):
    """The server cannot be used; the message says why, and shows no password."""


def parse_url(url: str) -> sql.URL:
    """Read a URL postgresql://..., with a driver that is here. It may have become psycopg 3.

    Raises:
        PostgresError: it is none, or no driver is installed.
    """
    try:
        parsed = sql.make_url(url)
    except (ArgumentError, ValueError):  # their words would show the password
        parsed = None
    backend, _, driver = parsed.drivername.partition("+") if parsed else ("", "", "")
    if parsed is None or backend not in ("postgres", "postgresql"):
        raise PostgresError("expected a URL such as postgresql://user:password@host:5432/database")
    installed = [name for name in _DRIVERS if find_spec(name)]
    if not installed:
        raise PostgresError("no driver is installed: pip install -e '.[postgres]'")
    # Of itself, SQLAlchemy 2.0 would take psycopg2 and 2.1 psycopg, whether or not it is there.
    driver = driver if driver in installed else installed[0]
    return parsed.set(drivername=f"postgresql+{driver}")


SCHEMES = ("s3", "gs", "gcs", "az", "abfs")
"""Of object storage, where what is half written is never seen. Tests have S3 alone."""
# A large object that is fetched in several pieces at once could be of two writers.
_OPTIONS: dict[str, dict[str, Any]] = {"s3": {"max_concurrency": 1}}


class RemoteError(Exception):
    """A place in object storage cannot be used; the message says why."""


def open_home(url: str) -> Path:
    """Return the path of `url`, such as s3://bucket/folder.

    Raises:
        RemoteError: it is none, or what it takes is not installed.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.netloc or set("?#@") & set(url):
        raise RemoteError(
            "expected a folder of this host, or an address such as s3://bucket/papers"
        )
    try:
        from upath import UPath  # noqa: PLC0415 - only who needs it has it

        path = UPath(url.rstrip("/"), use_listings_cache=False, **_OPTIONS.get(parts.scheme, {}))
        _ = path.fs  # which imports what knows the scheme
    except ImportError as error:
        raise RemoteError(
            f"what can use {parts.scheme}:// is not installed ({error}): pip install -e '.[s3]'"
        ) from error
    return cast("Path", path)


def is_remote(path: Path) -> bool:
    """Whether `path` is in object storage."""
    return hasattr(path, "fs")


__all__ = [
    "LOCKS",
    "PROJECT_ROOT",
    "Settings",
    "SettingsError",
    "find_host_folder",
    "parse_addresses",
    "read_log_format",
    "read_settings",
]
ARXIV_API_URL = "https://export.arxiv.org/api/query"
ARXIV_OAI_URL = "https://oaipmh.arxiv.org/oai"
ARXIV_INTERVAL = 3.0
"""Seconds between requests that arXiv's terms of use ask for."""
LogFormat = Literal["text", "json"]
LOCKS = "PAPERS_LOCKS"
_MAX_ATTEMPTS = 20
_OWNER = re.compile(r"team:[\w.-]+|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")
"""What Dagster takes for an owner."""
PROJECT_ROOT = Path(__file__).resolve().parent.parent


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
    alerts: AlertSettings = field(default_factory=AlertSettings)
    """Who is told when a run fails."""
    channels: NotificationSettings = field(default_factory=NotificationSettings)
    """Who is told what is new."""
    repository: str = ""
    """The web address of the repository on GitHub; empty: it is unknown."""
    log_format: LogFormat = "text"
    """Of what the command line logs: lines for people, or JSON for programs."""
    locks: str = field(default="", repr=False)
    """What is locked by: a URL postgresql://... that all hosts share, which may hold a password;
    else files of this host, and `local` says that no other host writes to a remote home."""
    host_folder: Path | None = None
    """Where locks of this host are; None: below `home`."""
    owner: str = ""
    """Of the assets, in the Dagster UI: an e-mail address, or team:NAME."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read `environment`; a variable that is unset or empty has its default.

    Raises:
        SettingsError: a value cannot be used; the message names the variable and the remedy.
    """
    api_url = _parse_api_url(environment.get("ARXIV_API_URL") or ARXIV_API_URL)
    home = _parse_home(environment.get("PAPERS_HOME") or str(PROJECT_ROOT))
    keywords = environment.get("PAPERS_KEYWORDS") or PROJECT_ROOT / "keywords.toml"
    return Settings(
        keywords_path=Path(keywords).expanduser().absolute(),
        home=home,
        api_url=api_url,
        request_interval=_parse_interval(environment.get("ARXIV_REQUEST_INTERVAL") or "", api_url),
        max_attempts=_parse_attempts(environment.get("ARXIV_MAX_ATTEMPTS") or str(MAX_ATTEMPTS)),
        backoff=_parse_seconds(
            "ARXIV_BACKOFF", environment.get("ARXIV_BACKOFF") or str(BACKOFF), BACKOFF
        ),
        oai_url=_parse_oai_url(environment.get("ARXIV_OAI_URL") or "", api_url),
        alerts=read_alert_settings(environment),
        channels=read_channels(environment),
        repository=find_repository_url(environment),
        log_format=read_log_format(environment),
        locks=_parse_locks(environment.get(LOCKS) or "", home),
        host_folder=find_host_folder(environment) if is_remote(home) else None,
        owner=_parse_owner(environment.get("PAPERS_OWNER") or ""),
    )


def _parse_owner(value: str) -> str:
    if value and not _OWNER.fullmatch(value):
        raise SettingsError(
            f"PAPERS_OWNER is {value!r}: expected the owner of the assets, an e-mail address such "
            "as you@example.org or a team such as team:research. Unset it for none."
        )
    return value


def _parse_home(value: str) -> Path:
    if "://" not in value:
        return Path(value).expanduser().absolute()
    try:
        return open_home(value)
    except RemoteError as error:
        shown = re.sub(r"//[^/]*@", "//***@", value)
        raise SettingsError(f"PAPERS_HOME is {shown!r}: {error}.") from error


def _parse_locks(value: str, home: Path) -> str:
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
        parse_url(value)
    except PostgresError as error:  # the value is not shown: it may hold a password
        raise SettingsError(f"{LOCKS}: {error}. Unset it for files of this host.") from error
    return value


def find_host_folder(environment: Mapping[str, str]) -> Path:
    """Return where this host keeps what no other sees, such as its own locks.

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


def _parse_api_url(value: str, name: str = "ARXIV_API_URL", example: str = ARXIV_API_URL) -> str:
    if split_web_url(value, "http", "https") is None or re.search(r"[?#\s]", value):
        raise SettingsError(
            f"{name} is {value!r}: expected an address such as {example}, without a query. Unset "
            "it to ask arXiv itself."
        )
    return value


def _parse_oai_url(value: str, api_url: str) -> str:
    if value:
        url = _parse_api_url(value, "ARXIV_OAI_URL", ARXIV_OAI_URL)
        # There is one gate for both, and the interval below arXiv's is for this machine alone.
        if is_loopback(url) != is_loopback(api_url):
            raise SettingsError(
                f"ARXIV_OAI_URL is {url!r} and ARXIV_API_URL {api_url!r}: expected both at arXiv, "
                "or both at its stand-in. Unset one of them."
            )
        return url
    # Who asks a stand-in does not want to ask arXiv with the other half.
    return ARXIV_OAI_URL if is_arxiv_url(api_url) else urljoin(api_url, "/oai")


def _parse_interval(value: str, api_url: str) -> float:
    if not value:
        return ARXIV_INTERVAL
    seconds = _parse_seconds("ARXIV_REQUEST_INTERVAL", value, ARXIV_INTERVAL)
    if seconds < ARXIV_INTERVAL and not is_loopback(api_url):
        raise SettingsError(
            f"ARXIV_REQUEST_INTERVAL is {value!r}: arXiv's terms ask for at least "
            f"{ARXIV_INTERVAL:g} seconds between requests, and only an ARXIV_API_URL on this very "
            f"machine may be asked faster ({api_url} is not). Set it to 3 or more, or unset it."
        )
    return seconds


def _parse_attempts(value: str) -> int:
    text = value.strip()
    attempts = int(text) if text.isascii() and text.isdigit() and len(text) <= len("20") else 0
    if not 1 <= attempts <= _MAX_ATTEMPTS:
        raise SettingsError(
            f"ARXIV_MAX_ATTEMPTS is {value!r}: expected a whole number from 1 to {_MAX_ATTEMPTS}. "
            f"Unset it for the default, {MAX_ATTEMPTS}."
        )
    return attempts


def _parse_seconds(name: str, value: str, default: float) -> float:
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


# What GitHub allows in the names of owners and repositories.
_REPOSITORY = re.compile(r"[A-Za-z0-9-][A-Za-z0-9_-]*/(?!\.{1,2}$)[A-Za-z0-9._-]+")
_UNSUBSCRIBE = re.compile(r"(?:https://|mailto:)[!-~]{1,850}")


def read_alert_settings(environment: Mapping[str, str]) -> AlertSettings:
    """Read whom to tell of failures; what is wrong with that makes their sensor's ticks fail."""
    try:
        return _read_alerts(environment)
    except SettingsError as error:
        return AlertSettings(problem=str(error))


def read_channels(environment: Mapping[str, str]) -> NotificationSettings:
    """Read the channels; what is wrong with one makes its asset fail, and stops nothing else."""
    settings: dict[str, Any] = {}
    problems = {}
    readers = {"github_issue": _read_github, "email": _read_email, "webhook": _read_digest_webhook}
    for channel, read in readers.items():
        try:
            settings |= read(environment)
        except SettingsError as error:
            problems[channel] = str(error)
    return NotificationSettings(**settings, problems=problems)


def find_repository_url(environment: Mapping[str, str]) -> str:
    """Return the web address of the repository on GitHub; empty: it is unknown."""
    own = environment.get("PAPERS_GITHUB_REPOSITORY") or environment.get("GITHUB_REPOSITORY") or ""
    server = environment.get("GITHUB_SERVER_URL") or "https://github.com"
    return f"{server}/{own}" if _REPOSITORY.fullmatch(own) else ""


def parse_addresses(variable: str, value: str) -> tuple[str, ...]:
    """Read the e-mail addresses of a variable, separated by commas; each comes once.

    Raises:
        SettingsError: one of them is none.
    """
    parts = [part.strip() for part in value.split(",") if part.strip()]
    # Not shown: it is somebody's address, or a password in the wrong place.
    for number, part in enumerate(parts, start=1):
        if not MAIL_ADDRESS.fullmatch(part):
            raise SettingsError(
                f"{variable}: number {number} of {len(parts)} is no e-mail address. Expected "
                "addresses such as you@example.org, separated by commas."
            )
    found: dict[str, str] = {}
    for part in parts:
        found.setdefault(part.casefold(), part)
    return tuple(found.values())


def _read_alerts(environment: Mapping[str, str]) -> AlertSettings:
    webhook = _parse_webhook("PAPERS_ALERT_WEBHOOK", environment)
    smtp = _parse_smtp(environment)
    recipients = _parse_recipients("PAPERS_ALERT_EMAIL", environment, smtp)
    sender = environment.get("PAPERS_ALERT_FROM") or "".join(recipients[:1])
    return AlertSettings(webhook, recipients, smtp, _parse_sender("PAPERS_ALERT_FROM", sender))


def _read_email(environment: Mapping[str, str]) -> dict[str, Any]:
    smtp = _parse_smtp(environment)
    recipients = _parse_recipients("PAPERS_DIGEST_EMAIL", environment, smtp)
    sender = (
        environment.get("PAPERS_DIGEST_FROM")
        or environment.get("PAPERS_ALERT_FROM")
        or "".join(recipients[:1])
    )
    return {
        "recipients": recipients,
        "sender": _parse_sender("PAPERS_DIGEST_FROM", sender),
        "smtp": smtp,
        "unsubscribe": _parse_unsubscribe(environment.get("PAPERS_UNSUBSCRIBE") or ""),
    }


def _read_digest_webhook(environment: Mapping[str, str]) -> dict[str, Any]:
    return {
        "webhook": _parse_webhook("PAPERS_DIGEST_WEBHOOK", environment),
        "webhook_shape": _parse_shape(environment.get("PAPERS_DIGEST_WEBHOOK_SHAPE") or SHAPES[0]),
    }


def _read_github(environment: Mapping[str, str]) -> dict[str, Any]:
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
    parts = split_web_url(api, "https", "http")
    if parts is None or re.search(r"[?#@\s]", api):
        raise SettingsError(f"GITHUB_API_URL: expected an address such as {GITHUB_API_URL}.")
    if parts.scheme == "http" and not is_loopback(api):
        raise SettingsError("GITHUB_API_URL: expected https, since the token is sent there.")
    return {"github_token": token, "github_repository": repository, "github_api": api}


# None of the values below is shown: they hold secrets.
def _parse_webhook(name: str, environment: Mapping[str, str]) -> str:
    value = environment.get(name) or ""
    if value and split_web_url(value, "http", "https") is None:
        raise SettingsError(f"{name}: expected an address that begins with https://.")
    return value


def _parse_smtp(environment: Mapping[str, str]) -> str:
    smtp = environment.get("PAPERS_SMTP_URL") or ""
    server = split_web_url(smtp, "smtp", "smtps") if smtp else None
    if smtp and (server is None or server.path not in ("", "/") or re.search(r"[?#]", smtp)):
        raise SettingsError(
            "PAPERS_SMTP_URL: expected smtps://user:password@host:465, or smtp://... for a server "
            "that turns TLS on first. In the password, write # / ? @ [ ] and : as %23 %2F %3F %40 "
            "%5B %5D and %3A."
        )
    return smtp


def _parse_recipients(name: str, environment: Mapping[str, str], smtp: str) -> tuple[str, ...]:
    recipients = parse_addresses(name, environment.get(name) or "")
    if recipients and not smtp:
        raise SettingsError(
            f"{name} is set, and PAPERS_SMTP_URL is not: expected the mail server, "
            "smtps://user:password@host:465."
        )
    return recipients


def _parse_sender(name: str, value: str) -> str:
    if value and not MAIL_ADDRESS.fullmatch(value):
        raise SettingsError(f"{name}: expected one e-mail address, such as you@example.org.")
    return value


def _parse_unsubscribe(value: str) -> str:
    if value and (not _UNSUBSCRIBE.fullmatch(value) or re.search(r"[<>\"]", value)):
        raise SettingsError(
            f"PAPERS_UNSUBSCRIBE is {value!r}: expected an address that begins with https:// or "
            "mailto:. Unset it for mail to the sender."
        )
    return value


def _parse_shape(value: str) -> WebhookFormat:
    for shape in SHAPES:
        if value == shape:
            return shape
    raise SettingsError(
        f"PAPERS_DIGEST_WEBHOOK_SHAPE is {value!r}: expected slack, which Mattermost and "
        "Rocket.Chat take, too, or json."
    )
