"""Stage ``baselines``: out-of-fold predictions of every model, and of the acquisition metadata alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from audit_pipeline.dataset.records import AuditData
from audit_pipeline.dataset.records import load as load_data
from audit_pipeline.models.baselines import BASELINES, Baseline, cross_fit, linear
from audit_pipeline.models.crossfit import label_folds
from audit_pipeline.models.predictions import METADATA, Predictions, save
from audit_pipeline.pipeline import StageContext
from audit_pipeline.recordings.matrices import read_look
from audit_pipeline.recordings.names import PLANE, Medium
from audit_pipeline.spec import CNN
from audit_pipeline.threads import one_thread
from audit_pipeline.views.matrix import load as load_view
from audit_pipeline.views.recordings.planes import PICTURE_SHAPE, SOUND_SHAPE


def run(context: StageContext) -> dict[str, Any]:
    """Write ``predictions.parquet``."""
    # Imported before the limit below is set: a thread pool can only be limited once its library is loaded.
    import sklearn.ensemble
    import sklearn.linear_model  # noqa: F401

    if {"network", CNN} & set(context.spec.baselines):
        import torch  # noqa: F401

    data = load_data(context.inputs["dataset"])
    matrix = load_view(context.inputs["values"], "values").matrix
    planes = read_planes(context.inputs["dataset"], context.spec.medium) if CNN in context.spec.baselines else None
    spec = context.spec
    label = data.label.astype(np.int64)
    fold = label_folds(label, data.subject, spec.folds, spec.seed)
    models: dict[str, Baseline] = {
        name: network_on_planes if name == CNN else BASELINES[name] for name in spec.baselines
    }
    total, done = (len(models) + 1) * (int(fold.max()) + 1), 0
    proba: dict[str, np.ndarray] = {}
    with one_thread():
        for name, model in (*models.items(), (METADATA, linear)):

            def step(name: str = name) -> None:
                nonlocal done
                done += 1
                context.progress(done, total, name)

            seen = metadata_matrix(data) if name == METADATA else planes if name == CNN else matrix
            assert seen is not None
            proba[name] = cross_fit(model, seen, label, len(data.classes), data.subject, fold, spec.seed, step)
    save(context.out, Predictions(fold, proba), row=data.row, label=data.label, classes=data.classes)
    return {"models": list(proba), "folds": int(fold.max()) + 1}


def read_planes(folder: Path, medium: Medium | None) -> np.ndarray:
    """Return the planes (n, height, width, channels) uint8 that a convolutional network sees."""
    shape = PICTURE_SHAPE if medium == "image" else SOUND_SHAPE
    planes = read_look(folder / f"look_{PLANE}.parquet")
    return planes.reshape(len(planes), *shape)


def network_on_planes(
    train: np.ndarray, label: np.ndarray, test: np.ndarray, classes: int, subject: np.ndarray, seed: int
) -> np.ndarray:
    """A small convolutional network on the recordings themselves; see ``models.cnn``."""
    from audit_pipeline.models.cnn import fit_predict

    return fit_predict(train, label, test, classes, subject, seed)


def metadata_matrix(data: AuditData) -> np.ndarray:
    """Return the nuisance columns as a matrix (n, q): one-hot levels, smooth functions of ranks.

    Identifiers are left out: they would only tell which record it is.
    """
    from audit_pipeline.stats.basis import column_basis, is_identifier

    parts = [
        column_basis(column, data.subject).matrix
        for column in data.with_role("nuisance")
        if not is_identifier(column, data.subject)
    ]
    return np.column_stack(parts) if parts else np.zeros((data.n, 1))
