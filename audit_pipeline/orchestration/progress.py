"""A stage's progress as lines of Dagster's log, few enough to read."""

from __future__ import annotations

import time
from collections.abc import Callable


class LogProgress:
    """Passes on the first report, then one every ``every`` seconds, then the last.

    A Dagster log line is a row in the event database; a permutation test that reports each of its steps would fill it.
    """

    def __init__(
        self, log: Callable[[str], object], *, every: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = log
        self._every = every
        self._clock = clock
        self._next = float("-inf")
        self._told = ""

    def __call__(self, stage: str, done: int, total: int, message: str = "") -> None:
        """Report ``done`` of ``total`` steps; ``total`` 0 means unknown."""
        now = self._clock()
        finished = bool(total) and done >= total
        if now < self._next and not finished:
            return
        self._next = now + self._every
        count = f"{done} of {total}" if total else str(done)
        line = f"{stage}: {count}{f', {message}' if message else ''}"
        if line != self._told:
            self._told = line
            self._log(line)
