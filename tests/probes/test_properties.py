"""What must not matter does not: the order of rows, the names of levels, copies of records, columns that are constant."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit_pipeline.verdict_types import Finding
from tests.simulate import Truth, audit, generate

WORDS = {"headline", "next_step", "notes"}

truths = st.builds(
    Truth,
    n=st.sampled_from([60, 120, 200]),
    levels=st.sampled_from([2, 3]),
    v=st.sampled_from([0.0, 0.3, 0.6, 1.0]),
    sensor=st.sampled_from([0.0, 1.0]),
    features=st.just(4),
)
seeds = st.integers(0, 2**20)
few = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def figures(finding: Finding) -> dict[str, Any]:
    return {key: value for key, value in asdict(finding).items() if key not in WORDS}


@pytest.mark.slow
@given(truths, seeds)
@few
def test_the_order_of_rows_does_not_matter(truth: Truth, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = generate(truth, rng)
    assert audit(table).findings == audit(table.take(rng.permutation(len(table)))).findings


@pytest.mark.slow
@given(truths, seeds)
@few
def test_the_names_of_levels_do_not_matter(truth: Truth, seed: int) -> None:
    table = generate(truth, np.random.default_rng(seed))
    renamed = table
    for name, names in {
        "site": {f"s{k}": f"{9 - k} hospital" for k in range(3)},
        "ill": {"yes": "0", "no": "1x"},
    }.items():
        values = [names[value] for value in table[name].to_pylist()]
        renamed = renamed.set_column(renamed.column_names.index(name), name, [values])
    assert figures(audit(table).findings[0]) == figures(audit(renamed).findings[0])


@pytest.mark.slow
@given(truths, seeds)
@few
def test_copies_of_records_with_their_subject_change_no_verdict(truth: Truth, seed: int) -> None:
    table = generate(truth, np.random.default_rng(seed))
    once, twice = audit(table).findings[0], audit(pa.concat_tables([table, table])).findings[0]
    assert (once.verdict, once.reason) == (twice.verdict, twice.reason)
    assert once.association_v == pytest.approx(twice.association_v)
    assert once.p_design == pytest.approx(twice.p_design)


@pytest.mark.slow
@given(truths, seeds)
@few
def test_a_constant_column_changes_nothing(truth: Truth, seed: int) -> None:
    table = generate(truth, np.random.default_rng(seed))
    assert audit(table).findings == audit(table.append_column("batch", [[1.0] * len(table)])).findings


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_random_and_constant_features_are_never_blamed(share: float) -> None:
    """Whatever the imbalance of the label: base rates differ by site, the data shows no trace of it."""
    rng = np.random.default_rng(7)
    for _ in range(8):
        n = 240
        site = rng.integers(2, size=n)
        ill = rng.random(n) < share * (1 + 0.6 * (2 * site - 1))
        table = pa.table(
            {
                "person": [f"p{i}" for i in range(n)],
                "ill": np.where(ill, "yes", "no").tolist(),
                "site": [f"s{k}" for k in site],
                "noise": rng.standard_normal(n),
                "same": [3.0] * n,
                "coin": rng.integers(2, size=n).astype(float),
            }
        )
        finding = audit(table).findings[0]
        assert finding.verdict != "fail" or (finding.p_sensor or 1) <= 0.05
        assert finding.reason not in {"aliased"}
