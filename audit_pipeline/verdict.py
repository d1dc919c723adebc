"""The decision table: evidence and policy in, verdict out. Pure: no files, no clock, no randomness.

A model can use a column as a shortcut for the label if and only if label and column are associated (design edge) and the data
reveals the column given the label (sensor edge). "Not confounded" is the union of two nulls, so the right test is an
intersection-union test: both p-values must fall below alpha (Berger 1982), with Holm's correction over columns. Everything else
is size, bound or structure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from audit_pipeline import wording, wording_views
from audit_pipeline.evidence import Evidence, EvidenceBook
from audit_pipeline.facts import ColumnFacts, gather
from audit_pipeline.models.predictions import METADATA
from audit_pipeline.spec import Policy
from audit_pipeline.stats import power
from audit_pipeline.stats.multiplicity import holm
from audit_pipeline.verdict_types import LEVELS, Finding, Level, Reason, Verdict

SUSPICIOUS_SHARE = 2 / 3
"""From this share of a model's skill (its AUC above one half) on, the surroundings of a recording say too much of the label."""

ALIASED_SHARE = 0.1
"""Aliased pairs of labels fail a column when they hold at least this share of all pairs of records with different labels."""


def decide(dataset: str, rows: Sequence[Evidence], policy: Policy) -> Verdict:
    """Apply the decision table.

    Parameters
    ----------
    dataset : name of the audit.
    rows : evidence of all probes.
    policy : thresholds.

    Returns
    -------
    The verdict without lineage; findings in the order of evidence, nuisance columns first, dataset-wide ones last.
    """
    book = EvidenceBook(rows)
    names = list(dict.fromkeys((row.column, row.role) for row in rows if row.column and row.role))
    nuisance = [gather(book, column, role) for column, role in names if column and role == "nuisance"]
    covariates = [gather(book, column, role) for column, role in names if column and role == "covariate"]
    pairs = list(book.where(probe="design", metric="interaction_v"))
    same = {row.column: row.level for row in book.where(metric="same_as") if row.column and row.level}
    adjusted = _adjust(nuisance, pairs, same)
    findings = [
        wording.sameness(_judge(facts, adjusted[facts.column], policy), same.get(facts.column)) for facts in nuisance
    ]
    findings += _interactions(pairs, findings, adjusted, policy)
    findings += [_covariate(facts) for facts in covariates]
    telling = _telling(book, policy)
    findings = [wording.explains(finding, _explained(book, finding.column, telling)) for finding in findings]
    findings = [wording_views.shown_in(finding, telling) for finding in findings]
    findings += _leakage(book) + _unrecorded(book, policy)
    worst = max(findings, key=lambda finding: LEVELS.index(finding.verdict), default=None)
    if worst is None:
        if not any(row.metric == "auc_model" for row in rows):
            raise ValueError("there is no evidence on any column, so there is nothing to judge")
        worst = wording_views.nothing_to_audit()
        findings = [worst]
    return Verdict(
        dataset=dataset,
        verdict=worst.verdict,
        headline=worst.headline,
        findings=tuple(findings),
        policy=policy.model_dump(),
    )


@dataclass(frozen=True)
class Adjusted:
    """Holm-adjusted p-values of a column: of the design edge alone, and of both edges together; ``columns``: family size."""

    design: float
    both: float
    columns: int


def _adjust(nuisance: Sequence[ColumnFacts], pairs: Sequence[Evidence], same: Mapping[str, str]) -> dict[str, Adjusted]:
    """Correct over the nuisance columns and their pairs.

    A column whose edge could not be tested keeps p = 1: untested is not rejected. Columns that are the same variable are one
    question, answered by the largest of their p-values. A pair can fail a dataset as a column can, so pairs are in the family.
    """
    sensor = {facts.column: 1.0 if facts.p_sensor is None else facts.p_sensor for facts in nuisance}
    design = {facts.column: 1.0 if facts.p_design is None else facts.p_design for facts in nuisance}
    for row in pairs:
        first, second = (str(name) for name in row.detail["of"])
        design[str(row.column)] = 1.0 if row.p_value is None else row.p_value
        # The two act together only if the data shows both.
        sensor[str(row.column)] = max(sensor.get(first, 1.0), sensor.get(second, 1.0))
    head = {name: _first_name(name, same) for name in design}
    questions = list(dict.fromkeys(head.values()))
    members = {question: [name for name in design if head[name] == question] for question in questions}
    p_design = [max(design[name] for name in members[question]) for question in questions]
    p_both = [max(max(design[name], sensor[name]) for name in members[question]) for question in questions]
    found = {
        question: Adjusted(d, b, len(questions))
        for question, d, b in zip(questions, holm(p_design), holm(p_both), strict=True)
    }
    return {name: found[head[name]] for name in design}


