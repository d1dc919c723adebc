"""All checks in the order in which a person wants to read about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from audit_pipeline.spec import AuditSpec
from audit_pipeline.verification.data import check_data
from audit_pipeline.verification.folder import STATEMENT, SignedFolder, open_folder
from audit_pipeline.verification.judgement import check_judgement
from audit_pipeline.verification.manifest import check_manifest
from audit_pipeline.verification.origin import check_code, check_spec, is_same_code
from audit_pipeline.verification.remarks import Remarks, Verification

PAGE = "report.html"


def verify(folder: Path, *, data: Sequence[str] = (), spec: AuditSpec | None = None) -> Verification:
    """Derive every digest and the verdict of an output folder again, and say what differs.

    Parameters
    ----------
    data : files, globs or folders with the data; default: where the audit was made from, if they are still there.
    spec : a spec that the audit should be of; its data are used if ``data`` is empty.

    Raises
    ------
    DataError : there is nothing to verify, or data that were given do not exist.
    """
    remarks = Remarks()
    signed = open_folder(folder, remarks)
    same_code = is_same_code(signed)
    check_judgement(signed, same_code=same_code, remarks=remarks)
    if same_code:
        _check_page(signed, remarks)
    check_spec(signed, spec, remarks)
    check_manifest(signed, remarks)
    check_data(signed, data or (spec.data_paths if spec is not None else ()), remarks)
    check_code(signed, remarks)
    return Verification(
        folder=signed.path,
        dataset=signed.verdict.dataset if signed.verdict is not None else None,
        differences=tuple(remarks.differences),
        notes=tuple(remarks.notes),
        checked=remarks.checked,
    )


def _check_page(folder: SignedFolder, remarks: Remarks) -> None:
    """Draw the page again: it is what most people look at, and it follows from the other files."""
    from audit_pipeline.report.page import render_page

    path = folder.path / PAGE
    if folder.verdict is None or not path.is_file() or folder.changed - {STATEMENT, PAGE}:
        return
    try:
        drawn = render_page(folder.path)
    except Exception:  # whatever else is wrong with the folder has been told
        return
    if drawn.encode("utf-8") != path.read_bytes():
        remarks.differs(PAGE, "is not the page that these files give")
