"""A small torch network for tables: two hidden layers, early stopping on held-out subjects, deterministic by seed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

HIDDEN = 32
MAX_EPOCHS = 60
PATIENCE = 8
BATCH = 64
MAX_STEPS = 3_000


def fit_predict(
    train: np.ndarray, label: np.ndarray, test: np.ndarray, classes: int, subject: np.ndarray, seed: int
) -> np.ndarray:
    """Train on standardised (n, p) and return probabilities (n_test, classes).

    A fifth of the training subjects is held out to stop early. Weights, batches and the hold-out come from generators of
    their own: torch's global generator, which other threads share, is left alone.
    """
    import torch

    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    fit, held = hold_out(label, subject, rng)
    x = torch.from_numpy(np.ascontiguousarray(train, dtype=np.float32))
    y = torch.from_numpy(label.astype(np.int64))
    parameters = _initial(train.shape[1], classes, seed)
    optimiser = torch.optim.AdamW(parameters, lr=3e-3, weight_decay=1e-2)
    loss_of = torch.nn.functional.cross_entropy
    batch = max(BATCH, math.ceil(len(fit) / 200))
    best, best_loss, patience, steps = [p.detach().clone() for p in parameters], math.inf, PATIENCE, 0
    for _ in range(MAX_EPOCHS):
        order = rng.permutation(fit)
        for start in range(0, len(order), batch):
            rows = torch.from_numpy(order[start : start + batch])
            optimiser.zero_grad(set_to_none=True)
            loss_of(_forward(x[rows], parameters), y[rows]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            steps += 1
        with torch.no_grad():
            held_loss = float(loss_of(_forward(x[held], parameters), y[held]))
        if held_loss < best_loss - 1e-4:
            best, best_loss, patience = [p.detach().clone() for p in parameters], held_loss, PATIENCE
        else:
            patience -= 1
        if patience == 0 or steps >= MAX_STEPS:
            break
    with torch.no_grad():
        logits = _forward(torch.from_numpy(np.ascontiguousarray(test, dtype=np.float32)), best)
        return np.asarray(torch.softmax(logits.double(), dim=1).numpy())


def hold_out(label: np.ndarray, subject: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return record positions to fit on and to stop by; whole subjects on either side."""
    subjects = np.unique(subject)
    chosen = rng.choice(subjects, size=max(1, len(subjects) // 5), replace=False)
    held = np.isin(subject, chosen)
    return np.flatnonzero(~held), np.flatnonzero(held)


def _initial(inputs: int, classes: int, seed: int) -> list[torch.Tensor]:
    """Return weights and biases of three layers, He-initialised (He et al. 2015)."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    parameters = []
    for rows, columns in ((inputs, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, classes)):
        weight = torch.randn(rows, columns, generator=generator) * math.sqrt(2 / rows)
        parameters += [weight.requires_grad_(), torch.zeros(columns, requires_grad=True)]
    return parameters


def _forward(x: torch.Tensor, parameters: list[torch.Tensor]) -> torch.Tensor:
    import torch

    for layer in range(0, len(parameters), 2):
        x = x @ parameters[layer] + parameters[layer + 1]
        if layer + 2 < len(parameters):
            x = torch.relu(x)
    return x
