"""Settings: environment variables, read once into frozen, validated values."""

import math
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast
from urllib.parse import urljoin, urlsplit

import sqlalchemy as sql
from sqlalchemy.exc import ArgumentError

from papers_assets.arxiv.retry import BACKOFF, MAX_ATTEMPTS
from papers_assets.arxiv.urls import is_arxiv_url, is_loopback, split_web_url

ARXIV_API_URL = "https://export.arxiv.org/api/query"
ARXIV_OAI_URL = "https://oaipmh.arxiv.org/oai"
ARXIV_INTERVAL = 3.0
"""The seconds between two requests that arXiv's terms of use require."""
GITHUB_API_URL = "https://api.github.com"
LOCKS = "PAPERS_LOCKS"
PROJECT_ROOT = Path(__file__).resolve().parent.parent
SCHEMES = ("s3", "gs", "gcs", "az", "abfs")
"""URL schemes of object storage, where incomplete writes are never visible. Only S3 is tested."""
MAIL_ADDRESS = re.compile(
    r"[^@\s,;:/<>()\[\]\\\"\0-\x1f\x7f-\x9f]+@[^@\s,;:/<>()\[\]\\\"\0-\x1f\x7f-\x9f]+"
)
"""A valid e-mail address, without characters that end a line, a header or an address."""
_DRIVERS = ("psycopg2", "psycopg")
# A large object read in concurrent pieces could mix the data of two writers.
_OPTIONS: dict[str, dict[str, Any]] = {"s3": {"max_concurrency": 1}}
_REPOSITORY = re.compile(r"[A-Za-z0-9-][A-Za-z0-9_-]*/(?!\.{1,2}$)[A-Za-z0-9._-]+")
"""A repository's owner and name, with the characters that GitHub allows."""

LogFormat = Literal["text", "json"]
WebhookFormat = Literal["slack", "json"]


class SettingsError(Exception):
    """An environment variable with an invalid value, named in the message."""


class AlertError(Exception):
    """A message that could not be sent. The text has the channel and the reason, but no secret."""

    def __init__(self, channel: str, reason: str) -> None:
        super().__init__(f"The alert by {channel} could not be sent: {reason}.")


class PostgresError(Exception):
    """A PostgreSQL server that cannot be used. The message has the reason and no password."""


class RemoteError(Exception):
    """A location in object storage that cannot be used; the message has the reason."""


@dataclass(frozen=True)
class NotificationSettings:
    """The channels for digests, each off until configured. Secrets are never shown."""

    github_token: str = field(default="", repr=False)
    github_repository: str = ""
    """The repository as owner/name."""
    github_api: str = GITHUB_API_URL
    recipients: tuple[str, ...] = ()
    """E-mail addresses for all keywords; `papers_assets.notify.recipients` reads the others."""
    sender: str = ""
    smtp: str = field(default="", repr=False)
    """The mail server, as in `AlertSettings.smtp`."""
    unsubscribe: str = ""
    """An https or mailto address; empty for mail to the sender."""
    webhook: str = field(default="", repr=False)
    webhook_shape: WebhookFormat = "slack"
    problems: Mapping[str, str] = field(default_factory=dict)
    """The problem with a channel's settings, by asset name; the channel then has the defaults."""


