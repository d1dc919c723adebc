"""The built-in cases are what their stories say."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audit_pipeline.demo import CASES, Case, get_case
from audit_pipeline.demo.clinic import MEASUREMENTS, clinic
from audit_pipeline.errors import SpecError
from audit_pipeline.spec import load_spec
from audit_pipeline.verdict_types import Finding, Verdict

FEATURES = [m.name for m in MEASUREMENTS]
TABLES = [case for case in CASES if case.recordings is None]


def auc(frame: pd.DataFrame, of: pd.Series) -> float:
    """Return the AUC of Fisher's discriminant of the measurements, fitted on one half and tested on the other."""
    x = frame[FEATURES].to_numpy(dtype=float)
    half = np.arange(len(x)) % 2 == 0
    y = of.to_numpy()
    first, second = x[half & y], x[half & ~y]
    direction = np.linalg.solve(np.cov(first.T) + np.cov(second.T), first.mean(axis=0) - second.mean(axis=0))
    score, truth = (x @ direction)[~half], y[~half]
    return float((score[truth][:, None] > score[~truth][None, :]).mean())


@pytest.mark.parametrize("case", TABLES, ids=lambda case: case.name)
def test_two_writes_give_the_same_bytes(case: Case, tmp_path: Path) -> None:
    first, second = case.write(tmp_path / "a"), case.write(tmp_path / "b")

    assert first == tmp_path / "a" / case.name / "audit.yaml"
    for file in first.parent.iterdir():
        assert file.read_bytes() == (second.parent / file.name).read_bytes()
        assert b"\r" not in file.read_bytes()


@pytest.mark.parametrize("case", TABLES, ids=lambda case: case.name)
def test_specs_load_and_name_columns_that_exist(case: Case, tmp_path: Path) -> None:
    spec = load_spec(case.write(tmp_path))

    assert spec.slug == case.name
    assert isinstance(spec.data, str)
    columns = set(pd.read_csv(spec.data).columns)
    assert {name for names in spec.roles().values() for name in names} <= columns


def test_bytes_do_not_depend_on_the_process(tmp_path: Path) -> None:
    code = f"from pathlib import Path; from audit_pipeline.demo import get_case; get_case('clinic').write(Path({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])

    here = get_case("clinic").write(tmp_path / "here").parent / "clinic.csv"
    assert here.read_bytes() == (tmp_path / "clinic" / "clinic.csv").read_bytes()


def test_the_unbalanced_clinic_has_a_design_edge() -> None:
    frame = clinic(balanced=False)
    diseased = frame["disease"] == "yes"

    assert diseased.groupby(frame["site"]).mean().to_dict() == {"north": 0.75, "south": 0.25}
    phi = np.corrcoef(diseased, frame["site"] == "north")[0, 1]
    assert phi == pytest.approx(0.5)


def test_the_balanced_clinic_has_none() -> None:
    frame = clinic(balanced=True)

    assert pd.crosstab(frame["site"], frame["disease"]).to_numpy().tolist() == [[150, 150], [150, 150]]
    assert frame.groupby(["site", "disease"])["sex"].value_counts().unique().tolist() == [75]


@pytest.mark.parametrize("balanced", [False, True])
def test_measurements_show_disease_and_site(balanced: bool) -> None:
    frame = clinic(balanced=balanced)

    assert 0.7 < auc(frame, frame["disease"] == "yes") < 0.9
    assert auc(frame, frame["site"] == "south") > 0.75


def test_disease_is_visible_within_a_site() -> None:
    frame = clinic(balanced=False, n=2_000)
    north = frame[frame["site"] == "north"]

    assert auc(north, north["disease"] == "yes") > 0.7


def test_the_seed_decides() -> None:
    assert clinic(balanced=True, seed=1).equals(clinic(balanced=True, seed=1))
    assert not clinic(balanced=True, seed=1).equals(clinic(balanced=True, seed=2))


@pytest.mark.parametrize("n", [0, 8, 601])
def test_quotas_that_cannot_be_exact_are_refused(n: int) -> None:
    with pytest.raises(ValueError, match="multiple of 8"):
        clinic(balanced=True, n=n)


def test_penguins_are_aliased_with_islands() -> None:
    from audit_pipeline.demo.penguins import source

    frame = pd.read_csv(source())
    islands = frame.groupby("species")["island"].unique().map(sorted).to_dict()
    assert len(frame) == 344
    assert islands["Gentoo"] == ["Biscoe"]
    assert islands["Chinstrap"] == ["Dream"]


def test_an_unknown_case_is_answered_with_the_nearest() -> None:
    with pytest.raises(SpecError, match="did you mean 'penguins'"):
        get_case("pinguins")


def test_what_is_not_as_expected_is_told(tmp_path: Path) -> None:
    case = get_case("clinic")
    finding = Finding(column="site", role="nuisance", verdict="pass", reason="unseen", headline="", next_step="")
    found = Verdict(dataset="clinic", verdict="pass", headline="", findings=(finding,), policy={})

    assert case.surprises(found) == ["the verdict is pass, expected fail", "site is unseen, expected confounded"]
    right = replace(finding, verdict="fail", reason="confounded")
    assert case.surprises(replace(found, verdict="fail", findings=(right,))) == []
    assert case.surprises(replace(found, verdict="fail", findings=())) == ["site is not judged, expected confounded"]


def test_reasons_are_expected_of_columns_that_the_spec_names(tmp_path: Path) -> None:
    for case in CASES:
        spec = load_spec(case.write_spec(tmp_path))
        assert spec.slug == case.name
        assert case.reasons
        assert set(case.reasons) <= set(spec.nuisance)
