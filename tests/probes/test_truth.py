"""The verdict against data whose truth is known: false alarms, power, and what must never pass."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from tests.simulate import Truth, audit, generate

ALPHA = 0.05
RUNS = 60
ALLOWED = int(binom.ppf(0.999, RUNS, ALPHA))
"""Above this number of false alarms a rate of .05 is implausible (one run in a thousand)."""

NULLS = {
    "readable but independent": Truth(v=0.0, sensor=1.5),
    "associated but invisible": Truth(v=0.5, sensor=0.0),
    "neither": Truth(v=0.0, sensor=0.0),
    "readable, four sites": Truth(v=0.0, sensor=1.5, levels=4),
    "invisible, ten records a subject": Truth(n=400, v=0.5, sensor=0.0, records_per_subject=10),
    "independent, ten records a subject": Truth(n=400, v=0.0, sensor=1.5, records_per_subject=10),
}


@pytest.mark.slow
@pytest.mark.parametrize("family", NULLS)
def test_false_fails_stay_within_alpha(family: str) -> None:
    rng = np.random.default_rng(list(NULLS).index(family))
    verdicts = [audit(generate(NULLS[family], rng)).verdict for _ in range(RUNS)]
    assert verdicts.count("fail") <= ALLOWED, f"{verdicts.count('fail')} of {RUNS}"


@pytest.mark.slow
def test_a_visible_confounder_fails() -> None:
    rng = np.random.default_rng(1)
    findings = [audit(generate(Truth(n=300, v=0.5, sensor=1.0), rng)).findings[0] for _ in range(20)]
    assert all((finding.verdict, finding.reason) == ("fail", "confounded") for finding in findings)


def test_aliased_never_passes_though_nothing_is_readable_given_the_label() -> None:
    rng = np.random.default_rng(2)
    for sensor in (0.0, 2.0):
        finding = audit(generate(Truth(n=200, v=1.0, sensor=sensor), rng)).findings[0]
        assert (finding.verdict, finding.reason) == ("fail", "aliased")
        assert finding.overlap == 0


def test_balanced_and_readable_passes_with_a_note() -> None:
    rng = np.random.default_rng(3)
    table = generate(Truth(n=800, v=0.0, sensor=2.0), rng)
    site = np.array(table["site"].to_pylist())
    ill = np.empty(len(site), dtype=object)
    for level in np.unique(site):
        ill[site == level] = np.resize(["yes", "no"], (site == level).sum())
    finding = audit(table.set_column(1, "ill", [ill.tolist()])).findings[0]
    assert (finding.verdict, finding.reason) == ("pass", "independent")
    assert finding.separability_low > 0.9
    assert any("harmless at this mix" in note for note in finding.notes)


def test_too_little_data_is_inconclusive_and_says_how_much_more() -> None:
    rng = np.random.default_rng(4)
    findings = [audit(generate(Truth(n=40), rng)).findings[0] for _ in range(5)]
    undecided = [finding for finding in findings if finding.verdict == "inconclusive"]
    assert len(undecided) >= 4
    assert all((finding.n_to_decide or 0) >= 150 for finding in undecided if finding.association_v == 0)
    assert all("more" in finding.next_step for finding in undecided)


@pytest.mark.slow
def test_the_number_asked_for_decides() -> None:
    """At V = 0 the audit asks for about 220 records; with these it passes in about four of five cases."""
    rng = np.random.default_rng(5)
    asked = next(
        finding.n_to_decide
        for finding in (audit(generate(Truth(n=60), rng)).findings[0] for _ in range(20))
        if finding.association_v == 0 and finding.verdict == "inconclusive"
    )
    assert asked is not None
    runs = 60
    decided = sum(audit(generate(Truth(n=asked), rng)).verdict == "pass" for _ in range(runs))
    assert decided >= binom.ppf(0.001, runs, 0.8)


@pytest.mark.slow
def test_weak_sensors_are_not_called_unseen() -> None:
    """A site readable at AUC .65 and strongly associated must hardly ever pass as 'unseen' when records are few."""
    rng = np.random.default_rng(6)
    runs = 40
    passed = sum(
        audit(generate(Truth(n=200, v=0.4, sensor=0.27, features=20), rng)).verdict == "pass" for _ in range(runs)
    )
    assert passed <= binom.ppf(0.999, runs, ALPHA)
