"""The portfolio: one asset over all audits of a code location, with their current verdicts and what these were before."""

from collections import Counter
from collections.abc import Sequence

import dagster as dg

from audit_pipeline import digests
from audit_pipeline.errors import AuditError
from audit_pipeline.orchestration.keys import FAIL_ON, NAME, SLUG, SPEC
from audit_pipeline.orchestration.metadata import Metadata, short, unlinked
from audit_pipeline.orchestration.portfolio_tables import (
    figures,
    judged_at,
    origins_table,
    summary,
    verdict_lines,
    verdicts_table,
)
from audit_pipeline.orchestration.resources import STORE_KEY, AuditStore
from audit_pipeline.portfolio import Entry, Member, Standing, standings, update_history
from audit_pipeline.portfolio.history import HISTORY
from audit_pipeline.portfolio.trend import trend
from audit_pipeline.report.standalone import markdown_image

GROUP = "portfolio"
DEFAULT_KEY = ("audit", "portfolio")
FAILED, UNKNOWN = "no_audit_fails", "every_audit_was_run"

DESCRIPTION = f"""Where every audit of this code location stands: one row a dataset, the worst first, and how the verdicts changed.

It reads the folders of results and asks no audit to run: those that never ran are named as such. Each new verdict becomes a
row of `{HISTORY}` beside these folders, once."""


def portfolio_definitions(
    definitions: dg.Definitions, *, key: Sequence[str] = DEFAULT_KEY, group: str = GROUP, owners: Sequence[str] = ()
) -> dg.Definitions:
    """Return the asset over all audits in ``definitions``, with its checks and its job ``portfolio``.

    Merge it with ``definitions``, which bring the store of results: ``dg.Definitions.merge(found, portfolio_definitions(found))``.

    Parameters
    ----------
    definitions : what holds the audits, as made by ``audit_definitions`` or the component.
    key, group, owners : of the asset, as Dagster takes them.
    """
    asset_key = dg.AssetKey(list(key))
    members = _members(definitions)

    @dg.asset(
        key=asset_key,
        # Edges of the graph, and no more: nothing is loaded from above, so what never ran is no obstacle.
        deps=list(members),
        group_name=group,
        description=DESCRIPTION,
        kinds={"parquet", "table"},
        owners=list(owners),
        code_version=digests.of_value([DESCRIPTION, *(str(member) for member in members.values())])[:12],
        check_specs=[
            dg.AssetCheckSpec(FAILED, asset=asset_key, description="Is every verdict below what its audit fails on?"),
            dg.AssetCheckSpec(
                UNKNOWN, asset=asset_key, description="Has every audit a verdict, and one on the spec that it has now?"
            ),
        ],
        required_resource_keys={STORE_KEY},
    )
    def portfolio(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]  # as in assets.py
        store = getattr(context.resources, STORE_KEY)
        assert isinstance(store, AuditStore)
        try:
            found = standings(members.values(), store.folder)
            history = update_history(found, store.folder)
        except AuditError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from None
        context.log.info(summary(found))
        return dg.MaterializeResult(
            asset_key=asset_key,
            data_version=dg.DataVersion(_version(found)),
            metadata=_metadata(found, history, store),
            check_results=[_none_fails(asset_key, found), _all_known(asset_key, found)],
        )

    job = dg.define_asset_job(
        GROUP,
        selection=dg.AssetSelection.assets(asset_key),
        executor_def=dg.in_process_executor,
        description="Reads the verdicts of all audits; runs none of them.",
    )
    return dg.Definitions(assets=[portfolio], jobs=[job])


def _members(definitions: dg.Definitions) -> dict[dg.AssetKey, Member]:
    """Return the audits by the key of their verdict, in the order of their names."""
    found = {
        spec.key: Member(
            dataset=str(spec.metadata[NAME]),
            slug=str(spec.metadata[SLUG]),
            spec=str(spec.metadata[SPEC]),
            fail_on=str(spec.metadata[FAIL_ON]),
        )
        for spec in definitions.resolve_all_asset_specs()
        if SLUG in spec.metadata
    }
    return dict(sorted(found.items(), key=lambda item: item[1].slug))


def _version(found: Sequence[Standing]) -> str:
    return digests.of_value({each.member.slug: each.entry.version if each.entry else None for each in found})


def _metadata(found: Sequence[Standing], history: Sequence[Entry], store: AuditStore) -> Metadata:
    slugs = {standing.member.slug for standing in found}
    kept = [entry for entry in history if entry.slug in slugs]
    picture = markdown_image(trend(found, kept), told="Verdicts over time, one row an audit")
    return {
        "summary": summary(found),
        "verdicts": verdicts_table(found),
        "trend": dg.MetadataValue.md(f"{picture}\n\n{verdict_lines(found)}"),
        **({"origins": origins_table(found, kept)} if any(standing.entry for standing in found) else {}),
        **figures(found),
        "history": dg.MetadataValue.path(short(store.folder / HISTORY)),
        "history_rows": len(kept),
        "dagster/row_count": len(found),
    }


def _none_fails(key: dg.AssetKey, found: Sequence[Standing]) -> dg.AssetCheckResult:
    failed = [standing.member.dataset for standing in found if standing.failed]
    counts = Counter(standing.entry.verdict for standing in found if standing.entry)
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=FAILED,
        passed=not failed,
        # Not blocking: the gate of each audit has failed its own run, and nothing hangs below this asset.
        severity=dg.AssetCheckSeverity.ERROR,
        description=unlinked(f"Failed: {', '.join(failed)}.")
        if failed
        else "No verdict is at or above what its audit fails on.",
        metadata={"failed": len(failed), **dict(sorted(counts.items()))},
    )


def _all_known(key: dg.AssetKey, found: Sequence[Standing]) -> dg.AssetCheckResult:
    missing = [f"{each.member.dataset} ({each.problem})" for each in found if each.entry is None]
    outdated = [
        f"{each.member.dataset} (judged {judged_at(each)}, its spec has changed since)"
        for each in found
        if each.outdated
    ]
    told = "; ".join([*missing, *outdated])
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=UNKNOWN,
        passed=not told,
        severity=dg.AssetCheckSeverity.WARN,
        description=unlinked(f"Materialise: {told}.") if told else "Every audit has a verdict on its current spec.",
        metadata={"without_verdict": len(missing), "outdated": len(outdated)},
    )
