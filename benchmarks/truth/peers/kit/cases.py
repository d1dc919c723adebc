"""A case of the benchmark: a table and what is asked about it.

A folder of cases holds ``<id>.parquet`` and ``<id>.json`` for each case; the JSON file names columns and the question.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("classes", "number")
QUESTIONS = ("confounding", "unrecorded", "leakage")


class CaseError(ValueError):
    """A case does not keep to the contract; the message names the file and the field."""


@dataclass(frozen=True)
class Case:
    """What is asked about one table.

    Parameters
    ----------
    id : name of the case, and of its files.
    label, label_kind : the column to be predicted, "classes" or "number".
    nuisance, covariates : column to kind; a nuisance must not influence, a covariate may.
    subject, split : column of the subject, and of a split already made; ``None`` where there is none.
    features : numeric columns that a model would see.
    question : one of ``QUESTIONS``.
    seed : of everything random that a peer does.
    table : the Parquet file.
    digest : of both files; a row that was written for another content is not taken for this case.
    """

    id: str
    label: str
    label_kind: str
    nuisance: dict[str, str]
    covariates: dict[str, str]
    subject: str | None
    split: str | None
    features: tuple[str, ...]
    question: str
    seed: int
    table: Path
    digest: str

    def frame(self) -> pd.DataFrame:
        """Read the table; the row order is the file's, the index counts from 0, a date declared a number is in days.

        Raises
        ------
        CaseError : a column that the JSON file names is not in the table.
        """
        import pandas as pd

        frame = pd.read_parquet(self.table)
        named = [self.label, *self.nuisance, *self.covariates, *self.features, self.subject, self.split]
        absent = [column for column in named if column is not None and column not in frame.columns]
        if absent:
            raise CaseError(f"{self.table}: no column {absent[0]!r}; it has {', '.join(map(str, frame.columns))}")
        for column, kind in (self.nuisance | self.covariates).items():
            if kind == "number" and pd.api.types.is_datetime64_any_dtype(frame[column]):
                frame[column] = (frame[column] - frame[column].min()).dt.total_seconds() / 86_400
        return frame.reset_index(drop=True)


def read_case(path: Path) -> Case:
    """Read and check ``<id>.json``.

    Raises
    ------
    CaseError : a field is missing, unknown or of the wrong type, or the table is not beside the file.
    """
    try:
        text = path.read_bytes()
        fields = json.loads(text)
    except (OSError, ValueError) as error:
        raise CaseError(f"{path}: not a readable JSON file ({error})") from error
    if not isinstance(fields, dict):
        raise CaseError(f"{path}: expected a JSON object, found {type(fields).__name__}")
    for name, test, expected in _FIELDS:
        if name not in fields:
            raise CaseError(f"{path}: field {name!r} is missing; expected {expected}")
        if not test(fields[name]):
            raise CaseError(f"{path}: field {name!r} is {fields[name]!r}; expected {expected}")
    unknown = set(fields) - {name for name, _, _ in _FIELDS}
    if unknown:
        raise CaseError(f"{path}: unknown field {min(unknown)!r}")
    if fields["id"] != path.stem:
        raise CaseError(f"{path}: field 'id' is {fields['id']!r}; expected the name of the file, {path.stem!r}")
    table = path.with_suffix(".parquet")
    if not table.is_file():
        raise CaseError(f"{path}: its table {table.name} is not beside it")
    digest = hashlib.sha256(text + b"\0" + table.read_bytes()).hexdigest()[:16]
    return Case(**(fields | {"features": tuple(fields["features"]), "table": table, "digest": digest}))


def read_cases(folder: Path) -> list[Case]:
    """Read every case of a folder, ordered by name.

    Raises
    ------
    CaseError : there is none, or one does not keep to the contract.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise CaseError(f"{folder}: no case here; expected files <id>.json beside <id>.parquet")
    return [read_case(path) for path in paths]


def _is_kinds(value: Any) -> bool:
    return isinstance(value, dict) and all(kind in KINDS for kind in value.values())


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


_KINDS_OF_COLUMNS = 'an object of column to "classes" or "number"'
_FIELDS = (
    ("id", _is_text, "a name"),
    ("label", _is_text, "a column"),
    ("label_kind", lambda value: value in KINDS, 'one of "classes", "number"'),
    ("nuisance", _is_kinds, _KINDS_OF_COLUMNS),
    ("covariates", _is_kinds, _KINDS_OF_COLUMNS),
    ("subject", lambda value: value is None or _is_text(value), "a column or null"),
    ("split", lambda value: value is None or _is_text(value), "a column or null"),
    ("features", lambda value: isinstance(value, list) and value and all(map(_is_text, value)), "a list of columns"),
    ("question", lambda value: value in QUESTIONS, f"one of {', '.join(QUESTIONS)}"),
    ("seed", lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0, "an integer >= 0"),
)
