"""Stages that are computed at the same time in one process must not meet half of a library."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys, types
from pathlib import Path
from audit_pipeline import pipeline
from audit_pipeline.pipeline import Stage
from audit_pipeline.spec import AuditSpec
from audit_pipeline.store import Store

whole = []
fake = types.ModuleType("fake")
fake.nothing = lambda context: {}
fake.look = lambda context: whole.append(hasattr(sys.modules.get("torch"), "Tensor")) or {}
sys.modules["fake"] = fake
stages = (
    Stage("dataset", (), (), "fake:look", ""),
    *(Stage(f"beside_{k}", ("dataset",), (), "fake:look", "") for k in range(4)),
    Stage("verdict", ("dataset", "beside_0"), (), "fake:nothing", "", judging=True),
)
pipeline.graph = lambda spec: stages
pipeline._data_digests = lambda spec: []
spec = AuditSpec(name="a", data="-", label="y", nuisance=("site",), baselines=(sys.argv[2],))
pipeline.run(spec, Store(Path(sys.argv[1])), workers=4)
first = list(whole)
pipeline.run(spec, Store(Path(sys.argv[1])), workers=4)
assert whole == first, "the second time everything is found"
print(first)
"""


@pytest.mark.parametrize(("baseline", "whole"), [("network", True), ("linear", False)])
def test_torch_is_whole_before_anything_is_computed_beside_its_import(
    tmp_path: object, baseline: str, whole: bool
) -> None:
    """SciPy looks into ``sys.modules`` for torch, and fails on a half of it."""
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), baseline]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.stderr == ""
    assert done.stdout.strip() == str([False] + 4 * [whole])
