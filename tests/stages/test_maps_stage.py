"""The stage ``maps``: what is placed, what is told, and that neither a label nor the order of records decides where a point lies."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import procrustes

from audit_pipeline import pipeline
from audit_pipeline.demo import get_case
from audit_pipeline.models.maps.table import DrawnMap, Maps, Shown, load
from audit_pipeline.spec import AuditSpec, load_spec
from audit_pipeline.stages import maps as stage
from audit_pipeline.store import Store

N = 120


def draw(spec: AuditSpec, root: Path) -> Maps:
    """Run the stage and those before it."""
    store, records = Store(root), {}
    for each in pipeline.graph(spec):
        if each.name in ("dataset", "values", "maps"):
            records[each.name] = pipeline.execute(each, spec, store, records)
    return load(records["maps"].folder / "maps.parquet")


def table(n: int = N, seed: int = 1) -> pd.DataFrame:
    """Records at two sites that two features show, with a date, and a number for each record."""
    rng = np.random.default_rng(seed)
    site = rng.integers(0, 2, n)
    features = {f"x{j}": rng.standard_normal(n) + (8 * site if j < 2 else 0) for j in range(4)}
    return pd.DataFrame(
        {
            "label": rng.permutation(np.arange(n) % 2).astype(str),
            "site": np.where(site, "south", "north"),
            "day": np.datetime64("2020-01-01") + rng.permutation(n).astype("timedelta64[D]"),
            "number": [f"n{i}" for i in range(n)],
            **features,
        }
    )


def audit(folder: Path, data: pd.DataFrame, **keys: object) -> AuditSpec:
    folder.mkdir(parents=True, exist_ok=True)
    data.to_csv(folder / "data.csv", index=False)
    known = {"name": "a", "data": str(folder / "data.csv"), "label": "label", "nuisance": ("site", "day", "number")}
    return AuditSpec.model_validate({**known, **keys})


def shown(drawn: DrawnMap, column: str | None) -> Shown:
    return next(each for each in drawn.shows if each.column == column)


@pytest.mark.slow
def test_the_two_microphones(tmp_path: Path) -> None:
    """The plain map splits by microphone; in the other one a speaker's two recordings are nearer than neighbours are."""
    spec = load_spec(get_case("microphones_repaired").write(tmp_path / "data"))

    found = draw(spec, tmp_path / "store")

    drawn = {each.title: each for each in found.drawn}
    assert list(drawn) == ["pca", "sammon", "independent of microphone"]
    plain, independent = shown(drawn["sammon"], "microphone"), shown(drawn["independent of microphone"], "microphone")
    assert plain.share is not None
    assert plain.share > 0.99
    assert plain.chance == pytest.approx(0.5)
    assert plain.own is not None
    assert plain.other is not None
    assert plain.own > plain.other
    assert independent.own is not None
    assert independent.other is not None
    assert independent.own < independent.other
    assert independent.share is not None
    assert abs(independent.share - 0.5) < 0.1
    heard = pd.read_csv(spec.data_paths[0])
    assert plain.subjects == independent.subjects == heard["speaker"].nunique()
    assert len(found.row) == len(heard)
    assert drawn["sammon"].stress is not None
    assert drawn["sammon"].stress < 0.15


def test_a_table_is_mapped(tmp_path: Path) -> None:
    data = table()

    found = draw(audit(tmp_path, data), tmp_path / "store")

    assert [each.title for each in found.drawn] == ["pca", "sammon"]
    assert sorted(found.row) == list(range(N))
    assert [(column.name, column.cut) for column in found.columns] == [("site", False), ("day", True)]
    site = found.columns[0]
    assert [site.levels[code] for code in site.codes] == data["site"].to_list()
    assert [found.classes[code] for code in found.label] == data["label"].to_list()
    assert len(found.columns[1].levels) == 5
    for each in found.drawn:
        of_site, of_label = shown(each, "site"), shown(each, None)
        assert of_site.share is not None
        assert of_site.share > 0.95
        assert of_label.share is not None
        assert of_label.chance is not None
        assert abs(of_label.share - of_label.chance) < 3 * np.sqrt(2 * 0.25 / N)
        assert of_site.own is None
    assert found.facts["left_out"] == 0
    assert "umap-learn" in found.facts["not_made"]["umap"]


