"""100 `modal:Secret`s against `modal secret create`, on the local Modal.

    .venv/bin/python -m bench.modal_secrets [--secrets 100] [--cli 10]

Each time is a whole process, its start included; the CLI takes a process for each
secret, so it is given only some of them. What ours call is counted in a round that is
not timed, through a proxy. Exits with 1 if the CLI makes its few faster than we all.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench.measure import Took, run, seconds
from bench.results import Table
from tests.support.grpc_proxy import GrpcProxy
from tests.support.modal_plane import running_plane

OURS = "flowground"
# What is done to the secrets, and with which values.
PHASES = {
    "first time": ("up", "1"),
    "no change": ("up", "1"),
    "refresh": ("refresh", "1"),
    "all changed": ("up", "2"),
    "destroy": ("destroy", "2"),
}


def main() -> int:
    """Measure, print, and return 1 if the bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--secrets", type=int, default=100)
    parser.add_argument("--cli", type=int, default=10)
    parser.add_argument(
        "--write", action="store_true", help="to docs/benchmarks.md too"
    )
    options = parser.parse_args()
    cli = f"modal secret create, {options.cli} of them"
    table = Table(f"{options.secrets} Modal secrets", (OURS, cli))
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running_plane(Path(folder) / "modal") as plane,
        GrpcProxy(plane.grpc_url) as proxy,
    ):

        def ours(phase: str, url: str) -> Took:
            verb, value = PHASES[phase]
            place = {"environment_name": "main", "values": {"KEY": value, "B": "b"}}
            names = [f"secret-{number:03}" for number in range(options.secrets)]
            task = {
                "token": "modal:Secret",
                "resources": {name: {**place, "name": name} for name in names},
                "state": f"{folder}/state.json",
            }
            return run(verb, task, plane.env(MODAL_SERVER_URL=url))

        for phase in PHASES:
            table.note(phase, OURS, ours(phase, plane.grpc_url))
        for phase in PHASES:
            proxy.calls.clear()
            ours(phase, proxy.url)
            table.count(phase, OURS, [call.path for call in proxy.calls])
        create = [sys.executable, "-m", "modal", "secret", "create", "--env=main"]
        each = [
            seconds([*create, f"by-cli-{number}", "KEY=1", "B=b"], plane.env())
            for number in range(options.cli)
        ]
        table.note("first time", cli, Took(*map(sum, zip(*each, strict=True))))
    table.report("modal-secrets", to_docs=options.write)
    return int(bool(table.missed()))


if __name__ == "__main__":
    sys.exit(main())
