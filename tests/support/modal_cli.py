"""Run several commands of the unmodified `modal` CLI in one process.

Importing `modal` costs over a second; what a command does is the same whether the
process has done another one before. Run as a program, this reads a JSON list of
argument lists and prints what each command printed.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence


def session(env: Mapping[str, str], *commands: Sequence[str]) -> list[str]:
    """Run the commands in order and return what each wrote to stdout.

    Raises:
        AssertionError: when one of them ends with another code than 0.
    """
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps([list(command) for command in commands]),
        env=dict(env),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    printed: list[str] = json.loads(done.stdout)
    return printed


def main() -> None:
    """Be the process of a session."""
    from modal.cli._traceback import highlight_modal_warnings  # noqa: PLC0415
    from modal.cli.entry_point import entrypoint_cli  # noqa: PLC0415
    from modal.output import enable_output  # noqa: PLC0415

    highlight_modal_warnings()
    printed = []
    for arguments in json.load(sys.stdin):
        stdout = io.StringIO()
        with contextlib.redirect_stdout(stdout), enable_output():
            entrypoint_cli(arguments, standalone_mode=False)
        printed.append(stdout.getvalue())
    sys.stdout.write(json.dumps(printed))


if __name__ == "__main__":
    main()
