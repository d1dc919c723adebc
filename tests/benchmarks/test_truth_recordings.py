"""Recordings of the truth benchmark: files say of their site what the truth says, and nothing else."""

from __future__ import annotations

import io
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.stats import binom, ttest_ind

from audit_pipeline.dataset.media.headers import Origin, read_header
from benchmarks.truth import page, runner
from benchmarks.truth.case import LABEL, Case, Family, families
from benchmarks.truth.families.five_kinds import KINDS
from benchmarks.truth.plan import parts
from benchmarks.truth.recordings import folder, images, sounds
from benchmarks.truth.recordings.cases import HEADERS, image_case, sound_case
from benchmarks.truth.recordings.design import PATH, design
from benchmarks.truth.scores import recordings
from benchmarks.truth.scores.cases import by_case

RECORDED = [family for family in families().values() if family.medium != "table"]


def _pixels(case: Case) -> np.ndarray:
    assert case.files is not None
    return np.stack([np.asarray(Image.open(io.BytesIO(content)), dtype=float) for _, content in case.files()])


def _samples(case: Case) -> np.ndarray:
    assert case.files is not None
    return np.stack([soundfile.read(io.BytesIO(content))[0] for _, content in case.files()])


@pytest.mark.parametrize("family", RECORDED, ids=lambda family: family.name)
def test_files_are_those_of_the_table(family: Family, tmp_path: Path) -> None:
    """Every path has its file; the same seed gives the same bytes, another seed others."""
    case, again, other = (family.case(family.cells[0], 60, replicate) for replicate in (0, 0, 1))
    table = folder.write(case, tmp_path)
    stored = pd.read_csv(table)
    assert all((tmp_path / path).is_file() for path in stored[PATH])
    assert len(list((tmp_path / "files").iterdir())) == len(stored)
    assert case.arguments[family.medium] == PATH
    first = [dict(islice(made.files(), 5)) for made in (case, again, other) if made.files is not None]
    assert first[0] == first[1]
    assert first[0] != first[2]


@pytest.mark.parametrize("trace", ["none", "sensor", "vignetting", "jpeg", "text", "microphone", "floor", "silence"])
def test_headers_say_nothing_but_the_quality(trace: str) -> None:
    """All files of a dataset have one header; with qualities that differ, three fields say the site, and no others anything."""
    rng = np.random.default_rng(0)
    case = (
        sound_case(rng, 60, trace, 0.6)
        if trace in ("microphone", "floor", "silence")
        else image_case(rng, 60, trace, 0.6)
    )
    assert case.files is not None
    headers = [read_header(content, name=Path(name).name) for name, content in case.files()]
    said = {
        f"file.{field}"
        for field in set().union(*headers)
        if len({header[field].value if field in header else None for header in headers}) > 1
        and next(header[field] for header in headers if field in header).origin is Origin.ACQUISITION
    }
    assert said == (set(HEADERS) if trace == "jpeg" else set())
    for column in said:
        values = [header[column.removeprefix("file.")].value for header in headers]
        assert pd.crosstab(pd.Series(values), case.frame["site"]).gt(0).to_numpy().sum() == 2
    # A name is a number, which tells the files apart and groups none of them.
    assert {header["name_shape"].value for header in headers} == {"0"}


def _mark(pixels: np.ndarray) -> np.ndarray:
    """Return how much more a corner looks like the first site's letter than like the second's."""
    letters = [np.array([[int(cell) for cell in line] for line in images.GLYPHS[site]]) for site in (0, 1)]
    windows = np.lib.stride_tricks.sliding_window_view(pixels[:, :9, :9], (5, 5), axis=(1, 2))
    fits = [np.einsum("nabij,ij->nab", windows, letter - letter.mean()).max(axis=(1, 2)) for letter in letters]
    return np.asarray(fits[0] - fits[1])


def _grid(pixels: np.ndarray) -> np.ndarray:
    steps = np.abs(np.diff(pixels, axis=2)).mean(axis=1)
    return np.asarray(np.log(steps[:, 7::8].mean(axis=1) / steps.mean(axis=1)))


def _corners(pixels: np.ndarray) -> np.ndarray:
    corners = (pixels[:, rows, columns].mean(axis=(1, 2)) for rows in _ENDS for columns in _ENDS)
    return np.asarray(sum(corners) / 4 / pixels[:, 24:40, 24:40].mean(axis=(1, 2)))


_ENDS = (slice(0, 8), slice(56, 64))


def _tilt(samples: np.ndarray) -> np.ndarray:
    power = np.abs(np.fft.rfft(samples)) ** 2
    return np.asarray(np.log(power[:, 100:400].sum(axis=1) / power[:, 3000:].sum(axis=1)))


def _start(samples: np.ndarray) -> np.ndarray:
    loud = np.abs(samples) > 0.1 * np.abs(samples).max(axis=1, keepdims=True)
    return np.argmax(loud, axis=1) / sounds.RATE


MEASURES = {
    "vignetting": _corners,
    "jpeg": _grid,
    "text": _mark,
    "microphone": _tilt,
    "floor": lambda samples: np.log(np.square(samples[:, -1200:]).mean(axis=1)),
    "silence": _start,
}


