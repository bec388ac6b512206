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

from papers_assets.settings import home_at
from papers_assets.text import printable

_found: set[str] = set()
"""Buckets that were there when this process looked."""


def place_of(text: str) -> Path:
    """Give the path that `str` made `text` of, on disk or remote.

    Raises:
        RemoteError: see `home_at`.
    """
    return home_at(text) if "://" in text else Path(text)


def read(path: Path) -> bytes:
    """Read a file, as one whole that was there at one time.

    Raises:
        FileNotFoundError: there is none.
    """
    with _reaching(path) as (files, name):
        return bytes(files.cat_file(name))


def put(local: Path, path: Path) -> None:
    """Make the file `path` from a local one, or leave it as it is."""
    with _reaching(path) as (files, name):
        files.put_file(str(local), name)


def remove(path: Path) -> None:
    """Remove a file that may not be there."""
    with suppress(FileNotFoundError), _reaching(path) as (files, name):
        files.rm_file(name)


def rename(path: Path, new: Path) -> None:
    """Copy `path` to `new`, then remove it; who dies in between leaves both."""
    with _reaching(path) as (files, name):
        files.cp_file(name, str(new))
        files.rm_file(name)


def exists(path: Path) -> bool:
    """Say whether there is a file."""
    return bool(signature(path))


def signature(path: Path) -> str:
    """Give what is another whenever another content is there; empty: no file is."""
    try:
        with _reaching(path) as (files, name):
            status = files.info(name)
    except FileNotFoundError:
        return ""
    return _signature(status) if status["type"] == "file" else ""


def signatures(folder: Path) -> dict[str, str]:
    """Give the `signature` of each file right below `folder`, by name: one question for all."""
    try:
        with _reaching(folder) as (files, name):
            found = files.ls(name, detail=True, refresh=True)
    except FileNotFoundError:
        return {}
    return {
        status["name"].rsplit("/", 1)[-1]: _signature(status)
        for status in found
        if status["type"] == "file"
    }


def _signature(status: Mapping[str, Any]) -> str:
    tag = status.get("ETag") or status.get("etag") or status.get("LastModified")
    return f"{tag}-{status['size']}".replace('"', "")


@contextmanager
def _reaching(path: Path) -> Iterator[tuple[Any, str]]:
    try:
        place = cast("Any", path)
        yield place.fs, place.path
    except FileNotFoundError:
        _look_for_bucket(place.fs, place.path.split("/")[0])
        raise
    except OSError:
        raise
    except Exception as error:  # botocore's are none, and not known where it is not installed
        words = printable(f"{type(error).__name__}: {error}")
        raise OSError(errno.EIO, words, str(path)) from error


def _look_for_bucket(files: Any, bucket: str) -> None:
    """Make sure, once, that a bucket is there; who may not ask is not told."""
    if bucket in _found:
        return
    try:
        files.info(bucket)
    except FileNotFoundError as error:
        words = "there is no such bucket. Make it, or correct PAPERS_HOME"
        raise OSError(errno.EIO, words, bucket) from error
    except Exception:  # noqa: BLE001 - no right to ask, or no answer: then nothing is known
        return
    _found.add(bucket)
