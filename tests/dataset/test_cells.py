"""What cells of text mean, and what is refused as unclear."""

from __future__ import annotations

from datetime import time

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from audit_pipeline.dataset.cells import has_decimal_commas, settle
from audit_pipeline.dataset.settled import Settled


def settled(values: list[str | None], **keys: object) -> Settled:
    return settle("c", pa.chunked_array([pa.array(values, pa.string())]), **{"raw": True, **keys})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (["1", "2", None], pa.int64(), ["1", "2", None]),
        (["+1", "-.5", "2.", "1e3"], pa.float64(), ["1", "-0.5", "2", "1000"]),
        ([" 1.5", "2 ", "NA", " "], pa.float64(), ["1.5", "2", None, None]),
        (["5", "inf", "-Infinity"], pa.float64(), ["5", "inf", "-inf"]),
        (["1,5", "2", "0,25"], pa.float64(), ["1.5", "2", "0.25"]),
        (["0,125", "1,234"], pa.float64(), ["0.125", "1.234"]),
        (["true", "False", "0"], pa.bool_(), ["true", "false", "false"]),
        (["yes", " no", "no "], pa.large_string(), ["yes", "no", "no"]),
        (["0x1F", "0x2A"], pa.large_string(), ["0x1F", "0x2A"]),
        (["2024-01-31", "2024-02-29"], pa.date32(), ["2024-01-31", "2024-02-29"]),
        (["2024-01-31", "2024-02-01 12:30"], pa.timestamp("us"), ["2024-01-31 00:00", "2024-02-01 12:30"]),
        (
            ["2024-01-31T12:00:00Z", "2024-01-31T12:00:00+02:00"],
            pa.timestamp("us"),
            ["2024-01-31 12:00", "2024-01-31 10:00"],
        ),
        (["2024-01-31 12:00:00.123456789"] * 2, pa.timestamp("us"), ["2024-01-31 12:00:00.123456"] * 2),
        (["0001-01-01", "9999-12-31"], pa.date32(), ["0001-01-01", "9999-12-31"]),
        (["31.12.2024", "1.2.2024"], pa.date32(), ["2024-12-31", "2024-02-01"]),
        (["13/2/2024", "3/4/2024 9:05"], pa.timestamp("us"), ["2024-02-13 00:00", "2024-04-03 09:05"]),
        (["1/22/2024", "3/4/2024"], pa.date32(), ["2024-01-22", "2024-03-04"]),
        (["2024/1/31", "2024/12/01"], pa.date32(), ["2024-01-31", "2024-12-01"]),
        (["", None, " "], pa.string(), [None, None, None]),
    ],
)
def test_meanings(values: list[str | None], kind: pa.DataType, expected: list[str | None]) -> None:
    found = settled(values)
    assert found.trouble is None
    assert found.column.type == kind
    wanted = pa.array(expected, pa.string())
    assert found.column.combine_chunks().equals(pc.cast(wanted, kind))


@pytest.mark.parametrize(
    ("values", "kind", "row", "expected"),
    [
        (["1", "2", "3", "?", "?", "unknown"], "words", 3, "3 of 6 values are no numbers: '?' (2), 'unknown' (1)"),
        (["2024-01-31", "2024-02-01", "later"], "words", 2, "1 of 3 values is no date: "),
        (["1,234", "999"], "separators", 0, "part thousands"),
        (["1.234,5", "2"], "separators", 0, "'1.234,5' (1)"),
        (["3", "1,234.5"], "separators", 1, "1 of 2 values"),
        (["1 234", "1\u202f235", "1'236", "5"], "separators", 0, "3 of 4 values"),
        (["1,5", "2.5"], "separators", 0, "begin the decimals"),
        (["1/2/2024", "3/4/2024"], "dates", 0, "day and month cannot be told apart"),
        (["13/2/2024", "2/13/2024"], "dates", 1, "day and month change places"),
        (["30.2.2024"], "dates", 0, "no such date: '30.2.2024'"),
        (["2024-01-31", "2024-02-30"], "dates", 1, "no such date: '2024-02-30'"),
        (["2024-01-31T12:00Z", "2024-01-31T12:00"], "dates", 1, "some times have a zone"),
        (["2024-01-31T12:00Z", "2024-01-31"], "dates", 1, "others are dates"),
        (["31/1/24", "1/2/24"], "dates", 0, "two digits"),
        (["25:00", "12:00"], "dates", 0, "no such time"),
        (["12 mg", "13.5 mg"], "units", 0, "a sign or a unit"),
        (["<0.1", "3", "4%"], "units", 0, "2 of 3 values"),
    ],
)
def test_troubles(values: list[str | None], kind: str, row: int, expected: str) -> None:
    found = settled(values)
    assert found.trouble is not None
    assert (found.trouble.kind, found.trouble.row) == (kind, row)
    assert expected in found.trouble.message
    assert pa.types.is_large_string(found.column.type)


def test_times_of_day() -> None:
    found = settled(["12:30", "7:05:01.5", None]).column
    assert found.type == pa.time64("us")
    assert found.to_pylist() == [time(12, 30), time(7, 5, 1, 500_000), None]


def test_identifiers_among_digits_and_text_are_no_trouble() -> None:
    tickets = [str(i) for i in range(70)] + [f"PC {i}" for i in range(30)]
    assert settled(tickets).trouble is None, "three in ten are words of their own: a column of names"
    assert settled(["a", "b", "1"]).trouble is None


def test_digits_that_name_something_keep_their_zeros() -> None:
    for values in (["007", "012"], ["12345678901234567890", "12345678901234567891"]):
        assert settled(values, exact=True).column.to_pylist() == values
        assert pa.types.is_large_string(settled([*values, None, ""], exact=True).column.type)
    assert settled(["07", "12"], exact=True).column.to_pylist() == [7, 12], "hours and months are numbers"
    assert settled(["007", "012"]).column.to_pylist() == [7, 12], "features are numbers"


def test_a_point_before_three_digits_is_unclear_in_a_table_with_decimal_commas() -> None:
    assert settled(["1.234", "5"]).column.to_pylist() == [1.234, 5.0]
    trouble = settled(["1.234", "5"], decimal_comma=True).trouble
    assert trouble is not None
    assert trouble.kind == "separators"
    assert settled(["1.25", "1.234"], decimal_comma=True).trouble is None
    assert settled(["1,234", "2,345"], decimal_comma=True).column.to_pylist() == [1.234, 2.345]


@pytest.mark.parametrize(
    ("values", "expected"), [(["1,5", "2"], True), (["1,234"], False), (["a, b", "1,5"], False), (["1.5"], False)]
)
def test_what_proves_decimal_commas(values: list[str], expected: bool) -> None:
    assert has_decimal_commas(pa.chunked_array([pa.array(values)])) is expected


def test_text_of_a_typed_file_stays_text_but_dates_are_seen() -> None:
    assert settled(["1", "2"], raw=False).column.to_pylist() == ["1", "2"]
    assert settled(["NA", "b"], raw=False).column.to_pylist() == ["NA", "b"], "Namibia"
    assert settled(["2024-01-31"], raw=False).column.type == pa.date32()
    assert settled(["1.5", "?"], raw=False, marks=["?"]).column.to_pylist() == [1.5, None]


def test_merged_texts_are_told() -> None:
    found = settled(["a", "a ", "b"])
    assert found.column.to_pylist() == ["a", "a", "b"]
    assert "space around" in found.notes[0]
