"""An audit of a hundred thousand records and thirty columns still makes a light page in seconds."""

from __future__ import annotations

import time
from dataclasses import replace

import pyarrow as pa
from made_by_hand import WriteFolder, rows_about

from audit_pipeline.evidence import Evidence
from audit_pipeline.parquet import write_table
from audit_pipeline.report.page import render_page
from audit_pipeline.verdict_types import Finding, Verdict

RECORDS, COLUMNS, LEVELS, VIEWS = 100_000, 30, 40, 12


def test_a_hundred_thousand_records_and_thirty_columns(
    verdict: Verdict, site: Finding, write_folder: WriteFolder
) -> None:
    columns = [f"column {i}" for i in range(COLUMNS)]
    levels, labels = [f"level {i}" for i in range(LEVELS)], [f"label {i}" for i in range(10)]
    rows = [row for column in columns for row in rows_about(column, levels=levels, labels=labels)]
    for view in range(VIEWS):
        rows.append(Evidence(probe="shortcut_views", metric="view_auc", view=f"view {view}", estimate=0.6, n=RECORDS))
        rows += [
            Evidence(probe="shortcut_views", metric="view_auc_within", view=f"view {view}", column=column, estimate=0.5)
            for column in columns
        ]
    findings = tuple(replace(site, column=column, n=RECORDS) for column in columns)
    folder = write_folder(replace(verdict, findings=findings), rows)
    folds = {"row": range(RECORDS), "subject": range(RECORDS), "fold": [i % 5 for i in range(RECORDS)]}
    write_table(pa.table({name: list(values) for name, values in folds.items()}), folder / "splits.parquet")
    started = time.perf_counter()
    html = render_page(folder)
    assert time.perf_counter() - started < 10
    assert html.count("<article") >= COLUMNS
    assert f"{RECORDS // 5:,}" in html
    assert len(html.encode()) < 3_000_000
    assert render_page(folder) == html
