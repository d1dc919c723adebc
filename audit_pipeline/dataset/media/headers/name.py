"""What the name of a file gives away: its parts, its shape, its ending."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from audit_pipeline.dataset.media.headers.facts import TOKENS, Fact, facts

_TOKEN = re.compile(r"\d+|[^\W\d_]+")


def name_facts(name: str) -> dict[str, Fact]:
    """Return the facts of a file name without its folders.

    ``person12_bacteria_3.jpeg`` has the tokens person, 12, bacteria, 3 and the shape a0_a_0. Tokens are counted from the
    left, so that the same place in names of one pattern is one column.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    stem, ending = path.stem, path.suffix
    tokens = _TOKEN.findall(stem)
    listed = {f"name_{position}": token for position, token in enumerate(tokens[:TOKENS], start=1)}
    shape = re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", stem))
    return facts(ending=ending, name_shape=shape, name_length=len(path.name) or None, **listed)
