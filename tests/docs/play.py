"""Doing what a page says: its blocks in order, in one folder, as a reader would.

=============  =====================================================================================================
``console``    every line ``$ command`` is run; what stands below it has to be printed, ``...`` standing for any lines.
               ``audit-pipeline``, ``python FILE`` and Dagster runs happen in this process; what needs a network, a
               browser or minutes (``make``, ``pip``, ``dagster dev``) is checked for what it names instead. A command
               may end with status 0 or 1; ``$ echo $?`` pins it down.
``python``     is executed, in one namespace a page; lines with ``>>>`` are a doctest. With a comment like ``# file.py``
               as its first line it is saved under that name instead, and run when a command asks for it.
``yaml``       has to be a valid spec, a valid component, or steps of a workflow whose commands exist; saved likewise.
=============  =====================================================================================================

Anything else needs ``<!-- not run: why -->`` above it.

    python -m tests.docs.play        # do all pages, and put what is printed today where they have what was printed once

``make docs`` does that as well.
"""

from __future__ import annotations

import contextlib
import difflib
import doctest
import importlib
import io
import itertools
import os
import re
import runpy
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from audit_pipeline.cli import main, program
from audit_pipeline.demo import get_case
from audit_pipeline.spec import AuditSpec, parse_spec
from tests.docs.markdown import ROOT, Block, blocks, pages

ANY = "..."


class Broken(AssertionError):
    """A block does not do what the page says."""


