"""Time and peak memory of a whole audit from the command line, by number of rows.

    python benchmarks/speed/scaling.py --rows 10000 100000 1000000

Each audit runs in a process of its own, with two workers on at most two cores, on a Parquet file with 30 features, five nuisance
columns (two, four and twelve sites, a date, a temperature) and a covariate. Prints a Markdown table: seconds on the wall and of the
processor (on a shared machine the second says more), the peak resident memory of the process and all its children, and the time of
merely reading the file; then the exponents b of "seconds ~ rows^b" between neighbouring sizes: 1 is linear, less than 1 is better.

    python benchmarks/speed/scaling.py --rows 20000 --same      # equal bytes with one and with two workers
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Cost:
    """What one audit took: seconds on the wall and of the processor, and gigabytes at the peak."""

    wall: float
    processor: float
    peak: float


def main() -> None:
    """Print the table, or compare the bytes of one worker and two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cores", type=int, default=2, help="pin audits to so many cores")
    parser.add_argument("--stages", action="store_true", help="show the progress of each audit")
    parser.add_argument("--same", action="store_true", help="compare the outputs of one worker and of two instead")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.cores])
    if arguments.same:
        sys.exit(0 if all(same_bytes(n) for n in arguments.rows) else 1)
    print("| rows | audit, s | of processor, s | peak memory, GB | reading alone, s | microseconds a row |")
    print("|---|---|---|---|---|---|")
    costs = []
    for n in arguments.rows:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            prepare(home, n)
            begin = time.perf_counter()
            pq.read_table(home / "rows.parquet")
            reading = time.perf_counter() - begin
            cost = audit(home, arguments.workers, arguments.stages)
        costs.append(cost)
        figures = f"{cost.wall:.1f} | {cost.processor:.1f} | {cost.peak:.2f} | {reading:.2f}"
        print(f"| {n:,} | {figures} | {1e6 * cost.wall / n:.0f} |", flush=True)
    exponents(arguments.rows, costs)


def exponents(rows: list[int], costs: list[Cost]) -> None:
    """Print how seconds and memory grow between neighbouring sizes."""
    for n, before, m, after in zip(rows, costs, rows[1:], costs[1:], strict=False):
        grown = [(after.wall, before.wall), (after.processor, before.processor), (after.peak, before.peak)]
        wall, processor, peak = (math.log(a / b) / math.log(m / n) for a, b in grown)
        print(
            f"\n{n:,} to {m:,} rows: wall ~ rows^{wall:.2f}, processor ~ rows^{processor:.2f}, memory ~ rows^{peak:.2f}"
        )


def prepare(home: Path, n: int) -> None:
    """Write the data and the spec."""
    write_rows(home / "rows.parquet", n)
    (home / "audit.yaml").write_text(SPEC, encoding="utf-8")


def same_bytes(n: int) -> bool:
    """Audit the same rows with one and with two workers, print the digests of what must not differ, and return whether it does not."""
    found: list[dict[str, str]] = []
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            prepare(home, n)
            audit(home, workers, show=False)
            names = sorted(path.name for path in (home / "out").glob("*.parquet"))
            found.append({name: hashlib.sha256((home / "out" / name).read_bytes()).hexdigest() for name in names})
    for name, digest in found[0].items():
        print(f"{n:,} rows: {name} {digest[:16]} {'same' if found[1].get(name) == digest else 'DIFFERENT'}", flush=True)
    return found[0] == found[1]


def audit(home: Path, workers: int, show: bool) -> Cost:
    """Run the command and return what it took; seconds of the processor include those of children."""
    command = [sys.executable, "-m", "audit_pipeline", "run", "audit.yaml", "--out", "out", "--fail-on", "never"]
    command += ["--workers", str(workers)]
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=home, stdout=subprocess.DEVNULL, stderr=None if show else subprocess.DEVNULL, env=os.environ.copy()
    )
    tree = Tree(process.pid)
    tree.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    tree.ended.set()
    tree.join()
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"the audit failed with status {os.waitstatus_to_exitcode(status)}")
    own = usage.ru_maxrss * (1024 if sys.platform.startswith("linux") else 1)
    return Cost(wall, usage.ru_utime + usage.ru_stime, max(own, tree.peak) / 1e9)


class Tree(threading.Thread):
    """Watches the resident memory of a process and all its descendants (Linux; elsewhere it sees nothing)."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root, self.peak, self.ended = root, 0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.05):
            self.peak = max(self.peak, resident(self.root))


def resident(process: int) -> int:
    """Return the bytes in memory of a process and its descendants; pages that they share count for each."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        children = [
            int(child)
            for thread in Path(f"/proc/{process}/task").iterdir()
            for child in (thread / "children").read_text().split()
        ]
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(resident(child) for child in children)


if __name__ == "__main__":
    main()
