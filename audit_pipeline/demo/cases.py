"""The registry of built-in cases, in the order in which they tell the story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from audit_pipeline.demo import clinic, penguins
from audit_pipeline.errors import SpecError, did_you_mean
from audit_pipeline.verdict_types import Level


@dataclass(frozen=True, kw_only=True)
class Case:
    """A dataset whose verdict is known beforehand.

    Parameters
    ----------
    name : also the folder, the spec's name and the Dagster group.
    story : one line for a person who chooses among the cases.
    expected : the verdict that an audit with the default policy reaches.
    data_name : file name of the table, as the spec's ``data:`` has it.
    spec : the YAML.
    write_data : writes the table to a path; the same bytes every time.
    """

    name: str
    story: str
    expected: Level
    data_name: str
    spec: str
    write_data: Callable[[Path], None]

    def write(self, folder: Path) -> Path:
        """Write data and spec to ``folder/<name>/`` and return the path of the spec, ``folder/<name>/audit.yaml``."""
        home = folder / self.name
        home.mkdir(parents=True, exist_ok=True)
        self.write_data(home / self.data_name)
        path = home / "audit.yaml"
        path.write_text(self.spec, encoding="utf-8", newline="\n")
        return path


CASES = (
    Case(
        name="penguins",
        story="Species from bills and flippers, but two of the three species live on one island each.",
        expected="fail",
        data_name="penguins.csv",
        spec=penguins.SPEC,
        write_data=penguins.write_data,
    ),
    Case(
        name="clinic",
        story="Disease from laboratory values, but one of two differently calibrated sites has most of the patients.",
        expected="fail",
        data_name="clinic.csv",
        spec=clinic.spec_text(balanced=False),
        write_data=partial(clinic.write_data, balanced=False),
    ),
    Case(
        name="clinic_balanced",
        story="The same sites and instruments; both recruited as many diseased as healthy patients.",
        expected="pass",
        data_name="clinic.csv",
        spec=clinic.spec_text(balanced=True),
        write_data=partial(clinic.write_data, balanced=True),
    ),
)


def get_case(name: str) -> Case:
    """Return a case by name.

    Raises
    ------
    SpecError : there is no such case; the message names the nearest.
    """
    by_name = {case.name: case for case in CASES}
    if name not in by_name:
        raise SpecError(
            f"there is no built-in case {name!r}{did_you_mean(name, by_name)}",
            expected="one of " + ", ".join(by_name),
            remedy="choose one of these names",
        )
    return by_name[name]
