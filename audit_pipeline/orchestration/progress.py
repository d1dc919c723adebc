"""A stage's progress as lines of Dagster's log, few enough to read."""

from __future__ import annotations

import time
from collections.abc import Callable


class LogProgress:
    """Passes on the first report and the last, and between them one for each twentieth of the work.

    A Dagster log line is a row in the event database; a permutation test that reports each of its steps would fill it. So
    lines are at least ``every`` seconds apart, however fast the work is, and where it is slow or of unknown length one
    appears every ``patience`` seconds, to show that it is alive. A stage may count several things one after the other
    (recordings, then views): each begins anew.

    Parameters
    ----------
    log : takes a line.
    every, patience : seconds.
    clock : returns seconds.
    """

    SHARE = 0.05

    def __init__(
        self,
        log: Callable[[str], object],
        *,
        every: float = 2.0,
        patience: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._every = every
        self._patience = patience
        self._clock = clock
        self._told_at = float("-inf")
        self._told_done = 0
        self._total = 0
        self._told = ""

    def __call__(self, stage: str, done: int, total: int, message: str = "") -> None:
        """Report ``done`` of ``total`` steps; ``total`` 0 means unknown."""
        if total != self._total or done < self._told_done:
            self._total, self._told_done = total, 0
        waited = self._clock() - self._told_at
        finished = bool(total) and done >= total
        enough = not total or done == 0 or done - self._told_done >= self.SHARE * total
        if not finished and not (waited >= self._patience or (enough and waited >= self._every)):
            return
        count = f"{done:,} of {total:,}" if total else f"{done:,}"
        line = f"{stage}: {count}{f', {message}' if message else ''}"
        if line != self._told:
            self._told, self._told_done, self._told_at = line, done, self._clock()
            self._log(line)
