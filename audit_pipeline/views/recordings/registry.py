"""How the views of recordings are found: a view registers itself by a decorator in its own file of this folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from audit_pipeline.views.recordings import picture, sound
from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.sound import Sound

Medium = Literal["image", "audio"]
PictureFunction = Callable[[Picture], np.ndarray]
SoundFunction = Callable[[Sound], np.ndarray]


@dataclass(frozen=True)
class RecordingView:
    """A registered view of recordings.

    Parameters
    ----------
    medium : ``image`` or ``audio``; names are unique within a medium.
    name : lower case, e.g. ``noise``; ``label_free:`` in a spec and the rows of evidence call it so.
    version : the file's ``VERSION``, raised whenever its numbers change.
    columns : names of the numbers, in their order; the same for every recording.
    function : from a prepared recording to as many numbers; what cannot be measured is NaN.
    """

    medium: Medium
    name: str
    version: int
    columns: tuple[str, ...]
    function: PictureFunction | SoundFunction

    @property
    def doc(self) -> str:
        """The docstring, from which the documentation page is generated."""
        return (self.function.__doc__ or "").strip()

    @property
    def key(self) -> str:
        """What a cached row depends on beside the file: this view and the preparation that all views share."""
        shared = picture.VERSION if self.medium == "image" else sound.VERSION
        return f"{self.medium}/{self.name}@{shared}.{self.version}"

    def __call__(self, recording: Picture | Sound) -> np.ndarray:
        """Return the row (p,) float32 of one recording, NaN where something cannot be measured."""
        wanted = Picture if self.medium == "image" else Sound
        if not isinstance(recording, wanted):
            raise TypeError(f"the view {self.name!r} of {self.medium} takes a {wanted.__name__}, not {type(recording)}")
        if not recording.measurable:
            return np.full(len(self.columns), np.nan, dtype=np.float32)
        with np.errstate(all="ignore"):
            row = np.asarray(self.function(recording), dtype=np.float32)  # type: ignore[arg-type]
        assert row.shape == (len(self.columns),), f"{self.key}: {row.shape} for {len(self.columns)} columns"
        row[~np.isfinite(row)] = np.nan
        return row


_VIEWS: dict[tuple[Medium, str], RecordingView] = {}


def image_view(name: str, *, version: int, columns: Sequence[str]) -> Callable[[PictureFunction], PictureFunction]:
    """Register a view of images: a pure function from a :class:`Picture` to one number a column."""

    def register(function: PictureFunction) -> PictureFunction:
        _VIEWS["image", name] = RecordingView("image", name, version, tuple(columns), function)
        return function

    return register


def audio_view(name: str, *, version: int, columns: Sequence[str]) -> Callable[[SoundFunction], SoundFunction]:
    """Register a view of sounds: a pure function from a :class:`Sound` to one number a column."""

    def register(function: SoundFunction) -> SoundFunction:
        _VIEWS["audio", name] = RecordingView("audio", name, version, tuple(columns), function)
        return function

    return register


@lru_cache(maxsize=1)
def _discover() -> None:
    package = importlib.import_module("audit_pipeline.views.recordings")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def recording_views(medium: Medium) -> tuple[RecordingView, ...]:
    """Return all views of a medium, in the order of their names."""
    _discover()
    return tuple(_VIEWS[key] for key in sorted(_VIEWS) if key[0] == medium)


def recording_view(medium: Medium, name: str) -> RecordingView:
    """Return a view of a medium by name."""
    _discover()
    return _VIEWS[medium, name]


def look(recording: Picture | Sound) -> dict[str, np.ndarray]:
    """Return the row of every view of one recording; what several views need of it is computed once."""
    medium: Medium = "image" if isinstance(recording, Picture) else "audio"
    return {view.name: view(recording) for view in recording_views(medium)}
