"""How good are the folds, beside what people use today, and how long do they take?

    python benchmarks/splits_quality.py                 # quality on 60 subjects, then scaling to a million
    python benchmarks/splits_quality.py --scales 1000 100000 --repeats 3

Prints Markdown. Every method is measured with the same figure: records by which the folds miss an equal share, summed
over folds, over five columns, their label crossings and the fold sizes.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from audit_pipeline.splits import assign_folds

Codes = npt.NDArray[np.int64]
SIZES = ("five", "lognormal", "zipf")


def dataset(seed: int, n_subjects: int, sizes: str, association: float = 0.3) -> tuple[dict[str, Codes], Codes]:
    """Return five columns and the subject of each record.

    Label, site, sex and scanner belong to the subject, the session to the record; site and scanner follow the label in
    a share ``association`` of the subjects. Sizes in records: "one", "five", "lognormal" (median 5, sigma 0.75), "zipf"
    (exponent 2, at most 50).
    """
    rng = np.random.default_rng(seed)
    records = {
        "one": lambda: np.ones(n_subjects, dtype=np.int64),
        "five": lambda: np.full(n_subjects, 5),
        "lognormal": lambda: np.maximum(1, np.rint(rng.lognormal(np.log(5), 0.75, n_subjects)).astype(np.int64)),
        "zipf": lambda: np.minimum(rng.zipf(2.0, n_subjects), 50),
    }[sizes]()
    subject = np.repeat(np.arange(n_subjects), records)
    label = rng.integers(0, 2, n_subjects)

    def following(levels: int) -> Codes:
        return np.where(rng.random(n_subjects) < association, label * (levels - 1), rng.integers(0, levels, n_subjects))

    of_subject = {"label": label, "site": following(4), "sex": rng.integers(0, 2, n_subjects), "scanner": following(6)}
    columns = {name: values[subject] for name, values in of_subject.items()}
    return columns | {"session": rng.integers(0, 3, len(subject))}, subject


def deviation(fold: npt.NDArray[np.integer], columns: dict[str, Codes], n_folds: int) -> float:
    """Return the total deviation in records, counted from scratch and not by the code under test."""
    strata = [np.zeros(len(fold), dtype=np.int64)]
    for name, codes in columns.items():
        strata.append(codes)
        if name != "label":
            strata.append(columns["label"] * (int(codes.max()) + 1) + codes)
    total = 0.0
    for codes in strata:
        counts = np.zeros((n_folds, int(codes.max()) + 1))
        np.add.at(counts, (fold, codes), 1)
        total += float(np.abs(counts - counts.sum(axis=0) / n_folds).sum())
    return total


def peers(columns: dict[str, Codes], subject: Codes, n_folds: int, seed: int) -> dict[str, Callable[[], Codes]]:
    """Return name -> a function that makes (n_records,) folds."""
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

    def sklearn(splitter: GroupKFold | StratifiedGroupKFold, target: Codes) -> Callable[[], Codes]:
        def split() -> Codes:
            fold = np.empty(len(subject), dtype=np.int64)
            for k, (_, test) in enumerate(splitter.split(target, target, subject)):
                fold[test] = k
            return fold

        return split

    shuffled = np.random.default_rng(seed).permutation(int(subject.max()) + 1) % n_folds
    joint = columns["label"] * (int(columns["site"].max()) + 1) + columns["site"]
    stratified = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    return {
        "random": lambda: shuffled[subject],
        "GroupKFold": sklearn(GroupKFold(n_folds), columns["label"]),
        "StratifiedGroupKFold(label)": sklearn(stratified, columns["label"]),
        "StratifiedGroupKFold(label x site)": sklearn(stratified, joint),
    }


def quality(n_subjects: int, n_folds: int, repeats: int) -> None:
    print(
        f"\n### {n_subjects} subjects, 5 columns, {n_folds} folds, mean of {repeats} datasets: deviation in records\n"
    )
    header: list[str] = []
    for sizes in SIZES:
        rows = []
        for seed in range(repeats):
            columns, subject = dataset(seed, n_subjects, sizes)
            row = {
                name: deviation(split(), columns, n_folds)
                for name, split in peers(columns, subject, n_folds, seed).items()
            }
            start = time.perf_counter()
            ours = assign_folds(columns, subject=subject, cross_with="label", n_folds=n_folds, seed=seed)
            row["seconds"] = time.perf_counter() - start
            row |= {"ours": deviation(ours.fold, columns, n_folds), "lower bound": ours.lower_bound}
            joint = row["StratifiedGroupKFold(label x site)"]
            row["ours / (label x site)"] = row["ours"] / joint
            row["same, above the bound"] = (row["ours"] - row["lower bound"]) / (joint - row["lower bound"])
            rows.append(row)
        if not header:
            header = [name for name in row if name != "seconds"] + ["seconds"]
            print("| sizes | " + " | ".join(header) + " |\n|" + "---|" * (len(header) + 1))
        mean = {name: float(np.mean([row[name] for row in rows])) for name in header}
        cells = [f"{mean[name]:.2f}" if mean[name] < 10 else f"{mean[name]:.0f}" for name in header]
        print(f"| {sizes} | " + " | ".join(cells) + " |", flush=True)


def scaling(scales: list[int], n_folds: int) -> None:
    print("\n### Scaling, 5 columns\n")
    print("| subjects | sizes | records | deviation | lower bound | optimal | seconds | peak MB so far |")
    print("|" + "---|" * 8)
    for n_subjects in scales:
        for sizes in ("one", "lognormal", "zipf"):
            columns, subject = dataset(0, n_subjects, sizes)
            start = time.perf_counter()
            ours = assign_folds(columns, subject=subject, cross_with="label", n_folds=n_folds)
            seconds = time.perf_counter() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"| {n_subjects:,} | {sizes} | {len(subject):,} | {ours.objective:.1f} | {ours.lower_bound:.1f} "
                f"| {ours.optimal} | {seconds:.1f} | {peak:,.0f} |",
                flush=True,
            )


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=int, default=60)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--scales", type=int, nargs="*", default=[1_000, 10_000, 100_000, 1_000_000])
    options = parser.parse_args(arguments)
    warnings.filterwarnings("ignore", "The least populated class", UserWarning)
    quality(options.subjects, options.folds, options.repeats)
    scaling(options.scales, options.folds)


if __name__ == "__main__":
    main(sys.argv[1:])
