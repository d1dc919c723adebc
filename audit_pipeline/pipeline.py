"""The graph as data: each stage's name, inputs, outputs and function, written down once.

:func:`run` walks it plainly, in threads; ``orchestration`` hands the same stages to Dagster. Stage functions are named, not
imported, so that reading the graph costs nothing.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from audit_pipeline import digests
from audit_pipeline.recordings.names import ENCODER, PATTERN, looks
from audit_pipeline.spec import CNN, AuditSpec
from audit_pipeline.store import StageRecord, Store
from audit_pipeline.threads import one_thread


class Progress(Protocol):
    """What a stage may tell while it works. ``done`` of ``total`` steps; ``total`` 0 means unknown."""

    def __call__(self, stage: str, done: int, total: int, message: str = "") -> None: ...


class Listener(Protocol):
    """What the runner tells: a stage starts, moves on, ends."""

    def started(self, stage: Stage) -> None: ...
    def progress(self, stage: str, done: int, total: int, message: str = "") -> None: ...
    def finished(self, stage: Stage, record: StageRecord) -> None: ...


@dataclass(frozen=True)
class StageContext:
    """All that a stage function sees: it reads ``inputs``, writes below ``out``, and returns a summary.

    ``cache`` is a folder that outlives the stage: what lies there may save time and must not change a result.
    """

    spec: AuditSpec
    inputs: Mapping[str, Path]
    records: Mapping[str, StageRecord]
    out: Path
    progress: Callable[[int, int, str], None]
    run_info: Mapping[str, Any] = field(default_factory=dict)
    cache: Path = Path()


@dataclass(frozen=True)
class Stage:
    """One node of the graph.

    Parameters
    ----------
    name : also the last part of the Dagster asset key.
    inputs : names of upstream stages.
    outputs : files that the stage writes.
    function : ``module:function`` taking a :class:`StageContext` and returning a JSON-able summary.
    description : one or two sentences for a person who meets the node in a graph.
    kinds : what it is made of, for icons (``parquet``, ``pytorch``, ``scikitlearn`` ...).
    spec_keys : the keys of the spec that decide the result; None: all of them.
    options : values handed to the function beside the context (the probe's name, say).
    judging : whether the stage judges and reports; only then does that code belong to its version.
    node : where the graph is drawn, the node that the stage shares with others of the same word; empty: one of its own.
    volatile : outputs that also tell when and by whom they were made, left out of the content digest.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    function: str
    description: str
    kinds: tuple[str, ...] = ("parquet",)
    spec_keys: tuple[str, ...] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    volatile: tuple[str, ...] = ()
    judging: bool = False
    node: str = ""

    def key(self, spec: AuditSpec, upstream: Mapping[str, StageRecord]) -> str:
        """Return the digest of all that decides the result."""
        content = spec.content()
        part = content if self.spec_keys is None else {name: content[name] for name in self.spec_keys}
        files = _data_digests(spec) if not self.inputs else None
        return digests.of_value(
            {
                "stage": self.name,
                "spec": part,
                "options": dict(self.options),
                "code": digests.of_code(self.judging),
                "inputs": {name: upstream[name].content for name in self.inputs},
                "files": files,
            }
        )


def _data_digests(spec: AuditSpec) -> list[str]:
    """Return what changes when the data do: digests of tables, and stamps of recordings, whose bytes are not read for it."""
    if spec.medium is not None:
        from audit_pipeline.recordings.listing import list_recordings
        from audit_pipeline.recordings.stamps import stamps, weights_stamps

        named = [name for names in spec.roles().values() for name in names]
        listing = list_recordings(spec, wanted=named, exact=[spec.recording or ""])
        return [*(file.digest() for file in listing.loaded.files), *stamps(listing.places), *weights_stamps(spec)]
    from audit_pipeline.dataset.files import data_digests

    return data_digests(spec)


CACHE = "recordings"
"""Folder of a store with what was seen of recordings."""


def _looks(spec: AuditSpec) -> tuple[str, ...]:
    if spec.medium is None:
        return ()
    names = [*looks(spec.medium), *([ENCODER] if spec.encoder else [])]
    return ("facts.parquet", *(f"look_{name}.parquet" for name in names))


VIEWS, FURTHER = "views", "further_probes"
"""The nodes that several stages share: what is looked at in a record; the probes that no column is judged by."""


def graph(spec: AuditSpec) -> tuple[Stage, ...]:
    """Return the stages of an audit in an order in which they can run.

    Every probe that applies to the spec is a stage of its own, which is found again or computed by itself.
    """
    from audit_pipeline.models.maps.umap_map import umap_installed
    from audit_pipeline.probes import registered

    columns = ("label", "subject", "nuisance", "covariates", "features", "ignore", "missing", "order", "split")
    stages = [
        Stage(
            name="dataset",
            inputs=(),
            outputs=("records.parquet", "manifest.parquet", "columns.json", *_looks(spec)),
            function="audit_pipeline.stages.dataset:run",
            description="Reads and validates the data, digests every file and column, and gives each column its kind."
            + ("" if spec.medium is None else " Every recording is decoded once, within bounds, and looked at."),
            # Of very many images only those that views draw, by the seed, have their remainders written.
            spec_keys=(*columns, "image", "audio", "encoder", "policy", "seed") if spec.medium else columns,
        ),
        Stage(
            name="values",
            inputs=("dataset",),
            outputs=("view.parquet",),
            function="audit_pipeline.stages.values:run",
            description="What the model sees, as a numeric matrix: numbers, one-hot levels and missing-value marks."
            if spec.medium is None
            else f"What the model sees of each {'image' if spec.medium == 'image' else 'sound'}, as a row of numbers: "
            + (f"what {spec.encoder} makes of it." if spec.encoder else "the whole of it, made small."),
            spec_keys=("features",),
            node=VIEWS,
        ),
        Stage(
            name="views",
            inputs=("dataset",),
            outputs=tuple(f"{name}.parquet" for name in (*spec.views, *((PATTERN,) if spec.image else ()))),
            function="audit_pipeline.stages.views:run",
            description="What should tell nothing of the label: the pattern of missing values alone, and how numbers were "
            "rounded, each a matrix of its own."
            if spec.medium is None
            else f"What should tell nothing of the label ({', '.join(spec.views)}), each a matrix of its own.",
            spec_keys=("seed",),
            node=VIEWS,
        ),
        Stage(
            name="maps",
            inputs=("dataset", "values"),
            outputs=("maps.parquet",),
            function="audit_pipeline.stages.maps:run",
            description="Maps on which records lie near those that they are like: by principal components, by Sammon, and one "
            "that does not show a device, where subjects were recorded with several.",
            spec_keys=("seed",),
            options={"umap": umap_installed()},
            node=VIEWS,
        ),
        Stage(
            name="baselines",
            inputs=("dataset", "values"),
            outputs=("predictions.parquet",),
            function="audit_pipeline.stages.baselines:run",
            description="Out-of-fold predictions of a linear model, boosted trees and a small network, and of the "
            "acquisition metadata alone. Folds never split a subject; nothing is fitted on test records.",
            kinds=("scikitlearn", "pytorch", "parquet"),
            spec_keys=("baselines", "folds", "seed"),
        ),
        Stage(
            name="splits",
            inputs=("dataset",),
            outputs=("splits.parquet", "splits.json"),
            function="audit_pipeline.stages.splits:run",
            description="Subject-disjoint folds that share out every label, metadata level and label-by-level cell.",
            spec_keys=("folds", "seed"),
        ),
    ]
    probes = [probe for probe in registered() if probe.applies(spec)]
    stages += [
        Stage(
            name=f"probe_{probe.name}",
            inputs=probe.inputs,
            outputs=("evidence.parquet",),
            function="audit_pipeline.stages.probe:run",
            description=probe.question,
            kinds=probe.kinds,
            spec_keys=("seed", "folds", "split", "label_free"),
            options={"probe": probe.name},
            node="" if probe.decides else FURTHER,
        )
        for probe in probes
    ]
    stages.append(
        Stage(
            name="verdict",
            inputs=("dataset", "baselines", "splits", "maps", *(f"probe_{probe.name}" for probe in probes)),
            outputs=OUTPUT_FILES,
            function="audit_pipeline.stages.verdict:run",
            description="The decision table applied to the evidence: one finding a metadata column, the verdict of the "
            "worst, its lineage, and the page that a person reads.",
            judging=True,
            volatile=("verdict.json", "verdict.intoto.json", "report.html"),
        )
    )
    return tuple(stages)


_importing = Lock()

OUTPUT_FILES = (
    "verdict.json",
    "verdict.parquet",
    "findings.parquet",
    "evidence.parquet",
    "splits.parquet",
    "predictions.parquet",
    "manifest.parquet",
    "maps.parquet",
    "verdict.intoto.json",
    "report.html",
)
"""The output folder, complete: what the ``verdict`` stage writes and :func:`publish` copies."""


def execute(
    stage: Stage,
    spec: AuditSpec,
    store: Store,
    upstream: Mapping[str, StageRecord],
    *,
    progress: Progress | None = None,
    run_info: Mapping[str, Any] | None = None,
    prepare: Callable[[], None] = lambda: None,
) -> StageRecord:
    """Run one stage, or find its result in the store.

    Parameters
    ----------
    upstream : records of at least the stage's inputs.
    prepare : called before the stage is computed, and not at all if its result is found.
    run_info : who runs this (a Dagster run's id, for example); goes into the verdict's lineage only.

    Raises
    ------
    AuditError : from the stage, unchanged.
    """
    key = stage.key(spec, upstream)
    found = store.lookup(stage.name, key)
    if found is not None:
        store.point(stage.name, key)
        return found

    def tell(done: int, total: int, message: str = "") -> None:
        if progress is not None:
            progress(stage.name, done, total, message)

    prepare()
    module, _, name = stage.function.partition(":")
    with _importing:
        # A thread that begins with a module of scikit-learn and one that begins with the package wait for each other;
        # Python ends that by handing out a half of the module, and the stage fails. With the package there, none waits.
        importlib.import_module("sklearn")
        function = getattr(importlib.import_module(module), name)
    with store.workspace(stage.name) as workspace, one_thread():
        context = StageContext(
            spec=spec,
            inputs={name: upstream[name].folder for name in stage.inputs},
            records={name: upstream[name] for name in stage.inputs},
            out=workspace,
            progress=tell,
            run_info=dict(run_info or {}),
            cache=store.root / CACHE,
        )
        summary = function(context, **stage.options)
        outputs = {name: digests.of_file(workspace / name) for name in stage.outputs}
        record = StageRecord(
            stage=stage.name,
            key=key,
            inputs={name: upstream[name].content for name in stage.inputs},
            outputs=outputs,
            content=digests.of_value({name: sha for name, sha in outputs.items() if name not in stage.volatile}),
            summary=dict(summary or {}),
        )
        return store.commit(record, workspace)


def run(
    spec: AuditSpec,
    store: Store,
    *,
    workers: int | None = None,
    listener: Listener | None = None,
    run_info: Mapping[str, Any] | None = None,
) -> dict[str, StageRecord]:
    """Run all stages, ``workers`` at a time (default: one a core, at most four), and return their records by name.

    The first failure stops the start of further stages and is raised when the running ones have ended.
    """
    workers = workers or min(4, os.cpu_count() or 1)
    waiting = list(graph(spec))
    records: dict[str, StageRecord] = {}
    running: dict[Future[StageRecord], Stage] = {}
    failure: BaseException | None = None

    def work(stage: Stage) -> StageRecord:
        return execute(
            stage,
            spec,
            store,
            records,
            progress=listener.progress if listener else None,
            run_info=run_info,
            prepare=_import_torch if _beside_torch(stage, spec) else lambda: None,
        )

    with one_thread(), ThreadPoolExecutor(max_workers=workers) as pool:
        while waiting or running:
            for stage in [stage for stage in waiting if all(name in records for name in stage.inputs)]:
                if failure is not None or len(running) >= workers:
                    break
                waiting.remove(stage)
                if listener:
                    listener.started(stage)
                running[pool.submit(work, stage)] = stage
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                stage = running.pop(future)
                error = future.exception()
                if error is not None:
                    failure = failure or error
                    continue
                records[stage.name] = future.result()
                if listener:
                    listener.finished(stage, records[stage.name])
    if failure is not None:
        raise failure
    return records


def _beside_torch(stage: Stage, spec: AuditSpec) -> bool:
    """Tell whether a stage may be computed while another one imports torch: those after the data, if a network is trained."""
    return bool(stage.inputs) and not stage.judging and bool({"network", CNN} & set(spec.baselines))


def _import_torch() -> None:
    """Import torch before anything is computed beside it.

    SciPy and scikit-learn look for its arrays wherever its name stands among the modules, and fail if another thread has imported
    no more than half of it. A thread that imports it as well waits until it is whole.
    """
    importlib.import_module("torch")


def publish(verdict: StageRecord, out: Path) -> None:
    """Put the output files into ``out`` so that a reader sees the old folder or the new one, never a mixture.

    Raises
    ------
    DataError : if ``out`` is a file, or a folder that holds anything an audit did not write.
    """
    from audit_pipeline.folders import replace_folder

    check_output_folder(out)
    replace_folder(verdict.folder, OUTPUT_FILES, out)


def check_output_folder(out: Path) -> None:
    """Refuse an output folder that holds files which an audit did not write; called before the work, not after it."""
    from audit_pipeline.folders import refuse_foreign

    says = "the output folder already holds {}, which no audit wrote"
    remedy = "choose an empty or new folder with --out; an audit replaces its output folder as a whole"
    refuse_foreign(out, OUTPUT_FILES, says, remedy)
