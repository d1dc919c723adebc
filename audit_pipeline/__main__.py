"""``python -m audit_pipeline`` is ``audit-pipeline``."""

from audit_pipeline.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
