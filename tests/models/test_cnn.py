"""The network trained from scratch finds what is faint, nothing where there is nothing, and the same twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import rankdata

from audit_pipeline.models.cnn import fit_predict
from audit_pipeline.models.cnn_layers import small_cnn
from audit_pipeline.models.placement import Placement
from audit_pipeline.models.plane_batches import FRAMES, PIXELS, Batches

from .planes import blobs, spectra


def auc_of(planes: np.ndarray, label: np.ndarray, learned_from: int, **options: Placement) -> float:
    """AUC on the records after the first ``learned_from``."""
    seen, new = slice(learned_from), slice(learned_from, None)
    subject = np.arange(learned_from)
    proba = fit_predict(planes[seen], label[seen], planes[new], 2, subject, 0, **options)
    assert proba.sum(axis=1) == pytest.approx(np.ones(len(proba)))
    ranks, ones = rankdata(proba[:, 1]), label[new] == 1
    return float((ranks[ones].sum() - ones.sum() * (ones.sum() + 1) / 2) / (ones.sum() * (~ones).sum()))


def little(planes: np.ndarray) -> np.ndarray:
    """Every fourth pixel: enough to train on where it does not matter what is learned."""
    return np.ascontiguousarray(planes[:, ::4, ::4])


def chance(n: int) -> float:
    """The AUC that scores without information exceed once in a thousand, of n records in two equal groups."""
    return 0.5 + 3.09 * float(np.sqrt((n + 1) / (3 * n**2)))


@pytest.mark.parametrize(
    ("n", "height", "smooth", "free"),
    [(600, 10.0, 0.0, True), (380, 16.0, 6.0, True), (380, 6.0, 0.0, False)],
    ids=["anywhere", "on a slow background", "in the middle"],
)
def test_a_faint_blob_is_found(n: int, height: float, smooth: float, free: bool) -> None:
    planes = blobs(np.random.default_rng(1), n, height, smooth, free)
    assert auc_of(planes, np.arange(n) % 2, n - 160) > chance(160) + 0.1


def test_two_spectral_shapes_are_told_apart() -> None:
    assert auc_of(spectra(np.random.default_rng(2), 240), np.arange(240) % 2, 120) > 0.9


@pytest.mark.parametrize("make", [blobs, spectra])
def test_random_labels_are_not_predicted(make) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(3)
    planes = make(rng, 240, 10.0)
    label = np.concatenate([rng.permutation(np.arange(80) % 2), np.arange(160) % 2])
    # Labels of the part that is learned from are random; those of the rest are true, and must stay as far away.
    auc = auc_of(planes, label, 80)
    assert 1 - chance(160) < auc < chance(160)


def test_the_same_bytes_twice_and_the_global_generator_is_left_alone() -> None:
    planes, label, subject = little(blobs(np.random.default_rng(4), 60, 20.0)), np.arange(60) % 3, np.arange(60) // 2
    steps: list[tuple[int, int]] = []
    state = torch.get_rng_state()
    first = fit_predict(planes[:40], label[:40], planes[40:], 3, subject[:40], 7, lambda *done: steps.append(done))
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(99)
    again = fit_predict(planes[:40], label[:40], planes[40:], 3, subject[:40], 7)
    other = fit_predict(planes[:40], label[:40], planes[40:], 3, subject[:40], 8)
    assert first.tobytes() == again.tobytes()
    assert first.shape == (20, 3)
    assert not np.array_equal(first, other)
    assert [done for done, _ in steps] == sorted({done for done, _ in steps})
    assert all(0 < done <= most for done, most in steps)


def test_nothing_is_learned_from_test_records(tmp_path: Path) -> None:
    """What is said of one record does not depend on the others; planes in a file do as well."""
    planes, label = little(spectra(np.random.default_rng(5), 50)), np.arange(50) % 2
    file = np.lib.format.open_memmap(tmp_path / "planes.npy", mode="w+", dtype=np.uint8, shape=planes.shape)
    file[:] = planes
    both = fit_predict(planes[:30], label[:30], planes[30:], 2, np.arange(30), 0)
    poisoned = file[30:].copy()
    poisoned[1:] = 255
    alone = fit_predict(file[:30], label[:30], poisoned, 2, np.arange(30), 0)
    assert alone[0] == pytest.approx(both[0], abs=1e-6)
    assert not np.allclose(alone[1:], both[1:])


def test_small_and_odd_training_parts() -> None:
    planes, label = little(blobs(np.random.default_rng(6), 12, 20.0)), np.arange(12) % 3 % 2
    one = fit_predict(planes[:9], label[:9], planes[9:], 2, np.zeros(9, dtype=int), 0)
    assert one == pytest.approx(np.tile(np.bincount(label[:9]) / 9, (3, 1)))
    few = fit_predict(planes[:3], label[:3], planes[3:], 2, np.arange(3), 0)
    assert np.isfinite(few).all()
    assert fit_predict(planes[:3], label[:3], planes[:0], 2, np.arange(3), 0).shape == (0, 2)
    constant = fit_predict(np.full_like(planes[:9], 7), label[:9], planes[9:], 2, np.arange(9), 0)
    assert np.isfinite(constant).all()
    with pytest.raises(ValueError, match="multiples of 8"):
        fit_predict(planes[:, :12], label, planes[:, :12], 2, np.arange(12), 0)


def test_batches_are_standardised_by_what_was_fitted_on() -> None:
    rng = np.random.default_rng(7)
    for planes in (blobs(rng, 40, 10.0), spectra(rng, 40)):
        planes[20:] = 255
        batches = Batches.fit(planes, np.arange(20), rng)
        numbers = batches.plain(planes, np.arange(20), "cpu").numpy()
        axes = (0, 3) if planes.shape[3] == 1 else (0, 2, 3)
        assert numbers.mean(axis=axes) == pytest.approx(0, abs=1e-4)
        assert numbers.std(axis=axes) == pytest.approx(1, abs=1e-3)


def test_planes_are_shifted_a_little_and_never_in_frequency() -> None:
    rng = np.random.default_rng(8)
    image, sound = np.zeros((1, 64, 64, 3), dtype=np.uint8), np.zeros((1, 64, 128, 1), dtype=np.uint8)
    image[0, 30, 20], sound[0, 30, 20] = 255, 255
    for planes, down, right in ((image, PIXELS, PIXELS), (sound, 0, FRAMES)):
        batches = Batches(np.zeros((1, 1, 1), dtype=np.float32), np.ones((1, 1, 1), dtype=np.float32))
        moved = batches.shifted(planes, np.zeros(400, dtype=np.int64), "cpu", rng)[:, 0].numpy()
        _, row, column = np.nonzero(moved)
        assert len(row) == 400
        assert sorted(set(row - 30)) == list(range(-down, down + 1))
        assert sorted(set(column - 20)) == list(range(-right, right + 1))


def test_every_weight_comes_from_the_seed() -> None:
    first, again, other = (small_cnn((64, 64, 3), 2, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert all(torch.isfinite(value.float()).all() for value in first.values())
    convolutions = [name for name, value in first.items() if value.ndim == 4 and not name.startswith("places")]
    assert all(not torch.equal(first[name], other[name]) for name in convolutions)


def test_mixed_precision_learns_as_well() -> None:
    planes = spectra(np.random.default_rng(9), 160, 20.0)[:, :, ::2]
    assert auc_of(planes, np.arange(160) % 2, 80, placement=Placement(half=True)) > 0.9


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics card")
def test_a_graphics_card_learns_and_repeats_itself() -> None:
    planes, label = blobs(np.random.default_rng(10), 600, 14.0), np.arange(600) % 2
    assert auc_of(planes, label, 400) > chance(200) + 0.1
    first, again = (fit_predict(planes[:400], label[:400], planes[400:], 2, np.arange(400), 0) for _ in range(2))
    assert first.tobytes() == again.tobytes()
