"""Output of all commands, as text or JSON, and their exit."""

import logging
import os
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Never

import click

from papers_assets.cli.progress import log_json
from papers_assets.keywords.file import KeywordsFileError, read_keywords_file
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.settings import (
    Settings,
    SettingsError,
    is_remote,
    read_log_format,
    read_settings,
)
from papers_assets.storage.last_valid_keywords import read_or_last_valid

EXIT_FRESH, EXIT_NOT_ALL_FRESH, EXIT_NOTHING_DONE = 0, 1, 2
"""Exit statuses."""
HOME_HINT = "Set PAPERS_HOME (and DAGSTER_HOME, if you use it) to a folder that can be written."
_AS_JSON = f"{__name__}.as_json"
"""Key in click's context of whether the command prints JSON."""
_log = logging.getLogger("papers_assets.cli")


def load_settings() -> Settings:
    """Read the settings from the environment."""
    try:
        return read_settings(os.environ)
    except SettingsError as error:
        fail(str(error))


def load_keywords(settings: Settings) -> KeywordsConfig:
    """Read keywords.toml."""
    try:
        return read_keywords_file(settings.keywords_path)
    except KeywordsFileError as error:
        fail(str(error))


def load_last_valid_keywords(path: Path, home: Path) -> KeywordsConfig:
    """Read keywords.toml or, with a warning, its last valid version."""
    try:
        keywords_config = read_or_last_valid(path, home)
    except KeywordsFileError as error:
        fail(str(error))
    if keywords_config.error:
        report_error(f"{keywords_config.error}\n{keywords_config.notice}", logging.WARNING)
    return keywords_config


def fail(message: str) -> Never:
    """Report why nothing was done, and exit."""
    report_error(message)
    sys.exit(EXIT_NOTHING_DONE)


def report_error(message: str, level: int = logging.ERROR) -> None:
    """Report a problem."""
    if _is_json():
        _log.log(level, "%s", message)
    else:
        click.echo(f"papers: {message}", err=True)


def info(message: str) -> None:
    """Report what was done."""
    if _is_json():
        _log.info("%s", " ".join(message.split()))
    else:
        click.echo(message)


def _is_json() -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_AS_JSON))


@contextmanager
def log_format(keywords: Collection[str], *, verbose: bool = False) -> Iterator[None]:
    """Log in the format of PAPERS_LOG_FORMAT; with JSON, unexpected errors are JSON, too."""
    try:
        is_text = read_log_format(os.environ) == "text"
    except SettingsError as error:
        fail(str(error))
    with ExitStack() as stack:
        if is_text:
            yield
            return
        try:
            stack.enter_context(log_json(keywords, _current_run_id, verbose=verbose))
        except ImportError as error:
            fail(f"PAPERS_LOG_FORMAT is json: {error}. {install_hint('json-logs')}")
        click.get_current_context().meta[_AS_JSON] = True
        try:
            yield
        except KeyboardInterrupt:
            report_error("interrupted")
            sys.exit(1)
        except Exception:  # noqa: BLE001 - any error, since a traceback is not JSON
            _log.exception("unexpectedly")
            sys.exit(1)


def install_hint(name: str) -> str:
    """Return how to install the extra `name`."""
    return f"Install what it needs, in the checkout: .venv/bin/pip install -e '.[{name}]'"


def _current_run_id() -> str:
    """Return the id of the run in progress in this process; empty: none."""
    if "dagster" not in sys.modules:  # it takes a second to import
        return ""
    from dagster import DagsterInvariantViolationError, OpExecutionContext

    try:
        return OpExecutionContext.get().run_id
    except DagsterInvariantViolationError:
        return ""


def shorten_path(path: Path) -> str:
    """Return `path` relative to the current folder if it is inside, otherwise unchanged."""
    here = Path.cwd()
    if is_remote(path):
        return str(path)
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
