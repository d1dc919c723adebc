"""Stages as the nodes of a graph that is readable at a glance.

The plain runner knows every stage: each is computed, found again and resumed by itself. A person who opens the graph wants to
see the way from the data to the verdict. So stages that name the same ``node`` are drawn, and run, as one: the views of a
record, and the probes that explain. However many probes are installed, the graph keeps its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from audit_pipeline import digests
from audit_pipeline.errors import SpecError
from audit_pipeline.pipeline import FURTHER, VIEWS, Stage
from audit_pipeline.recordings.names import Medium
from audit_pipeline.report.text import visible
from audit_pipeline.spec import FILE, AuditSpec
from audit_pipeline.store import StageRecord

ABOUT = {
    VIEWS: "What can be looked at in a record.",
    FURTHER: "Questions that explain the findings or look beyond the columns.",
}
"""What a shared node is about, before the list of what is in it."""


@dataclass(frozen=True)
class Node:
    """Stages that are drawn, run and versioned as one; mostly a single one.

    Parameters
    ----------
    name : the stage's, or the word that the stages share, with what is looked at in it: ``image_views``.
    stages : in an order in which they can run.
    inputs : names of the nodes that the stages read from.
    """

    name: str
    stages: tuple[Stage, ...]
    inputs: tuple[str, ...]

    @property
    def shared(self) -> bool:
        """Whether the node was made to hold several stages, even if only one of them applies."""
        return bool(self.stages[0].node)

    @property
    def description(self) -> str:
        """Markdown: the stage's own words, or what the node is about and a list of what each stage does."""
        if not self.shared:
            return self.stages[0].description
        word = self.stages[0].node
        about = [ABOUT[word], ""] if word in ABOUT else []
        return "\n".join(about + [f"- **{label(stage)}**: {stage.description}" for stage in self.stages])

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the node is made of, for icons: each kind once, in the order of the stages."""
        return tuple(dict.fromkeys(kind for stage in self.stages for kind in stage.kinds))


def nodes(stages: Iterable[Stage], *, medium: Medium | None = None) -> tuple[Node, ...]:
    """Return the nodes of a graph, each after those it reads from.

    Parameters
    ----------
    medium : what is audited, for the names of nodes; None for a table.

    Raises
    ------
    SpecError : a stage reads from a node that waits for the stage itself.
    """
    members: dict[str, list[Stage]] = {}
    for stage in stages:
        members.setdefault(_name(stage, medium), []).append(stage)
    home = {stage.name: name for name, held in members.items() for stage in held}
    inputs = {
        name: tuple(dict.fromkeys(home[read] for stage in held for read in stage.inputs if home[read] != name))
        for name, held in members.items()
    }
    try:
        order = tuple(TopologicalSorter(inputs).static_order())
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        raise SpecError(
            f"the graph runs in a circle: {' reads from '.join(circle)}",
            remedy="a probe that reads another probe's evidence shall read one that decides columns, or be registered "
            "without `decides=True`",
        ) from None
    return tuple(Node(name, tuple(members[name]), inputs[name]) for name in order)


def _name(stage: Stage, medium: Medium | None) -> str:
    if stage.node == VIEWS and medium is not None:
        return f"{medium}_{VIEWS}"
    return stage.node or stage.name


def described(node: Node, spec: AuditSpec) -> str:
    """Return the node's description for one audit, in Markdown: of recordings it says what they are and where they are named."""
    if spec.medium is None:
        return node.description
    kind, one = ("Images", "image") if spec.medium == "image" else ("Sounds", "sound")
    about = (
        f"**{kind}**, one a record, named by the column `{visible(spec.recording or '', limit=60).replace('`', '')}`."
    )
    if node.name == "dataset":
        columns = (
            f"What the header of each {one} says of device and settings becomes a column `{FILE}*`, audited like a declared "
            "one where it tells the files apart in a way of its own."
        )
        return f"{about} {node.description}\n\n{columns}"
    return f"{about}\n\n{node.description}"


def label(stage: Stage) -> str:
    """Return what a stage is called among others of its node."""
    return stage.name.removeprefix("probe_")


def code_version(node: Node, spec: AuditSpec) -> str:
    """Return a short digest of all but the data that decides a node's result.

    That is the part of the spec that its stages read, as in ``Stage.key``: a changed threshold makes the verdict stale in
    the UI, not the training of baselines.
    """
    content = spec.content()
    return digests.of_value(
        [
            {
                "stage": stage.name,
                "spec": content if stage.spec_keys is None else {name: content[name] for name in stage.spec_keys},
                "options": dict(stage.options),
                "code": digests.of_code(stage.judging),
            }
            for stage in node.stages
        ]
    )[:12]


def data_version(node: Node, records: Mapping[str, StageRecord]) -> str:
    """Return the digest of what the node's stages wrote; of a single stage its own content digest."""
    if not node.shared:
        return records[node.stages[0].name].content
    return digests.of_value({stage.name: records[stage.name].content for stage in node.stages})


def ancestors(node: Node, graph: Sequence[Node]) -> list[tuple[Node, Stage]]:
    """Return the stages of other nodes that lead to a node, with their nodes, each after its own inputs."""
    homes = {stage.name: (home, stage) for home in graph for stage in home.stages}
    found: dict[str, tuple[Node, Stage]] = {}

    def visit(stage: Stage) -> None:
        for name in stage.inputs:
            if name not in found:
                visit(homes[name][1])
                found[name] = homes[name]

    for stage in node.stages:
        visit(stage)
    return [(home, stage) for home, stage in found.values() if home.name != node.name]
