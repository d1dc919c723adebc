"""Where a p-value of the design edge came from permutations, the evidence says how many: a paper has to tell."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audit_pipeline.stats.multiplicity import permutations_for
from tests.probes.asking import ask


@pytest.mark.parametrize(("n", "method"), [(24, "permutation"), (200, "chi-square")])
def test_permutations_of_the_design_edge_are_told(n: int, method: str) -> None:
    rng = np.random.default_rng(0)
    table = pa.table(
        {
            "ill": rng.permutation(["no", "yes"] * (n // 2)).tolist(),
            # With 24 records some expected count is below five, with 200 none is.
            "site": rng.permutation(["a", "b", "b", "b"] * (n // 4)).tolist(),
            "x": rng.standard_normal(n),
        }
    )
    (row,) = [row for row in ask(table, "design") if row.metric == "association_v"]
    assert row.detail["method"] == method
    assert row.detail.get("permutations") == (permutations_for(1, 1999) if method == "permutation" else None)
