"""The decision table, row by row, from hand-made evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from audit_pipeline.evidence import Evidence
from audit_pipeline.spec import Policy
from audit_pipeline.verdict import decide
from audit_pipeline.verdict_types import Finding, findings_table, from_dict


def column(
    name: str = "site",
    *,
    role: str = "nuisance",
    v: float = 0.0,
    upper: float = 0.1,
    p_design: float = 0.5,
    p_sensor: float | None = 0.5,
    auc: float = 0.5,
    auc_upper: float = 0.65,
    detectable: float | None = None,
    overlaps: tuple[tuple[str, str, float, float, float], ...] = (("a", "b", 1.0, 1.0, 1.0),),
    adjusted: tuple[float, float, float] = (0.8, 0.75, 0.85),
    n: int = 300,
) -> list[Evidence]:
    common: dict[str, Any] = {"column": name, "role": role, "n": n, "n_subjects": n}
    detail = {"df": 1, "dim": 1, "units": n, "unit": "records"}
    rows = [
        Evidence(**common, probe="design", metric="levels", estimate=2, detail={"constant": False, "identifier": False}),
        Evidence(**common, probe="design", metric="association_v", estimate=v, ci_low=max(0, v - 0.1), ci_high=upper, p_value=p_design, detail=detail),
        Evidence(**common, probe="design", metric="association_upper", estimate=upper),
        Evidence(**common, probe="design", metric="metadata_auc", estimate=0.5 + v / 2),
        Evidence(**common, probe="sensor", metric="p_sensor", view="values", p_value=p_sensor, detail={"probes": ["linear"]}),
        Evidence(**common, probe="sensor", metric="separability_auc", view="values/linear", estimate=auc, ci_low=auc - 0.05, ci_high=auc_upper, detail={"upper": auc_upper, "best": True}),
        Evidence(**common, probe="sensor", metric="detectable_auc", view="values/linear", estimate=detectable),
        Evidence(**common, probe="severity", metric="auc_pooled", view="linear", estimate=0.9, ci_low=0.85, ci_high=0.95),
        Evidence(**common, probe="severity", metric="auc_adjusted", view="linear", estimate=adjusted[0], ci_low=adjusted[1], ci_high=adjusted[2]),
        Evidence(**common, probe="severity", metric="inflation", view="linear", estimate=0.1, ci_low=0.05, ci_high=0.15),
    ]  # fmt: skip
    rows += [
        Evidence(**common, probe="design", metric="overlap", level=f"{a}|{b}", estimate=value, p_value=p, detail={"labels": [a, b], "p_adjusted": p, "share_of_pairs": share})
        for a, b, value, p, share in overlaps
    ]  # fmt: skip
    rows += [
        Evidence(**{**common, "n_subjects": n // 4}, probe="design", metric="count", level=f"{a}|{k}", estimate=n / 4, detail={"label": a, "level": k})
        for a in ("a", "b")
        for k in ("one", "two")
    ]  # fmt: skip
    return rows


def judge(rows: list[Evidence], **policy: float) -> Finding:
    return decide("test", rows, Policy(**policy)).findings[0]


TABLE = {
    "aliased": (
        dict(v=0.98, upper=1.0, p_design=1e-9, p_sensor=1.0, overlaps=(("a", "b", 0.02, 0.001, 1.0),)),
        ("fail", "aliased"),
    ),
    "both edges, strong": (dict(v=0.4, upper=0.5, p_design=1e-6, p_sensor=0.002, auc=0.9), ("fail", "confounded")),
    "both edges, at the tolerance": (
        dict(v=0.2, upper=0.3, p_design=1e-6, p_sensor=0.002, auc=0.9),
        ("fail", "confounded"),
    ),
    "both edges, weak": (
        dict(v=0.12, upper=0.18, p_design=1e-3, p_sensor=0.002, auc=0.9),
        ("warn", "weakly_confounded"),
    ),
    "design only, sensor open": (
        dict(v=0.4, upper=0.5, p_design=1e-6, p_sensor=0.3, auc_upper=0.65, detectable=0.6),
        ("warn", "associated_unresolved"),
    ),
    "design only, bound low but the test was blind": (
        dict(v=0.4, upper=0.5, p_design=1e-6, p_sensor=0.3, auc_upper=0.55, detectable=0.7),
        ("warn", "associated_unresolved"),
    ),
    "design only, sensor never tested": (
        dict(v=0.4, upper=0.5, p_design=1e-6, p_sensor=None, auc_upper=0.65),
        ("warn", "associated_unresolved"),
    ),
    "no association": (dict(v=0.0, upper=0.15, p_sensor=0.002, auc=0.95), ("pass", "independent")),
    "associated, shown to be unreadable": (
        dict(v=0.4, upper=0.5, p_design=1e-6, p_sensor=0.4, auc_upper=0.55, detectable=0.6),
        ("pass", "unseen"),
    ),
    "too little data": (dict(v=0.1, upper=0.35, p_design=0.2, p_sensor=0.2, n=60), ("inconclusive", "undetermined")),
    "readable, association open": (
        dict(v=0.1, upper=0.3, p_design=0.2, p_sensor=0.002, auc=0.95, n=60),
        ("inconclusive", "undetermined"),
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_every_row_of_the_table(case: str) -> None:
    given, expected = TABLE[case]
    finding = judge(column(**given))  # type: ignore[arg-type]
    assert (finding.verdict, finding.reason) == expected
    assert finding.headline
    assert finding.next_step


def test_a_few_aliased_pairs_warn_and_are_named() -> None:
    overlaps = (("a", "b", 0.9, 1.0, 0.95), ("a", "rare", 0.0, 0.001, 0.05))
    finding = judge(column(v=0.05, upper=0.1, p_design=0.01, overlaps=overlaps))
    assert (finding.verdict, finding.reason) == ("warn", "aliased")
    assert "rare" in finding.headline


def test_an_aliased_pair_by_chance_is_no_finding() -> None:
    """Three records that happen to share a site prove nothing."""
    finding = judge(column(v=0.0, upper=0.1, p_design=0.5, overlaps=(("a", "rare", 0.0, 0.2, 1.0),)))
    assert finding.verdict == "pass"


def test_holm_over_columns() -> None:
    weak = dict(v=0.25, upper=0.35, p_design=0.03, p_sensor=0.002, auc=0.9)
    assert judge(column(**weak)).verdict == "fail"  # type: ignore[arg-type]
    many = [row for j in range(10) for row in column(f"c{j}", **weak)]  # type: ignore[arg-type]
    assert {finding.verdict for finding in decide("test", many, Policy()).findings} == {"inconclusive"}


def test_covariates_never_fail_and_do_not_enter_the_correction() -> None:
    strong = dict(v=0.9, upper=1.0, p_design=1e-9, p_sensor=0.002, auc=0.99)
    covariates = [row for j in range(20) for row in column(f"z{j}", role="covariate", **strong)]  # type: ignore[arg-type]
    verdict = decide("test", column(v=0.3, upper=0.4, p_design=0.04, p_sensor=0.04) + covariates, Policy())
    assert verdict.findings[0].verdict == "fail"
    assert {(f.verdict, f.reason) for f in verdict.findings[1:]} == {("pass", "covariate")}


def test_a_covariate_that_leaves_nothing_warns() -> None:
    finding = judge(column(role="covariate", adjusted=(0.52, 0.45, 0.6)))
    assert (finding.verdict, finding.reason) == ("warn", "covariate")


def test_the_dataset_is_as_bad_as_its_worst_column() -> None:
    rows = column("good") + column("bad", v=0.4, upper=0.5, p_design=1e-6, p_sensor=0.002)
    verdict = decide("test", rows, Policy())
    assert verdict.verdict == "fail"
    assert "bad" in verdict.headline


def test_thresholds_are_policy() -> None:
    rows = column(v=0.25, upper=0.3, p_design=1e-6, p_sensor=0.002)
    assert judge(rows).verdict == "fail"
    assert judge(rows, association=0.3).verdict == "warn"


def test_a_column_that_was_not_measured_is_never_clean() -> None:
    only_sensor = [row for row in column() if row.probe == "sensor"]
    assert judge(only_sensor).verdict == "inconclusive"


def test_constant_and_identifier_columns() -> None:
    def levels(**detail: bool) -> list[Evidence]:
        facts = {"constant": False, "identifier": False, **detail}
        return [Evidence(probe="design", metric="levels", column="site", role="nuisance", estimate=90, n=100, n_subjects=100, detail=facts)]  # fmt: skip

    assert judge(levels(constant=True)).verdict == "pass"
    finding = judge(levels(identifier=True))
    assert finding.verdict == "inconclusive"
    assert "subject: site" in finding.next_step


def test_leakage_fails() -> None:
    row = Evidence(probe="leakage", metric="subjects_across", column="fold", role="split", estimate=3, n=100, n_subjects=40, detail={"split": "fold", "what": "subjects stand in more than one part"})  # fmt: skip
    verdict = decide("test", [*column(), row], Policy())
    assert (verdict.verdict, verdict.findings[-1].reason) == ("fail", "leakage")


@pytest.mark.parametrize(("label_free", "expected"), [(True, "fail"), (False, "warn")])
def test_only_views_declared_free_of_label_can_fail(label_free: bool, expected: str) -> None:
    row = Evidence(probe="shortcut_views", metric="view_persists", view="border", estimate=0.8, ci_low=0.7, ci_high=0.9, p_value=0.001, n=100, n_subjects=100, detail={"label_free": label_free})  # fmt: skip
    verdict = decide("test", [*column(), row], Policy())
    assert (verdict.verdict, verdict.findings[-1].reason) == (expected, "unrecorded")


def test_inconclusive_says_what_would_decide() -> None:
    finding = judge(column(v=0.0, upper=0.35, p_design=0.5, p_sensor=0.5, n=60))
    assert 200 <= (finding.n_to_decide or 0) <= 240
    assert finding.min_detectable_v == pytest.approx((7.85 / 60) ** 0.5, abs=0.005)
    at_the_edge = judge(column(v=0.199, upper=0.35, p_design=0.06, p_sensor=0.5))
    assert at_the_edge.n_to_decide is None
    assert "equal proportions" in at_the_edge.next_step


def test_verdicts_survive_json_and_parquet() -> None:
    verdict = decide("test", column() + column("other", v=0.4, upper=0.5, p_design=1e-6, p_sensor=0.002), Policy())
    assert from_dict(verdict.as_dict()) == verdict
    table = findings_table(verdict.findings)
    assert table.num_rows == 2
    assert table.column("column").to_pylist() == ["site", "other"]


def test_a_trace_in_the_digits_is_named_with_its_remedy() -> None:
    def told(view: str) -> Finding:
        rows = column(v=0.4, upper=0.5, p_design=1e-6, p_sensor=0.002, auc=0.9)
        return judge([replace(row, view=view) if row.metric == "separability_auc" else row for row in rows])

    digits, values = told("rounding"), told("values/linear")
    assert "the way numbers were rounded shows" in digits.headline
    assert any("same digits" in note for note in digits.notes)
    assert "the data shows" in values.headline
    assert not any("digits" in note for note in values.notes)


def test_equal_scores_are_not_contrasted() -> None:
    """A dataset may fail though its baseline does not use the shortcut: no "inflated by -0.007", no "0.80, not 0.80"."""
    rows = column(v=0.4, upper=0.5, p_design=1e-6, p_sensor=0.002, auc=0.9)
    changed = {"auc_pooled": dict(estimate=0.8), "inflation": dict(estimate=-0.004, ci_low=-0.02, ci_high=0.012)}
    finding = judge([replace(row, **changed.get(row.metric, {})) for row in rows])
    assert "not inflated" in " ".join(finding.notes)
    assert finding.next_step.endswith("report AUC 0.80 (within site).")