@dataclass(frozen=True)
class AlertSettings:
    """The channels for alerts. Addresses can contain secrets and are never shown."""

    webhook: str = field(default="", repr=False)
    """An http(s) address that accepts `{"text": ...}`, like those of Slack and similar services."""
    recipients: tuple[str, ...] = ()
    """E-mail addresses."""
    smtp: str = field(default="", repr=False)
    """`smtps://user:password@host:465`, or `smtp://...:587`, which turns TLS on first."""
    sender: str = ""
    problem: str = ""
    """The problem with the settings. If there is one, all of the above have their defaults."""

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the configured channels; empty if no alerts are sent."""
        return ("webhook",) * bool(self.webhook) + ("e-mail",) * bool(self.recipients)


@dataclass(frozen=True)
class Settings:
    """All settings of the project."""

    keywords_path: Path
    home: Path
    """The folder of the run history, raw papers and output."""
    api_url: str
    request_interval: float
    """The seconds between the starts of two requests."""
    max_attempts: int = MAX_ATTEMPTS
    """The total number of attempts of a request."""
    backoff: float = BACKOFF
    """The seconds before the second attempt."""
    oai_url: str = ""
    """The address of arXiv's OAI-PMH."""
    alerts: AlertSettings = field(default_factory=AlertSettings)
    """The channels for alerts about failed runs."""
    channels: NotificationSettings = field(default_factory=NotificationSettings)
    """The channels for digests."""
    repository: str = ""
    """The web address of the repository on GitHub; empty if unknown."""
    log_format: LogFormat = "text"
    """The format of the command line's logs: text for people, or JSON for programs."""
    locks: str = field(default="", repr=False)
    """How to lock: a URL postgresql://... shared by all hosts, which may contain a password; else
    with files of this host. `local` confirms that no other host writes to a remote home."""
    host_folder: Path | None = None
    """The folder of this host's locks; None for a folder below `home`."""
    owner: str = ""
    """The owner of the assets in the Dagster UI: an e-mail address, or team:NAME."""


def _is_web_address(url: str) -> bool:
    return split_web_url(url, "http", "https") is not None


def _is_api_address(url: str) -> bool:
    return _is_web_address(url) and not re.search(r"[?#\s]", url)


def _is_mail_server(url: str) -> bool:
    server = split_web_url(url, "smtp", "smtps")
    return server is not None and server.path in {"", "/"} and not re.search(r"[?#]", url)


def _is_seconds(value: str) -> bool:
    try:
        return 0 <= float(value) < math.inf
    except ValueError:
        return False


def _expect_api(example: str) -> str:
    return f"an address such as {example}, without a query. Unset it to ask arXiv itself."


def _expect_seconds(default: float) -> str:
    return f"seconds, such as {default:g}. Unset it for the default, {default:g}."


class _Rule(NamedTuple):
    """A validation rule of a variable."""

    is_valid: Callable[[str], object]
    expected: str
    is_shown: bool = False
    """Whether messages show the value, because it is neither a secret nor a personal address."""


