"""Preview a stack and keep the plan: for the reviewers' eyes, and to apply as reviewed.

    python -m tools.plan prod [pulumi's own options]
    python -m tools.plan prod --without-credentials

Without credentials (a fork's pull request) it previews on an empty backend, with
placeholders for the stack's secrets, and says what it could not see.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.plans.comment import PREVIEW, render
from tools.plans.findings import ENVIRONMENT, events
from tools.plans.kept import PLAN, PLANS, fresh, keep_preview, read_preview
from tools.stack import GUARDS, ensure
from tools.surroundings import ROOT, STACKS, environment
from tools.throwaway import throwaway

UNSEEN: Final = (
    "No credentials were at hand, as for every pull request from a fork. Not seen were "
    "the stack's state, what there is outside, and the values of its secrets; so "
    "everything shows as new, also what exists."
)


def state_digest(stack: str, env: dict[str, str]) -> str:
    """Return what tells one state of the stack from another."""
    exported = subprocess.run(
        ["pulumi", "stack", "export", "--stack", stack],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        check=True,
    )
    return hashlib.sha256(exported.stdout).hexdigest()


def plan(stack: str, options: list[str], folder: Path) -> int:
    """Preview the stack against its state, and keep what was planned."""
    env = environment()
    ensure(stack, env)
    state = state_digest(stack, env)
    command = ["pulumi", "preview", "--json", "--save-plan", str(folder / PLAN)]
    guards = [*GUARDS, "--non-interactive", "--stack", stack, *options]
    with events() as log:
        done = subprocess.run(
            [*command, *log.options, *guards],
            cwd=ROOT,
            env=env | ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        findings = log.findings()
    keep_preview(folder, stack, done, findings=findings, state=state)
    return done.returncode


def plan_blind(stack: str, options: list[str], folder: Path) -> int:
    """Preview the stack as if nothing of it existed."""
    guards = (GUARDS[0], str(ROOT / GUARDS[1]))
    with throwaway(stack, {}) as trial, events() as log:
        if not trial.place(None):
            sys.exit(f"there is no Pulumi.{stack}.yaml")
        trial.env |= ENVIRONMENT
        done = trial.pulumi("preview", "--json", *log.options, *guards, *options)
        findings = log.findings()
    keep_preview(folder, stack, done, findings=findings, unseen=UNSEEN)
    return done.returncode


def tell(text: str) -> None:
    """Print a report, and show it on the page of the job that this is a step of."""
    sys.stdout.write(text)
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8") as summary:
            summary.write(text)


def main() -> int:
    """Run the command and return `pulumi`'s exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stack", help=f"one of {', '.join(STACKS)}, or your own")
    parser.add_argument("--without-credentials", action="store_true")
    given, options = parser.parse_known_args()
    folder = fresh(PLANS / given.stack)
    run = plan_blind if given.without_credentials else plan
    code = run(given.stack, options, folder)
    tell(render(PREVIEW, [read_preview(folder)]))
    return code


if __name__ == "__main__":
    sys.exit(main())
