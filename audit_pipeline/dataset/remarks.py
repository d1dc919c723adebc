"""What a person should know about a readable table: notes that change nothing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from audit_pipeline.dataset import hidden
from audit_pipeline.dataset.kinds import MISSING
from audit_pipeline.dataset.look import Look
from audit_pipeline.dataset.records import MetadataColumn
from audit_pipeline.dataset.roles import infinite_values
from audit_pipeline.errors import shorten
from audit_pipeline.spec import AuditSpec
from audit_pipeline.yamltext import flow, scalar

PER_LEVEL = 5
"""Records that a level needs to say something about itself."""

MAX_LISTED = 8
"""Suspected missing values told one by one."""

_IDENTIFIER = re.compile(
    r"(^|[^a-z])(id|ids|uid|uuid|guid|mrn|key|code|nr|no|num|number|nummer|index|row|rownames?|unnamed)([^a-z]|$)"
    r"|patient|subject|speaker|proband|participant|person|animal|donor"
)


def about_columns(columns: Sequence[MetadataColumn], looks: Mapping[str, Look]) -> list[str]:
    """Return notes on metadata columns: infinities, levels that are too many or too alike."""
    notes = []
    for column in columns:
        look = looks[column.name]
        if look.infinite:
            notes.append(f"{column.role} {column.name!r}: {infinite_values(look.infinite)}")
        if column.codes is not None and look.distinct * PER_LEVEL > look.n and look.distinct > 20:
            notes.append(
                f"{column.role} {column.name!r} has {look.distinct:,} levels in {look.n:,} records, fewer than "
                f"{PER_LEVEL} each: that many cannot be told from chance one by one; is there a coarser column (the "
                "hospital of the ward, the model of the device)?"
            )
        notes += alike(column.name, column.levels)
    return notes


def alike(name: str, levels: Sequence[str]) -> list[str]:
    """Return a note if levels differ only in case or in the space inside them."""
    groups = defaultdict(list)
    for level in levels:
        groups[" ".join(level.casefold().split())].append(level)
    same = [group for group in groups.values() if len(group) > 1]
    if not same:
        return []
    pairs = "; ".join(" and ".join(map(shorten, group)) for group in same[:3])
    more = f" and {len(same) - 3:,} more" if len(same) > 3 else ""
    return [f"column {name!r}: levels that differ only in case or space are kept apart: {pairs}{more}"]


def rare_classes(name: str, levels: Sequence[str], label: np.ndarray, subject: np.ndarray) -> list[str]:
    """Return a note on classes with fewer than five subjects, of which nothing can be learned; often they are no classes.

    Parameters
    ----------
    label, subject : (n,) codes >= 0.
    """
    subjects = [int(np.count_nonzero(np.bincount(subject[label == code]))) for code in range(len(levels))]
    rare = [(level, count) for level, count in zip(levels, subjects, strict=True) if count < PER_LEVEL]
    if not rare:
        return []
    told = ", ".join(f"{shorten(level)} ({count})" for level, count in rare[:5])
    more = f" and {len(rare) - 5:,} more" if len(rare) > 5 else ""
    return [
        f"label {name!r}: fewer than {PER_LEVEL} subjects are {told}{more}, too few to learn or to test anything; if that is no "
        f"class of its own, mend it, or add `missing: {{{scalar(name)}: {flow(level for level, _ in rare[:5])}}}` to leave it out"
    ]


def about_subjects(spec: AuditSpec, label: np.ndarray, subject: np.ndarray) -> list[str]:
    """Return notes on subjects: labels that differ within them, subjects with a single record each."""
    if spec.subject is None:
        return []
    n = int(subject.max()) + 1
    if n == len(subject):
        return [
            f"every record has a {spec.subject!r} of its own, so nothing is gained or lost by keeping subjects together"
        ]
    low, high = np.full(n, np.iinfo(label.dtype).max, label.dtype), np.full(n, -1, label.dtype)
    np.minimum.at(low, subject, label)
    np.maximum.at(high, subject, label)
    several = int((low < high).sum())
    if not several:
        return []
    return [
        f"{several:,} of {n:,} subjects have records with different labels; they are kept together in splits, which is "
        "right for pairs (tumour and normal tissue of one patient) and a sign of wrong labels or identifiers otherwise"
    ]


def about_features(spec: AuditSpec, names: Sequence[str], looks: Mapping[str, Look]) -> list[str]:
    """Return notes on features that a model had better not see; nothing is said of features that the spec names itself."""
    if spec.features:
        return []
    notes = []
    for name in names:
        look = looks[name]
        if look.kind == "date":
            notes.append(
                f"feature {name!r} is a date, so the model sees when a record was made; if that is how it was acquired, "
                f"name it under `nuisance:`, else under `ignore: {flow([name])}`"
            )
        elif look.whole and look.distinct > max(20, look.n / 10) and _IDENTIFIER.search(name.casefold()):
            own = look.distinct == look.n
            advice = "" if own or spec.subject else f"`subject: {scalar(name)}` if it says who the record is from, or "
            notes.append(
                f"feature {name!r} looks like an identifier ({look.distinct:,} different numbers in {look.n:,} records); "
                f"add {advice}`ignore: {flow([name])}`"
            )
    return notes


def hidden_missing(
    values: Mapping[str, np.ndarray],
    levels: Mapping[str, Sequence[str]],
    looks: Mapping[str, Look],
    nuisance: Sequence[MetadataColumn],
) -> tuple[list[str], list[dict[str, object]]]:
    """Return notes on values that may stand for missing ones, most frequent first, and the same as facts.

    Parameters
    ----------
    values : columns as float64 with NaN, or codes.
    levels : names of the levels of those that are codes.
    nuisance : columns in whose levels the suspects may lie together.
    """
    found: list[tuple[str, dict[str, object]]] = []
    for name, array in values.items():
        for suspect in looks[name].suspects:
            if name in levels and suspect.name == MISSING:
                continue
            hit = array == (levels[name].index(suspect.name) if name in levels else suspect.value)
            if not hit.any():
                continue
            places = []
            for column in nuisance:
                if column.name != name:
                    place = hidden.concentration(hit, *column.strata())
                    places += [(column.name, *place)] if place else []
            remedy = (
                f"missing: {{{scalar(name)}: {flow([suspect.mark]) if suspect.value is None else f'[{suspect.mark}]'}}}"
            )
            text = hidden.note(name, suspect, looks[name].n - looks[name].missing, places, remedy)
            facts: dict[str, object] = {"column": name, "value": suspect.name, "number": suspect.value is not None}
            facts |= {"count": suspect.count, "of": looks[name].n - looks[name].missing, "note": text}
            facts["where"] = [
                {"column": by, "level": level, "count": hits, "records": size} for by, level, hits, size in places
            ]
            found.append((text, facts))
    found.sort(key=lambda pair: (-int(str(pair[1]["count"])), pair[0]))
    notes = [text for text, _ in found[:MAX_LISTED]]
    if len(found) > MAX_LISTED:
        names = ", ".join(sorted({repr(facts["column"]) for _, facts in found[MAX_LISTED:]})[:10])
        notes.append(f"{len(found) - MAX_LISTED:,} more values may stand for missing ones, in {names}")
    return notes, [facts for _, facts in found]
