"""Where a case's recordings lie: a folder beside the table, exchanged as a whole."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from audit_pipeline.folders import replace_folder
from audit_pipeline.leftovers import remove_abandoned, unfinished

if TYPE_CHECKING:
    import pandas as pd


def store(path: Path, table: pd.DataFrame, folder: str, files: Mapping[str, bytes]) -> None:
    """Write ``files`` to ``folder`` beside ``path``, then ``table`` to ``path`` as CSV.

    The folder is completed under another name and takes the place of an older one at once; so does the table. A reader
    sees no half-written recording, and no table whose recordings are not there yet.

    Parameters
    ----------
    folder : name of the folder, e.g. ``photos``.
    files : content by file name, without folders.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(path.parent, f".{folder}.made") as made:
        made.mkdir()
        for name, content in files.items():
            (made / name).write_bytes(content)
        replace_folder(made, files, path.parent / folder)
        made_table = made / path.name
        table.to_csv(made_table, index=False, lineterminator="\n", encoding="utf-8")
        os.replace(made_table, path)
    remove_abandoned(path.parent.glob(f".{folder}.made-*"))
