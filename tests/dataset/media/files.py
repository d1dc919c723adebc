"""Recordings for the tests, made when they are asked for: small valid files of every kind, as bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)

HEIGHT, WIDTH, RATE = 24, 32, 8000


def grey(bits: int = 8) -> np.ndarray:
    """Return (24, 32) grey values, smooth enough to be compressed and with the darkest and the brightest among them."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    noise = np.random.default_rng(0).normal(0, 0.05, (HEIGHT, WIDTH))
    values = np.clip((rows / HEIGHT + columns / WIDTH) / 2 + noise, 0, 1)
    values[0, 0], values[-1, -1] = 0, 1
    return np.round(values * ((1 << bits) - 1)).astype(np.uint8 if bits <= 8 else np.uint16)


def color(bits: int = 8) -> np.ndarray:
    """Return (24, 32, 3) colours."""
    one = grey(bits)
    return np.stack([one, one[::-1], one[:, ::-1]], axis=2)


def tone(channels: int = 1) -> np.ndarray:
    """Return (2000, channels) samples in -1..1: a quarter of a second of a tone with noise."""
    time = np.arange(2000)[:, None] / RATE
    noise = np.random.default_rng(0).normal(0, 0.05, (2000, channels))
    return np.clip(0.5 * np.sin(2 * np.pi * 440 * time) + noise, -1, 1)


def saved(values: np.ndarray | Image.Image, kind: str, **options: Any) -> bytes:
    """Return a picture as Pillow writes it."""
    target = io.BytesIO()
    image = values if isinstance(values, Image.Image) else Image.fromarray(values)
    image.save(target, kind, **options)
    return target.getvalue()


def tiff(values: np.ndarray, **options: Any) -> bytes:
    """Return pages as tifffile writes them."""
    import tifffile

    target = io.BytesIO()
    tifffile.imwrite(target, values, **options)
    return target.getvalue()


def array(values: Any, **options: Any) -> bytes:
    target = io.BytesIO()
    np.save(target, values, **options)
    return target.getvalue()


def sounding(kind: str, subtype: str, samples: np.ndarray | None = None, rate: int = RATE) -> bytes:
    """Return a sound as libsndfile writes it."""
    import soundfile

    target = io.BytesIO()
    soundfile.write(target, tone() if samples is None else samples, rate, format=kind, subtype=subtype)
    return target.getvalue()


def dicom(
    values: np.ndarray | None = None,
    *,
    syntax: str = ExplicitVRLittleEndian,
    frames: list[bytes] | None = None,
    **tags: Any,
) -> bytes:
    """Return a DICOM file; by default a computed tomography of 12 bits.

    Parameters
    ----------
    values : (height, width), (frames, height, width) or (height, width, 3).
    frames : encoded frames, for a syntax that compresses.
    tags : elements by keyword, over the default ones; None leaves one out.
    """
    values = grey(12) if values is None else values
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, "1.2.3.4"
    dataset.Modality, dataset.Manufacturer, dataset.ManufacturerModelName = "CT", "ACME", "Scan 9"
    dataset.SamplesPerPixel = 3 if values.ndim == 3 and values.shape[2] == 3 else 1
    dataset.PhotometricInterpretation = "RGB" if dataset.SamplesPerPixel == 3 else "MONOCHROME2"
    if dataset.SamplesPerPixel == 3:
        dataset.PlanarConfiguration = 0
    elif values.ndim == 3:
        dataset.NumberOfFrames = len(values)
    dataset.Rows, dataset.Columns = values.shape[:2] if dataset.SamplesPerPixel == 3 else values.shape[-2:]
    dataset.BitsAllocated = 8 * values.dtype.itemsize
    dataset.BitsStored = 12 if values.dtype == np.uint16 else dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = 0
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    dataset.PixelData = encapsulate(frames) if frames else values.tobytes()
    dataset["PixelData"].VR = "OB" if frames or values.dtype == np.uint8 else "OW"
    for keyword, value in tags.items():
        if value is None:
            del dataset[keyword]
        else:
            setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    target = io.BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()


def run_length(values: np.ndarray) -> bytes:
    """Return a DICOM file of run-length coded pixels."""
    from pydicom.pixels import get_encoder

    frame = next(
        get_encoder(RLELossless).iter_encode(
            values,
            rows=values.shape[0],
            columns=values.shape[1],
            samples_per_pixel=1,
            bits_allocated=16,
            bits_stored=12,
            pixel_representation=0,
            number_of_frames=1,
            photometric_interpretation="MONOCHROME2",
        )
    )
    return dicom(values, syntax=RLELossless, frames=[frame])


MAKERS: dict[str, Callable[[], bytes]] = {
    "grey.png": lambda: saved(grey(), "PNG"),
    "color.png": lambda: saved(color(), "PNG"),
    "deep.png": lambda: saved(grey(16), "PNG"),
    "palette.png": lambda: saved(Image.fromarray(color()).quantize(16), "PNG"),
    "color.jpeg": lambda: saved(color(), "JPEG", quality=90),
    "grey.jpeg": lambda: saved(grey(), "JPEG", quality=90),
    "progressive.jpeg": lambda: saved(color(), "JPEG", progressive=True),
    "color.bmp": lambda: saved(color(), "BMP"),
    "color.webp": lambda: saved(color(), "WEBP"),
    "lossless.webp": lambda: saved(color(), "WEBP", lossless=True),
    "plain.tiff": lambda: saved(color(), "TIFF"),
    "lzw.tiff": lambda: saved(color(), "TIFF", compression="tiff_lzw"),
    "jpeg.tiff": lambda: saved(color(), "TIFF", compression="jpeg"),
    "deep.tiff": lambda: tiff(grey(16)),
    "deflate.tiff": lambda: tiff(color(16), compression="zlib", photometric="rgb"),
    "pages.tiff": lambda: tiff(np.stack([grey(16), grey(16)[::-1]]), photometric="minisblack", metadata=None),
    "one.dcm": lambda: dicom(),
    "implicit.dcm": lambda: dicom(syntax=ImplicitVRLittleEndian),
    "deflated.dcm": lambda: dicom(syntax=DeflatedExplicitVRLittleEndian),
    "frames.dcm": lambda: dicom(np.stack([grey(12), grey(12)[::-1]])),
    "color.dcm": lambda: dicom(color()),
    "rle.dcm": lambda: run_length(grey(12)),
    "jpeg.dcm": lambda: dicom(grey(), syntax=JPEGBaseline8Bit, frames=[saved(grey(), "JPEG", quality=95)]),
    "grey.npy": lambda: array(grey()),
    "float.npy": lambda: array(grey().astype(np.float32) / 255),
    "frames.npy": lambda: array(np.stack([grey(), grey()[::-1]])),
    "8.wav": lambda: sounding("WAV", "PCM_U8"),
    "16.wav": lambda: sounding("WAV", "PCM_16", tone(2)),
    "24.wav": lambda: sounding("WAV", "PCM_24"),
    "32.wav": lambda: sounding("WAV", "PCM_32"),
    "float.wav": lambda: sounding("WAV", "FLOAT"),
    "law.wav": lambda: sounding("WAV", "ULAW"),
    "sound.flac": lambda: sounding("FLAC", "PCM_16"),
    "vorbis.ogg": lambda: sounding("OGG", "VORBIS"),
    "opus.ogg": lambda: sounding("OGG", "OPUS"),
    "sound.mp3": lambda: sounding("MP3", "MPEG_LAYER_III"),
}
"""Every kind of file, by a name for it."""


@cache
def valid(name: str) -> bytes:
    """Return the valid file of a name."""
    return MAKERS[name]()
