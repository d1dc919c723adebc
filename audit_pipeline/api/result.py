"""What ``audit`` returns."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cached_property
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from audit_pipeline.api.notebook import html_of, text_of
from audit_pipeline.api.splits import Splits
from audit_pipeline.folders import replace_folder
from audit_pipeline.pipeline import OUTPUT_FILES, check_output_folder
from audit_pipeline.verdict_types import Level, Verdict, from_dict

if TYPE_CHECKING:
    import pandas as pd


class Audit:
    """A finished audit, all in memory. Print it, or end a notebook's cell with it: it says what was found and what to do.

    Parameters
    ----------
    files : the content of every output file by name.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = dict(files)

    @cached_property
    def details(self) -> Verdict:
        """The verdict as an object: headline, findings, policy, lineage."""
        return from_dict(json.loads(self._files["verdict.json"]))

    @property
    def verdict(self) -> Level:
        """``pass``, ``warn``, ``inconclusive`` or ``fail``: that of the worst finding."""
        return self.details.verdict

    @property
    def headline(self) -> str:
        """The worst finding in one sentence."""
        return self.details.headline

    @cached_property
    def findings(self) -> pd.DataFrame:
        """One row a metadata column: verdict, reason, headline, next step, and all figures."""
        return self._table("findings.parquet")

    @cached_property
    def evidence(self) -> pd.DataFrame:
        """One row a measured figure; ``detail`` is JSON."""
        return self._table("evidence.parquet")

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """Out-of-fold predictions of every baseline; ``row`` is the position in the table that was audited."""
        return self._table("predictions.parquet")

    @cached_property
    def manifest(self) -> pd.DataFrame:
        """One row a file, one a column (role, kind, profile, digest) and one a recording (digest, and what is wrong with it)."""
        return self._table("manifest.parquet")

    @cached_property
    def splits(self) -> Splits:
        """Folds that keep subjects together and share out labels and metadata: ``cv=result.splits`` in scikit-learn."""
        files = self.manifest[self.manifest["entry"] == "file"]
        return Splits(self._table("splits.parquet"), n_records=int(files["rows"].sum()))

    @property
    def report_html(self) -> str:
        """The page, self-contained."""
        return self._files["report.html"].decode("utf-8")

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the output folder, as ``audit-pipeline run`` does, and return its path.

        Raises
        ------
        DataError : the folder holds something that no audit wrote.
        """
        out = Path(folder).expanduser()
        check_output_folder(out)
        with TemporaryDirectory(prefix="audit-") as place:
            for name, content in self._files.items():
                (Path(place) / name).write_bytes(content)
            replace_folder(Path(place), OUTPUT_FILES, out)
        return out

    def _table(self, name: str) -> pd.DataFrame:
        import pyarrow.parquet as pq

        frame: pd.DataFrame = pq.read_table(BytesIO(self._files[name])).to_pandas()
        return frame

    def __repr__(self) -> str:
        return text_of(self.details)

    def _repr_html_(self) -> str:
        return html_of(self._files)
