"""What a finding is called on the page: its column, or the view it speaks of."""

from __future__ import annotations

from audit_pipeline.dataset.media.headers.facts import FIELDS, PREFIX
from audit_pipeline.report.text import name
from audit_pipeline.verdict_types import Finding
from audit_pipeline.wording_numbers import capital
from audit_pipeline.wording_views import VIEW_WORDS

WHOLE = "the dataset as a whole"


def is_header(finding: Finding) -> bool:
    """Return whether the finding's column was read from the files themselves and not declared by anybody."""
    return finding.column is not None and finding.column.startswith(PREFIX)


def quiet(finding: Finding) -> bool:
    """Return whether the finding is about a header column and has nothing to say."""
    return is_header(finding) and finding.verdict == "pass"


def header_words(finding: Finding) -> str:
    """Return what a header column means, or an empty string for any other column."""
    field = FIELDS.get((finding.column or "").removeprefix(PREFIX)) if is_header(finding) else None
    return field.words if field else ""


def view_of(finding: Finding) -> str | None:
    """Return the view that a finding speaks of, None if it speaks of none or of several.

    Findings name a view in words only, at the start of the headline; of two that fit the longer is meant.
    """
    if finding.role != "view":
        return None
    said = finding.headline.removeprefix("By ").lower()
    named = [view for view, words in VIEW_WORDS.items() if said.startswith(f"{words} ".lower())]
    return max(named, key=lambda view: len(VIEW_WORDS[view])) if named else None


def title(finding: Finding) -> str:
    """Return the heading of a finding, harmless and short.

    >>> title(Finding(column="site", role="nuisance", verdict="pass", reason="independent", headline="", next_step=""))
    'site'
    """
    if finding.column is not None:
        return name(finding.column)
    view = view_of(finding)
    if view is not None:
        return capital(VIEW_WORDS[view])
    if finding.role == "view" and finding.verdict == "pass":
        return "Parts of the recordings by themselves"
    return WHOLE
