"""Worker processes for work on untrusted files: each can die, hang or want too much memory, and only its file is lost.

The executors of the standard library do not fit. They lose every task when one process dies and cannot stop one that hangs;
they start processes that run the caller's script once more, or copies of a process with threads. These are plain
processes that take tasks and give answers as lines of JSON, so that it is always known which file a process was at.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

from audit_pipeline.errors import AuditError

CHUNK = 16
"""Tasks that are sent to a process at once."""

Lost = Literal["died", "stuck"]
"""The answer for a task whose process ended by itself, or had to be ended."""

_ROOT = Path(__file__).resolve().parents[3]
_TICK = 0.2
_START = 60.0


class _Worker:
    """A process that works on tasks one after the other; it is started again when it ends."""

    def __init__(self, function: str, memory: int, patience: float) -> None:
        self._function, self._memory, self._patience = function, memory, patience
        self._process: subprocess.Popen[bytes] | None = None
        self._deadline = float("inf")
        self._stuck = False
        self._abandoned = False

    def work(self, tasks: list[Any]) -> list[Any]:
        """Return the answers in order; a task at which the process is lost has an answer of :data:`Lost`."""
        answers: list[Any] = []
        while len(answers) < len(tasks) and not self._abandoned:
            process = self._running()
            rest = tasks[len(answers) :]
            sender = threading.Thread(target=self._send, args=(process, rest), daemon=True)
            sender.start()
            assert process.stdout is not None
            for _ in rest:
                self._deadline = time.monotonic() + self._patience
                line = process.stdout.readline()
                self._deadline = float("inf")
                if not line.endswith(b"\n"):
                    process.wait()
                    answers.append("stuck" if self._stuck else "died")
                    self.close()
                    break
                answers.append(json.loads(line))
            sender.join()
        return answers

    def watch(self) -> None:
        """End the process if it has been at one task for too long."""
        if time.monotonic() > self._deadline and self._process is not None:
            self._stuck = True
            self._process.kill()

    def abandon(self) -> None:
        """End the process for good; what it was at has no answer."""
        self._abandoned = True
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None:
            return self._process
        self._stuck = False
        paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
        environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        command = [sys.executable, "-P", "-m", "audit_pipeline.dataset.media.crew_member", self._function]
        process = subprocess.Popen(  # noqa: S603
            [*command, str(self._memory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self._process = process
        assert process.stdout is not None
        self._deadline = time.monotonic() + _START
        ready = process.stdout.readline()
        self._deadline = float("inf")
        if ready != b"ready\n":
            self.close()
            raise AuditError(
                "a worker process for reading files does not start", remedy="see the message above, or use workers=0"
            )
        return process

    @staticmethod
    def _send(process: subprocess.Popen[bytes], tasks: list[Any]) -> None:
        assert process.stdin is not None
        with suppress(OSError, ValueError):  # the process ended; whoever reads its answers will notice
            for task in tasks:
                process.stdin.write(json.dumps(task).encode("ascii") + b"\n")
            process.stdin.flush()


def isolated(
    function: str, tasks: Iterable[Any], *, workers: int, memory: int, patience: float
) -> Iterator[Any | Lost]:
    """Yield ``function(task)`` for every task in order, worked on by several processes.

    Tasks are taken as they are needed, so that neither they nor answers pile up.

    Parameters
    ----------
    function : ``module:name`` of a function from JSON to JSON.
    memory : bytes that a process may allocate beyond what it starts with.
    patience : seconds that it may spend on a task.

    Raises
    ------
    AuditError : no process can be started.
    """
    crew = [_Worker(function, memory, patience) for _ in range(workers)]
    idle: SimpleQueue[_Worker] = SimpleQueue()
    for worker in crew:
        idle.put(worker)
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_TICK):
            for worker in crew:
                worker.watch()

    def work(chunk: list[Any]) -> list[Any]:
        worker = idle.get()
        try:
            return worker.work(chunk)
        finally:
            idle.put(worker)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    waiting: deque[Future[list[Any]]] = deque()
    source = iter(tasks)
    pool = ThreadPoolExecutor(workers)
    try:
        while True:
            while len(waiting) < 3 * workers and (chunk := list(islice(source, CHUNK))):
                waiting.append(pool.submit(work, chunk))
            if not waiting:
                return
            yield from waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        done.set()
        watcher.join()
        # Whoever stops early does not wait for the files at hand: a thread ends when its process does.
        for worker in crew:
            worker.abandon()
        pool.shutdown()
        for worker in crew:
            worker.close()
