"""Findings in plain words: what is wrong, how sure, how bad, what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from audit_pipeline.evidence import Evidence
from audit_pipeline.facts import ColumnFacts
from audit_pipeline.spec import Policy
from audit_pipeline.stats.repair import cells_to_fill, units_to_overlap
from audit_pipeline.verdict_types import Finding, Level
from audit_pipeline.wording_numbers import capital as _capital
from audit_pipeline.wording_numbers import interval as _interval
from audit_pipeline.wording_numbers import listed as _listed
from audit_pipeline.wording_numbers import number as _number
from audit_pipeline.wording_numbers import uncapital as _uncapital
from audit_pipeline.wording_views import VIEW_WORDS, view_words

ROUNDING = "rounding"
"""The view that a finding names where digits show the column."""


def describe(finding: Finding, facts: ColumnFacts, policy: Policy, aliased: Sequence[Evidence]) -> Finding:
    """Return the finding with headline, next step and notes for its reason."""
    column, size, inside = facts.column, _size(finding), _inside(facts)
    notes: list[str] = []
    if finding.reason == "aliased":
        pairs = _pairs(aliased)
        headline = (
            f"{column} and the label cannot be told apart: {pairs} (almost) never share a level of {column} "
            f"(overlap {_number(finding.overlap)}; {size}). No analysis of this data can separate them."
        )
        step = _end_aliasing(facts, aliased, policy)
        notes += _readable_where_possible(facts, policy)
    elif finding.reason == "confounded":
        headline = (
            f"{column} is a shortcut to the label: both go together ({size}; {column} alone reaches AUC "
            f"{_number(finding.metadata_auc)}), and {_what_shows(finding)} {column} {inside} "
            f"(AUC {_interval(finding.separability_auc, finding.separability_low, finding.separability_high)})."
        )
        step = _repair(facts, policy) + _until_then(finding)
        notes += _damage(finding)
    elif finding.reason == "weakly_confounded":
        headline = (
            f"{column} is a weak shortcut to the label: {_what_shows(finding)} {column} (AUC {_number(finding.separability_auc)} "
            f"{inside}) and both go together, though by less than the tolerated {policy.association:g} ({size})."
        )
        step = (
            f"Report AUCs within levels of {column} beside pooled ones, and validate on a level left out of training."
            + (_until_then(finding))
        )
        notes += _damage(finding)
    elif finding.reason == "associated_unresolved":
        shown = (
            f"AUC {_interval(finding.separability_auc, finding.separability_low, finding.separability_high)} {inside}"
            if finding.separability_auc is not None
            else "no label has records at several levels to compare"
        )
        headline = (
            f"{column} and the label go together ({size}); whether the data shows {column} is neither proven nor excluded "
            f"({shown})."
        )
        step = _repair(facts, policy)
        notes += _damage(finding)
    elif finding.reason == "independent":
        crossed = facts.association is not None and facts.association.detail.get("method") == "crossed"
        headline = (
            f"{column} and the label are independent by design: every subject was recorded at the same mix of {column}."
            if crossed
            else f"{column} and the label are independent in this dataset, within the tolerance ({size})."
        )
        readable = finding.separability_low is not None and finding.separability_low > 0.5 and _small(finding.p_sensor)
        if readable:
            notes.append(
                f"The data shows {column} (AUC {_number(finding.separability_auc)} within a label), which is harmless at this "
                "mix of labels: other mixes need their own audit."
            )
        step = (
            f"Nothing to repair. Validate with whole levels of {column} left out, to know how the model does on a new one."
            if readable
            else "Nothing to repair."
        )
    elif finding.reason == "unseen":
        headline = (
            f"{column} and the label go together ({size}), but these probes cannot see {column} in the data: AUC {inside} "
            f"at most {_number(facts.separability_upper)}, and they would have noticed {_number(facts.detectable)}."
        )
        step = (
            f"Keep {column} out of the model's inputs. A finer instrument than {_probe_names(facts)} might still see it: "
            "audit again when the features change."
        )
    else:
        headline = (
            f"Too little data to decide on {column}: {size}; with {_units(finding)} an association below "
            f"{_number(finding.min_detectable_v)} would often go unnoticed."
        )
        step = _collect_more(finding, policy)
    notes += _explained_by_covariates(finding, facts) + _rounding(finding)
    return replace(finding, headline=headline, next_step=step, notes=(*finding.notes, *notes))


def _what_shows(finding: Finding) -> str:
    probe = finding.separability_probe
    return f"{view_words(probe)} shows" if probe in VIEW_WORDS else "the data shows"


def _rounding(finding: Finding) -> list[str]:
    """Say how to take away a trace that lies in the digits, where it is the clearest one."""
    if finding.separability_probe != ROUNDING or finding.verdict == "pass" or not _small(finding.p_sensor):
        return []
    return [
        f"What shows {finding.column} most clearly is how numbers were rounded: export all features with the same digits at "
        f"every level of {finding.column}, the coarsest in use, and audit again."
    ]


def _inside(facts: ColumnFacts) -> str:
    """Say within what the data was compared."""
    return "within a label" + (f" and at equal {_listed(facts.covariates)}" if facts.covariates else "")


def _explained_by_covariates(finding: Finding, facts: ColumnFacts) -> list[str]:
    """Say what the label alone would have shown where covariates decided."""
    row = facts.label_only
    if row is None or row.ci_low is None or row.ci_low <= 0.5:
        return []
    shown = f"Within a label alone the data shows {facts.column} with AUC {_interval(row.estimate, row.ci_low, row.ci_high)}"
    if not _small(finding.p_sensor):
        return [f"{shown}; declared covariates ({_listed(facts.covariates)}) explain it."]
    return []


def constant(finding: Finding) -> Finding:
    """Word a column with a single level."""
    return replace(
        finding,
        headline=f"{finding.column} is the same in every record, so the label cannot be confounded with it here.",
        next_step=f"Nothing to repair; this data says nothing about how a model does at another {finding.column}.",
    )


def identifier(finding: Finding, facts: ColumnFacts) -> Finding:
    """Word a column with about as many levels as records."""
    levels = int(facts.levels.estimate or 0) if facts.levels else 0
    units = finding.n_subjects or finding.n or 0
    why = (
        "it names records or subjects, not a condition under which several were recorded"
        if 2 * levels > units
        else "fewer than 5 a level, too few to compare"
    )
    return replace(
        finding,
        headline=f"{finding.column} has {levels:,} levels in {_units(finding)}: {why}, so it cannot be audited.",
        next_step=f"Merge levels until each has at least 5 subjects (sites into regions, dates into months), or declare "
        f"`subject: {finding.column}` if it says who was recorded.",
    )


def not_measured(finding: Finding) -> Finding:
    """Word a column whose association could not be measured."""
    return replace(
        finding,
        headline=f"{finding.column} was not measured, so nothing can be said about it.",
        next_step="Run the audit again with the probe `design`; without it no column can be cleared.",
    )


def covariate(finding: Finding) -> Finding:
    """Word a declared covariate."""
    inside = _interval(finding.auc_adjusted, finding.auc_adjusted_low, finding.auc_adjusted_high)
    model = f"within its levels the {finding.model} model keeps AUC {inside} of {_number(finding.auc_pooled)}"
    if finding.association_v is None:
        headline = f"{finding.column} (declared covariate) could not be compared with the label: it has a single level or names records."
        return replace(
            finding, headline=headline, next_step="Nothing to repair: covariates are reported, never failed."
        )
    headline = (
        f"{finding.column} (declared covariate) alone reaches AUC {_number(finding.metadata_auc)} ({_size(finding)})"
        + (f"; {model}." if finding.auc_adjusted is not None else ".")
    )
    if finding.verdict == "warn":
        return replace(
            finding,
            headline=headline,
            next_step=f"Within levels of {finding.column} the model may be no better than chance. Ask whether it adds anything to "
            f"{finding.column}, and report it stratified.",
        )
    return replace(finding, headline=headline, next_step="Nothing to repair: covariates are reported, never failed.")


def sameness(finding: Finding, other: str | None) -> Finding:
    """Add to a finding that its column is another one under a second name."""
    if other is None:
        return finding
    note = f"{finding.column} is the same variable as {other} in this data: the two are one question and cannot be told apart."
    return replace(finding, notes=(note, *finding.notes))


def interaction(row: Evidence, of: Sequence[Finding], *, fails: bool, p_adjusted: float) -> Finding:
    """Word two columns that are a shortcut only together."""
    names = _listed([str(finding.column) for finding in of])
    read = " and ".join(f"{finding.column} with AUC {_number(finding.separability_auc)}" for finding in of)
    return Finding(
        column=row.column,
        role="interaction",
        verdict="fail" if fails else "warn",
        reason="confounded" if fails else "weakly_confounded",
        headline=f"{names} together are a shortcut to the label, though neither is alone: their combinations go with the label "
        f"(V {_interval(row.estimate, row.ci_low, row.ci_high)} beyond both), and the data shows {read} within a label.",
        next_step=f"Record every label in the same proportions in every combination of {names}.",
        association_v=row.estimate,
        association_low=row.ci_low,
        association_high=row.ci_high,
        p_design=row.p_value,
        p_adjusted=p_adjusted,
        n=row.n,
        n_subjects=row.n_subjects,
    )


def _counted(number: int, what: str) -> str:
    """Return a number and what it counts, "groups of records stand in ..." in the singular where there is one."""
    if number != 1:
        return f"{number:,} {what}"
    noun, _, rest = what.partition(" ")
    return f"1 {noun.removesuffix('s')} {rest.replace('stand in', 'stands in', 1)}"


def leakage(rows: Sequence[Evidence], level: Level, identity: Evidence | None = None) -> Finding:
    """Word the audit of a given split; ``identity`` says how well records give their subject away."""
    split = str(rows[0].detail.get("split", "split"))
    # A count of nothing is not worth a clause where another leaks.
    told = [row for row in rows if row.estimate] or rows
    found = "; ".join(_counted(int(row.estimate or 0), str(row.detail.get("what", row.metric))) for row in told)
    headline, step = {
        "fail": (
            f"The given split {split!r} leaks: {found}.",
            "Split whole subjects, with identical records together; `splits.parquet` holds such a split.",
        ),
        "warn": (
            f"The given split {split!r} may leak: {found}.",
            "Look at these pairs (evidence.parquet names them): if they are copies, keep them in one part of the split.",
        ),
    }.get(
        level,
        (f"The given split {split!r} keeps subjects and identical records apart.", "Nothing to repair."),
    )
    notes = []
    if identity is not None and identity.ci_low is not None and identity.ci_low > 0.5:
        notes.append(
            f"Records give their subject away: with labels dealt to subjects at random a split by records still reaches AUC "
            f"{_number(identity.estimate)}, so subjects must never be split."
        )
    return Finding(
        column=split,
        role="split",
        verdict=level,
        reason="independent" if level == "pass" else "leakage",
        headline=headline,
        next_step=step,
        notes=tuple(notes),
        n=rows[0].n,
        n_subjects=rows[0].n_subjects,
    )


@dataclass(frozen=True)
class ExplainedView:
    """A view's AUC for the label over all records and within a column, and the share that the column explains."""

    overall: Evidence
    within: Evidence
    share: Evidence


