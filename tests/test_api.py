"""The Python interface: every kind of table gives the same audit, and leaves nothing behind but its result."""

from __future__ import annotations

import doctest
import inspect
import json
import os
import pickle
import random
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import audit_pipeline
from audit_pipeline import Audit, api, audit
from audit_pipeline.demo.clinic import clinic
from audit_pipeline.errors import AuditError, DataError, SpecError
from audit_pipeline.parquet import read_table
from audit_pipeline.pipeline import OUTPUT_FILES
from audit_pipeline.spec import AuditSpec
from audit_pipeline.verification import verify
from tests.report.made_by_hand import EVIL
from tests.small_clinic import RECORDS

ROLES: dict[str, Any] = {
    "label": "disease",
    "nuisance": "site",
    "covariates": ["age", "sex"],
    "subject": "patient",
    "name": "clinic",
}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return clinic(balanced=False, n=RECORDS)


@pytest.fixture(scope="module")
def result(frame: pd.DataFrame) -> Audit:
    return audit(frame, **ROLES)


@pytest.fixture(scope="module")
def cache(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store in which every stage of the clinic is finished."""
    cache = tmp_path_factory.mktemp("cache")
    audit(frame, **ROLES, cache=cache)
    return cache


def test_what_a_result_holds(result: Audit) -> None:
    assert result.verdict == "fail"
    assert result.headline.startswith("site is a shortcut")
    assert result.findings.loc[0, "column"] == "site"
    assert list(result.findings["verdict"]) == ["fail", "pass", "pass"]
    assert {"design", "sensor", "severity"} <= set(result.evidence["probe"])
    assert set(result.predictions["model"]) == {"linear", "trees", "network", "metadata"}
    assert result.details.lineage["run"]["runner"] == "python"
    assert result.report_html.startswith("<!DOCTYPE html>")


def test_folds_are_a_scikit_learn_splitter(frame: pd.DataFrame, result: Audit) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score

    X, y = frame.filter(regex="_"), frame["disease"] == "yes"
    X = (X - X.mean()) / X.std()
    model = LogisticRegression()
    assert len(cross_val_score(model, X, y, cv=result.splits, scoring="roc_auc")) == 5
    assert len(cross_val_predict(model, X.to_numpy(), y, cv=result.splits)) == RECORDS
    search = GridSearchCV(model, {"C": [0.1, 1.0]}, cv=result.splits).fit(X, y)
    assert search.best_score_ > 0.5
    assert result.splits.get_n_splits(X, y, groups=None) == len(result.splits) == 5
    tested = np.concatenate([test for _, test in result.splits])
    assert sorted(tested) == list(range(RECORDS))
    for train, test in result.splits.split(X, y):
        assert not set(frame["patient"].iloc[train]) & set(frame["patient"].iloc[test])
    with pytest.raises(ValueError, match="96 records, X has 95"):
        next(result.splits.split(X[1:]))
    assert repr(result.splits) == "Splits(5 folds, 96 records, 96 subjects)"


def test_records_without_a_label_are_in_no_fold(frame: pd.DataFrame) -> None:
    gaps = frame.copy()
    gaps.loc[[3, 50], "disease"] = None
    splits = audit(gaps, **ROLES).splits
    assert splits.n_records == RECORDS
    assert np.flatnonzero(splits.fold < 0).tolist() == [3, 50]
    for train, test in splits:
        assert len(train) + len(test) == RECORDS - 2
        assert not {3, 50} & {*train, *test}
    assert "2 without a label left out" in repr(splits)


class Stream:
    """A table of some library that is not known here: all it has is the capsule."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


def views(frame: pd.DataFrame) -> Stream:
    """Return the table as polars hands it over: string views, and categories of them."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for position, name in enumerate(table.column_names):
        column = table.column(name)
        if pa.types.is_large_string(column.type) or pa.types.is_string(column.type):
            column = column.cast(pa.string_view())
            if name == "site":
                codes, uniques = pd.factorize(frame[name])
                column = pa.DictionaryArray.from_arrays(
                    pa.array(codes, pa.uint32()), pa.array(list(uniques), pa.string_view())
                )
            table = table.set_column(position, name, column)
    return Stream(table)


TABLES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "categories": lambda frame: frame.astype({"site": "category", "disease": "category"}),
    "nullable": lambda frame: frame.convert_dtypes(),
    "arrow types": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "objects": lambda frame: frame.astype(object),
    "another index": lambda frame: frame.set_index(np.arange(RECORDS)[::-1]),
    "repeated index": lambda frame: frame.set_index(np.zeros(RECORDS, dtype=int)),
    "arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "chunks": lambda frame: pa.concat_tables(
        [pa.Table.from_pandas(part, preserve_index=False) for part in (frame[:10], frame[10:])]
    ),
    "batch": lambda frame: pa.RecordBatch.from_pandas(frame, preserve_index=False),
    "reader": lambda frame: pa.Table.from_pandas(frame, preserve_index=False).to_reader(),
    "capsule": lambda frame: Stream(pa.Table.from_pandas(frame, preserve_index=False)),
    "string views": views,
}


@pytest.mark.parametrize("kind", TABLES)
def test_every_kind_of_table_gives_the_same_audit(
    frame: pd.DataFrame, result: Audit, cache: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = audit(TABLES[kind](frame), **ROLES, cache=cache)
    pd.testing.assert_frame_equal(same.evidence, result.evidence)
    pd.testing.assert_frame_equal(same.findings, result.findings)
    assert (same.splits.fold == result.splits.fold).all()


def test_polars_and_its_lazy_frames(frame: pd.DataFrame, result: Audit, cache: Path) -> None:
    import polars

    table = polars.from_arrow(pa.Table.from_pandas(frame, preserve_index=False))
    same = audit(table.with_columns(polars.col("site").cast(polars.Categorical)), **ROLES, cache=cache)
    pd.testing.assert_frame_equal(same.findings, result.findings)
    with pytest.raises(DataError, match=r"collect\(\)"):
        audit(table.lazy(), **ROLES)


def test_a_path_gives_the_same_audit(
    frame: pd.DataFrame, result: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame.to_csv(tmp_path / "clinic.csv", index=False)
    monkeypatch.chdir(tmp_path)
    same = audit("clinic.csv", **ROLES)
    pd.testing.assert_frame_equal(same.findings, result.findings)
    assert same.details.lineage["run"]["data"] == ["clinic.csv"]
    assert os.listdir(tmp_path) == ["clinic.csv"]
    with pytest.raises(DataError, match=r"nowhere\.csv: there is no such file") as raised:
        audit(Path("nowhere.csv"), **ROLES)
    assert "relative to the current folder" in str(raised.value)


def test_ordered_categories_are_ordered(frame: pd.DataFrame, cache: Path) -> None:
    groups = frame.assign(
        age=pd.cut(frame["age"], [0, 50, 60, 120]), sex=frame["sex"].astype("category").cat.as_ordered()
    )
    found = audit(groups, **ROLES, cache=cache)
    # Two levels have no order worth the name.
    assert found.details.lineage["spec"]["order"] == {"age": ["(0, 50]", "(50, 60]", "(60, 120]"]}
    reverse = {"age": ["(60, 120]", "(50, 60]", "(0, 50]"]}
    assert audit(groups, **ROLES, order=reverse, cache=cache).details.lineage["spec"]["order"] == {
        "age": reverse["age"]
    }


def test_numbered_columns(frame: pd.DataFrame, cache: Path) -> None:
    numbered = frame.set_axis(range(frame.shape[1]), axis="columns")
    place = {name: position for position, name in enumerate(frame.columns)}
    found = audit(numbered, label=place["disease"], nuisance=[place["site"]], subject=place["patient"])  # type: ignore[arg-type,list-item]
    assert found.findings["column"].tolist() == [str(place["site"])]


def test_nothing_changes_and_nothing_is_left(
    frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sklearn.ensemble  # noqa: F401
    import torch
    from threadpoolctl import threadpool_info

    def state() -> list[Any]:
        kind, keys, place, *_ = np.random.get_state()  # noqa: NPY002  (it is this one that must not move)
        pools = {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()}
        return [
            (kind, list(keys), place),  # type: ignore[arg-type]
            random.getstate(),
            torch.get_rng_state().tolist(),
            torch.get_num_threads(),
            pools,
            threading.active_count(),
            Path.cwd(),
            sorted(os.listdir(tempfile.gettempdir())),
            sorted(os.listdir()),
        ]

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    original, before = frame.copy(deep=True), state()
    audit(frame, **ROLES)
    for old, new in zip(before, state(), strict=True):
        assert old == new
    pd.testing.assert_frame_equal(frame, original)


def test_save_and_out_write_an_audit_that_verifies(frame: pd.DataFrame, cache: Path, tmp_path: Path) -> None:
    found = audit(frame, **ROLES, out=tmp_path / "out", cache=cache)
    saved = found.save(tmp_path / "saved")
    for folder in (tmp_path / "out", saved):
        assert sorted(os.listdir(folder)) == sorted(OUTPUT_FILES)
        verified = verify(folder)
        assert verified.as_signed
        assert [remark.told for remark in verified.notes] == [
            "were a table in memory, which is gone; their digests were not derived again"
        ]
    assert read_table(saved / "findings.parquet").to_pandas().equals(found.findings)
    frame.to_csv(tmp_path / "clinic.csv", index=False)
    assert verify(saved, data=[str(tmp_path / "clinic.csv")]).as_signed, "the columns are those of the table"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.tex").write_text("precious")
    for save in (found.save, lambda folder: audit(frame, **ROLES, out=folder)):
        with pytest.raises(DataError, match=r"thesis\.tex"):
            save(tmp_path / "mine")


def test_a_cache_computes_nothing_twice(frame: pd.DataFrame, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audit(frame, **ROLES, cache=cache, progress=True)
    told = capsys.readouterr().err
    stages = told.count(" reused\n")
    assert f"({stages} stages, {stages} of them reused)" in told
    assert stages >= 9


def test_it_is_silent_unless_asked(frame: pd.DataFrame, cache: Path, capfd: pytest.CaptureFixture[str]) -> None:
    audit(frame, **ROLES, cache=cache)
    assert capfd.readouterr() == ("", "")


def test_repr_is_the_panel(result: Audit) -> None:
    shown = repr(result)
    assert "✘ FAIL  site" in shown
    assert "→ next: Record at least" in shown
    assert "exit 1" not in shown
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_html_is_the_first_screen_and_self_contained(result: Audit) -> None:
    shown = result._repr_html_()
    assert "FAIL" in shown
    assert "Record at least" in shown
    assert re.search(r"<svg[^>]*mosaic", shown), "the figure of the first screen"
    assert len(shown) < 25_000, "a notebook keeps it with every run of the cell"
    assert not re.search(r"<(script|link|img|iframe)|https?:|url\(", shown)


def test_hostile_names_are_escaped(result: Audit) -> None:
    from dataclasses import replace

    from audit_pipeline.api.notebook import html_of, text_of

    bad = replace(result.details.findings[0], column=EVIL, headline=EVIL, next_step=EVIL)
    verdict = replace(result.details, dataset=EVIL, headline=EVIL, findings=(bad,) * 120)
    shown = html_of({"verdict.json": json.dumps(verdict.as_dict()).encode()})
    assert "<script" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;" in shown
    assert "20 more columns" in shown
    for text in (shown, text_of(verdict)):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_results_can_be_pickled(result: Audit) -> None:
    again = pickle.loads(pickle.dumps(result))
    assert again.verdict == "fail"
    assert (pickle.loads(pickle.dumps(result.splits)).fold == result.splits.fold).all()


def missing_subject(frame: pd.DataFrame) -> pd.DataFrame:
    gaps = frame.copy()
    gaps.loc[5, "patient"] = None
    return gaps


WRONG: list[tuple[str, Callable[[pd.DataFrame], Any], dict[str, Any], type[AuditError], str, str]] = [
    ("typo", lambda f: f, {"label": "diseas"}, DataError, "did you mean 'disease'?", "`label=`"),
    ("no nuisance", lambda f: f, {"nuisance": ()}, DataError, "no nuisance column", "`nuisance=['site', 'scanner']`"),
    ("index", lambda f: f.set_index("patient"), {}, DataError, "'patient' is the frame's index", "reset_index()"),
    ("twice", lambda f: pd.concat([f, f[["age"]]], axis=1), {}, DataError, "2 columns are called 'age'", "own name"),
    (
        "mixed",
        lambda f: f.assign(x=[1, "a"] * 48),
        {},
        DataError,
        "column 'x': the values are of several types: int, str",
        "astype",
    ),
    (
        "complex",
        lambda f: f.assign(x=1j),
        {},
        DataError,
        "column 'x': values of type complex128",
        "leave the column out",
    ),
    ("empty", lambda f: f[:0], {}, DataError, "no records", "filter"),
    ("two levels", lambda f: pd.concat({"a": f}, axis=1), {}, DataError, "the columns have 2 levels", "join"),
    ("array", lambda f: f.to_numpy(), {}, DataError, "a ndarray is no table", "pandas.DataFrame"),
    ("series", lambda f: f["age"], {}, DataError, "this Series is no table", "DataFrame"),
    ("dict", lambda f: {"a": [1]}, {}, DataError, "a dict is no table", "pandas.DataFrame"),
    ("no subject", missing_subject, {}, DataError, "the subject is missing (at position 5)", "`subject=`"),
    ("two roles", lambda f: f, {"covariates": "site"}, SpecError, "both as nuisance and as covariates", "argument"),
    ("folds", lambda f: f, {"folds": 1}, SpecError, "folds: ", "argument"),
    ("policy", lambda f: f, {"policy": {"alpah": 1}}, SpecError, "did you mean 'alpha'?", "rename"),
]


@pytest.mark.parametrize(
    ("make", "roles", "kind", "told", "remedy"), [case[1:] for case in WRONG], ids=[c[0] for c in WRONG]
)
def test_errors_speak_of_columns(
    frame: pd.DataFrame,
    make: Callable[[pd.DataFrame], Any],
    roles: dict[str, Any],
    kind: type[AuditError],
    told: str,
    remedy: str,
) -> None:
    with pytest.raises(kind) as raised:
        audit(make(frame), **{**ROLES, **roles})
    message = str(raised.value)
    assert told in message
    assert remedy in raised.value.remedy
    assert "frame.parquet" not in message
    assert tempfile.gettempdir() not in message
    assert "spec" not in message.replace("docs/spec.md", "")
    assert raised.value.__suppress_context__


def test_every_key_of_a_spec_is_an_argument() -> None:
    arguments = set(inspect.signature(audit).parameters)
    assert set(AuditSpec.model_fields) - {"schedule"} <= arguments


def test_importing_the_package_is_light() -> None:
    code = (
        "import sys, audit_pipeline; print('audit' in dir(audit_pipeline), "
        "[m for m in ('numpy', 'pandas', 'pydantic', 'rich', 'dagster', 'torch') if m in sys.modules]); "
        "from audit_pipeline import audit; print([m for m in ('dagster', 'torch', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True []", "[]"]
    with pytest.raises(AttributeError, match="no attribute 'audits'"):
        audit_pipeline.audits  # noqa: B018


def test_the_docstrings_example_runs() -> None:
    assert doctest.testmod(api).failed == 0
