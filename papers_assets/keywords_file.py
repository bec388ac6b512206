"""Read keywords.toml, or name every mistake in it; store its last valid version.

This is the only place that reads the file. All its mistakes are one `KeywordsFileError`, which
names the file and, of each mistake, the key, the value and the remedy. People see it on the command
line and in the Dagster UI.
"""

import logging
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from papers_assets.keywords import KeywordsFile
from papers_assets.keywords_tables import EXAMPLE, read_tables
from papers_assets.storage.files import StoreError, replacing
from papers_assets.storage.places import read_bytes

logger = logging.getLogger(__name__)


class KeywordsFileError(Exception):
    """keywords.toml cannot be used; the message is written for the person who edits it."""

    def __init__(self, path: Path, mistakes: Sequence[str]) -> None:
        text = f": {mistakes[0]}"
        if len(mistakes) > 1:
            lines = (f"\n{number}. {mistake}" for number, mistake in enumerate(mistakes, 1))
            text = f" has {len(mistakes)} mistakes:{''.join(lines)}"
        super().__init__(f"{path}{text}")


def read_keywords_file(path: Path) -> KeywordsFile:
    """Read and validate the file at `path`.

    Raises:
        KeywordsFileError: it is missing, unreadable, not TOML, or has a value that is not valid.
    """
    try:
        return parse_keywords(path, path.read_bytes())
    except FileNotFoundError:
        mistake = (
            f"there is no such file. Create it with a line such as {EXAMPLE}, or by papers init, "
            "or set PAPERS_KEYWORDS to the path of yours."
        )
    except OSError as error:
        mistake = f"cannot be read ({error.strerror}). Check PAPERS_KEYWORDS."
    raise KeywordsFileError(path, [mistake])


def parse_keywords(path: Path, content: bytes) -> KeywordsFile:
    """Validate `content`, that of the file at `path`.

    Raises:
        KeywordsFileError: it is not TOML, or has a value that is not valid.
    """
    try:
        # Some editors begin a file with a byte order mark, which TOML does not know.
        table = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        mistake = f"byte {error.start} is not UTF-8. Save the file as UTF-8."
    except tomllib.TOMLDecodeError as error:
        mistake = (
            f"this is not valid TOML: {error}. Text values and every keyword that is more than "
            f"plain letters, digits, - and _ need quotes, as in {EXAMPLE}; a keyword can stand in "
            "the file only once."
        )
    else:
        file, mistakes = read_tables(path, table)
        if not mistakes:
            return replace(file, content=content)
        raise KeywordsFileError(path, mistakes)
    raise KeywordsFileError(path, [mistake])


def read_or_stored(path: Path, home: Path) -> KeywordsFile:
    """Read the file at `path`; if it cannot be used, its last valid version, stored below `home`.

    Raises:
        KeywordsFileError: it cannot be used, and no valid version is stored.
    """
    try:
        return read_keywords_file(path)
    except KeywordsFileError as error:
        mistake = error
    stored = _stored_path(home)
    try:
        file = parse_keywords(path, read_bytes(stored))
        written = datetime.fromtimestamp(stored.stat().st_mtime, file.timezone)
    except (OSError, KeywordsFileError):
        raise mistake from None
    return replace(file, error=str(mistake), stored_on=written.date())


def store_valid(file: KeywordsFile, home: Path) -> None:
    """Store the text of `file` below `home`, for `read_or_stored`; a failure is logged.

    What is stored already stays, so that its time is that of the last change.
    """
    stored = _stored_path(home)
    if file.error or not file.content:
        return
    try:
        if _content(stored) != file.content:
            with replacing(stored) as copy:
                copy.write(file.content)
    except (OSError, StoreError) as error:
        logger.warning("keywords.toml is valid, but no copy of it can be stored: %s", error)


def _stored_path(home: Path) -> Path:
    return home / ".papers" / "keywords.toml"


def _content(path: Path) -> bytes | None:
    try:
        return read_bytes(path)
    except FileNotFoundError:
        return None
