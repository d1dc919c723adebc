"""What is taken of a recording, by name: its views, the input of a network, the remainder that shows a sensor's pattern."""

from __future__ import annotations

from typing import Literal

from audit_pipeline.spec import AUDIO_VIEWS, IMAGE_VIEWS

Medium = Literal["image", "audio"]

FULL = "full"
"""The view that models see."""

ENCODER = "encoder"
"""What they see instead where the spec names an encoder."""

HEADER_VIEWS = ("file", "name")
"""Views that are made of the header and the file's name, and need no look at the content."""

PLANE, REMAINDER = "plane", "remainder"

PATTERN = "pattern"
"""What is made of all images' remainders together: the directions in which they vary, where a sensor's pattern shows."""


def looks(medium: Medium) -> tuple[str, ...]:
    """Return the names of all that is taken of a recording's content, in the order in which it is stored."""
    views = IMAGE_VIEWS if medium == "image" else AUDIO_VIEWS
    seen = sorted({FULL, *views} - set(HEADER_VIEWS))
    return (*seen, PLANE, *((REMAINDER,) if medium == "image" else ()))


def as_text(name: str) -> str:
    """Return a file's name as text: a name is bytes to the system, and what is none of UTF-8 is shown as ``\\udcff``."""
    return name.encode("utf-8", "backslashreplace").decode()
