"""cleanlab's Datalab: ``run.py CASES OUT.parquet``.

Confounding: its scorer of spurious correlations with the metadata columns in the place of the image properties; what is
not recorded: the non-iid check of the features in the order of the rows; leakage: near-duplicates across the split.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

sys.path.append(str(Path(__file__).resolve().parents[1]))  # last: a peer's folder must not hide the peer's package

if TYPE_CHECKING:
    from kit.cases import Case
    from kit.rows import Answer


def correlated(case: Case, frame: pd.DataFrame) -> Answer:
    """Score the label's correlation with each column as Datalab scores it with darkness or blur of images."""
    from cleanlab.datalab.internal.adapter.constants import SPURIOUS_CORRELATION_ISSUE
    from cleanlab.datalab.internal.adapter.imagelab import handle_spurious_correlations
    from kit.rows import Answer, no_answer

    if case.label_kind == "number":
        return no_answer("spurious correlations are scored for classes only")
    found = handle_spurious_correlations(
        imagelab_issues=properties(case, frame),
        labels=pd.factorize(frame[case.label].astype(str), sort=True)[0],
        threshold=SPURIOUS_CORRELATION_ISSUE["spurious_correlations"]["threshold"],
    )
    lowest = float(found["correlations_df"]["score"].min())
    return Answer(1 - lowest, lowest < found["threshold"])


def properties(case: Case, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns as numeric properties: a code and, above two levels, also one indicator a level."""
    columns: dict[str, Any] = {}
    for name, kind in case.nuisance.items():
        values = frame[name]
        if kind == "number":
            columns[f"{name}_score"] = values.fillna(values.median()).astype(float)
            continue
        codes, levels = pd.factorize(values.astype(str).where(values.notna(), "missing"), sort=True)
        columns[f"{name}_score"] = codes.astype(float)
        if len(levels) > 2:
            columns |= {f"{name}={level}_score": (codes == k).astype(float) for k, level in enumerate(levels)}
    return pd.DataFrame(columns)


def datalab(case: Case, frame: pd.DataFrame, issue: str, **settings: Any) -> Any:
    """Run one of Datalab's checks on the standardised features."""
    from cleanlab import Datalab
    from sklearn.preprocessing import StandardScaler

    x = StandardScaler().fit_transform(frame[list(case.features)].fillna(frame[list(case.features)].median()))
    lab = Datalab({"row": np.arange(len(frame))}, verbosity=0)
    lab.find_issues(features=x, issue_types={issue: settings})
    return lab


def drifting(case: Case, frame: pd.DataFrame) -> Answer:
    """Ask whether neighbours in the features are neighbours in the table."""
    from kit.rows import Answer

    p = float(datalab(case, frame, "non_iid", seed=case.seed).get_info("non_iid")["p-value"])
    return Answer(1 - p, p < 0.05)


def leaking(case: Case, frame: pd.DataFrame) -> Answer:
    """Return the share of records with a near-duplicate on the other side of the split."""
    from kit.rows import Answer, no_answer

    if case.split is None:
        return no_answer("no split to compare")
    sets = datalab(case, frame, "near_duplicate").get_issues("near_duplicate")["near_duplicate_sets"]
    part = frame[case.split].astype(str).to_numpy()
    across = [bool((part[np.asarray(found, dtype=int)] != part[row]).any()) for row, found in enumerate(sets)]
    return Answer(float(np.mean(across)), any(across))


def ask(case: Case, frame: pd.DataFrame) -> Answer:
    """Choose the check for the question."""
    return {"confounding": correlated, "unrecorded": drifting, "leakage": leaking}[case.question](case, frame)


if __name__ == "__main__":
    from kit.main import main

    main(ask, __file__)
