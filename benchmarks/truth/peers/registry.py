"""Which peers there are, and what of their output is taken as an alarm: the table of the documentation comes from here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
QUESTIONS = ("confounding", "unrecorded", "leakage")


@dataclass(frozen=True)
class Peer:
    """A tool that is asked about the same cases.

    Parameters
    ----------
    name : of the peer and of its folder, which holds ``run.py`` and ``requirements.txt``.
    title : as a reader knows it.
    package : the distribution whose version stands for the peer's.
    licence : SPDX expression; the peer is installed for a run and is no part of this project.
    answers : questions that it has something to say about; to the others it gives no score and says why.
    alarm : the rule that is taken as its alarm.
    score : the figure by which its cases are ranked; higher is more alarming.
    fair : why that is the fairest use of it.
    settings : what was set other than its defaults, its limits and its cost; empty if nothing.
    """

    name: str
    title: str
    package: str
    licence: str
    answers: tuple[str, ...]
    alarm: str
    score: str
    fair: str
    settings: str = ""

    @property
    def script(self) -> Path:
        return HERE / self.name / "run.py"

    @property
    def requirements(self) -> Path:
        return HERE / self.name / "requirements.txt"

    @property
    def version(self) -> str:
        """The version that is pinned in its requirements.

        Raises
        ------
        ValueError : the requirements do not pin the package.
        """
        pin = re.compile(rf"^{re.escape(self.package)}(?:\[[\w,-]+\])?==(\S+)$", re.MULTILINE)
        found = pin.search(self.requirements.read_text())
        if found is None:
            raise ValueError(f"{self.requirements} does not pin {self.package}")
        return found.group(1)


PEERS = (
    Peer(
        name="cleanlab",
        title="cleanlab Datalab",
        package="cleanlab",
        licence="Apache-2.0",
        answers=QUESTIONS,
        alarm="Confounding: a nuisance column scores below .3 for spurious correlation, its default. Unrecorded: its "
        "non-iid check has p < .05, its default. Leakage: a near-duplicate set spans the split.",
        score="One minus the lowest spurious-correlation score; one minus p; share of records with a near-duplicate "
        "on the other side.",
        fair="Datalab offers the spurious-correlation check for image properties (darkness, blur) only. Metadata columns "
        "are given to the same scorer as if they were such properties, as a code and, above two levels, also as one "
        "indicator a level; the most alarming counts. Its other checks do not look at a column: non-iid asks whether "
        "neighbours in the features are neighbours in the order of rows, which is as near as it comes to a confounder "
        "that nobody recorded.",
        settings="Calls the scorer behind Datalab, cleanlab.datalab.internal, since the public way needs images. Labels of "
        "classes only. Features are standardised. Predicted probabilities are not needed by these checks.",
    ),
    Peer(
        name="deepchecks",
        title="deepchecks (tabular)",
        package="deepchecks",
        licence="AGPL-3.0-or-later",
        answers=("confounding", "leakage"),
        alarm="Confounding: FeatureLabelCorrelation fails its default condition, a predictive power score (PPS) of .8 or "
        "more. Leakage: IndexTrainTestLeakage or TrainTestSamplesMix fails the default condition.",
        score="The largest PPS of a nuisance column for the label; the largest share of the test part that is found in "
        "the training part.",
        fair="The check and the condition are those of its data-integrity suite, and a metadata column is given as the "
        "feature whose correlation with the label is suspicious. IdentifierLabelCorrelation has the same PPS with a "
        "condition of 0 and takes only an index or a date; it would alarm at every associated column, visible or not. "
        "For leakage the subject is the index, which is what the index check is for.",
        settings="Does not import with today's libraries; pinned to those of 2025. A part named test is the test set, "
        "else each part of the split in turn.",
    ),
    Peer(
        name="mlconfound",
        title="mlconfound",
        package="mlconfound",
        licence="GPL-3.0-or-later",
        answers=("confounding",),
        alarm="The partial confounder test of cross-fitted predictions has p < .05, Bonferroni over the columns.",
        score="One minus the corrected p-value of the strongest column; ties are broken by the explained variance beyond "
        "its expectation, by less than one step of p.",
        fair="It is the test's documented use: label, out-of-sample predictions, confounder, with the flags for classes "
        "and the recommended additive model. Predictions are of a standardised linear model in five folds that split no "
        "subject. Of a binary label the probability is tested, as the documentation allows; of more classes the class.",
        settings="1,000 permutations and 50 steps, its defaults, which cost 10 to 20 s a column at n = 300; but 100 "
        "permutations where column and label have classes and the label more than two, for each of these fits a "
        "multinomial logit by Powell's method, about seven times as slow. It returns p = 0 when no permutation reaches the observed value. SciPy is "
        "held at 1.13: with later ones its additive model fails on numbers.",
    ),
    Peer(
        name="fairlearn",
        title="fairlearn MetricFrame",
        package="fairlearn",
        licence="MIT",
        answers=("confounding",),
        alarm="The difference() between levels of a nuisance column exceeds .1 beyond chance: the lower end (5%) of its "
        "bootstrap interval is above .1, for the recall of some class (equalised odds) or, for a number, the mean error in "
        "standard deviations.",
        score="The largest difference.",
        fair="fairlearn gives no threshold; .1 is the customary one for such differences. Without the interval that "
        "MetricFrame offers, chance alone exceeds .1 in 17 of 40 harmless tables of 300 records. A model with a shortcut "
        "favours one class at one site and the other class at another, which recall by class shows and which accuracy and "
        "AUC by group, equal at both sites, do not. Predictions are those given to mlconfound; numbers are cut at their "
        "quartiles, as sensitive features must be levels.",
        settings="50 bootstrap resamples, of records, also where a subject has several. No correction for several columns: "
        "it offers none.",
    ),
    Peer(
        name="confound_controls",
        title="confound-controls",
        package="confound-controls",
        licence="GPL-3.0-or-later",
        answers=("confounding",),
        alarm="The battery does not pass: for some column less than 70% of the above-chance AUROC survives matching, or its "
        "interval reaches chance. Also if no two records of different label share a level.",
        score="One minus the smallest share that survives; 2 where nothing can be matched.",
        fair="The pass of the battery is the package's own decision with its own thresholds, matched within levels by the "
        "caliper of its README. The rarer class is matched, since it asks for more negatives than positives; a pool that "
        "is used up is accepted, for the caliper has balanced it. No alarm is counted where the model's own AUROC does not "
        "clear chance, as there is no claim to check. Predictions are those given to mlconfound.",
        settings="Binary labels only. 300 bootstrap resamples for its 2,000, which cost 10 to 20 s a column at n = 300. It "
        "resamples records, also where a subject has several.",
    ),
    Peer(
        name="careful_analyst",
        title="A careful analyst's script",
        package="scikit-learn",
        licence="Apache-2.0",
        answers=("confounding", "leakage"),
        alarm="Confounding: for one column both the usual test with the label (chi-square, Kruskal, Spearman) at .05 with "
        "Bonferroni, and a cross-validated AUC of the column from the features above .6. Leakage: a subject, copy or "
        "near-copy on both sides of the split.",
        score="The largest product of the association (0 to 1) and twice the AUC less one; the share of records concerned.",
        fair="The strongest simple peer: it asks both questions, takes one record a subject for the test, keeps subjects "
        "whole in the folds, tests small cells by permutation, frees the features of declared covariates, and reads the "
        "column by a linear model and a forest together. What it lacks is the condition on the label: an associated column "
        "can be read from any feature that carries the label.",
        settings="Version is scikit-learn's. Columns with p above .2 are not looked at further and score 0. A number is read "
        "as being above its median. Near-copy: nearer than a tenth of the usual distance to the nearest record.",
    ),
)


def peer(name: str) -> Peer:
    """Return a peer by its name.

    Raises
    ------
    ValueError : there is none of that name; says which there are.
    """
    for found in PEERS:
        if found.name == name:
            return found
    raise ValueError(f"no peer {name!r}; there are {', '.join(known.name for known in PEERS)}")


def markdown() -> str:
    """Return the registry as a Markdown table."""
    head = (
        "peer",
        "version",
        "licence",
        "taken as its alarm",
        "ranked by",
        "why that is fair to it",
        "settings and limits",
    )
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in PEERS:
        cells = (row.title, row.version, row.licence, row.alarm, row.score, row.fair, row.settings)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
