"""The four answers of the first screen say what the worst finding says, for every reason there is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_by_hand import EVIL, WriteFolder, rows_about

from audit_pipeline.evidence import Evidence
from audit_pipeline.report.consultation import Consultation, consult
from audit_pipeline.report.folder import read_folder
from audit_pipeline.report.naming import quiet, title, view_of
from audit_pipeline.report.remarks import remarks
from audit_pipeline.verdict_types import Finding, Verdict


@pytest.fixture
def answers(verdict: Verdict, write_folder: WriteFolder):
    def ask(finding: Finding, rows: list[Evidence] | None = None) -> Consultation:
        judged = replace(verdict, verdict=finding.verdict, findings=(finding,))
        return consult(read_folder(write_folder(judged, rows)))

    return ask


def test_confounded(answers, site: Finding) -> None:
    found = answers(site)
    # 17 to 20 of 'yes' beside 10 to 13 of 'no' (none at switzerland): 20 of 33 at va is the smallest share.
    assert "At site 'switzerland' 100% of the records have disease 'yes', at 'va' 61%." in found.wrong
    assert "A model can read site from the data" in found.wrong
    assert found.sure.startswith("Sure by the usual standard")
    assert "at most 1 of 83 such datasets would show as much (p = 0.012)" in found.sure
    assert (
        "AUC 0.88 over all records, 0.81 among those alike in site: 0.072 [0.051, 0.094] of it comes from site"
        in found.bad
    )
    assert found.next_step == site.next_step


def test_what_is_not_proven_is_not_claimed(answers, site: Finding) -> None:
    found = answers(replace(site, inflation=0.009, inflation_low=-0.008, inflation_high=0.027, p_adjusted=0.0004))
    assert "is not proven (0.009 [-0.008, 0.027])" in found.bad
    assert "of it comes from" not in found.bad
    assert found.sure.startswith("Very sure")
    assert "fewer than 1 of 1,000" in found.sure


def test_aliased(answers, site: Finding) -> None:
    rows = [
        Evidence(probe="design", metric="overlap", column="site", estimate=0.4, detail={"labels": ["a", "c"]}),
        Evidence(probe="design", metric="overlap", column="site", estimate=0.0, detail={"labels": ["a", "b"]}),
    ]
    found = answers(replace(site, reason="aliased", overlap=0.0), rows)
    assert found.wrong.startswith("disease 'a' and 'b' were never recorded at the same site.")
    assert found.sure.startswith("Certain: this is counted in 918 subjects")
    almost = answers(replace(site, reason="aliased", overlap=0.04), [replace(rows[1], estimate=0.04)])
    assert "almost never" in almost.wrong


def test_a_header_is_said_in_words(answers, site: Finding) -> None:
    rows = [
        Evidence(probe="design", metric="overlap", column="file.jpeg_quality", estimate=0.0, detail={"labels": [0, 1]})
    ]
    found = answers(replace(site, column="file.jpeg_quality", reason="aliased", overlap=0.0), rows)
    assert "how the files were written (file.jpeg_quality: " in found.wrong
    assert "Export all of them from their originals in one way" in found.next_step


def test_inconclusive_claims_nothing(answers, site: Finding) -> None:
    thin = replace(site, verdict="inconclusive", reason="undetermined", inflation=None, auc_adjusted=None)
    found = answers(thin)
    assert found.wrong.startswith("Nothing is proven, and nothing excluded")
    assert found.sure.startswith("Not sure: with 918 subjects a link with the label below 0.11")


def test_a_pass_says_what_the_data_still_allow(answers, site: Finding) -> None:
    rows = [Evidence(probe="design", metric="association_upper", column="site", estimate=0.19)]
    # The two-sided interval may hold the tolerance though the one-sided bound, which decides, does not.
    fine = replace(site, verdict="pass", reason="independent", association_high=0.21, next_step="Nothing to repair.")
    found = answers(fine, rows)
    assert "no shortcut to the label was found in 1 column (site)" in found.wrong
    assert "still allow is 0.19 (site; 0 is none, 1 is complete), where 0.20 is tolerated" in found.sure
    assert found.next_step == "Train. Nothing to repair."


def test_a_view_is_called_by_its_words(answers, site: Finding) -> None:
    view = Finding(
        column=None,
        role="view",
        verdict="warn",
        reason="unrecorded",
        headline="The noise that a denoiser leaves alone predicts the label at equal values (AUC 0.64 [0.60, 0.69]).",
        next_step="Ask.",
        n=100,
    )
    rows = [
        Evidence(probe="shortcut_views", metric="view_auc", view="noise", estimate=0.75, ci_low=0.7, ci_high=0.8),
        Evidence(probe="shortcut_views", metric="view_persists", view="noise", estimate=0.64, p_value=0.004),
    ]
    assert view_of(view) == "noise"
    assert title(view) == "The noise that a denoiser leaves"
    found = answers(view, rows)
    assert found.wrong == view.headline
    assert "at most 1 of 250 such datasets" in found.sure
    assert "AUC 0.75 [0.70, 0.80] over all records and 0.64 where all recorded columns are alike" in found.bad
    assert (
        view_of(replace(view, headline="By the noise that a denoiser leaves the records fall into groups.")) == "noise"
    )
    assert view_of(replace(view, headline="Parts of the recordings predict the label by themselves.")) is None
    assert view_of(site) is None


def test_nothing_judged_and_hostile_names(verdict: Verdict, hostile: Verdict, write_folder: WriteFolder) -> None:
    assert consult(read_folder(write_folder(replace(verdict, findings=()), []))).finding is None
    name = EVIL.replace("\udc80", "")
    found = consult(read_folder(write_folder(hostile, rows_about(name))))
    for said in (found.wrong, found.sure, found.bad):
        assert len(said) < 1_000
        assert said.isprintable()


def test_only_headers_with_nothing_wrong_are_quiet(site: Finding) -> None:
    header = replace(site, column="file.make", verdict="pass")
    assert quiet(header)
    assert not quiet(replace(header, verdict="warn"))
    assert not quiet(replace(site, verdict="pass"))


def test_notes_stand_where_they_are_read(verdict: Verdict, write_folder: WriteFolder) -> None:
    notes = [
        "2 of 80 recordings cannot be read and were left out (2 truncated; by label 2 of 40 yes): a.png (cut off)",
        "file.make parts the files exactly as site does, and is not audited again",
        "the same in the headers of all files: file.kind ('jpeg')",
        "chol = 0 in 172 of 890 records, 123 of 123 at site 'switzerland'",
        "websites are something else",
    ]
    folder = read_folder(write_folder(replace(verdict, lineage={"notes": notes})))
    found = remarks(folder)
    assert found.lost == (notes[0],)
    assert found.headers == (notes[1], notes[2])
    assert found.about("site") == (notes[1], notes[3])
    assert found.about("chol") == (notes[3],)
    assert found.about(None) == ()


def test_others_that_are_as_bad_are_named(verdict: Verdict, site: Finding, write_folder: WriteFolder) -> None:
    def wrong(*columns: str) -> str:
        others = [replace(site, column=column) for column in columns]
        harmless = replace(site, column="fine", verdict="warn")
        return consult(read_folder(write_folder(replace(verdict, findings=(site, *others, harmless))))).wrong

    assert "Also" not in wrong()
    assert wrong("sex").endswith(" Also sex fails.")
    assert wrong("sex", "age").endswith(" Also sex and age fail.")
    assert wrong(*"abcdefg").endswith(" Also a, b, c, d and 3 more fail.")
