"""An audit as Dagster definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import dagster as dg

from audit_pipeline.errors import SpecError, did_you_mean
from audit_pipeline.orchestration.assets import Settings, audit_assets
from audit_pipeline.orchestration.checks import FailOn
from audit_pipeline.orchestration.keys import DEFAULT_PREFIX
from audit_pipeline.orchestration.resources import STORE_KEY, AuditStore
from audit_pipeline.orchestration.schedules import job_and_schedule
from audit_pipeline.spec import AuditSpec


def audit_definitions(
    spec: AuditSpec,
    *,
    store: AuditStore | None = None,
    key_prefix: Sequence[str] = DEFAULT_PREFIX,
    group: str | None = None,
    upstream: Sequence[dg.AssetKey | str] = (),
    fail_on: FailOn = "fail",
    executor: dg.ExecutorDefinition | None = None,
    owners: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
) -> dg.Definitions:
    """Return an audit's assets, checks, job and (if the spec has one) schedule.

    Parameters
    ----------
    spec : the audit; ``audit_pipeline.spec.load_spec`` reads one from YAML.
    store : where results lie. None: the assets ask for a resource ``audit_store``, which your ``Definitions`` provide; give
        the same object to several audits that are merged, since Dagster refuses two resources of one name.
    key_prefix : first parts of the asset keys, before the dataset's slug and the stage.
    group : Dagster group; default the dataset's slug, so that each dataset opens to a graph of its own.
    upstream : assets that make the data; the first stage depends on them. ``"raw/clinic"`` and ``AssetKey`` are the same.
    fail_on : from which verdict on the blocking check ``gate`` fails the run.
    executor : of the audit's job; default all steps in one process (see ``forkserver_executor``).
    owners, tags : on every asset, as Dagster takes them.

    Raises
    ------
    SpecError : ``fail_on`` is none of the four.
    """
    if fail_on not in get_args(FailOn):
        raise SpecError(
            f"fail_on: {fail_on!r} is no verdict{did_you_mean(str(fail_on), get_args(FailOn))}",
            expected="one of " + ", ".join(get_args(FailOn)),
            remedy="change `fail_on`",
        )
    settings = Settings(
        group=group or spec.slug,
        key_prefix=tuple(key_prefix),
        upstream=tuple(dg.AssetKey.from_user_string(key) if isinstance(key, str) else key for key in upstream),
        fail_on=fail_on,
        owners=tuple(owners),
        tags=dict(tags or {}),
    )
    definitions = dg.Definitions(
        assets=audit_assets(spec, settings), resources={} if store is None else {STORE_KEY: store}
    )
    return dg.Definitions.merge(definitions, job_and_schedule(spec, group=settings.group, executor=executor))
