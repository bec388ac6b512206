"""Files in object storage, S3 and what is like it, by way of fsspec.

A remote path is a `UPath`. It has the methods of `Path` that this project uses, so that it is
called a `Path` in annotations. An object is there whole or not at all, and replaced at once; there
are no folders; and nothing is remembered of a listing, since other hosts write, too.

Whatever goes wrong on the way is an OSError. So is a bucket that is not there: nothing in it can be
found, and what was never written must not be taken for that.
"""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from papers_assets.settings import open_home
from papers_assets.text import to_printable

_checked_buckets: set[str] = set()
"""Buckets that were there when this process looked."""


def parse_path(text: str) -> Path:
    """Return the path that `str` made `text` of, on disk or remote.

    Raises:
        RemoteError: see `open_home`.
    """
    return open_home(text) if "://" in text else Path(text)


def read_file(path: Path) -> bytes:
    """Read a file, as one whole that was there at one time.

    Raises:
        FileNotFoundError: there is none.
    """
    with _connect(path) as (files, name):
        return bytes(files.cat_file(name))


def upload(local: Path, path: Path) -> None:
    """Make the file `path` from a local one, or leave it as it is."""
    with _connect(path) as (files, name):
        files.put_file(str(local), name)


def remove_file(path: Path) -> None:
    """Remove a file that may not be there."""
    with suppress(FileNotFoundError), _connect(path) as (files, name):
        files.rm_file(name)


def rename_file(path: Path, new: Path) -> None:
    """Copy `path` to `new`, then remove it; who dies in between leaves both."""
    with _connect(path) as (files, name):
        files.cp_file(name, str(new))
        files.rm_file(name)


def file_exists(path: Path) -> bool:
    """Whether there is a file."""
    return bool(etag(path))


def etag(path: Path) -> str:
    """Return what is another whenever another content is there; empty: no file is."""
    try:
        with _connect(path) as (files, name):
            status = files.info(name)
    except FileNotFoundError:
        return ""
    return _compute_etag(status) if status["type"] == "file" else ""


def etags(folder: Path) -> dict[str, str]:
    """Return the `etag` of each file right below `folder`, by name: one question for all."""
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
    except Exception as error:  # botocore's are none, and not known where it is not installed
        words = to_printable(f"{type(error).__name__}: {error}")
        raise OSError(errno.EIO, words, str(path)) from error


def _check_bucket(files: Any, bucket: str) -> None:
    """Make sure, once, that a bucket is there; who may not ask is not told."""
    if bucket in _checked_buckets:
        return
    try:
        files.info(bucket)
    except FileNotFoundError as error:
        words = "there is no such bucket. Make it, or correct PAPERS_HOME"
        raise OSError(errno.EIO, words, bucket) from error
    except Exception:  # noqa: BLE001 - no right to ask, or no answer: then nothing is known
        return
    _checked_buckets.add(bucket)
