"""The cases that are recordings are what their stories say: quotas, bytes, a label to be learned, a nuisance to be seen."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audit_pipeline.dataset.media import decode, read_header
from audit_pipeline.demo import CASES, get_case
from audit_pipeline.demo.recordings import cameras, covid, hospitals, microphones, skin, tanks
from audit_pipeline.recordings.names import PATTERN
from audit_pipeline.views.recordings.picture import Picture
from audit_pipeline.views.recordings.registry import recording_view
from audit_pipeline.views.recordings.sensor_pattern import remainder
from audit_pipeline.views.recordings.sound import Sound

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Generated:
    """A case to test: its generator, a size that is quick, one that shows effects, and which view shows which column."""

    make: Callable[..., tuple[pd.DataFrame, dict[str, bytes]]]
    few: int
    many: int
    label: str
    seen: Mapping[str, str]
    size: str = "n"

    def __call__(self, count: int, *, repaired: bool, **others: int) -> tuple[pd.DataFrame, dict[str, bytes]]:
        return self.make(repaired=repaired, **{self.size: count}, **others)


GENERATED = {
    "tanks": Generated(tanks.photographs, 40, 160, "tank", {"weather": "colour"}),
    "microphones": Generated(microphones.recordings, 12, 120, "hoarse", {"microphone": "silence"}, size="speakers"),
    "hospitals": Generated(hospitals.slides, 40, 200, "tumour", {"hospital": "noise"}),
    "cameras": Generated(cameras.photographs, 40, 160, "scratch", {"camera": PATTERN}),
    "covid": Generated(covid.scans, 24, 120, "covid", {"scanner": "border", "region": "border"}),
    "skin": Generated(
        skin.photographs,
        40,
        200,
        "malignant",
        {"light": "border", "age": "noise", "sex": "border", "temperature": "colour"},
    ),
}
NAMES = list(GENERATED)


def auc(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the probability that a record of the one kind scores above one of the other."""
    return float((scores[truth][:, None] > scores[~truth][None, :]).mean())


def learned(matrix: np.ndarray, truth: np.ndarray, group: np.ndarray) -> float:
    """Return the AUC of a ridge regression on standardised columns, over five folds that split no group."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    kept = matrix[:, ~np.isnan(matrix).all(axis=0)]
    model = make_pipeline(SimpleImputer(), StandardScaler(), RidgeCV(np.logspace(0, 6, 7)))
    folds = list(StratifiedGroupKFold(5, shuffle=True, random_state=0).split(kept, truth, group))
    return auc(cross_val_predict(model, kept, truth.astype(float), cv=folds), truth)


def looked_at(files: Files, folder: Path, names: set[str]) -> dict[str, np.ndarray]:
    """Return the views of recordings by name, (n, columns), and what the sensor's pattern is sought in."""
    rows: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for name, content in files.items():
        path = folder / name
        path.write_bytes(content)
        found = decode(path)
        recording = (
            Sound(found.samples, found.rate) if path.suffix == ".wav" else Picture(found.pixels)  # type: ignore[union-attr]
        )
        for view in names:
            if view == PATTERN:
                rows[view].append(remainder(recording))  # type: ignore[arg-type]
            else:
                rows[view].append(recording_view("audio" if path.suffix == ".wav" else "image", view)(recording))
    return {name: np.stack(values) for name, values in rows.items()}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("repaired", [False, True], ids=["broken", "repaired"])
def test_the_same_bytes_every_time_and_other_ones_of_another_seed(name: str, repaired: bool) -> None:
    case = GENERATED[name]
    (table, files), (again, same) = (case(case.few, repaired=repaired) for _ in range(2))
    _, others = case(case.few, repaired=repaired, seed=7)

    assert table.equals(again)
    assert files == same
    assert not set(map(_digest, files.values())) & set(map(_digest, others.values()))
    # No recording twice: an audit would take it for leakage.
    assert len(set(map(_digest, files.values()))) == len(files)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("name", NAMES)
def test_broken_designs_have_the_quotas_of_their_stories(name: str) -> None:
    case = GENERATED[name]
    table, _ = case(case.few, repaired=False)
    share = {
        column: (table[case.label] == "yes").groupby(table[column]).mean().to_dict()
        for column in case.seen
        if table[column].dtype != float and column != "age"
    }

    assert (
        share
        == {
            "tanks": {"weather": {"cloudy": 1.0, "sunny": 0.0}},
            "microphones": {"microphone": {"close": 0.0, "far": 1.0}},
            "hospitals": {"hospital": {"north": 0.8, "south": 0.2}},
            "cameras": {"camera": {"A": 0.8, "B": 0.6, "C": 0.4, "D": 0.2}},
            "covid": {
                "scanner": {"C1": 0.0, "C2": 0.0, "H1": 0.0, "V1": 1.0, "V2": 1.0, "V3": 1.0},
                "region": {"coast": 0.0, "hills": 0.0, "valley": 1.0},
            },
            "skin": {"light": {"lamp": 0.75, "window": 0.25}, "sex": {"female": 0.25, "male": 0.75}},
        }[name]
    )
    for number in set(case.seen) & {"age", "temperature"}:
        by_label = table.groupby(case.label)[number]
        assert by_label.mean()["yes"] - by_label.mean()["no"] > 0.8 * table[number].std()


