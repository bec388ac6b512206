"""Progress for people: what the package logs, as a moving line on a terminal or as plain lines."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

from papers_assets.logs import is_passing


@contextmanager
def showing_progress() -> Iterator[None]:
    """Show what `papers_assets` logs while the block runs, on standard output.

    On a terminal, passing records (what it is doing, what it waits for) share one moving line;
    elsewhere, such as in a log file, every record is a line.
    """
    console = Console(file=sys.stdout, highlight=False, markup=False, soft_wrap=True)
    logger = logging.getLogger("papers_assets")
    level = logger.level
    with console.status("starting") as status:
        handler = _Handler(console, status)
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)


class _Handler(logging.Handler):
    def __init__(self, console: Console, status: Status) -> None:
        super().__init__()
        self._console = console
        self._status = status

    def emit(self, record: logging.LogRecord) -> None:
        message = self.format(record)
        if self._console.is_terminal and is_passing(record):
            self._status.update(message)
        else:
            self._console.print(message)
