"""Milliseconds of the processor for every view of recordings, in one thread, beside decoding the same recording.

    python benchmarks/speed/recordings.py               # decoding is timed where Pillow and soundfile are installed

Images of 512 x 512 and of 1,000 x 1,000 pixels, grey and in colour (smooth, with noise: as large in JPEG as a photograph), and 10 s of sound at
8, 16 and 44.1 kHz (noise in bursts, 16 bits). A view's time is without what it shares with others ("shared": averaging and
windows of an image, spectra of a sound); "all" is the time of looking at one recording by all views. The best of --repeats.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from audit_pipeline.threads import one_thread
from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.registry import look, recording_views
from audit_pipeline.views.recordings.sound import Sound


def image(side: int, channels: int) -> np.ndarray:
    """Return pixels (side, side, channels) of 8 bits."""
    rng = np.random.default_rng([side, channels])
    smooth = np.stack([gaussian_filter(rng.standard_normal((side, side)), side / 20) for _ in range(channels)], axis=2)
    levels = 128 + 40 * smooth / smooth.std() + 3 * rng.standard_normal(smooth.shape)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def sound(rate: int, seconds: float = 10) -> np.ndarray:
    """Return samples (n,) of 16 bits: noise that comes and goes twice a second over a floor."""
    rng = np.random.default_rng(rate)
    at = np.arange(round(rate * seconds)) / rate
    loud = np.where(np.sin(4 * np.pi * at) > 0, 0.1, 0.001)
    return np.rint(32768 * np.clip(loud * rng.standard_normal(len(at)), -1, 0.999)).astype(np.int16)


def milliseconds(run: Callable[[], Any], repeats: int) -> float:
    """Return the least time of the processor of ``repeats`` runs: others on the machine slow it down, and nothing speeds it up."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return 1e3 * min(times)


def decode_image(pixels: np.ndarray) -> Callable[[], Any] | None:
    """Return what decodes the image from JPEG (quality 90) to floats with Pillow, or None without Pillow."""
    try:
        from PIL import Image
    except ImportError:
        return None
    file = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(file, "JPEG", quality=90)
    return lambda: np.asarray(Image.open(file), dtype=np.float32) / 255


def decode_sound(samples: np.ndarray, rate: int) -> Callable[[], Any] | None:
    """Return what decodes the sound from FLAC with soundfile, or None without soundfile."""
    try:
        import soundfile
    except ImportError:
        return None
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="FLAC")
    data = file.getvalue()
    return lambda: soundfile.read(io.BytesIO(data), dtype="float32")


def measure(make: Callable[[], Picture | Sound], decode: Callable[[], Any] | None, repeats: int) -> dict[str, float]:
    """Return milliseconds by name of the view, and of ``shared``, ``all`` and ``decoding`` (NaN where it cannot be done)."""
    first = make()
    views = recording_views("image" if isinstance(first, Picture) else "audio")
    all_of_them = milliseconds(lambda: look(make()), repeats)
    # The second time all that is shared is there.
    look(first)
    each = {view.name: milliseconds(lambda view=view: view(first), repeats) for view in views}  # type: ignore[misc]
    shared = max(0.0, all_of_them - sum(each.values()))
    decoding = milliseconds(decode, repeats) if decode else float("nan")
    return {**each, "shared": shared, "all": all_of_them, "decoding": decoding}


def table(title: str, rows: dict[str, dict[str, float]]) -> str:
    """Return a Markdown table, one row a recording."""
    names = list(next(iter(rows.values())))
    lines = [f"| {title} | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    lines += [
        f"| {name} | " + " | ".join(f"{row[column]:.1f}" for column in names) + " |" for name, row in rows.items()
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args(arguments)
    images: dict[str, dict[str, float]] = {}
    sounds: dict[str, dict[str, float]] = {}
    with one_thread():
        for side in (512, 1000):
            for channels, name in ((1, "grey"), (3, "colour")):
                pixels = image(side, channels)
                floats = pixels.astype(np.float32) / 255
                images[f"{side} x {side}, {name}"] = measure(
                    lambda floats=floats: Picture(floats),  # type: ignore[misc]
                    decode_image(pixels),
                    options.repeats,
                )
        for rate in (8000, 16_000, 44_100):
            samples = sound(rate)
            floats = samples.astype(np.float32) / 32768
            sounds[f"10 s at {rate:,} Hz"] = measure(
                lambda floats=floats, rate=rate: Sound(floats, rate),  # type: ignore[misc]
                decode_sound(samples, rate),
                options.repeats,
            )
    print(table("ms of the processor", images), end="\n\n")
    print(table("ms of the processor", sounds))
    for name, row in sounds.items():
        print(f"{name}: {10_000 / row['all']:,.0f} times real time")


if __name__ == "__main__":
    main()
