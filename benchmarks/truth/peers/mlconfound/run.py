"""mlconfound's partial confounder test of cross-fitted predictions: ``run.py CASES OUT.parquet``.

A binary label is predicted as a probability and a number as a number, tested as numbers; more classes are predicted as
classes, which its multinomial logit handles. Columns: Bonferroni; mlconfound leaves several columns to its user.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

sys.path.append(str(Path(__file__).resolve().parents[1]))  # last: a peer's folder must not hide the peer's package

if TYPE_CHECKING:
    from kit.cases import Case
    from kit.rows import Answer

ALPHA = 0.05
PERMUTATIONS = 1000  # its default
SLOW_PERMUTATIONS = 100  # where each permutation fits a multinomial logit, see the registry


def ask(case: Case, frame: pd.DataFrame) -> Answer:
    """Return one minus the smallest corrected p-value; ties are broken by the excess of explained variance."""
    from kit.models import cross_fitted
    from kit.rows import Answer, no_answer
    from mlconfound.stats import partial_confound_test

    if case.question != "confounding":
        return no_answer("tests predictions against a recorded column, nothing else")
    found = cross_fitted(case, frame)
    many_classes = len(found.classes) > 2
    yhat = found.probability[:, 1] if len(found.classes) == 2 else found.value
    smallest, excess = 1.0, 0.0
    for name, kind in case.nuisance.items():
        column = frame[name]
        if kind == "number":
            c = column.fillna(column.median()).to_numpy(dtype=float)
        else:
            c = pd.factorize(column.astype(str).where(column.notna(), "missing"), sort=True)[0]
        if len(np.unique(c)) < 2:
            continue
        slow = many_classes and kind == "classes"
        test = partial_confound_test(
            found.label,
            yhat,
            c,
            num_perms=SLOW_PERMUTATIONS if slow else PERMUTATIONS,
            cat_y=bool(found.classes),
            cat_yhat=many_classes,
            cat_c=kind == "classes",
            random_state=case.seed,
            progress=False,
            n_jobs=1,
        )
        p = min(1.0, float(test.p) * len(case.nuisance))
        gain = float(np.clip(test.r2_yhat_c - test.expected_r2_yhat_c[1], 0, 1))
        if (p, -gain) < (smallest, -excess):
            smallest, excess = p, gain
    return Answer(1 - smallest + excess / (2 * PERMUTATIONS), smallest < ALPHA)


if __name__ == "__main__":
    from kit.main import main

    main(ask, __file__)