def explains(finding: Finding, views: Sequence[ExplainedView]) -> Finding:
    """Return the finding with a note on each view that predicts the label because of this column."""
    notes = []
    for view in views:
        share = view.share.estimate or 0.0
        # The column that explains most may still explain hardly anything.
        much = "all" if share >= 0.9 else "most" if share >= 0.5 else "part" if share >= 0.2 else None
        if much is None:
            continue
        inside = _interval(view.within.estimate, view.within.ci_low, view.within.ci_high)
        left = f"within {finding.column} its AUC is {inside}" if view.within.estimate is not None else "nothing is left"
        subject = view_words(view.overall.view)
        notes.append(
            f"{subject[0].upper()}{subject[1:]} alone predicts the label with AUC "
            f"{_interval(view.overall.estimate, view.overall.ci_low, view.overall.ci_high)}; {left}: {finding.column} explains "
            f"{much} of it ({share:.0%})."
        )
    return replace(finding, notes=(*finding.notes, *notes)) if notes else finding


@dataclass(frozen=True)
class Candidate:
    """A group of records found in a view: its association with the label, the column that explains it best, and whether
    features with no part in the view show it."""

    association: Evidence
    explained: Evidence | None
    readable: Evidence | None


def unrecorded(
    row: Evidence,
    *,
    fails: bool,
    overall: Evidence | None,
    explained: Evidence | None,
    candidate: Candidate | None = None,
) -> Finding:
    """Word a view that predicts the label within levels of all recorded columns together."""
    view, size = view_words(row.view), _interval(row.estimate, row.ci_low, row.ci_high)
    notes = []
    if overall is not None and explained is not None and (explained.estimate or 0.0) >= 0.2:
        notes.append(
            f"Over all records its AUC is {_interval(overall.estimate, overall.ci_low, overall.ci_high)}, of which "
            f"{explained.column} explains {explained.estimate:.0%}."
        )
    if candidate is not None:
        notes += [f"It parts the records into groups: {_group(candidate)}.", *_group_notes(candidate)]
    if not fails:
        declare = f"declare `label_free: [{row.view}]`"
        look = (
            f"look for what differed between the labels at recording time, and {declare}."
            if candidate is None
            else f"{_uncapital(_ask(candidate))} Or {declare}, and it fails."
        )
        return Finding(
            column=None,
            role="view",
            verdict="warn",
            reason="unrecorded",
            headline=f"{_capital(view)} alone predicts the label at equal values of all recorded columns (AUC {size}).",
            next_step="Ask whether it can carry the label honestly, as a test does that is ordered on suspicion. "
            f"If not, {look}",
            notes=tuple(notes),
            n=row.n,
            n_subjects=row.n_subjects,
        )
    return Finding(
        column=None,
        role="view",
        verdict="fail",
        reason="unrecorded",
        headline=f"{_capital(view)} should carry no label, yet predicts it (AUC {size}), and no recorded column explains "
        "that.",
        next_step=_ask(candidate)
        if candidate is not None
        else "Look for what differs between the labels at recording time and is in no column; record it, and audit again.",
        notes=tuple(notes),
        n=row.n,
        n_subjects=row.n_subjects,
    )


