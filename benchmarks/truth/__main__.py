"""The command line: ``python -m benchmarks.truth run | cases | page``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from benchmarks.truth.plan import MEDIA, Part, parts

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "truth" / "results"
PAGE = ROOT / "docs" / "truth.md"
ROWS = ROOT / "docs" / "truth.parquet"
RECORDED = ROOT / "docs" / "truth_recordings.parquet"
PEERS = ROOT / "docs" / "truth_peers.parquet"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="audit the datasets that were not audited yet")
    writing = commands.add_parser("cases", help="write datasets for the peers")
    writing.add_argument("out", type=Path)
    paging = commands.add_parser("page", help="gather all rows beside docs/truth.md, and write that page")
    paging.add_argument("--peers", type=Path, help="folder of the peers' answers")
    for command in (running, writing, paging):
        command.add_argument("--size", choices=("smoke", "standard", "full"), default="standard")
        command.add_argument("--only", nargs="+", default=[], metavar="FAMILY", help="these families alone")
        command.add_argument("--media", nargs="+", choices=MEDIA, default=MEDIA, help="tables, images, audio (all)")
        command.add_argument("--results", type=Path, help="folder of the parts (benchmarks/truth/results/SIZE)")
    running.add_argument("--workers", type=int, help="processes (one a core)")
    given = parser.parse_args(arguments)

    from benchmarks.truth import page, rivals, runner

    results = given.results or RESULTS / given.size
    try:
        chosen = list(parts(given.size, given.only, given.media))
    except KeyError as error:
        parser.error(f"there is no family {error}")
    if given.command == "run":
        rows = runner.run(chosen, results, given.workers)
        print(f"{len(rows):,} findings in {results}")
    elif given.command == "cases":
        print(f"{rivals.write_cases(chosen, given.out)} cases in {given.out}")
    else:
        tables = _gathered([part for part in chosen if part.family.medium == "table"], results, ROWS)
        recorded = _gathered([part for part in chosen if part.family.medium != "table"], results, RECORDED)
        if given.peers or not PEERS.exists():
            rivals.answers(given.peers or Path("none")).to_parquet(PEERS, index=False, compression="zstd")
        answers = pd.read_parquet(PEERS)
        PAGE.write_text(page.page(tables, recorded, answers), encoding="utf-8")
        print(f"{PAGE} from {len(tables) + len(recorded):,} findings and {len(answers):,} answers of peers")
    return 0


def _gathered(parts: Sequence[Part], results: Path, path: Path) -> pd.DataFrame:
    """Return the rows of ``parts``, kept under ``path``; those that are kept there already, where none of the parts was run here."""
    from benchmarks.truth import runner

    if runner.any_complete(parts, results):
        runner.load(parts, results).to_parquet(path, index=False, compression="zstd")
    return stored(path)


def stored(path: Path) -> pd.DataFrame:
    """Return the rows that are kept under ``path``; none, where there are none yet."""
    return pd.read_parquet(path) if path.exists() else pd.DataFrame()


if __name__ == "__main__":
    sys.exit(main())
