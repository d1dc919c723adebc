"""How much of a file is read, decoded and waited for: policy, so that no file can fill the memory or stop an audit."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Limits:
    """Bounds on one file. All are generous for what people record and small for a machine with 16 GB.

    Parameters
    ----------
    bytes : size of the file as it is stored.
    pixels : height times width of one frame; as float32 in three colours 100 million take 1.2 GB.
    frames : pages of a TIFF, frames of a DICOM or WebP file. They are decoded one at a time.
    seconds : length of a sound.
    samples : length times channels of a sound; as float32 200 million take .8 GB.
    ratio : a file that is over a bound and would unpack to more than this many times its size is called a bomb, not large.
    scans : scans of a progressive JPEG; each walks the whole picture, and encoders make about ten.
    header : bytes that are looked through for header fields.
    memory : bytes that a worker process may allocate beyond what it starts with (where the system can hold it to that).
    patience : seconds that a worker process may spend on one file.
    """

    bytes: int = 1 << 30
    pixels: int = 100_000_000
    frames: int = 10_000
    seconds: float = 4 * 3600.0
    samples: int = 200_000_000
    ratio: int = 200
    scans: int = 100
    header: int = 16 << 20
    memory: int = 4 << 30
    patience: float = 120.0

    def __post_init__(self) -> None:
        for item in fields(self):
            if not getattr(self, item.name) > 0:
                raise ValueError(f"{item.name} must be positive, not {getattr(self, item.name)!r}")

    def to_json(self) -> dict[str, Any]:
        """Return the bounds as they are sent to a worker process: ``Limits(**limits.to_json())`` is the same."""
        return asdict(self)


DEFAULT = Limits()