_WEBHOOK = _Rule(_is_web_address, "an address that begins with https://.")
_SENDER = _Rule(MAIL_ADDRESS.fullmatch, "one e-mail address, such as you@example.org.")
_RULES = {
    "ARXIV_API_URL": _Rule(_is_api_address, _expect_api(ARXIV_API_URL), is_shown=True),
    "ARXIV_OAI_URL": _Rule(_is_api_address, _expect_api(ARXIV_OAI_URL), is_shown=True),
    "ARXIV_REQUEST_INTERVAL": _Rule(_is_seconds, _expect_seconds(ARXIV_INTERVAL), is_shown=True),
    "ARXIV_BACKOFF": _Rule(_is_seconds, _expect_seconds(BACKOFF), is_shown=True),
    "ARXIV_MAX_ATTEMPTS": _Rule(
        re.compile(r"\s*(0?[1-9]|1[0-9]|20)\s*").fullmatch,
        f"a whole number from 1 to 20. Unset it for the default, {MAX_ATTEMPTS}.",
        is_shown=True,
    ),
    "PAPERS_LOG_FORMAT": _Rule(("text", "json").__contains__, "text or json.", is_shown=True),
    "PAPERS_OWNER": _Rule(  # as Dagster accepts it
        re.compile(r"team:[\w.-]+|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}").fullmatch,
        "the owner of the assets, an e-mail address such as you@example.org or a team such as "
        "team:research. Unset it for none.",
        is_shown=True,
    ),
    "PAPERS_ALERT_WEBHOOK": _WEBHOOK,
    "PAPERS_ALERT_FROM": _SENDER,
    "PAPERS_DIGEST_WEBHOOK": _WEBHOOK,
    "PAPERS_DIGEST_FROM": _SENDER,
    "PAPERS_DIGEST_WEBHOOK_SHAPE": _Rule(
        ("slack", "json").__contains__,
        "slack, which Mattermost and Rocket.Chat take, too, or json.",
        is_shown=True,
    ),
    "PAPERS_SMTP_URL": _Rule(
        _is_mail_server,
        "smtps://user:password@host:465, or smtp://... for a server that turns TLS on first. In "
        "the password, write # / ? @ [ ] and : as %23 %2F %3F %40 %5B %5D and %3A.",
    ),
    "PAPERS_UNSUBSCRIBE": _Rule(
        re.compile(r"(?:https://|mailto:)(?:(?![<>\"])[!-~]){1,850}").fullmatch,
        "an address that begins with https:// or mailto:. Unset it for mail to the sender.",
        is_shown=True,
    ),
    "PAPERS_GITHUB_TOKEN": _Rule(
        re.compile(r"\s*[!-~]*\s*").fullmatch, "a token, with no space in it."
    ),
    "GITHUB_API_URL": _Rule(
        lambda url: _is_api_address(url) and "@" not in url, f"an address such as {GITHUB_API_URL}."
    ),
}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings in `environment`; variables that are unset or empty have their defaults.

    Raises:
        SettingsError: A value is invalid; the message names the variable and the remedy.
    """
    environment = {name: value for name, value in environment.items() if value}
    api_url = _read(environment, "ARXIV_API_URL", ARXIV_API_URL)
    home = _parse_home(environment.get("PAPERS_HOME", str(PROJECT_ROOT)))
    return Settings(
        keywords_path=_resolve(environment.get("PAPERS_KEYWORDS", PROJECT_ROOT / "keywords.toml")),
        home=home,
        api_url=api_url,
        request_interval=_read_interval(environment, api_url),
        max_attempts=int(_read(environment, "ARXIV_MAX_ATTEMPTS", str(MAX_ATTEMPTS))),
        backoff=float(_read(environment, "ARXIV_BACKOFF", str(BACKOFF))),
        oai_url=_read_oai_url(environment, api_url),
        alerts=_read_alerts(environment),
        channels=_read_channels(environment),
        repository=_find_repository_url(environment),
        log_format=read_log_format(environment),
        locks=_parse_locks(environment.get(LOCKS, ""), home),
        host_folder=find_host_folder(environment) if is_remote(home) else None,
        owner=_read(environment, "PAPERS_OWNER"),
    )


def read_log_format(environment: Mapping[str, str]) -> LogFormat:
    """Return the log format, which is needed before the other settings.

    Raises:
        SettingsError: There is no such format.
    """
    return cast("LogFormat", _read(environment, "PAPERS_LOG_FORMAT", "text"))


def _read(environment: Mapping[str, str], name: str, default: str = "") -> str:
    """Return the value of the variable `name`, or `default`; "" is always valid."""
    value = environment.get(name) or default
    rule = _RULES[name]
    if value and not rule.is_valid(value):
        shown = f" is {value!r}" if rule.is_shown else ""
        raise SettingsError(f"{name}{shown}: expected {rule.expected}")
    return value


def _resolve(path: str | Path) -> Path:
    return Path(path).expanduser().absolute()


def _parse_home(value: str) -> Path:
    try:
        return open_home(value) if "://" in value else _resolve(value)
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
    except PostgresError as error:  # the value is not shown: it may contain a password
        raise SettingsError(f"{LOCKS}: {error}. Unset it for files of this host.") from error
    return value


def find_host_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder for files that only this host uses, such as its locks.

    It is in $PAPERS_RUN_FILES, the folder of the runs' output; else in $DAGSTER_HOME, if that is
    writable (in production it has settings and is read-only); else in the temporary folder.
    """
    own = environment.get("PAPERS_RUN_FILES")
    if not own and os.access(environment.get("DAGSTER_HOME") or "", os.W_OK):
        own = environment["DAGSTER_HOME"]
    place = _resolve(own) if own else Path(tempfile.gettempdir())
    return place / "papers-assets"


