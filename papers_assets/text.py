"""Loggers for progress and for details, and functions to make text safe to log.

Messages of lasting interest are logged below `papers_assets`, which Dagster writes to the run's log
(see dagster.yaml). A line there takes milliseconds and is kept, which is too much for messages such
as "waiting 2.9 s".
"""

import logging
import re

PROGRESS = "papers_progress"
progress = logging.getLogger(PROGRESS)
"""The logger for progress: steps that begin (INFO), and reasons for waiting (DEBUG)."""
DETAILS = "papers_details"
details = logging.getLogger(DETAILS)
"""The logger for details that help to understand a result, such as a query (INFO); shown by
`papers run --verbose`."""


def to_printable(text: str, max_length: int = 300) -> str:
    r"""Return untrusted text as one line that is safe to print to a terminal.

    White space is collapsed. Characters that are not printable, such as controls of the terminal or
    of the text direction, are escaped as in Python (`\x1b`). Text longer than `max_length`
    characters is cut and ends in "...".
    """
    # A few times `max_length` characters are enough: collapsing and escaping move the cut, but a
    # text can have a megabyte.
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


# XML cannot contain most of these control characters and surrogates, and the others affect
# terminals.
_CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")


def collapse_whitespace(text: str) -> str:
    """Return `text` with white space collapsed and control characters replaced."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))


def quote(text: str) -> str:
    """Return untrusted text in quotation marks, safe to print."""
    return f"'{to_printable(text, 100)}'"


def describe_beginning(body: bytes) -> str:
    """Return the beginning of an answer for an error message."""
    text = body[:400].decode("utf-8", "replace").strip()
    return quote(text) if text else "an empty body"
