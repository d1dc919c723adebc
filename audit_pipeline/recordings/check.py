"""What a spec names against what the recordings' table, folder and headers have: refusals that say what there is instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit_pipeline.dataset import roles
from audit_pipeline.dataset.media import FIELDS, PREFIX
from audit_pipeline.dataset.media.sniff import SOUNDS
from audit_pipeline.dataset.read import Loaded
from audit_pipeline.errors import DataError, did_you_mean
from audit_pipeline.recordings.folders import FOLDER
from audit_pipeline.recordings.listing import Listing
from audit_pipeline.recordings.names import Medium
from audit_pipeline.spec import FILE, AuditSpec

HEADER_ROLES = ("nuisance", "covariates", "ignore")
"""Roles that a column of headers may have."""


def check_table(spec: AuditSpec, listing: Listing) -> None:
    """Check before the long work that every column of the spec is there, but for those of headers, which come later.

    Raises
    ------
    DataError : one is missing, or a column of headers has a role that none can have.
    """
    for role, wanted in spec.roles().items():
        for name in wanted:
            if name.startswith(FILE) and role not in HEADER_ROLES:
                raise DataError(
                    f"{name!r} (named as {role}) is read from the headers of the files",
                    file=listing.loaded.shown,
                    expected="a column of headers as nuisance, which must not influence the label, or as covariate",
                    remedy=f"name a column of the table under `{role}:`",
                )
    names = listing.loaded.table.column_names
    plain = _without_headers(spec)
    if listing.is_folder:
        _check_folder(plain, names, listing.loaded.shown)
    roles.check_columns(plain, names, listing.loaded.shown)


def _check_folder(spec: AuditSpec, names: Sequence[str], folder: str) -> None:
    """Check the columns of a folder: its own come from the names of the folders in it, all others need a table."""
    for role, wanted in spec.roles().items():
        for name in wanted:
            if name in names or role == spec.medium:
                continue
            depth = len(names) - 1
            holds = "holds no table" + ("" if depth else ", and no folders by whose names recordings were sorted")
            by_folder = f"`label: {FOLDER}`" if role == "label" else f"`{FOLDER}_2`"
            sort = "" if depth and name != FOLDER else f"sort the recordings into folders and name {by_folder}, or "
            raise DataError(
                f"there is no column {name!r} (named as {role}): the folder {holds}{did_you_mean(name, names)}",
                file=folder,
                expected=f"one of {', '.join(names)}",
                remedy=f"{sort}list the recordings in manifest.csv in that folder, with a column {name!r}",
            )


def _without_headers(spec: AuditSpec) -> AuditSpec:
    return spec.model_copy(
        update={key: tuple(name for name in getattr(spec, key) if not name.startswith(FILE)) for key in HEADER_ROLES}
    )


def check_headers(spec: AuditSpec, loaded: Loaded) -> None:
    """Check that every column of headers that the spec names is stated by some file.

    Raises
    ------
    DataError : one is not; the message lists those that are.
    """
    stated = [name for name in loaded.table.column_names if name.startswith(FILE)]
    near = [name.removeprefix(FILE) for name in stated]
    for role, names in spec.roles().items():
        for name in names:
            if not name.startswith(FILE) or name in stated:
                continue
            field = name.removeprefix(PREFIX)
            why = "no file states" if field in FIELDS else "there is no header field that is called"
            raise DataError(
                f"{why} {name!r} (named as {role}){did_you_mean(field, near)}",
                file=loaded.shown,
                expected=f"one that these files state: {', '.join(stated) or '(none)'}",
                remedy=f"mend `{role}:` in the spec; header columns that tell files apart are audited without being named",
            )


def remedy_for(medium: Medium, column: str, row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what to do about recordings that cannot be read.

    Parameters
    ----------
    row : of the recording that the message is about; ``rows``: of all that cannot be read.
    """
    if all(row["kind"] is not None and (row["kind"] in SOUNDS) != (medium == "audio") for row in rows):
        other = "image" if medium == "audio" else "audio"
        return f"write `{other}: {column}` in the spec in place of `{medium}: {column}`"
    if row["problem"] == "missing" and row["path"]:
        return "check the path; relative ones start at the folder of the table"
    return str(row["remedy"])
