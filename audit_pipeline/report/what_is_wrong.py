"""What is wrong, in words that need no statistics: the first of the four answers of the first screen."""

from __future__ import annotations

from collections.abc import Mapping

from audit_pipeline.report.folder import AuditFolder
from audit_pipeline.report.measures import counts_of
from audit_pipeline.report.naming import header_words, is_header, title
from audit_pipeline.report.text import count, lookup, name
from audit_pipeline.verdict_types import Finding
from audit_pipeline.wording_numbers import listed

_COUNTABLE = 10
"""Records that a level needs before its share of a label is told."""
_MOST_LABELS = 20
_MOST_OTHERS = 4


def wrong(folder: AuditFolder, worst: Finding) -> str:
    """Return what the worst finding says is wrong, and which others are as bad."""
    return _said(folder, worst) + _also(folder, worst)


def _also(folder: AuditFolder, worst: Finding) -> str:
    """Name the other findings that are as bad as the worst."""
    if worst.verdict == "pass":
        return ""
    others = [title(each) for each in folder.findings if each is not worst and each.verdict == worst.verdict]
    more = len(others) - _MOST_OTHERS
    named = others if more <= 1 else [*others[:_MOST_OTHERS], f"{more:,} more"]
    words = {"fail": "fails", "warn": "warns", "inconclusive": "is open"}[worst.verdict]
    plural = {"fail": "fail", "warn": "warn", "inconclusive": "are open"}[worst.verdict]
    return f" Also {listed(named)} {words if len(others) == 1 else plural}." if others else ""


def bare_name(finding: Finding) -> str:
    """Name the column in a sentence: a header column by what it means to a reader, any other by its name."""
    return "how the files were written" if is_header(finding) else title(finding)


def _exact(finding: Finding) -> str:
    """Add to a header column's meaning which field it is, in parentheses; empty for any other column."""
    if not is_header(finding):
        return ""
    words = header_words(finding)
    return f" ({title(finding)}{': ' if words else ''}{words})"


def _said(folder: AuditFolder, finding: Finding) -> str:
    if finding.verdict == "pass":
        judged = [each for each in folder.findings if each.role == "nuisance"]
        columns = [name(each.column, limit=24) for each in judged if not is_header(each)]
        if not judged:
            return finding.headline
        told = f" ({listed(columns)})" if 0 < len(columns) <= 6 else ""
        return (
            f"Nothing that was looked for: no shortcut to the label was found in {count(len(judged), 'column')}{told}."
        )
    if finding.column is None or finding.role == "interaction":
        return finding.headline
    bare, exact = bare_name(finding), _exact(finding)
    if finding.verdict == "inconclusive" and finding.reason == "undetermined":
        return f"Nothing is proven, and nothing excluded: there are too few records to say whether {bare}{exact} is a shortcut."
    said = {
        "aliased": f"{_apart(folder, finding)} A model that tells them apart by {bare}{exact} alone would look just as good.",
        "confounded": f"{_shares(folder, finding)}A model can read {bare}{exact} from the data and pass it off as the label.",
        "weakly_confounded": f"A model can read {bare}{exact} from the data, and that says a little about the label.",
        "associated_unresolved": f"{_shares(folder, finding)}Whether a model can read {bare}{exact} from the data is open.",
    }
    return said.get(finding.reason, finding.headline)


def _apart(folder: AuditFolder, finding: Finding) -> str:
    """Name the labels that no level of the column holds together."""
    pairs = [row for row in folder.rows(finding, "overlap") if row.estimate is not None and row.detail.get("labels")]
    if not pairs:
        return "Labels never share a level."
    worst = min(pairs, key=lambda row: row.estimate or 0.0)
    labels = listed([repr(name(label, limit=24)) for label in worst.detail["labels"]])
    seldom = "never" if not worst.estimate else "almost never"
    if is_header(finding):
        return f"The files of {_label(folder)}{labels} were {seldom} written alike."
    return f"{_label(folder)}{labels} were {seldom} recorded at the same {title(finding)}."


def _label(folder: AuditFolder) -> str:
    """Return the name of the label's column with a space, empty if the verdict does not have it."""
    label = lookup(folder.verdict.lineage, "spec", "label")
    return f"{name(label, limit=24)} " if isinstance(label, str) else ""


def _shares(folder: AuditFolder, finding: Finding) -> str:
    """Say how common a label is at the two levels where that differs most, if they have at least ten records each."""
    cells = counts_of(folder, finding)
    totals: dict[str, int] = {}
    for (level, _), records in cells.items():
        totals[level] = totals.get(level, 0) + records
    levels = [level for level, records in totals.items() if records >= _COUNTABLE]
    labels = list(dict.fromkeys(label for _, label in cells))[:_MOST_LABELS]
    if len(levels) < 2:
        return ""

    shares = {label: {level: cells.get((level, label), 0) / totals[level] for level in levels} for label in labels}
    label, at_level = max(shares.items(), key=lambda pair: (_spread(pair[1]), max(pair[1].values())))
    most, least = max(levels, key=at_level.__getitem__), min(levels, key=at_level.__getitem__)
    at = title(finding)
    return (
        f"At {at} {name(most, limit=24)!r} {at_level[most]:.0%} of the records have {_label(folder)}{name(label, limit=24)!r}, "
        f"at {name(least, limit=24)!r} {at_level[least]:.0%}. "
    )


def _spread(shares: Mapping[str, float]) -> float:
    return round(max(shares.values()) - min(shares.values()), 9)
