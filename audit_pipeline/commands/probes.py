"""``audit-pipeline probes``: the questions that an audit asks, from the registry."""

from __future__ import annotations

import click

ORDER = 30


@click.command(name="probes", short_help="List the questions that an audit asks.")
def command() -> int:
    """List the registered probes: what each one asks, and from which stages it reads."""
    import sys

    from rich import box
    from rich.table import Table
    from rich.text import Text

    from audit_pipeline.probes import registered
    from audit_pipeline.report.console import make_console, show
    from audit_pipeline.report.text import printable, visible

    console = make_console(sys.stdout)

    def cell(value: str, style: str = "") -> Text:
        return Text(printable(visible(value), console.encoding), style=style, overflow="fold")

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, width=console.width)
    table.add_column("probe", no_wrap=False, overflow="fold")
    table.add_column("question", ratio=1, overflow="fold")
    table.add_column("reads", overflow="fold")
    for probe in registered():
        table.add_row(cell(probe.name, "bold"), cell(probe.question), cell(", ".join(probe.inputs), "dim"))
    show(console, table)
    return 0
