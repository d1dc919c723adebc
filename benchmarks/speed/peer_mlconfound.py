"""Runs in the peer's own environment: the p-values and seconds of mlconfound's partial confounder test on stored cases.

    .peers/mlconfound/bin/python peer_mlconfound.py CASES.npz PERMUTATIONS SEED [SEED ...]

``CASES.npz`` holds ``label``, ``column`` and ``predictions``, each (cases, n). Prints JSON: a list (seeds x cases) of
[p-value, seconds]. Nothing here imports audit_pipeline, and nothing in audit_pipeline imports the peer, which is GPL.
"""

import json
import sys
import time
import warnings

import numpy as np


def main() -> None:
    """Test every case once for every seed."""
    warnings.simplefilter("ignore")
    from mlconfound.stats import partial_confound_test

    cases = np.load(sys.argv[1])
    permutations = int(sys.argv[2])
    found = []
    for seed in map(int, sys.argv[3:]):
        row = []
        for label, column, predictions in zip(cases["label"], cases["column"], cases["predictions"], strict=True):
            begin = time.perf_counter()
            result = partial_confound_test(
                label,
                predictions,
                column,
                num_perms=permutations,
                cat_y=True,
                cat_yhat=False,
                cat_c=True,
                random_state=seed,
                progress=False,
                n_jobs=1,
            )
            row.append([float(result.p), time.perf_counter() - begin])
        found.append(row)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