def unrecorded_group(candidate: Candidate) -> Finding:
    """Word a group of records that no column names and whose labels differ, where its view as a whole shows nothing."""
    row = candidate.association
    return Finding(
        column=None,
        role="view",
        verdict="warn",
        reason="unrecorded",
        headline=f"By {view_words(row.view)} the records fall into groups whose labels differ (V "
        f"{_interval(row.estimate, row.ci_low, row.ci_high)}), and no recorded column explains that.",
        next_step=_ask(candidate),
        notes=(f"{_capital(_group(candidate))}.", *_group_notes(candidate)),
        n=row.n,
        n_subjects=row.n_subjects,
    )


def _group(candidate: Candidate) -> str:
    """Say how large a group is, how its labels differ, and how it is told."""
    row, facts = candidate.association, candidate.association.detail
    traits = _listed([_trait(trait) for trait in facts["traits"][:3]])
    return (
        f"{facts['records']:,} of {row.n or 0:,} records differ from the rest: {traits}; {facts['share_inside']:.0%} of them are "
        f"{facts['label']!r}, of the rest {facts['share_outside']:.0%} (V of group and label "
        f"{_interval(row.estimate, row.ci_low, row.ci_high)}, in the {facts['tested_records']:,} records in which no group was "
        "looked for)"
    )


