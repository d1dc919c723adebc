"""Rows, names and lineage that the tests of the report share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from audit_pipeline.evidence import Evidence

POLICY = {"alpha": 0.05, "association": 0.2, "separability": 0.6, "overlap": 0.1}
EVIL = (
    "site\x1b[31m[red]x[/red]\u202egnp.exe\n\r\t\x00\u200b<script>alert(1)</script>' onload=alert(1) \"><img src=//evil.example/x onerror=1> "
    "{{ 7*7 }} {% raw %} e\u0301\u0301\u0301\u0301\u0301\u0301\u0301 \U000e0041\udc80" + "A" * 10_000
)
LEVELS = ("cleveland", "hungary", "switzerland", "va")
CREATED = "2026-01-02T03:04:05+00:00"


def rows_about(column: str, *, levels: Sequence[str] = LEVELS, labels: Sequence[str] = ("no", "yes")) -> list[Evidence]:
    rows = [
        Evidence(
            probe="design",
            metric="count",
            column=column,
            level=f"{label}|{level}",
            estimate=0 if (i, k) == (0, 2) else 10 + 7 * i + k,
            detail={"label": label, "level": level},
        )
        for i, label in enumerate(labels)
        for k, level in enumerate(levels)
    ]
    rows.append(Evidence(probe="design", metric="overlap", column=column, level="|".join(labels[:2]), estimate=0.6))
    for view, auc in (("values/linear", 0.97), ("values/quadratic", 0.95)):
        rows.append(
            Evidence(
                probe="sensor",
                metric="separability_auc",
                column=column,
                view=view,
                estimate=auc,
                ci_low=0.9,
                ci_high=0.99,
            )
        )
    for model, pooled, adjusted in (("linear", 0.88, 0.81), ("trees", 0.9, 0.83)):
        rows += [
            Evidence(probe="severity", metric="auc_pooled", column=column, view=model, estimate=pooled),
            Evidence(probe="severity", metric="auc_adjusted", column=column, view=model, estimate=adjusted),
            Evidence(probe="severity", metric="inflation", column=column, view=model, estimate=pooled - adjusted),
        ]
        rows += [
            Evidence(probe="severity", metric="auc_level", column=column, view=model, level=level, estimate=0.8, n=50)
            for level in levels
        ]
    return rows


LINEAGE = {
    "spec": {
        "name": "heart-disease",
        "label": "disease",
        "nuisance": ["site"],
        "covariates": ["age"],
        "features": None,
    },
    "spec_sha256": "ab" * 32,
    "files": {"heart.csv": "ef" * 32},
    "stages": {"dataset": {"key": "12" * 32}},
    "notes": ["3 of 923 records have no label and were left out"],
    "run": {"created": CREATED},
}

WriteFolder = Callable[..., Path]
