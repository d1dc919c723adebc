"""What is found out about the meaning of a column of text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Trouble:
    """Why a column that looks like numbers or dates could not be read as such.

    Parameters
    ----------
    kind : ``words`` among numbers, thousands ``separators``, ``dates`` of unclear order, numbers with ``units``.
    row : index of the first value that stands in the way.
    distinct : how many different values could be read; a few of them make levels, and then nothing is in the way.
    words : the different words among numbers or dates, if there are few.
    message, expected, remedy : as in an :class:`~audit_pipeline.errors.AuditError`.
    """

    kind: Literal["words", "separators", "dates", "units"]
    row: int
    distinct: int
    message: str
    expected: str
    remedy: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settled:
    """A column with its type.

    Parameters
    ----------
    notes : what was noticed on the way.
    trouble : what stands in the way of a better type.
    marked : how many values each mark of a missing value stood for, as text.
    words : the same for words that nobody declared, in a column that stays text.
    """

    column: pa.ChunkedArray
    notes: tuple[str, ...] = ()
    trouble: Trouble | None = None
    marked: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)
