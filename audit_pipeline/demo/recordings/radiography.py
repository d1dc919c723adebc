"""X-ray scanners: what each makes of the same chest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Scanner:
    """A scanner and the region where it stands.

    Parameters
    ----------
    latitude : contrast of the tone curve (slope of display value over log exposure).
    middle : log exposure, relative to the mean of the chest, that is shown as middle grey.
    sharpening : strength of the unsharp mask that its software applies.
    dose : photons a pixel behind the lungs; quantum noise is 1 / sqrt(dose).
    columns : deviation of its detector's column offsets, in shares of full scale.
    collimated : pixels at each side that its shutters cover.
    sensor : seed of its detector's fixed pattern.
    """

    name: str
    region: str
    latitude: float
    middle: float
    sharpening: float
    dose: float
    columns: float
    collimated: int
    sensor: int


def _scanner(name: str, region: str, sensor: int, *settings: float) -> Scanner:
    latitude, middle, sharpening, dose, columns, collimated = settings
    return Scanner(
        name=name,
        region=region,
        sensor=sensor,
        latitude=latitude,
        middle=middle,
        sharpening=sharpening,
        dose=dose,
        columns=columns,
        collimated=int(collimated),
    )


SCANNERS = (
    _scanner("V1", "valley", 61, 0.95, 0.05, 0.6, 900, 0.004, 2),
    _scanner("V2", "valley", 62, 1.10, -0.04, 0.9, 500, 0.002, 0),
    _scanner("V3", "valley", 63, 0.85, 0.00, 0.2, 1_400, 0.006, 1),
    _scanner("C1", "coast", 64, 1.05, 0.10, 0.0, 700, 0.001, 3),
    _scanner("C2", "coast", 65, 0.90, -0.08, 0.4, 1_100, 0.003, 0),
    _scanner("H1", "hills", 66, 1.00, 0.02, 0.3, 400, 0.005, 4),
)
