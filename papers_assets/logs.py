"""How the package's log records say that they are of interest only until the next one."""

from logging import LogRecord

PASSING = {"passing": True}
"""`extra` of a record such as "waiting 2.9 s": a moving line on a terminal, not one that stays.

Such records are of level DEBUG, so that they do not fill Dagster's event log."""


def is_passing(record: LogRecord) -> bool:
    """Say whether `record` was logged with `extra=PASSING`."""
    return getattr(record, "passing", False)