def _trait(trait: Mapping[str, Any]) -> str:
    """Say in what a group differs, by the means of a mark inside and outside."""
    inside, outside = float(trait["inside"]), float(trait["outside"])
    if str(trait["what"]).endswith(" is missing"):
        return f"{trait['what']} in {inside:.0%} (rest {outside:.0%})"
    if trait.get("unit") == "deviations":
        return f"{trait['what']} {inside:+.1f} deviations from the mean (rest {outside:+.1f})"
    # Marks of rounding are taken minus what is usual for numbers of that size, so only the difference has a meaning.
    more = "more" if inside > outside else "less"
    return f"{trait['what']} {more} often, by {abs(inside - outside) * 100:.0f} points"


def _group_notes(candidate: Candidate) -> list[str]:
    notes = []
    explained, readable = candidate.explained, candidate.readable
    if explained is not None and explained.estimate is not None and explained.estimate >= 0.05:
        notes.append(
            f"Of the recorded columns {explained.column} explains most of what the groups say of the label: {explained.estimate:.0%}."
        )
    if readable is not None and readable.p_value is not None and readable.estimate is not None:
        shown = _interval(readable.estimate, readable.ci_low, readable.ci_high)
        notes.append(
            f"Features with no part in this show the groups too (AUC {shown} within label): the records differ in more than that."
            if _small(readable.p_value) and (readable.ci_low or 0.0) > 0.5
            else f"That features with no part in this show the groups too is not proven (AUC {shown} within label)."
        )
    return notes


