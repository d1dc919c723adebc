"""The command line: ``python -m benchmarks.truth.peers build | run CASES OUTDIR | table``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.truth.peers import build, registry, runner


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 1 if a peer could not be built or run, or broke on a case."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth.peers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="make the peers' environments, a few minutes each")
    building.add_argument("envs", type=Path, nargs="?", default=build.DEFAULT)
    building.add_argument("--python", default=sys.executable, help="interpreter to make them with, 3.11 or 3.12")
    running = commands.add_parser("run", help="ask the peers about a folder of cases; resumes")
    running.add_argument("cases", type=Path)
    running.add_argument("out", type=Path, help="folder of <peer>.parquet")
    running.add_argument("--envs", type=Path, default=build.DEFAULT)
    running.add_argument("--limit", type=float, default=600, metavar="S", help="seconds a case may take (600)")
    running.add_argument("--memory", type=float, default=12, metavar="GB", help="address space a case may take (12)")
    running.add_argument("--jobs", type=int, default=1, help="peers at the same time, one thread each (1)")
    for command in (building, running):
        command.add_argument("--peer", action="append", metavar="NAME", help="only this one; may be repeated")
    commands.add_parser("table", help="print the registry as a Markdown table")
    given = parser.parse_args(arguments)
    if given.command == "table":
        print(registry.markdown(), end="")
        return 0
    try:
        peers = [registry.peer(name) for name in given.peer] if given.peer else list(registry.PEERS)
    except ValueError as error:
        parser.error(str(error))
    return _build(given, peers) if given.command == "build" else _run(given, peers)


def _build(given: argparse.Namespace, peers: Sequence[registry.Peer]) -> int:
    failed = 0
    for peer in peers:
        print(f"{peer.name} {peer.version} ...", file=sys.stderr, flush=True)
        try:
            print(f"{peer.name}: {build.build(peer, given.envs, given.python)}")
        except build.BuildError as error:
            failed += 1
            print(f"NOT BUILT: {error}", file=sys.stderr)
    return int(failed > 0)


def _run(given: argparse.Namespace, peers: Sequence[registry.Peer]) -> int:
    def one(peer: registry.Peer) -> runner.Outcome:
        out = given.out / f"{peer.name}.parquet"
        python = build.python_of(peer, given.envs)
        return runner.run(peer, python, given.cases, out, limit=given.limit, memory=given.memory)

    with ThreadPoolExecutor(max_workers=max(given.jobs, 1)) as pool:
        outcomes = list(pool.map(one, peers))
    for outcome in outcomes:
        print(outcome)
    return int(any(outcome.problem or outcome.failed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
