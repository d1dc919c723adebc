"""Images a second beside cleanvision and cleanlab's Datalab: the same folder, one after the other, in one run.

    python benchmarks/speed/image_peers.py --side 64 --images 2000
    python benchmarks/speed/image_peers.py --side 512 --images 300

A folder of JPEG files in colour (see recordings.py) is written, read once by everybody who is timed, and deleted. The peers run in an
environment of their own, made on first use from peer_images.txt. What each does differs: cleanvision looks for dark, light, blurry, odd
and duplicate images; Datalab runs cleanvision and asks whether labels follow what it found; a pass here gives the facts, the
seven views and the sensor's remainder from which the probes ask about every metadata column. Seconds of the processor are summed over
processes, so that the number of cores has no part in them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from audit_pipeline.threads import one_thread
from benchmarks.speed.environments import HERE, interpreter
from benchmarks.speed.recordings import alone, image, one_pass

PEERS = {"cleanvision": "cleanvision", "datalab": "cleanlab Datalab"}


def write(folder: Path, side: int, images: int) -> list[Path]:
    """Write images that differ by a turn and a roll of the same pixels, and return their paths."""
    import numpy as np

    pixels, paths = image(side, 3), []
    for i in range(images):
        path = folder / f"{i:06d}.jpg"
        moved = np.rot90(np.roll(pixels, (37 * i, 11 * i), axis=(0, 1)), i % 4)
        Image.fromarray(np.ascontiguousarray(moved)).save(path, "JPEG", quality=90)
        paths.append(path)
    return paths


def ours(paths: list[Path], run: Callable[[Path], Any]) -> dict[str, float]:
    """Return seconds on the clock and of the processor for running over all files in this process."""
    run(paths[0])  # tables that are made once
    begin, before = time.perf_counter(), time.process_time()
    for path in paths:
        run(path)
    return {"seconds": time.perf_counter() - begin, "processor": time.process_time() - before, "images": len(paths)}


def theirs(peer: str, folder: Path) -> dict[str, float]:
    """Return the same of a peer in its own environment."""
    command = [interpreter("images"), HERE / "peer_images.py", peer, folder]
    done = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--images", type=int, default=300)
    options = parser.parse_args(arguments)
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write(folder, options.side, options.images)
        with one_thread():
            rows["decoding alone (Pillow)"] = ours(paths, alone)
            rows["one pass here"] = ours(paths, one_pass)
        for peer, title in PEERS.items():
            rows[title] = theirs(peer, folder)
    print(
        f"| {options.images:,} images of {options.side} x {options.side} | s on the clock | s of the processor | ms an image |"
    )
    print("|---|---|---|---|")
    for title, row in rows.items():
        each = 1e3 * row["processor"] / row["images"]
        print(f"| {title} | {row['seconds']:.2f} | {row['processor']:.2f} | {each:.2f} |")


if __name__ == "__main__":
    main()
