"""The component: YAML in, an audit out; and the code location of this repository."""

from __future__ import annotations

import importlib
import importlib.metadata
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster.components.testing import create_defs_folder_sandbox

from audit_pipeline.components import DatasetAudit
from audit_pipeline.demo import CASES
from audit_pipeline.errors import SpecError
from audit_pipeline.spec import AuditSpec, load_spec, parse_spec

# Dagster's own loader warns of its own beta classes.
pytestmark = [
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning"),
    pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20"),
]

TYPE = "audit_pipeline.components.DatasetAudit"
MINIMAL = {"name": "heart", "data": "heart.csv", "label": "disease", "nuisance": ["site"]}
ROOT = Path(__file__).parents[2]


def load(**attributes: Any) -> tuple[DatasetAudit, dg.Definitions, Path]:
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(
            component_cls=DatasetAudit,
            defs_path="heart",
            defs_yaml_contents={"type": TYPE, "attributes": {**MINIMAL, **attributes}},
        )
        with sandbox.load_component_and_build_defs(defs_path=path) as (component, definitions):
            assert isinstance(component, DatasetAudit)
            return component, definitions, path


def test_attributes_are_the_keys_of_a_spec(tmp_path: Path) -> None:
    everything: dict[str, Any] = {
        "subject": "patient",
        "covariates": ["age"],
        "features": ["x", "y"],
        "ignore": ["note"],
        "missing": {"chol": [0], "x": "?"},
        "order": {"age": ["young", "old"]},
        "label_free": ["rounding"],
        "baselines": ["linear"],
        "split": "fold",
        "policy": {"alpha": 0.01},
        "folds": 3,
        "seed": 7,
        "schedule": "@daily",
    }
    component, _, _ = load(**everything)

    # A model sees columns, or images, or sounds, so not all keys go together.
    media = {"image": "photo", "audio": "sound"}
    seen = {"encoder": "torch:my.encoders:build", "weights": "weights.safetensors"}
    known = {*MINIMAL, *everything, *media, *seen}
    assert known == set(AuditSpec.model_fields), "a new key of the spec is to be an attribute too"
    assert component.spec(tmp_path) == parse_spec({**MINIMAL, **everything}, base=tmp_path)
    for key, column in media.items():
        component, _, _ = load(**{key: column}, **seen)
        assert component.spec(tmp_path) == parse_spec({**MINIMAL, key: column, **seen}, base=tmp_path)


def test_what_is_left_out_has_the_specs_defaults(tmp_path: Path) -> None:
    assert load()[0].spec(tmp_path) == parse_spec(MINIMAL, base=tmp_path)


def test_one_name_need_not_be_a_list(tmp_path: Path) -> None:
    assert load(nuisance="site")[0].spec(tmp_path).nuisance == ("site",)


def test_data_is_relative_to_the_yaml() -> None:
    component, definitions, path = load(data="../heart.csv")

    assert Path(component.spec(path).data).resolve() == (path.parent / "heart.csv").resolve()
    assert definitions.resources is not None
    assert definitions.resources["audit_store"].root == str(path.parents[3] / "audits")


def test_dagster_side_attributes() -> None:
    _, definitions, _ = load(upstream=["raw/heart"], key_prefix=["lab"], owners=["team:data"], tags={"tier": "gold"})

    node = definitions.resolve_asset_graph().get(dg.AssetKey(["lab", "heart", "dataset"]))
    assert node.parent_keys == {dg.AssetKey(["raw", "heart"])}
    assert node.group_name == "heart"
    assert node.owners == ["team:data"]


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ({"folds": 1}, "folds: Input should be greater than or equal to 2"),
        ({"covariates": ["site"]}, "named both as nuisance and as covariates"),
        ({"policy": {"alpah": 0.1}}, "did you mean 'alpha'"),
        ({"schedule": "mondays"}, "is no cron expression"),
    ],
)
def test_errors_of_the_spec_are_told_in_its_words(attributes: dict[str, Any], told: str) -> None:
    with pytest.raises(Exception, match="DatasetAudit") as raised:
        load(**attributes)

    assert isinstance(raised.value.__cause__, SpecError)
    assert told in str(raised.value.__cause__)
    assert "heart/defs.yaml" in str(raised.value.__cause__)


