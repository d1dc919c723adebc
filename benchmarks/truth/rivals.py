"""The same datasets for the peers: written for them, and their answers read beside the audit's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.truth.case import LABEL, Case
from benchmarks.truth.peers import registry
from benchmarks.truth.plan import Part
from benchmarks.truth.scores.binomial import Share, short
from benchmarks.truth.scores.verdicts import auroc

SIZES = (300,)
"""Numbers of records at which peers are asked: some take minutes for a dataset of a thousand records."""

REPLICATES = {300: 2}
"""The first datasets of every cell."""

AUDIT = "this audit"


def write_cases(parts: Sequence[Part], folder: Path) -> int:
    """Write the first datasets of every cell as the peers' contract has them, and return their number."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for part in parts:
        if part.n not in SIZES or part.family.kind == "decision" or part.family.medium != "table":
            continue
        for replicate in list(part.replicates)[: REPLICATES[part.n]]:
            _write(part.family.case(part.cell, part.n, replicate), part, replicate, folder)
            written += 1
    return written


def case_id(family: str, cell: int, n: int, replicate: int) -> str:
    """Return the name of a case for the peers."""
    return f"{family}-{cell:02d}-{n:06d}-{replicate:03d}"


def _write(case: Case, part: Part, replicate: int, folder: Path) -> None:
    name = case_id(part.family.name, part.position, part.n, replicate)
    frame, arguments = case.frame.copy(), case.arguments
    for column in [*arguments["nuisance"], *arguments.get("covariates", ())]:
        if str(frame[column].iloc[0])[:4].isdigit() and frame[column].dtype.kind not in "fi":
            # Peers know no dates; days are a number to all of them.
            frame[column] = (pd.to_datetime(frame[column]) - pd.Timestamp("2024-01-01")).dt.days.astype(float)
    declared = {LABEL, "subject", arguments.get("split"), *arguments["nuisance"], *arguments.get("covariates", ())}
    words = [column for column in frame.columns if column not in declared and frame[column].dtype.kind not in "fi"]
    frame = pd.get_dummies(frame, columns=words, dtype=float) if words else frame
    facts = {
        "id": name,
        "label": LABEL,
        "label_kind": _kind(frame[LABEL]),
        "nuisance": {column: _kind(frame[column]) for column in arguments["nuisance"]},
        "covariates": {column: _kind(frame[column]) for column in arguments.get("covariates", ())},
        "subject": arguments.get("subject"),
        "split": arguments.get("split"),
        "features": [column for column in frame.columns if column not in declared],
        "question": part.family.question,
        "seed": replicate,
    }
    frame.to_parquet(folder / f"{name}.parquet", index=False)
    (folder / f"{name}.json").write_text(json.dumps(facts), encoding="utf-8")


def _kind(column: pd.Series) -> str:
    return "number" if column.dtype.kind == "f" else "classes"


def answers(folder: Path) -> pd.DataFrame:
    """Return the peers' answers: peer, case, score, alarm, seconds, reason; nothing where no peer was run."""
    found = []
    for peer in registry.PEERS:
        path = folder / f"{peer.name}.parquet"
        if path.exists():
            found.append(pd.read_parquet(path).assign(peer=peer.title))
    columns = ["peer", "case", "score", "alarm", "seconds", "reason"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def table(cases: pd.DataFrame, peers: pd.DataFrame, question: str, n: int) -> list[dict[str, object]]:
    """Return one row a tool on the same datasets: AUROC, worst and mean false alarms, alarms where something is wrong, seconds.

    Parameters
    ----------
    cases : of the audit, one row a dataset (``scores.cases.by_case``).
    peers : see :func:`answers`.
    """
    own = cases[(cases["question"] == question) & (cases["n"] == n) & cases["kind"].ne("decision")].copy()
    own["case"] = [case_id(*key) for key in zip(own["family"], own["cell"], own["n"], own["replicate"], strict=True)]
    own = own[own["case"].isin(set(peers["case"]))]
    own["truth"] = own["answer"].ne("clean")
    alarm = own["failed"] if question == "confounding" else own[question] | own["failed"]
    ours = own.assign(peer=AUDIT, alarm=alarm, reason="")[["peer", "case", "score", "alarm", "seconds"]]
    facts = own.set_index("case")[["family", "cell", "truth"]]
    rows: list[dict[str, object]] = []
    for peer in [AUDIT, *dict.fromkeys(peers["peer"])]:
        answered = ours if peer == AUDIT else peers[peers["peer"] == peer]
        answered = answered[answered["case"].isin(facts.index)].join(facts, on="case")
        scored = answered[answered["score"].notna() & answered["alarm"].notna()]
        if not len(scored):
            rows.append({"tool": peer, "answered": f"0 of {len(facts)}"})
            continue
        truth, alarms = scored["truth"].to_numpy(bool), scored["alarm"].to_numpy(bool)
        clean = scored[~truth].assign(alarm=alarms[~truth])
        by_cell = clean.groupby(["family"])["alarm"].mean()
        worst = str(by_cell.idxmax()) if len(by_cell) and by_cell.max() > 0 else ""
        estimate, low, high = auroc(truth, scored["score"].to_numpy(float))
        rows.append(
            {
                "tool": peer,
                "answered": f"{len(scored)} of {len(facts)}",
                "AUROC": f"{short(estimate)} [{short(low)}, {short(high)}]" if not np.isnan(estimate) else "–",
                "false alarms": str(Share(int(alarms[~truth].sum()), int((~truth).sum()))) if (~truth).any() else "–",
                "worst family": f"{short(float(by_cell.max()))} {worst}".strip() if len(by_cell) else "–",
                "alarms where something is wrong": str(Share(int(alarms[truth].sum()), int(truth.sum())))
                if truth.any()
                else "–",
                "median seconds": f"{answered['seconds'].median():.2f}",
            }
        )
    return rows
