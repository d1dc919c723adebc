"""The conditional test beside mlconfound: the same data, n and number of permutations, in one run.

    python benchmarks/speed/conditional.py              # makes the peer's environment first, below benchmarks/speed/.peers

Both test whether a model's predictions are independent of a column given the label, label and column in levels: here by
permutation within labels, there by the conditional permutation test with a fitted model of the column. Each has one thread.

Timed are ``partial_test``, the same question; and ``sensor test``, the larger one that an audit decides on: 30 features instead of
one prediction, three probes, their features made, and a refit of each for every permutation.

"In agreement" means, over cases with a known effect of the column on the predictions (none, and from hardly to clearly visible):

1. p-values order the cases alike, and lead to the same decision at .05, as well as the peer agrees with itself under another seed
   to within five points (rank correlation, share of equal decisions);
2. where there is no effect neither rejects more often than a test at .05 may (binomial bound, 99%).

They need not be equal: the peer lets the counts of label and column vary and compares R squared over all records, so on the same case
its p-value is another number even with endless permutations. Exits 1 where they disagree or the ratio is below --ratio.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.stats import binom, spearmanr

from audit_pipeline.threads import one_thread
from benchmarks.speed.environments import interpreter

HERE = Path(__file__).parent
EFFECTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6)


def cases(n: int, seeds: int, effects: tuple[float, ...]) -> dict[str, np.ndarray]:
    """Return label, column and predictions, each (effects x seeds, n): label and site associated (V about .3) in all of them."""
    label, column, predictions = [], [], []
    for effect in effects:
        for seed in range(seeds):
            rng = np.random.default_rng([seed, int(100 * effect)])
            c = rng.integers(2, size=n)
            y = (rng.random(n) < 0.35 + 0.3 * c).astype(np.int64)
            label.append(y)
            column.append(c)
            predictions.append(0.5 * y + effect * c + rng.standard_normal(n))
    return {"label": np.array(label), "column": np.array(column), "predictions": np.array(predictions)}


def ask_peer(made: dict[str, np.ndarray], permutations: int, seeds: list[int]) -> np.ndarray:
    """Return p-value and seconds of the peer (seeds, cases, 2)."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "cases.npz", **made)  # type: ignore[arg-type]
        command = [
            interpreter("mlconfound"),
            HERE / "peer_mlconfound.py",
            Path(folder) / "cases.npz",
            permutations,
            *seeds,
        ]
        done = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
    return np.array(json.loads(done.stdout))


def partial(label: np.ndarray, column: np.ndarray, predictions: np.ndarray, permutations: int, seed: int) -> float:
    """Return the p-value of the partial confounder test as ``probes/confounder_tests.py`` computes it."""
    from audit_pipeline.stats.confounder import partial_test
    from audit_pipeline.stats.exchange import given_label

    exchange = given_label(column.astype(np.float64), label, np.arange(len(label)))
    draws = exchange.draw(permutations, np.random.default_rng(seed))
    found = partial_test(predictions[:, None], np.eye(2)[column], exchange, draws)
    assert found is not None
    return found[1]


def ours(made: dict[str, np.ndarray], permutations: int, seed: int) -> np.ndarray:
    """Return p-value and seconds (cases, 2)."""
    rows = []
    for label, column, predictions in zip(made["label"], made["column"], made["predictions"], strict=True):
        begin = time.perf_counter()
        p = partial(label, column, predictions, permutations, seed)
        rows.append((p, time.perf_counter() - begin))
    return np.array(rows)


def sensor_seconds(label: np.ndarray, column: np.ndarray, permutations: int, seed: int) -> float:
    """Return the seconds of the sensor test on 30 features, on data that show the column, so that it stops for no reason early."""
    from audit_pipeline.dataset.records import MetadataColumn
    from audit_pipeline.models.conditional import conditional_test
    from audit_pipeline.models.conditioning import given_strata
    from audit_pipeline.models.crossfit import label_folds
    from audit_pipeline.stats.basis import column_basis
    from audit_pipeline.stats.exchange import given_label

    rng, n = np.random.default_rng(seed), len(label)
    matrix = rng.standard_normal((n, 30))
    matrix[:, 0] += column
    subject = np.arange(n)
    begin = time.perf_counter()
    site = MetadataColumn("site", "nuisance", "categorical", codes=column.astype(np.int32), levels=("north", "south"))
    basis = column_basis(site, subject)
    exchange = given_label(basis.codes, label, subject)
    fold = label_folds(label, subject, 5, seed)
    test = conditional_test(matrix, basis, given_strata(basis, exchange), fold, rng, permutations)
    assert test.permutations == permutations
    return time.perf_counter() - begin


