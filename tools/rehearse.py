"""Rehearse a change: apply it to what its base makes, on a throw-away local cloud.

    python -m tools.rehearse prod [--base origin/main]

No credential is needed and none is used. It shows what a preview cannot: whether the
order of a replacement works out, whether the plan can be applied as planned, and
whether a second `up` finds nothing left to do.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.expected_github import prepare
from tools.plan import tell
from tools.plans.comment import PREVIEW, render
from tools.plans.kept import (
    PLAN,
    REHEARSALS,
    fresh,
    keep_preview,
    keep_rehearsal,
    rehearsals,
)
from tools.plans.rehearsal import Rehearsal, Stage
from tools.surroundings import HOME, ROOT, localcloud
from tools.throwaway import Throwaway, throwaway

if TYPE_CHECKING:
    from collections.abc import Iterator

_UP: Final = ("up", "--yes", "--skip-preview", "--suppress-outputs")
_TOLD_LINES: Final = 60


def rehearse(trial: Throwaway, base: str, folder: Path, *, source: Path = ROOT) -> bool:
    """Apply the working tree's change to what the base makes, and keep the report.

    Args:
        trial: Where to.
        base: The commit that the change is against.
        folder: Where the report goes.
        source: The git checkout of both.

    Returns:
        Whether all went well.
    """
    stages: list[Stage] = []
    plan = str(folder / PLAN)

    def did(title: str, *command: str) -> bool:
        started = time.monotonic()
        done = trial.pulumi(*command)
        if command[0] == "preview":
            keep_preview(folder, trial.stack, done)
        failed = done.returncode != 0
        told = (done.stdout + done.stderr).strip().splitlines()[-_TOLD_LINES:]
        said = "\n".join(told) if failed and command[0] != "preview" else ""
        stages.append(Stage(title, time.monotonic() - started, failed, said))
        return not failed

    def placed(commit: str | None) -> bool:
        there = trial.place(commit, source=source)
        if there:
            prepare(trial.settings(), trial.env)
        return there

    known = placed(base)
    if not known or did("bring up what it is applied to", *_UP):
        if not placed(None):
            sys.exit(f"there is no Pulumi.{trial.stack}.yaml to rehearse")
        # Each stage stands on the one before.
        _ = (
            did("plan the change", "preview", "--json", "--save-plan", plan)
            and did("apply the plan", *_UP, "--plan", plan)
            and did("change nothing the second time", *_UP, "--expect-no-changes")
        )
    start = base if known else f"{base}, which has no such stack,"
    report = Rehearsal(trial.stack, start, tuple(stages), None)
    keep_rehearsal(folder, report)
    return not report.failed


@contextmanager
def cloud() -> Iterator[dict[str, str]]:
    """Run a local cloud on ports of its own; yield the variables that lead to it."""
    # Its first start would else make what is the same in every cloud.
    env = {"LOCALCLOUD_TEMPLATES": str(HOME / "templates"), **os.environ}
    with tempfile.TemporaryDirectory(prefix="flowground-cloud-") as state:
        try:
            _cloud(env, state, "up", "--detach", "--port", "*=0")
            yield dict(json.loads(_cloud(env, state, "env", "--format", "json")))
        finally:
            _cloud(env, state, "down")


def _cloud(env: dict[str, str], state: str, *command: str) -> str:
    done = subprocess.run(
        localcloud("--state-dir", state, *command),
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"the local cloud fails to go {command[0]}: {done.stdout}")
    return done.stdout


def main() -> int:
    """Run the command; exit with 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stack")
    parser.add_argument("--base", default="origin/main")
    given = parser.parse_args()
    folder = fresh(REHEARSALS / given.stack)
    with cloud() as services, throwaway(given.stack, services) as trial:
        fine = rehearse(trial, given.base, folder)
    (kept,) = [one for one in rehearsals() if one.stack == given.stack]
    tell(render(PREVIEW, [], [kept]))
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