def _ask(candidate: Candidate) -> str:
    facts = candidate.association.detail
    records = _listed([f"{number:,}" for number in facts["typical"][:5]])
    what = (
        f"Find out what {_listed([str(name) for name in facts['typical_files'][:5]])} share ("
        if facts.get("typical_files")
        else f"Find out what records {records} share (counted from 1 as read; "
    )
    return (
        f"{what}`evidence.parquet` lists all {facts['records']:,} of the "
        "group): ask who exported them, where and when. Then declare it as a nuisance column and audit again."
    )


def _size(finding: Finding) -> str:
    return f"V {_interval(finding.association_v, finding.association_low, finding.association_high)}"


def _small(p: float | None) -> bool:
    return p is not None and p <= 0.05


def _units(finding: Finding) -> str:
    if finding.n_subjects is not None and finding.n is not None and finding.n_subjects < finding.n:
        return f"{finding.n_subjects:,} subjects"
    return f"{finding.n or 0:,} records"


def _unit_word(facts: ColumnFacts) -> str:
    detail = facts.association.detail if facts.association else {}
    return "subjects" if detail.get("unit") in {"subjects", "within subjects"} else "records"


def _pairs(aliased: Sequence[Evidence]) -> str:
    shown = [" and ".join(map(str, pair.detail["labels"])) for pair in aliased[:3]]
    more = f" (and {len(aliased) - 3} more pairs)" if len(aliased) > 3 else ""
    return "; ".join(shown) + more


def _table(facts: ColumnFacts) -> tuple[np.ndarray, list[str], list[str]]:
    """Return the (labels, levels) table of subjects with its names."""
    labels = list(dict.fromkeys(str(row.detail["label"]) for row in facts.counts))
    levels = list(dict.fromkeys(str(row.detail["level"]) for row in facts.counts))
    table = np.zeros((len(labels), len(levels)))
    for row in facts.counts:
        table[labels.index(str(row.detail["label"])), levels.index(str(row.detail["level"]))] = row.n_subjects or 0
    return table, labels, levels


def _repair(facts: ColumnFacts, policy: Policy) -> str:
    """Say which cells to fill, with the smallest numbers that bring V inside the tolerance."""
    table, labels, levels = _table(facts)
    if not table.size:
        return f"Collect records of every label at every level of {facts.column}."
    cells = cells_to_fill(table, policy.association)
    if not cells:
        return f"Record every label at every level of {facts.column} in the same proportions; more of the same mix will not help."
    shown = [f"{cell.count} more {labels[cell.a]!r} at {facts.column} {levels[cell.k]!r}" for cell in cells[:3]]
    rest = sum(cell.count for cell in cells[3:])
    tail = f", and {rest} more in {len(cells) - 3} other {'cell' if len(cells) == 4 else 'cells'}" if rest else ""
    return f"Record at least {_listed(shown)}{tail} ({_unit_word(facts)}); that brings V below {policy.association:g}."


