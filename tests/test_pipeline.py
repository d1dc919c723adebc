"""The whole audit on the embedded clinic: same bytes every time, resumed after a crash, lineage that can be checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit_pipeline import digests, evidence, pipeline
from audit_pipeline.demo.clinic import clinic
from audit_pipeline.errors import DataError
from audit_pipeline.folders import replace_folder
from audit_pipeline.parquet import read_table
from audit_pipeline.spec import AuditSpec, Policy, parse_spec
from audit_pipeline.store import Store
from audit_pipeline.verdict import decide
from audit_pipeline.verdict_types import from_dict

SAME_BYTES = ("evidence.parquet", "findings.parquet", "splits.parquet", "predictions.parquet", "verdict.parquet")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> AuditSpec:
    folder = tmp_path_factory.mktemp("clinic")
    clinic(balanced=False, n=240).to_csv(folder / "clinic.csv", index=False)
    return parse_spec(
        {
            "name": "clinic",
            "data": str(folder / "clinic.csv"),
            "label": "disease",
            "subject": "patient",
            "nuisance": ["site"],
            "covariates": ["age", "sex"],
        }
    )


@pytest.fixture(scope="module")
def audited(spec: AuditSpec, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Store]:
    root = tmp_path_factory.mktemp("audited")
    store = Store(root / "store")
    pipeline.publish(pipeline.run(spec, store, workers=1)["verdict"], root / "out")
    return root / "out", store


def test_two_workers_write_the_same_bytes_as_one(spec: AuditSpec, audited: tuple[Path, Store], tmp_path: Path) -> None:
    records = pipeline.run(spec, Store(tmp_path / "store"), workers=2)
    pipeline.publish(records["verdict"], tmp_path / "out")
    for name in SAME_BYTES:
        assert (tmp_path / "out" / name).read_bytes() == (audited[0] / name).read_bytes(), name


def test_the_output_folder_is_complete_and_judged_right(audited: tuple[Path, Store]) -> None:
    out, _ = audited
    assert sorted(path.name for path in out.iterdir()) == sorted(pipeline.OUTPUT_FILES)
    stored = json.loads((out / "verdict.json").read_text())
    assert stored["verdict"] == "fail"
    finding = stored["findings"][0]
    assert (finding["column"], finding["reason"]) == ("site", "confounded")
    assert finding["inflation_low"] > 0
    assert {row["role"] for row in stored["findings"]} == {"nuisance", "covariate"}


def test_the_verdict_follows_from_the_evidence_alone(audited: tuple[Path, Store]) -> None:
    out, _ = audited
    stored = from_dict(json.loads((out / "verdict.json").read_text()))
    again = decide(stored.dataset, evidence.read(out / "evidence.parquet"), Policy(**stored.policy))
    assert again.findings == stored.findings
    assert again.verdict == stored.verdict


def test_lineage_holds_digests_by_value(spec: AuditSpec, audited: tuple[Path, Store]) -> None:
    out, _ = audited
    lineage = json.loads((out / "verdict.json").read_text())["lineage"]
    assert lineage["files"] == {"clinic.csv": digests.of_file(Path(spec.data_paths[0]))}
    assert lineage["columns"]["site"]["role"] == "nuisance"
    assert lineage["spec_sha256"] == spec.digest()
    assert lineage["seed"] == 0
    assert {"torch", "numpy", "dagster"} <= set(lineage["packages"])
    for name, sha in lineage["outputs"].items():
        assert digests.of_file(out / name) == sha
    named = set(lineage["stages"]) | {name for stage in lineage["stages"].values() for name in stage["inputs"]}
    assert named == {stage.name for stage in pipeline.graph(spec)} - {"verdict"}
    statement = json.loads((out / "verdict.intoto.json").read_text())
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    subjects = {entry["name"]: entry["digest"]["sha256"] for entry in statement["subject"]}
    assert subjects["verdict.json"] == digests.of_file(out / "verdict.json")
    assert statement["predicate"]["result"] == "FAILED"


def test_predictions_and_splits_speak_of_the_rows_of_the_file(spec: AuditSpec, audited: tuple[Path, Store]) -> None:
    out, _ = audited
    import pandas as pd

    frame = pd.read_csv(spec.data_paths[0])
    predictions = read_table(out / "predictions.parquet").to_pandas()
    assert set(predictions["model"]) == {"linear", "trees", "network", "metadata"}
    one = predictions[predictions["model"] == "linear"]
    assert one["row"].tolist() == list(range(len(frame)))
    assert one["label"].tolist() == frame["disease"].astype(str).tolist()
    splits = read_table(out / "splits.parquet").to_pandas()
    assert splits["row"].tolist() == list(range(len(frame)))
    facts = json.loads(read_table(out / "splits.parquet").schema.metadata[b"audit_pipeline.splits"])
    assert facts["lower_bound"] <= facts["objective"]


def test_nothing_is_computed_twice(spec: AuditSpec, audited: tuple[Path, Store]) -> None:
    _, store = audited
    records = pipeline.run(spec, store, workers=1)
    assert all(record.reused for record in records.values())


def test_a_new_threshold_judges_again_without_new_evidence(spec: AuditSpec, audited: tuple[Path, Store]) -> None:
    _, store = audited
    changed = spec.model_copy(update={"policy": Policy(association=0.9)})
    records = pipeline.run(changed, store, workers=1)
    assert [name for name, record in records.items() if not record.reused] == ["verdict"]
    assert records["verdict"].summary["verdict"] == "warn"


def test_a_crash_leaves_finished_stages_and_no_output(
    spec: AuditSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import audit_pipeline.stages.splits as stage

    store = Store(tmp_path / "store")
    with monkeypatch.context() as patch:
        patch.setattr(stage, "run", lambda context: (_ for _ in ()).throw(MemoryError("no more")))
        with pytest.raises(MemoryError):
            pipeline.run(spec, store, workers=1)
    assert not list((tmp_path / "store").rglob(".tmp-*"))
    assert store.current("splits") is None
    assert store.current("dataset") is not None
    again = pipeline.run(spec, store, workers=1)
    assert again["dataset"].reused
    assert not again["splits"].reused


def test_a_damaged_result_is_computed_again(spec: AuditSpec, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    stage = pipeline.graph(spec)[0]
    first = pipeline.execute(stage, spec, store, {})
    (first.folder / "records.parquet").write_bytes(b"damaged")
    second = pipeline.execute(stage, spec, store, {})
    assert not second.reused
    assert second.content == first.content


def test_an_output_folder_with_foreign_files_is_refused(audited: tuple[Path, Store], tmp_path: Path) -> None:
    _, store = audited
    verdict = store.current("verdict")
    assert verdict is not None
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(DataError, match=r"thesis\.tex"):
        pipeline.publish(verdict, tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_folders_change_places_as_a_whole(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_text(name)
    replace_folder(tmp_path / "one", ["f"], tmp_path / "out")
    replace_folder(tmp_path / "two", ["f"], tmp_path / "out")
    assert (tmp_path / "out" / "f").read_text() == "two"
    with pytest.raises(FileNotFoundError):
        replace_folder(tmp_path / "one", ["f", "missing"], tmp_path / "out")
    assert (tmp_path / "out" / "f").read_text() == "two"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "out", "two"]
