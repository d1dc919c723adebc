"""The methods paragraph: what was asked, by which tests, with which numbers, by which versions.

Plain text, for JSON as it is and for Markdown through :mod:`markdown`. What the folder does not say is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit_pipeline.report.paper.facts import Facts
from audit_pipeline.report.paper.references import Reference, cite, cited_in
from audit_pipeline.report.paper.sentences import called, listed
from audit_pipeline.report.text import count, number
from audit_pipeline.wording_views import VIEW_WORDS

_LOOKS = {
    "linear": "the features themselves",
    "quadratic": "their squares and products",
    "trees": "the leaves of random trees",
}
_BASELINES = {"linear": "a ridge logistic regression", "trees": "boosted trees", "network": "a small neural network"}
_PACKAGES = ("numpy", "scipy", "scikit-learn", "torch")
_MEDIUM = {"image": "images", "audio": "sounds"}


@dataclass(frozen=True)
class Methods:
    """The paragraph, and the works that it cites."""

    sentences: tuple[str, ...]
    references: tuple[Reference, ...]

    @property
    def paragraph(self) -> str:
        """The sentences as one paragraph."""
        return " ".join(self.sentences)

    def as_dict(self) -> dict[str, Any]:
        """Return both as JSON-able values."""
        return {"text": self.paragraph, "references": [each.as_dict() for each in self.references]}


def methods_of(facts: Facts) -> Methods:
    """Return the methods paragraph of an audit."""
    sentences = tuple(
        sentence
        for part in (_question, _design, _overlap, _sensor, _both, _severity, _beside, _decision, _versions)
        if (sentence := part(facts))
    )
    return Methods(sentences, cited_in(" ".join(sentences)))


def _question(facts: Facts) -> str:
    what = _MEDIUM.get(facts.medium or "", "records")
    size = f"{facts.records:,} {what}" if facts.records else what
    if facts.subjects and facts.subjects != facts.records:
        size += f" of {count(facts.subjects, 'subject')}"
    label = f"the label ({called(facts.label)})" if facts.label else "the label"
    columns = f" ({listed([called(name) for name in facts.nuisance])})" if facts.nuisance else ""
    sentence = (
        f"We audited the dataset {called(facts.folder.verdict.dataset)} ({size}) for metadata that a model could use as a "
        f"shortcut to {label}. For each nuisance column{columns} we asked two questions: whether it is associated with the label "
        "in this dataset (design edge), and whether the recorded data reveal it given the label (sensor edge)."
    )
    if facts.covariates:
        names = listed([called(name) for name in facts.covariates])
        sentence += f" Declared as legitimate, and so reported and never failed: {names}."
    return sentence


def _design(facts: Facts) -> str:
    if "design" not in facts.probes:
        return ""
    unit = f" over {listed(list(facts.units))}" if facts.units else ""
    tests = []
    if "chi-square" in facts.design_methods:
        tests.append("a chi-square test where every expected count was at least five")
    if "permutation" in facts.design_methods:
        how = f" ({_numbers(facts.design_permutations)} permutations; p-values are never zero, {cite('phipson2010')[1:-1]})"
        tests.append("a permutation test" + (how if facts.design_permutations else ""))
    tested = f" and tested by {' or else '.join(tests)}" if tests else ""
    sentence = (
        f"Association{unit} was measured by bias-corrected Cramér's V {cite('bergsma2013')}, with 95% confidence intervals by "
        f"inverting the noncentral chi-square distribution {cite('smithson2003')}{tested}."
    )
    if facts.interactions:
        what = "One pair of nuisance columns was" if facts.interactions == 1 else f"{facts.interactions:,} pairs were"
        sentence += f" {what} examined for an association beyond that of each column {cite('freedman1983')}."
    return sentence


def _overlap(facts: Facts) -> str:
    overlap = facts.policy.get("overlap")
    if overlap is None or "design" not in facts.probes:
        return ""
    return (
        f"Label and column were called aliased where two labels shared less than {number(overlap)} of their distribution over "
        "the column's levels and so little overlap was improbable under independence (hypergeometric permutation, Holm over pairs "
        "of labels)."
    )


def _sensor(facts: Facts) -> str:
    if "sensor" not in facts.probes:
        return ""
    given = "label and declared covariates" if facts.covariates else "label"
    looks = [_LOOKS.get(name) or VIEW_WORDS.get(name, name) for name in facts.looks]
    seen = f" on {listed(looks)}" if looks else " on the features"
    drawn = f" ({_numbers(facts.permutations)} permutations)" if facts.permutations else ""
    sentence = (
        f"The sensor edge was tested by cross-fitted ridge regressions of the column's residual given {given}{seen}, with folds "
        f"that never split a subject; the column was permuted among exchangeable units of the same label {cite('winkler2015')}"
    )
    sentence += f", conditionally on the covariates {cite('berrett2020')}," if facts.covariates else ","
    return sentence + (
        f" refitting each time{drawn}, stopping early only where the p-value was large {cite('besag1991')}, with the maximum over "
        f"all regressions inside the same permutations {cite('westfall1993')}. Readability is the AUC of the column within a "
        "label, with a 95% confidence interval over subjects."
    )


def _both(facts: Facts) -> str:
    alpha = facts.policy.get("alpha")
    if alpha is None or not {"design", "sensor"} <= set(facts.probes):
        return ""
    over = "nuisance columns and their pairs" if facts.interactions else "nuisance columns"
    return (
        f"A column counts as a shortcut only if both edges are present, so the larger of the two p-values was used "
        f"(intersection-union test, {cite('berger1982')[1:-1]}), adjusted over {over} {cite('holm1979')} at a family-wise error "
        f"rate of {alpha:g}."
    )


def _severity(facts: Facts) -> str:
    if "severity" not in facts.probes or not facts.baselines:
        return ""
    models = listed([_BASELINES.get(name, called(name)) for name in facts.baselines])
    folds = facts.setting("spec", "folds")
    fold = f" in {folds} folds of whole subjects" if isinstance(folds, int) else " in folds of whole subjects"
    return (
        f"Severity is the inflation of a model's out-of-fold AUC ({models}{fold}): the AUC over all records minus the "
        f"covariate-adjusted AUC, which compares records within levels of the column only {cite('janes2009')}, with intervals "
        f"from influence functions {cite('ledell2015')}."
    )


def _beside(facts: Facts) -> str:
    said = []
    if "shortcut_views" in facts.probes:
        said.append("whether parts of the data that should carry no label predict it")
    if "unrecorded" in facts.probes:
        said.append("whether records fall into groups that no column names")
    if "leakage" in facts.probes:
        said.append(f"whether records are copied or nearly so {cite('facco2017')}")
    if facts.split and "leakage" in facts.probes:
        said.append(f"whether the given split ({called(facts.split)}) keeps subjects and copies apart")
    if "confounder_tests" in facts.probes:
        said.append(f"the partial and full confounder tests of the models' predictions {cite('spisak2022')}")
    return f"We also examined {listed(said)}." if said else ""


def _decision(facts: Facts) -> str:
    association, separability = facts.policy.get("association"), facts.policy.get("separability")
    if association is None or separability is None:
        return ""
    return (
        f"By the decision rule, a nuisance column fails if aliased, or if both edges are present and V is at "
        f"least {number(association)}; it warns if both are present with a smaller V; it passes if the one-sided upper 95% bound "
        f"of V lies below {number(association)}, or that of the AUC within a label below {number(separability)} for every probe "
        "that was shown to notice as much; otherwise the data are inconclusive."
    )


def _versions(facts: Facts) -> str:
    version, code = facts.setting("code", "audit_pipeline"), facts.setting("code", "sha256")
    if not version:
        return ""
    made = [f"audit-pipeline {called(version)}" + (f" (code SHA-256 {called(code)[:12]})" if code else "")]
    if python := facts.setting("python"):
        made.append(f"Python {called(python)}")
    packages = facts.setting("packages")
    packages = packages if isinstance(packages, Mapping) else {}
    made += [f"{name} {called(packages[name])}" for name in _PACKAGES if name in packages]
    seed, spec = facts.setting("seed"), facts.setting("spec_sha256")
    how = [] if seed is None else [f"seed {called(seed)}"]
    how += [f"specification SHA-256 {called(spec)[:12]}"] if spec else []
    return f"Analyses used {listed(made)}" + (f" ({', '.join(how)})." if how else ".")


def _numbers(found: tuple[int, int] | None) -> str:
    if found is None:
        return ""
    low, high = found
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