def test_a_scaffolded_yaml_loads(tmp_path: Path) -> None:
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=DatasetAudit, defs_path="heart_study")
        with sandbox.load_component_and_build_defs(defs_path=path) as (component, _):
            assert isinstance(component, DatasetAudit)
            assert component.spec(path).name == "heart_study"


def test_every_built_in_case_is_an_audit_of_this_location(tmp_path: Path) -> None:
    """The audits under assets/defs say what the demo's specs say."""
    for case in CASES:
        documents = list(yaml.safe_load_all((ROOT / "assets" / "defs" / case.name / "defs.yaml").read_text("utf-8")))
        attributes = documents[0]["attributes"]
        assert attributes.pop("upstream") == [f"audit/{case.name}/raw"]
        audited = parse_spec(attributes, base=tmp_path)
        assert audited.content() == load_spec(case.write_spec(tmp_path)).content()


def test_the_code_location() -> None:
    definitions = importlib.import_module("assets.definitions").defs

    graph = definitions.resolve_asset_graph()
    groups = {graph.get(key).group_name for key in graph.materializable_asset_keys}
    assert groups == {*(case.name for case in CASES), "portfolio"}
    verdicts = {dg.AssetKey(["audit", case.name, "verdict"]) for case in CASES}
    assert graph.get(dg.AssetKey(["audit", "portfolio"])).parent_keys == verdicts
    for case in CASES:
        raw, dataset = (dg.AssetKey(["audit", case.name, name]) for name in ("raw", "dataset"))
        assert graph.get(raw).group_name == case.name
        assert graph.get(dataset).parent_keys == {raw}
    assert definitions.executor is dg.in_process_executor
    assert [schedule.name for schedule in definitions.schedules] == ["audit_clinic_schedule"]


def test_raw_assets_write_where_the_audits_read() -> None:
    documents = yaml.safe_load_all((ROOT / "assets" / "defs" / "clinic" / "defs.yaml").read_text("utf-8"))
    data = next(iter(documents))["attributes"]["data"]

    folder = importlib.import_module("assets.raw").DATA
    assert (ROOT / "assets" / "defs" / "clinic" / data).resolve() == folder / "clinic" / "clinic.csv"


def test_the_version_of_raw_recordings_covers_each_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from audit_pipeline.demo.recordings import tanks

    raw = importlib.import_module("assets.raw")
    monkeypatch.setattr(raw, "DATA", tmp_path)
    table, files = tanks.photographs(repaired=False, n=8)
    versions = []
    for last in (files["0008.jpg"], files["0008.jpg"], files["0007.jpg"]):
        changed = {**files, "0008.jpg": last}
        monkeypatch.setattr(tanks, "photographs", lambda *, repaired, changed=changed: (table, changed))
        done = dg.materialize([raw.raw_asset("tanks")])
        event = done.get_asset_materialization_events()[0].materialization
        assert event.metadata["files"].value == 9
        versions.append((event.tags or {})["dagster/data_version"])

    assert versions[0] == versions[1] != versions[2]


def test_both_ways_to_name_the_location_agree() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    tool = project["tool"]["dg"]["project"]
    loaded = yaml.safe_load((ROOT / "workspace.yaml").read_text("utf-8"))["load_from"][0]["python_module"]
    assert loaded == {"module_name": tool["code_location_target_module"], "location_name": tool["code_location_name"]}
    assert project["project"]["entry-points"]["dagster_dg_cli.registry_modules"] == {
        "audit_pipeline": "audit_pipeline.components"
    }
