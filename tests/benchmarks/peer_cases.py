"""Small cases with a plain answer, in the form in which the peers of the truth benchmark are asked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

LEVELS = {2: ("no", "yes"), 5: ("a", "b", "c", "d", "e")}


def write_case(
    folder: Path,
    name: str,
    *,
    n: int = 300,
    classes: int = 2,
    association: float = 0.0,
    sensor: float = 0.0,
    columns: int = 1,
    number: str = "",
    question: str = "confounding",
    copies: int = 0,
    seed: int = 0,
) -> Path:
    """Write a table of six features and its question; return the JSON file.

    Parameters
    ----------
    association : correlation of the label's underlying score with the first nuisance column's.
    sensor : shift of a feature with the first nuisance column, in its standard deviations.
    columns : nuisance columns; all but the first are noise.
    number : which of "label", "nuisance" are numbers and not classes.
    copies : records of the training part that are also in the test part; there is a split if the question is leakage.
    """
    rng = np.random.default_rng(seed)
    hidden = rng.standard_normal((n, columns))
    target = association * hidden[:, 0] + np.sqrt(1 - association**2) * rng.standard_normal(n)
    x = rng.standard_normal((n, 6))
    x[:, 0] += target
    x[:, 1] += sensor * (hidden[:, 0] if "nuisance" in number else np.sign(hidden[:, 0]))
    cut = np.searchsorted(np.quantile(target, np.linspace(0, 1, classes + 1)[1:-1]), target)
    frame = pd.DataFrame({f"x{j}": x[:, j] for j in range(6)})
    frame["y"] = target if "label" in number else np.array(LEVELS[classes])[cut]
    for k in range(columns):
        frame[f"c{k}"] = hidden[:, k] if "nuisance" in number else np.where(hidden[:, k] > 0, "north", "south")
    leakage = question == "leakage"
    if leakage:
        frame["part"] = np.where(np.arange(n) < 2 * n // 3, "train", "test")
        frame["person"] = [f"p{i}" for i in range(n)]
        shared = frame.head(copies).assign(part="test", person=[f"q{i}" for i in range(copies)])
        frame = pd.concat([frame, shared], ignore_index=True)
    frame.to_parquet(folder / f"{name}.parquet")
    fields = {
        "id": name,
        "label": "y",
        "label_kind": "number" if "label" in number else "classes",
        "nuisance": {f"c{k}": "number" if "nuisance" in number else "classes" for k in range(columns)},
        "covariates": {},
        "subject": "person" if leakage else None,
        "split": "part" if leakage else None,
        "features": [f"x{j}" for j in range(6)],
        "question": question,
        "seed": seed,
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(fields))
    return path