class Reader:
    """A reader of one page, in a folder that holds the demo's clinic.

    Parameters
    ----------
    folder : empty; becomes the current folder while the page is read.
    mend : where a command prints something else, change the page instead of complaining.
    """

    def __init__(self, folder: Path, *, mend: bool = False) -> None:
        self.folder = folder
        self.mend = mend
        self.namespace: dict[str, Any] = {"__name__": "docs"}
        self.status = 0
        self.printed: dict[str, str] = {}
        case = get_case("clinic")
        case.write_data(folder / case.data_name)
        (folder / "audit.yaml").write_text(case.spec, encoding="utf-8")

    def read(self, page: Path) -> None:
        """Do what the page says.

        Raises
        ------
        Broken : names the page and the line.
        """
        page = page.resolve()
        mended: list[tuple[Block, str]] = []
        with contextlib.chdir(self.folder), _importable(self.folder):
            for block in blocks(page):
                if block.exempt is not None or block.comments[-1:] == ("panel",):
                    continue
                try:
                    mended.append((block, self.do(block)))
                except Broken as broken:
                    raise Broken(f"{block.place}: {broken}") from None
                except Exception as error:
                    raise Broken(f"{block.place}: {type(error).__name__}: {error}") from error
        if self.mend:
            lines = page.read_text(encoding="utf-8").split("\n")
            for block, text in reversed(mended):
                lines[block.line - 1 : block.line - 1 + len(block.text.split("\n"))] = text.split("\n")
            page.write_text("\n".join(lines), encoding="utf-8", newline="\n")

    def do(self, block: Block) -> str:
        """Do what a block says, and return what it should be: itself, unless it is to be mended."""
        handlers = {"python": self.python, "yaml": self.yaml}
        if block.language == "console":
            return self.console(block)
        if block.language not in handlers:
            raise Broken(
                f"a block of {block.language or 'no language'!r} cannot be checked; "
                "make it console, python or yaml, or put <!-- not run: why --> above it"
            )
        handlers[block.language](block)
        return block.text

    def save(self, block: Block) -> bool:
        if block.file_name is None:
            return False
        path = Path(block.file_name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text + "\n", encoding="utf-8")
        return True

    def python(self, block: Block) -> None:
        if ">>>" in block.text:
            self.doctest(block)
            return
        code = compile(block.text, block.place, "exec")
        if not self.save(block):
            exec(code, self.namespace)

    def doctest(self, block: Block) -> None:
        test = doctest.DocTestParser().get_doctest(block.text, {}, block.place, str(block.page), block.line - 1)
        test.globs = self.namespace
        told = io.StringIO()
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE, verbose=False)
        runner.run(test, out=told.write, clear_globs=False)
        if runner.failures:
            raise Broken(told.getvalue())

    def yaml(self, block: Block) -> None:
        for document in yaml.safe_load_all(block.text):
            check_yaml(document)
        self.save(block)

    def console(self, block: Block) -> str:
        text = block.text
        for command, expected in commands(block.text):
            printed = self.run(command)
            if not expected or matches(expected, printed.splitlines()):
                continue
            if not self.mend or command.startswith("echo "):
                shown = f"$ {command}\nprints\n{printed}\nwhere the page has\n" + "\n".join(expected)
                raise Broken(f"{shown}\nIf what is printed is right, run `make docs`.")
            text = text.replace("\n".join(expected), "\n".join(today(expected, printed.splitlines())), 1)
        return text

    def run(self, command: str) -> str:
        """Run one command, remember its status, and return what it prints."""
        if any(set(word) <= set("|<>;&") for word in shlex.shlex(command, posix=True, punctuation_chars="|<>;&")):
            raise Broken(f"$ {command}: one command a line, without pipes, so that it can be checked")
        name, *words = shlex.split(command, comments=True)
        if name == "echo" and words == ["$?"]:
            return f"{self.status}\n"
        handler = HANDLERS.get(name)
        if handler is None:
            raise Broken(f"$ {command}: nobody knows how to check {name!r}; teach tests/docs/play.py")
        printed, told = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(told):
            self.status = handler(words)
        self.printed[command] = printed.getvalue()
        if self.status not in (0, 1):
            raise Broken(f"$ {command}: status {self.status}\n{printed.getvalue()}{told.getvalue()}")
        return printed.getvalue()


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Return (command, lines that it shall print) for a console block."""
    found: list[tuple[str, list[str]]] = []
    going_on = False
    for line in text.split("\n"):
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif going_on:
            found[-1] = (found[-1][0] + " " + line.strip(), [])
        elif found:
            found[-1][1].append(line)
        elif line.strip():
            raise Broken("a console block starts with `$ command`")
        if going_on := (line.startswith("$ ") or going_on) and line.endswith("\\"):
            found[-1] = (found[-1][0][:-1].rstrip(), [])
    return [(command, _trimmed(lines)) for command, lines in found]


def _trimmed(lines: Sequence[str]) -> list[str]:
    kept = [line.rstrip() for line in lines]
    while kept and not kept[-1]:
        kept.pop()
    return kept


def matches(expected: Sequence[str], printed: Sequence[str]) -> bool:
    """Tell whether the lines are those expected, where a line ``...`` stands for any lines."""
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == ANY else re.escape(line.rstrip()) + r"\n" for line in expected)
    return re.fullmatch(pattern, "".join(line + "\n" for line in _trimmed(printed))) is not None


def today(expected: Sequence[str], printed: Sequence[str]) -> list[str]:
    """Return the printed lines, cut short as ``expected`` is: of each part between ``...`` the lines that are most like it."""
    out: list[str] = []
    for is_any, group in itertools.groupby(expected, key=lambda line: line.strip() == ANY):
        part = list(group)
        if is_any:
            out.append(ANY)
            continue
        starts = range(max(1, len(printed) - len(part) + 1))
        if not out:
            starts = range(1)
        likeness = {
            start: difflib.SequenceMatcher(None, "\n".join(part), "\n".join(printed[start : start + len(part)])).ratio()
            for start in starts
        }
        best = max(starts, key=lambda start: likeness[start])
        out += printed[best : best + len(part)]
    return [line.rstrip() for line in out] if ANY in out else _trimmed(printed)


# Commands, by their first word.


def _audit_pipeline(words: Sequence[str]) -> int:
    return main(words)


def _python(words: Sequence[str]) -> int:
    before = sys.argv
    sys.argv = list(words)
    try:
        runpy.run_path(words[0], run_name="__main__")
    finally:
        sys.argv = before
    return 0


def _make(words: Sequence[str]) -> int:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    for word in words:
        if word not in targets:
            raise Broken(f"the Makefile has no target {word!r}")
    return 0


def _pip(words: Sequence[str]) -> int:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    verb, *rest = words
    if verb != "install":
        raise Broken(f"pip {verb} is not checked")
    for word in (word for word in rest if not word.startswith("-")):
        found = re.fullmatch(r"(?P<what>[^\[\]@]+?)(?:\[(?P<extras>[\w,]+)\])?(?:\s*@\s*\S+)?", word)
        if found is None or found["what"] not in {".", project["name"], "dagster-webserver"}:
            raise Broken(f"pip install {word!r}: this project is called {project['name']!r}")
        for extra in (found["extras"] or "").split(","):
            if extra and extra not in project["optional-dependencies"]:
                raise Broken(f"there is no extra {extra!r}")
    return 0


def _source(words: Sequence[str]) -> int:
    venv = re.search(r"^VENV \?= (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert venv is not None
    if list(words) != [f"{venv[1]}/bin/activate"]:
        raise Broken(f"`make` puts the environment into {venv[1]}")
    return 0


def _program(name: str) -> Any:
    def run(words: Sequence[str]) -> int:
        done = subprocess.run([name, *words], capture_output=True, text=True, timeout=20, check=False)
        print(done.stdout, end="")
        print(done.stderr, end="", file=sys.stderr)
        return done.returncode

    return run


def _cd(words: Sequence[str]) -> int:
    os.chdir(words[0])
    return 0


def _dagster(words: Sequence[str]) -> int:
    """Run a job or a selection of a file of the reader's; look up what is named in a module of this repository."""
    import dagster as dg

    options = dict(itertools.pairwise(words))
    file, module = options.get("-f"), options.get("-m")
    if list(words) in (["dev"], ["definitions", "validate"]):
        return 0
    if file is None and module is None:
        raise Broken("name a file with -f or a module with -m, so that it works in any folder")
    definitions = runpy.run_path(file)["defs"] if file else importlib.import_module(str(module)).defs
    if words[:1] == ["dev"] or words[:2] == ["definitions", "validate"]:
        return 0
    if words[:2] == ["job", "execute"]:
        job, selected = definitions.resolve_job_def(options["-j"]), None
    elif words[:2] == ["asset", "materialize"]:
        graph = definitions.resolve_asset_graph()
        selected = list(dg.AssetSelection.from_string(options["--select"]).resolve(graph))
        if not selected:
            raise Broken(f"{options['--select']!r} selects nothing")
        job = definitions.resolve_implicit_global_asset_job_def()
    else:
        raise Broken(f"dagster {' '.join(words)} is not checked")
    if module:
        return 0
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, asset_selection=selected, raise_on_error=False)
    return 0 if result.success else 1


