"""The page about splits: what it says, and that damaged facts cannot break it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_by_hand import EVIL, WriteFolder

from audit_pipeline.parquet import write_table
from audit_pipeline.report.page import render_page
from audit_pipeline.report.split_tables import counterbalanced, given_split, left_out_levels, stratum
from audit_pipeline.verdict_types import Verdict

FACTS: dict[str, Any] = {
    "objective": 12.25,
    "lower_bound": 9.5,
    "optimal": False,
    "deviation": {"(label)": 3.25, "site": 9.0},
    "leave_one_level_out": {
        "columns": [
            {
                "column": "site",
                "cut": False,
                "more_levels": 0,
                "levels": [
                    {
                        "level": "cleveland",
                        "records": 303,
                        "subjects": 301,
                        "train_records": 600,
                        "train_subjects": 590,
                        "dropped_records": 17,
                        "dropped_subjects": 2,
                        "labels": {"no": 164, "yes": 139},
                        "problems": [],
                    },
                    {
                        "level": "switzerland",
                        "records": 4,
                        "subjects": 4,
                        "train_records": 916,
                        "train_subjects": 914,
                        "dropped_records": 0,
                        "dropped_subjects": 0,
                        "labels": {"yes": 4},
                        "problems": ["only the label 'yes'", "4 subjects, fewer than 5"],
                    },
                ],
            }
        ],
        "skipped": {"visit": "its 800 levels name records rather than conditions"},
    },
    "counterbalanced_test": {
        "columns": ["site"],
        "left_out": {"lab": "its levels do not have enough records of every label"},
        "reason": None,
        "records": 180,
        "subjects": 179,
        "wanted": 184,
        "at_most": 182,
        "optimal": False,
        "label_ratio": {"no": 1, "yes": 1},
        "label_shares": {"no": 0.5, "yes": 0.5},
        "by_column": {
            "site": {
                "at_most_alone": 182,
                "v_before": 0.41,
                "v": 0.013,
                "deviation": 1.5,
                "missing_cells": 0,
                "cells": [],
            },
            "lab": {
                "at_most_alone": 0,
                "v_before": 1.0,
                "v": None,
                "deviation": None,
                "missing_cells": 7,
                "cells": [["no", "east"], ["yes", "west"], ["yes", "a"], ["yes", "b"], ["yes", "c"], ["yes", "d"]],
            },
        },
    },
    "given": {
        "column": "fold",
        "headline": "The given split 'fold' deviates by 212 records; 60 were attainable.",
        "unassigned": 1,
        "parts": [
            {"part": "train", "records": 700, "subjects": 690},
            {"part": "test", "records": 219, "subjects": 215},
        ],
        "objective": 212.0,
        "attainable": 60.0,
        "deviation": {"(label)": 12.0, "site": 200.0},
        "attainable_deviation": {"(label)": 2.0, "site": 58.0},
        "absences": 40,
        "absent": [{"part": "test", "column": "site", "level": "hungary", "expected": 70.04}],
    },
}


def page(folder: Path, facts: Any) -> str:
    folds = pa.table({"row": [0, 1, 2, 3], "subject": [0, 1, 2, 3], "fold": [0, 1, 0, 1]})
    stored = json.dumps(facts)
    write_table(folds.replace_schema_metadata({"audit_pipeline.splits": stored}), folder / "splits.parquet")
    html = render_page(folder)
    return html[html.index('id="splits-title"') : html.index('id="lineage-title"')]


def test_the_page_tells_of_every_kind_of_split(verdict: Verdict, write_folder: WriteFolder) -> None:
    shown = page(write_folder(verdict), FACTS)
    for part in (
        "Leaving one level of site out, in records",
        "only the label &#39;yes&#39;; 4 subjects, fewer than 5",
        "sound",
        "visit has no such splits: its 800 levels name records rather than conditions.",
        "180 records of 179 subjects, in which every level of site has the labels in the same ratio (1 no to 1 yes); "
        "184 were wanted, and exact balance allows at most 182.",
        "not balanced",
        "lab is not balanced: its levels do not have enough records of every label.",
        "lab lacks 7 combinations: no no at east, yes at west, yes at a, yes at b, yes at c and 2 more.",
        "60 were attainable",
        "as <code>proposed_split</code>",
        "test has no record of hungary (site), where its share would be 70.0.",
        "Parts lack 40 labels and levels in all.",
        "1 record without a value is in no part.",
    ):
        assert part in shown, part
    assert '<td class="num">17</td>' in shown


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"optimal": True, "records": 182}, "no larger one exists (184 were wanted)"),
        ({"optimal": True, "records": 184}, "that is all that was wanted"),
        ({"reason": "too few"}, "There is none: too few."),
    ],
)
def test_the_sentence_on_the_test_part(changes: dict[str, Any], says: str) -> None:
    sentence, _, _ = counterbalanced({"counterbalanced_test": {**FACTS["counterbalanced_test"], **changes}})
    assert says in sentence


def test_older_folders_have_none_of_it(verdict: Verdict, write_folder: WriteFolder) -> None:
    shown = page(write_folder(verdict), {"objective": 12.25, "given": None, "counterbalanced_test": None})
    for heading in ("Leaving a level out", "counterbalanced", "The given split"):
        assert heading not in shown


def hostile(value: Any) -> Any:
    """Return the facts with every text replaced, also where it is a key that a user chose."""
    if isinstance(value, dict):
        return {EVIL if key in {"site", "lab", "no", "visit"} else key: hostile(held) for key, held in value.items()}
    if isinstance(value, list):
        return [hostile(held) for held in value]
    return EVIL if isinstance(value, str) else value


def test_hostile_names_stay_text(verdict: Verdict, write_folder: WriteFolder) -> None:
    shown = page(write_folder(verdict), hostile(FACTS))
    assert "<script>" not in shown
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert len(shown) < 100_000


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**9) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["site", "levels", "x"]), inner),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_facts_are_not_fatal(data: st.DataObject) -> None:
    def damage(value: Any) -> Any:
        if data.draw(st.integers(0, 9)) == 0:
            return data.draw(junk)
        if isinstance(value, dict):
            return {key: damage(held) for key, held in value.items()}
        return [damage(held) for held in value] if isinstance(value, list) else value

    facts = {key: damage(FACTS[key]) for key in ("leave_one_level_out", "counterbalanced_test", "given")}
    for tables, notes in (left_out_levels(facts), counterbalanced(facts)[1:], given_split(facts)[1:3]):
        assert all(isinstance(note, str) for note in notes)
        for table in tables if isinstance(tables, list) else [tables] if tables else []:
            assert all(len(row) == len(table.heads) for row in table.rows)
            assert all(isinstance(cell, str) for row in table.rows for cell in row)


def test_strata_are_named_in_words() -> None:
    assert [stratum(key) for key in ("(label)", "(label) x site", "(records)", "site")] == [
        "the label",
        "the label × site",
        "the size",
        "site",
    ]
