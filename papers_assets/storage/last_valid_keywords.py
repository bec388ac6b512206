"""Read keywords.toml, or name every mistake in it; store its last valid version.

This is the only place that reads the file. All its mistakes are one `KeywordsFileError`, which
names the file and, of each mistake, the key, the value and the remedy. People see it on the command
line and in the Dagster UI.
"""

import logging
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from papers_assets.keywords.file import KeywordsFileError, parse_keywords, read_keywords_file
from papers_assets.keywords.model import KeywordsFile
from papers_assets.storage.files import StoreError, replacing
from papers_assets.storage.filesystem import read_bytes

logger = logging.getLogger(__name__)


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
