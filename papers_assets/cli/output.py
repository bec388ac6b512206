"""What every command says, and how: to people, or as JSON; and how it stops."""

import logging
import os
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Never

import click

from papers_assets.cli.progress import logging_json
from papers_assets.keywords.file import KeywordsFileError, read_keywords_file
from papers_assets.keywords.model import KeywordsFile
from papers_assets.settings import (
    Settings,
    SettingsError,
    is_remote,
    read_log_format,
    read_settings,
)
from papers_assets.storage.last_valid_keywords import read_or_stored

FRESH, NOT_ALL_FRESH, NOTHING_DONE = 0, 1, 2
"""Exit statuses."""
HOME_REMEDY = "Set PAPERS_HOME (and DAGSTER_HOME, if you use it) to a folder that can be written."
_AS_JSON = f"{__name__}.as_json"
"""Whether this command says everything as JSON; in click's own notes of it."""
_log = logging.getLogger("papers_assets.cli")


def settings_or_stop() -> Settings:
    """Read the environment."""
    try:
        return read_settings(os.environ)
    except SettingsError as error:
        stop(str(error))


def keywords_or_stop(settings: Settings) -> KeywordsFile:
    """Read keywords.toml."""
    try:
        return read_keywords_file(settings.keywords_path)
    except KeywordsFileError as error:
        stop(str(error))


def last_valid_keywords(path: Path, home: Path) -> KeywordsFile:
    """Read keywords.toml or, with a warning, its last valid version."""
    try:
        file = read_or_stored(path, home)
    except KeywordsFileError as error:
        stop(str(error))
    if file.error:
        complain(f"{file.error}\n{file.notice}", logging.WARNING)
    return file


def stop(message: str) -> Never:
    """Say why nothing was done, and end."""
    complain(message)
    sys.exit(NOTHING_DONE)


def complain(message: str, level: int = logging.ERROR) -> None:
    """Say what is not well."""
    if _is_json():
        _log.log(level, "%s", message)
    else:
        click.echo(f"papers: {message}", err=True)


def tell(message: str) -> None:
    """Say what was done."""
    if _is_json():
        _log.info("%s", " ".join(message.split()))
    else:
        click.echo(message)


def _is_json() -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_AS_JSON))


@contextmanager
def as_asked(keywords: Collection[str], *, verbose: bool = False) -> Iterator[None]:
    """Say everything as PAPERS_LOG_FORMAT asks; as JSON, even what went wrong unexpectedly."""
    try:
        is_text = read_log_format(os.environ) == "text"
    except SettingsError as error:
        stop(str(error))
    with ExitStack() as stack:
        if is_text:
            yield
            return
        try:
            stack.enter_context(logging_json(keywords, _run_id, verbose=verbose))
        except ImportError as error:
            stop(f"PAPERS_LOG_FORMAT is json: {error}. {extra('json-logs')}")
        click.get_current_context().meta[_AS_JSON] = True
        try:
            yield
        except KeyboardInterrupt:
            complain("interrupted")
            sys.exit(1)
        except Exception:  # noqa: BLE001 - whatever it is, a traceback is no JSON
            _log.exception("unexpectedly")
            sys.exit(1)


def extra(name: str) -> str:
    """Say how to install an extra."""
    return f"Install what it needs, in the checkout: .venv/bin/pip install -e '.[{name}]'"


def _run_id() -> str:
    """Give the id of the run that is under way in this process; empty: none is."""
    if "dagster" not in sys.modules:  # it takes a second to import
        return ""
    from dagster import DagsterInvariantViolationError, OpExecutionContext

    try:
        return OpExecutionContext.get().run_id
    except DagsterInvariantViolationError:
        return ""


def shown(path: Path) -> str:
    """Give `path` as it is shortest to read from here."""
    here = Path.cwd()
    if is_remote(path):
        return str(path)
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
