"""The command line. Nothing heavy is imported before the command is known: help has to come at once.

A command is a file in :mod:`audit_pipeline.commands`; adding one touches no other file.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import click

from audit_pipeline import __version__, commands
from audit_pipeline.errors import AuditError, did_you_mean
from audit_pipeline.report.text import visible

OK, BAD_VERDICT, NOT_MADE, INTERRUPTED = 0, 1, 2, 130
DEBUG = "AUDIT_PIPELINE_DEBUG"


class _Commands(click.Group):
    """A group whose commands are the modules of :mod:`audit_pipeline.commands`, imported one by one when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = [module.name for module in iter_modules(commands.__path__) if not module.name.startswith("_")]
        return sorted(names, key=lambda name: (getattr(_module(name), "ORDER", 100), name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = _module(cmd_name).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        wanted = args[0]
        if not wanted.startswith("-") and self.get_command(ctx, wanted) is None:
            hint = did_you_mean(wanted, self.list_commands(ctx))
            if wanted.lower().endswith((".yaml", ".yml")):
                hint = f"; to audit a spec: audit-pipeline run {visible(wanted, limit=200)}"
            ctx.fail(f"there is no command {visible(wanted, limit=60)!r}{hint}")
        return super().resolve_command(ctx, args)


def _module(name: str) -> ModuleType:
    return import_module(f"audit_pipeline.commands.{name}")


@click.group(
    name="audit-pipeline",
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 no verdict at or above --fail-on, 1 there is one, 2 the audit could not be made.",
)
@click.version_option(__version__, message="audit-pipeline %(version)s")
def program() -> None:
    """Tells the truth about a labelled dataset before anyone trusts a model trained on it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status; the entry point hands it to ``sys.exit``.

    Parameters
    ----------
    arguments : in place of ``sys.argv[1:]``.
    """
    # Taking scikit-learn and torch apart at exit takes more than a second, unless the collector lets them be.
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
    debug = os.environ.get(DEBUG, "") not in {"", "0"}
    try:
        status = program.main(args=arguments, prog_name="audit-pipeline", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        _tell("interrupted; what had finished is kept, and the next run goes on from there")
        return INTERRUPTED
    except AuditError as error:
        if debug:
            _trace()
        _tell(explain(error))
        return NOT_MADE
    except Exception as error:
        if debug:
            _trace()
        what = visible(f"{type(error).__name__}: {error}", limit=300)
        _tell(f"error: unexpected {what}" + ("" if debug else f" (set {DEBUG}=1 for the traceback)"))
        return NOT_MADE
    return status if isinstance(status, int) else OK


def explain(error: AuditError) -> str:
    """Return the message of an error as harmless text, laid out as ``str(error)`` is."""
    where = [
        part
        for part in (
            error.file and visible(error.file),
            None if error.row is None else f"row {error.row}",
            None if error.column is None else f"column {visible(error.column, limit=200)!r}",
        )
        if part
    ]
    lines = [f"error: {', '.join(where)}: {visible(error.message)}" if where else f"error: {visible(error.message)}"]
    if error.expected:
        lines.append(f"  expected: {visible(error.expected)}")
    lines.append(f"  what to do: {visible(error.remedy)}")
    return "\n".join(lines)


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _trace() -> None:
    import traceback

    traceback.print_exc()


if __name__ == "__main__":
    sys.exit(main())
