"""What the verdict rests on besides the data: spec, policy, code, packages."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

from audit_pipeline import __version__, digests, lineage
from audit_pipeline.spec import AuditSpec
from audit_pipeline.verification.folder import VERDICT, SignedFolder
from audit_pipeline.verification.remarks import Remarks, short, value


def is_same_code(folder: SignedFolder) -> bool:
    """Return whether the verdict was made by the code that is running now."""
    return folder.group("code").get("sha256") == digests.of_code()


def check_spec(folder: SignedFolder, given: AuditSpec | None, remarks: Remarks) -> None:
    """Derive the spec's digest again, and compare the spec with the verdict's policy and with a spec file, if given."""
    stored = folder.group("spec")
    if folder.verdict is None or not stored:
        return
    remarks.count("spec")
    found, signed = digests.of_value(dict(stored)), folder.lineage.get("spec_sha256")
    if found != signed:
        remarks.differs("spec", f"the spec in {VERDICT} has SHA-256 {short(found)}, signed {short(signed)}")
    _compare_keys(
        "policy",
        _mapping(stored.get("policy")),
        folder.verdict.policy,
        f"is {{found}} in {VERDICT}; its spec says {{signed}}",
        remarks,
    )
    for name, wanted in (("name", folder.verdict.dataset), ("seed", folder.lineage.get("seed"))):
        if stored.get(name) != wanted:
            remarks.differs(f"spec {name}", f"is {value(stored.get(name))}; {VERDICT} says {value(wanted)}")
    if given is not None:
        _compare_keys("spec", stored, given.content(), "is {found} in the file; signed {signed}", remarks)


def _compare_keys(
    what: str, signed: Mapping[str, Any], found: Mapping[str, Any], sentence: str, remarks: Remarks
) -> None:
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in AuditSpec.model_fields.items()
        if not field.is_required()
    }
    for name in dict.fromkeys([*signed, *found]):
        # A key that the spec did not have when this was signed says the same as its default.
        before = signed[name] if name in signed else _plain(defaults.get(name))
        now = found[name] if name in found else _plain(defaults.get(name))
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            _compare_keys(f"{what} {name}", before, now, sentence, remarks)
        elif before != now:
            remarks.differs(f"{what} {name}", sentence.format(found=value(now), signed=value(before)))


def check_code(folder: SignedFolder, remarks: Remarks) -> None:
    """Say which code and packages of today are not those of the audit. That changes no audit, so these are notes."""
    if folder.verdict is None:
        return
    code = folder.group("code")
    if code and not is_same_code(folder):
        made_by, here = code.get("audit_pipeline"), f"{__version__} ({short(digests.of_code())})"
        remarks.note("code", f"made by audit_pipeline {made_by} ({short(code.get('sha256'))}); here it is {here}")
    installed = lineage.installed_packages()
    before = {"Python": folder.lineage.get("python"), **folder.group("packages")}
    now = {"Python": platform.python_version(), **installed}
    for name, version in before.items():
        if version != now.get(name):
            remarks.note("package", f"{name} was {version}; here it is {now.get(name) or 'not installed'}")


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}


def _plain(found: object) -> object:
    return list(found) if isinstance(found, tuple) else found
