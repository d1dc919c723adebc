"""The job and the schedule of an audit."""

from __future__ import annotations

import dagster as dg

from audit_pipeline.orchestration.run_tags import known_tags
from audit_pipeline.spec import AuditSpec


def job_and_schedule(spec: AuditSpec, *, group: str, executor: dg.ExecutorDefinition | None = None) -> dg.Definitions:
    """Return the job ``audit_<slug>`` and, if the spec has ``schedule:``, the schedule ``audit_<slug>_schedule``.

    The job covers the whole group, which includes assets that produce the data if they joined it. Steps run in one process
    unless another executor is given (see ``executors``).

    The schedule is created stopped: a clone, a test deployment or a colleague's laptop that loads the same file must not
    begin to compute at six in the morning. Switch it on in the UI or with ``dagster schedule start``; the instance
    remembers. Its times are UTC.
    """
    job = dg.define_asset_job(
        name=f"audit_{spec.slug}",
        selection=dg.AssetSelection.groups(group),
        executor_def=executor or dg.in_process_executor,
        description=f"Audits {spec.name}; fails when the verdict does.",
        tags=known_tags(spec),
    )
    if spec.schedule is None:
        return dg.Definitions(jobs=[job])
    schedule = dg.ScheduleDefinition(
        name=f"{job.name}_schedule",
        job=job,
        cron_schedule=spec.schedule,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=f"Audits {spec.name} at {spec.schedule} (UTC).",
    )
    return dg.Definitions(jobs=[job], schedules=[schedule])
