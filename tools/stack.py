"""Run one `pulumi` command on a stack, in the surroundings of this checkout.

    python -m tools.stack up dev [pulumi's own options]

It prints the command that it runs. Everything else is `pulumi`: with your own CLI and
accounts, `pulumi up -s dev` does the same. One thing is added: the engine writes its
state once, at the end, and the kernel keeps a journal of what is made meanwhile
(docs/adr/0004-journal.md); PULUMI_SKIP_CHECKPOINTS=false has the engine write it after
each step.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from components.kernel.journal import VARIABLE, Journal
from tools.surroundings import HOME, ROOT, STACKS, environment

if TYPE_CHECKING:
    from collections.abc import Mapping

# What guards an update: told in dev, stopped in prod (docs/guardrails.md).
GUARDS: Final = ("--policy-pack", "policy")

COMMANDS: Final = {
    # With its preview: what is wrong in the config is found before anything is made.
    "up": ["up", "--yes", *GUARDS],
    "preview": ["preview", "--diff", *GUARDS],
    "refresh": ["refresh", "--yes", "--skip-preview"],
    "drift": [
        *("refresh", "--preview-only", "--diff"),
        *("--expect-no-changes", "--run-program"),
    ],
    # With its preview: what is protected is found before anything else is gone.
    "destroy": ["destroy", "--yes"],
    "outputs": ["stack", "output", "--json"],
    "recover": ["refresh", "--yes", "--skip-preview", "--clear-pending-creates"],
}
# Of `up`: it then ends well without having been at everything.
_PARTIAL: Final = {"--target", "-t", "--target-replace", "--exclude"}


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


def run(name: str, stack: str, options: list[str], env: dict[str, str]) -> int:
    """Run the command of a target in sight, and return its exit code."""
    if name == "recover":
        _restore(stack, env)
        # A killed CLI leaves its lock behind.
        subprocess.run(
            ["pulumi", "cancel", "--yes", "--stack", stack],
            cwd=ROOT,
            env=env,
            capture_output=True,
            check=False,
        )
    path = journal_path(stack, env)
    journal = Journal(path)
    if name == "destroy" and journal.was_cut_short:
        print(
            f"an earlier `up` of stack {stack} was killed, and what it made is in no "
            f"state; run `make recover STACK={stack}` and `make up STACK={stack}` "
            f"first, so that nothing is left behind",
            file=sys.stderr,
        )
        return 1
    began = datetime.now(UTC)
    started = command(name, stack, options)
    print(f"$ {shlex.join(started)}", file=sys.stderr, flush=True)
    env = {
        **env,
        VARIABLE: str(path),
        "PULUMI_SKIP_CHECKPOINTS": env.get("PULUMI_SKIP_CHECKPOINTS", "true"),
    }
    code = subprocess.run(started, cwd=ROOT, env=env, check=False).returncode
    partial = any(option.partition("=")[0] in _PARTIAL for option in options)
    if name == "up" and code == 0 and not partial:
        journal.clear()
    elif code == 0 or (code > 0 and _written_since(began, stack, env)):
        journal.settle()
    if name == "destroy" and code:
        print(
            f"what is left of stack {stack} may be half gone: before the next `up`, "
            f"run `make refresh STACK={stack}`",
            file=sys.stderr,
        )
    return code


def _written_since(began: datetime, stack: str, env: dict[str, str]) -> bool:
    """Tell whether a run that failed has written its state: a disk may be full."""
    shown = subprocess.run(
        ["pulumi", "stack", "export", "--stack", stack],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if shown.returncode:
        return False
    manifest = json.loads(shown.stdout)["deployment"].get("manifest", {})
    # With nanoseconds, of which Python takes six digits.
    told = re.sub(r"(\.\d{1,6})\d*", r"\1", manifest.get("time", ""))
    return bool(told) and datetime.fromisoformat(told) >= began


def _restore(stack: str, env: dict[str, str]) -> None:
    """Put back the state before the last, if the last was cut off by a full disk.

    The engine does not: on a file backend it is left with half a state, and fails.
    """
    backend = urlsplit(env["PULUMI_BACKEND_URL"])
    if backend.scheme != "file":
        return
    stacks = Path(backend.path) / ".pulumi" / "stacks"
    for state in stacks.glob(f"*/{stack}.json"):
        try:
            json.loads(state.read_text())
        except ValueError:
            backup = state.with_name(f"{state.name}.bak")
            if backup.exists():
                print(f"$ cp {backup} {state}", file=sys.stderr)
                shutil.copy(backup, state)


def journal_path(stack: str, env: Mapping[str, str]) -> Path:
    """Return the journal of a stack of a backend."""
    whose = f"{env.get('PULUMI_BACKEND_URL')} {stack}".encode()
    folder = HOME / "journal"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / hashlib.sha256(whose).hexdigest()[:32]


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("stack", help=f"one of {', '.join(STACKS)}, or your own")
    given, options = parser.parse_known_args()
    env = environment()
    ensure(given.stack, env)
    return run(given.command, given.stack, options, env)


if __name__ == "__main__":
    sys.exit(main())
