"""An audit is as it was signed, or what changed is named: file, finding, figure, column."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from audit_pipeline import digests, evidence, lineage
from audit_pipeline.cli import main
from audit_pipeline.evidence import Evidence
from audit_pipeline.parquet import read_table, write_table
from audit_pipeline.pipeline import OUTPUT_FILES
from audit_pipeline.report.page import render_page
from audit_pipeline.spec import Policy, load_spec
from audit_pipeline.verdict import decide
from audit_pipeline.verdict_types import findings_table
from audit_pipeline.verification import Verification, verify
from tests.report.made_by_hand import EVIL
from tests.small_clinic import SPEC, write_clinic


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("original")
    spec = write_clinic(home / "data")
    assert main(["run", str(spec), "--out", str(home / "audits/clinic"), "--quiet"]) == 1
    return home


@pytest.fixture
def home(original: Path, tmp_path: Path) -> Path:
    """Return a copy of the data and the audit, to tamper with."""
    shutil.copytree(original, tmp_path / "home", ignore=shutil.ignore_patterns(".store"))
    return tmp_path / "home"


@pytest.fixture
def out(home: Path) -> Path:
    return home / "audits/clinic"


def differences(found: Verification) -> dict[str, str]:
    """Return what differs, with all that is told of it."""
    told: dict[str, str] = {}
    for remark in found.differences:
        told[remark.what] = f"{told[remark.what]} | {remark.told}" if remark.what in told else remark.told
    return told


def edit_json(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    stored = json.loads(path.read_text(encoding="utf-8"))
    change(stored)
    path.write_text(json.dumps(stored, ensure_ascii=False, indent=1), encoding="utf-8")


def edit_evidence(out: Path, **changes: float) -> None:
    def edited(row: Evidence) -> Evidence:
        ours = (row.metric, row.column) == ("association_v", "site")
        return dataclasses.replace(row, **changes) if ours else row  # type: ignore[arg-type]

    path = out / "evidence.parquet"
    evidence.write(path, "clinic", [edited(row) for row in evidence.read(path)])


def sign_again(out: Path) -> None:
    """Bring everything up to date after the evidence was edited, as a forger would: all but the stages' digests."""
    stored = json.loads((out / "verdict.json").read_text(encoding="utf-8"))
    judged = decide("clinic", evidence.read(out / "evidence.parquet"), Policy(**stored["policy"]))
    write_table(findings_table(judged.findings), out / "findings.parquet")
    row = read_table(out / "verdict.parquet").to_pylist()[0]
    write_table(
        pa.Table.from_pylist([{**row, "verdict": judged.verdict, "headline": judged.headline}]), out / "verdict.parquet"
    )
    origin = stored["lineage"]
    origin["outputs"] = {name: digests.of_file(out / name) for name in origin["outputs"]}
    judged = dataclasses.replace(judged, lineage=origin)
    (out / "verdict.json").write_text(json.dumps(judged.as_dict(), ensure_ascii=False, indent=1), encoding="utf-8")
    (out / "report.html").write_text(render_page(out), encoding="utf-8")
    outputs = {name: digests.of_file(out / name) for name in OUTPUT_FILES if name != "verdict.intoto.json"}
    signed = lineage.statement(judged.verdict, "clinic", origin, outputs)
    (out / "verdict.intoto.json").write_text(json.dumps(signed, ensure_ascii=False, indent=1), encoding="utf-8")


