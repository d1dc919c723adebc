"""The microphone-independent map, by simulation: speakers with known places, two devices, and speakers that one device alone heard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.spatial import procrustes

from audit_pipeline.models.maps.company import Together, company, together
from audit_pipeline.models.maps.components import components
from audit_pipeline.models.maps.sammon import sammon_map
from audit_pipeline.models.maps.tied import ONE_POINT, linked, tied_map

SUBJECTS, BOTH = 120, 80
"""Speakers, and how many of them both devices recorded."""

COLUMNS = 25


@dataclass(frozen=True)
class Recorded:
    """``truth`` (m, 2) are the speakers' places; a device adds its own sound and bends what it hears."""

    matrix: np.ndarray
    subject: np.ndarray
    level: np.ndarray
    truth: np.ndarray

    @property
    def alone(self) -> np.ndarray:
        """Records of speakers that one device alone heard."""
        return self.subject >= BOTH


def record(seed: int, *, trace: float) -> Recorded:
    rng = np.random.default_rng(seed)
    truth = rng.uniform(-2, 2, (SUBJECTS, 2))
    subject = np.concatenate([np.repeat(np.arange(BOTH), 2), np.arange(BOTH, SUBJECTS)])
    level = np.concatenate([np.tile([0, 1], BOTH), np.arange(BOTH, SUBJECTS) % 2])
    loading = rng.standard_normal((2, COLUMNS))
    own = rng.standard_normal((2, COLUMNS))
    bent = rng.standard_normal((2, 2, COLUMNS))
    place = truth[subject]
    matrix = place @ loading + 0.3 * rng.standard_normal((len(subject), COLUMNS))
    matrix += trace * (5 * own[level] + 0.2 * np.einsum("nk,nkp->np", place, bent[level]))
    return Recorded(matrix, subject, level, truth)


@pytest.mark.parametrize("seed", range(4))
def test_a_speakers_recordings_lie_together_and_the_devices_are_gone(seed: int) -> None:
    data = record(seed, trace=1.0)

    plain = sammon_map(components(data.matrix).scores)
    tied = tied_map(data.matrix, data.subject, data.level)

    apart = together(plain.points, data.subject, data.level)
    near = together(tied.points, data.subject, data.level)
    assert apart is not None
    assert apart.own > 5 * apart.other
    assert near is not None
    assert near.own <= ONE_POINT * near.other
    assert near == tied.together
    assert near.subjects == BOTH

    # Of speakers that nothing ties: those of one device do not keep to themselves any more, beyond chance of three deviations.
    of_plain = company(plain.points[data.alone], data.subject[data.alone], data.level[data.alone])
    of_tied = company(tied.points[data.alone], data.subject[data.alone], data.level[data.alone])
    assert of_plain is not None
    assert of_plain.share == 1
    assert of_tied is not None
    assert abs(of_tied.share - of_tied.chance) < 3 * np.sqrt(0.25 / data.alone.sum())


@pytest.mark.parametrize("seed", range(4))
def test_speakers_lie_where_they_are(seed: int) -> None:
    data = record(seed, trace=1.0)
    plain = sammon_map(components(data.matrix).scores).points
    tied = tied_map(data.matrix, data.subject, data.level).points

    def error(points: np.ndarray, rows: np.ndarray) -> float:
        """Share of the truth's variance that the map misses, at the best turn, shift and size."""
        return float(procrustes(data.truth[data.subject][rows], points[rows])[2])

    everybody = np.ones(len(data.subject), dtype=bool)
    assert error(plain, everybody) > 0.3
    assert error(tied, everybody) < 0.05
    assert error(tied, data.alone) < 0.08


@pytest.mark.parametrize("seed", range(3))
def test_where_devices_leave_no_trace_nothing_is_lost(seed: int) -> None:
    data = record(seed, trace=0.0)

    plain = sammon_map(components(data.matrix).scores)
    tied = tied_map(data.matrix, data.subject, data.level)

    truth = data.truth[data.subject]
    assert procrustes(truth, tied.points)[2] < procrustes(truth, plain.points)[2] + 0.01
    assert tied.stress < plain.stress + 0.05
    assert tied_map(data.matrix, data.subject, data.level).points.tobytes() == tied.points.tobytes()


def test_devices_are_drawn_together_if_they_share_subjects() -> None:
    # Devices 0 and 1 share six subjects, 2 and 3 share five of their own, 4 shares four with 0; nobody knows the device 5.
    pairs = [(0, 1)] * 6 + [(2, 3)] * 5 + [(0, 4)] * 4 + [(0, 5)] * 9
    subject = np.repeat(np.arange(len(pairs)), 2)
    level = np.array(pairs).ravel()
    known = np.array([True] * 5 + [False])

    found = linked(subject, level, known)

    assert found is not None
    assert found.levels == (0, 1)
    assert found.subjects == 6
    assert np.array_equal(found.rows, np.flatnonzero(level < 2))
    few = level >= 4
    assert linked(subject[few], level[few], known) is None
    with_unknown = linked(subject, level, np.ones(6, dtype=bool))
    assert with_unknown is not None
    assert with_unknown.levels == (0, 1, 5)


def test_levels_that_each_subject_has_once_are_not_linked() -> None:
    assert linked(np.arange(40), np.arange(40) % 2, np.ones(2, dtype=bool)) is None


def test_company_against_chance() -> None:
    rng = np.random.default_rng(5)
    kind = rng.permutation(np.arange(900) < 300).astype(np.int64)
    subject = np.arange(900)
    points = rng.standard_normal((900, 2))

    mixed = company(points, subject, kind)
    split = company(points + 50 * kind[:, None], subject, kind)

    assert mixed is not None
    assert mixed.chance == pytest.approx((300 * 299 + 600 * 599) / (900 * 899))
    # Neighbours come in pairs, so that the error is up to sqrt(2) times that of independent draws.
    assert abs(mixed.share - mixed.chance) < 3 * np.sqrt(2 * mixed.chance * (1 - mixed.chance) / 900)
    assert split is not None
    assert split.share == 1
    assert company(points, subject, np.zeros(900)) is None


def test_a_subjects_own_records_are_no_company() -> None:
    """Two copies of each subject at another level: the nearest of another subject counts, and its two records count half each."""
    points = np.repeat(np.array([[0.0, 0.0], [1.0, 0.0], [10.0, 0.0], [11.0, 0.0]]), 2, axis=0)
    subject, level = np.repeat(np.arange(4), 2), np.tile([0, 1], 4)

    found, near = company(points, subject, level), together(points, subject, level)

    assert found is not None
    assert (found.share, found.chance) == (0.5, 0.5)
    assert near == Together(own=0.0, other=1.0, subjects=4)
    assert together(points, subject, subject) is None
