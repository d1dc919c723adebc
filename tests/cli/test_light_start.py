"""Help has to come at once: nothing heavy may be imported before the command is known."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"numpy", "pandas", "pyarrow", "rich", "pydantic", "torch", "sklearn", "scipy", "dagster", "yaml", "jinja2"}
SCRIPT = """
import contextlib, io, json, sys
from audit_pipeline.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    status = main(json.loads(sys.argv[1]))
print(json.dumps([status, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["run", "--help"], 0),
        (["demo", "-h"], 0),
        (["report", "-h"], 0),
        (["rnu"], 2),
        (["run"], 2),
    ],
)
def test_nothing_heavy_is_imported(arguments: list[str], status: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(arguments)], capture_output=True, text=True, check=True
    )
    found, modules = json.loads(done.stdout)
    assert found == status
    assert HEAVY & set(modules) == set()
