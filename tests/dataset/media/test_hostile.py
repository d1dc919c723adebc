"""Whatever stands in a file, it becomes a recording, a header or a problem; nothing is printed, nothing else escapes."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit_pipeline.dataset.media import Fact, Limits, Picture, Unreadable, decode, decode_frames, read_header
from audit_pipeline.dataset.media.problems import PROBLEM_KINDS
from tests.dataset.media.files import MAKERS, valid

SMALL = Limits(bytes=1 << 20, pixels=1 << 20, frames=64, samples=1 << 20)
BOUNDED = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
PATIENCE = 5.0


def survives(content: bytes) -> None:
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            header = read_header(content, name="f", limits=SMALL)
            assert all(isinstance(fact, Fact) for fact in header.values())
        except Unreadable as error:
            told(error)
        try:
            recording = decode(content, limits=SMALL)
            if isinstance(recording, Picture):
                inside(recording.pixels, 0.0)
                for other in decode_frames(content, limits=SMALL):
                    inside(other.pixels, 0.0)
            else:
                inside(recording.samples, -1.0)
        except Unreadable as error:
            told(error)
    assert time.perf_counter() - started < PATIENCE


def inside(values: np.ndarray, low: float) -> None:
    assert values.dtype == np.float32
    assert values.size
    assert low <= values.min() <= values.max() <= 1.0


def told(error: Unreadable) -> None:
    assert error.problem.kind in PROBLEM_KINDS
    assert error.problem.reason
    assert error.problem.remedy
    assert error.problem.path


@pytest.mark.parametrize("name", MAKERS)
@BOUNDED
@given(data=st.data())
def test_damaged_files(name: str, capfd: pytest.CaptureFixture[str], data: st.DataObject) -> None:
    whole = valid(name)
    content = bytearray(whole)
    # Most of a header's fields lie at its start, where flips do the strangest things.
    places = st.one_of(st.integers(0, min(400, len(whole) - 1)), st.integers(0, len(whole) - 1))
    for place, bit in data.draw(st.lists(st.tuples(places, st.integers(0, 7)), max_size=6)):
        content[place] ^= 1 << bit
    cut = data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))
    survives(bytes(content[:cut]))
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


STARTS = (
    *(
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"II*\0\x08\0\0\0",
        b"MM\0*\0\0\0\x08",
        b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0",
    ),
    *(
        b"BM",
        b"RIFF\xff\xff\0\0WAVEfmt ",
        b"RIFF\xff\xff\0\0WEBPVP8X",
        b"\x93NUMPY\x01\0",
        b"fLaC\0\0\0\x22",
        b"OggS\0\x02",
    ),
    *(b"ID3\x04\0\0\0\0\0\x0a", b"\xff\xfb\x94\x44", bytes(128) + b"DICM", b"\x08\0\x05\0CS\x0a\0", b"\x02\0\x10\0UI"),
)


@settings(BOUNDED, max_examples=150)
@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=300))
def test_any_bytes(capfd: pytest.CaptureFixture[str], start: bytes, rest: bytes) -> None:
    survives(start + rest)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", MAKERS)
def test_every_cut_near_the_ends(name: str) -> None:
    whole = valid(name)
    for cut in [*range(0, min(len(whole), 60), 4), *range(max(0, len(whole) - 20), len(whole), 3)]:
        survives(whole[:cut])
