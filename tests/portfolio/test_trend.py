"""The picture of the trend says what the history says, and strangers' names cannot draw in it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

from audit_pipeline.portfolio import Member, standings, update_history
from audit_pipeline.portfolio.trend import MOST_TILES, trend
from audit_pipeline.report.levels import LOOKS
from audit_pipeline.report.standalone import data_uri, standalone

SVG = "{http://www.w3.org/2000/svg}"


def texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_a_tile_a_verdict_in_order(publish: Callable[..., None], tmp_path: Path) -> None:
    members = [Member(dataset="<script>heart & lung", slug="heart"), Member(dataset="never", slug="never")]
    for level, v in (("fail", 0.5), ("warn", 0.1), ("pass", 0.0)):
        publish("heart", level, v=v)
        history = update_history(standings(members, tmp_path), tmp_path)

    root = ET.fromstring(standalone(trend(standings(members, tmp_path), history)))

    shown = texts(root)
    signs = {LOOKS[level].sign: level for level in LOOKS}
    tiles = sorted(
        (float(element.get("x", "")), signs[element.text or ""])
        for element in root.iter(f"{SVG}text")
        if element.text in signs
    )
    assert [level for _, level in tiles] == ["fail", "warn", "pass"], "the latest at the right"
    assert any(text.startswith("<script>heart") for text in shown)
    assert "0.00 ↓" in shown
    assert "never run" in shown
    assert "<script>heart & lung: fail, then warn, then pass; never: never run" in (root.get("aria-label") or "")


def test_a_long_history_shows_its_end(publish: Callable[..., None], tmp_path: Path) -> None:
    member = Member(dataset="heart", slug="heart")
    for step in range(MOST_TILES + 3):
        publish("heart", "fail", v=step / 100)
        history = update_history(standings([member], tmp_path), tmp_path)

    shown = texts(ET.fromstring(standalone(trend(standings([member], tmp_path), history))))

    assert len(history) == MOST_TILES + 3
    assert shown.count(LOOKS["fail"].sign) == MOST_TILES
    assert "…" in shown


def test_an_image_holds_all_that_it_needs(publish: Callable[..., None], tmp_path: Path) -> None:
    member = Member(dataset="heart", slug="heart")
    publish("heart", "fail")
    found = standings([member], tmp_path)

    image = standalone(trend(found, update_history(found, tmp_path)))

    style = ET.fromstring(image).find(f"{SVG}style")
    assert style is not None
    assert ".figure text" in (style.text or "")
    assert "--ink" in (style.text or "")
    assert "@media" not in (style.text or "")
    assert "url(" not in image
    assert len(data_uri(image)) < 20_000
