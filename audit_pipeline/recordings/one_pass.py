"""The work on one file, in a worker process: its header and its content read once, every view of it taken."""

from __future__ import annotations

import base64
import traceback
from typing import Any

import numpy as np

from audit_pipeline.dataset import media
from audit_pipeline.dataset.media.examine import examine
from audit_pipeline.recordings.names import PLANE, REMAINDER, Medium
from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.planes import plane
from audit_pipeline.views.recordings.registry import recording_views
from audit_pipeline.views.recordings.sensor_pattern import remainder
from audit_pipeline.views.recordings.sound import Sound

REMAINDER_STEPS = 16.0
"""Steps to a grey level in which remainders are kept, as integers of 8 bits: +-8 grey levels, finer than their noise."""


class _WrongMedium(Exception):
    """The file is a sound where images are audited, or the other way round."""


def work(task: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a file (see :func:`examine`) with ``looks``: base64 of little-endian arrays by name.

    Parameters
    ----------
    task : ``path``, ``limits``, ``decode``, ``medium`` and ``wanted``: names of views, and of what else ``names.looks`` has.

    A view that raises is a fault of this program, not of the file: the row then has the traceback under ``fault``.
    """
    looks: dict[str, str] = {}
    fault: list[str] = []

    def visit(recording: media.Picture | media.Sound) -> None:
        seen = prepared(recording)
        if isinstance(seen, Picture) != (task["medium"] == "image"):
            raise _WrongMedium
        try:
            looks.update(_looks(seen, task["medium"], set(task["wanted"])))
        except MemoryError:
            raise
        except Exception:
            fault.append(traceback.format_exc())

    row = examine(task, visit)
    if row["problem"] == "corrupt" and _WrongMedium.__name__ in (row["reason"] or ""):
        other, this = ("a sound", "images") if task["medium"] == "image" else ("a picture", "sounds")
        row |= {
            "problem": "unsupported",
            "reason": f"this is {other}, and {this} are audited",
            "remedy": "leave the record out, or audit the two kinds apart",
        }
    return {**row, "looks": looks, "fault": "".join(fault)}


def prepared(recording: media.Picture | media.Sound) -> Picture | Sound:
    """Return a decoded recording as the views take it."""
    if isinstance(recording, media.Picture):
        # The integers that were decoded: a whole image of floats would cost more than looking at it.
        return Picture(recording.stored, recording.scale)
    return Sound(recording.samples, recording.rate)


def _looks(seen: Picture | Sound, medium: Medium, wanted: set[str]) -> dict[str, str]:
    found = {view.name: _packed(view(seen), "<f4") for view in recording_views(medium) if view.name in wanted}
    if PLANE in wanted:
        found[PLANE] = _packed(plane(seen), "u1")
    if REMAINDER in wanted and isinstance(seen, Picture):
        steps = np.clip(np.rint(remainder(seen) * REMAINDER_STEPS), -127, 127)
        found[REMAINDER] = _packed(steps, "i1")
    return found


def _packed(values: np.ndarray, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode("ascii")