def compare(first: np.ndarray, second: np.ndarray) -> tuple[float, float, float]:
    """Return rank correlation, share of equal decisions at .05, and median absolute difference of two rows of p-values."""
    same = float(((first <= 0.05) == (second <= 0.05)).mean())
    return float(spearmanr(first, second)[0]), same, float(np.median(np.abs(first - second)))


def agreement(n: int, seeds: int, permutations: int) -> bool:
    """Print how p-values agree, and return whether they do."""
    made = cases(n, seeds, EFFECTS)
    peer = ask_peer(made, permutations, [1, 2])
    mine = ours(made, permutations, 1)
    print(f"\n### Agreement: n = {n}, {permutations} permutations, {seeds} datasets an effect\n")
    print("| effect | rejected at .05: here | mlconfound | median p: here | mlconfound |\n|---|---|---|---|---|")
    for position, effect in enumerate(EFFECTS):
        part = slice(position * seeds, (position + 1) * seeds)
        a, b = mine[part, 0], peer[0, part, 0]
        print(
            f"| {effect:g} | {(a <= 0.05).mean():.2f} | {(b <= 0.05).mean():.2f} | {np.median(a):.3f} | {np.median(b):.3f} |"
        )
    print("\n| p-values of | rank correlation | same decision | median difference |\n|---|---|---|---|")
    across, itself = compare(mine[:, 0], peer[0, :, 0]), compare(peer[1, :, 0], peer[0, :, 0])
    for title, found in (("here and mlconfound", across), ("mlconfound and itself, another seed", itself)):
        print(f"| {title} | {found[0]:.3f} | {found[1]:.3f} | {found[2]:.3f} |")
    allowed = binom.ppf(0.99, seeds, 0.05)
    false = [(p[:seeds] <= 0.05).sum() for p in (mine[:, 0], peer[0, :, 0])]
    print(f"\nFalse alarms of {seeds} (at most {allowed:.0f}): here {false[0]}, mlconfound {false[1]}.")
    return across[0] >= itself[0] - 0.05 and across[1] >= itself[1] - 0.05 and false[0] <= allowed


def speed(sizes: list[int], permutations: int) -> float:
    """Print the times and return the smallest ratio for the same question."""
    print(f"\n### Speed: {permutations} permutations, one thread each\n")
    print("| n | mlconfound, s | partial_test, s | ratio | sensor test (30 features, 3 probes), s | ratio |")
    print("|---|---|---|---|---|---|")
    ratios = []
    for n in sizes:
        made = cases(n, 1, (0.2,))
        ours(made, permutations, 0)  # The first call also imports.
        sensor_seconds(made["label"][0], made["column"][0], permutations, 0)
        peer = float(ask_peer(made, permutations, [1])[0, 0, 1])
        mine = float(np.median([ours(made, permutations, seed)[0, 1] for seed in range(5)]))
        sensor = float(
            np.median([sensor_seconds(made["label"][0], made["column"][0], permutations, k) for k in range(3)])
        )
        ratios.append(peer / mine)
        print(
            f"| {n:,} | {peer:.2f} | {mine:.4f} | {peer / mine:.0f} | {sensor:.2f} | {peer / sensor:.1f} |", flush=True
        )
    return min(ratios)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 1000, 3000])
    parser.add_argument("--permutations", type=int, default=499)
    parser.add_argument("--datasets", type=int, default=10, help="an effect, for the agreement")
    parser.add_argument("--ratio", type=float, default=50)
    options = parser.parse_args()
    interpreter("mlconfound")
    with one_thread():
        ratio = speed(options.sizes, options.permutations)
        agreed = agreement(200, options.datasets, 199)
    print(f"\nSmallest ratio {ratio:.0f} (asked for: {options.ratio:g}); p-values {'agree' if agreed else 'DISAGREE'}.")
    sys.exit(0 if agreed and ratio >= options.ratio else 1)


if __name__ == "__main__":
    main()
