"""The graph of an audit stays small, whatever is installed, and is drawn as it runs."""

from __future__ import annotations

import pytest

from audit_pipeline import pipeline
from audit_pipeline.errors import SpecError
from audit_pipeline.orchestration import AuditStore, audit_definitions
from audit_pipeline.orchestration.nodes import ABOUT, ancestors, nodes
from audit_pipeline.pipeline import FURTHER, VIEWS, Stage
from audit_pipeline.probes import ProbeInputs, probe, registered, registry
from audit_pipeline.spec import AuditSpec

MOST = 10
"""More do not fit into a window of 1500 x 1000 with names that can be read, the asset that makes the data included."""


@pytest.fixture
def new_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register twenty probes, as a package with an entry point would, for one test."""
    registered()  # before the copy, or it would be made of nothing
    monkeypatch.setattr(registry, "_PROBES", dict(registry._PROBES))

    def nothing(inputs: ProbeInputs) -> list[object]:
        return []

    for number in range(20):
        probe(f"new_{number}", question="Is it?", inputs=("dataset", "splits"))(nothing)  # type: ignore[arg-type]


def assets(spec: AuditSpec) -> set[str]:
    graph = audit_definitions(spec, store=AuditStore(root="audits")).resolve_asset_graph()
    return {key.path[-1] for key in graph.materializable_asset_keys}


@pytest.mark.parametrize("split", [None, "fold"])
def test_the_graph_is_small(spec: AuditSpec, split: str | None) -> None:
    found = assets(spec.model_copy(update={"split": split}))

    assert len(found) + 1 <= MOST, "the asset that makes the data stands beside them"
    assert {f"probe_{probe.name}" for probe in registered() if probe.decides} < found
    assert {"dataset", VIEWS, FURTHER, "verdict"} < found


def test_a_new_probe_adds_a_stage_and_no_node(spec: AuditSpec, request: pytest.FixtureRequest) -> None:
    before, stages = assets(spec), {stage.name for stage in pipeline.graph(spec)}

    request.getfixturevalue("new_probes")

    assert assets(spec) == before
    added = {stage.name for stage in pipeline.graph(spec)} - stages
    assert added == {f"probe_new_{number}" for number in range(20)}
    further = next(node for node in nodes(pipeline.graph(spec)) if node.name == FURTHER)
    assert added < {stage.name for stage in further.stages}
    assert "splits" in further.inputs
    assert "- **new_7**: Is it?" in further.description.splitlines()


def test_a_probe_is_asked_where_the_spec_names_what_it_requires(spec: AuditSpec) -> None:
    asked = {stage.name for stage in pipeline.graph(spec)}
    with_split = {stage.name for stage in pipeline.graph(spec.model_copy(update={"split": "fold"}))}

    assert with_split - asked == {"probe_given_split"}
    assert pipeline.graph(spec)[-1].inputs == tuple(
        name for name in pipeline.graph(spec.model_copy(update={"split": "fold"}))[-1].inputs if name in asked
    )


def test_what_a_probe_requires_is_a_key_of_a_spec() -> None:
    with pytest.raises(SpecError, match="'splitt', which is no key of a spec; did you mean 'split'"):
        probe("mistyped", question="?", inputs=("dataset",), requires=("splitt",))


def test_every_stage_is_in_one_node_after_what_it_reads(spec: AuditSpec) -> None:
    stages = pipeline.graph(spec)
    graph = nodes(stages)

    assert sorted(stage.name for node in graph for stage in node.stages) == sorted(stage.name for stage in stages)
    finished: set[str] = set()
    for node in graph:
        for stage in node.stages:
            assert set(stage.inputs) <= finished, stage.name
            finished.add(stage.name)
        above = [stage.name for _, stage in ancestors(node, graph)]
        assert {name for stage in node.stages for name in stage.inputs} - {s.name for s in node.stages} <= set(above)
        assert not {stage.name for stage in node.stages} & set(above)
    assert {node.name for node in graph if node.shared} == set(ABOUT)


def test_a_stage_alone_in_a_shared_node_keeps_the_nodes_name() -> None:
    (node,) = nodes([Stage("probe_only", (), ("evidence.parquet",), "m:f", "Asks.", node=FURTHER)])

    assert node.name == FURTHER
    assert node.description.splitlines()[-1] == "- **only**: Asks."


def test_a_node_that_waits_for_itself_is_refused() -> None:
    def stage(name: str, *inputs: str, node: str = "") -> Stage:
        return Stage(name, inputs, (), "m:f", "", node=node)

    with pytest.raises(SpecError, match="runs in a circle: ") as raised:
        nodes(
            [
                stage("probe_a", node=FURTHER),
                stage("probe_decides", "probe_a"),
                stage("probe_b", "probe_decides", node=FURTHER),
            ]
        )

    assert "probe_decides reads from further_probes" in str(raised.value)
