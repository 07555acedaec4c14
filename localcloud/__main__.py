"""The command line: `python -m localcloud up | status | env | down`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from localcloud import ports, report
from localcloud.processes import ProcessId
from localcloud.services import SERVICES, named
from localcloud.state import AlreadyRunningError, StateDir
from localcloud.supervisor import BootError, Supervisor, end_leftovers

DEFAULT_STATE_DIR = ".flowground/localcloud"
DOWN_SECONDS = 60
POLL_SECONDS = 0.1


def say(line: str) -> None:
    """Print a line at once, even when the output is a file."""
    print(line, flush=True)


def up(state: StateDir, args: argparse.Namespace) -> int:
    """Start the services and keep them running until told to stop."""
    if args.detach:
        return _up_detached(state)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    asked = dict(map(ports.parse, args.port))
    with state.lock():
        supervisor = Supervisor(state, named(args.service), asked, say)
        try:
            say(f"starting the local cloud on {state.root}")
            supervisor.boot(stopping)
            if not stopping.is_set():
                say(f"\n{report.as_table(state)}\n\n{_hint(state)}")
            supervisor.watch(stopping)
        finally:
            supervisor.close()
    return 0


def _up_detached(state: StateDir) -> int:
    """Run this very command in the background, and wait until it serves."""
    arguments = [a for a in sys.argv[1:] if a not in {"--detach", "-d"}]
    log = state.log("supervisor")
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "localcloud", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    supervisor = ProcessId.of(child.pid)
    while child.poll() is None:
        run = state.read_run()
        phases = {service.phase for service in run.services.values()}
        if run.supervisor == supervisor and phases == {"ready"}:
            say(f"{report.as_table(state)}\n\n{_hint(state)}")
            return 0
        time.sleep(POLL_SECONDS)
    say(log.read_text().rstrip())
    return child.returncode or 1


def _hint(state: StateDir) -> str:
    where = ""
    if state.root != Path(DEFAULT_STATE_DIR).resolve():
        where = f" --state-dir {state.root}"
    return (
        f'Use it from a shell:  eval "$({sys.executable} -m localcloud{where} env)"\n'
        f"Logs are in {state.root / 'logs'}."
    )


def status(state: StateDir, args: argparse.Namespace) -> int:
    """Show the services and their addresses; the exit code is 3 when it is down."""
    if args.format == "json":
        say(json.dumps(report.as_data(state), indent=2))
    else:
        say(report.as_table(state))
    return 0 if state.read_run().is_up else 3


def env(state: StateDir, args: argparse.Namespace) -> int:
    """Print the variables that clients need."""
    groups = state.running_environment()
    merged = {k: v for group in groups.values() for k, v in group.items()}
    if args.format == "json":
        say(json.dumps(merged, indent=2))
    else:
        say(report.exports(merged.items()))
    return 0 if merged else 3


def down(state: StateDir, _: argparse.Namespace) -> int:
    """Stop the supervisor and its services; its data stays."""
    run = state.read_run()
    if run.supervisor is not None and run.is_up:
        os.kill(run.supervisor.pid, signal.SIGTERM)
        deadline = time.monotonic() + DOWN_SECONDS
        while run.supervisor.is_alive():
            if time.monotonic() > deadline:
                say(
                    f"The supervisor (pid {run.supervisor.pid}) did not stop within "
                    f"{DOWN_SECONDS} s; see {state.log('supervisor')}."
                )
                return 1
            time.sleep(POLL_SECONDS)
    end_leftovers(state.read_run(), say)
    say("the local cloud is down; its data stays in " + str(state.root))
    return 0


def main() -> int:
    """Parse the command line and run the command."""
    parser = argparse.ArgumentParser(prog="python -m localcloud", description=__doc__)
    parser.add_argument("--state-dir", type=Path, default=Path(DEFAULT_STATE_DIR))
    commands = parser.add_subparsers(required=True)
    start = commands.add_parser("up", help=up.__doc__)
    start.add_argument("-d", "--detach", action="store_true", help="in the background")
    start.add_argument(
        "--service",
        action="append",
        default=[],
        help=f"only this one (repeatable): {', '.join(s.name for s in SERVICES)}",
    )
    start.add_argument(
        "--port",
        action="append",
        default=[],
        metavar="SERVICE[.PORT]=N",
        help="another port (repeatable); 0 is any free one; '*=0' frees them all",
    )
    start.set_defaults(command=up)
    for command, formats in ((status, ["table", "json"]), (env, ["shell", "json"])):
        sub = commands.add_parser(command.__name__, help=command.__doc__)
        sub.add_argument("--format", choices=formats, default=formats[0])
        sub.set_defaults(command=command)
    commands.add_parser("down", help=down.__doc__).set_defaults(command=down)
    args = parser.parse_args()
    try:
        return int(args.command(StateDir(args.state_dir), args))
    except (AlreadyRunningError, BootError, LookupError, ports.PortError) as error:
        say(str(error.args[0]))
        return 1


if __name__ == "__main__":
    sys.exit(main())
