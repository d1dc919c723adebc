"""Is an audit still what was signed? Every digest and the verdict are derived again, and what differs is named.

This shows whether a folder agrees with itself, with the data and with the code at hand. Whoever can rewrite the whole folder
can also rewrite its statement: against that, sign ``verdict.intoto.json`` with a key and check that signature first.
"""

from audit_pipeline.verification.checks import verify
from audit_pipeline.verification.remarks import Remark, Verification

__all__ = ["Remark", "Verification", "verify"]
