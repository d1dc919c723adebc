"""``audit-pipeline diff``: what is another between two audits?"""

from __future__ import annotations

from pathlib import Path

import click

ORDER = 26


@click.command(name="diff", short_help="Compare two audits finding by finding.")
@click.argument("before", metavar="BEFORE", type=click.Path(path_type=Path))
@click.argument("after", metavar="AFTER", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The comparison as JSON.")
def command(before: Path, after: Path, as_json: bool) -> int:
    """Compare the output folders of two audits: verdicts, figures with their intervals, spec, policy, data, code.

    A finding that is new counts as worse if its verdict is above pass; one that is gone is named, and is not worse.

    Exit status 0: no finding's verdict got worse (pass < warn < inconclusive < fail); 1: one did; 2: no comparison.
    """
    import json
    import sys

    from audit_pipeline.comparison import compare
    from audit_pipeline.comparison.panel import render_comparison
    from audit_pipeline.report.console import make_console, show

    found = compare(before, after)
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=1))
    else:
        console = make_console(sys.stdout)
        show(console, render_comparison(found, width=console.width))
    return 1 if found.worse else 0
