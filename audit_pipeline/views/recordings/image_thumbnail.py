"""The view ``thumbnail`` of an image: its layout, and no detail."""

from __future__ import annotations

import numpy as np

from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.registry import image_view

VERSION = 1
SIDE = 16
COLUMNS = tuple(f"brightness at row {row}, column {column}" for row in range(SIDE) for column in range(SIDE))


@image_view("thumbnail", version=VERSION, columns=COLUMNS)
def thumbnail(picture: Picture) -> np.ndarray:
    """Average the luminance over 16 x 16 areas: where the image is bright and where dark.

    Contains: exposure, position and posture, padding, what a person sees from afar; often the label.

    Must not contain: colour, the aspect ratio, noise of the sensor or anything else finer than a 16th of a side.

    Changes little with the number of pixels (areas are averaged).
    """
    return picture.square(SIDE).ravel()
