"""N Prefect deployments on the real engine, against the floor, the engine and peers.

    .venv/bin/python -m bench.prefect_scale [--deployments 10 100] [--latency 0.1]
        [--parts calls,ours,floor,engine,checkpoints,deploy,tofu]

Each round has a Prefect server of its own and is kept whole: figures of two runs are no
ratio. It replaces the one of the same N in
.flowground/bench/prefect_scale.json, and the section of docs/benchmarks.md is written
anew from all that are there; `--report` only writes it. Run it on a machine that does
nothing else: the load average is written down beside the figures.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.bars import bars
from bench.deployments import Shape
from bench.measure import ROOT
from bench.prefect_server import running_server
from bench.scale_report import section
from bench.scale_run import PARTS, Result, take
from bench.sections import write

RESULTS: Final = ROOT / ".flowground/bench/prefect_scale.json"
NOTES: Final = Path(__file__).with_name("prefect_scale_notes.md")


def load() -> dict[int, Result]:
    """Return the rounds that were measured so far, by their number of deployments."""
    if not RESULTS.exists():
        return {}
    return {int(n): one for n, one in json.loads(RESULTS.read_text()).items()}


def _keep(number: int, taken: Result) -> None:
    results = load()
    results[number] = taken
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1))


def main() -> int:
    """Measure what was asked for; return 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--deployments", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--latency", type=float, default=0.1, help="seconds a call")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--report", action="store_true", help="measure nothing")
    options = parser.parse_args()
    parts = options.parts.split(",")
    if unknown := sorted(set(parts) - set(PARTS)):
        parser.error(
            f"no such parts: {', '.join(unknown)}; there are {', '.join(PARTS)}"
        )
    if "floor" in parts and "calls" not in parts[: parts.index("floor")]:
        parser.error("`floor` posts what `calls` has recorded; ask for both, in turn")
    missed = False
    for number in () if options.report else options.deployments:
        shape = Shape(number)
        taken: Result = {}
        try:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                work = Path(folder)
                with running_server(work) as url:
                    take(taken, parts, work, shape, url, options.latency)
        finally:
            taken.pop("posts", None)
            _keep(number, taken)
        for bar in bars(shape, taken):
            missed = missed or bar.met is False
            print(f"{number}: {bar.what}: {bar.measured}; {bar.limit}; met: {bar.met}")
    write("prefect-scale", section(load(), NOTES.read_text()))
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
