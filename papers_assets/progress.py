"""Progress for people: what the package logs, as a moving line on a terminal or as plain lines."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

from papers_assets.logs import PROGRESS


@contextmanager
def showing_progress() -> Iterator[None]:
    """Show what the package logs while the block runs, on standard output.

    On a terminal, progress (what it is doing, what it waits for) is one moving line; elsewhere,
    such as in a log file, every record is a line.
    """
    console = Console(file=sys.stdout, highlight=False, markup=False, soft_wrap=True)
    loggers = [logging.getLogger(name) for name in ("papers_assets", PROGRESS)]
    with console.status("starting") as status:
        handler = _Handler(console, status)
        for logger in loggers:
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeHandler(handler)


class _Handler(logging.Handler):
    def __init__(self, console: Console, status: Status) -> None:
        super().__init__()
        self._console = console
        self._status = status

    def emit(self, record: logging.LogRecord) -> None:
        message = self.format(record)
        if self._console.is_terminal and record.name == PROGRESS:
            self._status.update(message)
        else:
            self._console.print(message)
