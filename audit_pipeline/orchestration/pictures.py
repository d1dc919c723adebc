"""The report's figures on the page of a verdict: which labels each level holds, and what a model's score is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from audit_pipeline.errors import AuditError
from audit_pipeline.report.folder import read_folder
from audit_pipeline.report.sections.columns import context
from audit_pipeline.report.standalone import markdown_image
from audit_pipeline.report.text import visible

MOST = 3
"""Columns with pictures, the worst ones: each materialisation stores them in the event database again, at about 10 kB each."""


def pictures(folder: Path) -> str:
    """Return Markdown with the figures of the worst columns of an output folder; empty if it has none to show."""
    try:
        cards: list[Any] = context(read_folder(folder))["cards"]
    except AuditError:
        # Pictures are an addition: a verdict that cannot be drawn is a verdict all the same.
        return ""
    parts: list[str] = []
    for card in [card for card in cards if card.measured and card.mosaic is not None][:MOST]:
        # As code, where a stranger's text can be no markup; a backtick would end it.
        shown = visible(card.finding.column or "the dataset", limit=60).replace("`", "'")
        labels = ", ".join(f"`{visible(label, limit=40).replace('`', chr(39))}`" for label in card.counts.labels)
        parts += [
            f"#### `{shown}`: {card.finding.verdict}",
            markdown_image(card.mosaic, told="Records of each label at each level"),
            f"Records at each level, from left to right: {labels}. Dashed: without a link to the label.",
            markdown_image(card.aucs, told="AUC of the column alone and of each model"),
            "AUC for the label: the column alone; each model over all records (orange) and within levels (blue).",
        ]
    return "\n\n".join(parts)
