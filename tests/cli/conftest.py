"""A graph of hand-made stages, so that the command line is tested without any statistics."""

from __future__ import annotations

import sys
from pathlib import Path

import made_up_stages
import pytest

from audit_pipeline import pipeline


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a current folder with a spec and a small table, audited by the made-up stages."""
    (tmp_path / "data.csv").write_text("label,site,x\n" + "a,north,1\nb,south,2\n" * 10, encoding="utf-8")
    (tmp_path / "audit.yaml").write_text(
        "name: Made Up\ndata: data.csv\nlabel: label\nnuisance: [site]\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "graph", made_up_stages.graph)
    monkeypatch.setattr(made_up_stages, "level", "fail")
    monkeypatch.setattr(made_up_stages, "error", None)
    monkeypatch.setattr(made_up_stages, "calls", [])
    for variable in ("AUDIT_PIPELINE_DEBUG", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(variable, raising=False)
    assert "made_up_stages" in sys.modules
    return tmp_path
