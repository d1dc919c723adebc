"""The work of processes that are lost: light to import, so that a new one starts at once."""

from __future__ import annotations

import os
import time
from typing import Any


def odd(task: Any) -> Any:
    """Do what a task asks for."""
    if task == "die":
        os.abort()
    if task == "hang":
        time.sleep(600)
    if task == "print":
        print("hello")
        os.write(2, b"hello")
    if task == "eat":
        try:
            return len(bytearray(3 << 30))
        except MemoryError:
            return "too much"
    return task
