"""Two audits side by side: what became worse or better, which figures moved, and what else is not the same."""

from audit_pipeline.comparison.compare import compare
from audit_pipeline.comparison.types import Change, Comparison, FigureMove, FindingChange

__all__ = ["Change", "Comparison", "FigureMove", "FindingChange", "compare"]
