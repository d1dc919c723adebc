"""What things are called in Dagster."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import dagster as dg

from audit_pipeline.spec import AuditSpec

DEFAULT_PREFIX = ("audit",)

NAME, SLUG, SPEC, FAIL_ON = (f"audit_pipeline/{word}" for word in ("name", "slug", "spec", "fail_on"))
"""Metadata on the definition of each verdict, by which the portfolio knows the audits of a code location."""


def asset_key(spec: AuditSpec, stage: str, *, key_prefix: Sequence[str] = DEFAULT_PREFIX) -> dg.AssetKey:
    """Return the key of a stage's asset, ``audit/<slug>/<stage>`` by default."""
    return dg.AssetKey([*key_prefix, spec.slug, stage])


def column_slugs(columns: Iterable[str], *, taken: Iterable[str] = ()) -> dict[str, str]:
    """Return an identifier for every column, unlike all others and unlike ``taken``.

    >>> column_slugs(["Site", "site!", "Größe", "年"])
    {'Site': 'site', 'site!': 'site_2', 'Größe': 'gr_e', '年': 'column'}
    """
    used = set(taken)
    slugs: dict[str, str] = {}
    for column in columns:
        base = re.sub(r"[^a-z0-9]+", "_", column.casefold()).strip("_") or "column"
        slug, number = base, 1
        while slug in used:
            number += 1
            slug = f"{base}_{number}"
        used.add(slug)
        slugs[column] = slug
    return slugs
