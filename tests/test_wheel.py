"""The wheel in a project of somebody else: what it holds, its commands, and an audit on top of their own asset."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from audit_pipeline.pipeline import OUTPUT_FILES
from audit_pipeline.verification import verify

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="paths of a virtual environment")]

ROOT = Path(__file__).parents[1]

UPSTREAM = """\
from pathlib import Path

import dagster as dg

DATA = Path(__file__).parent.parent / "visits.csv"


@dg.asset(group_name="clinic")
def visits() -> None:
    from audit_pipeline.demo.clinic import clinic

    clinic(balanced=False, n=96).to_csv(DATA, index=False)
"""

BY_PYTHON = """\
import dagster as dg
from shop.visits import DATA, visits

# audit
from audit_pipeline.orchestration import AuditStore, audit_definitions
from audit_pipeline.spec import AuditSpec

spec = AuditSpec(name="clinic", data=str(DATA), label="disease", subject="patient", nuisance=["site"])
audited = [audit_definitions(spec, store=AuditStore(root="audits"), upstream=["visits"])]
# end

defs = dg.Definitions.merge(dg.Definitions(assets=[visits]), *audited)
"""

YAML = """\
type: audit_pipeline.components.DatasetAudit
attributes:
  name: clinic
  data: ../../../visits.csv
  label: disease
  subject: patient
  nuisance: [site]
  upstream: [visits]
"""

BY_YAML = """\
from pathlib import Path

import dagster as dg
from shop.visits import visits

defs = dg.Definitions.merge(
    dg.Definitions(assets=[visits]), dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
)
"""

PROJECT = """\
[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "shop"
"""


@dataclass(frozen=True)
class Installed:
    """The wheel, and a virtual environment that holds it and sees the other packages of this one."""

    wheel: Path
    bin: Path

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "DAGSTER_HOME"}}
        (cwd / ".home").mkdir(exist_ok=True)
        return subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=cwd,
            env={**environment, "DAGSTER_HOME": str(cwd / ".home")},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    home = tmp_path_factory.mktemp("wheel")

    def call(*command: str) -> None:
        subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True, capture_output=True)

    call("build", "--wheel", "--no-isolation", "--outdir", str(home / "dist"))
    (wheel,) = (home / "dist").glob("*.whl")
    call("venv", "--without-pip", str(home / "venv"))
    python = home / "venv/bin/python"
    call("pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel))
    # Afterwards, and as a path only: an editable install of this package among them stays unseen.
    found = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    )
    (Path(found.stdout.strip()) / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installed(wheel, home / "venv/bin")


@pytest.fixture(scope="module")
def project(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project")
    files = {
        "pyproject.toml": PROJECT,
        "shop/__init__.py": "",
        "shop/visits.py": UPSTREAM,
        "shop/by_python.py": BY_PYTHON,
        "shop/by_yaml.py": BY_YAML,
        "shop/defs/__init__.py": "",
        "shop/defs/clinic/defs.yaml": YAML,
    }
    for name, content in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(content, encoding="utf-8")
    return project


def test_what_the_wheel_holds(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = wheel.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"audit_pipeline"}
    sources = (ROOT / "audit_pipeline").rglob("*")
    wanted = {path.relative_to(ROOT).as_posix() for path in sources if path.suffix in {".py", ".j2", ".css", ".typed"}}
    assert wanted <= set(names)
    assert any(name.endswith(".css") for name in names)
    assert not any(name.endswith(".pyc") for name in names)


def test_commands_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    where = installed.run("python", "-c", "import audit_pipeline; print(audit_pipeline.__file__)", cwd=tmp_path)
    assert str(installed.bin.parent) in where.stdout, "it is the wheel that is tested"
    shown = installed.run("audit-pipeline", "--help", cwd=tmp_path)
    assert shown.returncode == 0
    assert "verify" in shown.stdout
    demo = installed.run("audit-pipeline", "demo", cwd=tmp_path)
    assert demo.returncode == 0, demo.stderr
    assert "verdicts are as expected" in demo.stdout
    assert "<style>" in (tmp_path / "audits/demo/clinic/report.html").read_text(encoding="utf-8")
    assert verify(tmp_path / "audits/demo/clinic").as_signed


def test_under_ten_lines(project: Path) -> None:
    ours = BY_PYTHON.partition("# audit\n")[2].partition("# end")[0]
    assert len([line for line in ours.splitlines() if line]) < 10
    assert len(YAML.splitlines()) < 10


@pytest.mark.parametrize("by", ["by_python", "by_yaml"])
def test_a_foreign_project_audits_its_own_asset(installed: Installed, project: Path, by: str) -> None:
    """The job makes the data and audits them; the gate turns the run red, with everything written."""
    done = installed.run(
        "python", "-m", "dagster", "job", "execute", "-m", f"shop.{by}", "-j", "audit_clinic", cwd=project
    )
    told = done.stdout + done.stderr
    assert done.returncode == 1, told
    assert "Asset check 'gate' on 'audit/clinic/verdict' did not pass" in told
    out = project / "audits/clinic"
    assert sorted(path.name for path in out.iterdir()) == sorted(OUTPUT_FILES)
    verdict = json.loads((out / "verdict.json").read_text(encoding="utf-8"))
    assert verdict["verdict"] == "fail"
    assert verdict["lineage"]["run"]["runner"] == "dagster"
    assert verify(out).as_signed
    assert sorted(path.name for path in project.iterdir() if path.name[0] != ".") == [
        "audits",
        "pyproject.toml",
        "shop",
        "visits.csv",
    ]


def test_a_bad_path_is_told_in_the_users_words(installed: Installed, project: Path, tmp_path: Path) -> None:
    (tmp_path / "audit.yaml").write_text(YAML.partition("attributes:\n")[2].replace("  ", ""), encoding="utf-8")
    done = installed.run("audit-pipeline", "run", "audit.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "unknown key 'upstream'" in done.stderr
