"""``init`` proposes a spec that loads and, where label and nuisance were found, runs."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from audit_pipeline import pipeline
from audit_pipeline.cli import main
from audit_pipeline.spec import AuditSpec, load_spec
from audit_pipeline.store import Store

N = 120

# Kinds of columns, so that a table is a short dictionary.
KINDS: dict[str, Callable[[np.random.Generator], object]] = {
    "id": lambda rng: [f"p{i:03}" for i in range(N)],
    "ids": lambda rng: [f"p{i // 3:03}" for i in range(N)],
    "count": lambda rng: np.arange(1, N + 1),
    "binary": lambda rng: rng.integers(0, 2, N),
    "yes": lambda rng: rng.choice(["yes", "no"], N),
    "levels": lambda rng: rng.choice(["a", "b", "c"], N),
    "number": lambda rng: rng.standard_normal(N).round(3),
    "whole": lambda rng: rng.integers(20, 90, N),
    "day": lambda rng: pd.date_range("2024-01-01", periods=N, freq="5h").strftime("%Y-%m-%d %H:%M"),
    "german": lambda rng: pd.date_range("2024-01-01", periods=N).strftime("%d.%m.%Y"),
    "dicom": lambda rng: pd.date_range("2024-01-01", periods=N).strftime("%Y%m%d").astype(int),
    "text": lambda rng: [f"seen on day {i}, all well" for i in range(N)],
    "file": lambda rng: [f"scans/{i}.png" for i in range(N)],
    "split": lambda rng: rng.choice(["train", "test"], N),
    "same": lambda rng: ["x"] * N,
}


def table(columns: dict[str, str]) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame({name: KINDS[kind](rng) for name, kind in columns.items()})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty current folder."""
    monkeypatch.chdir(tmp_path)
    for variable in ("AUDIT_PIPELINE_DEBUG", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def proposed(frame: pd.DataFrame, home: Path, name: str = "clinic.csv") -> tuple[AuditSpec, str]:
    """Return the proposed spec, loaded, and its text."""
    frame.to_csv(home / name, index=False)
    (home / "audit.yaml").unlink(missing_ok=True)
    assert main(["init", name, "--out", "audit.yaml"]) == 0
    return load_spec(home / "audit.yaml"), (home / "audit.yaml").read_text(encoding="utf-8")


def readable(spec: AuditSpec, home: Path) -> pipeline.StageRecord:
    return pipeline.execute(pipeline.graph(spec)[0], spec, Store(home / ".trial"), {})


ROLES = ("label", "subject", "split", "nuisance", "covariates", "ignore")

FIELDS: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "medicine": (
        {
            "PatientID": "ids",
            "StudyDate": "dicom",
            "Manufacturer": "levels",
            "KVP": "binary",
            "PatientAge": "whole",
            "PatientSex": "yes",
            "file_path": "file",
            "mean_hu": "number",
            "Malignant": "binary",
        },
        {
            "label": "Malignant",
            "subject": "PatientID",
            "nuisance": ("StudyDate", "Manufacturer", "KVP"),
            "covariates": ("PatientAge", "PatientSex"),
            "ignore": ("file_path",),
        },
    ),
    "speech, French": (
        {
            "locuteur": "ids",
            "âge": "whole",
            "sexe": "yes",
            "micro": "levels",
            "date_enregistrement": "day",
            "diagnostic": "yes",
            "jitter": "number",
            "remarque": "text",
        },
        {
            "label": "diagnostic",
            "subject": "locuteur",
            "nuisance": ("micro", "date_enregistrement"),
            "covariates": ("âge", "sexe"),
            "ignore": ("remarque",),
        },
    ),
    "industry, German": (
        {
            "Seriennummer": "id",
            "Datum": "german",
            "Maschine": "levels",
            "Prüfstand-Nr.": "levels",
            "Schicht": "levels",
            **{f"sensor_{i}": "number" for i in range(9)},
            "Ausschuss": "yes",
        },
        {
            "label": "Ausschuss",
            "nuisance": ("Datum", "Maschine", "Prüfstand-Nr.", "Schicht"),
            "ignore": ("Seriennummer",),
        },
    ),
    "biology": (
        {
            "sample": "id",
            "donor": "ids",
            "batch": "levels",
            "plate_row": "levels",
            "phenotype": "levels",
            **{f"ENSG{i:05}": "number" for i in range(8)},
        },
        {
            "label": "phenotype",
            "subject": "donor",
            "nuisance": ("batch", "plate_row"),
            "ignore": ("sample",),
        },
    ),
    "Spanish": (
        {
            "paciente": "ids",
            "edad": "whole",
            "sexo": "yes",
            "hospital": "levels",
            "enfermedad": "yes",
            "glucosa": "number",
        },
        {"label": "enfermedad", "subject": "paciente", "nuisance": ("hospital",), "covariates": ("edad", "sexo")},
    ),
    "machine learning": (
        {
            "idx": "count",
            "set": "split",
            "camera_id": "levels",
            "x1": "number",
            "disease_years": "number",
            "target": "binary",
        },
        {"label": "target", "split": "set", "nuisance": ("camera_id",), "ignore": ("idx",)},
    ),
    "a number as label": (
        {"subject": "ids", "site": "levels", "reaction_time": "number", "severity": "whole"},
        {"label": "severity", "subject": "subject", "nuisance": ("site",)},
    ),
}


