"""Read keywords.toml or its last valid version, which is stored below the home folder.

All mistakes in the file are reported in one `KeywordsFileError`, which names the file and, for each
mistake, the key, the value and the remedy. It is shown on the command line and in the Dagster UI.
"""

import logging
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from papers_assets.keywords.file import KeywordsFileError, parse_keywords, read_keywords_file
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.storage.files import StoreError, atomic_write
from papers_assets.storage.filesystem import read_bytes

logger = logging.getLogger(__name__)


def read_or_last_valid(path: Path, home: Path) -> KeywordsConfig:
    """Read the file at `path` or, if it is invalid, its last valid version stored below `home`.

    Raises:
        KeywordsFileError: it cannot be used, and no valid version is stored.
    """
    try:
        return read_keywords_file(path)
    except KeywordsFileError as error:
        mistake = error
    stored = _last_valid_path(home)
    try:
        keywords_config = parse_keywords(path, read_bytes(stored))
        written = datetime.fromtimestamp(stored.stat().st_mtime, keywords_config.timezone)
    except (OSError, KeywordsFileError):
        raise mistake from None
    return replace(keywords_config, error=str(mistake), stored_on=written.date())


def store_last_valid(keywords_config: KeywordsConfig, home: Path) -> None:
    """Store the text of `keywords_config` below `home`; log a failure.

    The file is not written if its content is the same, so its time is that of the last change.
    """
    stored = _last_valid_path(home)
    if keywords_config.error or not keywords_config.content:
        return
    try:
        if _read_content(stored) != keywords_config.content:
            with atomic_write(stored) as copy:
                copy.write(keywords_config.content)
    except (OSError, StoreError) as error:
        logger.warning("keywords.toml is valid, but no copy of it can be stored: %s", error)


def _last_valid_path(home: Path) -> Path:
    return home / ".papers" / "keywords.toml"


def _read_content(path: Path) -> bytes | None:
    try:
        return read_bytes(path)
    except FileNotFoundError:
        return None
