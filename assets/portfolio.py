"""The asset over all audits of this code location: their current verdicts, and what these were before."""

import dagster as dg

from audit_pipeline.orchestration import portfolio_definitions


def with_portfolio(audits: dg.Definitions) -> dg.Definitions:
    """Return the audits and the portfolio of them."""
    return dg.Definitions.merge(audits, portfolio_definitions(audits))
