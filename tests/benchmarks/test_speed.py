"""The speed benchmark measures what it says: memory of children too, and p-values of the test that it times."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.speed.conditional import cases, ours
from benchmarks.speed.scaling import resident

CHILD = "import sys; held = bytearray(150_000_000); held[::4096] = b'x' * len(held[::4096]); print(1, flush=True); sys.stdin.read()"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="memory of children is read from /proc")
def test_memory_of_children_counts() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        held = resident(process.pid)
        process.communicate(b"")
    assert 150_000_000 < held < 1_000_000_000
    assert resident(process.pid) == 0


def test_the_timed_p_values_know_effects_from_none() -> None:
    none, clear = (ours(cases(300, 40, (effect,)), permutations=99, seed=0)[:, 0] for effect in (0.0, 0.8))
    assert (none <= 0.05).sum() <= 7  # 99.9% of a binomial with 40 draws at .05
    assert (clear <= 0.05).all()
    assert np.quantile(none, 0.9) > 0.6
