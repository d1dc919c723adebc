"""A guess as YAML that a person reads, mends and runs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from audit_pipeline.proposal.columns import Column
from audit_pipeline.proposal.guess import Choice, Guess
from audit_pipeline.proposal.recordings import WORDS
from audit_pipeline.report.text import visible
from audit_pipeline.yamltext import flow, scalar

NO_LABEL = "CHANGE_ME"
NO_COLUMN = (
    "If there is none: sort the files into a folder for each label and give `label: folder`, or list them in a table, "
    "manifest.csv, with a column for the paths and one for the label."
)
WIDTH = 110
MAX_LISTED = 12


@dataclass(frozen=True)
class Missing:
    """A value that may stand for a missing one, and what is known of it in words."""

    column: str
    mark: str
    note: str


def render(
    found: Guess,
    *,
    name: str,
    data: str | Sequence[str],
    about: str,
    suspects: Sequence[Missing] = (),
    closing: Sequence[str] = (),
) -> str:
    """Return the spec as YAML.

    Parameters
    ----------
    data : what goes under ``data:``.
    about : what was looked at, in a few words.
    suspects : values to be pointed out under ``missing:``.
    closing : lines for the end: what a trial reading found, and what to run next.
    """
    lines = [
        *_comment(f"Proposed by `audit-pipeline init` for {about}."),
        *_comment(
            "Every line is a guess from names and values. Read them all: no data can tell a cause of the label from an "
            "accident of how the records were made. Only you can."
        ),
        "",
        f"name: {scalar(name)}",
        f"data: {scalar(data) if isinstance(data, str) else flow(data)}",
        "",
        *_recording(found),
        *_label(found),
        *_subject(found),
        *_nuisance(found),
        *_list("covariates", "May well influence the label: reported, never failed.", found.covariates),
        *_split(found),
        *_order(found),
        *_missing(found, suspects),
        *_list("ignore", "Neither a model nor the audit looks at these.", found.ignore),
        *(_features(found.features) if found.recording is None else _undeclared(found.features)),
        *(line for text in closing for line in _comment(text)),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _comment(text: str, indent: str = "") -> list[str]:
    """Return a text as comment lines; nothing in it can end a line or the comment."""
    return [
        f"{indent}# {line}"
        for line in textwrap.wrap(visible(text), WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    ]


def _entry(column: Column) -> str:
    return f"{scalar(column.name)} ({column.content()})"


def _recording(found: Guess) -> list[str]:
    if found.recording is None:
        return []
    return [
        *_comment(f"What models see: {WORDS[found.medium or 'image']}. The column has {found.recording.why}."),
        f"{found.medium}: {scalar(found.recording.column.name)}",
        "",
    ]


def _label(found: Guess) -> list[str]:
    if found.label is None:
        return [
            *_comment("What a model shall predict. No column looks like it: put its name here."),
            *(_comment(NO_COLUMN) if found.recording is not None else []),
            f"label: {NO_LABEL}",
            "",
        ]
    doubt = [] if found.certain else _comment("NOT CERTAIN: please check the label.")
    others = [_entry(column) for column in found.label_candidates[:4]]
    return [
        *_comment(f"What a model shall predict: {found.label.why}; {found.label.column.content()}."),
        *doubt,
        *(_comment(f"It may also be {' or '.join(others)}.") if others else []),
        f"label: {scalar(found.label.column.name)}",
        "",
    ]


def _subject(found: Guess) -> list[str]:
    if found.subject is None:
        return [
            *_comment(
                "Who must never be both trained on and tested on (patient, speaker, animal ...). No column says; without one "
                "every record counts as a subject of its own."
            ),
            "# subject: ...",
            "",
        ]
    return [
        *_comment(f"Who must never be both trained on and tested on: {found.subject.why}."),
        f"subject: {scalar(found.subject.column.name)}",
        "",
    ]


def _nuisance(found: Guess) -> list[str]:
    headers = (
        ""
        if found.recording is None
        else " Columns file.* are read from the headers of the files (device, software, compression, sample rate, date ...) and "
        "need not be named: those that tell the files apart are audited too."
    )
    if found.nuisance:
        meaning = f"How the records were made; must not influence the label.{headers}"
        return _list("nuisance", meaning, found.nuisance)
    candidates = [_entry(column) for column in found.nuisance_candidates[:MAX_LISTED]]
    ask = (
        "Name at least one, since without there is nothing to audit." if not headers else "Name those that you know of."
    )
    return [
        *_comment(
            "How the records were made; must not influence the label: site, device, operator, batch, date ... No column looks "
            f"like it. {ask}{headers}"
        ),
        *(_comment(f"One of these, perhaps: {', '.join(candidates)}.") if candidates else []),
        "nuisance: []",
        "",
    ]


def _list(key: str, meaning: str, choices: Sequence[Choice]) -> list[str]:
    if not choices:
        return []
    names = [scalar(choice.column.name) for choice in choices]
    width = min(max(map(len, names)), 30)
    return [
        *_comment(meaning),
        f"{key}:",
        *(
            f"  - {name:<{width}}  # {visible(_reason(choice), limit=160)}"
            for name, choice in zip(names, choices, strict=True)
        ),
        "",
    ]


def _reason(choice: Choice) -> str:
    if choice.why.startswith("cannot be read"):
        return choice.why
    return f"{choice.why}; {choice.column.content()}"


def _split(found: Guess) -> list[str]:
    if found.split is None:
        return []
    return [
        *_comment(f"A split into training and test that exists, to be audited: {_reason(found.split)}."),
        f"split: {scalar(found.split.column.name)}",
        "",
    ]


def _order(found: Guess) -> list[str]:
    if not found.orders:
        return []
    return [
        *_comment("Levels from low to high. Take the # away if the order is what counts, not each level by itself."),
        "# order:",
        *(f"#   {scalar(column)}: {flow(levels)}" for column, levels in found.orders.items()),
        "",
    ]


def _missing(found: Guess, suspects: Sequence[Missing]) -> list[str]:
    lines: list[str] = []
    if found.missing:
        lines += [
            *_comment("What means a missing value; as numbers these columns could not be read otherwise."),
            "missing:",
            *(f"  {scalar(column)}: {flow(words)}" for column, words in found.missing.items()),
        ]
    if suspects:
        lines += _comment("These may stand for missing values. Take the # away where they do.")
        lines += [] if found.missing else ["# missing:"]
        by_column: dict[str, list[Missing]] = {}
        for suspect in suspects[:MAX_LISTED]:
            by_column.setdefault(suspect.column, []).append(suspect)
        for column, its in by_column.items():
            marks = f"[{', '.join(suspect.mark for suspect in its)}]"
            notes = "; ".join(suspect.note for suspect in its)
            lines.append(f"#   {scalar(column)}: {marks}  # {visible(notes, limit=200)}")
    return [*lines, ""] if lines else []


def _features(features: Iterable[Column]) -> list[str]:
    names = [scalar(column.name) for column in features]
    if not names:
        return [*_comment("What models see: no column is left. Name some under `features:`."), ""]
    shown = ", ".join(names[:MAX_LISTED]) + (
        f" and {len(names) - MAX_LISTED:,} more" if len(names) > MAX_LISTED else ""
    )
    return [
        *_comment(f"What models see: every other column, here {f'{len(names):,}: ' if len(names) > 1 else ''}{shown}."),
        "",
    ]


def _undeclared(columns: Iterable[Column]) -> list[str]:
    """Return what is said of columns without a role where models see recordings: nobody looks at them."""
    names = [_entry(column) for column in columns]
    if not names:
        return []
    shown = ", ".join(names[:MAX_LISTED]) + (
        f" and {len(names) - MAX_LISTED:,} more" if len(names) > MAX_LISTED else ""
    )
    return [
        *_comment(
            f"Not declared, so neither a model nor the audit looks at it: {shown}. What tells of how, where, when or "
            "of whom something was recorded belongs above."
        ),
        "",
    ]
