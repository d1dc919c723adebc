"""All audits of a project side by side: their current verdicts, what these were before, and a picture of the trend.

Everything is read from the folders of results, so that it holds wherever an audit ran: in Dagster, from a terminal, in CI.
"""

from audit_pipeline.portfolio.entries import Entry, Member, Standing, standings
from audit_pipeline.portfolio.history import update_history

__all__ = ["Entry", "Member", "Standing", "standings", "update_history"]