def _read_oai_url(environment: Mapping[str, str], api_url: str) -> str:
    # With a substitute for arXiv's API, OAI-PMH requests must not go to arXiv itself, either.
    default = ARXIV_OAI_URL if is_arxiv_url(api_url) else urljoin(api_url, "/oai")
    url = _read(environment, "ARXIV_OAI_URL", default)
    # One rate limiter serves both, and only this machine allows an interval shorter than arXiv's.
    if is_loopback(url) != is_loopback(api_url):
        raise SettingsError(
            f"ARXIV_OAI_URL is {url!r} and ARXIV_API_URL {api_url!r}: expected both at arXiv, "
            "or both at its stand-in. Unset one of them."
        )
    return url


def _read_interval(environment: Mapping[str, str], api_url: str) -> float:
    seconds = float(_read(environment, "ARXIV_REQUEST_INTERVAL", str(ARXIV_INTERVAL)))
    if seconds < ARXIV_INTERVAL and not is_loopback(api_url):
        raise SettingsError(
            f"ARXIV_REQUEST_INTERVAL is {environment['ARXIV_REQUEST_INTERVAL']!r}: arXiv's terms "
            f"ask for at least {ARXIV_INTERVAL:g} seconds between requests, and only an "
            f"ARXIV_API_URL on this very machine may be asked faster ({api_url} is not). Set it to "
            "3 or more, or unset it."
        )
    return seconds


def _find_repository_url(environment: Mapping[str, str]) -> str:
    own = environment.get("PAPERS_GITHUB_REPOSITORY") or environment.get("GITHUB_REPOSITORY", "")
    server = environment.get("GITHUB_SERVER_URL", "https://github.com")
    return f"{server}/{own}" if _REPOSITORY.fullmatch(own) else ""


def parse_addresses(variable: str, value: str) -> tuple[str, ...]:
    """Return the distinct e-mail addresses in a comma-separated value.

    Args:
        variable: The name of the variable, for the error message.
        value: Its value.

    Raises:
        SettingsError: An item is not an e-mail address.
    """
    parts = [part.strip() for part in value.split(",") if part.strip()]
    # Not shown, because it is a personal address, or a password in the wrong place.
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
    """Return the alert settings; a problem with them makes the alert sensor's ticks fail."""
    try:
        return AlertSettings(
            webhook=_read(environment, "PAPERS_ALERT_WEBHOOK"),
            **_read_mail(environment, "PAPERS_ALERT_EMAIL", "PAPERS_ALERT_FROM"),
        )
    except SettingsError as error:
        return AlertSettings(problem=str(error))


def _read_channels(environment: Mapping[str, str]) -> NotificationSettings:
    """Return the digest channels; a problem with one makes only its asset fail."""
    settings: dict[str, Any] = {}
    problems = {}
    readers = {"github_issue": _read_github, "email": _read_email, "webhook": _read_digest_webhook}
    for channel, read in readers.items():
        try:
            settings |= read(environment)
        except SettingsError as error:
            problems[channel] = str(error)
    return NotificationSettings(**settings, problems=problems)


def _read_email(environment: Mapping[str, str]) -> dict[str, Any]:
    sender = environment.get("PAPERS_ALERT_FROM", "")
    mail = _read_mail(environment, "PAPERS_DIGEST_EMAIL", "PAPERS_DIGEST_FROM", sender)
    return mail | {"unsubscribe": _read(environment, "PAPERS_UNSUBSCRIBE")}


def _read_digest_webhook(environment: Mapping[str, str]) -> dict[str, Any]:
    return {
        "webhook": _read(environment, "PAPERS_DIGEST_WEBHOOK"),
        "webhook_shape": _read(environment, "PAPERS_DIGEST_WEBHOOK_SHAPE", "slack"),
    }


