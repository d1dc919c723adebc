"""A recording's bytes: a path, a URL that fsspec knows, or bytes, opened so that nothing more is read than was asked for."""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import urlsplit

from audit_pipeline.dataset import remote
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Unreadable

SMALL = 64 << 20
"""Files up to this size are decoded from memory, larger ones from the disk."""

_BLOCK = 1 << 20
_AHEAD = 1 << 16
"""Bytes that are asked of a remote store at once while a header is read."""


@dataclass(frozen=True)
class Source:
    """Where a recording lies.

    Parameters
    ----------
    shown : how to name it to the user: the path, or the URL without credentials.
    name : the file's name without folders, empty for bytes.
    path : path or URL; None for bytes.
    content : the bytes, if they are here already.
    """

    shown: str
    name: str
    path: str | None = None
    content: bytes | None = None

    @classmethod
    def of(cls, what: str | os.PathLike[str] | bytes, *, name: str = "") -> Source:
        """Return the source that a path, a URL or bytes stand for; ``name`` gives bytes a name."""
        if isinstance(what, bytes | bytearray | memoryview):
            return cls(shown=name or "(bytes)", name=name, content=bytes(what))
        path = os.fspath(what)
        if remote.is_remote(path):
            return cls(shown=remote.redacted(path), name=PurePosixPath(urlsplit(path).path).name, path=path)
        path = remote.local_path(path)
        return cls(shown=path, name=name or Path(path).name, path=path)

    @property
    def is_remote(self) -> bool:
        return self.path is not None and remote.is_remote(self.path)


class Stream(io.RawIOBase):
    """A seekable stream of known size.

    Reads ask for no more than is left: a header that announces four gigabytes else has them allocated before anybody
    notices that they are not there. ``taken`` counts the bytes read.
    """

    def __init__(self, raw: IO[bytes], size: int) -> None:
        super().__init__()
        self.size = size
        self.taken = 0
        self._raw = raw
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("a place before the start of the file")
        self._at = start + offset
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, self.size - self._at)
        size = left if size is None or size < 0 else min(size, left)
        if not size:
            return b""
        try:
            self._raw.seek(self._at)
            block = self._raw.read(size)
        except Exception as error:  # every store of fsspec brings its own
            raise Unreadable("unreachable", f"reading stopped with {type(error).__name__}") from None
        self._at += len(block)
        self.taken += len(block)
        return block

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer).cast("B")
        block = self.read(len(target))
        target[: len(block)] = block
        return len(block)

    def readall(self) -> bytes:
        return self.read()

    def at(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes from a place."""
        self.seek(offset)
        return self.read(size)


@contextmanager
def open_stream(source: Source, limits: Limits) -> Iterator[Stream]:
    """Yield the bytes of a source, unread.

    Raises
    ------
    Unreadable : missing, no permission, unreachable, empty, gigantic, or no file at all.
    """
    with _raw(source) as (raw, size):
        if size == 0:
            raise Unreadable("empty", "the file has no bytes", file=source.shown)
        if size > limits.bytes:
            raise Unreadable("gigantic", f"the file has {size:,} bytes, more than {limits.bytes:,}", file=source.shown)
        yield Stream(raw, size)


@contextmanager
def open_whole(source: Source, limits: Limits) -> Iterator[Stream]:
    """Yield the bytes of a source for decoding: small ones from memory, remote ones copied here first."""
    with open_stream(source, limits) as stream:
        if stream.size <= SMALL:
            content = stream.read()
            yield Stream(io.BytesIO(content), len(content))
        elif source.is_remote:
            with tempfile.TemporaryFile(prefix="audit-pipeline-") as copy:
                shutil.copyfileobj(stream, copy, _BLOCK)
                yield Stream(copy, copy.tell())
        else:
            yield stream


@contextmanager
def _raw(source: Source) -> Iterator[tuple[IO[bytes], int]]:
    if source.content is not None:
        yield io.BytesIO(source.content), len(source.content)
        return
    assert source.path is not None
    if source.is_remote:
        raw, size = _open_remote(source.path)
    else:
        raw, size = _open_local(source.path)
    with raw:
        yield raw, size


def _open_local(path: str) -> tuple[IO[bytes], int]:
    try:
        # Before it is opened: opening a pipe waits for somebody to write into it.
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise Unreadable("unsupported", "this is a folder", file=path, remedy="name the files in it")
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("unsupported", "this is a device, a pipe or a socket, not a file", file=path)
        return open(path, "rb"), status.st_size
    except PermissionError:
        raise Unreadable("permission", "the file may not be read", file=path) from None
    except (FileNotFoundError, NotADirectoryError):
        raise Unreadable("missing", "there is no such file", file=path) from None
    except (OSError, ValueError) as error:
        what = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "the path has a zero byte"
        gone = not isinstance(error, OSError) or error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL)
        raise Unreadable("missing" if gone else "unreachable", what, file=path) from None


def _open_remote(url: str) -> tuple[IO[bytes], int]:
    shown = remote.redacted(url)
    protocol = urlsplit(url).scheme
    try:
        from fsspec.core import url_to_fs

        system, path = url_to_fs(url)
        info = system.info(path)
        folder = info.get("type") == "directory"
        raw = io.BytesIO() if folder else system.open(path, "rb", block_size=_AHEAD, cache_type="readahead")
        size = info.get("size")
        if not isinstance(size, int):  # some stores do not say
            size = raw.seek(0, os.SEEK_END)
            raw.seek(0)
    except FileNotFoundError:
        raise Unreadable("missing", "there is no such object", file=shown) from None
    except PermissionError:
        raise Unreadable("permission", "the store does not let this user read the object", file=shown) from None
    except (ImportError, ValueError):
        package = remote.PACKAGES.get(protocol)
        remedy = f"pip install {package}" if package else "use a protocol that fsspec knows, or copy the file here"
        raise Unreadable("unreachable", f"{protocol}:// cannot be read here", file=shown, remedy=remedy) from None
    except Exception as error:  # every store of fsspec brings its own
        raise Unreadable("unreachable", f"the store answered {type(error).__name__}", file=shown) from None
    if folder:
        raise Unreadable("unsupported", "this is a folder", file=shown, remedy="name the files in it")
    return raw, size
