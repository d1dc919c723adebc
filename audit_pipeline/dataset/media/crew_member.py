"""The main program of a worker process: ``python -m ... module:function memory``, tasks in, answers out, a line of JSON each."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path


def main() -> None:
    """Answer tasks until there are no more."""
    # Whoever presses Ctrl-C means the process that started this one, which ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    module, _, name = sys.argv[1].partition(":")
    function = getattr(importlib.import_module(module), name)
    answers = os.fdopen(os.dup(1), "wb")
    answers.write(b"ready\n")
    answers.flush()
    # What libraries print, from Python or from C, must neither reach the user nor stand between two answers.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    _limit_memory(int(sys.argv[2]))
    for line in sys.stdin.buffer:
        answers.write(json.dumps(function(json.loads(line))).encode("ascii") + b"\n")
        answers.flush()


def _limit_memory(more: int) -> None:
    """Let the process allocate so many bytes more than now; without effect where the system has no such limit."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        now = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        soft = now + more if hard == resource.RLIM_INFINITY else min(now + more, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


if __name__ == "__main__":
    main()