def test_an_untouched_audit_is_as_signed(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = verify(out)
    assert differences(found) == {}
    assert found.notes == ()
    assert found.checked["file"] == len(OUTPUT_FILES) - 1
    assert found.checked["data file"] == 1
    assert found.checked["column"] == 13
    assert found.checked["probe"] >= 3
    assert main(["verify", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "AS SIGNED" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_the_verdict_file_itself_may_be_named(out: Path) -> None:
    assert verify(out / "verdict.json").as_signed


def test_a_tampered_verdict_is_named(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def acquit(stored: dict[str, Any]) -> None:
        stored["verdict"] = stored["findings"][0]["verdict"] = "pass"
        stored["findings"][0]["association_v"] = 0.05

    edit_json(out / "verdict.json", acquit)
    told = differences(verify(out))
    assert "is not the file that was signed" in told["verdict.json"]
    assert "says 'pass'; from the evidence the verdict is 'fail'" in told["verdict.json"]
    assert "verdict.json: verdict is 'pass'; from the evidence it is 'fail'" in told["finding site"]
    assert "association_v is 0.05; from the evidence it is 0.4" in told["finding site"]
    assert "its result is 'FAILED'; verdict.json comes to 'PASSED'" in told["verdict.intoto.json"]
    assert set(told) == {"verdict.json", "verdict.intoto.json", "finding site"}
    assert main(["verify", str(out)]) == 1
    shown = capsys.readouterr().out
    assert "CHANGED" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_swapped_rows_are_named(out: Path) -> None:
    path = out / "findings.parquet"
    write_table(read_table(path).take([1, 0, 2]), path)
    told = differences(verify(out))
    assert told["finding site"] == "findings.parquet: stands at place 2; from the evidence it is number 1"
    assert told["finding age"] == "findings.parquet: stands at place 1; from the evidence it is number 2"


def test_swapped_names_are_named(out: Path) -> None:
    path = out / "findings.parquet"
    table = read_table(path)
    place = table.column_names.index("column")
    write_table(table.set_column(place, "column", pa.array(["age", "site", "sex"])), path)
    told = differences(verify(out))
    assert told["finding age"] == "findings.parquet: holds what the evidence says of 'site'"
    assert told["finding site"] == "findings.parquet: holds what the evidence says of 'age'"


def test_a_missing_finding_is_named(out: Path) -> None:
    edit_json(out / "verdict.json", lambda stored: stored["findings"].pop(0))
    assert differences(verify(out))["finding site"] == "verdict.json: is missing; the evidence has it"


def test_an_edited_evidence_value_is_named(out: Path) -> None:
    edit_evidence(out, estimate=0.05, ci_low=0.0, ci_high=0.1)
    told = differences(verify(out))
    assert "is not the file that was signed" in told["evidence.parquet"]
    assert "the rows of the probe 'design' are not those that it measured" in told["evidence.parquet"]
    assert "association_v is 0.49" in told["finding site"]
    assert "from the evidence it is 0.05" in told["finding site"]


def test_evidence_is_traced_to_its_probe_after_everything_was_signed_again(out: Path) -> None:
    edit_evidence(out, estimate=0.05, ci_low=0.0, ci_high=0.1)
    sign_again(out)
    told = differences(verify(out))
    assert told == {"evidence.parquet": "the rows of the probe 'design' are not those that it measured"}


def test_predictions_that_were_signed_again_are_traced_to_their_stage(out: Path) -> None:
    path = out / "predictions.parquet"
    write_table(read_table(path).slice(1), path)
    sign_again(out)
    assert differences(verify(out)) == {"predictions.parquet": "is not what the stage 'baselines' made"}


def test_a_changed_cell_of_the_data_names_file_and_column(home: Path, out: Path) -> None:
    path = home / "data/clinic.csv"
    lines = path.read_text().splitlines()
    cells = lines[3].split(",")
    cells[lines[0].split(",").index("crp_mg_l")] = "99"
    path.write_text("\n".join([*lines[:3], ",".join(cells), *lines[4:]]) + "\n")
    told = differences(verify(out))
    assert set(told) == {"file clinic.csv", "column crp_mg_l"}
    assert told["column crp_mg_l"].startswith("content differs: SHA-256 ")


def test_a_lost_record_and_a_renamed_column(home: Path, out: Path) -> None:
    path = home / "data/clinic.csv"
    text = path.read_text()
    path.write_text("\n".join(text.splitlines()[:-1]) + "\n")
    assert differences(verify(out))["column (all)"] == "95 records, signed 96"
    path.write_text(text.replace("site", "hospital", 1))
    told = differences(verify(out))
    assert "there is no column 'site'" in told["data"]
    assert "file clinic.csv" in told


def test_the_data_may_have_moved(home: Path, out: Path, tmp_path: Path) -> None:
    (home / "data/clinic.csv").rename(tmp_path / "moved.csv")
    found = verify(out)
    assert found.as_signed
    assert "give them with --data" in found.notes[0].told
    assert "data file" not in found.checked
    found = verify(out, data=[str(tmp_path / "moved.csv")])
    assert found.as_signed
    assert [remark.what for remark in found.notes] == ["file moved.csv"]
    (tmp_path / "moved.csv").rename(tmp_path / "clinic.csv")
    assert verify(out, data=[str(tmp_path)]).notes == ()


def test_the_same_content_in_another_file(home: Path, out: Path, tmp_path: Path) -> None:
    import pandas as pd

    pd.read_csv(home / "data/clinic.csv").to_parquet(tmp_path / "clinic.parquet", index=False)
    found = verify(out, data=[str(tmp_path / "clinic.parquet")])
    assert set(differences(found)) == {"file clinic.parquet", "file clinic.csv"}
    assert [remark.what for remark in found.notes] == ["columns"]


def test_data_that_lie_elsewhere_in_the_world_are_not_fetched_unasked(out: Path) -> None:
    edit_json(out / "verdict.json", lambda stored: stored["lineage"]["run"].update(data=["https://example.org/x.csv"]))
    found = verify(out)
    assert "nothing is fetched unasked" in found.notes[0].told


def test_a_spec_is_compared_key_by_key(home: Path, out: Path) -> None:
    same = home / "data/audit.yaml"
    assert verify(out, spec=load_spec(same)).as_signed
    other = home / "data/other.yaml"
    other.write_text(SPEC.replace("[age, sex]", "[age]") + "policy: {association: 0.4}\n", encoding="utf-8")
    told = differences(verify(out, spec=load_spec(other)))
    assert told["spec covariates"] == "is ['age'] in the file; signed ['age', 'sex']"
    assert told["spec policy association"] == "is 0.4 in the file; signed 0.2"


@pytest.mark.parametrize(
    ("key", "change", "what"),
    [
        ("policy", lambda stored: stored["policy"].update(association=0.9), "policy association"),
        ("spec", lambda stored: stored["lineage"]["spec"].update(folds=7), "spec"),
        ("seed", lambda stored: stored["lineage"].update(seed=3), "spec seed"),
        ("file", lambda stored: stored["lineage"]["files"].update({"clinic.csv": "0" * 64}), "manifest.parquet"),
        ("column", lambda stored: stored["lineage"]["columns"]["age"].update(sha256="0" * 64), "column age"),
        ("code", lambda stored: stored["lineage"]["code"].update(sha256="0" * 64), "verdict.intoto.json"),
    ],
)
def test_edited_lineage_is_named(out: Path, key: str, change: Callable[[dict[str, Any]], None], what: str) -> None:
    edit_json(out / "verdict.json", change)
    assert {what, "verdict.json"} <= set(differences(verify(out))), key


def test_other_code_and_packages_are_told_and_change_nothing(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "of_code", lambda judging=True: "f" * 64)
    monkeypatch.setattr(lineage, "installed_packages", lambda: {"numpy": "99.0"})
    found = verify(out)
    assert found.as_signed
    notes: Mapping[str, str] = {remark.told.split()[0]: remark.told for remark in found.notes}
    assert "here it is 99.0" in notes["numpy"]
    assert "here it is not installed" in notes["pyarrow"]
    assert any(remark.what == "code" for remark in found.notes)


def test_another_wording_by_other_code_is_a_note(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit_json(out / "verdict.json", lambda stored: stored["findings"][0].update(headline="Put in another way."))
    assert "headline is not the sentence" in differences(verify(out))["finding site"]
    monkeypatch.setattr(digests, "of_code", lambda judging=True: "f" * 64)
    found = verify(out)
    assert "finding site" not in differences(found)
    assert any(remark.what == "wording" for remark in found.notes)


def test_a_page_that_shows_something_else_is_named(out: Path) -> None:
    page = out / "report.html"
    page.write_text(page.read_text(encoding="utf-8").replace("FAIL", "PASS"), encoding="utf-8")
    assert "is not the page that these files give" in differences(verify(out))["report.html"]


@pytest.mark.parametrize("name", OUTPUT_FILES)
@pytest.mark.parametrize("how", ["missing", "garbage"])
def test_no_file_can_be_lost_or_damaged_unnoticed(out: Path, name: str, how: str) -> None:
    if how == "missing":
        (out / name).unlink()
    else:
        (out / name).write_bytes(b"\x00garbage")
    assert name in differences(verify(out))


def test_foreign_files_are_noted(out: Path) -> None:
    (out / "verdict.intoto.json.sig").write_text("signature")
    found = verify(out)
    assert found.as_signed
    assert found.notes[0].what == "verdict.intoto.json.sig"


def test_nothing_to_verify_exits_2(home: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(home / "nowhere")]) == 2
    assert "there is no such folder" in capsys.readouterr().err
    assert main(["verify", str(home / "audits")]) == 2
    assert "there is clinic" in capsys.readouterr().err
    assert main(["verify", str(out), "--data", "gone.csv"]) == 2
    assert "gone.csv: there is no such file" in capsys.readouterr().err
    assert main(["verify", str(out), "--spec", "gone.yaml"]) == 2
    assert "there is no such spec file" in capsys.readouterr().err


def test_json(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit_json(out / "verdict.json", lambda stored: stored.update(verdict="warn"))
    assert main(["verify", str(out), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["as_signed"] is False
    assert told["dataset"] == "clinic"
    assert {"what": "verdict.json", "told": "says 'warn'; from the evidence the verdict is 'fail'"} in told[
        "differences"
    ]


@pytest.mark.parametrize("evil", [EVIL, EVIL.replace("\udc80", "")])
def test_a_hostile_folder_is_shown_as_text(out: Path, capsys: pytest.CaptureFixture[str], evil: str) -> None:
    def poison(stored: dict[str, Any]) -> None:
        stored["dataset"] = evil
        stored["findings"][0].update(column=evil, headline=evil)
        stored["lineage"]["columns"][evil] = {"role": evil, "sha256": evil}
        for group in ("files", "packages", "spec"):
            stored["lineage"][group][evil] = evil
        stored["lineage"]["run"]["data"] = [evil]
        stored["policy"][evil] = 0.5

    path = out / "verdict.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    poison(stored)
    path.write_text(json.dumps(stored), encoding="utf-8")
    assert main(["verify", str(out)]) == 1
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out
    assert "\u202e" not in shown.out
    assert shown.err == ""
    assert max(map(len, shown.out.splitlines())) <= 80


@pytest.mark.parametrize(
    "content",
    ["[]", "{}", '{"subject": 3, "predicate": []}', '{"subject": [{"name": "../x", "digest": {"sha256": "0"}}]}'],
)
def test_a_statement_that_is_none(out: Path, content: str) -> None:
    (out / "verdict.intoto.json").write_text(content, encoding="utf-8")
    found = verify(out)
    assert "verdict.intoto.json" in differences(found)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path) -> Iterator[None]:
    """Run in a folder of no relation to the audit: nothing may depend on where it is verified from."""
    before = Path.cwd()
    (tmp_path / "elsewhere").mkdir()
    os.chdir(tmp_path / "elsewhere")
    yield
    os.chdir(before)
