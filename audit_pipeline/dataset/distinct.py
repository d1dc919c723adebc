"""The different values of a column of text: what is true of a million records is found out on a few hundred values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from audit_pipeline.errors import shorten

if TYPE_CHECKING:
    import pyarrow as pa


class Distinct:
    """The different values of a column without space around them: ``good``; ``codes`` (n,) into them, -1 for missing."""

    def __init__(self, good: pa.Array, codes: np.ndarray, marked: Mapping[str, int], words: Mapping[str, int]) -> None:
        self.good = good
        self.codes = codes
        self.marked = marked
        self.words = words

    @classmethod
    def of(cls, column: pa.ChunkedArray, words: Sequence[str], marks: Sequence[str]) -> Distinct:
        import pyarrow as pa
        import pyarrow.compute as pc

        encoded = pc.dictionary_encode(column.cast(pa.large_string()).combine_chunks())
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        values = pc.utf8_trim_whitespace(encoded.dictionary)
        left_out = pa.array([*words, *marks], pa.large_string())
        kept = np.flatnonzero(~np.asarray(pc.is_in(values, value_set=left_out)))
        new = np.full(len(values) + 1, -1, dtype=np.int64)
        new[kept] = np.arange(len(kept))
        indices = np.asarray(pc.fill_null(encoded.indices, -1)).astype(np.int64)

        def count(marks: Sequence[str]) -> dict[str, int]:
            found = {}
            for mark in marks if len(kept) < len(values) else ():
                here = np.append(np.asarray(pc.equal(values, mark)), False)
                if mark and here.any():
                    found[mark] = int(here[indices].sum())
            return found

        return cls(values.take(pa.array(kept)), new[indices], count(marks), count(words))

    def matches(self, pattern: str) -> np.ndarray:
        import pyarrow.compute as pc

        return np.asarray(pc.match_substring_regex(self.good, pattern))

    def all_match(self, pattern: str) -> bool:
        # Most columns fail at the first value; a million more need not be looked at.
        import pyarrow.compute as pc

        return bool(pc.match_substring_regex(self.good[:1], pattern)[0].as_py()) and bool(self.matches(pattern).all())

    def spread(self, values: pa.Array) -> pa.ChunkedArray:
        """Return the column that has ``values`` in place of the different values."""
        import pyarrow as pa

        indices = pa.array(self.codes, mask=self.codes < 0)
        return pa.chunked_array([values.take(indices)])

    def records(self, which: np.ndarray) -> int:
        """Return how many records have one of the values marked in ``which``."""
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.good))
        return int(counts[which].sum())

    def share(self, which: np.ndarray) -> str:
        """Return in words how many of the values are marked in ``which``."""
        return f"{self.records(which):,} of {int((self.codes >= 0).sum()):,} values"

    def first(self, which: np.ndarray) -> int:
        """Return the index of the first record with one of the values marked in ``which``."""
        return int(np.flatnonzero(np.append(which, False)[self.codes])[0])

    def examples(self, which: np.ndarray, limit: int = 4) -> str:
        """Return the most frequent of the marked values, with their counts, as text."""
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.good)) * which
        order = np.argsort(-counts, kind="stable")[: min(limit, int(which.sum()))]
        shown = [f"{shorten(self.good[int(i)].as_py(), 30)} ({counts[i]:,})" for i in order]
        return ", ".join(shown) + (", …" if which.sum() > limit else "")
