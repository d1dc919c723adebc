"""What ``dg scaffold defs audit_pipeline.components.DatasetAudit PATH`` writes."""

from __future__ import annotations

from dagster.components import Scaffolder, ScaffoldRequest, scaffold_component

TEMPLATE = """\
type: {type_name}

attributes:
  name: {name}
  # csv, tsv or parquet; a glob is fine. Relative to this file.
  data: {name}.csv
  label: label
  # Who must never be split between training and test (patient, speaker ...); leave it out if every record is someone else.
  # subject: patient
  # How and where the data were acquired: must not influence the label.
  nuisance: [site]
  # Legitimate influences: reported, never failed.
  # covariates: [age, sex]
  # policy: {{alpha: 0.05, association: 0.2, separability: 0.6, overlap: 0.1}}
  # schedule: "0 6 * * 1"    # cron, UTC; created stopped, switch it on in the UI
  # Assets that produce the data, and the verdict from which on a run fails:
  # upstream: [raw/{name}]
  # fail_on: fail             # warn, inconclusive, fail or never
"""


class DatasetAuditScaffolder(Scaffolder):
    """Writes a commented ``defs.yaml``, since an empty one would only raise questions."""

    def scaffold(self, request: ScaffoldRequest) -> None:
        """Write the file, or leave Python and appended YAML to Dagster's own scaffolder."""
        if request.scaffold_format != "yaml" or request.append:
            scaffold_component(request, {})
            return
        text = TEMPLATE.format(type_name=request.type_name, name=request.target_path.name)
        (request.target_path / "defs.yaml").write_text(text, encoding="utf-8")
