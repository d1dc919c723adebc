"""Labels and metadata with an order: numbers, and levels that the spec puts in order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom

from audit_pipeline import pipeline
from audit_pipeline.errors import AuditError
from audit_pipeline.spec import parse_spec
from audit_pipeline.store import Store
from tests.simulate import audit

GRADES = ["none", "low", "mid", "high", "full"]


def draw(rng: np.random.Generator, n: int, design: float, sensor: float) -> pa.Table:
    """A score that depends on the temperature by ``design``; features that show score, and temperature by ``sensor``."""
    warmth = rng.normal(20, 3, size=n)
    score = design * (warmth - 20) / 3 + np.sqrt(1 - design**2) * rng.standard_normal(n)
    x = rng.standard_normal((n, 6))
    x[:, 0] += score
    x[:, 1] += sensor * (warmth - 20) / 3
    grade = np.array(GRADES)[np.searchsorted([-1, -0.3, 0.3, 1], score)]
    table = {"person": [f"p{i}" for i in range(n)], "ill": score, "warmth": warmth, "grade": grade.tolist()}
    return pa.table(table | {f"x{j}": x[:, j] for j in range(6)})


def verdicts(runs: int, n: int, design: float, sensor: float, seed: int) -> list[tuple[str, str]]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(runs):
        finding = audit(draw(rng, n, design, sensor).drop_columns("grade"), nuisance=("warmth",)).findings[0]
        found.append((finding.verdict, finding.reason))
    return found


def test_a_number_confounded_with_a_number_fails() -> None:
    assert verdicts(3, 300, 0.5, 0.8, 0) == [("fail", "confounded")] * 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "sensor"), [(0.0, 0.8), (0.5, 0.0), (0.0, 0.0)], ids=["readable", "invisible", "neither"]
)
def test_numbers_raise_no_false_alarms(design: float, sensor: float) -> None:
    runs = 40
    fails = sum(verdict == "fail" for verdict, _ in verdicts(runs, 200, design, sensor, 1))
    assert fails <= binom.ppf(0.999, runs, 0.05)


def test_levels_in_order_are_tested_as_ordered() -> None:
    rng = np.random.default_rng(2)
    table = draw(rng, 300, 0.4, 0.8).drop_columns("ill").rename_columns({"grade": "ill"})
    order = {"ill": GRADES}
    plain = audit(table, nuisance=("warmth",)).findings[0]
    ordered = audit(table, nuisance=("warmth",), order=order).findings[0]
    assert ordered.verdict == "fail"
    assert ordered.association_v is not None
    assert ordered.association_v != plain.association_v


def test_metadata_levels_in_order() -> None:
    rng = np.random.default_rng(3)
    table = draw(rng, 300, 0.0, 0.0)
    ill = np.where(table["ill"].to_numpy() > 0, "yes", "no")
    table = table.set_column(table.column_names.index("ill"), "ill", [ill.tolist()])
    finding = audit(table, nuisance=("grade",), order={"grade": GRADES}).findings[0]
    assert finding.association_v is not None
    assert finding.association_v > 0.6


def test_a_level_outside_the_order_is_named() -> None:
    rng = np.random.default_rng(4)
    table = draw(rng, 40, 0.0, 0.0).drop_columns("ill").rename_columns({"grade": "ill"})
    with pytest.raises(AuditError, match=r"'\w+' is not in the order that the spec gives"):
        audit(table, nuisance=("warmth",), order={"ill": ["lo", "mid"]})
    with pytest.raises(AuditError, match="neither the label nor metadata; did you mean 'warmth'"):
        audit(table, nuisance=("warmth",), order={"warmht": ["low"]})


def test_the_row_of_a_level_outside_the_order_is_counted_in_its_own_file(tmp_path: Path) -> None:
    for part, last in enumerate(("full", "sideways")):
        rows = [f"{'yes' if k % 2 else 'no'},{GRADES[k % 5]},{k}.5" for k in range(9)] + [f"yes,{last},9.5"]
        (tmp_path / f"part{part}.csv").write_text("\n".join(["ill,grade,x", *rows]), encoding="utf-8")
    spec = parse_spec(
        {
            "name": "t",
            "data": str(tmp_path / "*.csv"),
            "label": "ill",
            "nuisance": ["grade"],
            "order": {"grade": GRADES},
        }
    )
    with pytest.raises(
        AuditError, match=r"part1\.csv, row 11, column 'grade': the value 'sideways' is not in the order"
    ):
        pipeline.execute(pipeline.graph(spec)[0], spec, Store(tmp_path / "store"), {})