def _first_name(name: str, same: Mapping[str, str]) -> str:
    """Follow "is the same variable as" to the first column of the set."""
    seen = {name}
    while name in same and same[name] not in seen:
        name = same[name]
        seen.add(name)
    return name


def _interactions(
    pairs: Sequence[Evidence], findings: Sequence[Finding], adjusted: Mapping[str, Adjusted], policy: Policy
) -> list[Finding]:
    """Judge pairs of columns that are shortcuts only together; a pair says nothing new if one of its columns fails alone."""
    by_column = {finding.column: finding for finding in findings}
    out = []
    for row in pairs:
        columns = [by_column[str(name)] for name in row.detail["of"]]
        shown = adjusted[str(row.column)].both <= policy.alpha
        if not shown or row.estimate is None or any(finding.verdict == "fail" for finding in columns):
            continue
        fails = row.estimate >= policy.association
        out.append(wording.interaction(row, columns, fails=fails, p_adjusted=adjusted[str(row.column)].both))
    return out


def _judge(facts: ColumnFacts, adjusted: Adjusted, policy: Policy) -> Finding:
    """Judge one nuisance column, first matching row of the table."""
    base = _figures(facts, adjusted, policy)
    if facts.association is None or facts.v is None or facts.upper is None:
        return _unmeasured(facts, base)
    aliased = [pair for pair in facts.overlaps if _is_aliased(pair, policy)] if adjusted.design <= policy.alpha else []
    aliased_share = sum(float(pair.detail.get("share_of_pairs", 0.0)) for pair in aliased)
    strong = facts.v >= policy.association
    # Files that were made otherwise for one label than for another are a fault to mend, whether or not these probes see it.
    unseen = _is_unseen(facts, policy) and not facts.derived
    verdict: Level
    reason: Reason
    if aliased and aliased_share >= ALIASED_SHARE:
        verdict, reason = "fail", "aliased"
    elif adjusted.both <= policy.alpha:
        verdict, reason = ("fail", "confounded") if strong else ("warn", "weakly_confounded")
    elif adjusted.design <= policy.alpha and strong and not unseen:
        verdict, reason = "warn", "associated_unresolved"
    elif facts.upper < policy.association:
        verdict, reason = "pass", "independent"
    elif unseen:
        verdict, reason = "pass", "unseen"
    elif facts.derived and adjusted.design > policy.alpha:
        # Nobody asked about it: it was read from the files to find what is wrong, and nothing was found.
        verdict, reason = "pass", "undetermined"
    else:
        verdict, reason = "inconclusive", "undetermined"
    if aliased and verdict == "pass":
        # Too few pairs to condemn the column, too many to stay silent about.
        verdict, reason = "warn", "aliased"
    finding = replace(base, verdict=verdict, reason=reason)
    if reason == "undetermined":
        finding = replace(finding, n_to_decide=_n_to_decide(facts, adjusted, policy))
    return wording_views.of_headers(wording.describe(finding, facts, policy, aliased), facts)


def _is_unseen(facts: ColumnFacts, policy: Policy) -> bool:
    """Tell whether the data is shown not to reveal the column: every probe's bound is low, *and* the test would have noticed.

    Few records make poor probes, whose AUC is low whatever the data holds. So columns planted at the tolerated readability
    must have been detected.
    """
    low = facts.separability_upper is not None and facts.separability_upper < policy.separability
    return low and facts.detectable is not None and facts.detectable <= policy.separability


def _is_aliased(pair: Evidence, policy: Policy) -> bool:
    adjusted = pair.detail.get("p_adjusted")
    return (
        pair.estimate is not None
        and adjusted is not None
        and pair.estimate < policy.overlap
        and adjusted <= policy.alpha
    )


