"""Dagster components, found by ``dg`` through the entry-point group ``dagster_dg_cli.registry_modules``.

A host project's component discovery imports this module: it must import fast, and without torch or scikit-learn.
"""

from audit_pipeline.components.dataset_audit import DatasetAudit

__all__ = ["DatasetAudit"]
