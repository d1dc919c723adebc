"""The verdict derived again from the evidence, against every place where it is written down."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from audit_pipeline import digests, evidence, lineage, pipeline
from audit_pipeline.evidence import Evidence
from audit_pipeline.spec import AuditSpec, Policy
from audit_pipeline.verdict import decide
from audit_pipeline.verdict_types import Finding, Verdict
from audit_pipeline.verification.folder import STATEMENT, VERDICT, SignedFolder
from audit_pipeline.verification.remarks import Remarks, value

if TYPE_CHECKING:
    import pyarrow as pa

WORDS = ("headline", "next_step", "notes")
MOST_FIGURES = 5
"""Figures that are named for each finding; further ones are counted."""

_FIELDS = tuple(f.name for f in fields(Finding) if f.name != "column")
Row = Mapping[str, Any]


def check_judgement(folder: SignedFolder, *, same_code: bool, remarks: Remarks) -> None:
    """Decide again from ``evidence.parquet`` and the policy, and compare verdict, findings and statement."""
    stored = folder.verdict
    if stored is None:
        return
    _check_statement(folder, stored, remarks)
    table = folder.table("evidence.parquet")
    if table is None:
        remarks.note("findings", "could not be derived again, since evidence.parquet cannot be read")
        return
    try:
        rows = evidence.from_table(table)
        again = decide(stored.dataset, rows, Policy(**stored.policy))
    except ValidationError:
        remarks.differs("policy", f"{VERDICT} holds a policy that no spec can have: {value(dict(stored.policy))}")
        return
    except Exception as error:
        remarks.differs("evidence.parquet", f"holds no evidence that can be judged ({type(error).__name__}: {error})")
        return
    wanted = [finding.as_dict() for finding in again.findings]
    remarks.count("finding", len(wanted))
    places: dict[str, Sequence[Row]] = {VERDICT: [finding.as_dict() for finding in stored.findings]}
    findings = folder.table("findings.parquet")
    if findings is not None:
        places["findings.parquet"] = [_listed_notes(row) for row in findings.to_pylist()]
    _check_overall(folder, again, places, remarks)
    _check_findings(wanted, places, same_code=same_code, remarks=remarks)
    _check_probes(folder, table, rows, remarks)
    if same_code:
        _check_stages(folder, remarks)


def _check_overall(folder: SignedFolder, again: Verdict, places: Mapping[str, Sequence[Row]], remarks: Remarks) -> None:
    stored = folder.verdict
    assert stored is not None
    if stored.verdict != again.verdict:
        remarks.differs(VERDICT, f"says {stored.verdict!r}; from the evidence the verdict is {again.verdict!r}")
    table = folder.table("verdict.parquet")
    if table is None or table.num_rows != 1:
        return
    row = table.to_pylist()[0]
    expected = {
        "dataset": stored.dataset,
        "verdict": again.verdict,
        "findings": len(again.findings),
        "spec_sha256": folder.lineage.get("spec_sha256"),
        "code_sha256": folder.group("code").get("sha256"),
        "policy": json.dumps(dict(stored.policy), sort_keys=True),
    }
    for name, wanted in expected.items():
        if name in row and row[name] != wanted:
            source = "the evidence says" if name in {"verdict", "findings"} else f"{VERDICT} says"
            remarks.differs("verdict.parquet", f"{name} is {value(row[name])}; {source} {value(wanted)}")


def _check_findings(
    wanted: Sequence[Row], places: Mapping[str, Sequence[Row]], *, same_code: bool, remarks: Remarks
) -> None:
    """Compare the findings in each place with those derived again; what two places agree on is said once."""
    told: dict[tuple[str, str], list[str]] = {}
    reworded: set[str] = set()
    for place, rows in places.items():
        for about, sentence, only_words in _compare(wanted, rows):
            if only_words and not same_code:
                reworded.add(about)
                continue
            told.setdefault((about, sentence), []).append(place)
    for (about, sentence), found in told.items():
        remarks.differs(about, f"{' and '.join(found)}: {sentence}")
    if reworded:
        remarks.note("wording", f"the code here words {_plural(len(reworded), 'finding')} in another way")


def _compare(wanted: Sequence[Row], rows: Sequence[Row]) -> Iterator[tuple[str, str, bool]]:
    """Yield (what it is about, a sentence, whether only words differ)."""
    names, found = [_name(row) for row in wanted], [_name(row) for row in rows]
    for position, name in enumerate(names):
        if name not in found:
            yield name, "is missing; the evidence has it", False
        elif found != names and sorted(found) == sorted(names) and found[position] != name:
            place = found.index(name)
            if _same(wanted[position].get("headline"), rows[place].get("headline")):
                yield name, f"stands at place {place + 1}; from the evidence it is number {position + 1}", False
    for position, row in enumerate(rows):
        name = found[position]
        if name not in names:
            yield name, "is there; the evidence holds nothing about it", False
            continue
        # Several findings may be about the dataset as a whole: the n-th of a name is compared with the n-th.
        same = [other for other, known in zip(wanted, names, strict=True) if known == name]
        nth = found[:position].count(name)
        if nth >= len(same):
            yield name, "is there more often than in the evidence", False
            continue
        yield from _compare_finding(name, same[nth], row, wanted)


def _compare_finding(name: str, wanted: Row, row: Row, all_wanted: Sequence[Row]) -> Iterator[tuple[str, str, bool]]:
    odd = [field for field in _FIELDS if not _same(wanted.get(field), row.get(field))]
    if not odd:
        return
    for other in all_wanted:
        if other is not wanted and all(_same(other.get(field), row.get(field)) for field in _FIELDS):
            yield name, f"holds what the evidence says of {value(other.get('column'))}", False
            return
    if all(field in WORDS for field in odd):
        for field in odd:
            yield name, f"{field} is not the sentence that the evidence gives", True
        return
    shown = [field for field in odd if field not in WORDS]
    for field in shown[:MOST_FIGURES]:
        yield name, f"{field} is {value(row.get(field))}; from the evidence it is {value(wanted.get(field))}", False
    if len(shown) > MOST_FIGURES:
        yield name, f"and {len(shown) - MOST_FIGURES} more figures differ", False


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, float) and isinstance(second, int | float) and not isinstance(second, bool):
        return math.isclose(first, second, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(first, list | tuple) and isinstance(second, list | tuple):
        return list(first) == list(second)
    return bool(first == second)


def _name(row: Row) -> str:
    column = row.get("column")
    return f"finding {column}" if column is not None else f"finding (whole dataset, {row.get('reason')})"


def _listed_notes(row: Row) -> Row:
    return {**row, "notes": list(row.get("notes") or ())}


def _check_statement(folder: SignedFolder, stored: Verdict, remarks: Remarks) -> None:
    """Build the statement again from the verdict and compare all but the subjects, which were compared with the files."""
    if folder.statement is None:
        return
    try:
        again = lineage.statement(stored.verdict, stored.dataset, stored.lineage, {})
    except (KeyError, TypeError, AttributeError):
        remarks.differs(VERDICT, "its lineage lacks the digests of spec, code or data")
        return
    found = folder.statement.get("predicate")
    found = found if isinstance(found, Mapping) else {}
    wanted = again["predicate"]
    if found.get("result") != wanted["result"]:
        remarks.differs(
            STATEMENT, f"its result is {value(found.get('result'))}; {VERDICT} comes to {value(wanted['result'])}"
        )
    elif any(found.get(name) != wanted[name] for name in wanted if name != "configuration"):
        remarks.differs(STATEMENT, f"its tests are not those of {VERDICT}")
    if found.get("configuration") != wanted["configuration"]:
        remarks.differs(STATEMENT, f"its digests of spec, code and data are not those of {VERDICT}")
    for name in ("_type", "predicateType"):
        if folder.statement.get(name) != again[name]:
            remarks.differs(STATEMENT, f"its {name} is {value(folder.statement.get(name))}")


def _check_probes(folder: SignedFolder, table: pa.Table, rows: Sequence[Evidence], remarks: Remarks) -> None:
    """Compare each probe's rows with the digest of its own evidence, which the lineage has too.

    So an edited figure is traced to its probe, even if all digests of files were brought up to date.
    """
    assert folder.verdict is not None
    dataset = folder.verdict.dataset
    if _digest_of_rows(dataset, rows) != digests.of_file(folder.path / "evidence.parquet"):
        # Another version of the Parquet writer wrote it: the same rows come out as other bytes.
        remarks.note("probes", "the evidence was not traced to its probes: it was written by another Parquet writer")
        return
    for name, signed in folder.group("stages").items():
        content = signed.get("content") if isinstance(signed, Mapping) else None
        if content is None or not name.startswith("probe_"):
            continue
        probe = name.removeprefix("probe_")
        remarks.count("probe")
        mine = _digest_of_rows(dataset, [row for row in rows if row.probe == probe])
        if digests.of_value({"evidence.parquet": mine}) != content:
            remarks.differs("evidence.parquet", f"the rows of the probe {probe!r} are not those that it measured")


def _check_stages(folder: SignedFolder, remarks: Remarks) -> None:
    """Compare the other stages whose outputs lie in the folder as they left them, with their content in the lineage."""
    try:
        spec = AuditSpec.model_validate({**folder.group("spec"), "data": "-"})
    except ValidationError:
        return
    for stage in pipeline.graph(spec):
        signed = folder.group("stages").get(stage.name)
        content = signed.get("content") if isinstance(signed, Mapping) else None
        if content is None or stage.name.startswith("probe_"):
            continue
        if all((folder.path / name).is_file() for name in stage.outputs):
            outputs = {name: digests.of_file(folder.path / name) for name in stage.outputs}
            if digests.of_value(outputs) != content:
                remarks.differs(stage.outputs[0], f"is not what the stage {stage.name!r} made")


def _digest_of_rows(dataset: str, rows: Sequence[Evidence]) -> str:
    with TemporaryDirectory() as place:
        path = Path(place) / "evidence.parquet"
        evidence.write(path, dataset, rows)
        return digests.of_file(path)


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
