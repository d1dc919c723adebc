"""``audit-pipeline verify``: is an audit still what was signed?"""

from __future__ import annotations

from pathlib import Path

import click

ORDER = 24


@click.command(name="verify", short_help="Derive all digests and the verdict again; say what changed.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--data",
    multiple=True,
    metavar="PATH",
    help="The data: a file, a glob, or a folder that holds it, or of recordings; may be repeated.  [default: where the audit found it]",
)
@click.option(
    "--spec", "spec_path", type=click.Path(path_type=Path), metavar="SPEC", help="A spec that the audit should be of."
)
@click.option("--json", "as_json", is_flag=True, help="The result as JSON.")
def command(folder: Path, data: tuple[str, ...], spec_path: Path | None, as_json: bool) -> int:
    """Derive every digest and the verdict of an audit's output folder DIR again, and name what differs.

    Compared are the files with the signed digests, the findings with the evidence and the policy, the page with the
    findings, the data with the digests of files and columns; of recordings every file is read again, and none decoded.
    Other versions of code and packages are reported; they change no audit. The folder is taken at its word on what was
    signed: where that matters, sign verdict.intoto.json with your key, and check that signature first.

    Exit status 0: all as signed; 1: something differs; 2: there is nothing that could be verified.
    """
    import json
    import sys

    from audit_pipeline.report.console import make_console, show
    from audit_pipeline.spec import load_spec
    from audit_pipeline.verification import verify
    from audit_pipeline.verification.panel import render_verification

    found = verify(folder, data=data, spec=load_spec(spec_path) if spec_path is not None else None)
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=1))
    else:
        console = make_console(sys.stdout)
        show(console, render_verification(found, width=console.width))
    return 0 if found.as_signed else 1