@pytest.mark.parametrize("field", FIELDS)
def test_roles_by_name_and_content(home: Path, field: str) -> None:
    columns, expected = FIELDS[field]
    spec, text = proposed(table(columns), home)
    default: dict[str, object] = {"label": None, "subject": None, "split": None}
    assert {role: getattr(spec, role) for role in ROLES} == {
        role: expected.get(role, default.get(role, ())) for role in ROLES
    }
    assert readable(spec, home).summary["records"] == N
    assert text.splitlines()[-1] == "# Next: audit-pipeline run audit.yaml"
    assert f"Read as written above: {N} records" in text
    assert "NOT CERTAIN" not in text


def test_every_line_says_why(home: Path) -> None:
    spec, text = proposed(
        table({"patient": "ids", "site": "levels", "age": "whole", "x": "number", "ill": "yes"}), home
    )
    assert "by its name; 40 in 120 records" in text
    assert "  - site  # by its name; 3 levels: " in text
    assert "  - age  # by its name; numbers from " in text
    assert "every other column, here x." in text
    assert (spec.name, Path(spec.data_paths[0])) == ("clinic", home / "clinic.csv")


def test_an_uncertain_label_says_so_and_names_the_others(home: Path) -> None:
    _, text = proposed(table({"a": "number", "site": "levels", "b": "levels", "c": "yes"}), home)
    assert "NOT CERTAIN" in text
    assert "label: c" in text
    assert "It may also be b (3 levels" in text
    spec, text = proposed(table({"site": "levels", "diagnosis": "yes", "outcome": "yes", "x": "number"}), home)
    assert spec.label == "outcome"
    assert "NOT CERTAIN" in text
    assert "It may also be diagnosis" in text


def test_a_second_label_is_not_shown_to_models(home: Path) -> None:
    frame = table({"site": "levels", "label": "levels", "x": "number"})
    frame["code"] = frame["label"].map({"a": 1, "b": 2, "c": 3})
    spec, text = proposed(frame, home)
    assert spec.ignore == ("code",)
    assert "each of its values goes with one label" in text


@pytest.mark.parametrize(
    ("columns", "missing"),
    [
        ({"x": "number", "ill": "yes", "mood": "levels"}, "nuisance"),
        ({"x": "number", "z": "number", "site": "levels"}, "label"),
        ({"x": "number", "z": "number"}, "label and nuisance"),
    ],
)
def test_what_was_not_found_has_to_be_filled_in(home: Path, columns: dict[str, str], missing: str) -> None:
    spec, text = proposed(table(columns), home)
    assert f"fill in {missing}" in text
    assert text.splitlines()[-1].startswith("# Next:")
    if missing == "nuisance":
        assert spec.nuisance == ()
        assert "One of these, perhaps: mood (3 levels" in text


