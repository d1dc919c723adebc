"""Two rules of the house, and one of speed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "sklearn", "scipy", "pandas", "pyarrow", "palmerpenguins")


def imported(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def offenders(folder: Path, package: str) -> set[str]:
    return {
        source.relative_to(ROOT).as_posix()
        for source in folder.rglob("*.py")
        if any(name == package or name.startswith(f"{package}.") for name in imported(source))
    }


def test_the_library_never_imports_the_code_location() -> None:
    assert offenders(ROOT / "audit_pipeline", "assets") == set()


def test_only_orchestration_and_components_import_dagster() -> None:
    found = offenders(ROOT / "audit_pipeline", "dagster")

    assert found, "the search is broken"
    assert {name.split("/")[1] for name in found} == {"orchestration", "components"}


def test_nothing_below_imports_orchestration() -> None:
    importers = offenders(ROOT / "audit_pipeline", "audit_pipeline.orchestration")

    assert {name.split("/")[1] for name in importers} <= {"orchestration", "components"}


def test_private_parts_of_dagster_are_left_alone() -> None:
    private = {
        name
        for folder in ("audit_pipeline", "assets")
        for source in (ROOT / folder).rglob("*.py")
        for name in imported(source)
        if name.startswith("dagster.") and any(part.startswith("_") for part in name.split("."))
    }
    assert private == set()


@pytest.mark.parametrize("module", ["audit_pipeline.components", "assets.definitions"])
def test_loading_definitions_brings_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(','.join(m for m in {HEAVY!r} if m in sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""
