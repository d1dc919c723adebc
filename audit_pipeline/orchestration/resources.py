"""Where results lie."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from pydantic import Field

from audit_pipeline.store import Store

STORE_KEY = "audit_store"
"""The resource key that assets ask for."""


class AuditStore(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Folders for the results of stages and for published audits.

    Below ``root``: ``.store/<slug>/`` holds what each stage computed, by key, so that nothing is computed twice;
    ``<slug>/`` is the published audit, replaced as a whole. ``root`` may be ``dg.EnvVar("AUDIT_ROOT")``. These are the
    folders of ``audit-pipeline run`` too: what the one has computed, the other reuses.
    """

    root: str = Field(
        default="audits", description="Folder for results; relative paths start at the working directory."
    )

    def store(self, slug: str) -> Store:
        """Return the results of one audit's stages."""
        return Store(self.folder / ".store" / slug)

    def output_folder(self, slug: str) -> Path:
        """Return the folder that a verdict is published to."""
        return self.folder / slug

    @property
    def folder(self) -> Path:
        """The root as an absolute path."""
        return Path(self.root).expanduser().absolute()
