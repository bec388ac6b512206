"""Output of the package's log: as text for people, as JSON for programs."""

import logging
import os
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.text import Text

from papers_assets.text import DETAILS, PROGRESS, to_printable

_OWN_LOGGERS = ("papers_assets", PROGRESS, DETAILS)
_MAX_LENGTH = 2000
"""Maximum characters of a line, so large that long names in keywords.toml are shown in full."""


@contextmanager
def show_progress(*, verbose: bool = False) -> Iterator[None]:
    """Show the package's log on standard output while the block runs.

    On a terminal, progress (the current action, and waiting times) is shown on a single line that
    is updated; elsewhere, such as in a log file, only if `verbose`. Details (queries) are shown
    only if `verbose`.
    """
    # While a step runs, Dagster redirects standard output to a file. This is the original one.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as output:
        console = Console(file=output, highlight=False, markup=False, soft_wrap=True)
        with console.status("starting") as status:
            handler = _ProgressHandler(console, status, verbose=verbose)
            with _log_to(handler, verbose=verbose):
                yield


@contextmanager
def log_json(
    keywords: Collection[str], run_id: Callable[[], str], *, verbose: bool = False
) -> Iterator[None]:
    """Log as JSON on standard error while the block runs, one object per line.

    This includes the package's log with all progress, and warnings of libraries and of Python.

    Args:
        keywords: names that are recognized as keywords; may grow meanwhile.
        run_id: returns the id of the current run; empty: none.
        verbose: whether to log details (queries), too.

    Raises:
        ImportError: the extra `json-logs` is not installed.
    """
    from papers_assets.cli.json_logs import JsonLines

    # While a step runs, Dagster redirects standard error to a file, too.
    with os.fdopen(os.dup(sys.stderr.fileno()), "w") as output:
        ours, others = logging.StreamHandler(output), logging.StreamHandler(output)
        others.setLevel(logging.WARNING)
        others.addFilter(lambda record: record.name.partition(".")[0] not in _OWN_LOGGERS)
        for handler in (ours, others):
            handler.setFormatter(JsonLines(keywords=keywords, run_id=run_id))
        logging.captureWarnings(capture=True)
        logging.root.addHandler(others)
        try:
            with _log_to(ours, verbose=verbose):
                yield
        finally:
            logging.root.removeHandler(others)
            logging.captureWarnings(capture=False)


@contextmanager
def _log_to(handler: logging.Handler, *, verbose: bool) -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _OWN_LOGGERS if verbose or name != DETAILS]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


class _SafeFormatter(logging.Formatter):
    """Formatter whose lines cannot move a terminal's cursor or be mistaken for other lines.

    A message is one line; the lines of a traceback, which quotes messages, are indented.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return to_printable(record.message, _MAX_LENGTH)

    def formatException(self, ei: Any) -> str:  # noqa: N802
        lines = super().formatException(ei).split("\n")
        # Python's own indentation of a traceback is preserved.
        return "\n".join(f"  {_indent(line)}{to_printable(line, _MAX_LENGTH)}" for line in lines)


def _indent(line: str) -> str:
    return " " * (len(line) - len(line.lstrip(" ")))


class _ProgressHandler(logging.Handler):
    def __init__(self, console: Console, status: Status, *, verbose: bool) -> None:
        super().__init__()
        self.setFormatter(_SafeFormatter())
        self._console = console
        self._status = status
        self._verbose = verbose
        self._step = ""

    def emit(self, record: logging.LogRecord) -> None:
        # As a plain string, rich would parse the message as markup, and fail at "[/x]".
        message = self.format(record)
        if record.name != PROGRESS or not self._console.is_terminal:
            if record.name != PROGRESS or self._verbose:
                self._console.print(message)
        elif record.levelno >= logging.INFO:
            self._step = message
            self._status.update(Text(message))
        else:
            self._status.update(Text(f"{self._step}; {message}"))
