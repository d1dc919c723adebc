"""The built-in clinic in small, as files, for tests that need a whole audit with the real stages."""

from __future__ import annotations

from pathlib import Path

from audit_pipeline.demo.clinic import clinic

SPEC = """\
name: clinic
data: clinic.csv
label: disease
subject: patient
nuisance: [site]
covariates: [age, sex]
"""
RECORDS = 96


def write_clinic(folder: Path, *, spec: str = SPEC) -> Path:
    """Write data and spec below ``folder`` and return the path of the spec."""
    folder.mkdir(parents=True, exist_ok=True)
    clinic(balanced=False, n=RECORDS).to_csv(folder / "clinic.csv", index=False)
    path = folder / "audit.yaml"
    path.write_text(spec, encoding="utf-8")
    return path
