"""Images: a site that shows in the sensor's pattern, the lens's fall-off, the quality of compression or a mark in the border."""

from __future__ import annotations

import numpy as np

from benchmarks.truth.case import Case, family
from benchmarks.truth.recordings.cases import image_case
from benchmarks.truth.recordings.images import Trace

CELLS = (
    {"v": 0.3},
    {"v": 0.6},
    {"v": 0.6, "strength": 0.5},
    {"v": 0.6, "levels": 3},
    {"v": 0.6, "per": 3},
)
"""Of every trace: doses of the association, a weaker trace, three sites, and three records of a subject."""

SIZES = (300,)


@family("Images: the site's sensor has a fixed pattern", kind="alternative", cells=CELLS, sizes=SIZES, medium="image")
def image_sensor(rng: np.random.Generator, n: int, v: float, **how: float) -> Case:
    """A pattern of 2 grey levels under a noise of 4, and a little more light at one site."""
    return image_case(rng, n, "sensor", v, **how)


@family("Images: the site's lens loses more light", kind="alternative", cells=CELLS, sizes=SIZES, medium="image")
def image_vignetting(rng: np.random.Generator, n: int, v: float, **how: float) -> Case:
    """A loss of 8% and 16% at the corners, with a natural deviation of 3%."""
    return image_case(rng, n, "vignetting", v, **how)


@family("Images: the site compresses more", kind="alternative", cells=CELLS, sizes=SIZES, medium="image")
def image_jpeg(rng: np.random.Generator, n: int, v: float, **how: float) -> Case:
    """JPEG at qualities 92 and 80: the header says so, and the pixels show it. So columns of the header are shortcuts too."""
    return image_case(rng, n, "jpeg", v, **how)


@family(
    "Images: nobody recorded the site, which compresses more",
    kind="alternative",
    cells=[{"v": 0.3}, {"v": 0.6}, {"v": 1.0}],
    sizes=SIZES,
    medium="image",
)
def image_unnamed(rng: np.random.Generator, n: int, v: float) -> Case:
    """As above, with no metadata at all: only the files' headers can tell. With a V of 1 the labels cannot be told apart."""
    return image_case(rng, n, "jpeg", v, declared=False)


@family("Images: the site burns its mark into the border", kind="alternative", cells=CELLS, sizes=SIZES, medium="image")
def image_text(rng: np.random.Generator, n: int, v: float, **how: float) -> Case:
    """A faint letter in the upper left corner of 70% of the images."""
    return image_case(rng, n, "text", v, **how)


READABLE: tuple[Trace, ...] = ("sensor", "vignetting", "jpeg", "text")
NULL_SIZES = (100, 300)


@family(
    "Images: one edge at most",
    kind="null",
    cells=[
        *({"trace": trace, "v": 0.0} for trace in READABLE),
        {"trace": "jpeg", "v": 0.0, "declared": False},
        {"trace": "none", "v": 0.5},
        {"trace": "none", "v": 0.0},
    ],
    sizes=NULL_SIZES,
    medium="image",
)
def image_nulls(rng: np.random.Generator, n: int, trace: Trace, v: float, declared: bool = True) -> Case:
    """The traces of the families above; all images show the label. Once nobody recorded the site, and the header tells it."""
    return image_case(rng, n, trace, v, declared=declared)


@family(
    "Images: one edge at most, five of a subject",
    kind="null",
    cells=[{"trace": "sensor", "v": 0.0}, {"trace": "jpeg", "v": 0.0}, {"trace": "none", "v": 0.5}],
    sizes=(300,),
    medium="image",
)
def image_grouped(rng: np.random.Generator, n: int, trace: Trace, v: float) -> Case:
    """Label and site belong to the subject, whose images share half of their natural variance."""
    return image_case(rng, n, trace, v, per=5)