@pytest.mark.parametrize("trace", list(MEASURES))
def test_a_trace_shows_the_site_and_nothing_does_without_it(trace: str) -> None:
    """What a trace is measured by differs between sites that are independent of the label, at p < 1e-4; without the trace it does
    not (p > .001, seeds fixed)."""
    make, read = (image_case, _pixels) if trace in ("vignetting", "jpeg", "text") else (sound_case, _samples)
    measure = MEASURES[trace]
    for shown in (trace, "none"):
        case = make(np.random.default_rng(1), 300, shown, 0.0)
        values, site = measure(read(case)), case.frame["site"].eq("site 1").to_numpy()
        p = ttest_ind(values[site], values[~site]).pvalue
        assert (p < 1e-4) if shown == trace else (p > 0.001)


def test_a_sensor_keeps_its_pattern() -> None:
    """Two halves of one site's images have the same mean pattern, of two grey levels; the halves of two sites have not."""
    case = image_case(np.random.default_rng(2), 400, "sensor", 0.0)
    pixels, site = _pixels(case), case.frame["site"].eq("site 1").to_numpy()
    fine = pixels - (np.roll(pixels, 1, axis=1) + np.roll(pixels, 1, axis=2)) / 2
    halves = [fine[site == which][part::2].mean(axis=0).ravel() for which in (False, True) for part in (0, 1)]
    related = np.corrcoef(halves)
    assert related[0, 1] > 0.8
    assert related[2, 3] > 0.8
    assert abs(related[0, 2]) < 0.1
    # The difference of neighbours has 1 + 2/4 times the pattern's variance.
    assert halves[0].std() == pytest.approx(images.PATTERN * np.sqrt(1.5), rel=0.1)


def test_positive_images_hold_a_blob_and_positive_voices_another_vowel() -> None:
    seen, heard = (make(np.random.default_rng(3), 500, "none", 0.0) for make in (image_case, sound_case))
    ill = seen.frame[LABEL].eq("ill").to_numpy()
    pixels = _pixels(seen)
    # The brightest spot of the blob's size above what is around it.
    spots = gaussian_filter(pixels, (0, 2, 2)) - gaussian_filter(pixels, (0, 5, 5))
    spots = spots[:, 8:-8, 8:-8].max(axis=(1, 2))
    assert ttest_ind(spots[ill], spots[~ill]).pvalue < 1e-6
    ill = heard.frame[LABEL].eq("ill").to_numpy()
    power = np.abs(np.fft.rfft(_samples(heard))) ** 2
    height = np.log(power[:, 1500:1800].sum(axis=1) / power[:, 1200:1500].sum(axis=1))
    assert ttest_ind(height[ill], height[~ill]).pvalue < 1e-6


def test_records_of_a_subject_are_alike() -> None:
    """Half of the natural variance is the subject's: intraclass correlation .5 within 4 standard errors, and 0 for single records."""
    rng = np.random.default_rng(4)
    grouped, single = design(rng, 4000, 0.0, per=2), design(rng, 4000, 0.0)
    values = grouped.natural(rng)[:, 0].reshape(-1, 2)
    assert np.corrcoef(values.T)[0, 1] == pytest.approx(0.5, abs=4 * 0.75 / np.sqrt(2000))
    values = single.natural(rng)[:, 0].reshape(-1, 2)
    assert np.corrcoef(values.T)[0, 1] == pytest.approx(0.0, abs=4 / np.sqrt(2000))
    assert values.std() == pytest.approx(1, abs=0.05)
    assert (np.bincount(grouped.who) == 2).all()


def test_the_smoke_run_takes_one_small_dataset_of_each_family() -> None:
    chosen = list(parts("smoke", media=["image", "audio"]))
    assert [part.family.name for part in chosen] == [family.name for family in RECORDED]
    assert {(part.n, len(part.replicates)) for part in chosen} == {(60, 1)}


@pytest.mark.slow
def test_the_smoke_run_of_recordings(tmp_path: Path) -> None:
    """A dataset of every family is written, audited, scored and printed."""
    chosen = list(parts("smoke", media=["image", "audio"]))
    rows = runner.run(chosen, tmp_path / "results", workers=1)
    cases = by_case(rows)
    assert list(cases["family"]) == [family.name for family in RECORDED]
    nulls = cases[cases["kind"].eq("null")]
    assert nulls["failed"].sum() <= binom.ppf(0.999, len(nulls), 0.05)
    assert rows[rows["family"].eq("image_unnamed")]["column"].str.startswith("file.jpeg").all()
    assert all("|---|" in table for table in page.of_recordings(rows).values())


def test_a_kind_is_judged_by_verdict_and_reason() -> None:
    """A dataset that fails as confounded where it is aliased is not right, nor is one that is undecided where it must pass."""
    names = list(KINDS)
    said = [
        ("association 1", "fail", "aliased"),
        ("association 1", "fail", "confounded"),
        ("independent", "pass", "independent"),
    ]
    said += [
        ("independent", "inconclusive", "undetermined"),
        ("10% positives, independent", "inconclusive", "undetermined"),
    ]
    rows = pd.DataFrame(
        {
            "family": "five_kinds",
            "cell": [names.index(kind) for kind, _, _ in said],
            "column": "site",
            "verdict": [verdict for _, verdict, _ in said],
            "reason": [reason for _, _, reason in said],
            "association_v": 0.5,
            "separability_auc": 0.9,
        }
    )
    assert list(recordings.of_five(rows)["right"]) == [True, False, True, False, True]
    table = recordings.five(rows, rows)
    assert [row["judged rightly"] for row in table] == ["1 of 2", "1 of 2", "1 of 1"]
