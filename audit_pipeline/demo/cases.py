"""The registry of built-in cases, in the order in which they tell the story."""

from __future__ import annotations

from functools import partial

from audit_pipeline.demo import clinic, penguins
from audit_pipeline.demo.case import Case
from audit_pipeline.demo.recordings.cases import RECORDINGS
from audit_pipeline.errors import SpecError, did_you_mean

TABLES = (
    Case(
        name="penguins",
        story="Species from bills and flippers, but two of the three species live on one island each.",
        expected="fail",
        data_name="penguins.csv",
        spec=penguins.SPEC,
        write_data=penguins.write_data,
        reasons={"island": "aliased"},
    ),
    Case(
        name="clinic",
        story="Disease from laboratory values, but one of two differently calibrated sites has most of the patients.",
        expected="fail",
        data_name="clinic.csv",
        spec=clinic.spec_text(balanced=False),
        write_data=partial(clinic.write_data, balanced=False),
        reasons={"site": "confounded"},
    ),
    Case(
        name="clinic_balanced",
        story="The same sites and instruments; both recruited as many diseased as healthy patients.",
        expected="pass",
        data_name="clinic.csv",
        spec=clinic.spec_text(balanced=True),
        write_data=partial(clinic.write_data, balanced=True),
        reasons={"site": "independent"},
    ),
)

CASES = (*TABLES, *RECORDINGS)


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
