"""What is wrong with a file: a row of a table for the audit, an error for whoever asked for that one file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, get_args

from audit_pipeline.dataset.media.quiet import quiet
from audit_pipeline.errors import DataError

ProblemKind = Literal[
    "corrupt", "truncated", "empty", "gigantic", "bomb", "unsupported", "missing", "permission", "unreachable"
]
PROBLEM_KINDS: tuple[ProblemKind, ...] = get_args(ProblemKind)

REMEDIES: dict[ProblemKind, str] = {
    "corrupt": "copy or export the file again; if the original is damaged too, leave the record out",
    "truncated": "copy or download the file again",
    "empty": "copy or download the file again, or leave the record out",
    "gigantic": "make a smaller copy (a crop, a lower resolution, an excerpt), or raise the limit if the memory allows it",
    "bomb": "leave the file out: it was made to fill the memory, or its header is damaged",
    "unsupported": "convert it to PNG, TIFF or DICOM (pictures), WAV or FLAC (sound)",
    "missing": "check the path, and the folder that relative paths start from",
    "permission": "allow this user to read the file",
    "unreachable": "check the disk, the network and the credentials, or copy the file here",
}


@dataclass(frozen=True)
class Problem:
    """A file that gives no recording.

    Parameters
    ----------
    path : the file as it is shown to the user, without credentials.
    kind : one of :data:`PROBLEM_KINDS`.
    reason : what was found, in one sentence; never a value out of the file.
    remedy : what to do.
    """

    path: str
    kind: ProblemKind
    reason: str
    remedy: str


class Unreadable(DataError):
    """A file gives no recording or no header. Its :attr:`problem` is the row for the table of problems."""

    def __init__(self, kind: ProblemKind, reason: str, *, remedy: str | None = None, file: str | None = None) -> None:
        super().__init__(reason, remedy=remedy or REMEDIES[kind], file=file)
        self.kind: ProblemKind = kind

    @property
    def problem(self) -> Problem:
        return Problem(path=self.file or "", kind=self.kind, reason=self.message, remedy=self.remedy)


@contextmanager
def guarded(shown: str) -> Iterator[None]:
    """Turn whatever a decoder raises inside into an :class:`Unreadable` that names the file, and print nothing.

    Decoders were written for files that are what they say; on others they raise nearly every exception that Python has,
    so nothing narrower can be caught. Their messages are not passed on: some quote the file, and a DICOM file has the
    patient's name in it.
    """
    try:
        with quiet():
            yield
    except Unreadable as error:
        error.file = error.file or shown
        raise
    except MemoryError:
        raise Unreadable("gigantic", "it does not fit into the memory that may be used", file=shown) from None
    except EOFError:
        raise Unreadable("truncated", "the file ends too early", file=shown) from None
    except Exception as error:
        raise Unreadable("corrupt", f"the content cannot be decoded ({type(error).__name__})", file=shown) from None