@pytest.mark.parametrize("name", NAMES)
def test_repaired_designs_have_no_association_at_all(name: str) -> None:
    case = GENERATED[name]
    table, _ = case(case.few, repaired=True)
    ill, well = (
        sorted(map(tuple, table.loc[table[case.label] == answer, list(case.seen)].to_numpy().tolist()))
        for answer in ("yes", "no")
    )

    # Not one column at a time: no combination of columns is more frequent with one label either.
    assert ill == well


@pytest.mark.parametrize("name", NAMES)
def test_label_and_nuisance_can_both_be_seen_at_equal_values_of_the_other(name: str, tmp_path: Path) -> None:
    """Repaired, so that neither explains the other: a wrong answer has an AUC of .5, with a standard error of at most .05."""
    case = GENERATED[name]
    table, files = case(case.many, repaired=True)
    views = looked_at(files, tmp_path, {"full", *case.seen.values()})
    yes = (table[case.label] == "yes").to_numpy()
    group = pd.factorize(table["speaker"])[0] if "speaker" in table else np.arange(len(table))

    assert learned(views["full"], yes, group) > 0.68
    for column, view in case.seen.items():
        values = table[column]
        mark = (values > values.median()) if values.dtype.kind in "if" else (values == values.iloc[0])
        assert learned(views[view], mark.to_numpy(), group) > 0.68, column


@pytest.mark.parametrize("name", NAMES)
def test_headers_differ_by_the_hospital_and_by_nothing_else(name: str, tmp_path: Path) -> None:
    case = GENERATED[name]
    table, files = case(case.few, repaired=False)
    rows = []
    for file, content in files.items():
        (tmp_path / file).write_bytes(content)
        facts = read_header(tmp_path / file)
        rows.append({field: fact.value for field, fact in facts.items() if fact.origin.may_fail})
    headers = pd.DataFrame(rows)
    varying = {field for field in headers if len(headers[field].unique()) > 1}

    expected = {"jpeg_tables", "jpeg_tables_sum", "jpeg_quality", "jpeg_standard", "jpeg_subsampling"}
    assert varying == (expected if name == "hospitals" else set())
    for field in varying:
        assert headers[field].groupby(table["hospital"]).nunique().tolist() == [1, 1]


def test_hoarse_voices_are_as_often_female_as_others() -> None:
    """Nobody recorded the sex: it must not stand in for the label either."""
    import soundfile

    table, files = microphones.recordings(repaired=True, speakers=40)
    close = table[table["microphone"] == "close"]
    pitch = []
    for name in close["recording"]:
        samples, rate = soundfile.read(io.BytesIO(files[Path(name).name]))
        pitch.append(_pitch(samples, rate))
    high = np.array(pitch) > 155
    share = pd.Series(high).groupby((close["hoarse"] == "yes").to_numpy()).mean()
    assert share.between(0.35, 0.65).all()


def _pitch(samples: np.ndarray, rate: int) -> float:
    """Return the pitch in Hz: the best lag of the autocorrelation of the loudest half second."""
    length = rate // 2
    start = int(np.argmax(np.convolve(samples**2, np.ones(length), mode="valid")))
    part = samples[start : start + length]
    found = np.fft.irfft(np.abs(np.fft.rfft(part, 2 * length)) ** 2)
    lags = np.arange(rate // 300, rate // 75)
    return rate / float(lags[np.argmax(found[lags])])


@pytest.mark.parametrize("n", [{"n": 30}, {"n": 41}])
def test_sizes_without_exact_quotas_are_refused(n: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"no whole number|multiple of 8"):
        cameras.photographs(repaired=False, **n)
    with pytest.raises(ValueError, match=r"no whole number|multiple of 8"):
        skin.photographs(repaired=False, **n)


def test_every_recorded_case_is_registered_with_its_pair_behind_the_tables() -> None:
    names = [case.name for case in CASES]
    assert names[:3] == ["penguins", "clinic", "clinic_balanced"]
    assert names[3:] == [full for name in NAMES for full in (name, f"{name}_repaired")]


def test_a_written_case_is_whole_and_replaces_an_older_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tanks, "photographs", partial(tanks.photographs, n=8))
    case = get_case("tanks")
    spec = case.write(tmp_path)
    stale = spec.parent / "photos" / "stale.jpg"
    stale.write_bytes(b"from an older version")

    case.write(tmp_path)

    table = pd.read_csv(spec.parent / case.data_name)
    assert not stale.exists()
    assert case.files(spec.parent / "tanks.csv") == [
        spec.parent / "tanks.csv",
        *(spec.parent / p for p in table["photo"]),
    ]
    assert sorted(path.name for path in spec.parent.iterdir()) == ["audit.yaml", "photos", "tanks.csv"]
