"""Destroy the stacks of this checkout's own backend, and stop the local cloud.

python -m tools.down
"""

from __future__ import annotations

import json
import subprocess
import sys

from tools.stack import run
from tools.surroundings import ROOT, STACKS, environment, localcloud, uses_localcloud


def main() -> int:
    """Destroy what is there and stop in any case; return whether all went."""
    if not uses_localcloud():
        sys.exit(
            "make down is for the local cloud; destroy your own stacks one by one, "
            "with `make destroy STACK=…`"
        )
    env = environment()
    failed = 0
    for stack in STACKS:
        if not _exists(stack, env):
            continue
        print(f"── stack {stack}", flush=True)
        if _protects(stack, env):
            print(
                f"stack {stack} is kept, and comes back with the local cloud: it "
                f"protects what holds data; to discard all stacks, remove "
                f".flowground/localcloud and .flowground/state"
            )
            continue
        failed |= run("destroy", stack, ["--suppress-progress"], env)
    failed |= subprocess.run(localcloud("down"), cwd=ROOT, check=False).returncode
    return failed


def _protects(stack: str, env: dict[str, str]) -> bool:
    """Tell whether a stack keeps anything from being deleted."""
    exported = subprocess.run(
        ["pulumi", "stack", "export", "--stack", stack],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        check=True,
    )
    held = json.loads(exported.stdout)["deployment"].get("resources", ())
    return any(resource.get("protect") for resource in held)


def _exists(stack: str, env: dict[str, str]) -> bool:
    found = subprocess.run(
        ["pulumi", "stack", "--stack", stack, "--show-name"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        check=False,
    )
    return found.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
