"""Opening a data file as bytes, decompressing no more than is plausible."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from audit_pipeline.dataset.files import DataFile
from audit_pipeline.errors import DataError

MAX_RATIO = 200
"""Text that people record shrinks 3 to 30 times; gzip at its best shrinks a thousand times, and only nonsense."""

RATIO_FROM = 256 << 20
"""Files that stay smaller than this when unpacked may have any ratio."""


class _Unpacked(io.RawIOBase):
    """The unpacked bytes of a gzip file; raises a DataError where they are damaged or out of proportion."""

    def __init__(self, file: DataFile, raw: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self._packed = file.local.stat().st_size
        self._stream = gzip.GzipFile(fileobj=raw, mode="rb")
        self._count = 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._count

    def readinto(self, buffer: Any) -> int:
        block = self.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def read(self, size: int = -1) -> bytes:
        # Never all at once: a bomb has to be noticed while it is small.
        size = 1 << 20 if size is None or size < 0 else min(size, 1 << 24)
        try:
            block = self._stream.read(size)
        except EOFError as error:
            raise DataError(
                "the compressed file ends too early", file=self._file.shown, remedy="copy or download it again"
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(
                f"the file is not compressed with gzip, or damaged: {error}",
                file=self._file.shown,
                remedy="if it is plain text take .gz off its name, else copy or download it again",
            ) from error
        self._count += len(block)
        if self._count > max(RATIO_FROM, MAX_RATIO * self._packed):
            raise DataError(
                f"{self._packed:,} bytes unpack to more than {self._count:,}, {MAX_RATIO} times as many",
                file=self._file.shown,
                expected="a compressed table, not something made to fill the memory",
                remedy="if it is what you expect, unpack it with gunzip and name the plain file",
            )
        return block

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self.read(1 << 20), b""))


@contextmanager
def open_bytes(file: DataFile) -> Iterator[IO[bytes]]:
    """Yield the bytes of a file, unpacked, from the start."""
    with open(file.local, "rb") as raw:
        if file.zipped:
            yield io.BufferedReader(_Unpacked(file, raw), 1 << 20)
        else:
            yield raw


@contextmanager
def open_arrow(file: DataFile) -> Iterator[Any]:
    """Yield what Arrow's readers take: the path, or a stream that unpacks."""
    import pyarrow as pa

    if not file.zipped:
        yield str(file.local)
        return
    with open_bytes(file) as stream, pa.PythonFile(stream, mode="r") as source:
        yield source


def head(file: DataFile, size: int) -> bytes:
    """Return the first bytes of a file, unpacked."""
    with open_bytes(file) as stream:
        return stream.read(size)
