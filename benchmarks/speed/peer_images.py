"""Runs in the peers' own environment: seconds that cleanvision or cleanlab's Datalab takes for a folder of images.

    .peers/images/bin/python peer_images.py cleanvision|datalab FOLDER

Prints JSON: seconds on the clock, seconds of the processor (its child processes too), and the number of images. Nothing here imports
audit_pipeline. The time begins after the imports; Datalab is given labels, and features that cost nothing, for which a user
would need a model.
"""

import contextlib
import io
import json
import os
import sys
import time
import warnings
from pathlib import Path


def used() -> float:
    """Return seconds of the processor of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def cleanvision(paths: list[str]) -> None:
    """Look for dark, light, blurry, odd and duplicate images, with the default checks."""
    from cleanvision import Imagelab

    Imagelab(filepaths=paths, verbose=False).find_issues(n_jobs=1, verbose=False)


def datalab(paths: list[str]) -> None:
    """Run the default checks that images, labels and features allow, spurious correlations among them."""
    import numpy as np
    from cleanlab import Datalab
    from datasets import Dataset, Image

    labels = [i % 2 for i in range(len(paths))]
    data = Dataset.from_dict({"image": paths, "label": labels}).cast_column("image", Image())
    lab = Datalab(data=data, label_name="label", image_key="image", verbosity=0)
    lab.find_issues(features=np.random.default_rng(0).standard_normal((len(paths), 64)))


def main() -> None:
    warnings.simplefilter("ignore")
    import cleanlab  # noqa: F401
    import cleanvision as _  # noqa: F401
    import datasets  # noqa: F401

    paths = [str(path) for path in sorted(Path(sys.argv[2]).iterdir())]
    run = {"cleanvision": cleanvision, "datalab": datalab}[sys.argv[1]]
    begin, before = time.perf_counter(), used()
    with contextlib.redirect_stdout(io.StringIO()):
        run(paths)
    print(json.dumps({"seconds": time.perf_counter() - begin, "processor": used() - before, "images": len(paths)}))


if __name__ == "__main__":
    main()