def _read_github(environment: Mapping[str, str]) -> dict[str, Any]:
    own = environment.get("PAPERS_GITHUB_REPOSITORY", "")
    repository = own or environment.get("GITHUB_REPOSITORY", "")
    token = _read(environment, "PAPERS_GITHUB_TOKEN").strip()
    if own and not token:
        raise SettingsError(
            "PAPERS_GITHUB_REPOSITORY is set, and PAPERS_GITHUB_TOKEN is not: expected a token "
            "that may write issues there."
        )
    if not token:
        return {}
    if not _REPOSITORY.fullmatch(repository):
        name = "PAPERS_GITHUB_REPOSITORY" if own or not repository else "GITHUB_REPOSITORY"
        raise SettingsError(
            f"{name} is {repository!r}: expected owner/name, such as you/papers, of the repository "
            "whose issues are the digests, since PAPERS_GITHUB_TOKEN is set."
        )
    api = _read(environment, "GITHUB_API_URL", GITHUB_API_URL)
    if urlsplit(api).scheme == "http" and not is_loopback(api):
        raise SettingsError("GITHUB_API_URL: expected https, since the token is sent there.")
    api = api.rstrip("/")
    return {"github_token": token, "github_repository": repository, "github_api": api}


def _read_mail(
    environment: Mapping[str, str], to: str, from_: str, sender: str = ""
) -> dict[str, Any]:
    """Return the mail server, the recipients in the variable `to` and the sender in `from_`.

    If `from_` is not set, the sender is `sender`, or the first recipient.
    """
    smtp = _read(environment, "PAPERS_SMTP_URL")
    recipients = parse_addresses(to, environment.get(to, ""))
    if recipients and not smtp:
        raise SettingsError(
            f"{to} is set, and PAPERS_SMTP_URL is not: expected the mail server, "
            "smtps://user:password@host:465."
        )
    sender = _read(environment, from_, sender or "".join(recipients[:1]))
    return {"smtp": smtp, "recipients": recipients, "sender": sender}


def parse_url(url: str) -> sql.URL:
    """Return a URL postgresql://... with an installed driver, which can be psycopg 2 or 3.

    Raises:
        PostgresError: The URL is invalid, or no driver is installed.
    """
    try:
        parsed = sql.make_url(url)
    except (ArgumentError, ValueError):  # their messages would show the password
        parsed = None
    backend, _, driver = parsed.drivername.partition("+") if parsed else ("", "", "")
    if parsed is None or backend not in ("postgres", "postgresql"):
        raise PostgresError("expected a URL such as postgresql://user:password@host:5432/database")
    installed = [name for name in _DRIVERS if find_spec(name)]
    if not installed:
        raise PostgresError("no driver is installed: pip install -e '.[postgres]'")
    # By default, SQLAlchemy 2.0 uses psycopg2 and 2.1 psycopg, whether or not it is installed.
    driver = driver if driver in installed else installed[0]
    return parsed.set(drivername=f"postgresql+{driver}")


def open_home(url: str) -> Path:
    """Return the path of `url`, such as s3://bucket/folder.

    Raises:
        RemoteError: The URL is invalid, or a package that it needs is not installed.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.netloc or set("?#@") & set(url):
        raise RemoteError(
            "expected a folder of this host, or an address such as s3://bucket/papers"
        )
    try:
        from upath import UPath  # noqa: PLC0415 - an optional dependency

        path = UPath(url.rstrip("/"), use_listings_cache=False, **_OPTIONS.get(parts.scheme, {}))
        _ = path.fs  # imports the package for the scheme
    except ImportError as error:
        raise RemoteError(
            f"what can use {parts.scheme}:// is not installed ({error}): pip install -e '.[s3]'"
        ) from error
    return cast("Path", path)


def is_remote(path: Path) -> bool:
    """Whether `path` is in object storage."""
    return hasattr(path, "fs")
