"""Recordings as they come: untrusted files of pictures and sound, decoded within bounds, with what their headers say.

:func:`read_header` and :func:`decode` take one file and raise nothing but :class:`Unreadable`; :func:`scan` takes many and
returns a table with a row for each, whatever is wrong with it.
"""

from __future__ import annotations

from audit_pipeline.dataset.media.columns import unhelpful
from audit_pipeline.dataset.media.decode import decode, decode_frames
from audit_pipeline.dataset.media.headers import FIELDS, PREFIX, Fact, Field, Origin, read_header
from audit_pipeline.dataset.media.image import Picture
from audit_pipeline.dataset.media.limits import Limits
from audit_pipeline.dataset.media.problems import Problem, Unreadable
from audit_pipeline.dataset.media.scan import scan
from audit_pipeline.dataset.media.sound import Sound

__all__ = [
    "FIELDS",
    "PREFIX",
    "Fact",
    "Field",
    "Limits",
    "Origin",
    "Picture",
    "Problem",
    "Sound",
    "Unreadable",
    "decode",
    "decode_frames",
    "read_header",
    "scan",
    "unhelpful",
]
