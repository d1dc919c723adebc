"""confound-controls' battery of matched controls: ``run.py CASES OUT.parquet``.

For each column it matches negatives one to one to positives with a caliper, as its README does, and says whether the
AUROC of cross-fitted predictions survives. The rarer class is matched, so that there is something to choose from.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

sys.path.append(str(Path(__file__).resolve().parents[1]))  # last: a peer's folder must not hide the peer's package

if TYPE_CHECKING:
    from kit.cases import Case
    from kit.rows import Answer

CALIPER = 0.1  # of its README; with levels as indicators it means: within the same level
RESAMPLES = 300  # for its 2,000, see the registry
NOTHING_ALIKE = "no positive found a negative"  # its words where no two records of different label share a level


def ask(case: Case, frame: pd.DataFrame) -> Answer:
    """Return one minus the smallest share of the signal that survives; an alarm unless the whole battery passes."""
    from confound_controls import battery_passes, bootstrap_auroc, run_battery
    from kit.models import cross_fitted
    from kit.rows import Answer, no_answer

    if case.question != "confounding":
        return no_answer("matches on recorded confounds, nothing else")
    if case.label_kind == "number":
        return no_answer("takes a label of two classes, not a number")
    found = cross_fitted(case, frame)
    if len(found.classes) != 2:
        return no_answer(f"takes a label of two classes, not {len(found.classes)}")
    positive = int(found.label.mean() <= 0.5)  # the rarer class
    label = (found.label == positive).astype(int)
    probability = found.probability[:, positive]
    anchor = bootstrap_auroc(label, probability, n=RESAMPLES, seed=case.seed)
    if anchor.lo <= 0.5:
        return Answer(0.0, False)  # no signal is claimed, so none can be owed to a confound
    table = pd.DataFrame({"id": range(len(label)), "label": label})
    spec = {}
    for name, kind in case.nuisance.items():
        encoded = as_numbers(frame[name], kind).add_prefix(f"{name}=")
        table, spec[name] = table.join(encoded), list(encoded)
    settings = {"caliper": CALIPER, "require_selective_match": False, "bootstrap_n": RESAMPLES, "seed": case.seed}
    chances = dict(enumerate(probability))
    results, refusals = {}, []
    for name, columns in spec.items():
        try:
            results |= run_battery(table, chances, {name: columns}, anchor.point, **settings)
        except ValueError as refusal:
            if NOTHING_ALIKE in str(refusal):
                return Answer(2.0, True)  # its own comment calls this an answer about the data
            refusals.append(f"{name}: {refusal}")
    # A column that it refuses to judge leaves the battery unfinished, unless another column fails it anyway.
    if refusals and (not results or battery_passes(results)):
        return no_answer(f"refused: {refusals[0][:250]}")
    survived = min(result.recovery for result in results.values())
    return Answer(1 - survived, not battery_passes(results))


def as_numbers(column: pd.Series, kind: str) -> pd.DataFrame:
    """Return the column as matching needs it: a number as it is, classes as one indicator a level."""
    if kind == "number":
        return column.fillna(column.median()).astype(float).to_frame("value")
    return pd.get_dummies(column.astype(str).where(column.notna(), "missing"), dtype=float)


if __name__ == "__main__":
    from kit.main import main

    main(ask, __file__)
