"""Destroy the stacks of this checkout's own backend, and stop the local cloud.

python -m tools.down
"""

from __future__ import annotations

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
        # On the local cloud a prod stack is a rehearsal, and may go.
        subprocess.run(
            ["pulumi", "state", "unprotect", "--all", "--yes", "--stack", stack],
            cwd=ROOT,
            env=env,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        failed |= run("destroy", stack, ["--suppress-progress"], env)
    if failed:
        print(
            "what holds data was kept, as it would be on the real services; to discard "
            "it all, remove .flowground/localcloud and .flowground/state"
        )
    failed |= subprocess.run(localcloud("down"), cwd=ROOT, check=False).returncode
    return failed


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
