"""Which column plays which role, and why.

Roles are given in an order in which each guess helps the next: what says of itself that it is a split or a subject cannot be
the label any more, and what is left when all names have spoken is judged by its content.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from audit_pipeline.dataset import hidden, kinds
from audit_pipeline.dataset.ordered import FEW_CLASSES
from audit_pipeline.proposal import vocabulary as v
from audit_pipeline.proposal.columns import Column
from audit_pipeline.recordings.names import Medium

MAX_SENSORS = 5
"""A word in the names of more columns than this (sensor_1 ... sensor_30) names measurements, not metadata."""

NAMED = "by its name"


@dataclass(frozen=True)
class Choice:
    """A column with a role, and why."""

    column: Column
    why: str


@dataclass
class Guess:
    """What was guessed.

    Parameters
    ----------
    label_candidates : other columns that may be the label, best first.
    nuisance_candidates : columns with a few levels whose names say nothing, where no column was recognised as metadata.
    missing : marks of missing values to be declared, by column, since the audit would refuse the column otherwise.
    orders : columns whose levels have an order.
    recording, medium : the column that names images or sounds, where models see these; the table's other columns are then no
        features, and ``features`` are those without a role.
    """

    label: Choice | None = None
    subject: Choice | None = None
    split: Choice | None = None
    nuisance: list[Choice] = field(default_factory=list)
    covariates: list[Choice] = field(default_factory=list)
    ignore: list[Choice] = field(default_factory=list)
    features: list[Column] = field(default_factory=list)
    label_candidates: list[Column] = field(default_factory=list)
    nuisance_candidates: list[Column] = field(default_factory=list)
    certain: bool = True
    missing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    orders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    recording: Choice | None = None
    medium: Medium | None = None


def guess(columns: Sequence[Column], *, recording: Choice | None = None, medium: Medium | None = None) -> Guess:
    """Give every column a role; the one with the names of recordings, if there is any, has been found."""
    found = Guess(recording=recording, medium=medium)
    columns = [column for column in columns if recording is None or column.name != recording.column.name]
    free = {column.name: column for column in columns if column.look.distinct > 0}
    common = Counter(word for column in columns for word in set(column.core))
    crowded = {word for word, count in common.items() if count > MAX_SENSORS}

    def take(choice: Choice | None) -> Choice | None:
        if choice is not None:
            del free[choice.column.name]
        return choice

    found.split = take(_first(free.values(), names_a_split))
    found.subject = take(_subject(free.values()))
    for column in list(free.values()):
        if why := _covariate(column, crowded):
            found.covariates.append(Choice(column, why))
        elif why := _nuisance(column, crowded):
            found.nuisance.append(Choice(column, why))
        elif why := _not_for_models(column):
            found.ignore.append(Choice(column, why))
        else:
            continue
        del free[column.name]
    found.label = take(_label(found, free))
    if found.label is not None:
        for column in list(free.values()):
            if gives_away(column, found.label.column):
                why = f"each of its values goes with one {found.label.column.name}: a second label?"
                found.ignore.append(Choice(column, why))
                del free[column.name]
    # Columns that nobody looks at need no mending.
    _mend(found, free if recording is None else {})
    found.features = list(free.values())
    if not found.nuisance:
        found.nuisance_candidates = [
            column for column in found.features if column.few and column.look.kind == "categorical"
        ]
    return found


def _first(columns: Iterable[Column], test: Callable[[Column], str | None]) -> Choice | None:
    for column in columns:
        if why := test(column):
            return Choice(column, why)
    return None


def names_a_split(column: Column) -> str | None:
    """Return why a column is a division into training and test, if it is one."""
    if not column.few:
        return None
    if {level.casefold() for level, _ in column.levels} <= v.SPLIT_LEVELS:
        return "its values name training and test"
    named = bool(v.SPLIT & set(column.words))
    return NAMED if named and column.look.distinct <= 20 else None


def _subject(columns: Iterable[Column]) -> Choice | None:
    """Return the column that says who a record is from; one with several records a subject before one without."""
    ranked: list[tuple[int, Column, str]] = []
    for column in columns:
        if not column.naming or column.look.missing or column.files:
            continue
        several = "every record has its own" if column.unique else f"{column.look.distinct:,} in {column.n:,} records"
        if column.core and column.core[-1] in v.SUBJECT:
            ranked.append((0 if not column.unique else 1, column, f"{NAMED}; {several}"))
        elif _only_identifies(column) and not column.unique and column.look.distinct > column.n / 20:
            ranked.append((2, column, f"an identifier by its name, with several records each; {several}"))
    return Choice(*min(ranked, key=lambda entry: (entry[0], entry[1].position))[1:]) if ranked else None


def _only_identifies(column: Column) -> bool:
    return not column.core and any(word in v.IDENTIFIER for word in column.words)


def _covariate(column: Column, crowded: set[str]) -> str | None:
    return NAMED if set(column.core) & v.COVARIATE - crowded and column.look.distinct > 1 and not column.files else None


def _nuisance(column: Column, crowded: set[str]) -> str | None:
    """Return why a column is acquisition metadata. Its last word counts most: a site_code is, an island_biomass is not."""
    if column.look.distinct < 2 or column.files or column.look.kind == "unusable":
        return None
    if column.look.kind == "date":
        return "a date: when a record was made must not give the label away"
    if _date_as_number(column):
        return "dates written as numbers: when a record was made must not give the label away"
    core = set(column.core) - crowded
    levels = column.few or column.look.kind == "categorical"
    label = bool(column.core) and column.core[-1] in v.LABEL
    phrase = any(f" {known} " in f" {' '.join(column.words)} " for known in v.PHRASES)
    if (core & v.NUISANCE or phrase) and levels and not label:
        if column.unique:
            return None
        few = column.look.distinct * 5 > column.n
        return f"{NAMED}; few records each, so a coarser column would say more" if few else NAMED
    calendar = bool(core & v.CALENDAR) and column.core[-1] in v.CALENDAR and column.look.whole
    return NAMED if calendar or (core & v.TIME and column.look.kind == "categorical" and column.few) else None


def _date_as_number(column: Column) -> bool:
    look = column.look
    if not (set(column.words) & v.DATE and look.whole and look.minimum is not None and look.maximum is not None):
        return False
    return look.minimum >= 1800_01_01 and look.maximum <= 2199_12_31


def _not_for_models(column: Column) -> str | None:
    """Return why neither a model nor the audit should look at a column."""
    look = column.look
    if column.files or (
        look.kind == "categorical" and look.distinct > max(20, look.n / 5) and set(column.words) & v.FILE
    ):
        return "names of files"
    if look.kind == "categorical" and look.distinct > max(20, look.n / 5):
        if column.trouble is not None and column.trouble.kind in ("words", "separators"):
            return None
        return (
            "free text" if set(column.words) & v.TEXT else "an identifier or free text: nearly every record has its own"
        )
    if look.running or (look.whole and column.unique and look.n >= 20 and set(column.words) & v.IDENTIFIER):
        return "numbers the records"
    if look.whole and look.distinct > max(20, look.n / 10) and set(column.words) & v.IDENTIFIER:
        return "an identifier by its name"
    return None


def _label(found: Guess, free: dict[str, Column]) -> Choice | None:
    named = sorted(
        (column for column in free.values() if column.core and column.core[-1] in v.LABEL and _can_be_label(column)),
        # Of label and label_name the shorter one.
        key=lambda column: (-_rank(column), len(column.words), -column.position),
    )
    if named:
        best = named[0]
        named = [best, *(column for column in named[1:] if not gives_away(column, best))]
        found.label_candidates = named[1:]
        found.certain = len(named) == 1 or _rank(named[1]) < _rank(best)
        return Choice(best, NAMED if found.certain else f"{NAMED}, but other names would do as well")
    last = max((column.position for column in free.values()), default=0)
    candidates = sorted(
        (column for column in free.values() if column.classes and column.look.distinct <= 10),
        key=lambda column: (-_content_rank(column, last), -column.position),
    )
    if not candidates:
        return None
    found.certain = False
    found.label_candidates = candidates[1:]
    best = candidates[0]
    place = "the last column, and " if best.position == last else "the first column, and " if best.position == 0 else ""
    return Choice(best, f"{place}no name says what the label is: a guess by content")


def _can_be_label(column: Column) -> bool:
    return column.classes or (column.look.kind == "numeric" and column.look.distinct > FEW_CLASSES)


def _rank(column: Column) -> int:
    """Return how clearly a name says that this is the label: ``label`` before ``disease`` before ``old_diagnosis_class``."""
    plain = column.core[-1] in v.PLAIN_LABEL
    return 4 * (len(column.core) == 1 and plain) + 2 * (len(column.core) == 1) + plain + column.classes


def _content_rank(column: Column, last: int) -> int:
    binary = column.look.distinct == 2
    return 2 * (column.position == last) + (column.position == 0) + 2 * binary + (column.look.kind != "numeric")


def gives_away(column: Column, label: Column) -> bool:
    """Return whether a column gives the label away: all records of each of its few levels have one label, and vice versa nearly."""
    if column.codes is None or label.codes is None or not column.few or column.look.distinct > 20:
        return False
    pairs = np.unique(np.stack([column.codes, label.codes]), axis=1).shape[1]
    return pairs == len(np.unique(column.codes)) and min(count for _, count in column.levels) >= 2


def _mend(found: Guess, free: dict[str, Column]) -> None:
    """Declare marks of missing values, or leave out columns, that the audit would refuse as they are."""
    chosen = {choice.column.name: choice.column for choice in (*found.nuisance, *found.covariates)}
    for column in (*free.values(), *chosen.values()):
        trouble = column.trouble
        if trouble is None or trouble.distinct <= kinds.few(column.n):
            continue
        if trouble.kind == "words" and trouble.words and all(hidden.means_missing(word) for word in trouble.words):
            found.missing[column.name] = trouble.words
        elif column.name in chosen or trouble.kind in ("words", "separators"):
            found.ignore.append(Choice(column, f"cannot be read: {trouble.message}"))
            free.pop(column.name, None)
            found.nuisance = [choice for choice in found.nuisance if choice.column is not column]
            found.covariates = [choice for choice in found.covariates if choice.column is not column]
    for column in (*([found.label.column] if found.label else []), *chosen.values()):
        scale = _scale(column)
        if scale:
            found.orders[column.name] = scale


def _scale(column: Column) -> tuple[str, ...] | None:
    """Return the levels of a column in their order if they are those of a known scale."""
    if not column.few or column.look.kind != "categorical" or column.look.distinct < 3:
        return None
    by_word = {" ".join(v.words(level)) or level: level for level, _ in column.levels}
    for order in v.ORDERS:
        if set(by_word) <= set(order):
            return tuple(by_word[word] for word in order if word in by_word)
    return None
