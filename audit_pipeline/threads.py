"""One thread for each stage: reproducible sums, and no fights between stages that run side by side."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_depth = 0
_limits: list[Any] = []


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit BLAS and OpenMP to one thread while any caller is inside.

    Sums over several threads depend on their number in the last bits; one thread gives the same bytes everywhere. Enter it
    again after importing a library that brings its own thread pool: only libraries already loaded can be limited. The
    limits that stood before are restored when the last caller leaves, since stages share the process.
    """
    from threadpoolctl import threadpool_limits

    global _depth
    with _lock:
        _depth += 1
        _limits.append(threadpool_limits(limits=1))
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                while _limits:
                    _limits.pop().restore_original_limits()
