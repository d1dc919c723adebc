"""The Python interface: a table in memory, or files, in; a result to look at and to go on with, out.

>>> from audit_pipeline import audit
>>> from audit_pipeline.demo.clinic import clinic
>>> result = audit(clinic(balanced=False, n=96), label="disease", nuisance="site", subject="patient")
>>> result.verdict
'fail'
>>> result.findings.loc[0, ["column", "reason"]].tolist()
['site', 'confounded']
"""

from audit_pipeline.api.entry import audit
from audit_pipeline.api.result import Audit
from audit_pipeline.api.splits import Splits

__all__ = ["Audit", "Splits", "audit"]
