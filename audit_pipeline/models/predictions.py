"""Out-of-fold predictions of the baselines, in memory and in ``predictions.parquet``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

METADATA = "metadata"
"""Name of the baseline that sees the nuisance columns alone."""


@dataclass(frozen=True)
class Predictions:
    """Out-of-fold class probabilities.

    Parameters
    ----------
    fold : (n,) the fold in which a record was tested.
    proba : model name -> (n, classes), rows in canonical order, from a model that never saw the record's subject.
    """

    fold: np.ndarray
    proba: dict[str, np.ndarray]

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models of the recorded data, without the metadata-only one."""
        return tuple(name for name in self.proba if name != METADATA)

    def scores(self, model: str) -> np.ndarray:
        """Return log probabilities (n, classes): the difference of two columns orders records between two classes."""
        return np.asarray(np.log(np.clip(self.proba[model], 1e-12, None)))


def save(
    folder: Path, predictions: Predictions, *, row: np.ndarray, label: np.ndarray, classes: tuple[str, ...]
) -> None:
    """Write one row a record and model, in the order of the input file: row, model, fold, label, a probability a class."""
    import pyarrow as pa

    from audit_pipeline.parquet import write_table

    order = np.argsort(row, kind="stable")
    names = pa.array(list(classes), pa.string())
    tables = []
    for model, proba in predictions.proba.items():
        columns = {
            "row": pa.array(row[order], pa.int64()),
            "position": pa.array(order, pa.int64()),
            "model": pa.array([model] * len(order), pa.string()),
            "fold": pa.array(predictions.fold[order], pa.int32()),
            "label": pa.DictionaryArray.from_arrays(pa.array(label[order], pa.int32()), names).cast(pa.string()),
        }
        columns |= {f"p({name})": pa.array(proba[order, code], pa.float64()) for code, name in enumerate(classes)}
        tables.append(pa.table(columns))
    write_table(pa.concat_tables(tables), folder / "predictions.parquet")


def load(folder: Path) -> Predictions:
    """Read predictions back into canonical order."""
    from audit_pipeline.parquet import read_table

    table = read_table(folder / "predictions.parquet")
    models = table.column("model").combine_chunks().dictionary_encode()
    model = models.indices.to_numpy()
    position = table.column("position").to_numpy()
    probabilities = np.column_stack(
        [table.column(name).to_numpy() for name in table.column_names if name.startswith("p(")]
    )
    proba: dict[str, np.ndarray] = {}
    fold = np.zeros(0, dtype=np.int64)
    for code, name in enumerate(models.dictionary.to_pylist()):
        rows = np.flatnonzero(model == code)
        placed = np.empty((len(rows), probabilities.shape[1]))
        placed[position[rows]] = probabilities[rows]
        proba[name] = placed
        fold = np.empty(len(rows), dtype=np.int64)
        fold[position[rows]] = table.column("fold").to_numpy()[rows]
    return Predictions(fold, proba)
