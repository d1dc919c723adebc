"""fairlearn's MetricFrame over the nuisance columns as sensitive features: ``run.py CASES OUT.parquet``.

A confounded model favours one class at one site and the other class at the other: the gap shows in the recall of each
class by site (equalised odds), while accuracy and AUC are the same everywhere. So the metrics are the recall of each
class, and for a number the mean error in standard deviations of the label.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

sys.path.append(str(Path(__file__).resolve().parents[1]))  # last: a peer's folder must not hide the peer's package

if TYPE_CHECKING:
    from kit.cases import Case
    from kit.rows import Answer

GAP = 0.1
RESAMPLES, LOWER = 50, 0.05  # of MetricFrame's own bootstrap: a gap counts if the interval's lower end exceeds GAP


def recall(label: np.ndarray, predicted: np.ndarray, which: int) -> float:
    """Return the share of a class that is predicted as such; nan for a group without it."""
    of_class = np.asarray(label) == which
    return float(np.mean(np.asarray(predicted)[of_class] == which)) if of_class.any() else float("nan")


def mean_error(label: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean of prediction less label."""
    return float(np.mean(np.asarray(predicted) - np.asarray(label)))


def ask(case: Case, frame: pd.DataFrame) -> Answer:
    """Return the largest difference between groups over metrics and columns."""
    from fairlearn.metrics import MetricFrame
    from kit.models import cross_fitted, discrete
    from kit.rows import Answer, no_answer

    if case.question != "confounding":
        return no_answer("compares a model between the levels of a recorded column, nothing else")
    found = cross_fitted(case, frame)
    label, value = found.label, found.value
    if found.classes:
        metrics = {f"recall of {name}": partial(recall, which=k) for k, name in enumerate(found.classes)}
    else:
        metrics = {"mean error": mean_error}
        spread = label.std()
        label, value = label / spread, value / spread
    gaps, lower = [], []
    for name, kind in case.nuisance.items():
        compared = MetricFrame(
            metrics=metrics,
            y_true=label,
            y_pred=value,
            sensitive_features=discrete(frame[name], kind),
            n_boot=RESAMPLES,
            ci_quantiles=[LOWER],
            random_state=case.seed,
        )
        gaps.append(compared.difference().to_numpy(dtype=float))
        lower.append(np.asarray(compared.difference_ci()[0], dtype=float))
    return Answer(float(np.nanmax(np.concatenate(gaps))), float(np.nanmax(np.concatenate(lower))) > GAP)


if __name__ == "__main__":
    from kit.main import main

    main(ask, __file__)
