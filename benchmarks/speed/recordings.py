"""One pass over a recording beside decoding it alone: milliseconds of the processor, in one thread, in one run.

    python benchmarks/speed/recordings.py                       # images of 64 to 2,048 pixels, sounds of 8 to 44.1 kHz
    python benchmarks/speed/recordings.py --folder PHOTOGRAPHS  # and files of your own, one table row for all of them

A pass is what an audit does with a file: read it, decode it, its facts, every view of it, the remainder that shows a sensor. Beside it
stands the decoder alone, to an array of the integers or floats that it gives: Pillow for images (JPEG, quality 90, smooth with
noise: as many bytes as a photograph), soundfile for sounds (10 s of noise in bursts, 16 bits). Each figure is the least of
--repeats runs, taken in turn, since others on the machine slow runs down and nothing speeds them up. A view's time is without what it
shares with others ("shared": averaging and windows of an image, spectra of a sound).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image
from scipy.ndimage import gaussian_filter

from audit_pipeline.dataset import media
from audit_pipeline.dataset.media.examine import recording_facts
from audit_pipeline.threads import one_thread
from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.registry import look, recording_views
from audit_pipeline.views.recordings.sensor_pattern import remainder
from audit_pipeline.views.recordings.sound import Sound

SIDES = (64, 256, 512, 1024, 2048)
RATES = (8000, 16_000, 44_100)
SECONDS = 10.0
SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"}


def image(side: int, channels: int) -> np.ndarray:
    """Return pixels (side, side, channels) of 8 bits."""
    rng = np.random.default_rng([side, channels])
    smooth = np.stack([gaussian_filter(rng.standard_normal((side, side)), side / 20) for _ in range(channels)], axis=2)
    levels = 128 + 40 * smooth / smooth.std() + 3 * rng.standard_normal(smooth.shape)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def sound(rate: int, seconds: float = SECONDS) -> np.ndarray:
    """Return samples (n,) of 16 bits: noise that comes and goes twice a second over a floor."""
    rng = np.random.default_rng(rate)
    at = np.arange(round(rate * seconds)) / rate
    loud = np.where(np.sin(4 * np.pi * at) > 0, 0.1, 0.001)
    return np.rint(32768 * np.clip(loud * rng.standard_normal(len(at)), -1, 0.999)).astype(np.int16)


def milliseconds(runs: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Return the least time of the processor of each of ``runs``, which take turns."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.process_time()
            run()
            times[name].append(time.process_time() - start)
    return {name: 1e3 * min(found) for name, found in times.items()}


def prepared(path: Path) -> Picture | Sound:
    """Decode a file and return it as the views take it."""
    recording = media.decode(path)
    if isinstance(recording, media.Picture):
        return Picture(recording.stored, recording.scale)
    return Sound(recording.samples, recording.rate)


def one_pass(path: Path) -> dict[str, np.ndarray]:
    """Do with a file what an audit does, and return the row of every view."""
    recording = media.decode(path)
    recording_facts(recording)
    if isinstance(recording, media.Picture):
        picture = Picture(recording.stored, recording.scale)
        return {**look(picture), "remainder": remainder(picture)}
    return look(Sound(recording.samples, recording.rate))


def alone(path: Path) -> np.ndarray:
    """Decode a file with the same library and nothing around it."""
    if path.suffix.lower() in SUFFIXES:
        with Image.open(path) as file:
            return np.asarray(file)
    return soundfile.read(path, dtype="float32")[0]


def measure(paths: list[Path], repeats: int) -> dict[str, float]:
    """Return milliseconds a file: decoding alone, parts of a pass, all of it, and its ratio to decoding alone."""
    first = prepared(paths[0])
    recordings = [media.decode(path) for path in paths]
    seen = [prepared(path) for path in paths]
    for one in seen:
        look(one)  # what views share is there from now on
    runs: dict[str, Callable[[], Any]] = {
        "decoding alone": lambda: [alone(path) for path in paths],
        "one pass": lambda: [one_pass(path) for path in paths],
        "decode": lambda: [media.decode(path) for path in paths],
        "facts": lambda: [recording_facts(recording) for recording in recordings],
    }
    for view in recording_views("image" if isinstance(first, Picture) else "audio"):
        runs[view.name] = lambda view=view: [view(one) for one in seen]  # type: ignore[misc]
    if isinstance(first, Picture):
        runs["remainder"] = lambda: [remainder(one) for one in seen if isinstance(one, Picture)]
    found = {name: value / len(paths) for name, value in milliseconds(runs, repeats).items()}
    found["shared"] = max(0.0, found["one pass"] - sum(value for name, value in found.items() if name not in COMPARED))
    return found


COMPARED = ("decoding alone", "one pass")


def table(title: str, rows: dict[str, dict[str, float]]) -> str:
    """Return a Markdown table, one row a recording."""
    names = list(next(iter(rows.values())))
    lines = [f"| {title} | " + " | ".join([*names, "pass / decoding"]) + " |", "|---" * (len(names) + 2) + "|"]
    for name, row in rows.items():
        figures = [f"{row[column]:.2f}" for column in names]
        lines.append(f"| {name} | " + " | ".join([*figures, f"{row['one pass'] / row['decoding alone']:.1f}"]) + " |")
    return "\n".join(lines)


def write_image(folder: Path, side: int, channels: int) -> Path:
    path = folder / f"{side}-{channels}.jpg"
    Image.fromarray(image(side, channels).squeeze()).save(path, "JPEG", quality=90)
    return path


def write_sound(folder: Path, rate: int, suffix: str) -> Path:
    path = folder / f"{rate}{suffix}"
    soundfile.write(path, sound(rate), rate)
    return path


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--folder", type=Path, help="images of your own, of which at most 50 are taken")
    options = parser.parse_args(arguments)
    images: dict[str, dict[str, float]] = {}
    sounds: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name, one_thread():
        folder = Path(name)
        for side in SIDES:
            for channels, kind in ((1, "grey"), (3, "colour")):
                images[f"{side} x {side}, {kind}"] = measure([write_image(folder, side, channels)], options.repeats)
        if options.folder:
            found = sorted(path for path in options.folder.rglob("*") if path.suffix.lower() in SUFFIXES)
            images[f"{options.folder.name} (own)"] = measure(
                found[:: 1 + len(found) // 50], max(3, options.repeats // 5)
            )
        for rate in RATES:
            for suffix in (".wav", ".flac"):
                sounds[f"{rate:,} Hz, {suffix[1:]}"] = measure([write_sound(folder, rate, suffix)], options.repeats)
    print(table("image, ms of the processor", images), end="\n\n")
    for size, row in images.items():
        print(f"{size}: {1e3 / row['one pass']:,.0f} images a second and core")
    print(end="\n")
    print(table(f"{SECONDS:g} s of sound, ms of the processor", sounds), end="\n\n")
    for kind, row in sounds.items():
        print(f"{kind}: {1e3 * SECONDS / row['one pass']:,.0f} times real time")


if __name__ == "__main__":
    main()
