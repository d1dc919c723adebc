"""A small convolutional network trained from scratch on planes of recordings; early stopping, deterministic by seed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from audit_pipeline.models.network import hold_out
from audit_pipeline.models.placement import Placement
from audit_pipeline.models.plane_batches import Batches
from audit_pipeline.stats.seeds import generator

if TYPE_CHECKING:
    from audit_pipeline.models.cnn_layers import SmallCNN

EPOCHS = 15
BATCH = 32
LARGE_BATCH, LARGE = 64, 5_000
"""Planes a step, from this many planes on."""

MIN_STEPS, MAX_STEPS = 100, 1_500
"""Few records are seen more often; many are not all seen fifteen times, so that time has a bound (100,000: once)."""

CHECKS = 15
"""How often at most the held-out loss is looked at, evenly over all steps."""

PATIENCE = 8
"""Checks without a better loss after which training stops."""

MAX_HELD = 2_000
"""Held-out records, drawn at random from more, that the loss is measured on."""

PEAK, DECAY, WARM = 1e-2, 0.05, 0.25
"""Highest learning rate, weight decay, and share of the steps in which the rate rises."""

AT_ONCE = 256
"""Planes predicted at a time."""


def fit_predict(
    train: np.ndarray,
    label: np.ndarray,
    test: np.ndarray,
    classes: int,
    subject: np.ndarray,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
    *,
    placement: Placement | None = None,
) -> np.ndarray:
    """Train on planes (n, h, w, c) uint8 and return probabilities (n_test, classes).

    AdamW with one cycle of the learning rate (Smith and Topin 2019). A fifth of the training subjects is held out, and the
    weights with the least loss on them are kept. Means, deviations and all weights are of training records alone. The same
    arguments give the same bytes on one processor; other threads' random numbers are left alone.

    Parameters
    ----------
    train, test : planes of :mod:`~audit_pipeline.views.recordings.planes`, sides multiples of 8; arrays or memory maps.
    label : (n,) in 0..classes-1.
    subject : (n,) whom a record belongs to.
    progress : called with the steps done and the most there can be.
    placement : where to compute; default: on a graphics card if there is one.

    Raises
    ------
    ValueError : planes of another kind.
    """
    import torch

    if train.dtype != np.uint8 or train.ndim != 4 or train.shape[1] % 8 or train.shape[2] % 8:
        raise ValueError(f"planes are (n, h, w, c) uint8 with sides that are multiples of 8, not {train.shape}")
    torch.set_num_threads(1)
    rng = generator(seed, "cnn")
    fit, held = hold_out(label, subject, rng)
    if not len(fit):
        # A single subject: nothing can be held out, and its shares of labels are all that is known.
        return np.tile(np.bincount(label, minlength=classes) / max(1, len(label)), (len(test), 1))
    if len(held) > MAX_HELD:
        held = np.sort(rng.choice(held, MAX_HELD, replace=False))
    place = placement or Placement.here()
    batches = Batches.fit(train, fit, rng)
    with place.computing():
        network = _trained(train, label, classes, fit, held, batches, rng, place, progress)
        logits = _logits(network, test, np.arange(len(test)), batches, place)
    return np.asarray(torch.softmax(torch.from_numpy(logits), dim=1).numpy())


def _trained(
    planes: np.ndarray,
    label: np.ndarray,
    classes: int,
    fit: np.ndarray,
    held: np.ndarray,
    batches: Batches,
    rng: np.random.Generator,
    place: Placement,
    progress: Callable[[int, int], None] | None,
) -> SmallCNN:
    """Return the network with the weights that had the least loss on ``held``."""
    import torch
    from torch.nn.functional import cross_entropy

    from audit_pipeline.models.cnn_layers import small_cnn

    network = small_cnn(planes.shape[1:], classes, int(rng.integers(2**62))).to(place.device)
    batch = BATCH if len(fit) < LARGE else LARGE_BATCH
    steps = min(max(EPOCHS * len(fit) // batch, MIN_STEPS), MAX_STEPS)
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK, weight_decay=DECAY)
    target = torch.from_numpy(label.astype(np.int64))
    best, best_loss, patience = _copy(network), math.inf, PATIENCE
    order = np.empty(0, dtype=fit.dtype)
    for step in range(1, steps + 1):
        while len(order) < batch:
            order = np.concatenate([order, rng.permutation(fit)])
        rows, order = order[:batch], order[batch:]
        optimiser.param_groups[0]["lr"] = PEAK * _rate(step / steps)
        optimiser.zero_grad(set_to_none=True)
        found = network(batches.shifted(planes, rows, place.device, rng)).float()
        cross_entropy(found, target[rows].to(place.device)).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if step % math.ceil(steps / CHECKS) and step < steps:
            continue
        held_logits = torch.from_numpy(_logits(network, planes, held, batches, place))
        held_loss = float(cross_entropy(held_logits, target[held]))
        if held_loss < best_loss - 1e-4:
            best, best_loss, patience = _copy(network), held_loss, PATIENCE
        else:
            patience -= 1
        if progress:
            progress(step, steps)
        if patience == 0:
            break
    network.load_state_dict(best)
    return network


def _rate(share: float) -> float:
    """Return the learning rate at a share of the steps: a straight rise, then half a cosine down to nothing."""
    if share < WARM:
        return share / WARM
    return (1 + math.cos(math.pi * (share - WARM) / (1 - WARM))) / 2


def _logits(network: SmallCNN, planes: np.ndarray, rows: np.ndarray, batches: Batches, place: Placement) -> np.ndarray:
    """Return (rows, classes) float64 of the network as it is, without shifts; it goes on training afterwards."""
    import torch

    network.eval()
    parts = [np.empty((0, network.head.out_features))]
    with torch.no_grad():
        for start in range(0, len(rows), AT_ONCE):
            found = network(batches.plain(planes, rows[start : start + AT_ONCE], place.device))
            parts.append(found.double().cpu().numpy())
    network.train()
    return np.concatenate(parts)


def _copy(network: SmallCNN) -> dict[str, object]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}
