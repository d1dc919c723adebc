from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from audit_pipeline.errors import SpecError
from audit_pipeline.spec import load_spec, parse_spec

GOOD = {"name": "Heart disease!", "data": "heart.csv", "label": "disease", "nuisance": ["site"]}


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "audit.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_and_names() -> None:
    spec = parse_spec({**GOOD, "covariates": "age"})
    assert spec.slug == "heart_disease"
    assert spec.covariates == ("age",)
    assert spec.policy.model_dump() == {
        "alpha": 0.05,
        "association": 0.2,
        "separability": 0.6,
        "overlap": 0.1,
        "unreadable": 0.05,
    }


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "name: a\ndata: [x.csv, 's3://bucket/y.csv']\nlabel: l\nnuisance: [c]\n")
    assert load_spec(path).data_paths == (str(tmp_path / "x.csv"), "s3://bucket/y.csv")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"nuissance": ["a"]}, "unknown key 'nuissance'; did you mean 'nuisance'?"),
        ({"policy": {"alfa": 0.1}}, "unknown key 'alfa'; did you mean 'alpha'?"),
        ({"policy": {"alpha": 0.9}}, "policy.alpha: Input should be less than 0.5"),
        ({"covariates": ["site"]}, "'site' is named both as nuisance and as covariates"),
        ({"nuisance": ["site", "site"]}, "named twice"),
        ({"subject": "disease"}, "named both as label and as subject"),
        ({"name": "!!!"}, "at least one letter or digit"),
        ({"schedule": "daily at six"}, "no cron expression"),
        ({"folds": 1}, "folds: Input should be greater than or equal to 2"),
        ({"label": None}, "label: Input should be a valid string"),
        ({"ignore": ["site"]}, "'site' is named both as nuisance and as ignore"),
        ({"missing": [True]}, "missing: YAML reads this mark as true; put it in quotes"),
        ({"missing": {"x": [None]}}, "missing: YAML reads this mark as null"),
        ({"missing": [float("nan")]}, "missing anyway"),
        ({"missing": [" "]}, "missing anyway"),
        ({"missing": [["?"]]}, "a mark is a text or a number"),
    ],
)
def test_mistakes_are_explained(changed: dict, expected: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(SpecError) as caught:
        parse_spec({**GOOD, **changed})
    assert expected in str(caught.value)
    assert "what to do:" in str(caught.value)


def test_marks_of_missing_values_have_one_form() -> None:
    for marks in (["?", -9], ("-9", "?", -9.0), {"*": ["?", "-9"]}):
        assert parse_spec({**GOOD, "missing": marks}).missing == {"*": ("-9", "?")}
    spec = parse_spec({**GOOD, "missing": {"b": -99.9, "a": [date(1900, 1, 1)], 7: 0}})
    assert spec.missing == {"7": ("0",), "a": ("1900-01-01",), "b": ("-99.9",)}
    assert parse_spec({**GOOD, "missing": None}).missing == {}
    assert spec.digest() != parse_spec(GOOD).digest()
    assert parse_spec({**GOOD, "ignore": "x"}).ignore == ("x",)


def test_missing_keys() -> None:
    with pytest.raises(SpecError, match=r"'data' is missing \(and 1 more\)"):
        parse_spec({"name": "a"})
    with pytest.raises(SpecError, match="a spec is a mapping"):
        parse_spec(["name"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "this is empty"),
        ("name: [unclosed", "row 1"),
        ("name: a\nname: b\n", "'name' appears twice"),
        ("a: &x [1]\nb: *x\n", "aliases"),
        ("a: !!python/object/apply:os.system ['true']\n", "could not determine a constructor"),
    ],
)
def test_hostile_and_broken_yaml(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_spec(write(tmp_path, text))
    assert expected in str(caught.value)


def test_files_that_are_no_specs(tmp_path: Path) -> None:
    write(tmp_path, "name: a")
    with pytest.raises(SpecError, match=r"in that folder: audit\.yaml"):
        load_spec(tmp_path / "adit.yaml")
    (tmp_path / "big.yaml").write_text("a" * 1_000_001)
    with pytest.raises(SpecError, match="1,000,001 bytes"):
        load_spec(tmp_path / "big.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: Z\xfcrich")
    with pytest.raises(SpecError, match="not UTF-8"):
        load_spec(tmp_path / "latin.yaml")


def test_the_digest_follows_what_decides_the_result() -> None:
    spec = parse_spec(GOOD)
    assert spec.digest() == parse_spec({**GOOD, "data": "elsewhere.csv", "schedule": "0 6 * * 1"}).digest()
    assert spec.digest() != parse_spec({**GOOD, "seed": 1}).digest()
