"""Stage ``baselines``: out-of-fold predictions of every model, and of the acquisition metadata alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit_pipeline.dataset.records import AuditData
from audit_pipeline.dataset.records import load as load_data
from audit_pipeline.models.baselines import BASELINES, cross_fit, linear
from audit_pipeline.models.crossfit import label_folds
from audit_pipeline.models.predictions import METADATA, Predictions, save
from audit_pipeline.pipeline import StageContext
from audit_pipeline.threads import one_thread
from audit_pipeline.views.matrix import load as load_view


def run(context: StageContext) -> dict[str, Any]:
    """Write ``predictions.parquet``."""
    # Imported before the limit below is set: a thread pool can only be limited once its library is loaded.
    import sklearn.ensemble
    import sklearn.linear_model  # noqa: F401

    if "network" in context.spec.baselines:
        import torch  # noqa: F401

    data = load_data(context.inputs["dataset"])
    matrix = load_view(context.inputs["values"], "values").matrix
    spec = context.spec
    label = data.label.astype(np.int64)
    fold = label_folds(label, data.subject, spec.folds, spec.seed)
    models = {name: BASELINES[name] for name in spec.baselines}
    total, done = (len(models) + 1) * (int(fold.max()) + 1), 0
    proba: dict[str, np.ndarray] = {}
    with one_thread():
        for name, model in (*models.items(), (METADATA, linear)):

            def step(name: str = name) -> None:
                nonlocal done
                done += 1
                context.progress(done, total, name)

            seen = metadata_matrix(data) if name == METADATA else matrix
            proba[name] = cross_fit(model, seen, label, len(data.classes), data.subject, fold, spec.seed, step)
    save(context.out, Predictions(fold, proba), row=data.row, label=data.label, classes=data.classes)
    return {"models": list(proba), "folds": int(fold.max()) + 1}


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
