"""The command line: ``python -m benchmarks.truth run | cases | page``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "truth" / "results"
PAGE = ROOT / "docs" / "truth.md"
ROWS = ROOT / "docs" / "truth.parquet"
PEERS = ROOT / "docs" / "truth_peers.parquet"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="audit the datasets that were not audited yet")
    writing = commands.add_parser("cases", help="write datasets for the peers")
    writing.add_argument("out", type=Path)
    paging = commands.add_parser("page", help="gather all rows in docs/truth.parquet and write docs/truth.md")
    paging.add_argument("--peers", type=Path, help="folder of the peers' answers")
    for command in (running, writing, paging):
        command.add_argument("--size", choices=("smoke", "standard", "full"), default="standard")
        command.add_argument("--only", nargs="+", default=[], metavar="FAMILY", help="these families alone")
        command.add_argument("--results", type=Path, help="folder of the parts (benchmarks/truth/results/SIZE)")
    running.add_argument("--workers", type=int, help="processes (one a core)")
    given = parser.parse_args(arguments)

    from benchmarks.truth import page, rivals, runner
    from benchmarks.truth.plan import parts

    results = given.results or RESULTS / given.size
    try:
        chosen = list(parts(given.size, given.only))
    except KeyError as error:
        parser.error(f"there is no family {error}")
    if given.command == "run":
        rows = runner.run(chosen, results, given.workers)
        print(f"{len(rows):,} findings in {results}")
    elif given.command == "cases":
        print(f"{rivals.write_cases(chosen, given.out)} cases in {given.out}")
    else:
        rows = runner.load(chosen, results)
        answers = rivals.answers(given.peers) if given.peers else _stored(PEERS)
        rows.to_parquet(ROWS, index=False, compression="zstd")
        answers.to_parquet(PEERS, index=False, compression="zstd")
        PAGE.write_text(page.page(rows, answers), encoding="utf-8")
        print(f"{PAGE} from {len(rows):,} findings and {len(answers):,} answers of peers")
    return 0


def _stored(path: Path) -> pd.DataFrame:
    from benchmarks.truth import rivals

    return pd.read_parquet(path) if path.exists() else rivals.answers(Path("none"))


if __name__ == "__main__":
    sys.exit(main())
