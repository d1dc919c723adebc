"""Time and peak memory of whole audits of images from the command line: by number of images, and of a second run.

    python benchmarks/speed/recordings_audit.py --images 10000 100000      # small ones: 64 x 64, JPEG
    python benchmarks/speed/recordings_audit.py --again 2000               # 256 x 256: once, again, with another column

Images are in colour, each one different, with a faint blob where the label is 1, and a fixed pattern and other compression at
one of two sites; there are four devices and 5,000 patients at most. Only the linear baseline is trained. Prints Markdown tables:
seconds on the wall and of the processor, peak resident memory of the process and all its children, and seconds by stage (stages
run side by side, so they add up to more than the whole); then the exponents b of "seconds ~ images^b": 1 is linear.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
from PIL import Image

from audit_pipeline.recordings.listing import list_recordings
from audit_pipeline.recordings.look import look_through
from audit_pipeline.recordings.names import looks
from audit_pipeline.spec import load_spec
from benchmarks.speed.scaling import Cost, Tree, exponents

SPEC = """name: images
data: records.csv
label: ill
subject: patient
nuisance: [{nuisance}]
image: path
baselines: [linear]
"""
_STAGE = re.compile(r"\[\s*\d+/\d+\] (\S+) (?:(\d+(?:\.\d+)?) s|reused)")


@dataclass(frozen=True)
class Audit:
    """What an audit took, and seconds by stage; 0 for one that was reused."""

    cost: Cost
    stages: dict[str, float]


def write_images(home: Path, n: int, side: int) -> None:
    """Write ``n`` JPEG files in folders of 1,000, their table, and the spec."""
    rng = np.random.default_rng([n, side])
    site, ill, device = rng.integers(2, size=n), rng.integers(2, size=n), rng.integers(4, size=n)
    patient = rng.integers(min(5000, max(20, n // 4)), size=n)
    pattern = 2 * rng.standard_normal((2, side, side, 3), dtype=np.float32)
    at = np.mgrid[0:side, 0:side]
    blob = 12 * np.exp(-((at - side / 3) ** 2).sum(axis=0) / (side / 8) ** 2)[:, :, None].astype(np.float32)
    names = [f"images/{k // 1000:03d}/{k:06d}.jpg" for k in range(n)]
    for k, name in enumerate(names):
        if k % 1000 == 0:
            (home / name).parent.mkdir(parents=True)
        pixels = 110 + 8 * rng.standard_normal((side, side, 3), dtype=np.float32) + 10 * rng.standard_normal()
        pixels += pattern[site[k]] + ill[k] * blob
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(home / name, quality=88 + 4 * int(site[k]))
    columns = {
        "path": names,
        "ill": np.array(["no", "yes"])[ill],
        "patient": [f"p{code}" for code in patient],
        "device": np.array(["d0", "d1", "d2", "d3"])[device],
        "ward": np.array([f"w{k}" for k in range(6)])[rng.integers(6, size=n)],
    }
    pyarrow.csv.write_csv(pa.table(columns), home / "records.csv")
    write_spec(home)


def write_spec(home: Path, nuisance: str = "device") -> None:
    (home / "audit.yaml").write_text(SPEC.format(nuisance=nuisance), encoding="utf-8")


def audit(home: Path, workers: int) -> Audit:
    """Run the command, and return what it took; seconds of the processor include those of children."""
    command = [sys.executable, "-m", "audit_pipeline", "run", "audit.yaml", "--out", "out", "--fail-on", "never"]
    begin = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--workers", str(workers)], cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    tree = Tree(process.pid)
    tree.start()
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    tree.ended.set()
    tree.join()
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"the audit failed with status {os.waitstatus_to_exitcode(status)}:\n{told}")
    return Audit(Cost(wall, usage.ru_utime + usage.ru_stime, tree.peak / 1e9), seconds_by_stage(told))


def seconds_by_stage(told: str) -> dict[str, float]:
    """Return what the command's progress says of each stage; 0 for one that was reused."""
    return {name: float(seconds or 0) for name, seconds in _STAGE.findall(told)}


def by_number(sizes: list[int], side: int, workers: int, folder: str | None) -> None:
    """Print what audits of so many small images take."""
    print(f"| images of {side} x {side} | audit, s | of processor, s | peak memory, GB | ms of processor an image |")
    print("|---|---|---|---|---|")
    audits: list[Audit] = []
    for n in sizes:
        with tempfile.TemporaryDirectory(dir=folder) as home:
            write_images(Path(home), n, side)
            audits.append(audit(Path(home), workers))
        cost = audits[-1].cost
        figures = f"{cost.wall:.0f} | {cost.processor:.0f} | {cost.peak:.2f} | {1e3 * cost.processor / n:.2f}"
        print(f"| {n:,} | {figures} |", flush=True)
    exponents(sizes, [found.cost for found in audits])
    by_stage([f"{n:,} images, s" for n in sizes], audits)


def by_stage(titles: list[str], audits: list[Audit]) -> None:
    """Print seconds by stage, one column an audit."""
    print(f"\n| stage | {' | '.join(titles)} |\n" + "|---" * (len(titles) + 1) + "|")
    for name in audits[0].stages:
        print(f"| {name} | " + " | ".join(f"{found.stages.get(name, 0):.1f}" for found in audits) + " |")


def again(n: int, side: int, workers: int, folder: str | None) -> None:
    """Print what a second audit takes: of the same spec, and of one with another column, where only the cache helps."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        home = Path(place)
        write_images(home, n, side)
        audits = [audit(home, workers), audit(home, workers)]
        write_spec(home, "device, ward")
        audits.append(audit(home, workers))
        looked = [seconds_to_look(home) for _ in range(2)]
    titles = ["first", "again", "another column"]
    print(f"| {n:,} images of {side} x {side} | audit, s | dataset, s |\n|---|---|---|")
    for title, found in zip(titles, audits, strict=True):
        print(f"| {title} | {found.cost.wall:.1f} | {found.stages['dataset']:.2f} |")
    by_stage(titles, audits)
    first, second = looked
    print(
        f"\nDecoding and looking alone: {first:.2f} s, from the cache {second:.3f} s, {first / second:.0f} times as fast"
    )


def seconds_to_look(home: Path) -> float:
    """Return the seconds in which all recordings are looked through, with a cache of its own."""
    places = list_recordings(load_spec(home / "audit.yaml")).places
    begin = time.perf_counter()
    look_through(places, looks("image"), medium="image", cache=home / "looked")
    return time.perf_counter() - begin


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, nargs="*", default=[])
    parser.add_argument("--again", type=int, nargs="*", default=[])
    parser.add_argument("--side", type=int, help="pixels of a side; 64 for --images, 256 for --again")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", help="where the images are written")
    options = parser.parse_args(arguments)
    for n in options.again:
        again(n, options.side or 256, options.workers, options.folder)
    if options.images:
        by_number(options.images, options.side or 64, options.workers, options.folder)


if __name__ == "__main__":
    main()
