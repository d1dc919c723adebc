"""Time and peak memory of a whole audit from the command line, by number of rows.

    python benchmarks/speed/scaling.py --rows 10000 100000 1000000

Each audit runs in a process of its own on a Parquet file with 30 features, five nuisance columns (two, four and twelve sites, a
date, a temperature), a subject and a covariate. Prints a Markdown table, with the time of merely reading the file beside it.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SPEC = """name: scaling
data: rows.parquet
label: ill
nuisance: [site, device, ward, day, warmth]
covariates: [age]
"""


def write_rows(path: Path, n: int, features: int = 30) -> None:
    """Write a table whose first site is a visible confounder and whose other columns are harmless."""
    rng = np.random.default_rng(0)
    site = rng.integers(2, size=n)
    ill = rng.random(n) < 0.35 + 0.3 * site
    x = rng.standard_normal((n, features), dtype=np.float32)
    x[:, 0] += ill
    x[:, 1] += 0.7 * site
    columns: dict[str, object] = {
        "ill": pa.array(np.where(ill, "yes", "no")),
        "site": pa.array(np.array(["north", "south"])[site]),
        "device": pa.array(np.array([f"d{k}" for k in range(4)])[rng.integers(4, size=n)]),
        "ward": pa.array(np.array([f"w{k}" for k in range(12)])[rng.integers(12, size=n)]),
        "day": pa.array(rng.integers(18_000, 20_000, size=n).astype("datetime64[D]")),
        "warmth": rng.normal(20, 3, size=n),
        "age": rng.normal(50, 15, size=n).round(),
    }
    pq.write_table(pa.table(columns | {f"x{j}": x[:, j] for j in range(features)}), path)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--stages", action="store_true", help="show the progress of each audit")
    arguments = parser.parse_args()
    print("| rows | audit, s | peak memory, GB | reading alone, s | microseconds a row |")
    print("|---|---|---|---|---|")
    for n in arguments.rows:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            write_rows(home / "rows.parquet", n)
            (home / "audit.yaml").write_text(SPEC, encoding="utf-8")
            begin = time.perf_counter()
            pq.read_table(home / "rows.parquet")
            reading = time.perf_counter() - begin
            seconds, peak = audit(home, arguments.workers, arguments.stages)
            print(f"| {n:,} | {seconds:.1f} | {peak:.2f} | {reading:.2f} | {1e6 * seconds / n:.0f} |", flush=True)


def audit(home: Path, workers: int, show: bool) -> tuple[float, float]:
    """Run the command and return its wall time in seconds and its peak resident memory in gigabytes."""
    command = [sys.executable, "-m", "audit_pipeline", "run", "audit.yaml", "--out", "out", "--fail-on", "never"]
    command += ["--workers", str(workers)]
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=home, stdout=subprocess.DEVNULL, stderr=None if show else subprocess.DEVNULL, env=os.environ.copy()
    )
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"the audit failed with status {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - begin, usage.ru_maxrss * (1024 if sys.platform.startswith("linux") else 1) / 1e9


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
