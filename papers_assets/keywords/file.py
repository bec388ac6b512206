"""Read keywords.toml, or report all mistakes in it, each with key, value and remedy."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from papers_assets.keywords.model import KeywordsConfig
from papers_assets.keywords.tables import EXAMPLE, TablesReader


class KeywordsFileError(Exception):
    """One or more mistakes in keywords.toml; the message is written for its author."""

    def __init__(self, path: Path, mistakes: Sequence[str]) -> None:
        text = f": {mistakes[0]}"
        if len(mistakes) > 1:
            lines = (f"\n{number}. {mistake}" for number, mistake in enumerate(mistakes, 1))
            text = f" has {len(mistakes)} mistakes:{''.join(lines)}"
        super().__init__(f"{path}{text}")


def read_keywords_file(path: Path) -> KeywordsConfig:
    """Read and validate the file at `path`.

    Raises:
        KeywordsFileError: The file is missing, unreadable or not TOML, or has an invalid value.
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


def parse_keywords(path: Path, content: bytes) -> KeywordsConfig:
    """Parse and validate `content`, the content of the file at `path`.

    Raises:
        KeywordsFileError: The content is not TOML, or has an invalid value.
    """
    try:
        # Some editors begin a file with a byte order mark, which TOML does not allow.
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
        reader = TablesReader()
        keywords_config = reader.read(path, table)
        if not reader.mistakes:
            return replace(keywords_config, content=content)
        raise KeywordsFileError(path, reader.mistakes)
    raise KeywordsFileError(path, [mistake])
