"""How probes are found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from audit_pipeline.errors import SpecError, did_you_mean
from audit_pipeline.evidence import Evidence
from audit_pipeline.spec import AuditSpec

if TYPE_CHECKING:
    import numpy as np

    from audit_pipeline.dataset.records import AuditData
    from audit_pipeline.models.predictions import Predictions
    from audit_pipeline.views.matrix import View


@dataclass(frozen=True)
class ProbeInputs:
    """What a probe is given: the folders of the stages it named, and readers for them."""

    spec: AuditSpec
    folders: Mapping[str, Path]
    progress: Callable[[int, int, str], None]

    def data(self) -> AuditData:
        """Labels, subjects and metadata columns."""
        from audit_pipeline.dataset.records import load

        return load(self.folders["dataset"])

    def view(self, name: str) -> View:
        """A view of the recordings as a float matrix; ``name`` must be among the probe's inputs."""
        from audit_pipeline.views.matrix import load

        return load(self.folders[name], name)

    def part(self, stage: str, name: str) -> tuple[View, np.ndarray]:
        """A view of some of the records, and their positions; ``stage`` must be among the probe's inputs."""
        from audit_pipeline.views.matrix import load_part

        return load_part(self.folders[stage] / f"{name}.parquet")

    def predictions(self) -> Predictions:
        """Out-of-fold predictions of the baselines."""
        from audit_pipeline.models.predictions import load

        return load(self.folders["baselines"])


ProbeFunction = Callable[[ProbeInputs], Sequence[Evidence]]


@dataclass(frozen=True)
class Probe:
    """A registered question."""

    name: str
    question: str
    inputs: tuple[str, ...]
    kinds: tuple[str, ...]
    order: int
    function: ProbeFunction
    decides: bool = False
    requires: tuple[str, ...] = ()

    @property
    def doc(self) -> str:
        """The docstring, from which the documentation page is generated."""
        return (self.function.__doc__ or "").strip()

    def applies(self, spec: AuditSpec) -> bool:
        """Return whether the spec names all that the question is about."""
        return all(getattr(spec, key) for key in self.requires)


_PROBES: dict[str, Probe] = {}


def probe(
    name: str,
    *,
    question: str,
    inputs: Sequence[str],
    order: int = 100,
    kinds: Sequence[str] = ("parquet",),
    decides: bool = False,
    requires: Sequence[str] = (),
) -> Callable[[ProbeFunction], ProbeFunction]:
    """Register a probe.

    Parameters
    ----------
    name : lower case; the stage is called ``probe_<name>``.
    question : what is asked, in one sentence that a user understands.
    inputs : stages that the probe reads (``dataset``, ``values``, ``baselines`` ...).
    order : place in tables and pages; ties are broken by name.
    kinds : what it computes with, for icons; ``scikitlearn`` has that library loaded before threads are limited.
    decides : whether a column is judged by it: an edge, or the harm. Such a probe is a node of its own wherever the graph is
        drawn. All others, which explain or look beyond the columns, share one node, so that their number costs no overview.
    requires : keys of the spec without which there is nothing to ask; where one is not given, the probe is no stage.

    Raises
    ------
    SpecError : two probes of one name, or ``requires`` names no key of a spec.
    """
    for key in requires:
        if key not in AuditSpec.model_fields:
            raise SpecError(
                f"the probe {name!r} requires {key!r}, which is no key of a spec{did_you_mean(key, AuditSpec.model_fields)}",
                remedy="change `requires` where the probe is registered",
            )

    def register(function: ProbeFunction) -> ProbeFunction:
        known = _PROBES.get(name)
        if known is not None and known.function.__module__ != function.__module__:
            raise SpecError(
                f"two probes are called {name!r}: in {known.function.__module__} and {function.__module__}",
                remedy="rename one of them, or uninstall the package that brings the second",
            )
        _PROBES[name] = Probe(
            name, question, tuple(inputs), tuple(kinds), order, function, decides=decides, requires=tuple(requires)
        )
        return function

    return register


@lru_cache(maxsize=1)
def _discover() -> None:
    package = importlib.import_module("audit_pipeline.probes")
    for module in pkgutil.iter_modules(package.__path__):
        if module.name != "registry":
            importlib.import_module(f"audit_pipeline.probes.{module.name}")
    for entry in entry_points(group="audit_pipeline.probes"):
        entry.load()


def registered() -> tuple[Probe, ...]:
    """Return all probes in their order. Importing them is cheap: a probe imports what it computes with when it runs."""
    _discover()
    return tuple(sorted(_PROBES.values(), key=lambda probe: (probe.order, probe.name)))