def test_hostile_names_stay_names(home: Path) -> None:
    odd = [
        *(
            "a: b # c",
            "- list",
            "'quoted'",
            '"quoted"',
            "on",
            "null",
            "1e5",
            "日本",
            "\x1b[31mred",
            "\u202egnp",
            "{{x}}",
            "&a",
            "%",
        ),
        *(
            "x\n# y",
            "x\ny: z",
            "tab\there",
            "back\\slash",
            "\ufeffbom",
            "~",
            "[a, b]",
            "é" * 50,
            "a\u2028b",
            "@",
            "`cmd`",
            "=1+1",
        ),
    ]
    columns = dict.fromkeys(odd, "number") | {"site\nlabel: evil": "levels", "no": "yes"}
    frame = table(columns).assign(label=np.random.default_rng(1).choice(["&a", "*b\n# c"], N))
    spec, text = proposed(frame, home)
    assert spec.label == "label"
    assert len(spec.nuisance) == 1
    assert spec.nuisance[0].endswith("label: evil")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert readable(spec, home).summary["features"] == len(odd) + 1
    assert all(line.startswith(("#", "  - ")) or not line or ":" in line for line in text.splitlines())


def test_marks_without_which_the_audit_would_be_refused_are_declared(home: Path) -> None:
    frame = table({"site": "levels", "label": "yes", "x": "number", "z": "number", "w": "number"})
    frame["x"] = frame["x"].astype(object).where(frame.index % 9 != 0, "?")
    frame["z"] = frame["z"].astype(object).where(frame.index != 3, "see note")
    spec, text = proposed(frame, home)
    assert spec.missing == {"x": ("?",)}
    assert spec.ignore == ("z",)
    assert "cannot be read: 1 of 120 values is no number: 'see note' (1)" in text
    assert readable(spec, home).summary["features"] == 2


def test_hidden_missing_values_are_pointed_out_but_left(home: Path) -> None:
    frame = table({"site": "levels", "label": "yes", "x": "number"})
    frame["fat"] = np.random.default_rng(1).normal(245, 40, N).round()
    frame.loc[frame["site"] == "a", "fat"] = 0
    frame["smoker"] = np.random.default_rng(1).choice(["yes", "no", "unknown"], N)
    spec, text = proposed(frame, home)
    zeros = int((frame["fat"] == 0).sum())
    assert spec.missing == {}
    assert f"#   fat: [0]  # {zeros} of 120 records, {zeros} of {zeros} at site 'a'" in text
    uncommented = text.replace("# missing:", "missing:").replace("#   ", "  ")
    assert yaml.safe_load(uncommented)["missing"] == {"fat": [0], "smoker": ["unknown"]}


def test_known_scales_are_offered_as_an_order(home: Path) -> None:
    frame = table({"site": "levels", "x": "number"})
    frame["severity"] = np.random.default_rng(1).choice(["Mild", "none", "Severe", "moderate"], N)
    _, text = proposed(frame, home)
    assert "# order:\n#   severity: [none, Mild, moderate, Severe]" in text


# The command --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def clinic(home: Path) -> Path:
    table({"patient": "ids", "site": "levels", "x": "number", "ill": "yes"}).to_csv(home / "clinic.csv", index=False)
    return home


def test_to_standard_output_by_default(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "clinic.csv"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert yaml.safe_load(shown.out)["data"] == "clinic.csv"
    assert shown.out.splitlines()[-1].endswith("audit-pipeline run audit.yaml")
    assert [path.name for path in clinic.iterdir()] == ["clinic.csv"]


def test_paths_are_relative_to_the_spec(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "clinic.csv", "--out", "specs/new/audit.yaml"]) == 0
    assert capsys.readouterr().out == (
        "wrote specs/new/audit.yaml. Read it, then: audit-pipeline run specs/new/audit.yaml\n"
    )
    text = (clinic / "specs/new/audit.yaml").read_text()
    assert "data: ../../clinic.csv" in text
    assert text.splitlines()[-1] == "# Next: audit-pipeline run specs/new/audit.yaml"
    assert load_spec(clinic / "specs/new/audit.yaml").data_paths == (str(clinic / "clinic.csv"),)


