"""``audit``: the same stages as the command line, on a table that need not be a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from audit_pipeline import lineage, pipeline
from audit_pipeline.api import tables
from audit_pipeline.api.result import Audit
from audit_pipeline.commands._audit import interruptible
from audit_pipeline.errors import AuditError
from audit_pipeline.report.progress import make_listener
from audit_pipeline.spec import AuditSpec, Policy, parse_spec
from audit_pipeline.store import Store

Names = str | Iterable[str]
Marks = str | float | Iterable[str | float]

FRAME = "frame.parquet"
"""What a table in memory is called in manifests."""


def audit(
    data: tables.ArrowStream | str | os.PathLike[str] | list[str] | tuple[str, ...],
    *,
    label: str,
    nuisance: Names = (),
    covariates: Names = (),
    subject: str | None = None,
    features: Names | None = None,
    image: str | None = None,
    audio: str | None = None,
    encoder: str | None = None,
    weights: str | os.PathLike[str] | None = None,
    ignore: Names = (),
    missing: Marks | Mapping[str, Marks] = (),
    order: Mapping[str, Iterable[str]] | None = None,
    label_free: Names = (),
    baselines: Names = (),
    split: str | None = None,
    policy: Policy | Mapping[str, float] | None = None,
    folds: int = 5,
    seed: int = 0,
    name: str = "audit",
    out: str | os.PathLike[str] | None = None,
    cache: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> Audit:
    """Audit a labelled table: does the way in which it was acquired give the label away?

    The table is not changed, and nothing is left on disk unless ``out`` or ``cache`` are given.

    Parameters
    ----------
    data : a pandas, polars or Arrow table, anything else with the Arrow PyCapsule interface, or the path of a file (a glob,
        a list of paths). The index of a pandas frame is no column: ``reset_index()`` makes it one.
    label : column that models shall predict.
    nuisance : columns that must not influence the label: site, scanner, date of acquisition.
    covariates : legitimate influences such as age: reported, never failed.
    subject : column with who must never be split between training and test.
    features : columns that models see; default all that have no other role.
    image : column with the path or URL of an image for each record: models see the images. Relative paths start at the table's
        folder; those of a table in memory at the current folder. ``data`` may then be a folder of images as well.
    audio : the same for sounds.
    encoder : what models see of recordings instead of the built-in embedding: ``timm:MODEL``, ``transformers:MODEL``,
        ``torch:PACKAGE.MODULE:FACTORY`` or ``openwakeword``. Nothing is downloaded.
    weights : file with the encoder's weights.
    ignore : columns that neither models nor the audit look at.
    missing : what means a missing value, in all columns or by column, e.g. ``{"chol": 0}``.
    order : levels from low to high of a label or metadata column, by column; ordered categories need none.
    label_free : views of the data that cannot carry the label honestly: ``missingness``, ``rounding``; of recordings e.g.
        ``border``, ``silence``.
    baselines : models to train: ``linear``, ``trees``, ``network``, for recordings also ``cnn``; default all for a table,
        ``linear`` and ``cnn`` for recordings. Fewer are faster; no verdict on a nuisance
        column depends on them, but the size of the damage is told for the best of them.
    split : column with a split that exists and shall be audited.
    policy : thresholds, e.g. ``{"association": 0.3}``.
    folds, seed, name : as in a spec; the same table, arguments and seed give the same result.
    out : folder to write all results and the page to.
    cache : folder of finished stages, so that nothing is computed twice; without one, nothing is kept.
    workers : stages at a time; default one a core, at most four.
    progress : tell on standard error how far it is.

    Returns
    -------
    The verdict with its evidence, and folds to train with.

    Raises
    ------
    SpecError : the arguments contradict each other or the table.
    DataError : the table cannot be audited; the message names the column and says what to do.
    """
    paths = _paths(data)
    arguments: dict[str, Any] = {
        "name": name,
        "label": _name(label),
        "subject": _name(subject),
        "nuisance": _names(nuisance),
        "covariates": _names(covariates),
        "features": _names(features),
        "image": _name(image),
        "audio": _name(audio),
        "encoder": encoder,
        "weights": None if weights is None else str(Path(weights).expanduser().absolute()),
        "ignore": _names(ignore),
        "split": _name(split),
        "missing": _marks(missing),
        "order": {str(column): _names(levels) for column, levels in (order or {}).items()},
        "label_free": _names(label_free),
        "baselines": _names(baselines),
        "policy": policy.model_dump() if isinstance(policy, Policy) else policy,
        "folds": folds,
        "seed": seed,
        "data": paths,
    }
    # Only what was given, as in a YAML: everything else has the spec's own defaults.
    given = {key: value for key, value in arguments.items() if value is not None and value not in ([], {})}
    target = None if out is None else Path(out).expanduser()
    try:
        if target is not None:
            pipeline.check_output_folder(target)
        with TemporaryDirectory(prefix="audit-") as place:
            if paths is None:
                given["data"] = str(Path(place) / FRAME)
                spec = parse_spec(given)
                named = [column for role, columns in spec.roles().items() if role != "features" for column in columns]
                table = tables.to_arrow(data, named=named)
                table = tables.absolute(table, spec.recording)
                tables.write(tables.plain(table), Path(place) / FRAME)
                ordered = {
                    column: levels for column, levels in tables.orders(table).items() if _can_be_ordered(spec, column)
                }
                if ordered:
                    spec = parse_spec({**given, "order": {**ordered, **given.get("order", {})}})
                where = [lineage.IN_MEMORY]
            else:
                spec = parse_spec(given, base=Path.cwd())
                where = lineage.whereabouts(spec, target or Path.cwd())
            store = Store(Path(cache).expanduser() if cache is not None else Path(place) / "store")
            return _run(spec, store, where=where, out=target, workers=workers, progress=progress)
    except AuditError as error:
        raise tables.in_python(error, frame=FRAME if paths is None else None) from None


def _run(
    spec: AuditSpec, store: Store, *, where: list[str], out: Path | None, workers: int | None, progress: bool
) -> Audit:
    with (
        interruptible() as stop,
        make_listener(
            sys.stderr, title=spec.name, total=len(pipeline.graph(spec)), quiet=not progress, stop=stop
        ) as listener,
    ):
        records = pipeline.run(
            spec, store, workers=workers, listener=listener, run_info={"runner": "python", "data": where}
        )
    verdict = records["verdict"]
    if out is not None:
        pipeline.publish(verdict, out)
    return Audit({name: (verdict.folder / name).read_bytes() for name in pipeline.OUTPUT_FILES})


def _can_be_ordered(spec: AuditSpec, column: str) -> bool:
    return column == spec.label or column in spec.nuisance or column in spec.covariates


def _paths(data: object) -> str | list[str] | None:
    """Return paths as a spec has them, or None for a table."""
    if isinstance(data, str | os.PathLike):
        return os.fspath(data)
    if isinstance(data, list | tuple) and data and all(isinstance(path, str | os.PathLike) for path in data):
        return [os.fspath(path) for path in data]
    return None


def _name(column: object) -> str | None:
    # Columns of a pandas frame may be called 0, 1, 2; in Arrow every name is text.
    return column if column is None or isinstance(column, str) else str(column)


def _names(columns: object) -> list[str] | None:
    if columns is None:
        return None
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        return [str(columns)]
    return [str(column) for column in columns]


def _marks(marks: Any) -> Any:
    if isinstance(marks, Mapping):
        return {str(column): _marks(of_column) for column, of_column in marks.items()} or None
    return marks if isinstance(marks, str) or not isinstance(marks, Iterable) else list(marks)
