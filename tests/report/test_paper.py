"""What goes into a paper says what the folder says, and nothing that it does not say."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_by_hand import EVIL, LINEAGE, WriteFolder, rows_about
from markdown_it import MarkdownIt
from pyld import jsonld

from audit_pipeline.evidence import Evidence
from audit_pipeline.report.folder import AuditFolder, read_folder
from audit_pipeline.report.paper import croissant, datasheet, document, summary
from audit_pipeline.report.paper.facts import facts_of
from audit_pipeline.report.paper.methods import methods_of
from audit_pipeline.report.paper.references import REFERENCES
from audit_pipeline.report.paper.results import others_of, results_of
from audit_pipeline.verdict_types import Finding, Verdict

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
RAI = "http://mlcommons.org/croissant/RAI/"
# Of the vocabulary's table: properties that hold one text; every other holds many.
ONE = {"dataCollection", "dataCollectionMissingData"}
KNOWN = {
    *ONE,
    "dataCollectionType",
    "dataCollectionRawData",
    "dataCollectionTimeframe",
    "dataImputationProtocol",
    "dataManipulationProtocol",
    "dataPreprocessingProtocol",
    "dataAnnotationProtocol",
    "dataAnnotationPlatform",
    "dataAnnotationAnalysis",
    "dataReleaseMaintenancePlan",
    "personalSensitiveInformation",
    "dataSocialImpact",
    "dataBiases",
    "dataLimitations",
    "dataUseCases",
    "annotationsPerItem",
    "annotatorDemographics",
    "machineAnnotationTools",
}


def measured(**sensor: Any) -> list[Evidence]:
    """Rows as the probes leave them, with their numbers of permutations."""
    common: dict[str, Any] = {"column": "site", "role": "nuisance", "n": 920, "n_subjects": 918}
    return [
        *rows_about("site"),
        Evidence(
            **common,
            probe="design",
            metric="association_v",
            estimate=0.413,
            detail={"method": "permutation", "permutations": 4_321, "unit": "subjects"},
        ),
        Evidence(
            **common,
            probe="sensor",
            metric="p_sensor",
            p_value=0.01,
            detail={"permutations": 777, "probes": ["linear", "quadratic", "border"], **sensor},
        ),
    ]


@pytest.fixture
def folder(verdict: Verdict, write_folder: WriteFolder) -> AuditFolder:
    lineage = {
        **LINEAGE,
        "seed": 17,
        "code": {"audit_pipeline": "9.8.7", "sha256": "cd" * 32},
        "python": "3.12.99",
        "packages": {"numpy": "2.99.1"},
    }
    lineage["spec"] = {**LINEAGE["spec"], "subject": "patient", "folds": 7}  # type: ignore[dict-item]
    return read_folder(write_folder(replace(verdict, lineage=lineage), measured()))


class TestMethods:
    def test_the_numbers_are_those_of_the_folder(self, folder: AuditFolder) -> None:
        told = methods_of(facts_of(folder)).paragraph
        for part in (
            "heart-disease (920 records of 918 subjects)",
            "the label (disease)",
            "nuisance column (site)",
            "4,321 permutations",
            "777 permutations",
            "the border of the image",
            "in 7 folds",
            "family-wise error rate of 0.05",
            "V is at least 0.20",
            "below 0.60",
            "less than 0.10",
            "audit-pipeline 9.8.7 (code SHA-256 cdcdcdcdcdcd)",
            "Python 3.12.99",
            "numpy 2.99.1",
            "seed 17",
            "specification SHA-256 abababababab",
        ):
            assert part in told, part

    def test_other_thresholds_are_told(self, verdict: Verdict, write_folder: WriteFolder) -> None:
        policy = {"alpha": 0.01, "association": 0.33, "separability": 0.71, "overlap": 0.07}
        told = methods_of(facts_of(read_folder(write_folder(replace(verdict, policy=policy), measured())))).paragraph
        for part in ("error rate of 0.01", "V is at least 0.33", "below 0.71", "less than 0.07"):
            assert part in told, part

    def test_probes_that_did_not_run_are_not_told(self, verdict: Verdict, write_folder: WriteFolder) -> None:
        rows = [row for row in measured() if row.probe == "design"]
        told = methods_of(facts_of(read_folder(write_folder(verdict, rows))))
        assert "Cramér's V" in told.paragraph
        assert "sensor edge was tested" not in told.paragraph
        assert "inflation" not in told.paragraph
        assert {each.key for each in told.references} == {"bergsma2013", "phipson2010", "smithson2003"}

    def test_works_that_are_cited_are_listed_and_no_others(self, folder: AuditFolder) -> None:
        methods = methods_of(facts_of(folder))
        cited = set(re.findall(r"[A-Z][\w.]+(?: (?:and [A-Z]\w+|et al\.))? (?:19|20)\d\d", methods.paragraph))
        assert cited == {each.cited for each in methods.references}

    def test_dois_look_like_dois_and_keys_are_unique(self) -> None:
        dois = [each.doi for each in REFERENCES.values() if each.doi]
        assert len(dois) == len(set(dois)) >= 12
        assert all(re.fullmatch(r"10\.\d{4,5}/\S+", doi) for doi in dois)
        # The year of a citation is that of the work.
        assert all(each.cited[-4:] in each.full and each.key.endswith(each.cited[-4:]) for each in REFERENCES.values())

    def test_an_old_folder_is_told_as_far_as_it_goes(self, verdict: Verdict, write_folder: WriteFolder) -> None:
        told = methods_of(facts_of(read_folder(write_folder(replace(verdict, policy={}), [])))).paragraph
        assert "heart-disease" in told
        assert "None" not in told


class TestResults:
    def test_a_confounded_column(self, folder: AuditFolder) -> None:
        ((finding, told),) = results_of(facts_of(folder))
        assert finding.column == "site"
        for part in (
            "bias-corrected Cramér's V = 0.41, 95% CI 0.35 to 0.47; p < 0.001",
            "AUC = 0.71, 95% CI 0.67 to 0.74",
            "AUC = 0.97, 95% CI 0.95 to 0.98; permutation p = 0.010, 777 permutations",
            "Holm-adjusted p = 0.012",
            "0.884 over all records",
            "0.812, 95% CI 0.780 to 0.840 (inflation = 0.072, 95% CI 0.051 to 0.094)",
        ):
            assert part in told, part

    def test_an_aliased_column(self, folder: AuditFolder, site: Finding) -> None:
        aliased = replace(site, reason="aliased", overlap=0.02, p_sensor=None, separability_auc=None)
        folder = replace(folder, verdict=replace(folder.verdict, findings=(aliased,)))
        ((_, told),) = results_of(facts_of(folder))
        assert "aliased (smallest overlap of two labels over levels of site 0.02)" in told
        assert "No analysis of these data can separate the two" in told
        assert "permutation p" not in told

    def test_a_test_that_did_not_reject_is_not_told_as_one_that_did(self, folder: AuditFolder, site: Finding) -> None:
        weak = replace(site, reason="aliased", p_sensor=0.4)
        folder = replace(folder, verdict=replace(folder.verdict, findings=(weak,)))
        ((_, told),) = results_of(facts_of(folder))
        assert "was not shown" in told
        assert "identified" not in told

    def test_a_finding_without_figures_is_told_in_the_verdicts_words(self, folder: AuditFolder) -> None:
        leak = Finding(
            column="fold",
            role="split",
            verdict="fail",
            reason="leakage",
            headline="The split leaks.",
            next_step="Split.",
        )
        folder = replace(folder, verdict=replace(folder.verdict, findings=(leak,)))
        assert results_of(facts_of(folder))[0][1] == "The split leaks."

    def test_views_are_told_once(self, folder: AuditFolder) -> None:
        view = Finding(column=None, role="view", verdict="pass", reason="unrecorded", headline="x", next_step="y")
        folder = replace(folder, verdict=replace(folder.verdict, findings=(view, view)))
        assert others_of(folder) == "Of the other findings, the views of the data passed."

    def test_only_what_failed_has_a_paragraph(self, folder: AuditFolder) -> None:
        assert others_of(folder) == "Of the other findings, age passed."


class TestMarkdown:
    def test_the_verdict_for_a_pull_request(self, folder: AuditFolder) -> None:
        source = summary.as_markdown(folder)
        tokens = PARSER.parse(source)
        titles = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
        assert titles == ["Dataset audit: heart-disease", "Findings", "Next steps", "Methods", "References"]
        cells = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "td_open"]
        assert len(cells) == 2 * 8
        assert cells[0] == "site"  # the worst finding first
        assert cells[3] == r"0.41 \[0.35, 0.47\]"
        assert "✘ FAIL" in cells[2]
        step = "Next: Record at least 40 more 'no' at site 'switzerland'."
        assert f"- **site**: site is a shortcut to the label. {step}" in source
        # The verdict's own sentence is not told twice.
        folder = replace(folder, verdict=replace(folder.verdict, headline="site is a shortcut to the label."))
        assert f"- **site**: {step}" in summary.as_markdown(folder)
        assert "<https://doi.org/10.1016/j.jkss.2012.10.002>" in source

    def test_the_text_for_a_paper(self, folder: AuditFolder) -> None:
        tokens = PARSER.parse(summary.as_paper(folder))
        titles = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
        assert titles == ["Methods", "Results", "References"]

    def test_a_dataset_that_passes(self, folder: AuditFolder, age: Finding) -> None:
        folder = replace(folder, verdict=replace(folder.verdict, verdict="pass", findings=(age,)))
        assert "Nothing to repair." in summary.as_markdown(folder)
        assert "No column failed." in summary.as_paper(folder)

    def test_as_many_findings_as_the_page_has(self, folder: AuditFolder, site: Finding) -> None:
        many = tuple(replace(site, column=f"c{i}") for i in range(250))
        folder = replace(folder, verdict=replace(folder.verdict, findings=many))
        source = summary.as_markdown(folder)
        assert "150 more findings are in findings.parquet." in source
        assert len(source) < 200_000
        assert "150 more findings failed" in summary.as_paper(folder)

    @pytest.mark.parametrize("make", [summary.as_markdown, summary.as_paper, datasheet.as_datasheet])
    def test_hostile_names_are_text(self, make: Any, hostile: Verdict, write_folder: WriteFolder) -> None:
        evil = EVIL.replace("\udc80", "")  # half a character cannot be in Parquet
        failed = replace(
            hostile.findings[0], column=evil, verdict="fail", reason="confounded", p_sensor=0.001, p_adjusted=0.001
        )
        hostile = replace(
            hostile, findings=(failed, *hostile.findings[1:]), lineage={"spec": {"label": EVIL}, "notes": [EVIL]}
        )
        rows = rows_about(evil, levels=(evil, "b"), labels=(evil, "no"))
        source = make(read_folder(write_folder(hostile, rows)))
        tokens = PARSER.parse(source)
        assert not {token.type for token in tokens} & {"html_block", "code_block", "fence", "hr", "blockquote_open"}
        children = [child for token in tokens for child in token.children or ()]
        assert {child.type for child in children} <= {
            "text",
            "softbreak",
            "strong_open",
            "strong_close",
            "link_open",
            "link_close",
        }
        links = [str(child.attrs["href"]) for child in children if child.type == "link_open"]
        assert all(link.startswith("https://doi.org/10.") for link in links)
        assert not re.search(r"[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f]", source)
        assert len(source) < 100_000

    def test_formulas_are_no_formulas(self, folder: AuditFolder, site: Finding) -> None:
        evil = replace(site, column="=HYPERLINK(0)")
        folder = replace(folder, verdict=replace(folder.verdict, findings=(evil,)))
        assert "| '=HYPERLINK(0) |" in summary.as_markdown(folder)


class TestJson:
    def test_the_facts(self, folder: AuditFolder) -> None:
        found = json.loads(document.as_json(folder))
        assert (found["schema_version"], found["dataset"], found["verdict"]) == (1, "heart-disease", "fail")
        site, age = found["findings"]
        assert site["figures"]["association_v"] == {"estimate": 0.413, "ci95": [0.35, 0.47]}
        assert site["figures"]["auc_pooled"] == {"estimate": 0.884, "ci95": None}
        assert age["figures"]["inflation"] is None
        assert site["p_values"]["p_adjusted"] == 0.012
        assert found["results"][0]["column"] == "site"
        assert found["provenance"]["seed"] == 17
        assert "run" not in found["provenance"]

    def test_the_keys_are_a_contract(self, folder: AuditFolder) -> None:
        """Whoever changes these raises the version."""
        found = json.loads(document.as_json(folder))
        assert set(found) == {
            *("schema_version", "dataset", "verdict", "headline", "records", "subjects", "label"),
            *("findings", "policy", "methods", "results", "provenance"),
        }
        assert set(found["findings"][0]) == {
            *("column", "role", "verdict", "reason", "reason_words", "headline", "next_step", "notes"),
            *("figures", "p_values", "sizes", "separability_probe", "model"),
        }

    def test_names_are_exact_and_harmless(self, hostile: Verdict, write_folder: WriteFolder) -> None:
        text = document.as_json(read_folder(write_folder(hostile, [])))
        assert json.loads(text)["dataset"] == EVIL
        assert text.isascii()
        assert not re.search(r"[<>&\x00-\x09\x0b-\x1f]", text)

    def test_the_same_folder_gives_the_same_bytes(self, folder: AuditFolder) -> None:
        for make in (document.as_json, croissant.as_croissant, summary.as_markdown, datasheet.as_datasheet):
            assert make(folder) == make(folder)


class TestCroissant:
    def test_every_term_has_a_meaning(self, folder: AuditFolder) -> None:
        """Expansion drops what the context does not define; nothing may get lost, and nothing is fetched for it."""
        found = json.loads(croissant.as_croissant(folder))
        (expanded,) = jsonld.expand(found, {"documentLoader": _no_network})
        assert expanded["@type"] == ["https://schema.org/Dataset"]
        assert expanded["http://purl.org/dc/terms/conformsTo"] == [
            {"@language": "en", "@value": "http://mlcommons.org/croissant/RAI/1.0"}
        ]
        assert expanded["https://schema.org/name"][0]["@value"] == "heart-disease"
        assert len(expanded) == len(found) - 1  # all but the context
        used = {key.removeprefix(RAI) for key in expanded if key.startswith(RAI)}
        assert used == {"dataBiases", "dataLimitations", "dataCollection", "dataCollectionMissingData", "dataUseCases"}
        assert used <= KNOWN

    def test_as_many_texts_as_the_vocabulary_allows(self, folder: AuditFolder) -> None:
        found = croissant.as_dict(folder)
        for key, value in found.items():
            if key.startswith("rai:"):
                wanted = str if key.removeprefix("rai:") in ONE else list
                assert isinstance(value, wanted), key

    def test_what_fails_is_a_bias_and_what_passes_is_none(self, folder: AuditFolder) -> None:
        found = croissant.as_dict(folder)
        assert found["rai:dataBiases"] == ["FAIL: site is a shortcut to the label."]
        assert found["rai:dataUseCases"] == ["site: Record at least 40 more 'no' at site 'switzerland'."]
        assert "acquisition metadata that must not influence the label: site" in found["rai:dataCollection"]

    def test_a_dataset_that_passes_declares_no_bias(self, folder: AuditFolder, age: Finding) -> None:
        folder = replace(folder, verdict=replace(folder.verdict, verdict="pass", findings=(age,)))
        assert "rai:dataBiases" not in croissant.as_dict(folder)

    def test_missing_values_are_counted(self, folder: AuditFolder) -> None:
        entry = {"entry": "column", "name": "site", "role": "nuisance", "missing": 12}
        assert "site: 12" in str(croissant.missing_of(replace(folder, manifest=(entry,))))
        assert croissant.missing_of(replace(folder, manifest=())) is None

    def test_hostile_names_stay_values(self, hostile: Verdict, write_folder: WriteFolder) -> None:
        hostile = replace(hostile, dataset="@id", findings=(replace(hostile.findings[0], verdict="fail"),))
        found = json.loads(croissant.as_croissant(read_folder(write_folder(hostile, []))))
        assert set(found["@context"]) == set(croissant.CONTEXT)
        (expanded,) = jsonld.expand(found, {"documentLoader": _no_network})
        assert expanded["https://schema.org/name"][0]["@value"] == "@id"


class TestDatasheet:
    def test_questions_with_their_answers(self, folder: AuditFolder) -> None:
        source = datasheet.as_datasheet(folder)
        for part in (
            "920 records of 918 subjects",
            "site is a shortcut to the label.",
            "3 of 923 records have no label and were left out",
            "whole subjects to 5 folds",
            "10.1145/3458723",
        ):
            assert part in source, part

    def test_a_question_without_an_answer_is_left_out(self, verdict: Verdict, write_folder: WriteFolder) -> None:
        place: Path = write_folder(verdict, [])
        for name in ("splits.parquet", "manifest.parquet"):
            (place / name).unlink()
        source = datasheet.as_datasheet(read_folder(place))
        assert "recommended data splits" not in source
        assert "missing from individual instances" not in source


def _no_network(url: str, options: object) -> None:
    raise AssertionError(f"{url} is loaded")
