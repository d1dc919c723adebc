"""One folder a dataset; ``defs.yaml`` in it is the audit."""
