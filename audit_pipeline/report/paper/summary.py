"""The verdict as Markdown, for a pull request or a lab book; and what goes into the paper's text."""

from __future__ import annotations

from collections.abc import Sequence

from audit_pipeline import __version__
from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.levels import LOOKS, reason_words
from audit_pipeline.report.paper import markdown as md
from audit_pipeline.report.paper.facts import Facts, facts_of
from audit_pipeline.report.paper.methods import methods_of
from audit_pipeline.report.paper.references import Reference
from audit_pipeline.report.paper.results import MOST, others_of, results_of
from audit_pipeline.report.text import count, interval, number, p_value, sentence
from audit_pipeline.verdict_types import Finding

_HEADS = ("column", "role", "verdict", "#V", "#metadata AUC", "#readable AUC", "#inflation", "#p, both edges")


def as_markdown(folder: AuditFolder) -> str:
    """Return the verdict: headline, table of findings with 95% intervals, next steps, methods with references."""
    facts = facts_of(folder)
    return md.document(
        *_heading(facts, level="#"),
        ["## Findings"],
        *_findings(folder),
        ["## Next steps"],
        _next_steps(folder),
        *_methods(facts, level="##"),
        _made_by(),
    )


def as_paper(folder: AuditFolder) -> str:
    """Return the text for a paper: methods, results, references."""
    facts = facts_of(folder)
    results = [[md.text(told)] for _, told in results_of(facts)] or [["No column failed."]]
    failed = sum(finding.verdict == "fail" for finding in folder.verdict.findings)
    if failed > MOST:
        results.append([f"{failed - MOST:,} more findings failed; findings.parquet has all of them."])
    others = others_of(folder)
    methods, references = _split(_methods(facts, level="#"))
    return md.document(*methods, ["# Results"], *results, [md.text(others)] if others else [], *references)


def _split(blocks: Sequence[Sequence[str]]) -> tuple[Sequence[Sequence[str]], Sequence[Sequence[str]]]:
    """Return the methods' heading and paragraph, and their references."""
    return blocks[:2], blocks[2:]


def _heading(facts: Facts, *, level: str) -> list[list[str]]:
    verdict = facts.folder.verdict
    look = LOOKS[verdict.verdict]
    size = [count(facts.records, "record")] if facts.records else []
    if facts.subjects and facts.subjects != facts.records:
        size.append(count(facts.subjects, "subject"))
    told = [f"**Verdict: {look.sign} {look.word}** ({look.meaning})" + (f", {', '.join(size)}" if size else "")]
    return [
        [f"{level} Dataset audit: {md.text(verdict.dataset, limit=200)}"],
        told,
        [_sentence(facts.folder, verdict.headline)],
    ]


def _findings(folder: AuditFolder) -> list[list[str]]:
    rows = [_row(finding) for finding in folder.shown]
    if not rows:
        return [["No metadata column was judged."]]
    note = "Square brackets: 95% confidence intervals. V: bias-corrected Cramér's V of column and label. Metadata AUC: of the "
    note += "column alone for the label. Readable AUC: of the column from the data, within a label."
    blocks = [md.table(_HEADS, rows), [note]]
    if folder.hidden:
        blocks.append([f"{folder.hidden:,} more findings are in findings.parquet."])
    return blocks


def _row(finding: Finding) -> list[str]:
    look = LOOKS[finding.verdict]
    column = "(whole dataset)" if finding.column is None else finding.column
    return [
        md.cell(column, limit=60),
        md.cell(finding.role),
        f"{look.sign} {look.word}, {md.cell(reason_words(finding))}",
        _figure(finding.association_v, finding.association_low, finding.association_high),
        _figure(finding.metadata_auc, finding.metadata_auc_low, finding.metadata_auc_high),
        _figure(finding.separability_auc, finding.separability_low, finding.separability_high),
        _figure(finding.inflation, finding.inflation_low, finding.inflation_high, digits=3),
        ""
        if finding.p_adjusted is None
        else p_value(finding.p_adjusted).removeprefix("p = ").removeprefix("p ").replace("<", r"\<"),
    ]


def _figure(value: float | None, low: float | None, high: float | None, *, digits: int = 2) -> str:
    if value is None:
        return ""
    between = interval(low, high, digits=digits).replace("[", r"\[").replace("]", r"\]")
    return f"{number(value, digits=digits)} {between}".strip()


def _next_steps(folder: AuditFolder) -> list[str]:
    todo = [finding for finding in folder.shown if finding.verdict != "pass"]
    if not todo:
        return ["Nothing to repair."]
    lines = []
    for finding in todo:
        who = "the dataset as a whole" if finding.column is None else finding.column
        step = f"Next: {_sentence(folder, finding.next_step)}"
        # The worst finding's sentence often is the verdict's, which stands above already.
        told = [] if finding.headline == folder.verdict.headline else [_sentence(folder, finding.headline)]
        lines += [f"- **{md.text(who, limit=60)}**: {' '.join([*told, step])}"]
    return lines


def _sentence(folder: AuditFolder, told: str) -> str:
    # Monstrous names are shortened before the sentence itself is cut.
    return md.text(sentence(told, folder.columns))


def _methods(facts: Facts, *, level: str) -> list[list[str]]:
    methods = methods_of(facts)
    blocks = [[f"{level} Methods"], [md.text(methods.paragraph)]]
    return blocks + (
        [[f"{level} References"], [_reference(each) for each in methods.references]] if methods.references else []
    )


def _reference(reference: Reference) -> str:
    address = reference.address
    return f"- {reference.full}" + (f" {md.link(f'doi:{reference.doi}', address)}" if address else "")


def _made_by() -> list[str]:
    return [
        f"Made by audit-pipeline {__version__} from the output folder of the audit; report.html shows the evidence."
    ]
