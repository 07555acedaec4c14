"""Look for drift, and keep one open issue about it: closed when there is none.

    python -m tools.drift_issue prod

It never repairs: what changed outside may be right and the program wrong.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from github import GithubException

from tools.forge import Forge
from tools.plans.comment import DRIFT, GITHUB_MOST, render
from tools.plans.preview import Preview, read
from tools.stack import command, ensure
from tools.surroundings import ROOT, environment

if TYPE_CHECKING:
    from github.Issue import Issue

DRIFTED: Final = 7


def look(stack: str, env: dict[str, str]) -> Preview:
    """Compare what there is with the stack's state, which stays as it is."""
    run = command("drift", stack, ["--json", "--non-interactive"])
    done = subprocess.run(
        run, cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    return read(stack, done.stdout, done.stderr, code=done.returncode)


def keep(forge: Forge, drift: Preview, run_url: str = "") -> str:
    """Make the stack's one open issue say what drifted; close it if nothing did.

    Returns:
        What was done: `opened`, `updated`, `kept`, `closed`, or `none` if there is
        neither drift nor an issue.
    """
    marker = DRIFT.marker.replace("drift", f"drift of {drift.stack}")
    ours = [
        issue
        for issue in forge.repository.get_issues(state="open")
        if issue.user.login == forge.author and (issue.body or "").startswith(marker)
    ]
    for spare in ours[1:] if drift.changes else ours:
        _close(spare, run_url)
    if not drift.changes:
        return "closed" if ours else "none"
    advice = _what_to_do(drift.stack)
    page = DRIFT._replace(marker=marker)
    body = render(page, [drift], most=GITHUB_MOST - len(advice)) + advice
    if not ours:
        title = f"Drift in {drift.stack}: it is not what its state says"
        forge.repository.create_issue(title, body)
        return "opened"
    if (ours[0].body or "").split() == body.split():
        return "kept"
    ours[0].edit(body=body)
    return "updated"


def _close(issue: Issue, run_url: str) -> None:
    seen = f" ([run]({run_url}))" if run_url else ""
    issue.create_comment(f"Nothing differs any more{seen}.")
    issue.edit(state="closed", state_reason="completed")


def _what_to_do(stack: str) -> str:
    return (
        f"\nTo put it right: `make up STACK={stack} ARGS=--refresh` undoes what was "
        f"done outside; to keep that, write it into `Pulumi.{stack}.yaml` and open a "
        "pull request.\n"
    )


def _run_url() -> str:
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (os.environ.get(name, "") for name in names)
    return f"{server}/{repository}/actions/runs/{run}" if run else ""


def main() -> int:
    """Run the command; exit as `pulumi` does: with 7 if anything drifted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stack")
    stack = parser.parse_args().stack
    env = environment()
    ensure(stack, env)
    drift = look(stack, env)
    if drift.errors:
        # What could not be read is no drift, and an open issue stays as it is.
        sys.exit(f"stack {stack} could not be looked at: {' '.join(drift.errors)}")
    try:
        done = keep(Forge.of_environment(), drift, _run_url())
    except GithubException as error:
        sys.exit(
            f"the issue on the drift of {stack} could not be written "
            f"({error.status}: {error.message}); the job needs the permission "
            "`issues: write`"
        )
    print(f"drift of {stack}: {len(drift.changes)} resources; issue: {done}")
    return DRIFTED if drift.changes else 0


if __name__ == "__main__":
    sys.exit(main())
