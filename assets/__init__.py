"""This repository's Dagster code location: the audits under ``defs/``. Not part of the wheel."""
