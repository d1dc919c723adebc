"""How the four levels of a verdict look, in words and signs that need no colour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from audit_pipeline.verdict_types import LEVELS, Finding, Level


@dataclass(frozen=True)
class Look:
    """A level's word, its sign (with one for ASCII terminals), its terminal style and what it means."""

    word: str
    sign: str
    ascii_sign: str
    style: str
    meaning: str


LOOKS: dict[Level, Look] = {
    "pass": Look("PASS", "✔", "+", "green", "nothing found that a model could use as a shortcut"),
    "warn": Look("WARN", "▲", "!", "yellow", "a weak or unproven link; read the next step before training"),
    "inconclusive": Look("INCONCLUSIVE", "?", "?", "magenta", "the data are too few to tell; more are needed"),
    "fail": Look("FAIL", "✘", "x", "red", "a model trained on these data may learn the wrong thing"),
}

REASONS: dict[str, str] = {
    "aliased": "cannot be told apart from the label",
    "confounded": "confounded with the label",
    "weakly_confounded": "weakly confounded with the label",
    "associated_unresolved": "linked to the label; readability unresolved",
    "independent": "not linked to the label",
    "unseen": "linked to the label, not readable from the data",
    "undetermined": "undetermined",
    "unrecorded": "an unrecorded confounder",
    "leakage": "leakage",
    "covariate": "legitimate covariate",
}
"""The verdict's reasons in a few plain words."""

HARMLESS: dict[str, str] = {
    "undetermined": "looked for in the files, not linked as far as can be seen",
    "unrecorded": "what the label shows in",
}
"""The same for reasons that mean something else where the finding is a pass."""


def reason_words(finding: Finding) -> str:
    """Return the reason of a finding in a few plain words."""
    plain = REASONS.get(finding.reason, finding.reason)
    return HARMLESS.get(finding.reason, plain) if finding.verdict == "pass" else plain


def severity(level: Level) -> int:
    """Return the level's place in :data:`audit_pipeline.verdict_types.LEVELS`, 0 for the most harmless."""
    return LEVELS.index(level)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings from the worst to the most harmless; nuisance columns first within a level, then as given."""
    return sorted(findings, key=lambda finding: (-severity(finding.verdict), finding.role != "nuisance"))


def place(low: float | None, high: float | None, tolerance: float | None) -> str:
    """Say where an interval lies beside a tolerance. This is arithmetic for the eye; the verdict judged before."""
    if low is None or high is None or tolerance is None:
        return ""
    if low >= tolerance:
        return "lies above the tolerance"
    if high < tolerance:
        return "lies below the tolerance"
    return "holds the tolerance, so both sides of it are possible"
