"""Files in S3 and similar object storage, through fsspec.

A remote path is a `UPath`. It has the methods of `Path` that this project uses, so annotations call
it a `Path`. Objects are written and replaced atomically, there are no folders, and listings are not
cached, since other hosts write, too.

All failures are raised as OSError. A missing bucket is one, too, so that it is not mistaken for a
file that was never written.
"""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from papers_assets.settings import open_home
from papers_assets.text import to_printable

_checked_buckets: set[str] = set()
"""Buckets that this process has found to exist."""


def parse_path(text: str) -> Path:
    """Return the path whose `str` is `text`, on disk or remote.

    Raises:
        RemoteError: as `open_home`.
    """
    return open_home(text) if "://" in text else Path(text)


def read_file(path: Path) -> bytes:
    """Return the content of a file, all of the same version.

    Raises:
        FileNotFoundError: it does not exist.
    """
    with _connect(path) as (files, name):
        return bytes(files.cat_file(name))


def upload(local: Path, path: Path) -> None:
    """Replace the file `path` by a local one; if that fails, it is unchanged."""
    with _connect(path) as (files, name):
        files.put_file(str(local), name)


def remove_file(path: Path) -> None:
    """Remove a file if it exists."""
    with suppress(FileNotFoundError), _connect(path) as (files, name):
        files.rm_file(name)


def rename_file(path: Path, new: Path) -> None:
    """Copy `path` to `new`, then remove it; if the process dies in between, both exist."""
    with _connect(path) as (files, name):
        files.cp_file(name, str(new))
        files.rm_file(name)


def file_exists(path: Path) -> bool:
    """Whether there is a file."""
    return bool(etag(path))


def etag(path: Path) -> str:
    """Return a tag that differs if the content does; empty if there is no file."""
    try:
        with _connect(path) as (files, name):
            status = files.info(name)
    except FileNotFoundError:
        return ""
    return _compute_etag(status) if status["type"] == "file" else ""


def etags(folder: Path) -> dict[str, str]:
    """Return the `etag` of each file directly below `folder`, by name, with a single request."""
    try:
        with _connect(folder) as (files, name):
            found = files.ls(name, detail=True, refresh=True)
    except FileNotFoundError:
        return {}
    return {
        status["name"].rsplit("/", 1)[-1]: _compute_etag(status)
        for status in found
        if status["type"] == "file"
    }


def _compute_etag(status: Mapping[str, Any]) -> str:
    tag = status.get("ETag") or status.get("etag") or status.get("LastModified")
    return f"{tag}-{status['size']}".replace('"', "")


@contextmanager
def _connect(path: Path) -> Iterator[tuple[Any, str]]:
    try:
        place = cast("Any", path)
        yield place.fs, place.path
    except FileNotFoundError:
        _check_bucket(place.fs, place.path.split("/")[0])
        raise
    except OSError:
        raise
    except Exception as error:  # botocore's errors are no OSErrors, and it may not be installed
        words = to_printable(f"{type(error).__name__}: {error}")
        raise OSError(errno.EIO, words, str(path)) from error


def _check_bucket(files: Any, bucket: str) -> None:
    """Check once that a bucket exists; without the permission to ask, assume so."""
    if bucket in _checked_buckets:
        return
    try:
        files.info(bucket)
    except FileNotFoundError as error:
        words = "there is no such bucket. Make it, or correct PAPERS_HOME"
        raise OSError(errno.EIO, words, bucket) from error
    except Exception:  # noqa: BLE001 - no permission to ask, or no answer
        return
    _checked_buckets.add(bucket)