def _end_aliasing(facts: ColumnFacts, aliased: Sequence[Evidence], policy: Policy) -> str:
    table, labels, levels = _table(facts)
    options: list[tuple[int, str]] = []
    # Cells are not written for very large tables; then there is nothing to count with.
    for pair in [pair for pair in aliased if all(str(name) in labels for name in pair.detail["labels"])][:1]:
        first, second = (labels.index(str(name)) for name in pair.detail["labels"])
        for mine, other in ((first, second), (second, first)):
            share = table[other] / max(1.0, float(table[other].sum()))
            k = int(share.argmax())
            wanted = units_to_overlap(float(share[k]), int(table[mine].sum()), policy.overlap)
            if wanted is not None and wanted > table[mine, k]:
                options.append((wanted - int(table[mine, k]), f"{labels[mine]!r} at {facts.column} {levels[k]!r}"))
    first_step = (
        "Record at least "
        + " or ".join(f"{count} {where}" for count, where in options)
        + f" ({_unit_word(facts)}) to end the aliasing"
        if options
        else f"Record every label at the same levels of {facts.column}"
    )
    return (
        f"{first_step}; no weighting or correction can stand in for them. Until then restrict the claim to labels that share "
        f"levels of {facts.column}."
    )


def _readable_where_possible(facts: ColumnFacts, policy: Policy) -> list[str]:
    """Say for each label that has several levels whether the data shows the column inside it."""
    notes = []
    for row in facts.by_label:
        if row.estimate is None or row.ci_low is None:
            continue
        shown = _interval(row.estimate, row.ci_low, row.ci_high)
        upper = row.detail.get("upper")
        if row.ci_low > 0.5:
            notes.append(f"Within {row.level} the data shows {facts.column} (AUC {shown}).")
        elif upper is not None and upper < policy.separability:
            notes.append(
                f"Within {row.level} {facts.column} cannot be read from the data by these probes (AUC {shown})."
            )
        else:
            notes.append(f"Within {row.level} it is not shown that the data reveals {facts.column} (AUC {shown}).")
    return notes


def _damage(finding: Finding) -> list[str]:
    if finding.inflation is None:
        return [f"No label has a partner at the same level of {finding.column}, so inflation cannot be measured."]
    sure = finding.inflation_low is not None and finding.inflation_low > 0
    interval = f"[{finding.inflation_low:.3f}, {finding.inflation_high:.3f}]"
    return [
        f"The {finding.model} model scores AUC {_number(finding.auc_pooled)} over all records and {_number(finding.auc_adjusted)} "
        f"within levels of {finding.column}: "
        + (f"inflated by {finding.inflation:.3f} {interval}." if sure else _not_sure(finding.inflation, interval))
    ]


def _not_sure(inflation: float, interval: str) -> str:
    said = (
        f"inflated by {inflation:.3f} {interval}, which chance could explain"
        if inflation > 0
        else f"not inflated ({interval})"
    )
    return f"{said}; another model may use the shortcut more."


def _until_then(finding: Finding) -> str:
    if finding.auc_adjusted is None:
        return " Until then report no pooled score."
    within, pooled = _number(finding.auc_adjusted), _number(finding.auc_pooled)
    # Two figures that are printed alike would read as a slip.
    return f" Until then report AUC {within} (within {finding.column})" + (
        f", not {pooled}." if within != pooled else "."
    )


def _probe_names(facts: ColumnFacts) -> str:
    names = [str(row.view).split("/")[-1] for row in facts.separability]
    return "the probes " + _listed(names) if names else "these probes"


def _collect_more(finding: Finding, policy: Policy) -> str:
    if finding.n_to_decide is None:
        return (
            f"The association lies so close to the tolerance ({policy.association:g}) that no feasible number of records decides; "
            f"record the labels in equal proportions over {finding.column} instead."
        )
    known = finding.n_subjects if finding.n_subjects is not None else finding.n or 0
    word = "subjects" if finding.n is not None and known < finding.n else "records"
    more = finding.n_to_decide - known
    return (
        f"Record about {more:,} more {word} ({finding.n_to_decide:,} in all), every label at every level of {finding.column}; "
        "that decides in four of five cases if the association is as it looks now."
    )


LEVEL_WORDS: dict[Level, str] = {"pass": "PASS", "warn": "WARN", "inconclusive": "INCONCLUSIVE", "fail": "FAIL"}
