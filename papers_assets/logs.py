"""The logger for what is of interest only until the next thing happens; text made safe to log.

What stays of interest is logged below `papers_assets`, which Dagster writes into the run's log (see
dagster.yaml): a line there costs milliseconds and is kept. "waiting 2.9 s" should do neither.
"""

import logging

PROGRESS = "papers_progress"
progress = logging.getLogger(PROGRESS)
"""INFO: what begins now. DEBUG: what it is waiting for."""


def printable(text: str, most: int = 300) -> str:
    """Give somebody else's text as it can stand in a message."""
    text = " ".join(text.split())
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown if len(shown) <= most else f"{shown[:most]}..."