def test_neither_label_nor_order_moves_a_point(tmp_path: Path) -> None:
    data = table()
    shuffled = data.sample(frac=1.0, random_state=3)
    other = shuffled.assign(label=np.random.default_rng(4).permutation(shuffled["label"]))

    first = draw(audit(tmp_path / "1", data), tmp_path / "1/store")
    second = draw(audit(tmp_path / "2", other), tmp_path / "2/store")

    # From the records of one table to those of the other, whatever the turn: the search may end a little elsewhere.
    place = {name: position for position, name in enumerate(other["number"])}
    moved = [place[name] for name in data["number"]]
    for one, two in zip(first.drawn, second.drawn, strict=True):
        assert procrustes(one.points, two.points[moved])[2] < 1e-3
    again = draw(audit(tmp_path / "1", data), tmp_path / "1/again")
    assert all(a.points.tobytes() == b.points.tobytes() for a, b in zip(first.drawn, again.drawn, strict=True))


def test_of_very_many_records_whole_subjects_are_placed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "MOST", 300)
    data = table(800)
    data["who"] = np.arange(800) // 4
    spec = audit(tmp_path, data, subject="who", nuisance=("site",))

    found = draw(spec, tmp_path / "store")

    assert 290 < len(found.row) <= 300
    assert found.facts["left_out"] == 800 - len(found.row)
    assert set(np.bincount(found.row // 4)) == {0, 4}
    assert found.facts["whole_subjects"]
    # Subjects were at both sites here, so that the map without them is drawn as well.
    assert [each.title for each in found.drawn] == ["pca", "sammon", "independent of site"]


def test_subjects_that_are_too_large_are_cut() -> None:
    rows = stage.placed(np.repeat([0, 1, 2], 5_000), seed=0)

    assert len(rows) == stage.MOST
    assert (np.diff(rows) > 0).all()
    assert np.array_equal(stage.placed(np.arange(20), seed=0), np.arange(20))


def test_devices_that_share_too_few_subjects_have_no_map_of_their_own(tmp_path: Path) -> None:
    data = table()
    data["who"] = [f"s{max(0, i - 3)}" for i in range(N)]
    data.loc[:3, "site"] = ["north", "south", "north", "south"]

    found = draw(audit(tmp_path, data, subject="who", nuisance=("site",)), tmp_path / "store")

    assert "share 5 of the subjects" in found.facts["not_made"]["independent of site"]
    assert shown(found.drawn[0], "site").subjects == 1


def test_records_that_are_all_the_same_have_no_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "load_rows", lambda folder, rows: np.ones((len(rows), 3)))

    found = draw(audit(tmp_path, table()), tmp_path / "store")

    assert found.drawn == ()
    assert "do not differ" in found.facts["not_made"]["pca"]


@pytest.mark.parametrize("broken", [False, True])
def test_umap_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bool) -> None:
    """What the package is asked, and that its points are turned to lie as the components do."""
    asked: dict[str, object] = {}

    class Umap:
        def __init__(self, **options: object) -> None:
            asked.update(options)

        def fit_transform(self, scores: np.ndarray) -> np.ndarray:
            return np.column_stack([scores[:, 1], scores[:, 0]]).astype(np.float32) + 7

    module = ModuleType("umap")
    if not broken:
        module.UMAP = Umap  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "umap", module)
    monkeypatch.setattr("audit_pipeline.models.maps.umap_map.umap_installed", lambda: True)
    monkeypatch.setattr(stage, "umap_installed", lambda: True)

    found = draw(audit(tmp_path, table(), seed=5), tmp_path / "store")

    drawn = {each.title: each.points for each in found.drawn}
    if broken:
        assert "cannot be imported" in found.facts["not_made"]["umap"]
        assert "umap" not in drawn
        return
    assert asked["random_state"] == 5
    assert asked["n_jobs"] == 1
    assert drawn["umap"] == pytest.approx(drawn["pca"], abs=1e-4)
    assert "umap" not in found.facts["not_made"]
