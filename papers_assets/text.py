"""Loggers for progress and for details, and text safe to log.

What stays of interest is logged below `papers_assets`, which Dagster writes into the run's log (see
dagster.yaml): a line there costs milliseconds and is kept. "waiting 2.9 s" should do neither.
"""

import logging
import re

PROGRESS = "papers_progress"
progress = logging.getLogger(PROGRESS)
"""INFO: what begins now. DEBUG: what it is waiting for."""
DETAILS = "papers_details"
details = logging.getLogger(DETAILS)
"""INFO: what helps to understand a result, such as a query; shown by `papers run --verbose`."""


def to_printable(text: str, max_length: int = 300) -> str:
    r"""Return other people's words as one line that does nothing to a terminal but fill it.

    White space is collapsed; what does not print, such as controls of the terminal or of the
    direction of text, is shown as Python writes it (`\x1b`); what is longer than `max_length`
    characters is cut, and says so.
    """
    # Not all of a megabyte has to be looked at for its first line: characters that grow or vanish
    # move the cut, so a few times as many are enough.
    line = " ".join(text[: 4 * max_length].split())
    line = "".join(char if char.isprintable() else _escape_character(char) for char in line)
    return (
        line
        if len(line) <= max_length and len(text) <= 4 * max_length
        else f"{line[:max_length]}..."
    )


def count_noun(number: int, noun: str, plural: str = "") -> str:
    """Return "1 keyword", "2 keywords", or "2 entries" with its `plural`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def _escape_character(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


# XML cannot carry the other control characters and surrogates; these do things to terminals.
_CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")


def collapse_whitespace(text: str) -> str:
    """Return a text as it was published, runs of white space collapsed."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))


def quote(text: str) -> str:
    """Return others' words in quotation marks, safe to print."""
    return f"'{to_printable(text, 100)}'"


def describe_beginning(body: bytes) -> str:
    """Return how an answer begins, for an error message."""
    text = body[:400].decode("utf-8", "replace").strip()
    return quote(text) if text else "an empty body"
