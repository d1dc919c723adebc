"""Data that lie elsewhere: any URL that fsspec knows (s3, gs, az, http, memory ...), copied here once before it is read.

An audit names its data by the digest of all bytes, so all of them have to come here anyway. Read from one copy, what is
digested and what is audited cannot differ, even if somebody replaces the object in between.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from audit_pipeline.errors import DataError, shorten

PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "http": "aiohttp",
    "https": "aiohttp",
    "hf": "huggingface_hub",
    "sftp": "paramiko",
    "ssh": "paramiko",
}
"""What to install for a protocol."""

_VERSIONS = ("ETag", "etag", "md5Hash", "Content-MD5", "content_md5", "generation", "VersionId", "sha256")
_TIMES = ("mtime", "LastModified", "last_modified", "Last-Modified", "updated", "modified", "created")
_BLOCK = 1 << 20
_lock = threading.RLock()
_copies: dict[str, tuple[str, Path]] = {}
"""By URL: the version that was copied, and where the copy lies."""

Result = TypeVar("Result")


def is_remote(path: str) -> bool:
    """Return whether a path of a spec is a URL that does not point into this machine's file system."""
    return "://" in path and not path.startswith(("file://", "local://"))


def local_path(path: str) -> str:
    """Return a path without ``file://``."""
    return path.partition("://")[2] if path.startswith(("file://", "local://")) else path


def redacted(url: str) -> str:
    """Return a URL without user, password and query, which may hold keys, for messages and lineage."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def matches(pattern: str) -> list[str]:
    """Return the URLs that a URL or a pattern stands for, sorted.

    Raises
    ------
    DataError : nothing is there, or the store cannot be reached.
    """
    system, path = _system(pattern)
    # Before the pattern: a question mark belongs to many a plain http address.
    if _ask(pattern, lambda: system.isfile(path)):
        return [pattern]
    if any(mark in path for mark in "*?["):
        found = _ask(pattern, lambda: sorted(entry for entry in system.glob(path) if system.isfile(entry)))
        if found:
            return [system.unstrip_protocol(entry) for entry in found]
        raise DataError(
            "nothing matches this pattern", file=redacted(pattern), remedy="check the pattern after `data:`"
        )
    if _ask(pattern, lambda: system.isdir(path)):
        raise DataError(
            "this is a folder",
            file=redacted(pattern),
            expected="a table",
            remedy=f"name the file, or all files of one kind as `data: {redacted(pattern).rstrip('/')}/*.csv`",
        )
    raise DataError("there is no such object", file=redacted(pattern), remedy="check the address after `data:`")


def is_folder(url: str) -> bool:
    """Return whether a URL names a folder."""
    system, path = _system(url)
    return bool(_ask(url, lambda: system.isdir(path)))


def files_below(url: str) -> list[str]:
    """Return all files below a folder, relative to it."""
    system, path = _system(url)
    root = system._strip_protocol(path).rstrip("/")
    return [entry[len(root) :].lstrip("/") for entry in _ask(url, lambda: system.find(path))]


def files_in(url: str) -> list[str]:
    """Return the names of the files in a folder itself."""
    system, path = _system(url)
    entries = _ask(url, lambda: system.ls(path, detail=True))
    return [str(entry["name"]).rstrip("/").rpartition("/")[2] for entry in entries if entry["type"] == "file"]


def local_copy(url: str) -> Path:
    """Return a copy of an object in this process's temporary folder; it is made again when the object has changed."""
    system, path = _system(url)
    with _lock:
        info = _ask(url, lambda: system.info(path))
        token = _token(url, info)
        version, known = _copies.get(url, ("", None))
        if known is not None and token is not None and token == version and known.is_file():
            return known
        target = _folder() / (token or hashlib.sha256(url.encode()).hexdigest()) / Path(urlsplit(url).path).name
        _check_room(url, info.get("size"))
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".part")
        _ask(url, lambda: _copy(system, path, partial))
        partial.replace(target)
        if known is not None and known != target:
            known.unlink(missing_ok=True)
        _copies[url] = token or "", target
        return target


def version_of(url: str) -> str | None:
    """Return what names this version of an object, or None where the store does not say or cannot be reached."""
    try:
        system, path = _system(url)
        return _token(url, _ask(url, lambda: system.info(path)))
    except DataError:
        return None


def _copy(system: Any, path: str, target: Path) -> None:
    with system.open(path, "rb") as source, open(target, "wb") as sink:
        shutil.copyfileobj(source, sink, _BLOCK)


def _token(url: str, info: dict[str, Any]) -> str | None:
    """Return what names this version of the object; None if the store does not say, so that nothing stale is read."""
    versions = [info[key] for key in (*_VERSIONS, *_TIMES) if info.get(key)]
    if not versions:
        return None
    return hashlib.sha256(repr((url, info.get("size"), versions)).encode()).hexdigest()


def _check_room(url: str, size: object) -> None:
    free = shutil.disk_usage(_folder()).free
    if isinstance(size, int) and size > 0.9 * free:
        raise DataError(
            f"the copy would take {size:,} bytes, and {_folder().parent} has room for {free:,}",
            file=redacted(url),
            remedy="set TMPDIR to a folder on a larger disk",
        )


@cache
def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="audit-pipeline-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _system(url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    system, path = _ask(url, lambda: url_to_fs(url))
    return system, path


def _ask(url: str, question: Callable[[], Result]) -> Result:
    """Call into a file system of fsspec and turn whatever it raises into a DataError.

    Every store brings exceptions of its own (botocore, google.auth, aiohttp ...), so nothing narrower can be caught.
    """
    protocol = urlsplit(url).scheme

    def say(error: Exception) -> str:
        return shorten(str(error).replace(url, redacted(url)), 160)

    try:
        return question()
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(
            "there is no such object", file=redacted(url), remedy="check the address after `data:`"
        ) from error
    except (ImportError, ValueError) as error:
        package = PACKAGES.get(protocol)
        raise DataError(
            f"{protocol}:// cannot be read here: {say(error)}",
            file=redacted(url),
            remedy=f"pip install {package}" if package else "use a protocol that fsspec knows, or copy the file here",
        ) from error
    except Exception as error:
        raise DataError(
            f"the store answered {type(error).__name__}: {say(error)}",
            file=redacted(url),
            remedy="check the address, the network and the credentials, or copy the file here",
        ) from error