@pytest.mark.parametrize("there", ["file", "folder", "link"])
def test_nothing_is_ever_overwritten(clinic: Path, capsys: pytest.CaptureFixture[str], there: str) -> None:
    out = clinic / "audit.yaml"
    if there == "file":
        out.write_text("mine", encoding="utf-8")
    elif there == "folder":
        out.mkdir()
    else:
        out.symlink_to(clinic / "nowhere.yaml")
    assert main(["init", "clinic.csv", "--out", "audit.yaml"]) == 2
    shown = capsys.readouterr()
    assert "nothing is overwritten" in shown.err
    assert "what to do:" in shown.err
    assert shown.out == ""
    assert there != "file" or out.read_text(encoding="utf-8") == "mine"
    assert not (clinic / "nowhere.yaml").exists()
    assert sorted(path.name for path in clinic.iterdir()) == ["audit.yaml", "clinic.csv"]


def test_a_file_that_appears_in_the_meantime_is_kept(clinic: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from audit_pipeline.commands import init

    (clinic / "audit.yaml").write_text("mine", encoding="utf-8")
    monkeypatch.setattr(init, "check_new", lambda out: None)
    assert main(["init", "clinic.csv", "--out", "audit.yaml"]) == 2
    assert (clinic / "audit.yaml").read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in clinic.iterdir()) == ["audit.yaml", "clinic.csv"]


def test_folders_globs_and_lists(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (clinic / "clinic.csv").read_bytes()
    (clinic / "parts").mkdir()
    for name in ("a.csv.gz", "b.csv.gz"):
        (clinic / "parts" / name).write_bytes(gzip.compress(text))
    for arguments, data in (
        (["parts"], "parts/*.csv.gz"),
        (["parts/*.csv.gz"], "parts/*.csv.gz"),
        (["parts/a.csv.gz", "clinic.csv"], ["parts/a.csv.gz", "clinic.csv"]),
    ):
        assert main(["init", *arguments]) == 0
        shown = capsys.readouterr().out
        assert yaml.safe_load(shown)["data"] == data
        assert "240 records" in shown


def test_json_lines_and_a_name_from_the_folder(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (clinic / "murmurs").mkdir()
    rows = pd.read_csv(clinic / "clinic.csv").to_dict("records")
    (clinic / "murmurs/data.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main(["init", "murmurs/data.jsonl"]) == 0
    spec = yaml.safe_load(capsys.readouterr().out)
    assert (spec["name"], spec["label"]) == ("murmurs", "ill")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda home: None, "there is no such file"),
        (lambda home: (home / "t").mkdir(), "holds no table"),
        (lambda home: (home / "t").write_bytes(b"x"), "cannot be read"),
    ],
)
def test_what_is_no_table(home: Path, capsys: pytest.CaptureFixture[str], make: object, told: str) -> None:
    make(home)  # type: ignore[operator]
    assert main(["init", "t", "--out", "audit.yaml"]) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert "what to do:" in shown.err
    assert not (home / "audit.yaml").exists()


def test_a_folder_with_tables_of_several_kinds(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (clinic / "other.tsv").write_text("a\tb\n1\t2\n")
    assert main(["init", "."]) == 2
    assert "tables of several kinds: clinic.csv, other.tsv" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content", ["x\n1\n", "a,b\n1,2\n", "a,b,c\n,,\n,,\n", "id\n" + "\n".join(map(str, range(50))), "label,site\nx,y\n"]
)
def test_tables_that_are_hardly_any(home: Path, content: str) -> None:
    (home / "t.csv").write_text(content)
    assert main(["init", "t.csv", "--out", "audit.yaml"]) == 0
    load_spec(home / "audit.yaml")


def test_an_ascii_terminal_gets_a_spec_that_says_the_same(home: Path) -> None:
    frame = table({"Gerät": "levels", "größe": "number", "Krank": "yes", "日本": "number"})
    frame.to_csv(home / "t.csv", index=False)
    done = subprocess.run(
        [sys.executable, "-m", "audit_pipeline", "init", "t.csv"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.isascii()
    assert yaml.safe_load(done.stdout)["nuisance"] == ["Gerät"]
