"""One row a case: the peer's answer, kept in a Parquet file that is whole at any time, so that a killed run resumes."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FAILED = "failed: "


@dataclass(frozen=True)
class Answer:
    """What a peer says about a case.

    Parameters
    ----------
    score : higher is more alarming; ``None`` if the peer cannot answer.
    alarm : whether it would have raised one; ``None`` if it cannot answer.
    reason : empty, or why it could not answer; ``FAILED`` and the error if it broke.
    """

    score: float | None
    alarm: bool | None
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.score is None) != (self.alarm is None) or (self.score is None) == (self.reason == ""):
            raise ValueError(f"an answer has a score and an alarm, or neither and a reason; got {self}")
        if self.score is not None and not math.isfinite(self.score):
            raise ValueError(f"a score is a finite number; got {self.score}")


def no_answer(reason: str) -> Answer:
    """Say why a peer cannot answer."""
    return Answer(None, None, reason)


class Rows:
    """The rows of one peer, by case.

    Parameters
    ----------
    path : Parquet file of ``case, score, alarm, seconds, reason``, rewritten as a whole by :meth:`save`. Its metadata
        holds the digest of each case and of the peer's code: rows of other contents or of other code are dropped.
    code : digest of the peer's script, requirements and kit.
    """

    def __init__(self, path: Path, code: str) -> None:
        self.path, self.code = path, code
        self._rows: dict[str, dict[str, Any]] = {}
        self._digests: dict[str, str] = {}
        if path.exists():
            import pyarrow.parquet as pq

            table = pq.read_table(path, partitioning=None)
            kept = json.loads((table.schema.metadata or {}).get(b"peer", b"{}"))
            if kept.get("code") == code:
                self._digests = kept["cases"]
                self._rows = {row["case"]: row for row in table.to_pylist()}

    def keep_only(self, digests: Mapping[str, str]) -> None:
        """Forget the rows of cases that are gone or have changed; ``digests`` maps each case to its content."""
        stale = [case for case, digest in self._digests.items() if digests.get(case) != digest]
        for case in stale:
            del self._rows[case], self._digests[case]

    def __contains__(self, case: str) -> bool:
        return case in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, case: str, digest: str, answer: Answer, seconds: float) -> None:
        """Add or replace the row of a case."""
        self._digests[case] = digest
        self._rows[case] = {
            "case": case,
            "score": None if answer.score is None else float(answer.score),
            "alarm": None if answer.alarm is None else bool(answer.alarm),
            "seconds": seconds,
            "reason": answer.reason,
        }

    def save(self) -> None:
        """Write all rows beside the file and move them over it: a reader sees the old rows or the new ones."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.schema(
            [
                ("case", pa.string()),
                ("score", pa.float64()),
                ("alarm", pa.bool_()),
                ("seconds", pa.float64()),
                ("reason", pa.string()),
            ],
            metadata={"peer": json.dumps({"code": self.code, "cases": self._digests})},
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        half = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        pq.write_table(pa.Table.from_pylist([self._rows[case] for case in sorted(self._rows)], schema=schema), half)
        half.replace(self.path)
