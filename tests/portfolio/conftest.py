from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit_pipeline.verdict_types import Finding, Level, Verdict


def published(level: Level, *, v: float = 0.5, inflation: float | None = 0.1, **origin: Any) -> Verdict:
    """Return a verdict with a nuisance and a covariate; the covariate's V is larger and must not count."""
    shared: dict[str, Any] = {"reason": "confounded", "headline": "It is so.", "next_step": "Collect more.", "n": 120}
    site = Finding(column="site", role="nuisance", verdict=level, association_v=v, inflation=inflation, **shared)
    age = Finding(column="age", role="covariate", verdict="pass", association_v=0.9, inflation=0.4, **shared)
    lineage = {
        "spec_sha256": "5" * 64,
        "code": {"audit_pipeline": "0.1.0", "sha256": "c" * 64},
        "files": {"a.csv": "f" * 64},
        "run": {"created": "2026-03-01T10:00:00+00:00"},
        **origin,
    }
    return Verdict(
        dataset="Heart", verdict=level, headline=f"It is {level}.", findings=(age, site), policy={}, lineage=lineage
    )


@pytest.fixture
def publish(tmp_path: Path) -> Callable[..., None]:
    """Write an audit's output folder below the test's folder, and with ``store`` a former verdict into the store."""

    def write(slug: str, level: Level, *, store: str = "", **facts: Any) -> None:
        folder = tmp_path / ".store" / slug / "verdict" / store if store else tmp_path / slug
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "verdict.json").write_text(json.dumps(published(level, **facts).as_dict()), encoding="utf-8")

    return write
