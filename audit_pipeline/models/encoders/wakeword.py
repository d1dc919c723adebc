"""``openwakeword``: an embedding of speech whose weights come with the package (Lin et al. 2020, by D. Scripka)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from audit_pipeline.errors import SpecError
from audit_pipeline.models.encoders import inputs
from audit_pipeline.models.encoders.contract import digest, filled
from audit_pipeline.models.encoders.libraries import needed, versions
from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.sound import Sound

RATE = 16_000
WINDOW, STEP = 76, 8
"""Frames of 10 ms that one embedding sees, and from one to the next."""

SHORTEST = 160 * (WINDOW + 3)
"""Samples that give one window; shorter sounds are followed by zeros."""

EMBEDDED = 96


@dataclass(frozen=True)
class WakewordEncoder:
    """The package's two networks, run by onnxruntime in one thread; its own Python is not run.

    A row is the mean of the embeddings over time and, after it, their deviation.
    """

    version: str
    spectrogram: Any
    embedding: Any
    name: str = "openwakeword"
    dimensions: int = 2 * EMBEDDED

    @classmethod
    def open(cls) -> WakewordEncoder:
        """Find the package and load its networks.

        Raises
        ------
        SpecError : it is not installed, or has no weights in it.
        """
        runtime = needed("onnxruntime", "openwakeword", "wakeword")
        package = find_spec("openwakeword")
        if package is None or not package.submodule_search_locations:
            raise SpecError(
                "the encoder 'openwakeword' needs the library openwakeword, which is not installed",
                remedy="pip install 'audit-pipeline[wakeword]'",
            )
        folder = Path(next(iter(package.submodule_search_locations))) / "resources" / "models"
        files = [folder / "melspectrogram.onnx", folder / "embedding_model.onnx"]
        if not all(file.is_file() for file in files):
            raise SpecError(
                "the installed openwakeword has no weights in it",
                file=folder,
                expected="release 0.4.0; later ones download theirs",
                remedy="pip install 'audit-pipeline[wakeword]'",
            )
        options = runtime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        models = [file.read_bytes() for file in files]
        sessions = [runtime.InferenceSession(m, options, providers=["CPUExecutionProvider"]) for m in models]
        return cls(digest([str(inputs.VERSION), *versions("onnxruntime"), *models]), *sessions)

    def encode(self, batch: Sequence[Picture | Sound]) -> np.ndarray:
        """Return (n, 192) float32; NaN for sounds that cannot be measured."""
        rows = [self._row(sound) for sound in batch if isinstance(sound, Sound) and sound.measurable]
        return filled(batch, self.dimensions, np.array(rows).reshape(-1, self.dimensions))

    def _row(self, sound: Sound) -> np.ndarray:
        found = np.concatenate([self._embedded(part) for part in inputs.stretches(sound, RATE)])
        return np.concatenate([found.mean(axis=0), found.std(axis=0)])

    def _embedded(self, samples: np.ndarray) -> np.ndarray:
        """Return (windows, 96) of (samples,) in -1..1."""
        padded = np.pad(samples, (0, max(0, SHORTEST - len(samples))))
        # The network expects integers of 16 bits, and its spectrogram the scale of the original's.
        levels = np.rint(np.clip(padded, -1, 1) * 32767).astype(np.float32)[None]
        (spectrogram,) = self.spectrogram.run(None, {"input": levels})
        frames = spectrogram.reshape(-1, spectrogram.shape[-1]) / 10 + 2
        windows = np.lib.stride_tricks.sliding_window_view(frames, WINDOW, axis=0)[::STEP].transpose(0, 2, 1)
        (found,) = self.embedding.run(None, {"input_1": np.ascontiguousarray(windows[..., None], dtype=np.float32)})
        return np.asarray(found).reshape(-1, EMBEDDED)
