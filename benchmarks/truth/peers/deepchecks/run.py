"""deepchecks' tabular checks with the conditions of its own suites: ``run.py CASES OUT.parquet``.

Confounding: FeatureLabelCorrelation of the nuisance columns. Leakage: IndexTrainTestLeakage with the subject as the
index, and TrainTestSamplesMix of the features, each part of the split as the test set in turn.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

sys.path.append(str(Path(__file__).resolve().parents[1]))  # last: a peer's folder must not hide the peer's package

if TYPE_CHECKING:
    from kit.cases import Case
    from kit.rows import Answer


def prepared(case: Case, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with classes as text: deepchecks infers the task and PPS its measure from the types."""
    classes = [name for name, kind in (case.nuisance | {case.label: case.label_kind}).items() if kind == "classes"]
    return frame.assign(**{name: frame[name].astype(str) for name in classes})


def correlated(case: Case, frame: pd.DataFrame) -> Answer:
    """Return the largest predictive power score of a nuisance column for the label."""
    from deepchecks.tabular import Dataset
    from deepchecks.tabular.checks import FeatureLabelCorrelation
    from kit.rows import Answer

    table = prepared(case, frame)[[*case.nuisance, case.label]]
    dataset = Dataset(
        table,
        label=case.label,
        cat_features=[name for name, kind in case.nuisance.items() if kind == "classes"],
        label_type=label_type(case, table),
    )
    check = FeatureLabelCorrelation(random_state=case.seed).add_condition_feature_pps_less_than()
    result = check.run(dataset, with_display=False)
    return Answer(max(result.value.values()), not result.passed_conditions())


def leaking(case: Case, frame: pd.DataFrame) -> Answer:
    """Return the largest share of a test part that deepchecks finds in the rest."""
    from deepchecks.tabular import Dataset
    from deepchecks.tabular.checks import IndexTrainTestLeakage, TrainTestSamplesMix
    from kit.rows import Answer, no_answer

    if case.split is None:
        return no_answer("no split to compare")
    table = prepared(case, frame)
    checks: list[Any] = [TrainTestSamplesMix().add_condition_duplicates_ratio_less_or_equal()]
    if case.subject is not None:
        checks.append(IndexTrainTestLeakage().add_condition_ratio_less_or_equal())
    score, alarm = 0.0, False
    for part in test_parts(table[case.split].astype(str)):
        test = table[case.split].astype(str) == part
        sides = [
            Dataset(
                table[side][[*case.features, case.label, *([case.subject] if case.subject else [])]],
                label=case.label,
                features=list(case.features),
                cat_features=[],
                index_name=case.subject,
                label_type=label_type(case, table),
            )
            for side in (~test, test)
        ]
        for check in checks:
            result = check.run(*sides, with_display=False)
            share = result.value["ratio"] if isinstance(result.value, dict) else result.value
            score, alarm = max(score, float(share)), alarm or not result.passed_conditions()
    return Answer(score, alarm)


def label_type(case: Case, table: pd.DataFrame) -> str:
    """Return deepchecks' name for the kind of the label."""
    if case.label_kind == "number":
        return "regression"
    return "binary" if table[case.label].nunique() == 2 else "multiclass"


def test_parts(split: pd.Series) -> list[str]:
    """Return the parts that play the test set: the one of that name, else each in turn."""
    parts = sorted(split.unique())
    return ["test"] if "test" in parts else parts


def ask(case: Case, frame: pd.DataFrame) -> Answer:
    """Choose the checks for the question."""
    from kit.rows import no_answer

    if case.question == "confounding":
        return correlated(case, frame)
    return leaking(case, frame) if case.question == "leakage" else no_answer("has no check for what is not recorded")


if __name__ == "__main__":
    from kit.main import main

    main(ask, __file__)
