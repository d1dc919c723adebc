"""Where audits stand, read from folders that may be absent, old or broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from audit_pipeline.portfolio import Member, standings

HEART = Member(dataset="Heart", slug="heart", spec="5" * 12)


def test_an_entry_has_what_the_verdict_says(publish: Callable[..., None], tmp_path: Path) -> None:
    publish("heart", "fail")

    (standing,) = standings([HEART], tmp_path)

    entry = standing.entry
    assert entry is not None
    assert (entry.verdict, entry.headline, entry.column, entry.n) == ("fail", "It is fail.", "site", 120)
    assert (entry.association_v, entry.inflation) == (0.5, 0.1), "those of the nuisance, not of the covariate"
    assert (entry.created, entry.spec, entry.code) == ("2026-03-01T10:00:00+00:00", "5" * 12, "c" * 12)
    assert not standing.outdated


def test_the_worst_comes_first_and_what_never_ran_last(publish: Callable[..., None], tmp_path: Path) -> None:
    for slug, level in (("a", "pass"), ("b", "inconclusive"), ("d", "fail"), ("e", "warn")):
        publish(slug, level)

    found = standings([Member(dataset=slug, slug=slug) for slug in "abcde"], tmp_path)

    assert [standing.member.slug for standing in found] == ["d", "b", "e", "a", "c"]
    assert found[-1].entry is None
    assert found[-1].problem == "never run"


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"dataset": "x", "verdict": "splendid", "headline": "", "findings": []}']
)
def test_a_broken_verdict_is_no_verdict(text: str, tmp_path: Path) -> None:
    (tmp_path / "heart").mkdir()
    (tmp_path / "heart" / "verdict.json").write_text(text, encoding="utf-8")

    (standing,) = standings([HEART], tmp_path)

    assert standing.entry is None
    assert standing.problem == "verdict.json cannot be read"
    assert not standing.failed


@pytest.mark.parametrize(
    ("fail_on", "level", "failed"),
    [("fail", "fail", True), ("fail", "inconclusive", False), ("warn", "warn", True), ("never", "fail", False)],
)
def test_each_audit_has_its_own_line(
    fail_on: str, level: str, failed: bool, publish: Callable[..., None], tmp_path: Path
) -> None:
    publish("heart", level)

    (standing,) = standings([Member(dataset="Heart", slug="heart", fail_on=fail_on)], tmp_path)

    assert standing.failed is failed


def test_a_verdict_on_another_spec_is_outdated(publish: Callable[..., None], tmp_path: Path) -> None:
    publish("heart", "pass", spec_sha256="6" * 64)

    (standing,) = standings([HEART], tmp_path)

    assert standing.outdated
