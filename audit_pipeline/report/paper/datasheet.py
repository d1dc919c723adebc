"""A fragment of a datasheet (Gebru et al. 2021) in Markdown: those of its questions that an audit can answer.

Headings and questions are those of the paper's template, shortened, so that the answers can be copied to where they belong.
"""

from __future__ import annotations

from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.paper import markdown as md
from audit_pipeline.report.paper.croissant import (
    biases_of,
    collection_of,
    limitations_of,
    missing_of,
    uses_of,
)
from audit_pipeline.report.paper.facts import Facts, facts_of
from audit_pipeline.report.paper.methods import methods_of
from audit_pipeline.report.paper.references import GEBRU
from audit_pipeline.report.paper.sentences import called, listed
from audit_pipeline.report.text import count, lookup

MOST = 40
"""Answers to one question; further ones are counted."""


def as_datasheet(folder: AuditFolder) -> str:
    """Return the fragment."""
    facts = facts_of(folder)
    address = GEBRU.address
    assert address is not None
    opening = (
        "Those questions of a datasheet that the audit answers; all others are for the authors of the dataset. "
        f"Template: {GEBRU.full} {md.link(f'doi:{GEBRU.doi}', address)}"
    )
    return md.document(
        [f"# Datasheet fragment: {md.text(folder.verdict.dataset, limit=200)}"],
        [opening],
        ["## Composition"],
        *_answer("How many instances are there in total?", [_size(facts)]),
        *_answer("Is there a label or target associated with each instance?", [_label(folder, facts)]),
        *_answer("Is any information missing from individual instances?", [missing_of(folder) or ""]),
        *_answer("Are there recommended data splits?", [_splits(folder)]),
        *_answer("Are there any errors, sources of noise, or redundancies in the dataset?", _redundancies(folder)),
        ["## Collection process"],
        *_answer("How was the data associated with each instance acquired?", [collection_of(facts)]),
        ["## Preprocessing, cleaning, labelling"],
        *_answer("Was any preprocessing, cleaning or labelling of the data done?", _preparation(facts)),
        ["## Uses"],
        *_answer(
            "Is there anything about the composition of the dataset or the way it was collected that might impact future uses?",
            [*biases_of(folder), *limitations_of(folder)],
        ),
        *_answer("Is there anything a consumer could do to mitigate these risks or harms?", uses_of(folder)),
        *_answer("How the audit was made (no question of the template)", [methods_of(facts).paragraph]),
    )


def _answer(question: str, answers: list[str]) -> list[list[str]]:
    """Return a question and its answers, one a bullet where there are several; nothing where there is none."""
    given = [answer for answer in answers if answer]
    if not given:
        return []
    if len(given) == 1:
        return [[f"**{question}**"], [md.text(given[0])]]
    lines = [f"- {md.text(answer)}" for answer in given[:MOST]]
    if len(given) > MOST:
        lines.append(f"- {len(given) - MOST:,} more; findings.parquet has all of them.")
    return [[f"**{question}**"], lines]


def _size(facts: Facts) -> str:
    if not facts.records:
        return ""
    size = count(facts.records, "record")
    if facts.subjects and facts.subjects != facts.records:
        return f"{size} of {count(facts.subjects, 'subject')}."
    return f"{size}, each of a subject of its own." if facts.subject else f"{size}."


def _label(folder: AuditFolder, facts: Facts) -> str:
    if not facts.label:
        return ""
    # Every column's counts are of all records, so one column tells the sizes of the labels.
    sizes: dict[str, int] = {}
    first = next((row.column for row in folder.book.rows if row.metric == "count"), None)
    for row in folder.book.where(metric="count", column=first):
        label = str(row.detail.get("label"))
        sizes[label] = sizes.get(label, 0) + int(row.estimate or 0)
    told = listed([f"{called(label)}: {count(records)}" for label, records in sizes.items()]) if sizes else ""
    return f"{called(facts.label)}" + (f" ({told} records)." if told else ".")


def _splits(folder: AuditFolder) -> str:
    if folder.splits is None or not folder.splits.folds:
        return ""
    return (
        f"splits.parquet of the audit assigns whole subjects to {len(folder.splits.folds)} folds with even shares of every label, "
        "metadata level and combination of both."
    )


def _redundancies(folder: AuditFolder) -> list[str]:
    told = []
    for metric, what in (
        ("duplicates", "groups of identical records of different subjects"),
        ("near_duplicates", "pairs of nearly identical records of different subjects"),
    ):
        row = folder.book.first(probe="leakage", metric=metric)
        if row is not None and row.estimate is not None:
            told.append(f"{int(row.estimate):,} {what}.")
    return told


def _preparation(facts: Facts) -> list[str]:
    notes = lookup(facts.folder.verdict.lineage, "notes")
    return [f"Seen by the audit: {note}." for note in notes] if isinstance(notes, list | tuple) else []
