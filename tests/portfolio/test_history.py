"""The history grows by what is new, once, and is never half-written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit_pipeline.errors import DataError
from audit_pipeline.portfolio import Entry, Member, history, standings, update_history
from audit_pipeline.portfolio.history import HISTORY, read_history

HEART = Member(dataset="Heart", slug="heart")


def run(created: str, **more: Any) -> dict[str, Any]:
    return {"run": {"created": created, **more}}


def levels(rows: list[Entry]) -> list[str]:
    return [row.verdict for row in rows]


def update(root: Path) -> list[Entry]:
    return update_history(standings([HEART], root), root)


def test_every_change_is_a_row_and_a_repetition_is_none(publish: Callable[..., None], tmp_path: Path) -> None:
    for level in ("fail", "warn", "warn", "fail"):
        publish("heart", level)
        update(tmp_path)

    assert levels(update(tmp_path)) == ["fail", "warn", "fail"]
    assert read_history(tmp_path / HISTORY) == update(tmp_path)


def test_who_made_a_verdict_and_when_is_no_news(publish: Callable[..., None], tmp_path: Path) -> None:
    publish("heart", "fail", **run("2026-03-01T10:00:00+00:00"))
    update(tmp_path)
    publish("heart", "fail", **run("2026-04-01T10:00:00+00:00", dagster_run_id="another"))

    assert [row.created[:10] for row in update(tmp_path)] == ["2026-03-01"]


@pytest.mark.parametrize(
    "change", [{"v": 0.6}, {"files": {"a.csv": "0" * 64}}, {"spec_sha256": "6" * 64}, {"code": {"sha256": "d" * 64}}]
)
def test_other_figures_data_spec_or_code_are(
    change: dict[str, Any], publish: Callable[..., None], tmp_path: Path
) -> None:
    publish("heart", "fail")
    update(tmp_path)
    publish("heart", "fail", **change)

    assert len(update(tmp_path)) == 2


def test_former_verdicts_of_the_store_come_first_by_date(publish: Callable[..., None], tmp_path: Path) -> None:
    publish("heart", "warn", store="b", **run("2026-02-01T10:00:00+00:00"))
    publish("heart", "fail", store="a", **run("2026-03-01T10:00:00+00:00"))
    publish("heart", "pass", store="c", **run("2026-04-01T10:00:00+00:00"))
    publish("heart", "pass", **run("2026-04-01T10:00:00+00:00"))

    assert levels(update(tmp_path)) == ["warn", "fail", "pass"]
    assert levels(update(tmp_path)) == ["warn", "fail", "pass"]


def test_nothing_is_written_where_nothing_ran(tmp_path: Path) -> None:
    assert update(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_broken_history_is_refused_and_kept(publish: Callable[..., None], tmp_path: Path) -> None:
    publish("heart", "fail")
    (tmp_path / HISTORY).write_text("rows", encoding="utf-8")

    with pytest.raises(DataError, match=r"history\.parquet: is no history of verdicts.*\n  what to do: restore it"):
        update(tmp_path)
    assert (tmp_path / HISTORY).read_text(encoding="utf-8") == "rows"


def test_a_crash_while_writing_leaves_the_old_rows(
    publish: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("heart", "fail")
    before = update(tmp_path)
    publish("heart", "pass")

    def half(table: object, path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(history, "write_table", half)
        with pytest.raises(KeyboardInterrupt):
            update(tmp_path)

    assert read_history(tmp_path / HISTORY) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["heart", HISTORY]
    assert levels(update(tmp_path)) == ["fail", "pass"]
