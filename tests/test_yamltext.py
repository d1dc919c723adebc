from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from audit_pipeline.yamltext import flow, scalar

NAMES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text("yYnNoOfF~:#-?[]{}&*!|>'\"%@`, \n\t\\01.eE+_=<", max_size=8),
    st.sampled_from(
        ["yes", "No", "null", "~", "1e5", "0x1f", "1:30", "2024-01-01", "=", "<<", ".inf", "é", "\u2028", "\U000e0001"]
    ),
)


@given(NAMES)
def test_a_scalar_reads_back_as_the_same_text(name: str) -> None:
    assert yaml.safe_load(f"key: {scalar(name)}") == {"key": name}
    assert yaml.safe_load(f"{scalar(name)}: 1") == {name: 1}


@given(st.lists(NAMES, max_size=5))
def test_a_list_reads_back_as_the_same_texts(names: list[str]) -> None:
    assert yaml.safe_load(f"key: {flow(names)}") == {"key": names}


@given(NAMES)
def test_nothing_invisible_is_written(name: str) -> None:
    assert scalar(name).isprintable()


def test_plain_where_that_is_safe() -> None:
    names = ["site", "blood pressure", "../data/heart.csv", "/abs/x.csv", "no", "7", "a: b"]
    assert [scalar(name) for name in names] == [*names[:4], '"no"', '"7"', '"a: b"']
