"""What the folders mean in which recordings are sorted: the label, a split, who was recorded, how it was made."""

from __future__ import annotations

from collections.abc import Sequence

from audit_pipeline.proposal import vocabulary as v
from audit_pipeline.proposal.columns import Column
from audit_pipeline.proposal.guess import Choice, Guess, gives_away, names_a_split
from audit_pipeline.recordings.names import Medium

FEW_RECORDINGS = 20
"""Folders with fewer recordings each than this, of which there are several, rather say who was recorded than how."""


def guess_folders(columns: Sequence[Column], medium: Medium, why: str) -> Guess:
    """Give the columns of a listed folder their roles: its paths first, then its levels of folders from the outermost in.

    Parameters
    ----------
    columns : of the listing: path, folder, folder_2 ...
    why : what is known of the paths, in words.
    """
    path, *levels = columns
    found = Guess(recording=Choice(path, why), medium=medium)
    free = [column for column in levels if column.look.distinct > 1]
    found.ignore += [Choice(column, "one folder holds all") for column in levels if column.look.distinct <= 1]

    def take(column: Column) -> Column:
        free.remove(column)
        return column

    for column in list(free):
        told = names_a_split(column)
        if told and found.split is None:
            found.split = Choice(take(column), told)
        elif _called(column, v.SUBJECT) and found.subject is None:
            found.subject = Choice(take(column), "by the names of the folders")
        elif _called(column, v.NUISANCE):
            found.nuisance.append(Choice(take(column), "by the names of the folders"))
    labels = [column for column in free if column.classes]
    if labels:
        found.label = Choice(take(labels[0]), "the names of the folders in which recordings are sorted")
        found.certain = len(labels) == 1 or any(_called(column, v.LABEL) for column in labels[:1])
        found.label_candidates = labels[1:]
    for column in list(free):
        several = column.look.distinct < column.n and column.look.distinct > 5
        if several and column.look.distinct * FEW_RECORDINGS > column.n and found.subject is None:
            told = f"folders with few recordings each; {column.look.distinct:,} in {column.n:,} records"
            found.subject = Choice(take(column), told)
        elif found.label is not None and gives_away(column, found.label.column):
            told = f"each of these goes with one {found.label.column.name}: a second label, who was recorded, or how (nuisance)?"
            found.ignore.append(Choice(take(column), told))
        elif column.few:
            found.nuisance.append(Choice(take(column), "folders that are not the label's: how were these sorted?"))
    found.features = free
    return found


def _called(column: Column, words: frozenset[str]) -> bool:
    """Return whether most of the folders of a level are called by such a word: ``site_a``, ``patient 12``."""
    called = [bool(set(v.words(value)) & words) for value in column.sample]
    return bool(called) and 2 * sum(called) > len(called)
