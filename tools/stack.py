"""Run one `pulumi` command on a stack, in the surroundings of this checkout.

    python -m tools.stack up dev [pulumi's own options]

It prints the command that it runs. Everything else is `pulumi`: with your own CLI and
accounts, `pulumi up -s dev` does the same.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from typing import Final

from tools.surroundings import ROOT, STACKS, environment

COMMANDS: Final = {
    "up": ["up", "--yes", "--skip-preview"],
    "preview": ["preview", "--diff"],
    "refresh": ["refresh", "--yes", "--skip-preview"],
    # With its preview: what is protected is found before anything else is gone.
    "destroy": ["destroy", "--yes"],
    "outputs": ["stack", "output", "--json"],
    "recover": ["refresh", "--yes", "--skip-preview", "--clear-pending-creates"],
}


def ensure(stack: str, env: dict[str, str]) -> None:
    """Make the stack known to the backend, which a fresh one does not know it by."""
    listed = subprocess.run(
        ["pulumi", "stack", "select", stack, "--create", "--non-interactive"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        sys.exit(listed.stderr.strip())


def command(name: str, stack: str, options: list[str]) -> list[str]:
    """Return the `pulumi` command of a target."""
    return ["pulumi", *COMMANDS[name], "--stack", stack, *options]


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("stack", help=f"one of {', '.join(STACKS)}, or your own")
    given, options = parser.parse_known_args()
    env = environment()
    ensure(given.stack, env)
    if given.command == "recover":
        # A killed CLI leaves its lock behind.
        subprocess.run(
            ["pulumi", "cancel", "--yes", "--stack", given.stack],
            cwd=ROOT,
            env=env,
            capture_output=True,
            check=False,
        )
    run = command(given.command, given.stack, options)
    print(f"$ {shlex.join(run)}", file=sys.stderr, flush=True)
    os.chdir(ROOT)
    return subprocess.run(run, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
