"""The environment, read once into frozen, validated values. Nothing else looks at `os.environ`."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from papers_assets.arxiv.patience import BACKOFF, MAX_ATTEMPTS
from papers_assets.messages import Alerts

ARXIV_API_URL = "https://export.arxiv.org/api/query"
ARXIV_INTERVAL = 3.0
"""Seconds between requests that arXiv's terms of use ask for."""

_MOST_ATTEMPTS = 20
_ADDRESS = re.compile(r"[^@\s,<>]+@[^@\s,<>]+")

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
    alerts: Alerts = field(default_factory=Alerts)
    """Who is told when a run fails."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read `environment`; a variable that is unset or empty has its default.

    Raises:
        SettingsError: a value cannot be used; the message names the variable and the remedy.
    """
    api_url = _api_url(environment.get("ARXIV_API_URL") or ARXIV_API_URL)
    home = environment.get("PAPERS_HOME") or PROJECT_ROOT
    keywords = environment.get("PAPERS_KEYWORDS") or PROJECT_ROOT / "keywords.toml"
    return Settings(
        keywords_path=Path(keywords).expanduser().absolute(),
        home=Path(home).expanduser().absolute(),
        api_url=api_url,
        request_interval=_interval(environment.get("ARXIV_REQUEST_INTERVAL") or "", api_url),
        max_attempts=_attempts(environment.get("ARXIV_MAX_ATTEMPTS") or str(MAX_ATTEMPTS)),
        backoff=_seconds(
            "ARXIV_BACKOFF", environment.get("ARXIV_BACKOFF") or str(BACKOFF), BACKOFF
        ),
        alerts=_alerts(environment),
    )


def _alerts(environment: Mapping[str, str]) -> Alerts:
    webhook = environment.get("PAPERS_ALERT_WEBHOOK") or ""
    smtp = environment.get("PAPERS_SMTP_URL") or ""
    addresses = (environment.get("PAPERS_ALERT_EMAIL") or "").split(",")
    recipients = tuple(address.strip() for address in addresses if address.strip())
    # None of the values is shown: they hold secrets.
    if webhook and _parts(webhook, "http", "https") is None:
        raise SettingsError("PAPERS_ALERT_WEBHOOK: expected an address that begins with https://.")
    server = _parts(smtp, "smtp", "smtps") if smtp else None
    if smtp and (server is None or server.path not in ("", "/") or re.search(r"[?#]", smtp)):
        raise SettingsError(
            "PAPERS_SMTP_URL: expected smtps://user:password@host:465, or smtp://... for a server "
            "that turns TLS on first. In the password, write # / ? @ [ ] and : as %23 %2F %3F %40 "
            "%5B %5D and %3A."
        )
    if recipients and not smtp:
        raise SettingsError(
            "PAPERS_ALERT_EMAIL is set, and PAPERS_SMTP_URL is not: expected the mail server, "
            "smtps://user:password@host:465."
        )
    if wrong := [address for address in recipients if not _ADDRESS.fullmatch(address)]:
        raise SettingsError(f"PAPERS_ALERT_EMAIL: {wrong[0]!r} is no e-mail address.")
    sender = environment.get("PAPERS_ALERT_FROM") or (recipients[0] if recipients else "")
    if sender and not _ADDRESS.fullmatch(sender):
        raise SettingsError(f"PAPERS_ALERT_FROM: {sender!r} is no e-mail address.")
    return Alerts(webhook, recipients, smtp, sender)


def _parts(address: str, *schemes: str) -> SplitResult | None:
    """Give the parts of an address of one of `schemes`; None if it is none."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in schemes and parts.hostname and parts.port != 0
    except ValueError:  # brackets that do not match, a port that is no number
        return None
    return parts if usable else None


def _api_url(value: str) -> str:
    if _parts(value, "http", "https") is None or re.search(r"[?#\s]", value):
        raise SettingsError(
            f"ARXIV_API_URL is {value!r}: expected an address such as {ARXIV_API_URL}, without a "
            "query. Unset it to ask arXiv itself."
        )
    return value


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
