"""The questions that an audit asks, one file each.

A probe registers itself with the decorator :func:`probe` in its own file; the folder is scanned, and other packages add
theirs through the entry-point group ``audit_pipeline.probes``. Adding a probe touches no other file.
"""

from audit_pipeline.probes.registry import Probe, ProbeInputs, probe, registered

__all__ = ["Probe", "ProbeInputs", "probe", "registered"]
