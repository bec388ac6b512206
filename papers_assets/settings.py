"""The environment, read once into frozen, validated values. Nothing else looks at `os.environ`."""

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
"""Seconds between requests that arXiv's terms of use ask for."""
GITHUB_API_URL = "https://api.github.com"
LOCKS = "PAPERS_LOCKS"
PROJECT_ROOT = Path(__file__).resolve().parent.parent
SCHEMES = ("s3", "gs", "gcs", "az", "abfs")
"""Of object storage, where what is half written is never seen. Tests have S3 alone."""
MAIL_ADDRESS = re.compile(
    r"[^@\s,;:/<>()\[\]\\\"\0-\x1f\x7f-\x9f]+@[^@\s,;:/<>()\[\]\\\"\0-\x1f\x7f-\x9f]+"
)
"""What counts as an e-mail address: nothing in it ends a line, a header or an address."""
_DRIVERS = ("psycopg2", "psycopg")
# A large object that is fetched in several pieces at once could be of two writers.
_OPTIONS: dict[str, dict[str, Any]] = {"s3": {"max_concurrency": 1}}
_REPOSITORY = re.compile(r"[A-Za-z0-9-][A-Za-z0-9_-]*/(?!\.{1,2}$)[A-Za-z0-9._-]+")
"""What GitHub allows in the names of owners and repositories."""

LogFormat = Literal["text", "json"]
WebhookFormat = Literal["slack", "json"]


class SettingsError(Exception):
    """A variable of the environment has a value that cannot be used; the message says which."""


class AlertError(Exception):
    """A message could not be sent; it says by what and why, and holds no secret."""

    def __init__(self, channel: str, reason: str) -> None:
        super().__init__(f"The alert by {channel} could not be sent: {reason}.")


class PostgresError(Exception):
    """The server cannot be used; the message says why, and shows no password."""


class RemoteError(Exception):
    """A place in object storage cannot be used; the message says why."""


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
    """What is expected of a variable."""

    is_valid: Callable[[str], object]
    expected: str
    is_shown: bool = False
    """Whether messages show the value; others may be secrets, or addresses of people."""


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
    "PAPERS_OWNER": _Rule(  # as Dagster takes it
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
    """Read `environment`; a variable that is unset or empty has its default.

    Raises:
        SettingsError: a value cannot be used; the message names the variable and the remedy.
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
    """Read how to log, which is of interest before all else.

    Raises:
        SettingsError: there is no such format.
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
    place = _resolve(own) if own else Path(tempfile.gettempdir())
    return place / "papers-assets"


def _read_oai_url(environment: Mapping[str, str], api_url: str) -> str:
    # Who asks a stand-in does not want to ask arXiv with the other half.
    default = ARXIV_OAI_URL if is_arxiv_url(api_url) else urljoin(api_url, "/oai")
    url = _read(environment, "ARXIV_OAI_URL", default)
    # There is one gate for both, and the interval below arXiv's is for this machine alone.
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
    """Read whom to tell of failures; what is wrong with that makes their sensor's ticks fail."""
    try:
        return AlertSettings(
            webhook=_read(environment, "PAPERS_ALERT_WEBHOOK"),
            **_read_mail(environment, "PAPERS_ALERT_EMAIL", "PAPERS_ALERT_FROM"),
        )
    except SettingsError as error:
        return AlertSettings(problem=str(error))


def _read_channels(environment: Mapping[str, str]) -> NotificationSettings:
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
    """Read the mail server, the addresses in the variable `to` and the sender's in `from_`.

    Without that, it is `sender`, or the first of the addresses.
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
