"""Run build and push steps by Prefect's own runner, in a process of their own.

Steps look for files from their working directory, import what they need and may
install more: none of that is the provider's. The steps come on standard input, and
the results go to standard output, as JSON; what steps print goes to standard error.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys


def main() -> None:
    """Run the steps that standard input has."""
    from prefect.deployments.steps.core import run_steps  # noqa: PLC0415  # two seconds

    results = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    outputs = asyncio.run(run_steps(json.load(sys.stdin), {}))
    with results:
        json.dump(outputs, results, default=str)


if __name__ == "__main__":
    main()
