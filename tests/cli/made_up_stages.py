"""Two stages, the second of which writes a complete output folder with the verdict that a test wants."""

from __future__ import annotations

import json
import time

from audit_pipeline.pipeline import OUTPUT_FILES, Stage, StageContext
from audit_pipeline.spec import AuditSpec
from audit_pipeline.verdict_types import Finding, Level, Verdict

level: Level = "fail"
error: BaseException | None = None
calls: list[str] = []


def graph(spec: AuditSpec) -> tuple[Stage, ...]:
    look = Stage("look", (), ("seen.txt",), "made_up_stages:look", "Looks.")
    return (
        look,
        Stage("verdict", ("look",), OUTPUT_FILES, "made_up_stages:judge", "Judges.", options={"level": level}),
    )


def waiting_graph(spec: AuditSpec) -> tuple[Stage, ...]:
    return (Stage("verdict", (), OUTPUT_FILES, "made_up_stages:wait", "Waits for ever."),)


def look(context: StageContext) -> dict[str, int]:
    calls.append("look")
    context.progress(1, 2, "half")
    if error is not None:
        raise error
    (context.out / "seen.txt").write_text("seen", encoding="utf-8")
    return {}


def judge(context: StageContext, *, level: Level) -> dict[str, str]:
    calls.append("judge")
    finding = Finding(
        column="site",
        role="nuisance",
        verdict=level,
        reason="confounded",
        headline="site is a shortcut.",
        next_step="Record more.",
        association_v=0.4,
    )
    verdict = Verdict(dataset=context.spec.name, verdict=level, headline="Look.", findings=(finding,), policy={})
    for name in OUTPUT_FILES:
        (context.out / name).write_text("made up", encoding="utf-8")
    (context.out / "verdict.json").write_text(json.dumps(verdict.as_dict()), encoding="utf-8")
    return {"verdict": level}


def wait(context: StageContext) -> dict[str, str]:
    print("waiting", flush=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        context.progress(0, 0, "")
        time.sleep(0.01)
    return {}
