"""The built-in cases: small datasets whose verdict is known, written to disk offline."""

from audit_pipeline.demo.case import Case
from audit_pipeline.demo.cases import CASES, get_case

__all__ = ["CASES", "Case", "get_case"]
