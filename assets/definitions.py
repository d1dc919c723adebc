"""Everything under ``defs/``, and the portfolio of it. The only ``Definitions`` at module scope: Dagster accepts no second one."""

from pathlib import Path

import dagster as dg

from assets.portfolio import with_portfolio

defs = dg.Definitions.merge(
    with_portfolio(dg.load_from_defs_folder(path_within_project=Path(__file__).parent)),
    dg.Definitions(
        # Steps run in one process: starting one each would cost more than most stages compute.
        # For long stages: `from audit_pipeline.orchestration import forkserver_executor`.
        executor=dg.in_process_executor,
    ),
)
