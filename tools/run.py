"""Run any command where the make targets run `pulumi`.

    python -m tools.run python -m components.discover --stack dev

It exits with the command's own code.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tools.surroundings import ROOT, environment


def main() -> int:
    """Run the command and return its exit code."""
    if len(sys.argv) < 2:
        sys.exit((__doc__ or "").strip())
    env = environment()
    venv = str(ROOT / ".venv/bin")
    env["PATH"] = os.pathsep.join([venv, env["PATH"]])
    return subprocess.run(sys.argv[1:], cwd=ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