HANDLERS = {
    "audit-pipeline": _audit_pipeline,
    "python": _python,
    "make": _make,
    "pip": _pip,
    "source": _source,
    "cd": _cd,
    "dagster": _dagster,
    "dg": lambda words: check_dg(words),
    **{name: _program(name) for name in ("ls", "cat", "head", "wc")},
}


def check_dg(words: Sequence[str]) -> int:
    """Check the verb, and for ``dg scaffold defs TYPE NAME`` the type."""
    verbs = (["dev"], ["check", "defs"], ["scaffold", "defs"], ["launch"], ["list", "defs"])
    if not any(list(words[: len(verb)]) == verb for verb in verbs):
        raise Broken(f"dg {' '.join(words)} is not checked")
    if list(words[:2]) == ["scaffold", "defs"]:
        named(words[2])
    return 0


def check_command(command: str) -> None:
    """Check that ``audit-pipeline ...`` names a command with such options, without running it."""
    import click

    words = shlex.split(command, comments=True)[1:]
    if not words or words[0] in ("--help", "--version"):
        return
    found = program.get_command(click.Context(program), words[0])
    if found is None:
        raise Broken(f"there is no command {words[0]!r}")
    known = {option for parameter in found.params for option in parameter.opts} | {"--help", "-h"}
    for word in words[1:]:
        if word.startswith("--") and word.split("=")[0] not in known:
            raise Broken(f"audit-pipeline {words[0]} has no option {word}")


def check_yaml(document: Any) -> None:
    """Check one YAML document: a spec, a component, or steps of a workflow."""
    if isinstance(document, dict) and "type" in document:
        check_component(document)
    elif isinstance(document, dict) and "label" in document:
        parse_spec(document, base=Path.cwd())
    else:
        found = list(steps(document))
        if not found:
            raise Broken("this YAML is no spec, no component and no workflow; put <!-- not run: why --> above it")
        for line in found:
            words = shlex.split(line, comments=True)
            if words[0] == "audit-pipeline":
                check_command(line)
            elif words[0] == "pip":
                _pip(words[1:])
            else:
                raise Broken(f"nobody knows how to check the step {line!r}")


def check_component(document: dict[str, Any]) -> None:
    from audit_pipeline.components import DatasetAudit

    component = named(document["type"])
    attributes = document.get("attributes") or {}
    if component is DatasetAudit:
        assert isinstance(DatasetAudit.resolve_from_dict(attributes).spec(Path.cwd()), AuditSpec)


def named(path: str) -> Any:
    """Return what a dotted path names."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        raise Broken(f"there is no {path!r}") from None


def steps(document: Any) -> Iterator[str]:
    """Yield the lines of every ``run:`` in a workflow."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key == "run" and isinstance(value, str):
                yield from (line for line in value.splitlines() if line.strip())
            else:
                yield from steps(value)
    elif isinstance(document, list):
        for value in document:
            yield from steps(value)


@contextlib.contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let the page import files that it saved, and forget them afterwards."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).is_relative_to(folder):
                del sys.modules[name]


def mend() -> None:
    """Do all pages, and put what is printed today where they have what was printed once."""
    for page in pages():
        with tempfile.TemporaryDirectory() as folder:
            Reader(Path(folder), mend=True).read(page)


if __name__ == "__main__":
    mend()
