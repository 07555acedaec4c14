"""How soon something happens: what the program and its providers import, and when.

    .venv/bin/python -m bench.startup [--rounds 5]

Each import is a process of its own; the least CPU of the rounds counts, which is what
a loaded machine distorts least. Writes its section of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

from bench.deployments import Shape
from bench.engine import PrefectStack
from bench.measure import ROOT
from bench.processes import measured
from bench.scale_report import machine
from bench.sections import table, write

# What is imported by whom, in the order in which an `up` needs it.
IMPORTS: Final = {
    "pulumi": "the SDK, in every process",
    "components.platform": "the program: every service's settings and kinds",
    "components.prefect": "Prefect's provider, to check and to compare",
    "prefect.client.orchestration": "Prefect's client, at the first real call",
}
# What only a process that really calls a service may import.
CLIENTS: Final = (
    "prefect",
    "modal",
    "boto3",
    "botocore",
    "github",
    "httpx",
    "requests",
)
_LINE: Final = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")
_SHOWN: Final = 8


def by_package(importtime: str) -> Counter[str]:
    """Add up what `-X importtime` says, in microseconds, by top-level package."""
    spent: Counter[str] = Counter()
    for micros, module in _LINE.findall(importtime):
        spent[module.partition(".")[0]] += int(micros)
    return spent


def clients_of(importtime: str) -> list[str]:
    """Name the services' clients that were imported."""
    return [name for name in CLIENTS if name in by_package(importtime)]


def importing(module: str) -> str:
    """Import a module in a fresh process; return what `-X importtime` says."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {module}"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr


def _environment() -> dict[str, str]:
    """Leave out what would have every process compile everything again."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}


def main() -> int:
    """Measure, and write the section; return 1 if the program imports a client."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rows = []
    for module, whose in IMPORTS.items():
        command = [sys.executable, "-c", f"import {module}"]
        costs = [
            measured(command, cwd=ROOT, env=_environment())
            for _ in range(options.rounds)
        ]
        cpu = min(cost.cpu_seconds for cost in costs)
        seconds = min(cost.seconds for cost in costs)
        rows.append([f"`{module}`", whose, f"{cpu:.2f}", f"{seconds:.2f}"])
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        # A first preview calls no service: there need be none.
        stack = PrefectStack(Path(folder), Shape(10), "http://127.0.0.1:9/api")
        previews = [stack.run("preview") for _ in range(options.rounds)]
    first = min(cost.first_output_seconds or cost.seconds for cost in previews)
    whole = min(cost.seconds for cost in previews)
    program = importing("components.platform")
    spent = by_package(program).most_common(_SHOWN)
    told = clients_of(program)
    how = (
        f"`.venv/bin/python -m bench.startup`, the least of {options.rounds} rounds "
        f"each. Machine: {machine()}; load average {os.getloadavg()[0]:.1f}."
    )
    preview = (
        f"`pulumi preview` of 10 deployments, without any service running: first "
        f"output after {first:.2f} s, all of it after {whole:.2f} s."
    )
    packages = ", ".join(f"{name} {us / 1000:.0f} ms" for name, us in spent)
    imports = (
        f"The program's imports by package, from `python -X importtime`: {packages}. "
        f"Of the services' clients it imports {', '.join(told) or 'none'}."
    )
    heads = ["import", "who needs it", "CPU, s", "wall, s"]
    text = ["## Start-up", how, table(heads, rows), preview, imports]
    write("start-up", "\n\n".join(text))
    return int(bool(told))


if __name__ == "__main__":
    sys.exit(main())