def _n_to_decide(facts: ColumnFacts, adjusted: Adjusted, policy: Policy) -> int | None:
    """Return the number of units that would decide with 80% power if the association is as large as it looks."""
    assert facts.association is not None
    assert facts.v is not None
    df, dim, n = _design_shape(facts)
    if facts.v < policy.association:
        wanted = power.n_to_exclude(facts.v, policy.association, df, dim)
    else:
        wanted = power.n_to_detect(facts.v, df, dim, policy.alpha / adjusted.columns)
    return None if wanted is None else max(wanted, n + max(1, n // 20))


def _design_shape(facts: ColumnFacts) -> tuple[int, int, int]:
    assert facts.association is not None
    detail = facts.association.detail
    return int(detail["df"]), int(detail["dim"]), int(detail["units"])


def _figures(facts: ColumnFacts, adjusted: Adjusted | None, policy: Policy) -> Finding:
    """Return a finding with the figures filled in and the judgement still open."""
    association, kappa, best = facts.association, facts.kappa, facts.best
    overlaps = [row.estimate for row in facts.overlaps if row.estimate is not None]
    mde = None
    if association is not None:
        df, dim, n = _design_shape(facts)
        mde = power.minimal_detectable_v(n, df, dim, policy.alpha / (adjusted.columns if adjusted else 1))
    rows = association or facts.levels
    return Finding(
        column=facts.column,
        role=facts.role,
        verdict="inconclusive",
        reason="undetermined",
        headline="",
        next_step="",
        association_v=facts.v,
        association_low=association.ci_low if association else None,
        association_high=association.ci_high if association else None,
        metadata_auc=kappa.estimate if kappa else None,
        metadata_auc_low=kappa.ci_low if kappa else None,
        metadata_auc_high=kappa.ci_high if kappa else None,
        overlap=min(overlaps) if overlaps else None,
        p_design=facts.p_design,
        p_sensor=facts.p_sensor,
        p_adjusted=adjusted.both if adjusted and facts.p_design is not None else None,
        separability_auc=best.estimate if best else None,
        separability_low=best.ci_low if best else None,
        separability_high=best.ci_high if best else None,
        separability_probe=best.view if best else None,
        auc_pooled=facts.pooled.estimate if facts.pooled else None,
        auc_adjusted=facts.adjusted.estimate if facts.adjusted else None,
        auc_adjusted_low=facts.adjusted.ci_low if facts.adjusted else None,
        auc_adjusted_high=facts.adjusted.ci_high if facts.adjusted else None,
        inflation=facts.inflation.estimate if facts.inflation else None,
        inflation_low=facts.inflation.ci_low if facts.inflation else None,
        inflation_high=facts.inflation.ci_high if facts.inflation else None,
        model=facts.pooled.view if facts.pooled else None,
        n=rows.n if rows else None,
        n_subjects=rows.n_subjects if rows else None,
        min_detectable_v=mde,
    )


def _unmeasured(facts: ColumnFacts, base: Finding) -> Finding:
    """Judge a column that could not be measured: one level cannot be associated with anything; an identifier says nothing."""
    if facts.levels is not None and facts.levels.detail.get("constant"):
        return wording.constant(replace(base, verdict="pass", reason="independent"))
    if facts.levels is not None and facts.levels.detail.get("identifier"):
        return wording.identifier(base, facts)
    return wording.not_measured(base)


def _covariate(facts: ColumnFacts) -> Finding:
    """Report a declared covariate: legitimate, so it never fails; warn if nothing is left of the model within its levels."""
    base = _figures(facts, None, Policy())
    adjusted = facts.adjusted
    empty = (
        adjusted is not None
        and adjusted.ci_low is not None
        and adjusted.ci_high is not None
        and adjusted.ci_low <= 0.5 <= adjusted.ci_high
    )
    return wording.covariate(replace(base, verdict="warn" if empty else "pass", reason="covariate"))


def _leakage(book: EvidenceBook) -> list[Finding]:
    """Judge a split that the user already has."""
    exact = [row for row in book.where(probe="leakage") if row.metric in {"subjects_across", "duplicates_across"}]
    near = list(book.where(probe="leakage", metric="near_duplicates_across"))
    if not exact and not near:
        return []
    # Nearly identical records may be two honest ones, so they warn.
    worst: Level = "fail" if _any(exact) else "warn" if _any(near) else "pass"
    return [wording.leakage(exact + near, worst, book.first(probe="leakage", metric="identity_auc"))]


def _any(rows: Sequence[Evidence]) -> bool:
    return any((row.estimate or 0) > 0 for row in rows)


def _unrecorded(book: EvidenceBook, policy: Policy) -> list[Finding]:
    """Judge views that should carry no label, and the groups of records found in them.

    A row ``view_persists`` holds the AUC of the label from a view within levels of every column, and whether the view was
    declared free of label (only then can it fail a dataset, since most views can carry label honestly). A row
    ``cluster_persists`` holds the same of the groups; these never fail. Both are in one family, and one finding a view tells of both.
    """
    rows = [row for row in book.rows if row.metric in {"view_persists", "cluster_persists"}]
    models = [row for row in book.where(metric="auc_model") if row.view != METADATA and row.estimate is not None]
    model = max(models, key=lambda row: row.estimate or 0.0, default=None)
    adjusted = holm([1.0 if row.p_value is None else row.p_value for row in rows])
    shown = {
        (row.metric, row.view): row
        for row, p in zip(rows, adjusted, strict=True)
        if p <= policy.alpha and row.ci_low is not None and row.ci_low > 0.5
    }
    findings = []
    honest: list[Evidence] = []
    for view in dict.fromkeys(row.view for row in rows):
        persists, groups = shown.get(("view_persists", view)), shown.get(("cluster_persists", view))
        candidate = _candidate(book, view) if groups is not None else None
        if candidate is not None and _honest_groups(candidate, book.first(metric="view_persists", view=view), policy):
            candidate = None
        if persists is not None and _honest(persists, model, policy):
            honest.append(persists)
            persists = None
        if persists is not None:
            findings.append(
                wording.unrecorded(
                    persists,
                    overall=book.first(metric="view_auc", view=view),
                    explained=_best(book, "view_explained", view),
                    fails=bool(persists.detail.get("label_free")),
                    candidate=candidate,
                )
            )
        elif candidate is not None:
            findings.append(wording.unrecorded_group(candidate))
    return [*findings, *([wording_views.honest_views(honest, model)] if honest else [])]


def _honest(persists: Evidence, model: Evidence | None, policy: Policy) -> bool:
    """Tell whether what a view of recordings says of the label is no more than it may say honestly.

    A small copy or a histogram shows what was recorded, so it may say anything. The surroundings (border, noise, silence) may say
    a little, since something of what was recorded is always left in them; they are suspicious where they alone come near what a
    model reaches. Of the two published cases with both figures, the leading silence of ASVspoof has three quarters of a model's skill
    (Mueller 2021) and the pauses of the Pitt recordings have all of it (Liu 2024).
    """
    kind = persists.detail.get("honest", "none")
    if kind == "none" or persists.detail.get("label_free"):
        return False
    if kind == "much":
        return True
    assert persists.estimate is not None
    assert persists.ci_low is not None
    if persists.ci_low <= policy.separability:
        return True
    reached = (model.estimate or 1.0) if model is not None else 1.0
    return persists.estimate - 0.5 < SUSPICIOUS_SHARE * (reached - 0.5)


def _honest_groups(candidate: wording.Candidate, persists: Evidence | None, policy: Policy) -> bool:
    """Tell whether groups in the surroundings of recordings may come from what was recorded: their labels hardly differ."""
    if persists is None or persists.detail.get("honest", "none") == "none" or persists.detail.get("label_free"):
        return False
    low = candidate.association.ci_low
    return low is None or low < policy.association


def _candidate(book: EvidenceBook, view: str | None) -> wording.Candidate | None:
    association = book.first(metric="cluster_association", view=view)
    if association is None:
        return None
    return wording.Candidate(
        association, _best(book, "cluster_explained", view), book.first(metric="cluster_readable", view=view)
    )


def _best(book: EvidenceBook, metric: str, view: str | None) -> Evidence | None:
    """Return the row of the column that explains most."""
    return next((row for row in book.where(metric=metric, view=view) if row.detail["best"]), None)


def _telling(book: EvidenceBook, policy: Policy) -> list[Evidence]:
    """Return the rows of the views that predict the label, in the order of the evidence."""
    rows = list(book.where(metric="view_auc"))
    adjusted = holm([1.0 if row.p_value is None else row.p_value for row in rows])
    return [row for row, p in zip(rows, adjusted, strict=True) if p <= policy.alpha]


def _explained(book: EvidenceBook, column: str | None, telling: Sequence[Evidence]) -> list[wording.ExplainedView]:
    """Return those of the views that predict the label which ``column`` explains better than other columns do."""
    found = []
    for row in telling:
        share = book.first(metric="view_explained", view=row.view, column=column) if column else None
        within = book.first(metric="view_auc_within", view=row.view, column=column)
        if share is not None and share.detail.get("best") and within is not None:
            found.append(wording.ExplainedView(row, within, share))
    return found
