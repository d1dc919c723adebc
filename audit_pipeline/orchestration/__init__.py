"""Stages as Dagster assets, findings as asset checks, the verdict as a gate.

Only this package and ``components`` import Dagster; neither imports torch, scikit-learn or scipy before an asset runs.
"""

from audit_pipeline.orchestration.definitions import audit_definitions
from audit_pipeline.orchestration.executors import forkserver_executor
from audit_pipeline.orchestration.portfolio import portfolio_definitions
from audit_pipeline.orchestration.resources import STORE_KEY, AuditStore

__all__ = ["STORE_KEY", "AuditStore", "audit_definitions", "forkserver_executor", "portfolio_definitions"]
