"""The cases that are recordings, in the order in which they tell their story; each broken first, then repaired."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from audit_pipeline.demo.case import Case
from audit_pipeline.demo.recordings import cameras, covid, hospitals, microphones, skin, tanks
from audit_pipeline.verdict_types import Reason


class Generator(Protocol):
    """A module that generates one case."""

    FOLDER: str
    write_data: Callable[..., None]
    spec_text: Callable[..., str]


def _pair(
    name: str, generator: Generator, stories: tuple[str, str], columns: Sequence[str], broken: Reason
) -> tuple[Case, Case]:
    def case(name_: str, story: str, *, repaired: bool) -> Case:
        reasons: Mapping[str, Reason] = dict.fromkeys(columns, "independent" if repaired else broken)
        return Case(
            name=name_,
            story=story,
            expected="pass" if repaired else "fail",
            data_name=f"{name}.csv",
            spec=generator.spec_text(repaired=repaired),
            write_data=partial(generator.write_data, repaired=repaired),
            reasons=reasons,
            recordings=generator.FOLDER,
        )

    return case(name, stories[0], repaired=False), case(f"{name}_repaired", stories[1], repaired=True)


RECORDINGS = (
    *_pair(
        "tanks",
        tanks,
        (
            "The parable of the tanks: all photographed under clouds, and all empty forest in the sun.",
            "Tanks and empty forest, each half under clouds and half in the sun.",
        ),
        ["weather"],
        "aliased",
    ),
    *_pair(
        "microphones",
        microphones,
        (
            "Hoarse voices across the room, healthy ones from close by.",
            "Everybody at once through a close microphone and one at 2.5 m.",
        ),
        ["microphone"],
        "aliased",
    ),
    *_pair(
        "hospitals",
        hospitals,
        (
            "Slides from two scanners, and most tumours are in one hospital.",
            "The same scanners; either hospital has as many tumours as healthy tissue.",
        ),
        ["hospital"],
        "confounded",
    ),
    *_pair(
        "cameras",
        cameras,
        (
            "Scratches on metal from four cameras that differ in their sensors' noise only, each with its own share.",
            "The same cameras, with as many scratches at each.",
        ),
        ["camera"],
        "confounded",
    ),
    *_pair(
        "covid",
        covid,
        (
            "The ill from three scanners of one region, the healthy from three elsewhere.",
            "Ill and healthy from each of the six scanners.",
        ),
        ["scanner", "region"],
        "aliased",
    ),
    *_pair(
        "skin",
        skin,
        (
            "Moles, and the list of every lecture: light, age, sex and temperature go with the disease.",
            "Every malignant mole with a harmless partner of equal light, age, sex and temperature.",
        ),
        ["light", "age", "sex", "temperature"],
        "confounded",
    ),
)
