"""File operations for paths on disk and in object storage.

All failures are raised as OSError.
"""

import os
from contextlib import suppress
from pathlib import Path

from papers_assets.settings import is_remote
from papers_assets.storage import remote


def file_exists(path: Path) -> bool:
    """Whether there is a file."""
    return remote.file_exists(path) if is_remote(path) else path.exists()


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        FileNotFoundError: it does not exist.
    """
    return remote.read_file(path) if is_remote(path) else path.read_bytes()


def remove_file(path: Path) -> None:
    """Remove a file if it exists."""
    if is_remote(path):
        remote.remove_file(path)
    else:
        path.unlink(missing_ok=True)


def rename_file(path: Path, new: Path) -> None:
    """Rename a file."""
    if is_remote(path):
        remote.rename_file(path, new)
    else:
        path.rename(new)


def list_files(folder: Path) -> list[Path]:
    """Return the entries directly below a folder (remote: the files); none if it is missing."""
    if is_remote(folder):
        return [folder / name for name in remote.etags(folder)]
    return list(folder.iterdir()) if folder.is_dir() else []


def etag(path: Path) -> str:
    """Return a tag that differs after each write of the file; empty if there is no file.

    In object storage, it differs only if the content does.
    """
    if is_remote(path):
        return remote.etag(path)
    try:
        return _compute_etag(path.stat())
    except FileNotFoundError:
        return ""


def etags(folder: Path) -> dict[str, str]:
    """Return the `etag` of each file directly below a folder, by name."""
    if is_remote(folder):
        return remote.etags(folder)
    if not folder.is_dir():
        return {}
    found = {}
    for entry in os.scandir(folder):
        with suppress(FileNotFoundError):  # it was replaced or removed in the meantime
            if entry.is_file():
                found[entry.name] = _compute_etag(entry.stat())
    return found


def _compute_etag(status: os.stat_result) -> str:
    return f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"
