"""The environment, read once into frozen, validated values. Nothing else looks at `os.environ`."""

import math
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin

from papers_assets.addresses import is_arxivs, is_loopback, web_parts
from papers_assets.arxiv.patience import BACKOFF, MAX_ATTEMPTS
from papers_assets.messages import Alerts
from papers_assets.notifying.channels import Channels
from papers_assets.settings_error import SettingsError
from papers_assets.settings_telling import (
    addresses,
    alerts_or_problem,
    channels_or_problems,
    repository_address,
)
from papers_assets.storage.postgres import PostgresError, checked_url
from papers_assets.storage.remote import RemoteError, home_at, is_remote

__all__ = [
    "LOCKS",
    "PROJECT_ROOT",
    "Settings",
    "SettingsError",
    "addresses",
    "host_folder",
    "read_log_format",
    "read_settings",
]

ARXIV_API_URL = "https://export.arxiv.org/api/query"
ARXIV_OAI_URL = "https://oaipmh.arxiv.org/oai"
ARXIV_INTERVAL = 3.0
"""Seconds between requests that arXiv's terms of use ask for."""

LogFormat = Literal["text", "json"]
LOCKS = "PAPERS_LOCKS"
_MOST_ATTEMPTS = 20
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
    alerts: Alerts = field(default_factory=Alerts)
    """Who is told when a run fails."""
    channels: Channels = field(default_factory=Channels)
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
        alerts=alerts_or_problem(environment),
        channels=channels_or_problems(environment),
        repository=repository_address(environment),
        log_format=read_log_format(environment),
        locks=_locks(environment.get(LOCKS) or "", home),
        host_folder=host_folder(environment) if is_remote(home) else None,
        owner=_owner(environment.get("PAPERS_OWNER") or ""),
    )


def _owner(value: str) -> str:
    if value and not _OWNER.fullmatch(value):
        raise SettingsError(
            f"PAPERS_OWNER is {value!r}: expected the owner of the assets, an e-mail address such "
            "as you@example.org or a team such as team:research. Unset it for none."
        )
    return value


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


def _api_url(value: str, name: str = "ARXIV_API_URL", example: str = ARXIV_API_URL) -> str:
    if web_parts(value, "http", "https") is None or re.search(r"[?#\s]", value):
        raise SettingsError(
            f"{name} is {value!r}: expected an address such as {example}, without a query. Unset "
            "it to ask arXiv itself."
        )
    return value


def _oai_url(value: str, api_url: str) -> str:
    if value:
        url = _api_url(value, "ARXIV_OAI_URL", ARXIV_OAI_URL)
        # There is one gate for both, and the interval below arXiv's is for this machine alone.
        if is_loopback(url) != is_loopback(api_url):
            raise SettingsError(
                f"ARXIV_OAI_URL is {url!r} and ARXIV_API_URL {api_url!r}: expected both at arXiv, "
                "or both at its stand-in. Unset one of them."
            )
        return url
    # Who asks a stand-in does not want to ask arXiv with the other half.
    return ARXIV_OAI_URL if is_arxivs(api_url) else urljoin(api_url, "/oai")


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
