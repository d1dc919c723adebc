from __future__ import annotations

import os

# One thread a process: tests run side by side, and torch on busy cores is several times slower with more.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
