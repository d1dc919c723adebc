"""Views and header fields in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from audit_pipeline.dataset.media.headers.facts import FIELDS, PREFIX
from audit_pipeline.evidence import Evidence
from audit_pipeline.facts import ColumnFacts
from audit_pipeline.verdict_types import Finding
from audit_pipeline.wording_numbers import interval, listed, number, uncapital

VIEW_WORDS = {
    "missingness": "the pattern of missing values",
    "rounding": "the way numbers were rounded",
    "blockiness": "the block grid of JPEG",
    "border": "the border of the image",
    "colour": "the histogram of colours",
    "noise": "the noise that a denoiser leaves",
    "pattern": "the sensor's fixed pattern",
    "thumbnail": "a thumbnail",
    "vignetting": "the fall of brightness towards the corners",
    "clipping": "the use of the range of samples",
    "edges": "the sound of the first and last moments",
    "silence": "the noise floor in the pauses",
    "spectrum": "the long-term spectrum",
    "file": "what the header says of size and duration",
    "name": "the name of the file",
}
"""Views as a reader calls them."""


REEXPORT = (
    "Ask who exported the files, and export all originals with the same program and settings; to encode these copies anew hides "
    "the header and leaves its trace in the content."
)
"""What to do where files were made otherwise for one label than for another: nothing has to be recorded anew."""


def view_words(view: str | None) -> str:
    """Return what a reader calls a view."""
    return VIEW_WORDS.get(view or "", f"the view {view}")


def of_headers(finding: Finding, facts: ColumnFacts) -> Finding:
    """Say where a header column comes from and what it means; a column that nobody asked about is not left undecided."""
    column = str(finding.column)
    field = FIELDS.get(column.removeprefix(PREFIX)) if column.startswith(PREFIX) else None
    if field is None:
        return finding
    where = f"{column} was read from the files themselves: {field.words}."
    if finding.reason != "undetermined" or finding.verdict != "pass":
        step = finding.next_step
        if finding.verdict in ("fail", "warn"):
            step = f"{REEXPORT} Failing that: {uncapital(step)}"
        return replace(finding, next_step=step, notes=(where, *finding.notes))
    size = f"V {interval(finding.association_v, finding.association_low, finding.association_high)}"
    units = f"{finding.n_subjects or finding.n or 0:,} {'subjects' if (finding.n_subjects or 0) < (finding.n or 0) else 'records'}"
    return replace(
        finding,
        headline=f"No link of {column} with the label was found ({size}); with {units} one below "
        f"{number(finding.min_detectable_v)} would often go unnoticed.",
        next_step=f"Nothing to repair. To have it decided like a column of yours, name it: `nuisance: [{column}]`.",
        n_to_decide=None,
        notes=(where, *finding.notes),
    )


def shown_in(finding: Finding, telling: Sequence[Evidence]) -> Finding:
    """Say which views tell the label where a column cannot be told apart from it: they are the only evidence that is left."""
    if finding.reason != "aliased" or not telling:
        return finding
    told = _with_aucs(sorted(telling, key=lambda row: -(row.estimate or 0.0)))
    note = f"Label and {finding.column} show together in {told}, each taken alone."
    return replace(finding, notes=(*finding.notes, note))


def _with_aucs(rows: Sequence[Evidence]) -> str:
    return listed([f"{view_words(row.view)} (AUC {interval(row.estimate, row.ci_low, row.ci_high)})" for row in rows])


def honest_views(rows: Sequence[Evidence], model: Evidence | None) -> Finding:
    """Word views of recordings that predict the label no better than they may honestly."""
    told = _with_aucs(rows)
    beside = f"; the {model.view} model on the whole recordings reaches {number(model.estimate)}" if model else ""
    names = ", ".join(str(row.view) for row in rows)
    return Finding(
        column=None,
        role="view",
        verdict="pass",
        reason="unrecorded",
        headline=f"Parts of the recordings predict the label by themselves, as they may where the label shows in them: {told}{beside}.",
        next_step="Nothing to repair if that is how the label looks or sounds. A part that cannot carry it honestly belongs under "
        f"`label_free:` (one of {names}); then it fails.",
        n=rows[0].n,
        n_subjects=rows[0].n_subjects,
    )


def nothing_to_audit() -> Finding:
    """Word a dataset of recordings without any metadata, whose headers are all alike."""
    return Finding(
        column=None,
        role="view",
        verdict="inconclusive",
        reason="undetermined",
        headline="No column of metadata is declared and all headers are alike, so there is nothing to audit the label against.",
        next_step="Name what the recordings were made with under `nuisance:` (site, device, operator, date), and audit again.",
    )
